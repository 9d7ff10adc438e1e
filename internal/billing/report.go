package billing

import (
	"context"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/usage"
)

// The types of a report (WS-63), its categories (WS-72), and where it stands (WS-61).
const (
	TypePartner  = "PARTNER"
	TypeCustomer = "CUSTOMER"
	TypeUser     = "USER"

	Reconciliation = "RECONCILIATION"
	PointInTime    = "POINT_IN_TIME"

	InProgress = "IN_PROGRESS"
	Completed  = "COMPLETED"
	Failed     = "FAILED"
)

// Report is usage of a period as a table.
type Report struct {
	ID           string                   `db:"id"`
	Period       string                   `db:"period"`
	PartnerID    string                   `db:"partner_id"`
	SubPartnerID string                   `db:"sub_partner_id"` // "" for direct customers, or with WithSubs for all
	WithSubs     bool                     `db:"with_subs"`
	TenantID     string                   `db:"tenant_id"` // who ordered it: partner or sub-partner
	Scope        string                   `db:"scope"`
	Start        string                   `db:"start_date"` // YYYY-MM-DD
	End          string                   `db:"end_date"`
	Type         string                   `db:"type"`
	Category     string                   `db:"category"`
	Status       string                   `db:"status"`
	Blob         string                   `db:"blob"`
	Rows         int64                    `db:"row_count"`
	Fault        db.JSON[operation.Fault] `db:"fault"` // of a failed one
	OperationID  string                   `db:"operation_id"`
	CreatedBy    string                   `db:"created_by"`
	Created      db.Time                  `db:"created"`
	Finished     db.Time                  `db:"finished"`
	Version      int64                    `db:"version"`
}

const reportColumns = `SELECT id, period, partner_id, sub_partner_id, with_subs, tenant_id, scope, start_date, end_date, type, category, status, blob, row_count,
	fault, operation_id, created_by, created, finished, version FROM billing_reports`

// NewReport is the input of CreateReport.
type NewReport struct {
	ProviderID   string // partner or sub-partner; "": where the actor works
	SubPartnerID string // of a partner: about this sub-partner (WS-68)
	WithSubs     bool   // of a partner: direct customers and those of all sub-partners
	Start, End   string // YYYY-MM-DD; of a point in time not given
	Type         string // in any case; "": PARTNER, of a point in time CUSTOMER
	Category     string // in any case; "": RECONCILIATION
}

var errReportExists = errs.New(errs.Conflict, "report_exists", "There is a report of this period and type. Delete it first.")

// check gives the report that is asked for, without its owner.
func (n NewReport) check(now db.Time) (Report, error) {
	r := Report{Start: n.Start, End: n.End, Type: strings.ToUpper(n.Type), Category: strings.ToUpper(n.Category), Status: InProgress, Version: 1}
	var c errs.Checker
	if r.Category == "" {
		r.Category = Reconciliation
	}
	c.OneOf("category", r.Category, Reconciliation, PointInTime)
	if r.Category == PointInTime {
		if r.Type == "" {
			r.Type = TypeCustomer
		}
		c.OneOf("type", r.Type, TypeCustomer, TypeUser)
		r.Start, r.End = now.Format(time.DateOnly), now.Format(time.DateOnly)
		return r, c.Err()
	}
	if r.Type == "" {
		r.Type = TypePartner
	}
	c.OneOf("type", r.Type, TypePartner, TypeCustomer, TypeUser)
	period(&c, "billing_start_date", "billing_end_date", r.Start, r.End, now.Time)
	return r, c.Err()
}

// CreateReport orders a report; it is made in the background (WS-61). One that is being made already is given as it is; a finished one of
// the same period is the conflict report_exists with its id; a failed one is replaced (WS-67).
func (s *Service) CreateReport(ctx context.Context, actor access.Actor, n NewReport) (Report, error) {
	var out Report
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		w, err := s.whose(ctx, tx, actor, access.ReportEdit, n.ProviderID, n.SubPartnerID, n.WithSubs)
		if err != nil {
			return err
		}
		if out, err = n.check(tx.Now()); err != nil {
			return err
		}
		if err := tx.LockRow(ctx, "tenant_tenants", w.partnerID); err != nil {
			return err
		}
		out.ID, out.PartnerID, out.SubPartnerID, out.WithSubs, out.TenantID, out.Scope = db.NewID(), w.partnerID, w.sub.ID, w.withSubs, w.tenant.ID, w.tenant.Scope
		out.CreatedBy, out.Created = actor.ID, tx.Now()
		out.Period = strings.Join([]string{out.TenantID, out.SubPartnerID, text(map[bool]int64{true: 1}[out.WithSubs]), out.Start, out.End, out.Type, out.Category}, "|")
		if out.Category == PointInTime {
			out.Period = out.ID // each is of its own instant
		}
		var have Report
		err = tx.Get(ctx, &have, reportColumns+` WHERE period = $1`, out.Period)
		switch {
		case err != nil && errs.KindOf(err) != errs.NotFound:
			return err
		case err != nil:
		case have.Status == InProgress:
			out = have
			return nil
		case have.Status == Completed:
			return errReportExists.With("id", have.ID)
		default:
			if err := s.forget(ctx, tx, have); err != nil {
				return err
			}
		}
		op, err := s.operations.Start(ctx, tx, actor, "billing.report", w.tenant.Scope, w.tenant.ID)
		if err != nil {
			return err
		}
		out.OperationID = op.ID
		if err := insertReport(ctx, tx, out); err != nil {
			return err
		}
		if err := queue.Insert(ctx, tx, reportKind, reportArgs{out.ID}, queue.Opts{Scope: out.Scope, Lane: out.PartnerID}); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "billing_report.created", Action: "billing_report/create", Tenant: w.tenant.Access(),
			Target: out.target(), Data: out.data()})
	})
	return out, err
}

func (r Report) target() journal.Target {
	return journal.Target{Kind: "billing_report", ID: r.ID, Name: r.Type + " " + r.Start + " – " + r.End}
}

func (r Report) data() map[string]any {
	return map[string]any{"type": r.Type, "category": r.Category, "billing_start_date": r.Start, "billing_end_date": r.End, "status": r.Status}
}

func insertReport(ctx context.Context, tx *db.Tx, r Report) error {
	_, err := tx.Exec(ctx, `INSERT INTO billing_reports (id, period, partner_id, sub_partner_id, with_subs, tenant_id, scope, start_date, end_date, type, category, status,
		blob, row_count, fault, operation_id, created_by, created, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '', 0, '', $13, $14, $15, 1)`,
		r.ID, r.Period, r.PartnerID, r.SubPartnerID, r.WithSubs, r.TenantID, r.Scope, r.Start, r.End, r.Type, r.Category, r.Status, r.OperationID, r.CreatedBy, r.Created)
	return err
}

// Report gives a report that the actor may see; NotFound else, also after it was deleted.
func (s *Service) Report(ctx context.Context, actor access.Actor, id string) (Report, error) {
	return s.report(ctx, s.db, actor, access.ReportView, id)
}

func (s *Service) report(ctx context.Context, q db.Q, actor access.Actor, act access.Action, id string) (Report, error) {
	var r Report
	if err := q.Get(ctx, &r, reportColumns+` WHERE id = $1`, id); err != nil {
		return r, err
	}
	_, target, err := s.tenants.Target(ctx, q, actor, r.TenantID)
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("object")
	}
	if err != nil {
		return Report{}, err
	}
	return r, nil
}

// ReportQuery says which reports a list shall hold. Days, type, category and status must be exactly these (WS-65).
type ReportQuery struct {
	ProviderID, SubPartnerID          string
	Start, End, Type, Category, State string
	Page                              db.Page
}

// ReportListing is one page of a list.
type ReportListing struct {
	Items []Report
	Next  string // cursor of the next page, "" when this is the last
}

var reportSorts = []db.Sort{{Name: "billing_start_date", Column: "start_date"}, {Name: "billing_end_date", Column: "end_date"}, {Name: "status", Column: "status"},
	{Name: "id", Column: "id"}, {Name: "created", Column: "created", Number: true, Desc: true}}

// Reports lists the reports that were ordered in the name of a provider, page by page.
func (s *Service) Reports(ctx context.Context, actor access.Actor, want ReportQuery) (ReportListing, error) {
	var c errs.Checker
	a := s.db.Args()
	w, where := whose{}, ` WHERE 1 = 1`
	var err error
	if want.ProviderID == "" && actor.Place().Kind == access.Operator { // the operator sees those of everybody
		err = access.Decide(actor, access.ReportView, access.Target{Tenant: actor.Place()})
	} else if w, err = s.whose(ctx, s.db, actor, access.ReportView, want.ProviderID, want.SubPartnerID, false); err == nil {
		where += ` AND tenant_id = ` + a.Add(w.tenant.ID)
	}
	if err != nil {
		return ReportListing{}, err
	}
	exact := func(column, value string, allowed ...string) {
		if value = strings.TrimSpace(value); value == "" {
			return
		}
		if allowed != nil {
			value = c.OneOf(column, strings.ToUpper(value), allowed...)
		} else if _, ok := date(value); !ok {
			c.Add(errs.Field{Name: map[string]string{"start_date": "billing_start_date", "end_date": "billing_end_date"}[column], Code: "bad_date", Message: "Give the day as YYYY-MM-DD."})
		}
		where += ` AND ` + column + ` = ` + a.Add(value)
	}
	exact("start_date", want.Start)
	exact("end_date", want.End)
	exact("type", want.Type, TypePartner, TypeCustomer, TypeUser)
	exact("category", want.Category, Reconciliation, PointInTime)
	exact("status", want.State, InProgress, Completed, Failed)
	if want.SubPartnerID != "" && w.sub.ID != "" {
		where += ` AND sub_partner_id = ` + a.Add(w.sub.ID)
	}
	k, err := want.Page.Keyset(a, "id", reportSorts...)
	if err != nil {
		return ReportListing{}, err
	}
	if err := c.Err(); err != nil {
		return ReportListing{}, err
	}
	var l ReportListing
	if err := s.db.Select(ctx, &l.Items, reportColumns+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return ReportListing{}, err
	}
	l.Items, l.Next = db.Cut(k, l.Items, func(r Report) (any, string) {
		switch k.SortName() {
		case "billing_end_date":
			return r.End, r.ID
		case "status":
			return r.Status, r.ID
		case "id":
			return r.ID, r.ID
		case "created":
			return r.Created.UnixMilli(), r.ID
		}
		return r.Start, r.ID
	})
	return l, nil
}

// DeleteReport takes a report away, with its file; links that were handed out end at once (WS-66).
func (s *Service) DeleteReport(ctx context.Context, actor access.Actor, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockRow(ctx, "billing_reports", id); err != nil {
			return err
		}
		r, err := s.report(ctx, tx, actor, access.ReportEdit, id)
		if err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != r.Version {
			return errStale
		}
		t, err := s.tenants.Load(ctx, tx, r.TenantID)
		if err != nil {
			return err
		}
		if err := s.forget(ctx, tx, r); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "billing_report.deleted", Action: "billing_report/delete", Tenant: t.Access(), Target: r.target(), Data: r.data()})
	})
}

var errStale = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")

// forget removes the row; the file goes in a job, because storage is not asked inside a transaction.
func (s *Service) forget(ctx context.Context, tx *db.Tx, r Report) error {
	if _, err := tx.Exec(ctx, `DELETE FROM billing_reports WHERE id = $1`, r.ID); err != nil {
		return err
	}
	return queue.Insert(ctx, tx, sweepKind, sweepArgs{blobKey(r.ID)}, queue.Opts{Scope: r.Scope})
}

func blobKey(id string) string { return "billing/reports/" + id + ".csv" }

// query is what of the ledger the report counts.
func (r Report) query() usage.Query {
	return usage.Query{PartnerID: r.PartnerID, SubPartnerID: r.SubPartnerID, Direct: r.SubPartnerID == "" && !r.WithSubs}
}
