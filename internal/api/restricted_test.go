package api_test

import (
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/db/dbtest"
)

// WS-153, WS-156: at every address that aims at a customer, for every role of its people, the mode changes an answer only into the
// refusal that names it; for its provider it changes nothing.
func TestRestrictedModeChangesAnswersOfTheAPIOnlyIntoItsRefusal(t *testing.T) {
	clock := dbtest.NewClock()
	w := newWorld(t, dbtest.Open(t, dbtest.SQLiteURL(t), clock), clock)
	x := w.things()
	c := x.tenants["c"]
	type person struct {
		name, token string
		of          access.TenantKind
	}
	people := []person{{"provider", w.token(x.tenants["p"], w.account(x.tenants["p"], account.Invitation{Roles: []access.Role{access.PartnerFullAdmin}})), access.Partner}}
	for _, role := range access.Roles(access.Customer) {
		people = append(people, person{string(role), w.token(c, w.account(c, account.Invitation{Roles: []access.Role{role}})), access.Customer})
	}
	answers := func(on bool) map[string]reply {
		if _, err := w.d.Tenants.Restrict(t.Context(), system, c.ID, on); err != nil {
			t.Fatal(err)
		}
		all := map[string]reply{}
		for _, p := range people {
			for _, op := range w.api.Operations() {
				if aims(op) && op.Changes() {
					all[p.name+" "+op.ID] = w.do(w.requestFor(op, x, "c", p.token))
				}
			}
		}
		return all
	}
	off, on := answers(false), answers(true)
	refused := 0
	for _, p := range people {
		for _, op := range w.api.Operations() {
			if !aims(op) || !op.Changes() {
				continue
			}
			before, after := off[p.name+" "+op.ID], on[p.name+" "+op.ID]
			switch {
			case after.Code == before.Code:
			case p.of == access.Customer && after.Code == 403 && strings.Contains(after.Body.String(), `"restricted_by_partner"`):
				refused++
			default:
				t.Errorf("%s %s: %d became %d %s", p.name, op.ID, before.Code, after.Code, after.Body)
			}
		}
	}
	if refused < 8 {
		t.Errorf("only %d answers were taken: the test does not see the mode", refused)
	}
}
