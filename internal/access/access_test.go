package access

import (
	"errors"
	"flag"
	"os"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"linecard/internal/errs"
)

// A rare combination needs many tries; 10,000 of each property take a second.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		_ = flag.Set("rapid.checks", "10000")
	}
	os.Exit(m.Run())
}

// node is a tenant in a drawn tree. The oracle walks parents and never looks at a scope.
type node struct {
	Tenant
	parent *node
	below  []*node
}

func (n *node) under(top *node) bool {
	for x := n; x != nil; x = x.parent {
		if x == top {
			return true
		}
	}
	return false
}

func drawTree(t *rapid.T) (all []*node) {
	add := func(parent *node, k TenantKind, mark string) *node {
		n := &node{parent: parent}
		i := strconv.Itoa(len(all))
		n.Tenant = Tenant{ID: "id" + i, Kind: k, Name: "n" + i}
		// Keys of one kind may be prefixes of each other: only the dot ends them.
		n.Scope = mark + rapid.StringMatching(`[a-c]{1,2}`).Draw(t, "key") + i + "."
		if parent != nil {
			n.Scope = parent.Scope + n.Scope
			parent.below = append(parent.below, n)
		}
		all = append(all, n)
		return n
	}
	customers := func(owner *node) {
		for range rapid.IntRange(0, 3).Draw(t, "customers") {
			add(owner, Customer, "c")
		}
	}
	root := add(nil, Operator, "o")
	for range rapid.IntRange(1, 3).Draw(t, "partners") {
		p := add(root, Partner, "p")
		customers(p)
		for range rapid.IntRange(0, 2).Draw(t, "sub-partners") {
			customers(add(p, SubPartner, SubPartnerMark))
		}
	}
	return all
}

func some[T any](t *rapid.T, of []T, name string) []T {
	var out []T
	for _, x := range of {
		if rapid.Bool().Draw(t, name) {
			out = append(out, x)
		}
	}
	return out
}

func tenantsOf(nodes []*node) []Tenant {
	var out []Tenant
	for _, n := range nodes {
		out = append(out, n.Tenant)
	}
	return out
}

type drawn struct {
	Actor
	home    *node
	chosen  []*node
	entered *node
}

func drawActor(t *rapid.T, all []*node) drawn {
	d := drawn{home: rapid.SampledFrom(all).Draw(t, "home")}
	every := make([]Role, 0, len(roles))
	for r := range roles {
		every = append(every, r)
	}
	slices.Sort(every)
	d.Actor = Actor{ID: "me", Account: "me", Kind: rapid.SampledFrom([]ActorKind{Person, Machine}).Draw(t, "kind"), Tenant: d.home.Tenant}
	pool := every // any combination, also of roles that cannot be held there
	if rapid.IntRange(0, 3).Draw(t, "sane") > 0 {
		pool = Roles(d.home.Kind)
	}
	d.Roles = rapid.SliceOfNDistinct(rapid.SampledFrom(pool), 1, min(4, len(pool)), rapid.ID[Role]).Draw(t, "roles")
	d.Functions = rapid.SliceOfN(rapid.SampledFrom(append(Actions(), "nonsense")), 0, 12).Draw(t, "functions")
	d.AllCustomers = rapid.IntRange(0, 3).Draw(t, "all customers") == 0
	d.chosen = some(t, all, "chosen") // also foreign ones: they must not help
	d.Customers = tenantsOf(d.chosen)
	d.MustChangePassword = rapid.IntRange(0, 9).Draw(t, "first sign-in") == 0
	if rapid.IntRange(0, 2).Draw(t, "limited") == 0 {
		d.Limits = append([]Action{}, some(t, Actions(), "limit")...)
	}
	if rapid.IntRange(0, 2).Draw(t, "acting") == 0 {
		d.entered = rapid.SampledFrom(all).Draw(t, "entered")
		d.Acting = &Delegation{Tenant: d.entered.Tenant, ReadOnly: rapid.Bool().Draw(t, "visit read-only"),
			Portal: rapid.SampledFrom([]Portal{DevicePortal, RedirectPortal, PartnerPortal}).Draw(t, "door")}
		if d.entered.Kind == SubPartner && rapid.Bool().Draw(t, "right door") {
			d.Acting.Portal = PartnerPortal
		}
	}
	return d
}

func drawTarget(t *rapid.T, all []*node) (*node, Target) {
	n := rapid.SampledFrom(all).Draw(t, "target")
	flag := func(name string) bool { return rapid.IntRange(0, 3).Draw(t, name) == 0 }
	target := Target{Tenant: n.Tenant, ActorFrozen: rapid.IntRange(0, 9).Draw(t, "actor frozen") == 0,
		Flags:       Flags{Frozen: flag("frozen"), ProvisioningSuspended: flag("suspended"), RestrictedByPartner: flag("restricted"), ScreeningPending: flag("screening")},
		Permissions: some(t, []string{"DMP", "RPS"}, "permission")}
	for _, s := range []RelationScope{DeviceManage, RedirectManage, WholesaleManage} {
		if rapid.Bool().Draw(t, "granted") {
			target.Grants = append(target.Grants, Grant{Scope: s, ReadOnly: rapid.Bool().Draw(t, "grant read-only")})
		}
	}
	return n, target
}

// The oracle: the rules of the requirements again, by walking and listing, slowly.

// reachable lists all tenants an actor may look at, from its own downwards.
func (d drawn) reachable() map[*node]bool {
	valid := func(r Role) bool { return slices.Contains(d.Roles, r) && slices.Contains(Roles(d.home.Kind), r) }
	both := d.home.Kind == Partner && valid(PartnerFullAdmin) && valid(PartnerWholesaleAdmin)
	picks := slices.Contains(d.Roles, PartnerSubAccount) && !d.AllCustomers && !slices.Contains(d.Roles, PartnerFullAdmin)
	seen := map[*node]bool{d.home: true}
	var walk func(n *node, picked bool)
	walk = func(n *node, picked bool) {
		for _, b := range n.below {
			if b.Kind == SubPartner && d.home.Kind == Partner && !both {
				continue
			}
			ok := picked || slices.Contains(d.chosen, b)
			if !picks || ok {
				seen[b] = true
			}
			walk(b, ok)
		}
	}
	walk(d.home, false)
	if d.entered == nil {
		return seen
	}
	inside := map[*node]bool{}
	behind := map[Portal]TenantKind{DevicePortal: Customer, RedirectPortal: Customer, PartnerPortal: SubPartner}
	for n := range seen {
		inside[n] = n.under(d.entered) && seen[d.entered] && d.entered.Kind == behind[d.Acting.Portal]
	}
	return inside
}

// held lists the actions that the actor's roles give.
func (d drawn) held() map[Action]bool {
	out := map[Action]bool{}
	here := Roles(d.home.Kind)
	has := func(r Role) bool { return slices.Contains(d.Roles, r) && slices.Contains(here, r) }
	for r, g := range roles {
		if !has(r) {
			continue
		}
		for _, a := range g.may {
			out[a] = true
		}
		for _, a := range d.Functions {
			if r == PartnerSubAccount && slices.Contains(Functions(), a) {
				out[a] = true
			}
		}
		for _, a := range Actions() {
			if r == OperatorAdmin {
				out[a] = true
			}
		}
	}
	if d.home.Kind == Partner && has(PartnerFullAdmin) && has(PartnerWholesaleAdmin) {
		for _, a := range []Action{SubPartnerView, SubPartnerCreate, SubPartnerEdit, SubPartnerSuspend, SubPartnerEnter} {
			out[a] = true
		}
	}
	return out
}

// allowed says yes or no; the order of checks does not matter to it.
func (d drawn) allowed(act Action, n *node, t Target) bool {
	r, known := rules[act]
	own := d.home == n
	home := d.home.Kind
	no := []bool{
		!known,
		!d.reachable()[n],
		!d.held()[act],
		d.MustChangePassword && act != Self,
		d.Limits != nil && !slices.Contains(d.Limits, act),
		t.ActorFrozen,
		t.Flags.Frozen && own,
		t.Flags.ProvisioningSuspended && r.provision && (home == Partner || home == SubPartner),
		t.Flags.ScreeningPending && r.screening,
		t.Flags.RestrictedByPartner && r.control != "" && home == Customer,
		r.permission != "" && n.Kind == Customer && !slices.Contains(t.Permissions, r.permission),
		r.own && home != Operator && !own && !(d.entered == n && d.Acting.Portal == PartnerPortal),
	}
	if d.entered != nil {
		no = append(no, r.notActing, d.Acting.ReadOnly && r.write && act != Self,
			r.needs == DeviceManage && d.Acting.Portal == RedirectPortal, r.needs == RedirectManage && d.Acting.Portal == DevicePortal)
	}
	if r.needs != "" && home != Operator && !own {
		full, looking := false, false
		for _, g := range t.Grants {
			if g.Scope == r.needs {
				full, looking = full || !g.ReadOnly, true
			}
		}
		no = append(no, !looking, r.write && !full)
	}
	return !slices.Contains(no, true)
}

// Spec 4.3, invariants 1, 3 and 8: no combination of roles, relations and chosen customers reaches sideways or upward.
func TestNoCombinationReachesSidewaysOrUpward(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawTree(t)
		a := drawActor(t, all)
		n, target := drawTarget(t, all)
		act := rapid.SampledFrom(append(Actions(), "nonsense", "")).Draw(t, "action")
		err := Decide(a.Actor, act, target)
		if err == nil && !n.under(a.home) {
			t.Fatalf("%v of %s reaches %s of %s", act, a.home.Scope, n.Scope, n.Kind)
		}
		if err == nil && a.entered != nil && !n.under(a.entered) {
			t.Fatalf("%v reaches %s although it works inside %s", act, n.Scope, a.entered.Scope)
		}
		if want := a.allowed(act, n, target); want != (err == nil) {
			t.Fatalf("%s of %s to %s %s: the oracle says %v, Decide says %v", act, a.home.Scope, n.Kind, n.Scope, want, err)
		}
		if !a.MustChangePassword && Known(act) {
			if missing := err != nil && errs.KindOf(err) == errs.NotFound; missing == a.reachable()[n] {
				t.Fatalf("%s to %s: within reach %v, but the answer is %v", act, n.Scope, a.reachable()[n], err)
			}
		}
	})
}

// CH-33: lists and single objects agree, so that a list never shows what cannot be opened and hides nothing that can.
func TestListsShowExactlyWhatCanBeOpened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawTree(t)
		a := drawActor(t, all)
		n, target := drawTarget(t, all)
		act := rapid.SampledFrom(append(Actions(), "nonsense")).Draw(t, "action")
		authorised := tenantsOf(some(t, all, "authorised")) // also foreign ones: they must not help
		if len(target.Grants) > 0 && !slices.Contains(authorised, n.Tenant) {
			authorised = append(authorised, n.Tenant)
		}
		wide, listErr := Visible(a.Actor, act, true, authorised...)
		narrow, _ := Visible(a.Actor, act, false, authorised...)
		oneErr := Decide(a.Actor, act, target)
		ownOnly := rules[act].own                                 // accounts and tokens are listed for one organisation
		relatable := rules[act].needs == "" || n.Kind == Customer // there is no such relation to anybody else
		if oneErr == nil && relatable && (listErr != nil || !wide.Includes(n.Scope)) {
			t.Fatalf("%s to %s is allowed, but the list gives %v %+v", act, n.Scope, listErr, wide)
		}
		if listErr == nil && wide.Includes(n.Scope) && errs.KindOf(orNil(oneErr)) == errs.NotFound {
			t.Fatalf("the list of %s shows %s, which cannot be found", act, n.Scope)
		}
		if narrow.Includes(n.Scope) && !wide.Includes(n.Scope) {
			t.Fatalf("the narrow list shows more than the wide one: %s", n.Scope)
		}
		if listErr == nil && wide.Includes(n.Scope) && !n.under(a.home) {
			t.Fatalf("the list reaches %s from %s", n.Scope, a.home.Scope)
		}
		if listErr == nil && wide.Includes(n.Scope) && !ownOnly && rules[act].needs != "" && a.Place().Kind != Customer && a.home.Kind != Operator &&
			n != a.home && n.Tenant != a.Place() && !slices.ContainsFunc(authorised, n.Within) {
			t.Fatalf("the list of %s shows %s, which authorised nobody", act, n.Scope)
		}
	})
}

func orNil(err error) error {
	if err == nil {
		return errors.New("none")
	}
	return err
}

// Spec 4.3, invariant 4: entering another tenant never adds a right.
func TestActingGivesNoMoreThanTheOwnIdentityHasOutside(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawTree(t)
		a := drawActor(t, all)
		_, target := drawTarget(t, all)
		act := rapid.SampledFrom(Actions()).Draw(t, "action")
		outside := a.Actor
		outside.Acting = nil
		// Managing accounts in a sub-partner's portal is the one thing that is done inside only (WS-80, WS-90).
		if Decide(a.Actor, act, target) == nil && act != AccountEdit && Decide(outside, act, target) != nil {
			t.Fatalf("%s is allowed inside only", act)
		}
		if a.Acting != nil && a.Acting.ReadOnly && act != Self && Writes(act) && Decide(a.Actor, act, target) == nil {
			t.Fatalf("%s changes something in a read-only visit", act)
		}
	})
}

// CH-29, CH-30, WS-84
func TestADoorOpensOnlyWithPermissionTypeAndRelation(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawTree(t)
		a := drawActor(t, all)
		n, target := drawTarget(t, all)
		p := rapid.SampledFrom([]Portal{DevicePortal, RedirectPortal, PartnerPortal, "", "other"}).Draw(t, "portal")
		d, err := Enter(a.Actor, p, target)
		need, via, act := map[Portal]string{DevicePortal: "DMP", RedirectPortal: "RPS"}[p], DeviceManage, CustomerEnter
		switch p {
		case RedirectPortal:
			via = RedirectManage
		case PartnerPortal:
			via, act = WholesaleManage, SubPartnerEnter
		}
		related := a.home.Kind == Operator || slices.ContainsFunc(target.Grants, func(g Grant) bool { return g.Scope == via })
		kind := map[Portal]TenantKind{DevicePortal: Customer, RedirectPortal: Customer, PartnerPortal: SubPartner}[p]
		want := a.allowed(act, n, target) && n.Kind == kind && n != a.home && (need == "" || slices.Contains(target.Permissions, need)) && related
		if (err == nil) != want {
			t.Fatalf("door %q to %s %s: the oracle says %v, Enter says %v", p, n.Kind, n.Scope, want, err)
		}
		if err == nil && (d.Tenant != n.Tenant || d.Portal != p || a.home.Kind != Operator && d.ReadOnly &&
			slices.Contains(target.Grants, Grant{Scope: via})) {
			t.Fatalf("delegation %+v", d)
		}
	})
}

func TestAnUnknownActionIsRefusedToAllPeopleAndMachines(t *testing.T) {
	top := Tenant{ID: "o", Kind: Operator, Scope: "o."}
	for r := range roles {
		a := Actor{ID: "me", Kind: Person, Tenant: top, Roles: []Role{r}, Functions: []Action{"nonsense"}}
		if err := Decide(a, "nonsense", Target{Tenant: top}); errs.KindOf(orNil(err)) != errs.NotFound {
			t.Errorf("%s: %v", r, err)
		}
		if a.Can("nonsense") {
			t.Errorf("%s can do nonsense", r)
		}
	}
	if Decide(Actor{}, Self, Target{Tenant: top}) == nil || Decide(Actor{ID: "x", Tenant: top, Roles: []Role{OperatorAdmin}}, Self, Target{}) == nil {
		t.Error("nobody, or nothing, is allowed something")
	}
}

func TestTheOperatorsAdministratorMayDoEverythingEverywhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := drawTree(t)
		n, target := drawTarget(t, all)
		target.Permissions, target.ActorFrozen, target.Flags = []string{"DMP", "RPS"}, false, Flags{ProvisioningSuspended: true, RestrictedByPartner: true}
		a := Actor{ID: "root", Kind: Person, Tenant: all[0].Tenant, Roles: []Role{OperatorAdmin}}
		for _, act := range Actions() {
			if err := Decide(a, act, target); err != nil {
				t.Fatalf("%s to %s: %v", act, n.Scope, err)
			}
		}
	})
}

func TestEveryRoleHoldsKnownActionsAndEveryActionIsHeldBySomeRole(t *testing.T) {
	// What nobody below the operator has.
	operatorOnly := []Action{PartnerCreate, PartnerEdit, PartnerFreeze, PartnerResetPassword, OrderFulfil, PlatformStatus, PlatformEdit, RedirectDecide,
		SoftwareEdit, CatalogEdit, SubscriptionEdit, InvoiceEdit, ComplianceView, ComplianceDecide}
	held := map[Action]bool{}
	for name, g := range roles {
		if len(g.in) == 0 {
			t.Errorf("%s can be held nowhere", name)
		}
		for _, act := range g.may {
			if !Known(act) {
				t.Errorf("%s holds %q, which is no action", name, act)
			}
			if slices.Contains(g.in, Operator) {
				continue
			}
			held[act] = true
			if slices.Contains(operatorOnly, act) {
				t.Errorf("%s holds %s", name, act)
			}
		}
		if name != OperatorAdmin && !slices.Contains(g.may, Self) {
			t.Errorf("%s cannot manage its own account", name)
		}
	}
	for _, act := range indirect {
		held[act] = true
	}
	for _, act := range Actions() {
		if !held[act] && !slices.Contains(operatorOnly, act) {
			t.Errorf("%s is held by no role below the operator", act)
		}
	}
	for _, act := range Functions() {
		if !Known(act) {
			t.Errorf("function %q is no action", act)
		}
	}
}
