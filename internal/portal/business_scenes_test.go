package portal_test

import (
	"sync"
	"testing"

	"linecard/internal/portal/portaltest"
)

// traded remembers the setting of each world, which the first business scene makes.
var traded sync.Map // *portaltest.World → *trade

func (s *stage) trade() *trade { return tradeOf(s.t, s.World) }

func tradeOf(t *testing.T, w *portaltest.World) *trade {
	t.Helper()
	if x, ok := traded.Load(w); ok {
		return x.(*trade)
	}
	x := doTrade(t, w)
	traded.Store(w, x)
	return x
}

// on builds the address of a scene from the setting.
func on(path func(x *trade) string) func(*stage) string {
	return func(s *stage) string { return path(s.trade()) }
}

func submit(s *stage) { s.Submit("main form[method=post] .form-actions button") }

func init() {
	scenes = append(scenes, []scene{
		{name: "customers", as: "partner", path: on(func(*trade) string { return "/customers" })},
		{name: "customers-operator", as: "operator", path: on(func(*trade) string { return "/customers" })},
		{name: "customers-search", as: "partner", path: on(func(*trade) string { return "/customers?q=qinghe" })},
		{name: "customers-none", as: "partner", path: on(func(*trade) string { return "/customers?q=zzz" })},
		{name: "customer-add", as: "partner", path: on(func(*trade) string { return "/customers/new" })},
		{name: "customer-faults", as: "partner", path: on(func(*trade) string { return "/customers/new" }), then: submit},
		{name: "customer", as: "partner", path: on(func(x *trade) string { return "/customers/" + x.plain.ID })},
		{name: "customer-frozen", as: "partner", path: on(func(x *trade) string { return "/customers/" + x.frozen.ID })},
		{name: "customer-edit", as: "partner", path: on(func(x *trade) string { return "/customers/" + x.plain.ID + "/edit" })},
		{name: "customer-freeze", as: "partner", path: on(func(x *trade) string { return "/customers/" + x.plain.ID + "/freeze" })},
		{name: "customer-archive", as: "partner", path: on(func(x *trade) string { return "/customers/" + x.plain.ID + "/archive" })},
		{name: "customer-remains", as: "partner", path: on(func(x *trade) string { return "/customers/" + x.granted.ID + "/archive" })},
		{name: "customer-enter", as: "operator", path: on(func(x *trade) string { return "/customers/" + x.granted.ID + "/enter?door=device" })},
		{name: "partners", as: "operator", path: on(func(*trade) string { return "/partners" })},
		{name: "partner", as: "operator", path: func(s *stage) string { s.trade(); return "/partners/" + s.Partner.Tenant.ID }},
		{name: "partner-add", as: "operator", path: on(func(*trade) string { return "/partners/new" })},
		{name: "sub-partners", as: "partner", path: on(func(*trade) string { return "/sub-partners" })},
		{name: "sub-partner", as: "partner", path: func(s *stage) string { s.trade(); return "/sub-partners/" + s.SubPartner.Tenant.ID }},
		{name: "orders", as: "partner", path: on(func(*trade) string { return "/orders" })},
		{name: "order", as: "operator", path: on(func(x *trade) string { return "/orders/" + x.submitted.ID })},
		{name: "order-new", as: "partner", path: on(func(x *trade) string { return "/orders/new?customer=" + x.plain.ID })},
		{name: "items", as: "operator", path: on(func(*trade) string { return "/items" })},
		{name: "devices", as: "customer", path: on(func(*trade) string { return "/devices" })},
		{name: "device", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID })},
		{name: "device-add", as: "customer", path: on(func(*trade) string { return "/devices/new" })},
		{name: "device-configuration", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/configuration" })},
		{name: "device-files", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/files" })},
		{name: "device-file", as: "customer", path: on(func(x *trade) string {
			return "/devices/" + x.device.ID + "/files/" + x.device.MAC.String() + "-linecard.cfg"
		})},
		{name: "device-lines", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/lines" })},
		{name: "device-line-add", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/lines/new" })},
		{name: "device-keys", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/keys" })},
		{name: "device-keys-edit", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/keys/edit" })},
		{name: "device-groups", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/groups" })},
		{name: "device-logs", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/logs" })},
		{name: "device-access", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/access" })},
		{name: "device-replace", as: "customer", path: on(func(x *trade) string { return "/devices/" + x.device.ID + "/replace" })},
		{name: "device-import", as: "customer", path: on(func(*trade) string { return "/devices/import" })},
		{name: "search", as: "partner", path: on(func(*trade) string { return "/search?q=front" })},
		{name: "groups", as: "customer", path: on(func(*trade) string { return "/groups" })},
		{name: "group", as: "customer", path: on(func(x *trade) string { return "/groups/" + x.group.ID })},
		{name: "group-add-devices", as: "customer", path: on(func(x *trade) string { return "/groups/" + x.group.ID + "/add" })},
		{name: "group-defaults", as: "customer", path: on(func(*trade) string { return "/groups/defaults" })},
		{name: "knocks", as: "customer", path: on(func(*trade) string { return "/knocks" })},
		{name: "profiles", as: "customer", path: on(func(*trade) string { return "/profiles" })},
		{name: "profile", as: "customer", path: on(func(x *trade) string { return "/profiles/" + x.profile.ID })},
		{name: "profile-edit", as: "customer", path: on(func(x *trade) string { return "/profiles/" + x.profile.ID + "/edit?find=ring" })},
		{name: "profile-import", as: "customer", path: on(func(x *trade) string { return "/profiles/" + x.profile.ID + "/import" })},
		{name: "deployment", as: "customer", path: on(func(*trade) string { return "/deployment" })},
		{name: "deployment-all", as: "customer", path: on(func(*trade) string { return "/deployment/global/-" })},
		{name: "plans", as: "customer", path: on(func(*trade) string { return "/plans" })},
		{name: "plan", as: "customer", path: on(func(x *trade) string { return "/plans/" + x.plan.ID })},
		{name: "plan-phones", as: "customer", path: on(func(x *trade) string { return "/plans/" + x.plan.ID + "/phones" })},
		{name: "provisioning", as: "customer", path: on(func(*trade) string { return "/provisioning" })},
		{name: "provisioning-account", as: "customer", path: on(func(*trade) string { return "/provisioning/account" })},
		{name: "authorisation", as: "customer", path: on(func(*trade) string { return "/authorisation" })},
		{name: "authorisation-grant", as: "customer", path: on(func(*trade) string { return "/authorisation/grant" })},
		{name: "company", as: "customer", path: on(func(*trade) string { return "/company" })},
		{name: "people", as: "customer", path: on(func(*trade) string { return "/people" })},
		{name: "person", as: "customer", path: on(func(x *trade) string { return "/people/" + x.helper.ID })},
		{name: "person-add", as: "partner", path: on(func(*trade) string { return "/people/new" })},
		{name: "sub-accounts", as: "partner", path: on(func(*trade) string { return "/sub-accounts" })},
		{name: "sub-account", as: "partner", path: on(func(x *trade) string { return "/sub-accounts/" + x.sub.ID })},
		{name: "sub-account-edit", as: "partner", path: on(func(x *trade) string { return "/sub-accounts/" + x.sub.ID + "/edit" })},
		{name: "log", as: "partner", path: on(func(*trade) string { return "/log" })},
		{name: "policies", as: "partner", path: on(func(*trade) string { return "/policies" })},
		{name: "policies-operator", as: "operator", path: on(func(*trade) string { return "/policies" })},
		{name: "tokens", as: "partner", path: on(func(*trade) string { return "/tokens" })},
		{name: "token-add", as: "partner", path: on(func(*trade) string { return "/tokens/new" })},
		{name: "webhooks", as: "partner", path: on(func(*trade) string { return "/webhooks" })},
		{name: "webhook", as: "partner", path: on(func(x *trade) string { return "/webhooks/" + x.hook.ID })},
		{name: "webhook-add", as: "partner", path: on(func(*trade) string { return "/webhooks/new" })},
	}...)
}
