package api

import (
	"context"
	"time"

	"linecard/internal/tenant"
)

// Policy is what a tenant has set itself, and what holds there after the rules above it.
type Policy struct {
	Own       OwnPolicy       `json:"own"`
	Effective EffectivePolicy `json:"effective"`
}

// OwnPolicy is what one tenant has set itself; an absent field comes from above. Below the operator values can only be stricter
// (CH-14).
type OwnPolicy struct {
	PasswordMin        *int `json:"password_min,omitempty" doc:"Shortest password in characters"`
	PasswordLast       *int `json:"password_last,omitempty" doc:"How many earlier passwords are refused"`
	PasswordMaxAgeDays *int `json:"password_max_age_days,omitempty" doc:"Days after which a change is recommended, 0: never"`
	IdleMinutes        *int `json:"idle_minutes,omitempty" doc:"A session without activity ends after this"`
	LockAfter          *int `json:"lock_after,omitempty" doc:"Wrong passwords in a row"`
	LockSeconds        *int `json:"lock_seconds,omitempty"`
	KeepLogDays        *int `json:"keep_log_days,omitempty" doc:"The operator alone"`
}

// EffectivePolicy is what holds.
type EffectivePolicy struct {
	PasswordMin        int `json:"password_min"`
	PasswordLast       int `json:"password_last"`
	PasswordMaxAgeDays int `json:"password_max_age_days"`
	IdleMinutes        int `json:"idle_minutes"`
	LockAfter          int `json:"lock_after"`
	LockSeconds        int `json:"lock_seconds"`
	KeepLogDays        int `json:"keep_log_days"`
}

func policyOf(o tenant.OwnPolicy, p tenant.Policy) Policy {
	return Policy{
		Own: OwnPolicy{o.PasswordMin, o.PasswordLast, o.PasswordMaxAge, o.IdleMinutes, o.LockAfter, o.LockSeconds, o.KeepLogDays},
		Effective: EffectivePolicy{p.PasswordMin, p.PasswordLast, p.PasswordMaxAge, int(p.IdleEnd / time.Minute), p.LockAfter,
			int(p.LockFor / time.Second), p.KeepLog},
	}
}

// PolicyRef names the policy in a path.
type PolicyRef struct {
	Tenant string `path:"tenant" doc:"Id of the operator, partner, sub-partner or customer"`
}

func (a *API) getPolicy(ctx context.Context, c *call, in *PolicyRef) (Policy, error) {
	own, version, holds, err := a.d.Tenants.Policy(ctx, c.actor, in.Tenant)
	c.taggedLoosely(version)
	return policyOf(own, holds), err
}

type putPolicyIn struct {
	PolicyRef
	Body OwnPolicy
}

func (a *API) putPolicy(ctx context.Context, c *call, in *putPolicyIn) (Policy, error) {
	b := in.Body
	o := tenant.OwnPolicy{PasswordMin: b.PasswordMin, PasswordLast: b.PasswordLast, PasswordMaxAge: b.PasswordMaxAgeDays, IdleMinutes: b.IdleMinutes,
		LockAfter: b.LockAfter, LockSeconds: b.LockSeconds, KeepLogDays: b.KeepLogDays}
	if _, err := a.d.Tenants.SetPolicy(ctx, c.actor, in.Tenant, o, c.ifVersion()); err != nil {
		return Policy{}, err
	}
	own, version, holds, err := a.d.Tenants.Policy(ctx, c.actor, in.Tenant)
	c.taggedLoosely(version)
	return policyOf(own, holds), err
}
