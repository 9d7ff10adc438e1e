package page

import (
	"context"

	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// PasswordRules says in sentences what a new password must fulfil (CH-14).
func PasswordRules(ctx context.Context, p tenant.Policy) []string {
	rules := []string{ui.N(ctx, "password.rule_length", p.PasswordMin), ui.T(ctx, "password.rule_common"), ui.T(ctx, "password.rule_email")}
	if p.PasswordLast > 0 {
		rules = append(rules, ui.N(ctx, "password.rule_last", p.PasswordLast))
	}
	return rules
}
