package redirect

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/tenant"
)

// ClaimState is where the dispute about a MAC stands (CH-41).
type ClaimState string

// The states. All but the first are final.
const (
	Requested ClaimState = "requested"
	Released  ClaimState = "released" // whoever asked may add the MAC now
	Denied    ClaimState = "refused"
	Withdrawn ClaimState = "withdrawn"
)

// Claim is a customer's request for a MAC that another one has.
type Claim struct {
	ID         string     `db:"id"`
	CustomerID string     `db:"customer_id"` // who asks
	Scope      string     `db:"scope"`
	MAC        phone.MAC  `db:"mac"`
	HolderID   string     `db:"holder_id"` // who has it; only for whoever decides
	Serial     string     `db:"serial"`
	Reason     string     `db:"reason"`
	State      ClaimState `db:"state"`
	DecidedBy  string     `db:"decided_by"` // "", holder, operator, certificate, claimant
	Note       string     `db:"note"`       // of the decision, for whoever asked
	Created    db.Time    `db:"created"`
	Updated    db.Time    `db:"updated"`
	Version    int64      `db:"version"`

	CustomerName, HolderName string `db:"-"` // only in what Disputes and Decide give
}

// NewClaim is the input of CreateClaim.
type NewClaim struct {
	MAC, Serial, Reason string
}

var (
	errFree        = errs.New(errs.Conflict, "mac_free", "Nobody has claimed this MAC address. Add it.")
	errClaimOpen   = errs.New(errs.Conflict, "claim_open", "The release of this MAC address has been asked for already.")
	errClaimOver   = errs.New(errs.Conflict, "claim_decided", "This request has been decided already.")
	errAsDevice    = errs.New(errs.Conflict, "mac_in_use_as_device", "The customer that has this MAC address uses the phone as a device. Move or delete the device first.")
	errClaimsLimit = errs.New(errs.Conflict, "claim_limit", "A customer can have 200 open requests.")
)

const maxClaims = 200

const claimColumns = `id, customer_id, scope, mac, holder_id, serial, reason, state, decided_by, note, created, updated, version`

// CreateClaim asks for the release of a MAC that another customer has; the operator and the holder hear of it, and nobody tells who
// that is. mac_free when nobody has it, redirect_entry_exists when the customer has it itself.
func (s *Service) CreateClaim(ctx context.Context, actor access.Actor, customerID string, n NewClaim) (Claim, error) {
	var c errs.Checker
	mac, err := phone.ParseMAC(n.MAC)
	if err != nil {
		for _, f := range errs.As(err).Fields {
			c.Add(f)
		}
	}
	v := Claim{ID: db.NewID(), MAC: mac, State: Requested, Version: 1, Serial: c.Text("serial", n.Serial, 0, 128), Reason: c.Lines("reason", n.Reason, 1, 1000)}
	err = s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.RedirectEdit, customerID)
		if err == nil {
			err = c.Err()
		}
		if err != nil {
			return err
		}
		holder, err := s.holderOf(ctx, tx, mac)
		switch {
		case err != nil:
			return err
		case holder == "":
			return errFree
		case holder == t.ID:
			return errHas
		}
		var open int64
		if err := tx.Get(ctx, &open, `SELECT COUNT(*) FROM redirect_claims WHERE customer_id = $1 AND state = 'requested'`, t.ID); err != nil {
			return err
		}
		if open >= maxClaims {
			return errClaimsLimit
		}
		v.CustomerID, v.Scope, v.HolderID, v.Created, v.Updated = t.ID, t.Scope, holder, tx.Now(), tx.Now()
		if _, err := tx.Exec(ctx, `INSERT INTO redirect_claims (`+claimColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`, v.ID, v.CustomerID,
			v.Scope, v.MAC, v.HolderID, v.Serial, v.Reason, v.State, v.DecidedBy, v.Note, v.Created, v.Updated, v.Version); err != nil {
			if db.IsUnique(err, "redirect_claims", "customer_id", "mac") {
				return errClaimOpen.Because(err)
			}
			return err
		}
		if err := s.tellHolder(ctx, tx, v, "requested", "request"); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, claimNews(t.Access(), v, "requested", "request"))
	})
	if err != nil {
		return Claim{}, err
	}
	return v, nil
}

// claimNews is about a claim as one side sees it. The id of the claim is the same on both sides, and tells nothing.
func claimNews(t access.Tenant, v Claim, what, verb string) journal.News {
	return journal.News{Type: "redirect_claim." + what, Action: "redirect_claim/" + verb, Tenant: t,
		Target: journal.Target{Kind: "redirect_claim", ID: v.ID, Name: v.MAC.String()}, Data: map[string]any{"mac": v.MAC.String(), "customer_id": t.ID}}
}

// tellHolder puts it into the log of who has the MAC, in our own name, so that neither side learns who the other one is.
func (s *Service) tellHolder(ctx context.Context, tx *db.Tx, v Claim, what, verb string) error {
	return s.tell(ctx, tx, v, v.HolderID, what, verb)
}

func (s *Service) tell(ctx context.Context, tx *db.Tx, v Claim, customerID, what, verb string) error {
	t, err := accessOf(ctx, tx, customerID)
	if err != nil {
		return err
	}
	return s.journal.Append(ctx, tx, systemActor, claimNews(t, v, what, verb))
}

// Claims gives the requests that a customer made, or with received those about MACs that it has, the newest first. Neither side
// sees the other.
func (s *Service) Claims(ctx context.Context, actor access.Actor, customerID string, received bool, page db.Page) ([]Claim, string, error) {
	t, err := s.allowed(ctx, s.db, actor, access.RedirectView, customerID)
	if err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	side := "customer_id"
	if received {
		side = "holder_id"
	}
	where := side + " = " + a.Add(t.ID)
	all, next, err := s.listClaims(ctx, a, where, page)
	for i := range all {
		all[i] = all[i].seenBy(t.ID)
	}
	return all, next, err
}

func (s *Service) listClaims(ctx context.Context, a *db.Args, where string, page db.Page) ([]Claim, string, error) {
	k, err := page.Keyset(a, "id", db.Sort{Name: "created", Column: "created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var all []Claim
	if err := s.db.Select(ctx, &all, `SELECT `+claimColumns+` FROM redirect_claims WHERE `+where+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(v Claim) (any, string) { return v.Created.UnixMilli(), v.ID })
	return all, next, nil
}

// seenBy takes away what a customer must not know about the other one: who it is, and what it told the operator.
func (v Claim) seenBy(customerID string) Claim {
	if v.CustomerID != customerID {
		v.CustomerID, v.Scope, v.Serial, v.Reason, v.Note = "", "", "", "", ""
	}
	if v.HolderID != customerID {
		v.HolderID = ""
	}
	return v
}

// GetClaim gives a request of either side.
func (s *Service) GetClaim(ctx context.Context, actor access.Actor, customerID, id string) (Claim, error) {
	t, err := s.allowed(ctx, s.db, actor, access.RedirectView, customerID)
	if err != nil {
		return Claim{}, err
	}
	v, err := claimOf(ctx, s.db, id, t.ID)
	return v.seenBy(t.ID), err
}

// claimOf gives a claim on which the customer is on either side; "" is the operator, who is on none.
func claimOf(ctx context.Context, q db.Q, id, customerID string) (Claim, error) {
	var v Claim
	err := q.Get(ctx, &v, `SELECT `+claimColumns+` FROM redirect_claims WHERE id = $1 AND ($2 = '' OR customer_id = $3 OR holder_id = $4)`, id, customerID, customerID, customerID)
	if err != nil {
		return Claim{}, missing(err, "claim")
	}
	return v, nil
}

// Withdraw ends a customer's own request.
func (s *Service) Withdraw(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) (Claim, error) {
	return s.decide(ctx, actor, customerID, id, ifVersion, func(t tenant.Tenant, v *Claim) error {
		if v.CustomerID != t.ID {
			return errs.Missing("claim")
		}
		v.State, v.DecidedBy = Withdrawn, "claimant"
		return nil
	})
}

// Release gives up a MAC that the customer has and another one asked for; its entry goes.
func (s *Service) Release(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) (Claim, error) {
	return s.decide(ctx, actor, customerID, id, ifVersion, func(t tenant.Tenant, v *Claim) error {
		if v.HolderID != t.ID {
			return errs.Missing("claim")
		}
		v.State, v.DecidedBy = Released, "holder"
		return nil
	})
}

// decide is the frame of what one side does.
func (s *Service) decide(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64, apply func(t tenant.Tenant, v *Claim) error) (Claim, error) {
	var out Claim
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.RedirectEdit, customerID)
		if err != nil {
			return err
		}
		if _, err := claimOf(ctx, tx, id, t.ID); err != nil {
			return err
		}
		v, err := s.settle(ctx, tx, actor, t.Access(), id, ifVersion, func(v *Claim) error { return apply(t, v) })
		out = v.seenBy(t.ID)
		return err
	})
	return out, err
}

// Disputes gives all open requests, or with all those that were decided too, with both names: for whoever decides at the operator.
func (s *Service) Disputes(ctx context.Context, actor access.Actor, all bool, page db.Page) ([]Claim, string, error) {
	if err := s.judge(actor); err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	where := "1 = 1"
	if !all {
		where = "state = 'requested'"
	}
	out, next, err := s.listClaims(ctx, a, where, page)
	for i := range out {
		if err == nil {
			err = s.named(ctx, s.db, &out[i])
		}
	}
	return out, next, err
}

func (s *Service) judge(actor access.Actor) error {
	return access.Decide(actor, access.RedirectDecide, access.Target{Tenant: actor.Place()})
}

func (s *Service) named(ctx context.Context, q db.Q, v *Claim) error {
	from, err := accessOf(ctx, q, v.CustomerID)
	if err != nil {
		return err
	}
	to, err := accessOf(ctx, q, v.HolderID)
	v.CustomerName, v.HolderName = from.Name, to.Name
	return err
}

// Judgement is what the operator decides about a dispute.
type Judgement struct {
	Release   bool
	Note      string // for whoever asked
	IfVersion int64
}

// Decide settles a dispute. Released, the holder's entry goes and the MAC may be added by whoever asked, which then counts as
// proven; refused, the holder's claim counts as proven (decision 13). mac_in_use_as_device when the phone is in use elsewhere than
// in this room.
func (s *Service) Decide(ctx context.Context, actor access.Actor, id string, j Judgement) (Claim, error) {
	var c errs.Checker
	note := c.Lines("note", j.Note, 0, 1000)
	var out Claim
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := s.judge(actor); err != nil {
			return err
		}
		if err := c.Err(); err != nil {
			return err
		}
		v, err := s.settle(ctx, tx, actor, actor.Place(), id, j.IfVersion, func(v *Claim) error {
			v.State, v.DecidedBy, v.Note = Denied, "operator", note
			if j.Release {
				v.State = Released
			}
			return nil
		})
		if err == nil {
			err = s.named(ctx, tx, &v)
		}
		out = v
		return err
	})
	return out, err
}

// settle ends a claim: the row, the entry of the holder when it is released, the logs of both sides.
func (s *Service) settle(ctx context.Context, tx *db.Tx, actor access.Actor, at access.Tenant, id string, ifVersion int64, apply func(v *Claim) error) (Claim, error) {
	if err := tx.LockRow(ctx, "redirect_claims", id); err != nil {
		return Claim{}, missing(err, "claim")
	}
	v, err := claimOf(ctx, tx, id, "")
	if err == nil {
		err = apply(&v)
	}
	if err != nil {
		return v, err
	}
	before, err := claimOf(ctx, tx, id, "")
	switch {
	case err != nil:
		return v, err
	case ifVersion != 0 && ifVersion != before.Version:
		return v, errStale
	case before.State != Requested:
		return v, errClaimOver
	}
	v.Version++
	v.Updated = tx.Now()
	if _, err := tx.Exec(ctx, `UPDATE redirect_claims SET state = $2, decided_by = $3, note = $4, updated = $5, version = $6 WHERE id = $1`, id, v.State, v.DecidedBy, v.Note,
		v.Updated, v.Version); err != nil {
		return v, err
	}
	switch {
	case v.State == Released:
		err = s.giveUp(ctx, tx, v)
	case v.State == Denied:
		err = s.prove(ctx, tx, v.HolderID, v.MAC, ByOperator)
	}
	if err != nil {
		return v, err
	}
	what := string(v.State)
	verb := map[ClaimState]string{Released: "release", Denied: "refuse", Withdrawn: "withdraw"}[v.State]
	for _, side := range []string{v.CustomerID, v.HolderID} {
		if side == at.ID {
			err = s.journal.Append(ctx, tx, actor, claimNews(at, v, what, verb))
		} else {
			err = s.tell(ctx, tx, v, side, what, verb)
		}
		if err != nil {
			return v, err
		}
	}
	if at.ID != "" && at.ID != v.CustomerID && at.ID != v.HolderID { // the operator's own log has who it was
		n := claimNews(at, v, what, verb)
		n.Quiet = true
		err = s.journal.Append(ctx, tx, actor, n)
	}
	return v, err
}

// giveUp removes the holder's entry. A MAC that nobody has any more is fine.
func (s *Service) giveUp(ctx context.Context, tx *db.Tx, v Claim) error {
	e, err := byMAC(ctx, tx, v.MAC)
	if err != nil {
		if errs.KindOf(err) != errs.NotFound {
			return err
		}
		holder, err := s.holderOf(ctx, tx, v.MAC)
		if err == nil && holder != "" && holder != v.CustomerID {
			err = errAsDevice
		}
		return err
	}
	if e.CustomerID == v.CustomerID {
		return nil
	}
	if s.holders != nil {
		if holder, err := s.holders.Holder(ctx, tx, v.MAC); err != nil || holder != "" && holder != v.CustomerID {
			if err == nil {
				err = errAsDevice
			}
			return err
		}
	}
	t, err := accessOf(ctx, tx, e.CustomerID)
	if err != nil {
		return err
	}
	return s.drop(ctx, tx, systemActor, t, e, "release")
}

// released says what the claim of a new entry rests on: an operator's or the maker's word, when a dispute ended so.
func (s *Service) released(ctx context.Context, q db.Q, customerID string, mac phone.MAC) (Proof, error) {
	var last struct {
		State     ClaimState `db:"state"`
		DecidedBy string     `db:"decided_by"`
	}
	err := q.Get(ctx, &last, `SELECT state, decided_by FROM redirect_claims WHERE customer_id = $1 AND mac = $2 AND state <> 'requested' ORDER BY updated DESC, id DESC LIMIT 1`, customerID, mac)
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = nil
		}
		return Unproven, err
	}
	if last.State == Released && (last.DecidedBy == string(ByOperator) || last.DecidedBy == string(ByCertificate)) {
		return Proof(last.DecidedBy), nil
	}
	return Unproven, nil
}

// prove notes what the claim of a customer rests on; a stronger word is not replaced by a weaker one.
func (s *Service) prove(ctx context.Context, tx *db.Tx, customerID string, mac phone.MAC, p Proof) error {
	_, err := tx.Exec(ctx, `UPDATE redirect_entries SET proof = $3 WHERE customer_id = $1 AND mac = $2 AND proof <> 'operator'`, customerID, mac, p)
	return err
}

// Proved is told by the edge that a phone came to a customer's own address with its maker's certificate and that customer's
// account. The customer's claim on the MAC is proven then, and an open dispute with one who has no proof is settled (decision 13).
// It costs one read when there is nothing to do.
func (s *Service) Proved(ctx context.Context, customerID string, mac phone.MAC) error {
	e, err := byMAC(ctx, s.db, mac)
	switch {
	case err != nil && errs.KindOf(err) == errs.NotFound:
		return nil
	case err != nil:
		return err
	case e.Proof != Unproven:
		return nil
	}
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if e.CustomerID == customerID {
			return s.prove(ctx, tx, customerID, mac, ByCertificate)
		}
		var open string
		err := tx.Get(ctx, &open, `SELECT id FROM redirect_claims WHERE customer_id = $1 AND mac = $2 AND state = 'requested'`, customerID, mac)
		if err != nil {
			if errs.KindOf(err) == errs.NotFound {
				return nil // a phone that was sold: nobody has asked for it
			}
			return err
		}
		_, err = s.settle(ctx, tx, systemActor, access.Tenant{}, open, 0, func(v *Claim) error {
			v.State, v.DecidedBy = Released, "certificate"
			return nil
		})
		return err
	})
}
