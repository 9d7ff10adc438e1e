package portal_test

import (
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/config"
	"linecard/internal/deliver"
	"linecard/internal/device"
	"linecard/internal/phone"
	"linecard/internal/portal/portaltest"
	"linecard/internal/profile"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// trade is what the business pages show: customers in every state, people of every role, orders, phones, tokens, webhooks.
type trade struct {
	frozen, asked, granted, archived, plain tenant.Tenant
	draft, submitted                        tenant.Order
	device                                  device.Device
	sub                                     account.Account
	helper                                  account.Account // of the customer
	hook                                    deliver.Webhook
	token                                   account.Token
	people                                  map[string]portaltest.Person
	group                                   device.Group
	profile                                 profile.Profile
	plan                                    config.Plan
}

// must ends the test at once when a step of the setting fails.
func must[T any](t *testing.T) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// doTrade makes it. The history is what people would have done, by the same services.
func doTrade(t *testing.T, w *portaltest.World) *trade {
	t.Helper()
	ctx, x := t.Context(), &trade{people: map[string]portaltest.Person{}}
	mara, priya := w.Actor(w.Partner), w.Actor(w.Customer)
	customer := func(name, email, contact string, permissions ...string) tenant.Tenant {
		t.Helper()
		m, err := w.Onboard.CreateCustomer(ctx, portaltest.System, tenant.NewCustomer{OwnerID: w.Partner.Tenant.ID, PermissionTypes: permissions, Details: tenant.Details{Name: name, Email: email, Contact: contact,
			Phone: "+44 20 7946 0155", Country: "GB", TimeZone: "Europe/London"}}, portaltest.First)
		return must[tenant.Tenant](t)(m.Tenant, err)
	}
	x.frozen = customer("Solvang Bryggeri AS", "post@solvang.example", "Marit Solvang", tenant.DMP)
	x.asked = customer("Kestrel & Rowe Solicitors", "it@kestrelrowe.example", "Tobias Rowe", tenant.DMP)
	x.granted = customer("Tannery Row Hotel", "frontdesk@tanneryrow.example", "Ines Calder", tenant.DMP, tenant.RPS)
	x.archived = customer("Closed Down Ltd", "gone@closed.example", "Nobody", tenant.RPS)
	x.plain = customer("Northgate Bakery", "hello@northgate.example", "Oskar Lind", tenant.DMP, tenant.RPS)
	must[tenant.Tenant](t)(w.Tenants.Freeze(ctx, mara, x.frozen.ID, tenant.Freeze{Reason: "Invoice 2026-0912 is overdue"}))
	must[tenant.Tenant](t)(w.Tenants.Archive(ctx, mara, x.archived.ID, x.archived.Name))
	must[tenant.Relation](t)(w.Tenants.RequestAuthorisation(ctx, mara, x.asked.ID))
	must[tenant.Relation](t)(w.Tenants.RequestAuthorisation(ctx, mara, w.Customer.Tenant.ID))
	ines, err := w.Accounts.ActorOf(ctx, account.CustomerRealm, "frontdesk@tanneryrow.example")
	must[access.Actor](t)(ines, err)
	must[tenant.Relation](t)(w.Tenants.Authorise(ctx, ines, x.granted.ID, tenant.Authorisation{}))
	x.draft = must[tenant.Order](t)(w.Tenants.CreateOrder(ctx, mara, x.plain.ID, tenant.NewOrder{Lines: []tenant.OrderLine{{Item: "device_licence", Quantity: 40}}, Note: "Second floor"}))
	x.submitted = must[tenant.Order](t)(w.Tenants.CreateOrder(ctx, mara, w.Customer.Tenant.ID, tenant.NewOrder{Lines: []tenant.OrderLine{{Item: "device_licence", Quantity: 25, Wanted: "2026-12-01"}}, Submit: true}))
	user, word := "phones-harbour", secret.Hide("tide and stone 7")
	must[device.Provisioning](t)(w.Devices.SetProvisioning(ctx, priya, w.Customer.Tenant.ID, device.ProvisioningPatch{User: &user, Password: &word}))
	for i, mac := range []string{"0004f2000001", "0004f2000002", "64167f000003"} {
		d := must[device.Device](t)(w.Devices.Create(ctx, priya, w.Customer.Tenant.ID, device.New{MAC: mac, Maker: "poly", Model: "VVX450", Name: []string{"Reception-01", "Surgery-02", "Lobby-03"}[i], Description: "Ground floor"}))
		if i == 0 {
			x.device = d
		}
	}
	must[device.Device](t)(w.Devices.Create(ctx, ines, x.granted.ID, device.New{MAC: "0004f20000a1", Maker: "poly", Name: "Front-desk"}))
	x.invite(t, w, w.Partner, "sub", account.Invitation{Name: "Jonas Beck", Roles: []access.Role{access.PartnerSubAccount}, Customers: []string{x.plain.ID, x.granted.ID},
		Functions: []access.Action{access.CustomerView, access.CustomerResetPassword, access.LogView}})
	x.sub = x.people["sub"].Account
	for name, role := range map[string]access.Role{"partner-readonly": access.PartnerReadonlyAdmin, "partner-support": access.PartnerSupport, "partner-wholesale": access.PartnerWholesaleAdmin,
		"partner-full": access.PartnerFullAdmin, "partner-helpdesk": access.Helpdesk, "partner-billing": access.PartnerBillingRead} {
		x.invite(t, w, w.Partner, name, account.Invitation{Name: name, Roles: []access.Role{role}})
	}
	for name, role := range map[string]access.Role{"customer-readonly": access.CustomerReadonlyAdmin, "customer-device": access.CustomerDeviceAdmin, "customer-user": access.CustomerUserAdmin,
		"customer-support": access.CustomerSupport} {
		x.invite(t, w, w.Customer, name, account.Invitation{Name: name, Roles: []access.Role{role}})
	}
	x.helper = x.people["customer-support"].Account
	for name, role := range map[string]access.Role{"operator-support": access.OperatorSupport, "operator-billing": access.OperatorBilling, "operator-compliance": access.OperatorCompliance} {
		x.invite(t, w, w.Operator, name, account.Invitation{Name: name, Roles: []access.Role{role}})
	}
	_, here, err := w.Tenants.Target(ctx, w.DB, mara, w.Partner.Tenant.ID)
	must[access.Target](t)(here, err)
	x.hook, _, err = w.Webhooks.Create(ctx, mara, here, deliver.WebhookInput{URL: "https://hooks.brightline.example/linecard", Description: "Billing system", Types: []string{"customer.*", "order.*"}})
	must[deliver.Webhook](t)(x.hook, err)
	must[deliver.Delivery](t)(w.Webhooks.Test(ctx, mara, here, x.hook.ID))
	x.token, _, err = w.Accounts.CreateToken(ctx, mara, account.NewToken{Name: "Terraform", Limits: []access.Action{access.CustomerView, access.CustomerCreate}, ExpiresIn: 90 * 24 * time.Hour})
	must[account.Token](t)(x.token, err)
	x.deploy(t, w, priya)
	return x
}

// deploy puts a profile on the phones of the customer and plans a change of it.
func (x *trade) deploy(t *testing.T, w *portaltest.World, priya access.Actor) {
	t.Helper()
	ctx, here := t.Context(), profile.AtCustomer(w.Customer.Tenant.ID)
	x.group = must[device.Group](t)(w.Devices.CreateGroup(ctx, priya, w.Customer.Tenant.ID, device.NewGroup{Name: "Reception", Description: "Front desks", DeviceIDs: []string{x.device.ID}, Default: true}))
	ring, _, err := w.Profiles.Create(ctx, priya, here, profile.New{Name: "Ring-tones", Mode: profile.ModePoly, Attributes: []profile.Attribute{{Name: "house.ring", Value: "quiet"}, {Name: "reg.1.auth.password", Value: "s3cret word"}}})
	x.profile = must[profile.Profile](t)(ring, err)
	must[profile.Container](t)(w.Profiles.SetContainer(ctx, priya, here, profile.Global, profile.Only, []string{ring.ID}, 0))
	loud := "loud"
	x.plan = must[config.Plan](t)(w.Plans.Make(ctx, priya, here, config.Asked{Kind: config.ProfileUpdate, ProfileID: ring.ID, Attributes: map[string]*string{"house.ring": &loud}}))
	number, user := 1, "4711"
	must[device.Line](t)(w.Devices.AddLine(ctx, priya, w.Customer.Tenant.ID, x.device.ID, device.LinePatch{Number: &number, User: &user, Registrars: &[]phone.Server{{Host: "sip.example"}}}))
	if err := w.Devices.Knocked(ctx, []device.Knock{{CustomerID: w.Customer.Tenant.ID, MAC: must[phone.MAC](t)(phone.ParseMAC("0004f2000099")), Kind: device.UnknownMAC, Address: "192.0.2.7", Maker: "poly", Model: "VVX450", Times: 3, First: w.DB.Now(), Last: w.DB.Now()}}); err != nil {
		t.Fatal(err)
	}
}

func (x *trade) invite(t *testing.T, w *portaltest.World, at portaltest.Person, name string, in account.Invitation) {
	t.Helper()
	in.TenantID, in.Email, in.Password, in.Keep = at.Tenant.ID, name+"@staff.example", secret.Hide(portaltest.Password), true
	a := must[account.Account](t)(w.Accounts.Invite(t.Context(), portaltest.System, in))
	x.people[name] = portaltest.Person{Tenant: at.Tenant, Account: a, Realm: at.Realm, Email: in.Email}
}

// stale is another person's change while a form is open.
func (x *trade) stale(t *testing.T, w *portaltest.World) {
	t.Helper()
	contact := "Oskar Lindqvist"
	must[tenant.Tenant](t)(w.Tenants.Edit(t.Context(), w.Actor(w.Partner), x.plain.ID, tenant.Patch{Contact: &contact}))
}
