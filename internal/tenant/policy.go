package tenant

import (
	"context"
	"strconv"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Policy is what holds in a tenant: the operator's rules, tightened on the way down.
type Policy struct {
	PasswordMin    int           // shortest password in characters (CH-14)
	PasswordLast   int           // how many earlier passwords are refused (CH-14)
	PasswordMaxAge int           // days after which a change is recommended, 0: never (CH-14)
	IdleEnd        time.Duration // a session without activity ends after this (CH-6)
	LockAfter      int           // wrong passwords in a row (CH-4); set by the operator alone, like LockFor
	LockFor        time.Duration // how long an account is locked then (CH-4)
	KeepLog        int           // days that the operation log is kept; set by the operator alone (CH-85)
}

// OwnPolicy is what one tenant has set itself; nil fields come from above.
type OwnPolicy struct {
	PasswordMin    *int `json:"password_min,omitempty"`
	PasswordLast   *int `json:"password_last,omitempty"`
	PasswordMaxAge *int `json:"password_max_age_days,omitempty"`
	IdleMinutes    *int `json:"idle_minutes,omitempty"`
	LockAfter      *int `json:"lock_after,omitempty"`
	LockSeconds    *int `json:"lock_seconds,omitempty"`
	KeepLogDays    *int `json:"keep_log_days,omitempty"`
}

// DefaultPolicy holds where nobody has set anything.
var DefaultPolicy = Policy{PasswordMin: 10, PasswordLast: 5, IdleEnd: 30 * time.Minute, LockAfter: 10, LockFor: 5 * time.Minute, KeepLog: 400}

// under gives the policy below p when a tenant there has set o. The operator replaces the defaults; everybody else can only
// tighten, also when the rules above became stricter later (CH-14).
func (p Policy) under(o OwnPolicy, operator bool) Policy {
	pick := func(to *int, own *int, stricter func(own, above int) bool) {
		if own != nil && (operator || stricter(*own, *to)) {
			*to = *own
		}
	}
	more := func(own, above int) bool { return own > above }
	less := func(own, above int) bool { return own < above }
	sooner := func(own, above int) bool { return own > 0 && (above == 0 || own < above) }
	idle, lock := int(p.IdleEnd/time.Minute), int(p.LockFor/time.Second)
	pick(&p.PasswordMin, o.PasswordMin, more)
	pick(&p.PasswordLast, o.PasswordLast, more)
	pick(&p.PasswordMaxAge, o.PasswordMaxAge, sooner)
	pick(&idle, o.IdleMinutes, less)
	if operator {
		pick(&p.LockAfter, o.LockAfter, less)
		pick(&lock, o.LockSeconds, more)
		pick(&p.KeepLog, o.KeepLogDays, more)
	}
	p.IdleEnd, p.LockFor = time.Duration(idle)*time.Minute, time.Duration(lock)*time.Second
	return p
}

// Effective gives the policy that holds in a tenant; DefaultPolicy for an unknown id.
func (s *Service) Effective(ctx context.Context, q db.Q, id string) (Policy, error) {
	rows, err := ownPolicies(ctx, q, id)
	return fold(rows, ""), err
}

type ownPolicy struct {
	TenantID string             `db:"tenant_id"`
	Kind     access.TenantKind  `db:"kind"`
	Policy   db.JSON[OwnPolicy] `db:"policy"`
	Version  int64              `db:"version"`
}

// ownPolicies lists what the tenant and those above it have set, from the top.
func ownPolicies(ctx context.Context, q db.Q, id string) ([]ownPolicy, error) {
	var rows []ownPolicy
	err := q.Select(ctx, &rows, `SELECT t.id AS tenant_id, t.kind, w.policy, w.version FROM tenant_tenants x
		LEFT JOIN tenant_tenants a ON a.id = x.parent_id LEFT JOIN tenant_tenants b ON b.id = a.parent_id
		LEFT JOIN tenant_tenants c ON c.id = b.parent_id
		JOIN tenant_policies w ON w.tenant_id IN (x.id, a.id, b.id, c.id)
		JOIN tenant_tenants t ON t.id = w.tenant_id WHERE x.id = $1 ORDER BY t.scope`, id)
	return rows, err
}

// fold tightens the defaults on the way down, leaving out what the tenant `without` has set itself.
func fold(rows []ownPolicy, without string) Policy {
	p := DefaultPolicy
	for _, r := range rows {
		if r.TenantID != without {
			p = p.under(r.Policy.V, r.Kind == access.Operator)
		}
	}
	return p
}

// ownOf finds what the tenant itself has set; the zero value when nothing.
func ownOf(rows []ownPolicy, id string) ownPolicy {
	for _, r := range rows {
		if r.TenantID == id {
			return r
		}
	}
	return ownPolicy{}
}

// Policy gives what a tenant has set itself with its version (0 when nothing), and what holds there.
func (s *Service) Policy(ctx context.Context, actor access.Actor, id string) (OwnPolicy, int64, Policy, error) {
	t, target, err := s.Target(ctx, s.db, actor, id)
	if err != nil {
		return OwnPolicy{}, 0, Policy{}, err
	}
	if err := access.Decide(actor, access.SettingsView, target); err != nil {
		return OwnPolicy{}, 0, Policy{}, err
	}
	rows, err := ownPolicies(ctx, s.db, t.ID)
	if err != nil {
		return OwnPolicy{}, 0, Policy{}, err
	}
	own := ownOf(rows, t.ID)
	return own.Policy.V, own.Version, fold(rows, ""), nil
}

// SetPolicy replaces what a tenant has set itself. Below the operator a value that is looser than what holds above is refused
// and the field named (CH-14); ifVersion 0 means whatever it was.
func (s *Service) SetPolicy(ctx context.Context, actor access.Actor, id string, o OwnPolicy, ifVersion int64) (Policy, error) {
	var out Policy
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, target, err := s.Locked(ctx, tx, actor, id)
		if err != nil {
			return err
		}
		if err := access.Decide(actor, access.SettingsEdit, target); err != nil {
			return err
		}
		rows, err := ownPolicies(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		above, had := fold(rows, t.ID), ownOf(rows, t.ID)
		if err := o.check(above, t.Kind == access.Operator); err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != had.Version {
			return errStale
		}
		if _, err := tx.Exec(ctx, `INSERT INTO tenant_policies (tenant_id, policy, version, updated) VALUES ($1, $2, $3, $4)
			ON CONFLICT (tenant_id) DO UPDATE SET policy = excluded.policy, version = excluded.version, updated = excluded.updated`,
			t.ID, db.AsJSON(o), had.Version+1, tx.Now()); err != nil {
			return err
		}
		out = above.under(o, t.Kind == access.Operator)
		return s.journal.Append(ctx, tx, actor, news(t, "policy_changed", map[string]any{"policy": o}))
	})
	return out, err
}

func (o OwnPolicy) check(above Policy, operator bool) error {
	// The lock holds for an address whether it exists or not, so it must be the same for all tenants (CH-4).
	reserved := func(int) bool { return true }
	var c errs.Checker
	for _, f := range []struct {
		name     string
		v        *int
		min, max int64
		looser   func(v int) bool
		limit    int
	}{
		{"password_min", o.PasswordMin, 8, 128, func(v int) bool { return v < above.PasswordMin }, above.PasswordMin},
		{"password_last", o.PasswordLast, 0, 24, func(v int) bool { return v < above.PasswordLast }, above.PasswordLast},
		{"password_max_age_days", o.PasswordMaxAge, 0, 3650, func(v int) bool { return above.PasswordMaxAge > 0 && (v == 0 || v > above.PasswordMaxAge) }, above.PasswordMaxAge},
		{"idle_minutes", o.IdleMinutes, 1, 720, func(v int) bool { return v > int(above.IdleEnd/time.Minute) }, int(above.IdleEnd / time.Minute)},
		{"lock_after", o.LockAfter, 3, 100, reserved, above.LockAfter},
		{"lock_seconds", o.LockSeconds, 30, 86400, reserved, int(above.LockFor / time.Second)},
		{"keep_log_days", o.KeepLogDays, 90, 36500, reserved, above.KeepLog},
	} {
		if f.v == nil {
			continue
		}
		c.Range(f.name, int64(*f.v), f.min, f.max)
		if !operator && !c.Failed(f.name) && f.looser(*f.v) {
			c.Add(errs.Field{Name: f.name, Code: "looser_than_above", Message: "Your provider demands " + strconv.Itoa(f.limit) + " or stricter.",
				Params: map[string]string{"limit": strconv.Itoa(f.limit)}})
		}
	}
	return c.Err()
}
