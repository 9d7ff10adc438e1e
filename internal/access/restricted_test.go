package access

import (
	"slices"
	"testing"

	"linecard/internal/errs"
)

// controls is the table of WS-156 as far as there is something to do: the actions behind each control.
var controls = map[string][]Action{
	"users.add_modify": {UserEdit, UserDelete},
	"users.claim":      {UserClaim},
	"users.dirsync":    {UserSync},
	"user.package":     {UserPackage},
	"user.work_number": {NumberAssign},
	"account.company":  {CompanyName},
}

// WS-153, WS-154, WS-156: for every role and action, what is allowed with the mode on is what is allowed with it off, without the
// restricted controls; the refusal names the control; nobody of the provider is touched.
func TestRestrictedModeTakesExactlyTheTableFromCustomersOnly(t *testing.T) {
	key := map[Action]string{}
	for control, acts := range controls {
		for _, a := range acts {
			key[a] = control
		}
	}
	customer := Tenant{ID: "c", Kind: Customer, Scope: "o1.p1.c1.", Name: "C"}
	at := map[TenantKind]Tenant{Operator: {ID: "o", Kind: Operator, Scope: "o1."}, Partner: {ID: "p", Kind: Partner, Scope: "o1.p1."}, Customer: customer}
	target := func(on bool) Target {
		return Target{Tenant: customer, Permissions: []string{"DMP", "RPS"}, Grants: []Grant{{Scope: DeviceManage}, {Scope: RedirectManage}}, Flags: Flags{RestrictedByPartner: on}}
	}
	taken := map[Action]bool{}
	for kind, home := range at {
		for _, role := range Roles(kind) {
			a := Actor{ID: "x", Kind: Person, Tenant: home, Roles: []Role{role}, Functions: Functions(), AllCustomers: true}
			for _, act := range Actions() {
				off, on := Decide(a, act, target(false)), Decide(a, act, target(true))
				switch {
				case off != nil && errs.CodeOf(on) != errs.CodeOf(off):
					t.Errorf("%s %s: the mode changes %v into %v", role, act, off, on)
				case off == nil && kind == Customer && key[act] != "":
					taken[act] = true
					if e := errs.As(on); e.Kind != errs.Forbidden || e.Code != "restricted_by_partner" || e.Params["control"] != key[act] {
						t.Errorf("%s %s: %v, want restricted_by_partner for %s", role, act, on, key[act])
					}
				case off == nil && on != nil:
					t.Errorf("%s %s: refused by the mode, and it is no restricted control: %v", role, act, on)
				}
			}
		}
	}
	for act := range key {
		if !taken[act] && slices.ContainsFunc(Roles(Customer), func(r Role) bool { return slices.Contains(roles[r].may, act) }) {
			t.Errorf("%s is never taken", act)
		}
	}
	if err := Decide(Actor{ID: "x", Kind: Person, Tenant: customer, Roles: []Role{CustomerUserAdmin}}, UserRename, target(true)); err != nil {
		t.Errorf("names and addresses stay editable (WS-156): %v", err)
	}
}
