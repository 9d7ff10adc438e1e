package onboard

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

const customerColumns = `SELECT c.id, c.scope, c.owner_id, t.name, t.email, t.external_id, c.template_id, c.settings, c.address, c.want, c.kind, c.run, c.status, c.consent,
	c.operation_id, c.compliance, c.pending_since, c.checked, c.checks, c.hits, c.lists, c.decided, c.decided_by, c.reason, c.created, c.updated, c.status_since, c.version
	FROM onboard_customers c JOIN tenant_tenants t ON t.id = c.id`

// customer gives the row without what hangs on it.
func (s *Service) customer(ctx context.Context, q db.Q, id string) (Customer, error) {
	var c Customer
	err := q.Get(ctx, &c, customerColumns+` WHERE c.id = $1`, id)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("object")
	}
	return c, err
}

// absent says what it is that is not there; any other trouble of the database stays what it is.
func absent(err error, what string) error {
	if errs.KindOf(err) == errs.NotFound {
		return errs.Missing(what)
	}
	return err
}

// filled gives the row with packages, meeting site and faults.
func (s *Service) filled(ctx context.Context, q db.Q, id string) (Customer, error) {
	c, err := s.customer(ctx, q, id)
	if err != nil {
		return c, err
	}
	all := []Customer{c}
	err = s.fill(ctx, q, all)
	return all[0], err
}

// fill reads for many customers what hangs on them, in three statements.
func (s *Service) fill(ctx context.Context, q db.Q, all []Customer) error {
	if len(all) == 0 {
		return nil
	}
	at := map[string]*Customer{}
	var ids []string
	for i := range all {
		all[i].Packages, all[i].Faults = []PackageState{}, []Fault{}
		at[all[i].ID] = &all[i]
		ids = append(ids, all[i].ID)
	}
	a := q.Args()
	var packages []struct {
		CustomerID string `db:"customer_id"`
		PackageState
	}
	if err := q.Select(ctx, &packages, `SELECT customer_id, item_id, status, code, message, since FROM onboard_packages WHERE `+a.In("customer_id", ids)+` ORDER BY item_id`, a.List()...); err != nil {
		return err
	}
	for _, p := range packages {
		at[p.CustomerID].Packages = append(at[p.CustomerID].Packages, p.PackageState)
	}
	var sites []struct {
		ID string `db:"id"`
		MeetingSite
	}
	a = q.Args()
	if err := q.Select(ctx, &sites, `SELECT id, locale, time_zone, dial_in, warnings, created FROM onboard_meeting_sites WHERE `+a.In("id", ids), a.List()...); err != nil {
		return err
	}
	for _, m := range sites {
		at[m.ID].Site = &m.MeetingSite
	}
	var failed []struct {
		CustomerID string `db:"customer_id"`
		Step       string `db:"step"`
		Subject    string `db:"subject"`
		Code       string `db:"code"`
		Message    string `db:"message"`
	}
	a = q.Args()
	if err := q.Select(ctx, &failed, `SELECT s.customer_id, s.step, s.subject, s.code, s.message FROM onboard_steps s JOIN onboard_customers c ON c.id = s.customer_id AND c.run = s.run
		WHERE `+a.In("s.customer_id", ids)+` AND s.state = 'failed' ORDER BY s.position`, a.List()...); err != nil {
		return err
	}
	for _, f := range failed {
		at[f.CustomerID].Faults = append(at[f.CustomerID].Faults, Fault{f.Step, f.Subject, f.Code, f.Message})
	}
	return nil
}

func (s *Service) packages(ctx context.Context, q db.Q, id string) ([]PackageState, error) {
	all := []PackageState{}
	return all, q.Select(ctx, &all, `SELECT item_id, status, code, message, since FROM onboard_packages WHERE customer_id = $1 ORDER BY item_id`, id)
}

// steps gives those of one run, or with run 0 of all, the newest run first.
func (s *Service) steps(ctx context.Context, q db.Q, id string, run int64) ([]Step, error) {
	all := []Step{}
	a := q.Args()
	where := ` WHERE customer_id = ` + a.Add(id)
	if run > 0 {
		where += ` AND run = ` + a.Add(run)
	}
	return all, q.Select(ctx, &all, stepColumns+where+` ORDER BY run DESC, position LIMIT 1000`, a.List()...)
}

// neutral takes away what only the compliance team may see (WS-44).
func neutral(c Customer) Customer {
	c.Hits, c.Lists, c.Reason, c.DecidedBy = db.AsJSON([]Hit{}), db.AsJSON([]string{}), "", ""
	return c
}

// seen gives the row of a customer that the actor may see; one whose service is gone is NotFound (WS-141).
func (s *Service) seen(ctx context.Context, q db.Q, actor access.Actor, act access.Action, id, onBehalfOf string) (tenant.Tenant, Customer, error) {
	if onBehalfOf != "" {
		if _, err := s.owner(ctx, q, actor, act, onBehalfOf); err != nil {
			return tenant.Tenant{}, Customer{}, err
		}
	}
	t, target, err := s.tenants.Target(ctx, q, actor, id)
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	if err == nil && (t.Kind != access.Customer || onBehalfOf != "" && t.ParentID != onBehalfOf) {
		err = errs.Missing("object")
	}
	if err != nil {
		return tenant.Tenant{}, Customer{}, err
	}
	c, err := s.filled(ctx, q, id)
	if err == nil && c.Status == StatusGone {
		err = errs.Missing("object")
	}
	return t, c, err
}

// Wholesale gives the wholesale service of a customer; NotFound when it has none (WS-139). onBehalfOf names a sub-partner, "" for none.
func (s *Service) Wholesale(ctx context.Context, actor access.Actor, id, onBehalfOf string) (Customer, error) {
	_, c, err := s.seen(ctx, s.db, actor, access.CustomerView, id, onBehalfOf)
	return neutral(c), err
}

// History gives the steps of all runs of a customer, the newest run first, also after its service is gone.
func (s *Service) History(ctx context.Context, actor access.Actor, id string) ([]Step, error) {
	_, target, err := s.tenants.Target(ctx, s.db, actor, id)
	if err == nil {
		err = access.Decide(actor, access.CustomerView, target)
	}
	if err != nil {
		return nil, err
	}
	if _, err := s.customer(ctx, s.db, id); err != nil {
		return nil, err
	}
	return s.steps(ctx, s.db, id, 0)
}

// Customers lists the customers of the wholesale offer. Those of a sub-partner come to its parent only when it is named (WS-76, WS-82,
// WS-140). With Offset the list has no cursor.
func (s *Service) Customers(ctx context.Context, actor access.Actor, by CustomerQuery) ([]Customer, string, error) {
	see, err := access.Visible(actor, access.CustomerView, by.OnBehalfOf != "")
	if err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	where := " WHERE " + see.SQL(a, "c.scope") + " AND c.status <> 'gone'"
	if by.OnBehalfOf != "" {
		if _, err := s.owner(ctx, s.db, actor, access.CustomerView, by.OnBehalfOf); err != nil {
			return nil, "", err
		}
		where += " AND c.owner_id = " + a.Add(by.OnBehalfOf)
	}
	if by.ExternalID != "" {
		where += " AND t.external_id_fold = " + a.Add(db.Fold(by.ExternalID))
	}
	if by.OrgID != "" {
		where += " AND c.id = " + a.Add(by.OrgID)
	}
	if len(by.Status) > 0 {
		var f errs.Checker
		var all []string
		for _, st := range by.Status {
			all = append(all, f.OneOf("status", string(st), string(StatusProvisioning), string(StatusProvisioned), string(StatusWithErrors), string(StatusUpdating),
				string(StatusDeleting), string(StatusError), string(StatusReview)))
		}
		if err := f.Err(); err != nil {
			return nil, "", err
		}
		where += " AND " + a.In("c.status", all)
	}
	k, err := by.Page.Keyset(a, "c.id", db.Sort{Name: "created", Column: "c.created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	stmt := customerColumns + where + " AND " + k.Where + " ORDER BY " + k.OrderBy + " LIMIT " + a.Add(k.Limit)
	if by.Offset > 0 {
		stmt += " OFFSET " + a.Add(by.Offset)
	}
	var all []Customer
	if err := s.db.Select(ctx, &all, stmt, a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(c Customer) (any, string) { return c.Created.UnixMilli(), c.ID })
	if err := s.fill(ctx, s.db, all); err != nil {
		return nil, "", err
	}
	for i := range all {
		all[i] = neutral(all[i])
	}
	return all, next, nil
}

// holds tells the room of tenants that a customer with the wholesale service cannot be archived: ending the service comes first (WS-141).
func (s *Service) holds(ctx context.Context, q db.Q, customerID string) ([]tenant.Holding, error) {
	var n int64
	err := q.Get(ctx, &n, `SELECT COUNT(*) FROM onboard_customers WHERE id = $1 AND status <> 'gone'`, customerID)
	return []tenant.Holding{{Kind: "wholesale_service", Count: n}}, err
}
