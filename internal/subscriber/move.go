package subscriber

import (
	"context"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// A user whose address belongs to another customer waits until the person agrees to move (WS-116). The person is asked by mail at that
// address, so whoever agrees reads its mail; nobody else can agree, neither of the two organisations nor their providers.

// Post puts letters into the outbox.
type Post interface {
	Mail(ctx context.Context, tx *db.Tx, l deliver.Letter) (id string, err error)
}

const (
	moveLife  = 14 * 24 * time.Hour // WS-134 gives people as long
	moveAgain = time.Minute
	// MovePath is where a portal shows what a person is asked; the token follows.
	MovePath = "/move/"
)

var (
	errNotPending = errs.New(errs.Conflict, "user_not_pending", "This user waits for no consent.")
	errTooSoon    = errs.New(errs.TooMany, "too_soon", "That was done a moment ago. Please wait a minute.")
	errMoveLink   = errs.New(errs.Gone, "link_expired", "This link has expired or was replaced by a newer one. Ask for a new one.")
	errMoveAdmin  = errs.New(errs.Conflict, "mover_administers", "You administer your present organisation. Hand that over to somebody else first.")
)

// askToMove writes to a pending user; an earlier link of it ends.
func (s *Service) askToMove(ctx context.Context, tx *db.Tx, t tenant.Tenant, h Holder) error {
	if s.post == nil || s.link == nil {
		return nil
	}
	token, hash := secret.Token("")
	now := tx.Now()
	if _, err := tx.Exec(ctx, `INSERT INTO subscriber_moves (id, token_hash, asked, expires) VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO UPDATE SET token_hash = excluded.token_hash, asked = excluded.asked, expires = excluded.expires`, h.ID, hash, now, db.At(now.Add(moveLife))); err != nil {
		return err
	}
	_, err := s.post.Mail(ctx, tx, deliver.Letter{To: h.Email, Locale: t.Locale, TenantID: t.ID, Template: deliver.UserMoveConsent, Expires: now.Add(moveLife),
		Values: map[string]string{"name": h.DisplayName, "organisation": t.Name, "days": "14", "link": s.link(MovePath + token)}})
	if err != nil && errs.KindOf(err) == errs.Invalid {
		return nil // no mail can reach the address: the user stays pending, and a create is no place to fail for that
	}
	return err
}

// AskAgain writes to a pending user once more. One that is not pending is the conflict user_not_pending; within a minute it is TooMany.
func (s *Service) AskAgain(ctx context.Context, actor access.Actor, customerID, id string) (User, error) {
	var out User
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, h, err := s.changing(ctx, tx, actor, customerID, id, Person, 0, access.UserEdit)
		if err != nil {
			return err
		}
		if out = h; h.Status != Pending {
			return errNotPending
		}
		var asked db.Time
		err = tx.Get(ctx, &asked, `SELECT asked FROM subscriber_moves WHERE id = $1`, h.ID)
		switch {
		case err != nil && errs.KindOf(err) != errs.NotFound:
			return err
		case err == nil && tx.Now().Sub(asked.Time) < moveAgain:
			return errTooSoon.Retry(moveAgain - tx.Now().Sub(asked.Time))
		}
		if err := s.askToMove(ctx, tx, t, h); err != nil {
			return err
		}
		return s.holderNews(ctx, tx, actor, t, h, "consent_asked", "ask_consent", nil)
	})
	return out, err
}

// Move is what a person is asked.
type Move struct {
	Email, Name string
	To          string // name of the organisation that asks
	From        string // name of the present one; "" when there is none any more
	Locale      string
	holder      Holder
	to          tenant.Tenant
}

// OpenMove tells what a link of a mail asks, without deciding anything. An unknown, expired or replaced one is Gone.
func (s *Service) OpenMove(ctx context.Context, token string) (Move, error) {
	return s.openMove(ctx, s.db, token)
}

func (s *Service) openMove(ctx context.Context, q db.Q, token string) (Move, error) {
	var one []Holder
	if err := q.Select(ctx, &one, selectedHolders+` JOIN subscriber_moves m ON m.id = s.id WHERE m.token_hash = $1 AND m.expires > $2 AND s.status = 'pending_user_migration'`,
		secret.TokenHash(token), q.Now()); err != nil {
		return Move{}, err
	}
	if len(one) == 0 {
		return Move{}, errMoveLink
	}
	if err := withAddOns(ctx, q, one); err != nil {
		return Move{}, err
	}
	h := one[0]
	t, err := s.tenants.Load(ctx, q, h.CustomerID)
	if err != nil {
		return Move{}, err
	}
	m := Move{Email: h.Email, Name: h.DisplayName, To: t.Name, Locale: t.Locale, holder: h, to: t}
	before, err := elsewhere(ctx, q, h)
	if err != nil || before == nil {
		return m, err
	}
	from, err := s.tenants.Load(ctx, q, before.CustomerID)
	m.From = from.Name
	return m, err
}

// elsewhere gives the user that has the address now; nil when nobody has.
func elsewhere(ctx context.Context, q db.Q, h Holder) (*Holder, error) {
	var one []Holder
	if err := q.Select(ctx, &one, selectedHolders+` WHERE s.email_fold = $1 AND s.kind = 'user' AND s.status = 'provisioned'`, h.EmailFold); err != nil || len(one) == 0 {
		return nil, err
	}
	err := withAddOns(ctx, q, one)
	return &one[0], err
}

// Agree moves the person of a link: the user of the present organisation goes, with its line and its number, and the waiting one is
// provisioned and metered in the same moment. Who administers the present organisation must hand that over first; the other refusals are
// those of a creation.
func (s *Service) Agree(ctx context.Context, token, ip string) (User, error) {
	var out User
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		m, err := s.openMove(ctx, tx, token)
		if err != nil {
			return err
		}
		t, h, err := s.changing(ctx, tx, access.SystemActor("consent"), m.holder.CustomerID, m.holder.ID, Person, m.holder.Version, access.UserEdit)
		if err != nil {
			return err
		}
		who := access.Actor{ID: h.ID, Kind: access.Person, Name: h.DisplayName, Email: h.Email, Tenant: t.Access(), IP: ip}
		if err := s.leave(ctx, tx, who, h); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM subscriber_moves WHERE id = $1`, h.ID); err != nil {
			return err
		}
		out, err = s.arrive(ctx, tx, who, t, h)
		return err
	})
	return out, err
}

// leave takes the person's user away from the organisation where it is, which is told.
func (s *Service) leave(ctx context.Context, tx *db.Tx, who access.Actor, h Holder) error {
	before, err := elsewhere(ctx, tx, h)
	if err != nil || before == nil {
		return err
	}
	if err := tx.ShareToRead(ctx, "tenant_tenants", before.CustomerID); err != nil {
		return err
	}
	if err := tx.LockToRead(ctx, "subscriber_holders", before.ID); err != nil {
		return err
	}
	was, err := holder(ctx, tx, before.CustomerID, before.ID, Person)
	if err != nil {
		return err
	}
	if rules, err := was.admin(ctx, tx); err != nil || rules {
		if err == nil {
			err = errMoveAdmin
		}
		return err
	}
	from, err := s.tenants.Load(ctx, tx, was.CustomerID)
	if err != nil {
		return err
	}
	who.Name, who.Tenant = was.DisplayName, from.Access() // nothing about where to
	if err := s.dropAs(ctx, tx, who, from, was, "moved_away", "move"); err != nil || s.post == nil || from.Email == "" {
		return err
	}
	_, err = s.post.Mail(ctx, tx, deliver.Letter{To: from.Email, Locale: from.Locale, TenantID: from.ID, Template: deliver.UserMovedAway,
		Values: map[string]string{"organisation": from.Name, "person": was.DisplayName, "email": was.Email}})
	if err != nil && errs.KindOf(err) == errs.Invalid {
		err = nil
	}
	return err
}

// arrive provisions a waiting user by the rules of a creation.
func (s *Service) arrive(ctx context.Context, tx *db.Tx, who access.Actor, t tenant.Tenant, h Holder) (Holder, error) {
	var f facts
	if err := s.standing(ctx, tx, t, nil, f.empty()); err != nil {
		return h, err
	}
	if f.selling != nil {
		return h, f.selling
	}
	v, err := s.rejudge(ctx, tx, t, h, ask{Person, NewUser{DisplayName: h.DisplayName, Package: h.Package, AddOns: h.AddOns, LocationID: h.LocationID, Extension: h.Extension, Number: h.Number}})
	if err == nil {
		err = v.err()
	}
	if err != nil {
		return h, err
	}
	h.Status, h.StatusChanged, h.Updated, h.Version = Provisioned, tx.Now(), tx.Now(), h.Version+1
	v.holder = h
	counts := map[string]int64{}
	v.count(counts, 1)
	if err := s.reserve(ctx, tx, t.ID, counts, 1); err != nil {
		return h, err
	}
	if err := updateHolder(ctx, tx, h); err != nil {
		return h, err
	}
	if err := s.meter(ctx, tx, t, f.sold, []verdict{v}); err != nil {
		return h, err
	}
	if v.base.HasCalling() {
		l, err := s.newLine(tx, h)
		if err == nil {
			err = insertLines(ctx, tx, []line{l})
		}
		if err == nil {
			err = s.tell(ctx, tx, LineChange{CustomerID: t.ID, Scope: t.Scope, Set: []string{l.ID}})
		}
		if err != nil {
			return h, err
		}
	}
	return h, s.holderNews(ctx, tx, who, t, h, "moved", "move", nil)
}
