package tenant_test

import (
	"testing"
	"time"

	"linecard/internal/errs"
	"linecard/internal/tenant"
)

func n(i int) *int { return &i }

// CH-4, CH-6, CH-14
func TestAPolicyIsOnlyTightenedOnTheWayDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		got, err := w.svc.Effective(w.ctx(), w.db, w.cs.ID)
		w.ok(err)
		if got != tenant.DefaultPolicy || got.LockAfter != 10 || got.LockFor != 5*time.Minute || got.IdleEnd != 30*time.Minute || got.PasswordMin != 10 {
			t.Errorf("defaults %+v", got)
		}
		_, err = w.svc.SetPolicy(w.ctx(), w.root(), w.operator.ID, tenant.OwnPolicy{PasswordMin: n(8), IdleMinutes: n(60), LockAfter: n(5), KeepLogDays: n(90)}, 0)
		w.ok(err)
		_, err = w.svc.SetPolicy(w.ctx(), w.full(w.p), w.p.ID, tenant.OwnPolicy{PasswordMin: n(12), IdleMinutes: n(20), PasswordMaxAge: n(90)}, 0)
		w.ok(err)
		for _, loose := range []tenant.OwnPolicy{{PasswordMin: n(11)}, {PasswordLast: n(4)}, {IdleMinutes: n(21)}, {LockAfter: n(4)}, {LockSeconds: n(600)}, // the operator's alone, however strict

			{PasswordMaxAge: n(0)}, {PasswordMaxAge: n(91)}, {KeepLogDays: n(4000)}} {
			_, err := w.svc.SetPolicy(w.ctx(), w.full(w.s), w.s.ID, loose, 0)
			refused(t, err, errs.Invalid, "invalid_fields")
			if f := errs.As(err).Fields; len(f) != 1 || f[0].Code != "looser_than_above" {
				t.Errorf("faults %+v", f)
			}
		}
		_, err = w.svc.SetPolicy(w.ctx(), w.full(w.s), w.s.ID, tenant.OwnPolicy{PasswordMin: n(14)}, 0)
		w.ok(err)
		want := tenant.Policy{PasswordMin: 14, PasswordLast: 5, PasswordMaxAge: 90, IdleEnd: 20 * time.Minute, LockAfter: 5, LockFor: 5 * time.Minute, KeepLog: 90}
		if got, err = w.svc.Effective(w.ctx(), w.db, w.cs.ID); got != want || err != nil {
			t.Errorf("below S %+v, want %+v", got, want)
		}
		if got, _ = w.svc.Effective(w.ctx(), w.db, w.cq.ID); got.PasswordMin != 8 || got.IdleEnd != time.Hour {
			t.Errorf("below Q, which set nothing: %+v", got)
		}
		// The operator tightens later: what is looser below counts no more, without anybody touching it.
		_, err = w.svc.SetPolicy(w.ctx(), w.root(), w.operator.ID, tenant.OwnPolicy{PasswordMin: n(20)}, 1)
		w.ok(err)
		if got, _ = w.svc.Effective(w.ctx(), w.db, w.cs.ID); got.PasswordMin != 20 {
			t.Errorf("after the operator's change %+v", got)
		}
	})
}

func TestAPolicyHasLimitsAVersionAndAnOwner(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		_, err := w.svc.SetPolicy(w.ctx(), w.root(), w.operator.ID, tenant.OwnPolicy{PasswordMin: n(7), PasswordLast: n(-1), IdleMinutes: n(0), LockAfter: n(2),
			LockSeconds: n(1), KeepLogDays: n(89), PasswordMaxAge: n(99999)}, 0)
		faulty(t, err, "password_min out_of_range", "password_last out_of_range", "idle_minutes out_of_range", "lock_after out_of_range",
			"lock_seconds out_of_range", "keep_log_days out_of_range", "password_max_age_days out_of_range")
		_, err = w.svc.SetPolicy(w.ctx(), w.admin(w.cp), w.cp.ID, tenant.OwnPolicy{PasswordMin: n(16)}, 0)
		w.ok(err)
		own, version, in, err := w.svc.Policy(w.ctx(), w.admin(w.cp), w.cp.ID)
		w.ok(err)
		if version != 1 || *own.PasswordMin != 16 || in.PasswordMin != 16 || own.LockAfter != nil {
			t.Errorf("own %+v version %d, in force %+v", own, version, in)
		}
		_, err = w.svc.SetPolicy(w.ctx(), w.admin(w.cp), w.cp.ID, tenant.OwnPolicy{}, 7)
		refused(t, err, errs.Stale, "stale")
		_, err = w.svc.SetPolicy(w.ctx(), w.full(w.p), w.operator.ID, tenant.OwnPolicy{}, 0)
		refused(t, err, errs.NotFound, "not_found")
	})
}
