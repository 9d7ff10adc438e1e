package onboard

import (
	"context"
	"slices"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/queue"
	"linecard/internal/tenant"
)

// untilEscalation is how long Linecard looks itself before the compliance team decides (WS-46).
const untilEscalation = 72 * time.Hour

// compliance decides about what only the operator's compliance team sees.
func (s *Service) compliance(ctx context.Context, q db.Q, actor access.Actor, act access.Action) (tenant.Tenant, error) {
	root, err := s.tenants.Operator(ctx, q)
	if err != nil {
		return root, err
	}
	_, target, err := s.tenants.Target(ctx, q, actor, root.ID)
	if err != nil {
		return root, err
	}
	return root, access.Decide(actor, act, target)
}

func enqueueRecheck(ctx context.Context, tx *db.Tx) error {
	return queue.Insert(ctx, tx, recheckKind, struct{}{}, queue.Opts{Unique: "now"})
}

func subjectOf(c Customer, t tenant.Tenant) Subject {
	return Subject{Name: t.Name, Contact: t.Contact, Email: t.Email, Address: c.Address.V}
}

// look searches the lists for a customer, outside of any transaction.
func (s *Service) look(ctx context.Context, c Customer, t tenant.Tenant) (prepared, error) {
	ix, err := s.inForce(ctx, s.db)
	if err != nil {
		return prepared{}, err
	}
	who := subjectOf(c, t)
	p := prepared{subject: who, hits: ix.search(who), lists: ix.ids}
	if p.hits == nil {
		p.hits = []Hit{}
	}
	if p.lists == nil {
		p.lists = []string{}
	}
	return p, nil
}

// still says whether what was looked at is what is there now.
func (s *Service) still(ctx context.Context, tx *db.Tx, c Customer, t tenant.Tenant, p prepared) (bool, error) {
	var now []string
	if err := tx.Select(ctx, &now, `SELECT id FROM onboard_lists WHERE in_force ORDER BY id`); err != nil {
		return false, err
	}
	return p.lists != nil && slices.Equal(now, p.lists) && subjectOf(c, t) == p.subject, nil
}

// doScreening lets a customer pass, or stops it for the compliance team (WS-44). Somebody who was approved passes again while the
// same parties are all that is found.
func (s *Service) doScreening(ctx context.Context, tx *db.Tx, w *working, p prepared) (StepState, map[string]string, error) {
	if ok, err := s.still(ctx, tx, w.Customer, w.t, p); err != nil || !ok {
		return "", nil, orMoved(err)
	}
	now := tx.Now()
	known := func(h Hit) bool {
		return slices.ContainsFunc(w.Hits.V, func(o Hit) bool { return o.Source == h.Source && o.Number == h.Number && o.Name == h.Name })
	}
	if len(p.hits) == 0 || w.Compliance == tenant.ScreeningApproved && !slices.ContainsFunc(p.hits, func(h Hit) bool { return !known(h) }) {
		state := tenant.ScreeningClear
		if len(p.hits) > 0 {
			state = tenant.ScreeningApproved
		}
		if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET compliance = $2, checked = $3, checks = checks + 1, hits = $4, lists = $5, pending_since = NULL WHERE id = $1`,
			w.ID, state, now, db.AsJSON(p.hits), db.AsJSON(p.lists)); err != nil {
			return "", nil, err
		}
		_, err := s.tenants.SetScreening(ctx, house, w.ID, state)
		return StepDone, map[string]string{"outcome": state}, err
	}
	was := w.Status
	w.Status = StatusReview
	if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET compliance = 'pending', status = 'pending_rpl_review', status_since = $2, pending_since = $3, checked = $4, checks = checks + 1,
		hits = $5, lists = $6, decided = NULL, decided_by = '', reason = '' WHERE id = $1`, w.ID, now, now, now, db.AsJSON(p.hits), db.AsJSON(p.lists)); err != nil {
		return "", nil, err
	}
	if _, err := s.tenants.SetScreening(ctx, house, w.ID, tenant.ScreeningPending); err != nil {
		return "", nil, err
	}
	if err := s.statusNews(ctx, tx, house, w.Customer, was, nil); err != nil {
		return "", nil, err
	}
	err := queue.Insert(ctx, tx, escalateKind, runArgs{w.ID, w.Run}, queue.Opts{RunAt: now.Add(untilEscalation), Scope: w.Scope})
	return StepWaiting, map[string]string{"outcome": tenant.ScreeningPending}, err
}

func orMoved(err error) error {
	if err == nil {
		return errMoved
	}
	return err
}

// recheck looks again at every customer that waits (WS-45).
func (s *Service) recheck(ctx context.Context) error {
	var ids []string
	if err := s.db.Select(ctx, &ids, `SELECT id FROM onboard_customers WHERE compliance = 'pending' AND status = 'pending_rpl_review' ORDER BY pending_since, id`); err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.review(ctx, id); err != nil && !permanent(err) {
			return err
		}
	}
	return nil
}

// review looks at one customer that waits: it goes on when nothing is found any more, and is handed to the compliance team when it
// has waited for 72 hours (WS-45, WS-46).
func (s *Service) review(ctx context.Context, id string) error {
	c, err := s.customer(ctx, s.db, id)
	if err != nil {
		return err
	}
	t, err := s.tenants.Load(ctx, s.db, id)
	if err != nil {
		return err
	}
	p, err := s.look(ctx, c, t)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		c, st, err := s.waiting(ctx, tx, id)
		if err != nil || st == nil || c.Compliance != tenant.ScreeningPending {
			return err
		}
		t, err := s.tenants.Load(ctx, tx, id)
		if err != nil {
			return err
		}
		now := tx.Now()
		if !now.Before(c.PendingSince.Add(untilEscalation)) {
			return s.escalate(ctx, tx, c)
		}
		if ok, err := s.still(ctx, tx, c, t, p); err != nil || !ok {
			return orMoved(err)
		}
		if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET checked = $2, checks = checks + 1, hits = $3, lists = $4, version = version + 1 WHERE id = $1`,
			id, now, db.AsJSON(p.hits), db.AsJSON(p.lists)); err != nil || len(p.hits) > 0 {
			return err
		}
		return s.settle(ctx, tx, house, c, *st, tenant.ScreeningClear)
	})
}

// waiting gives a customer that waits for its compliance check, locked, with the step; nil when it does not.
func (s *Service) waiting(ctx context.Context, tx *db.Tx, id string) (Customer, *Step, error) {
	if err := hold(ctx, tx, id); err != nil {
		return Customer{}, nil, err
	}
	c, err := s.customer(ctx, tx, id)
	if err != nil || c.Status != StatusReview {
		return c, nil, err
	}
	st, err := current(ctx, tx, c)
	if st != nil && st.Name != stepScreening {
		st = nil
	}
	return c, st, err
}

// escalate hands a customer to the compliance team; looking ends (WS-46).
func (s *Service) escalate(ctx context.Context, tx *db.Tx, c Customer) error {
	if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET compliance = 'escalated', updated = $2, version = version + 1 WHERE id = $1`, c.ID, tx.Now()); err != nil {
		return err
	}
	if _, err := s.tenants.SetScreening(ctx, house, c.ID, tenant.ScreeningEscalated); err != nil {
		return err
	}
	return s.complianceNews(ctx, tx, house, c, "compliance_escalated", "customer/escalate", nil)
}

func (s *Service) complianceNews(ctx context.Context, tx *db.Tx, actor access.Actor, c Customer, what, action string, data map[string]any) error {
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "customer." + what, Action: action, Tenant: access.Tenant{ID: c.ID, Kind: access.Customer, Scope: c.Scope, Name: c.Name},
		Target: journal.Target{Kind: "customer", ID: c.ID, Name: c.Name}, Data: data})
}

// settle ends the wait of a customer that may be provisioned, and lets its run go on.
func (s *Service) settle(ctx context.Context, tx *db.Tx, actor access.Actor, c Customer, st Step, state string) error {
	was := c.Status
	c.Status = StatusProvisioning
	if c.Kind == runUpdate {
		c.Status = StatusUpdating
	}
	if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET compliance = $2, status = $3, status_since = $4, updated = $5, version = version + 1 WHERE id = $1`, c.ID, state, c.Status, tx.Now(), tx.Now()); err != nil {
		return err
	}
	if _, err := s.tenants.SetScreening(ctx, actor, c.ID, state); err != nil {
		return err
	}
	if err := s.note(ctx, tx, c, st, StepDone, map[string]string{"outcome": state}, nil); err != nil {
		return err
	}
	if err := s.statusNews(ctx, tx, actor, c, was, nil); err != nil {
		return err
	}
	return enqueue(ctx, tx, c)
}

// Decision is what the compliance team decides about a customer that waits.
type Decision struct {
	Approve   bool
	Reason    string // mandatory
	IfVersion int64
}

var errNoCase = errs.New(errs.Conflict, "nothing_to_decide", "This customer does not wait for a decision.")

// Decide approves a customer that waits for its compliance check, or denies it for good (WS-46). What was decided about which matches of
// which lists is kept with the customer.
func (s *Service) Decide(ctx context.Context, actor access.Actor, customerID string, d Decision) (Customer, error) {
	var out Customer
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if _, err := s.compliance(ctx, tx, actor, access.ComplianceDecide); err != nil {
			return err
		}
		var f errs.Checker
		reason := f.Lines("reason", d.Reason, 1, 2000)
		if err := f.Err(); err != nil {
			return err
		}
		c, st, err := s.waiting(ctx, tx, customerID)
		switch {
		case err != nil:
			return err
		case d.IfVersion != 0 && d.IfVersion != c.Version:
			return errStale
		case st == nil:
			return errNoCase
		}
		if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET decided = $2, decided_by = $3, reason = $4 WHERE id = $1`, c.ID, tx.Now(), actor.Name, reason); err != nil {
			return err
		}
		if d.Approve {
			err = s.settle(ctx, tx, actor, c, *st, tenant.ScreeningApproved)
		} else {
			err = s.deny(ctx, tx, actor, c, *st)
		}
		if err != nil {
			return err
		}
		if err := s.complianceNews(ctx, tx, actor, c, "compliance_decided", "customer/decide", map[string]any{"approved": d.Approve}); err != nil {
			return err
		}
		out, err = s.filled(ctx, tx, c.ID)
		return err
	})
	return out, err
}

// deny ends a run with compliance_denied: no service, no usage (WS-46).
func (s *Service) deny(ctx context.Context, tx *db.Tx, actor access.Actor, c Customer, st Step) error {
	if _, err := tx.Exec(ctx, `UPDATE onboard_customers SET compliance = 'denied' WHERE id = $1`, c.ID); err != nil {
		return err
	}
	if _, err := s.tenants.SetScreening(ctx, actor, c.ID, tenant.ScreeningDenied); err != nil {
		return err
	}
	if err := s.failStep(ctx, tx, c, st, errDenied); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE onboard_packages SET status = 'error', code = $2, message = $3, since = $4 WHERE customer_id = $1 AND status = 'provisioning'`,
		c.ID, errDenied.Code, errDenied.Message, tx.Now()); err != nil {
		return err
	}
	return s.finish(ctx, tx, c)
}

// CaseQuery chooses customers of the compliance queue.
type CaseQuery struct {
	State string // pending, escalated; "": both
	Page  db.Page
}

// Cases lists the customers that wait for their compliance check, the oldest first, with what was found (WS-46).
func (s *Service) Cases(ctx context.Context, actor access.Actor, by CaseQuery) ([]Customer, string, error) {
	if _, err := s.compliance(ctx, s.db, actor, access.ComplianceView); err != nil {
		return nil, "", err
	}
	var c errs.Checker
	a := s.db.Args()
	where := " WHERE c.status = 'pending_rpl_review' AND c.compliance IN ('pending', 'escalated')"
	if by.State != "" {
		where += " AND c.compliance = " + a.Add(c.OneOf("state", by.State, tenant.ScreeningPending, tenant.ScreeningEscalated))
	}
	if err := c.Err(); err != nil {
		return nil, "", err
	}
	k, err := by.Page.Keyset(a, "c.id", db.Sort{Name: "pending_since", Column: "c.pending_since", Number: true})
	if err != nil {
		return nil, "", err
	}
	var all []Customer
	if err := s.db.Select(ctx, &all, customerColumns+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(c Customer) (any, string) { return c.PendingSince.UnixMilli(), c.ID })
	return all, next, nil
}

// Case gives one customer with what was found, also after the decision. NotFound when it never was one of the wholesale offer.
func (s *Service) Case(ctx context.Context, actor access.Actor, customerID string) (Customer, error) {
	if _, err := s.compliance(ctx, s.db, actor, access.ComplianceView); err != nil {
		return Customer{}, err
	}
	return s.filled(ctx, s.db, customerID)
}

// Search looks into the lists in force without a customer, for the compliance team.
func (s *Service) Search(ctx context.Context, actor access.Actor, who Subject) ([]Hit, error) {
	if _, err := s.compliance(ctx, s.db, actor, access.ComplianceView); err != nil {
		return nil, err
	}
	ix, err := s.inForce(ctx, s.db)
	if err != nil {
		return nil, err
	}
	return ix.search(who), nil
}
