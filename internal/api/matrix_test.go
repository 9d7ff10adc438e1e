package api_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/api"
)

// The matrix walks every operation as every role at every object: one's own, a sibling's, one below, one above, an unknown
// one. What is expected comes from this file's own picture of the tree and from the table of roles, not from the decision
// that the product makes.

// who is an actor of the matrix.
type who struct {
	name      string
	at        string // key of its tenant
	roles     []access.Role
	functions []access.Action
	chosen    []string // keys of a sub account's customers
	token     string
}

// parents is the tree of the world: who lies below whom.
var parents = map[string]string{"operator": "", "p": "operator", "q": "operator", "s": "p", "c": "p", "d": "p", "cq": "q", "cs": "s"}

var matrixActors = func() []who {
	var all []who
	add := func(at string, kind access.TenantKind) {
		for _, r := range access.Roles(kind) {
			if r != access.PartnerSubAccount {
				all = append(all, who{name: at + " " + string(r), at: at, roles: []access.Role{r}})
			}
		}
	}
	add("operator", access.Operator)
	add("p", access.Partner)
	add("c", access.Customer)
	both := []access.Role{access.PartnerFullAdmin, access.PartnerWholesaleAdmin}
	return append(all,
		who{name: "p both", at: "p", roles: both},
		who{name: "s both", at: "s", roles: both},
		who{name: "s support", at: "s", roles: []access.Role{access.PartnerSupport}},
		who{name: "p sub account", at: "p", roles: []access.Role{access.PartnerSubAccount}, chosen: []string{"c"},
			functions: []access.Action{access.CustomerView, access.CustomerEdit, access.OrderView, access.DeviceView, access.EventView, access.AccountSub}})
}()

func (a who) has(act access.Action) bool {
	if a.at == "s" && strings.HasPrefix(string(act), "sub_partner.") {
		return false // there is nothing below a sub-partner (WS-75)
	}
	return slices.Contains(access.Granted(a.roles, a.functions), act)
}

// below says whether x is other or lies below it.
func below(x, other string) bool {
	for ; x != ""; x = parents[x] {
		if x == other {
			return true
		}
	}
	return false
}

// sees says whether the actor may know that a tenant exists (CH-33, CH-88, WS-83).
func (a who) sees(x string) bool {
	switch {
	case x == a.at:
		return true
	case !below(x, a.at):
		return false
	case a.at == "p" && below(x, "s"):
		return len(a.roles) == 2
	case len(a.chosen) > 0:
		return slices.Contains(a.chosen, x)
	}
	return true
}

var wholesaleBody = map[string]any{"provisioning_id": "x", "packages": []string{"meetings"}, "external_id": "x", "name": "New", "email": "new@example.test",
	"address": map[string]any{"line1": "Main St 1", "city": "Berlin", "postal_code": "10117", "country": "DE"}}

// bodies are inputs that each operation takes.
var bodies = map[string]any{
	"create-template": map[string]any{"name": "New", "country": "DE"}, "edit-template": map[string]any{}, "create-carrier": map[string]any{"name": "New"}, "edit-carrier": map[string]any{},
	"create-wholesale-customer": wholesaleBody, "precheck-wholesale-customer": wholesaleBody, "create-wholesale-customers": map[string]any{"items": []any{wholesaleBody}},
	"edit-wholesale-customer": map[string]any{}, "consent-wholesale-customer": map[string]any{"agree": true},
	"create-sub-partner-request": map[string]any{"name": "New", "email": "new@example.test", "first_name": "N", "last_name": "N", "subscription_id": unknown},
	"answer-sub-partner-request": map[string]any{"create": true}, "decide-compliance-case": map[string]any{"approve": true, "reason": "checked"},
	"replace-device": map[string]any{"mac": "0004f2ffff02"}, "adopt-knock": map[string]any{}, "add-maker-root": map[string]any{"pem": makerRoot}, "edit-maker-root": map[string]any{},
	"create-partner": map[string]any{"name": "New", "email": "new@example.test", "contact": "C"}, "create-sub-partner": map[string]any{"name": "New", "email": "new@example.test", "contact": "C"},
	"edit-partner": map[string]any{"contact": "Other"}, "edit-customer": map[string]any{"contact": "Other"}, "archive-customer": map[string]any{"confirm_name": "Nobody"},
	"edit-order": map[string]any{"lines": []any{map[string]any{"item": "device", "quantity": 2}}}, "put-item": map[string]any{"name": "X", "active": true},
	"put-branding": map[string]any{}, "put-branding-logo": "x", "put-branding-host": map[string]any{"tenant_id": unknown},
	"put-policy": map[string]any{}, "edit-account": map[string]any{"phone": "+49 30 1"}, "edit-me": map[string]any{},
	"create-token": map[string]any{"name": "N", "scopes": []string{"self"}}, "create-webhook": map[string]any{"url": "https://example.com/n"}, "edit-webhook": map[string]any{"description": "Other"},
	"set-device-management": map[string]any{"management": "platform_native"}, "set-device-policy": map[string]any{"third_party_phones": true},
	"create-device": map[string]any{"mac": "0004f2ffff01"}, "edit-device": map[string]any{"name": "Other"}, "edit-provisioning": map[string]any{},
	"create-network-site": map[string]any{"name": "New", "subnets": []any{map[string]any{"public": "203.0.113.0/24"}}}, "edit-network-site": map[string]any{"description": "Other"},
	"create-redirect-server": map[string]any{"name": "New", "url": "https://p.example/"}, "edit-redirect-server": map[string]any{"url": "https://q.example/"},
	"create-redirect-entry": map[string]any{"mac": "0015650000ff", "unique_url": "https://p.example/"}, "edit-redirect-entry": map[string]any{"remark": "Other"}, "open-redirect-entry": map[string]any{},
	"import-redirect-entries": "mac\n", "create-redirect-claim": map[string]any{"mac": "0015650000fe", "reason": "ours"}, "edit-redirect-connector": map[string]any{"name": "Other"}, "edit-registrar": map[string]any{"name": "Other"},
	"decide-redirect-dispute": map[string]any{"release": false},
	"import-network-sites":    "site_name,subnets\n", "edit-software-image": map[string]any{}, "append-software-upload": "x",
	"create-resource-file": "x", "edit-resource-file": map[string]any{}, "create-device-file": "x",
	"import-devices":      "mac_address\n",
	"create-device-group": map[string]any{"name": "New"}, "edit-device-group": map[string]any{"description": "Other"}, "set-device-group-keys": map[string]any{"keys": []any{}},
	"set-default-device-groups": map[string]any{"group_ids": []string{}}, "create-line": map[string]any{"user": "101"}, "edit-line": map[string]any{"label": "Other"},
	"create-package": map[string]any{"code": "extra", "kind": "add_on", "sku": "X-1", "name": "Extra"}, "edit-package": map[string]any{"name": "Other"},
	"set-customer-packages": map[string]any{"items": []any{map[string]any{"code": "calling"}}}, "charge-customer": map[string]any{"item": "calling"},
	"create-subscription": map[string]any{"currency": "EUR", "items": []string{"calling"}}, "edit-subscription": map[string]any{"billing_day": 3},
	"set-retail-prices":     map[string]any{"currency": "EUR", "prices": []any{map[string]any{"item": "calling", "valid_from": "2026-01-01", "price": "15.00"}}},
	"create-billing-report": map[string]any{"billing_start_date": "2026-01-01", "billing_end_date": "2026-01-31"}, "create-invoice": map[string]any{"partner_id": unknown, "month": "2026-01"},
	"create-location": map[string]any{"name": "New"}, "edit-location": map[string]any{"pstn": "SIP"}, "edit-user": map[string]any{"first_name": "Other"}, "import-users": "email\n",
	"create-user": newUser, "add-users": map[string]any{"users": []any{newUser}}, "bulk-users": map[string]any{"users": []any{newUser}}, "check-users": map[string]any{"users": []any{newUser}},
	"set-user-package": map[string]any{"package": "calling"}, "set-workspace-package": map[string]any{"package": "common_area"}, "edit-workspace": map[string]any{"name": "Other"},
	"create-workspace": map[string]any{"name": "New", "package": "common_area", "extension": "301"}, "add-numbers": map[string]any{"numbers": []string{"+493012345670"}}, "edit-number": map[string]any{},
	"put-directory": map[string]any{"package": "calling"}, "edit-managed-line": map[string]any{"label": "Other"}, "place-managed-line": map[string]any{}, "put-calling": map[string]any{"registrars": []any{}},
	"set-keys": map[string]any{"keys": []any{map[string]any{"position": 1, "type": "line"}}},
}

// requestFor aims an operation at the objects of a tenant; key "" is an unknown one.
func (w *world) requestFor(op api.Op, x things, key, token string) request {
	id := unknown
	if key != "" {
		id = x.tenants[key].ID
	}
	in := request{method: op.Method, token: token, body: bodies[op.ID]}
	in.path = strings.NewReplacer("{customer}", id, "{partner}", id, "{tenant}", id, "{account}", pick(x.accounts, key), "{token}", pick(x.tokens, key),
		"{webhook}", pick(x.hooks, key), "{delivery}", unknown, "{event}", pick(x.events, key), "{operation}", pick(x.operations, key),
		"{order}", pick(x.orders, key), "{device}", pick(x.devices, key), "{site}", pick(x.sites, key), "{group}", pick(x.groups, key), "{line}", pick(x.lines, key), "{item}", "device", "{knock}", unknown, "{log}", unknown, "{file}", unknown, "{root}", unknown,
		"{server}", pick(x.servers, key), "{entry}", pick(x.entries, key), "{claim}", pick(x.claims, key), "{connector}", pick(x.connectors, key), "{registrar}", pick(x.registrars, key),
		"{profile}", pick(x.profiles, key), "{plan}", pick(x.plans, key), "{name}", pick(x.macs, key)+".cfg", "{dictionary}", pick(x.dictionaries, key), "{report}", pick(x.reports, key), "{invoice}", pick(x.invoices, key), "{month}", "2026-01",
		"{template}", pick(x.templates, key), "{carrier}", unknown, "{list}", unknown, "{request}", unknown,
		"{location}", pick(x.locations, key), "{user}", pick(x.users, key), "{workspace}", pick(x.workspaces, key), "{number}", pick(x.numbers, key), "{managed_line}", pick(x.managed, key), "{kind}", kindFor(op), "{key}", "-").Replace(op.Path)
	switch op.ID { // those that name an object elsewhere
	case "create-plan":
		in.body = map[string]any{"kind": "container.set", "container": "global", "key": "-", "profile_ids": []string{}}
	case "create-partner-plan", "create-operator-plan":
		in.body = map[string]any{"kind": "container.set", "container": "defaults", "key": "-", "profile_ids": []string{}}
	case "create-customer":
		in.body = map[string]any{"name": "New", "email": "new@example.test", "contact": "C", "permission_types": []string{"DMP"}, "owner_id": id}
	case "bulk-redirect-entries":
		in.body = map[string]any{"ids": []string{pick(x.entries, key)}, "action": "close"}
	case "create-order":
		in.body = map[string]any{"customer_id": id, "lines": []any{map[string]any{"item": "device", "quantity": 2}}}
	case "create-account":
		in.body = map[string]any{"tenant_id": id, "email": "new@example.test", "name": "N", "roles": access.Roles(x.tenants[key].Kind)[:min(1, len(access.Roles(x.tenants[key].Kind)))]}
		if key == "" {
			in.body.(map[string]any)["roles"] = []string{"partner_support"}
		}
	case "create-billing-report":
		in.body = map[string]any{"partner_id": id, "billing_start_date": "2026-01-01", "billing_end_date": "2026-01-31", "type": "USER"}
	case "create-invoice":
		in.body = map[string]any{"partner_id": id, "month": "2026-01"}
	case "get-invoice-file":
		in.path = strings.Replace(in.path, pick(x.macs, key)+".cfg", "lines.csv", 1)
	case "create-managed-line":
		in.body = map[string]any{"holder_id": pick(x.users, key)}
	case "move-device":
		in.body = map[string]any{"customer_id": unknown}
	case "list-accounts":
		in.path += "?tenant_id=" + id
	}
	in.path += queries[op.ID]
	if op.Method != "GET" {
		in.path += map[bool]string{true: "&", false: "?"}[strings.Contains(in.path, "?")] + "dry_run=true"
	}
	return in
}

// outcome is what somebody may expect of an operation.
type outcome string

const (
	done   outcome = "done"
	denied outcome = "denied" // 403
	hidden outcome = "hidden" // the same as an unknown object
)

// expect says what should come of the operation, from roles and tree alone.
func (a who) expect(op api.Op, key string, kind access.TenantKind) outcome {
	gate := a.has(op.Action) || slices.ContainsFunc(op.Or, a.has) || op.Ungated
	if !gate {
		return denied
	}
	own := key == a.at
	need := op.Action
	switch op.ID {
	case "get-partner", "edit-partner", "freeze-partner", "unfreeze-partner", "suspend-partner", "resume-partner", "reset-partner-password", "get-partner-mail",
		"list-sub-partners", "create-sub-partner":
		if kind != access.Partner && kind != access.SubPartner {
			return hidden
		}
	case "get-token", "delete-token", "get-webhook", "edit-webhook", "delete-webhook", "rotate-webhook-secret", "list-deliveries", "retry-delivery", "retry-deliveries",
		"replay-webhook", "test-webhook":
		if !own { // they belong to one's own organisation alone
			return hidden
		}
	case "get-redirect-connector", "edit-redirect-connector", "delete-redirect-connector", "reconcile-redirect-connector",
		"get-registrar", "edit-registrar", "delete-registrar", "check-registrar":
		if !own { // the same
			return hidden
		}
		return done
	case "get-billing-report", "delete-billing-report", "create-billing-report":
		if kind != access.Partner && kind != access.SubPartner {
			return hidden
		}
	case "get-invoice", "get-invoice-file", "issue-invoice", "pay-invoice", "void-invoice", "create-invoice":
		if kind != access.Partner { // a sub-partner has none (WS-79)
			return hidden
		}
	case "get-retail-prices", "set-retail-prices":
		if !own && a.at != "operator" || kind != access.Partner && kind != access.SubPartner { // a provider's own business (WS-2)
			return hidden
		}
	case "put-branding", "put-branding-logo", "delete-branding-logo": // a customer's provider decides (WS-92)
		if own && kind == access.Customer {
			return denied
		}
	case "decide-redirect-dispute": // the operator's people see them all
		if kind != access.Customer {
			return hidden
		}
		return done
	case "get-template", "edit-template", "archive-template", "delete-template":
		if kind != access.Partner && kind != access.SubPartner { // only providers have templates
			return hidden
		}
	case "get-event", "get-operation", "cancel-operation":
		if !a.has(need) || !a.sees(key) || len(a.chosen) > 0 && own && op.ID != "get-event" {
			return hidden
		}
		if op.ID == "cancel-operation" {
			return denied // somebody else started it
		}
		return done
	case "get-order", "edit-order", "submit-order", "fulfil-order", "cancel-order":
		if kind != access.Customer {
			return hidden // only customers have orders
		}
	default:
		if strings.Contains(op.Path, "{customer}") && kind != access.Customer || strings.Contains(op.Path, "{partner}") && kind != access.Partner && kind != access.SubPartner {
			return hidden
		}
		if strings.HasPrefix(op.Path, "/operator/") {
			if a.at != "operator" || strings.ContainsAny(strings.ReplaceAll(op.Path, "{kind}/{key}", ""), "{") && key != "operator" {
				return hidden
			}
			return done
		}
	}
	if !a.sees(key) {
		return hidden
	}
	sub := kind == access.SubPartner && !own
	switch op.ID {
	case "get-partner":
		need = map[bool]access.Action{true: access.SubPartnerView, false: access.PartnerView}[sub]
	case "edit-partner":
		need = map[bool]access.Action{true: access.SubPartnerEdit, false: access.PartnerEdit}[sub]
		if own {
			need = access.SettingsEdit
		}
	case "reset-partner-password":
		need = map[bool]access.Action{true: access.SubPartnerEdit, false: access.PartnerResetPassword}[kind == access.SubPartner]
	case "freeze-partner", "unfreeze-partner":
		need = map[bool]access.Action{true: access.SubPartnerSuspend, false: access.PartnerFreeze}[kind == access.SubPartner]
	case "suspend-partner", "resume-partner":
		need = map[bool]access.Action{true: access.SubPartnerSuspend, false: access.PartnerFreeze}[kind == access.SubPartner]
	case "list-accounts":
		if own && a.has(access.AccountSub) {
			return done // sub accounts alone
		}
	case "cancel-order":
		need = map[bool]access.Action{true: access.OrderFulfil, false: access.OrderCreate}[a.at == "operator"]
	case "grant-authorisation", "withdraw-authorisation":
		if !own {
			return denied // never anybody but the customer (CH-31)
		}
	}
	if !a.has(need) {
		return denied
	}
	if strings.Contains(op.Path, "/accounts") && need == access.AccountEdit && !own && a.at != "operator" {
		return denied // an organisation's people are its own affair
	}
	if op.ID == "get-device-policy" || slices.ContainsFunc(ofPhones, func(part string) bool { return strings.Contains(op.Path, part) }) || strings.Contains(op.Path, "/devices") || strings.Contains(op.Path, "/plans") || strings.Contains(op.Path, "/knocks") || strings.Contains(op.Path, "/resource-files") || strings.Contains(op.Path, "device-groups") || strings.Contains(op.Path, "/network-sites") || strings.Contains(op.Path, "/provisioning") {
		if a.at != "operator" && !own && key != "c" { // only C has authorised its provider (CH-29)
			return denied
		}
		if key == "c" && a.at != "operator" && a.at != "p" && !own {
			return denied
		}
	}
	return done
}

var requestIDs = regexp.MustCompile(`"request_id":"[A-Z0-9]+"`)

func bare(r reply) string { return requestIDs.ReplaceAllString(r.Body.String(), "") }

func TestNobodyReachesSidewaysOrUpwards(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.things()
		keys := []string{"operator", "p", "q", "s", "c", "d", "cq", "cs"}
		ops := w.api.Operations()
		for _, a := range matrixActors {
			var customers []string
			for _, key := range a.chosen {
				customers = append(customers, x.tenants[key].ID)
			}
			acc := w.account(x.tenants[a.at], account.Invitation{Roles: a.roles, Functions: a.functions, Customers: customers})
			a.token = w.token(x.tenants[a.at], acc)
			for _, op := range ops {
				if !aims(op) {
					continue
				}
				nothing := w.do(w.requestFor(op, x, "", a.token))
				for _, key := range keys {
					got := w.do(w.requestFor(op, x, key, a.token))
					want := a.expect(op, key, x.tenants[key].Kind)
					fine := false
					switch want {
					case hidden:
						fine = got.Code == 404 && got.Code == nothing.Code && bare(got) == bare(nothing)
					case denied:
						fine = got.Code == 403
					case done:
						fine = got.Code < 300 || got.Code == 400 || got.Code == 409 || got.Code == 429 ||
							got.Code == 404 && (emptyHanded[op.ID] || op.ID == "request-authorisation" && (a.at == "operator" || a.at == key))
					}
					if !fine {
						t.Errorf("%s: %s of %s is %d %s, want %s; unknown gives %d %s", a.name, op.ID, key, got.Code, bare(got), want, nothing.Code, bare(nothing))
					}
				}
			}
		}
	})
}

// emptyHanded may find nothing although all is allowed: there is no such delivery, no account yet, no request, a claim that is
// not against oneself.
var emptyHanded = map[string]bool{"delete-branding-host": true,
	"release-redirect-claim": true,
	"get-carrier":            true, "edit-carrier": true, "delete-screening-list": true, "answer-sub-partner-request": true, "get-compliance-case": true, "decide-compliance-case": true, // none of the world
	"get-wholesale-customer": true, "edit-wholesale-customer": true, "delete-wholesale-customer": true, "retry-wholesale-customer": true, "consent-wholesale-customer": true, "show-wholesale-history": true,
	"get-device-log": true, "delete-device-log": true, "read-phone-file": true, "delete-phone-file": true, "adopt-knock": true, "dismiss-knock": true, "move-device": true,
	"get-maker-root": true, "edit-maker-root": true, "remove-maker-root": true,
	"get-software-image": true, "edit-software-image": true, "delete-software-image": true, "get-software-upload": true, "append-software-upload": true,
	"delete-software-upload": true, "get-resource-file": true, "download-resource-file": true, "edit-resource-file": true, "delete-resource-file": true, "get-device-file": true,
	"edit-subscription": true, "activate-subscription": true, "suspend-subscription": true, "close-subscription": true, // a sub-partner has none (WS-79)
	"download-device-file": true, "delete-device-file": true,
	"export-operator-profiles": true, "export-operator-profiles-with-secrets": true, "retry-delivery": true, "reveal-provisioning": true, "withdraw-authorisation": true}

// aims says whether an operation is about an object somewhere in the tree.
func aims(op api.Op) bool {
	switch op.ID {
	case "create-customer", "create-order", "create-account", "list-accounts", "create-billing-report", "create-invoice":
		return true
	case "put-item", "get-package", "edit-package":
		return false
	}
	return strings.Contains(op.Path, "{")
}

func TestListsHoldOnlyWhatMayBeSeen(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.things()
		owner := map[string]string{}
		for key, tt := range x.tenants {
			for _, id := range []string{tt.ID, x.accounts[key], x.tokens[key], x.hooks[key], x.operations[key], x.events[key], x.orders[key], x.devices[key]} {
				if id != "" {
					owner[id] = key
				}
			}
		}
		for _, a := range matrixActors {
			var customers []string
			for _, key := range a.chosen {
				customers = append(customers, x.tenants[key].ID)
			}
			a.token = w.token(x.tenants[a.at], w.account(x.tenants[a.at], account.Invitation{Roles: a.roles, Functions: a.functions, Customers: customers}))
			for _, op := range w.api.Operations() {
				if !strings.HasPrefix(op.ID, "list-") || strings.Contains(op.Path, "{") || op.ID == "list-items" || strings.HasPrefix(op.Path, "/operator/") {
					continue
				}
				r := w.get(a.token, op.Path+"?limit=1000")
				if op.ID != "list-operations" && !a.has(op.Action) && !slices.ContainsFunc(op.Or, a.has) {
					r.refused(403, "forbidden")
					continue
				}
				var l struct{ Items []struct{ ID string } }
				r.status(200).into(&l)
				for _, item := range l.Items {
					if key, known := owner[item.ID]; known && !a.sees(key) {
						t.Errorf("%s: %s shows one of %s", a.name, op.ID, key)
					}
				}
			}
		}
	})
}
