package tenant_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

func TestARememberedTenantIsNeverOlderThanTheDatabase(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		node := tenant.NewService(w.db, journal.New(w.db, journal.Options{Log: slog.New(slog.DiscardHandler)})) // another process
		full := w.full(w.p)
		name := func(svc *tenant.Service) string {
			c, err := svc.Get(w.ctx(), full, w.cp.ID)
			w.ok(err)
			return c.Name
		}
		if name(w.svc) != "Acme" || name(node) != "Acme" {
			t.Fatal("the world begins differently")
		}
		for _, next := range []string{"One", "Two", "Three"} {
			_, err := node.Edit(w.ctx(), full, w.cp.ID, tenant.Patch{Name: &next})
			w.ok(err)
			if got := name(w.svc); got != next {
				t.Errorf("%s is still called %s here", next, got)
			}
		}
		undone, kept := "Undone", "Kept"
		err := w.db.Tx(w.ctx(), func(ctx context.Context, _ *db.Tx) error {
			if _, err := w.svc.Edit(ctx, full, w.cp.ID, tenant.Patch{Name: &undone}); err != nil {
				return err
			}
			c, err := w.svc.Get(ctx, full, w.cp.ID)
			if err != nil || c.Name != undone {
				t.Errorf("inside its transaction it is %s, %v", c.Name, err)
			}
			return errors.New("never mind")
		})
		if err == nil {
			t.Fatal("not undone")
		}
		_, err = node.Edit(w.ctx(), full, w.cp.ID, tenant.Patch{Name: &kept}) // takes the version that was undone
		w.ok(err)
		if got := name(w.svc); got != kept {
			t.Errorf("it is called %s", got)
		}
	})
}

func TestWhatLiesAroundARememberedTenantIsAskedAnew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		admin := w.full(w.s)
		_, err := w.svc.Get(w.ctx(), admin, w.cs.ID)
		w.ok(err)
		_, err = w.svc.Suspend(w.ctx(), w.both(w.p), w.s.ID)
		w.ok(err)
		if _, target, err := w.svc.Target(w.ctx(), w.db, admin, w.cs.ID); err != nil || !target.Flags.ProvisioningSuspended {
			t.Errorf("the suspension above it is not seen: %+v %v", target, err)
		}
		_, err = w.svc.Freeze(w.ctx(), w.both(w.p), w.s.ID, tenant.Freeze{})
		w.ok(err)
		_, err = w.svc.Get(w.ctx(), admin, w.cs.ID)
		refused(t, err, errs.Forbidden, "frozen")
		_, err = w.svc.Get(w.ctx(), w.as(w.q, access.PartnerFullAdmin), w.cs.ID)
		refused(t, err, errs.NotFound, "not_found")
	})
}
