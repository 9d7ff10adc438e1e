package tenant

import (
	"context"
	"strconv"
	"strings"
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
	LockAfter      int           // wrong passwords in a row (CH-4)
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
	pick(&p.LockAfter, o.LockAfter, less)
	pick(&lock, o.LockSeconds, more)
	if operator {
		pick(&p.KeepLog, o.KeepLogDays, more)
	}
	p.IdleEnd, p.LockFor = time.Duration(idle)*time.Minute, time.Duration(lock)*time.Second
	return p
}

// Effective gives the policy that holds in a tenant, by its scope. Unknown scopes have the operator's.
func (s *Service) Effective(ctx context.Context, q db.Q, scope string) (Policy, error) {
	p, _, err := effective(ctx, q, scope)
	return p, err
}

type ownRow struct {
	Scope   string             `db:"scope"`
	Kind    access.TenantKind  `db:"kind"`
	Policy  db.JSON[OwnPolicy] `db:"policy"`
	Version int64              `db:"version"`
}

func effective(ctx context.Context, q db.Q, scope string) (Policy, ownRow, error) {
	var path []string
	for i := range scope {
		if scope[i] == '.' {
			path = append(path, scope[:i+1])
		}
	}
	a := q.Args()
	var rows []ownRow
	if err := q.Select(ctx, &rows, `SELECT t.scope, t.kind, w.policy, w.version FROM tenant_policies w JOIN tenant_tenants t ON t.id = w.tenant_id
		WHERE `+a.In("t.scope", path)+` ORDER BY t.scope`, a.List()...); err != nil {
		return Policy{}, ownRow{}, err
	}
	p := DefaultPolicy
	var own ownRow
	for _, r := range rows {
		p = p.under(r.Policy.V, r.Kind == access.Operator)
		if r.Scope == scope {
			own = r
		}
	}
	return p, own, nil
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
	p, own, err := effective(ctx, s.db, t.Scope)
	return own.Policy.V, own.Version, p, err
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
		above := DefaultPolicy
		if t.Kind != access.Operator {
			parent := strings.TrimSuffix(t.Scope, t.Key+".")
			if above, _, err = effective(ctx, tx, parent); err != nil {
				return err
			}
		}
		if err := o.check(above, t.Kind == access.Operator); err != nil {
			return err
		}
		_, had, err := effective(ctx, tx, t.Scope)
		if err != nil {
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
		{"lock_after", o.LockAfter, 3, 100, func(v int) bool { return v > above.LockAfter }, above.LockAfter},
		{"lock_seconds", o.LockSeconds, 30, 86400, func(v int) bool { return v < int(above.LockFor/time.Second) }, int(above.LockFor / time.Second)},
		{"keep_log_days", o.KeepLogDays, 90, 36500, func(int) bool { return true }, above.KeepLog},
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
