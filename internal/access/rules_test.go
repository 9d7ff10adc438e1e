package access

import (
	"testing"

	"linecard/internal/errs"
)

// A fixed small tree for the tables: operator o, partner p with customer c and d, sub-partner s with customer e, partner q.
var (
	o = Tenant{ID: "o", Kind: Operator, Scope: "o."}
	p = Tenant{ID: "p", Kind: Partner, Scope: "o.p1."}
	q = Tenant{ID: "q", Kind: Partner, Scope: "o.p12."} // its key begins with the other one's
	c = Tenant{ID: "c", Kind: Customer, Scope: "o.p1.c1."}
	d = Tenant{ID: "d", Kind: Customer, Scope: "o.p1.c12."}
	s = Tenant{ID: "s", Kind: SubPartner, Scope: "o.p1.s1."}
	e = Tenant{ID: "e", Kind: Customer, Scope: "o.p1.s1.c1."}
)

func person(at Tenant, held ...Role) Actor {
	return Actor{ID: "me", Account: "me", Kind: Person, Tenant: at, Roles: held}
}

func (a Actor) inside(t Tenant, door Portal) Actor {
	a.Acting = &Delegation{Tenant: t, Portal: door}
	return a
}

func (a Actor) with(change func(*Actor)) Actor {
	change(&a)
	return a
}

func both(t Tenant) Target { return Target{Tenant: t, Permissions: []string{"DMP", "RPS"}} }

func (t Target) granted(scopes ...RelationScope) Target {
	for _, s := range scopes {
		t.Grants = append(t.Grants, Grant{Scope: s})
	}
	return t
}

func (t Target) flagged(f Flags) Target { t.Flags = f; return t }

func TestDecisionsOfTheRequirements(t *testing.T) {
	full := person(p, PartnerFullAdmin)
	pair := person(p, PartnerFullAdmin, PartnerWholesaleAdmin)
	sub := person(p, PartnerSubAccount).with(func(a *Actor) {
		a.Functions, a.Customers = []Action{CustomerView, CustomerEdit, RedirectView}, []Tenant{c}
	})
	first := full.with(func(a *Actor) { a.MustChangePassword = true })
	for _, x := range []struct {
		rule   string
		actor  Actor
		act    Action
		target Target
		want   string // error code, "" for yes
	}{
		{"CH-3 nothing before the password is changed", first, CustomerView, both(c), "password_change_required"},
		{"CH-3 not even to learn what exists", first, CustomerView, both(q), "password_change_required"},
		{"CH-3 but changing it works", first, Self, both(p), ""},

		{"CH-18 device management needs DMP", person(c, CustomerFullAdmin), DeviceView, Target{Tenant: c, Permissions: []string{"RPS"}}, "permission_type_missing"},
		{"CH-18 redirect works with RPS alone", person(c, CustomerFullAdmin), RedirectView, Target{Tenant: c, Permissions: []string{"RPS"}}, ""},
		{"CH-18 and both with both", person(c, CustomerFullAdmin), DeviceView, both(c), ""},

		{"CH-24 a frozen customer's people stop", person(c, CustomerFullAdmin), CustomerView, both(c).flagged(Flags{Frozen: true}), "frozen"},
		{"CH-26 its provider does not", full, CustomerEdit, both(c).flagged(Flags{Frozen: true}), ""},
		{"CH-15 a frozen partner's people stop everywhere", full, CustomerView, Target{Tenant: c, ActorFrozen: true}, "frozen"},

		{"CH-29 no authorisation, no devices", full, DeviceView, both(c), "not_authorised_by_customer"},
		{"CH-29 with it they open", full, DeviceView, both(c).granted(DeviceManage), ""},
		{"CH-29 redirect is another relation", full, DeviceView, both(c).granted(RedirectManage), "not_authorised_by_customer"},
		{"CH-30 redirect with the implicit relation", full, RedirectEdit, both(c).granted(RedirectManage), ""},
		{"CH-30 the redirect portal is no way to devices", full.inside(c, RedirectPortal), DeviceView, both(c).granted(DeviceManage, RedirectManage), "not_authorised_by_customer"},
		{"CH-31 a reseller authorises nobody", pair, CustomerAuthorise, both(c), "forbidden"},
		{"CH-31 nor makes itself an administrator there", pair, AccountEdit, both(c).granted(DeviceManage), "forbidden"},
		{"CH-31 also not from inside", pair.inside(c, DevicePortal), AccountEdit, both(c).granted(DeviceManage), "forbidden"},
		{"CH-31 nor holds its tokens", pair, TokenManage, both(c), "forbidden"},

		{"CH-33 a sibling's customer is unknown", person(q, PartnerFullAdmin), CustomerView, both(c), "not_found"},
		{"CH-33 a partner whose key begins alike too", full, PartnerView, both(q), "not_found"},
		{"CH-33 a customer whose key begins alike too", person(c, CustomerFullAdmin), CustomerView, both(d), "not_found"},
		{"CH-33 upward is unknown", person(c, CustomerFullAdmin), PartnerView, both(p), "not_found"},

		{"CH-87 a granted function works", sub, CustomerEdit, both(c), ""},
		{"CH-87 another does not", sub, CustomerFreeze, both(c), "forbidden"},
		{"CH-87 a function that is none gives nothing", sub.with(func(a *Actor) { a.Functions = []Action{CustomerArchive} }), CustomerArchive, both(c), "forbidden"},
		{"CH-87 functions count for sub accounts only", person(p, PartnerSupport).with(func(a *Actor) { a.Functions = []Action{CustomerEdit} }), CustomerEdit, both(c), "forbidden"},
		{"CH-88 a customer that was not chosen is unknown", sub, CustomerView, both(d), "not_found"},
		{"CH-88 all means also future ones", sub.with(func(a *Actor) { a.AllCustomers = true }), CustomerView, both(d), ""},
		{"CH-88 but not those of sub-partners", sub.with(func(a *Actor) { a.AllCustomers = true; a.Customers = []Tenant{e} }), CustomerView, both(e), "not_found"},
		{"CH-88 choosing a foreign one does not help", sub.with(func(a *Actor) { a.Customers = []Tenant{q} }), PartnerView, both(q), "not_found"},

		{"WS-75 sub-partners have none below", person(s, PartnerFullAdmin, PartnerWholesaleAdmin), SubPartnerCreate, both(s), "forbidden"},
		{"WS-76 a sub-partner does not see its parent", person(s, PartnerFullAdmin), PartnerView, both(p), "not_found"},
		{"WS-76 nor its parent's customers", person(s, PartnerFullAdmin), CustomerView, both(c), "not_found"},
		{"WS-83 one role does not see sub-partners", full, SubPartnerView, both(s), "not_found"},
		{"WS-83 nor the other", person(p, PartnerWholesaleAdmin), SubPartnerView, both(s), "not_found"},
		{"WS-83 both do", pair, SubPartnerView, both(s), ""},
		{"WS-83 an administrator who reads only does not", person(p, PartnerReadonlyAdmin), SubPartnerView, both(s), "not_found"},
		{"WS-85 no sub-partners after a cross-launch", pair.inside(s, PartnerPortal), SubPartnerView, both(s), "not_in_cross_launch"},
		{"WS-85 the rest of the portal works", pair.inside(s, PartnerPortal), CustomerCreate, both(s), ""},
		{"WS-84 inside, the own customers are away", pair.inside(s, PartnerPortal), CustomerView, both(c), "not_found"},
		{"WS-87 both roles open a sub-partner's customer", pair, CustomerView, both(e), ""},
		{"WS-90 and look after its accounts inside", pair.inside(s, PartnerPortal), AccountEdit, both(s), ""},

		{"WS-89 a suspended sub-partner creates nothing", person(s, PartnerFullAdmin), CustomerCreate, both(s).flagged(Flags{ProvisioningSuspended: true}), "sub_partner_suspended"},
		{"WS-89 nor does its parent for it", pair, CustomerEdit, both(e).flagged(Flags{ProvisioningSuspended: true}), "sub_partner_suspended"},
		{"WS-89 it may delete", person(s, PartnerFullAdmin), CustomerArchive, both(e).flagged(Flags{ProvisioningSuspended: true}), ""},
		{"WS-89 its customers keep working", person(e, CustomerFullAdmin), CustomerEdit, both(e).flagged(Flags{ProvisioningSuspended: true}), ""},

		{"WS-153 the restricted control is refused to customers", person(c, CustomerFullAdmin), CompanyName, both(c).flagged(Flags{RestrictedByPartner: true}), "restricted_by_partner"},
		{"WS-153 other settings are not", person(c, CustomerFullAdmin), SettingsEdit, both(c).flagged(Flags{RestrictedByPartner: true}), ""},
		{"WS-153 partners are unaffected", full, CompanyName, both(c).flagged(Flags{RestrictedByPartner: true}), ""},

		{"a help desk acts on phones", person(c, Helpdesk), DeviceAct, both(c), ""},
		{"and never sees a password", person(c, Helpdesk), SecretReveal, both(c), "forbidden"},
		{"the operator's support reads everything", person(o, OperatorSupport), DeviceView, both(e), ""},
		{"and changes nothing of it", person(o, OperatorSupport), CustomerEdit, both(e), "forbidden"},
		{"a token has no more than its limits", full.with(func(a *Actor) { a.Kind, a.Limits = Machine, []Action{CustomerView} }), CustomerEdit, both(c), "insufficient_scope"},
		{"a role of another level gives nothing", person(c, PartnerFullAdmin, OperatorAdmin), CustomerView, both(c), "forbidden"},
	} {
		err := Decide(x.actor, x.act, x.target)
		if code := codeOf(err); code != x.want {
			t.Errorf("%s: %q, want %q", x.rule, code, x.want)
		}
	}
}

func codeOf(err error) string {
	if err == nil {
		return ""
	}
	return errs.CodeOf(err)
}

func TestDoorsOfTheRequirements(t *testing.T) {
	full := person(p, PartnerFullAdmin)
	pair := person(p, PartnerFullAdmin, PartnerWholesaleAdmin)
	for _, x := range []struct {
		rule   string
		actor  Actor
		door   Portal
		target Target
		want   string
	}{
		{"CH-29 device portal without authorisation", full, DevicePortal, both(c), "not_authorised_by_customer"},
		{"CH-29 with it", full, DevicePortal, both(c).granted(DeviceManage), ""},
		{"CH-29 without DMP", full, DevicePortal, Target{Tenant: c, Permissions: []string{"RPS"}}.granted(DeviceManage), "permission_type_missing"},
		{"CH-30 redirect portal needs no authorisation", full, RedirectPortal, both(c).granted(RedirectManage), ""},
		{"CH-30 but RPS", full, RedirectPortal, Target{Tenant: c, Permissions: []string{"DMP"}}, "permission_type_missing"},
		{"CH-87 without the function", person(p, PartnerSubAccount).with(func(a *Actor) { a.AllCustomers = true }), RedirectPortal, both(c).granted(RedirectManage), "forbidden"},
		{"WS-84 a sub-partner's portal", pair, PartnerPortal, both(s).granted(WholesaleManage), ""},
		{"WS-84 with one role", full, PartnerPortal, both(s).granted(WholesaleManage), "not_found"},
		{"WS-87 a sub-partner's customer", pair, DevicePortal, both(e).granted(DeviceManage), ""},
		{"a customer has no partner portal", pair, PartnerPortal, both(c).granted(WholesaleManage), "forbidden"},
		{"one's own organisation is entered already", person(c, CustomerFullAdmin), DevicePortal, both(c).granted(DeviceManage), "forbidden"},
		{"the operator's support enters without relation", person(o, OperatorSupport), DevicePortal, both(c), ""},
	} {
		if _, err := Enter(x.actor, x.door, x.target); codeOf(err) != x.want {
			t.Errorf("%s: %v, want %q", x.rule, err, x.want)
		}
	}
}

// WS-87, CH-88: what lists leave out.
func TestListsLeaveOutWhatMustBeSearchedFor(t *testing.T) {
	for _, x := range []struct {
		rule  string
		actor Actor
		act   Action
		wide  bool
		sees  []Tenant
		not   []Tenant
	}{
		{"a partner's own", person(p, PartnerFullAdmin), CustomerView, true, []Tenant{p, c, d}, []Tenant{o, q, s, e}},
		{"both roles without search", person(p, PartnerFullAdmin, PartnerWholesaleAdmin), CustomerView, false, []Tenant{c, d}, []Tenant{q, s, e}},
		{"both roles with search", person(p, PartnerFullAdmin, PartnerWholesaleAdmin), CustomerView, true, []Tenant{c, d, e}, []Tenant{q, o}},
		{"a sub account", person(p, PartnerSubAccount).with(func(a *Actor) { a.Functions, a.Customers = []Action{LogView}, []Tenant{c, q, e} }), LogView, true, []Tenant{p, c}, []Tenant{d, q, s, e, o}},
		{"devices of customers that authorised nobody", person(p, PartnerFullAdmin), DeviceView, true, []Tenant{p}, []Tenant{c, d, e}},
		{"a customer", person(c, CustomerFullAdmin), DeviceView, true, []Tenant{c}, []Tenant{o, p, d, s, e}},
		{"inside a sub-partner", person(p, PartnerFullAdmin, PartnerWholesaleAdmin).inside(s, PartnerPortal), CustomerView, false, []Tenant{s, e}, []Tenant{p, c, d}},
	} {
		f, err := Visible(x.actor, x.act, x.wide)
		if err != nil {
			t.Errorf("%s: %v", x.rule, err)
		}
		for _, n := range x.sees {
			if !f.Includes(n.Scope) {
				t.Errorf("%s: %s is missing", x.rule, n.ID)
			}
		}
		for _, n := range x.not {
			if f.Includes(n.Scope) {
				t.Errorf("%s: %s is shown", x.rule, n.ID)
			}
		}
	}
	if f, _ := Visible(person(p, PartnerFullAdmin), DeviceView, true, c, q, e); !f.Includes(c.Scope) || f.Includes(d.Scope) || f.Includes(q.Scope) || f.Includes(e.Scope) {
		t.Errorf("devices of authorised customers: %+v", f)
	}
}
