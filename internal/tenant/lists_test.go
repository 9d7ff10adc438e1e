package tenant_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/tenant"
)

// CH-16
func TestTheListShowsWhereEachAuthorisationStands(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		asked, brief, none := w.customer(w.p, "Asked"), w.customer(w.p, "Brief"), w.customer(w.p, "None")
		in := newCustomer("Offer")
		in.Wholesale = true
		offer, err := w.svc.CreateCustomer(w.ctx(), w.full(w.p), in)
		w.ok(err)
		_, err = w.svc.RequestAuthorisation(w.ctx(), w.full(w.p), asked.ID)
		w.ok(err)
		_, err = w.svc.Authorise(w.ctx(), w.admin(brief), brief.ID, tenant.Authorisation{Until: db.At(w.clock.Now().Add(time.Hour))})
		w.ok(err)
		_, err = w.svc.Authorise(w.ctx(), w.admin(w.cp), w.cp.ID, tenant.Authorisation{})
		w.ok(err)
		_, err = w.svc.Withdraw(w.ctx(), w.admin(w.cp), w.cp.ID, "")
		w.ok(err)
		_, err = w.svc.Authorise(w.ctx(), w.admin(w.cp), w.cp.ID, tenant.Authorisation{})
		w.ok(err)
		w.clock.Advance(time.Hour)
		want := map[string]tenant.RelationState{asked.ID: tenant.Requested, brief.ID: tenant.Expired, w.cp.ID: tenant.Granted, offer.ID: tenant.Granted}
		for _, a := range []access.Actor{w.full(w.p), w.root()} {
			got, err := w.svc.AuthorisationStates(w.ctx(), a, []string{asked.ID, brief.ID, none.ID, w.cp.ID, offer.ID})
			w.ok(err)
			if d := cmp.Diff(want, got); d != "" {
				t.Error(a.Name, d)
			}
		}
	})
}

func TestCustomersAreCountedForTheirOwner(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.customer(w.p, "Two")
		_, err := w.svc.Archive(w.ctx(), w.full(w.q), w.cq.ID, "Acme")
		w.ok(err)
		got, err := w.svc.CustomerCounts(w.ctx(), []string{w.p.ID, w.q.ID, w.s.ID})
		w.ok(err)
		if d := cmp.Diff(map[string]int64{w.p.ID: 2, w.s.ID: 1}, got); d != "" {
			t.Error(d)
		}
	})
}

func TestAMailIsRememberedWithoutCountingAsAChange(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.ok(w.db.Tx(w.ctx(), func(ctx context.Context, tx *db.Tx) error { return w.svc.SetMail(ctx, tx, w.cp.ID, "mail-1") }))
		got, err := w.svc.Load(w.ctx(), w.db, w.cp.ID)
		w.ok(err)
		if got.MailID != "mail-1" || got.Version != 1 {
			t.Errorf("mail %q, version %d", got.MailID, got.Version)
		}
		phone := "1"
		got, err = w.svc.Edit(w.ctx(), w.full(w.p), w.cp.ID, tenant.Patch{Phone: &phone})
		w.ok(err)
		if got.MailID != "mail-1" {
			t.Error("an edit forgets the mail")
		}
	})
}

// CH-29: lists over several customers show devices only of those that authorised.
func TestListsOverCustomersShowOnlyThoseWithTheRelation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		in := newCustomer("Offer")
		in.Wholesale = true
		offer, err := w.svc.CreateCustomer(w.ctx(), w.full(w.p), in)
		w.ok(err)
		granted, expired := w.customer(w.p, "Granted"), w.customer(w.p, "Expired")
		for _, c := range []tenant.Tenant{granted, expired, w.cq} {
			auth := tenant.Authorisation{}
			if c.ID == expired.ID {
				auth.Until = db.At(w.clock.Now().Add(time.Minute))
			}
			_, err := w.svc.Authorise(w.ctx(), w.admin(c), c.ID, auth)
			w.ok(err)
		}
		w.clock.Advance(time.Minute)
		sees := func(a access.Actor, act access.Action, want ...tenant.Tenant) {
			t.Helper()
			f, err := w.svc.Visible(w.ctx(), w.db, a, act, true)
			w.ok(err)
			for _, c := range []tenant.Tenant{w.cp, granted, expired, offer, w.cq, w.cs} {
				in := false
				for _, x := range want {
					in = in || x.ID == c.ID
				}
				if f.Includes(c.Scope) != in {
					t.Errorf("%s of %s by %s: %v", act, c.Name, a.Name, !in)
				}
				if decided := w.decide(a, act, c.ID) == nil; decided != in {
					t.Errorf("the decision about %s of %s by %s differs from the list: %v", act, c.Name, a.Name, decided)
				}
			}
		}
		sees(w.full(w.p), access.DeviceView, granted, offer)
		sees(w.full(w.p), access.RedirectView, w.cp, granted, expired, offer)
		sees(w.both(w.p), access.RedirectView, w.cp, granted, expired, offer, w.cs)
		sees(w.full(w.q), access.DeviceView, w.cq)
		sees(w.full(w.s), access.DeviceView)
		sees(w.admin(w.cp), access.DeviceView, w.cp)
		sees(w.root(), access.DeviceView, w.cp, granted, expired, offer, w.cq, w.cs)
		sees(w.full(w.p), access.CustomerView, w.cp, granted, expired, offer)
	})
}
