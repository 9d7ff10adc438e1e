package onboard

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

// SubPartner is a sub-partner as the wholesale offer shows it (WS-88).
type SubPartner struct {
	Tenant         tenant.Tenant
	SubscriptionID string // the parent's, shared (WS-79); "" while the parent has none
	BillingStart   string // YYYY-MM-DD; "" like that
}

// SubPartnerQuery chooses sub-partners of a list.
type SubPartnerQuery struct {
	Suspended *bool
	Text      string
	Page      db.Page
}

// SubPartners lists the sub-partners of the actor's organisation with the subscription that they share (WS-83, WS-88).
func (s *Service) SubPartners(ctx context.Context, actor access.Actor, by SubPartnerQuery) ([]SubPartner, string, error) {
	l, err := s.tenants.List(ctx, actor, tenant.Query{Kind: access.SubPartner, Suspended: by.Suspended, Text: by.Text, Page: by.Page})
	if err != nil {
		return nil, "", err
	}
	type shared struct{ id, start string }
	of := map[string]shared{}
	out := []SubPartner{}
	for _, t := range l.Items {
		if _, asked := of[t.ParentID]; !asked {
			sub, err := s.catalog.SubscriptionOf(ctx, s.db, t.ParentID)
			if err != nil && errs.KindOf(err) != errs.NotFound {
				return nil, "", err
			}
			of[t.ParentID] = shared{sub.ID, sub.Start}
		}
		out = append(out, SubPartner{t, of[t.ParentID].id, of[t.ParentID].start})
	}
	return out, l.Next, nil
}

// The states of a request for a sub-partner (WS-74).
const (
	AskRequested = "requested"
	AskCreated   = "created"
	AskRejected  = "rejected"
)

// SubPartnerRequest is a partner's wish for a sub-partner, which the operator fulfils (WS-74).
type SubPartnerRequest struct {
	ID             string  `db:"id"`
	PartnerID      string  `db:"partner_id"`
	PartnerName    string  `db:"partner_name"`
	Scope          string  `db:"scope"`
	Name           string  `db:"name"`
	Email          string  `db:"email"`
	FirstName      string  `db:"first_name"`
	LastName       string  `db:"last_name"`
	SubscriptionID string  `db:"subscription_id"`
	State          string  `db:"state"`
	RequestedBy    string  `db:"requested_by"`
	DecidedBy      string  `db:"decided_by"`
	Reason         string  `db:"reason"`
	SubPartnerID   string  `db:"sub_partner_id"` // "" until it is created
	Created        db.Time `db:"created"`
	Decided        db.Time `db:"decided"`
	Version        int64   `db:"version"`
}

// NewSubPartnerRequest is what a partner gives (WS-74). PartnerID "" is where the actor works.
type NewSubPartnerRequest struct {
	PartnerID, Name, Email, FirstName, LastName, SubscriptionID string
}

var (
	errAskDecided = errs.New(errs.Conflict, "request_decided", "This request was decided already.")
	errDepth      = errs.New(errs.Conflict, "max_depth", "A sub-partner cannot have sub-partners.")
)

const requestColumns = `SELECT r.id, r.partner_id, t.name AS partner_name, r.scope, r.name, r.email, r.first_name, r.last_name, r.subscription_id, r.state, r.requested_by, r.decided_by,
	r.reason, COALESCE(r.sub_partner_id, '') AS sub_partner_id, r.created, r.decided, r.version FROM onboard_requests r JOIN tenant_tenants t ON t.id = r.partner_id`

// RequestSubPartner asks the operator for a sub-partner (WS-74). A subscription that is not the partner's active one is NotFound.
func (s *Service) RequestSubPartner(ctx context.Context, actor access.Actor, n NewSubPartnerRequest) (SubPartnerRequest, error) {
	var out SubPartnerRequest
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		p, err := s.provider(ctx, tx, actor, access.SubPartnerAsk, n.PartnerID)
		if err != nil {
			return err
		}
		if p.Kind != access.Partner {
			return errDepth
		}
		var c errs.Checker
		out = SubPartnerRequest{ID: db.NewID(), PartnerID: p.ID, PartnerName: p.Name, Scope: p.Scope, Name: c.Text("name", n.Name, 1, 128), Email: c.Email("email", n.Email, true),
			FirstName: c.Text("first_name", n.FirstName, 1, 64), LastName: c.Text("last_name", n.LastName, 1, 64), SubscriptionID: c.Text("subscription_id", n.SubscriptionID, 1, 64),
			State: AskRequested, RequestedBy: actor.Name, Created: tx.Now(), Version: 1}
		if err := c.Err(); err != nil {
			return err
		}
		sub, err := s.catalog.MaySell(ctx, tx, p.ID, nil)
		if err != nil {
			return err
		}
		if sub.ID != out.SubscriptionID {
			return errs.Missing("subscription")
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onboard_requests (id, partner_id, scope, name, email, first_name, last_name, subscription_id, state, requested_by, decided_by, reason, created, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', $11, 1)`, out.ID, out.PartnerID, out.Scope, out.Name, out.Email, out.FirstName, out.LastName, out.SubscriptionID,
			out.State, out.RequestedBy, out.Created); err != nil {
			return err
		}
		return s.requestNews(ctx, tx, actor, p, out, "requested", "request")
	})
	return out, err
}

func (s *Service) requestNews(ctx context.Context, tx *db.Tx, actor access.Actor, p tenant.Tenant, r SubPartnerRequest, what, verb string) error {
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "sub_partner_request." + what, Action: "sub_partner/" + verb, Tenant: p.Access(),
		Target: journal.Target{Kind: "sub_partner_request", ID: r.ID, Name: r.Name}, Data: map[string]any{"state": r.State, "sub_partner_id": r.SubPartnerID}})
}

// SubPartnerRequests lists requests, the newest first: the operator's people see all, a partner its own. state "" is all.
func (s *Service) SubPartnerRequests(ctx context.Context, actor access.Actor, state string, page db.Page) ([]SubPartnerRequest, string, error) {
	see, err := access.Visible(actor, access.SubPartnerView, false)
	if err != nil {
		return nil, "", err
	}
	var c errs.Checker
	a := s.db.Args()
	where := " WHERE " + see.SQL(a, "r.scope")
	if state != "" {
		where += " AND r.state = " + a.Add(c.OneOf("state", state, AskRequested, AskCreated, AskRejected))
	}
	if err := c.Err(); err != nil {
		return nil, "", err
	}
	k, err := page.Keyset(a, "r.id", db.Sort{Name: "created", Column: "r.created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var all []SubPartnerRequest
	if err := s.db.Select(ctx, &all, requestColumns+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(r SubPartnerRequest) (any, string) { return r.Created.UnixMilli(), r.ID })
	return all, next, nil
}

// AnswerSubPartnerRequest fulfils a request or rejects it with a reason; only the operator's people may. Fulfilled, the sub-partner is
// there with the relation to its parent, and its first administrator gets the account mail.
func (s *Service) AnswerSubPartnerRequest(ctx context.Context, actor access.Actor, id string, create bool, reason string, ifVersion int64) (SubPartnerRequest, error) {
	var out SubPartnerRequest
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		root, err := s.tenants.Operator(ctx, tx)
		if err != nil {
			return err
		}
		_, target, err := s.tenants.Target(ctx, tx, actor, root.ID)
		if err == nil {
			err = access.Decide(actor, access.PartnerCreate, target)
		}
		if err != nil {
			return err
		}
		if err := tx.LockRow(ctx, "onboard_requests", id); err != nil {
			return absent(err, "request")
		}
		if err := tx.Get(ctx, &out, requestColumns+` WHERE r.id = $1`, id); err != nil {
			return err
		}
		var c errs.Checker
		least := 1
		if create {
			least = 0
		}
		out.Reason = c.Lines("reason", reason, least, 2000)
		switch {
		case c.Err() != nil:
			return c.Err()
		case ifVersion != 0 && ifVersion != out.Version:
			return errStale
		case out.State != AskRequested:
			return errAskDecided
		}
		p, err := s.tenants.Load(ctx, tx, out.PartnerID)
		if err != nil {
			return err
		}
		out.State = AskRejected
		if create {
			m, err := s.CreateSubPartner(ctx, actor, tenant.NewSubPartner{ParentID: p.ID, Details: tenant.Details{Name: out.Name, Email: out.Email,
				Contact: out.FirstName + " " + out.LastName, Country: p.Country, Locale: p.Locale, TimeZone: p.TimeZone}}, First{})
			if err != nil {
				return err
			}
			out.State, out.SubPartnerID = AskCreated, m.Tenant.ID
		}
		out.Decided, out.DecidedBy, out.Version = tx.Now(), actor.Name, out.Version+1
		if _, err := tx.Exec(ctx, `UPDATE onboard_requests SET state = $2, sub_partner_id = $3, reason = $4, decided = $5, decided_by = $6, version = $7 WHERE id = $1`,
			id, out.State, orNull(out.SubPartnerID), out.Reason, out.Decided, out.DecidedBy, out.Version); err != nil {
			return err
		}
		return s.requestNews(ctx, tx, actor, p, out, out.State, map[string]string{AskCreated: "fulfil", AskRejected: "reject"}[out.State])
	})
	return out, err
}
