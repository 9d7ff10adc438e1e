package app

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/secret"
	"linecard/internal/sim"
	"linecard/internal/tenant"
)

// seedDays is how far back the demo's history begins.
const seedDays = 80

// seeder makes the demo's world with the same services that everybody uses, as the people who would have done it.
type seeder struct {
	*Core
	clock *demoClock
	rand  *rand.Rand
	fleet int
	plans *config.Plans
}

// on moves to a day before now, at a working hour.
func (s *seeder) on(daysAgo int) {
	s.clock.set(time.Duration(daysAgo)*24*time.Hour - time.Duration(s.rand.IntN(240))*time.Minute)
}

var seedCustomers = []struct {
	name, email, contact, phone, country, zone, locale, external string
	permissions                                                  []string
}{
	{"Harbour Dental Group", "office@harbourdental.example", "Edda Wren", "+442079460110", "GB", "Europe/London", "en", "HDG-1001", []string{tenant.DMP, tenant.RPS}},
	{"Kestrel & Rowe Solicitors", "it@kestrelrowe.example", "Tobias Rowe", "+442079460155", "GB", "Europe/London", "en", "KRS-1002", []string{tenant.DMP}},
	{"Meridian Logistics", "ops@meridian.example", "Ines Calder", "+493023125501", "DE", "Europe/Berlin", "en", "MER-1003", []string{tenant.DMP, tenant.RPS}},
	{"青禾教育科技有限公司", "admin@qinghe.example", "林晓岚", "+862155501234", "CN", "Asia/Shanghai", "zh-CN", "QH-2001", []string{tenant.DMP, tenant.RPS}},
}

// world makes one operator, a partner with its team, a sub-partner and four customers; the first belongs to the partner, the
// last to the sub-partner (surfaces).
func (s *seeder) world(ctx context.Context) (World, error) {
	var w World
	s.on(seedDays)
	w.Operator = newPerson("ada@northwind.example")
	op, err := s.Onboard.CreateOperator(ctx, access.SystemActor("demo"), tenant.Details{Name: "Northwind Carrier", Email: w.Operator.Email, Contact: "Ada Brandt", TimeZone: "Europe/London"}, w.Operator.first())
	if err != nil {
		return w, err
	}
	ada, err := s.arrive(ctx, &w.Operator, op.Tenant, "198.51.100.7")
	if err != nil {
		return w, err
	}
	w.Operator.ID = ""
	s.on(seedDays - 1)
	w.Partner = newPerson("mara@brightline.example")
	partner, err := s.Onboard.CreatePartner(ctx, ada, tenant.Details{Name: "Brightline Telecom", Email: w.Partner.Email, Contact: "Mara Lindqvist",
		Phone: "+442079460001", Country: "GB", TimeZone: "Europe/London", ExternalID: "BRIGHT"}, w.Partner.first())
	if err != nil {
		return w, err
	}
	mara, err := s.arrive(ctx, &w.Partner, partner.Tenant, "203.0.113.24")
	if err != nil {
		return w, err
	}
	s.on(seedDays - 3)
	w.SubPartner = newPerson("chen@lotusconnect.example")
	sub, err := s.Onboard.CreateSubPartner(ctx, mara, tenant.NewSubPartner{ParentID: partner.Tenant.ID, Details: tenant.Details{Name: "Lotus Connect",
		Email: w.SubPartner.Email, Contact: "陈海燕", Country: "CN", TimeZone: "Asia/Shanghai", Locale: "zh-CN", ExternalID: "LOTUS"}}, w.SubPartner.first())
	if err != nil {
		return w, err
	}
	chen, err := s.arrive(ctx, &w.SubPartner, sub.Tenant, "192.0.2.88")
	if err != nil {
		return w, err
	}
	for i := range seedCustomers {
		owner := mara
		if i == len(seedCustomers)-1 {
			owner = chen
		}
		s.on(seedDays - 5 - i)
		c, err := s.customer(ctx, owner, i)
		if err != nil {
			return w, err
		}
		w.Customers = append(w.Customers, c)
	}
	if err := s.sales(ctx, &w, ada, []access.Actor{mara, mara, mara, chen}); err != nil {
		return w, err
	}
	if err := s.templates(ctx, &w, ada, mara, chen); err != nil {
		return w, err
	}
	if err := s.history(ctx, &w, ada, mara); err != nil {
		return w, err
	}
	if s.plans != nil && s.fleet >= len(seedCustomers) { // a world of data alone has nobody who computes plans
		if err := s.fleetHistory(ctx, &w, mara); err != nil {
			return w, err
		}
	}
	return w, s.bills(ctx, &w, ada, mara)
}

// newPerson invents a password. It is random whatever the seed.
func newPerson(email string) WorldAccount {
	return WorldAccount{Email: email, Password: account.NewPasswordText(), supplied: account.NewPasswordText()}
}

// first supplies a password that the person must change at the first sign-in (CH-3).
func (w WorldAccount) first() onboard.First { return onboard.First{Password: secret.Hide(w.supplied)} }

// arrive lets the first administrator of a tenant change the supplied password and make a token with all its rights, from an
// address, and gives the person as an actor.
func (s *seeder) arrive(ctx context.Context, w *WorldAccount, t tenant.Tenant, ip string) (access.Actor, error) {
	w.ID = t.ID
	realm := account.RealmOf(t.Kind)
	a, err := s.Accounts.ActorOf(ctx, realm, w.Email)
	if err != nil {
		return a, err
	}
	a.IP = ip
	if err := s.Accounts.ChangePassword(ctx, a, secret.Hide(w.supplied), secret.Hide(w.Password)); err != nil {
		return a, err
	}
	if a, err = s.Accounts.ActorOf(ctx, realm, w.Email); err != nil {
		return a, err
	}
	a.IP = ip
	_, w.Token, err = s.Accounts.CreateToken(ctx, a, account.NewToken{Name: "demo"})
	return a, err
}

// customer makes a customer with its administrator, its phones' account and its share of the fleet.
func (s *seeder) customer(ctx context.Context, owner access.Actor, i int) (WorldCustomer, error) {
	in := seedCustomers[i]
	var w WorldCustomer
	w.WorldAccount = newPerson(in.email)
	made, err := s.Onboard.CreateCustomer(ctx, owner, tenant.NewCustomer{PermissionTypes: in.permissions,
		Details: tenant.Details{Name: in.name, Email: in.email, Contact: in.contact, Phone: in.phone, Country: in.country, TimeZone: in.zone,
			Locale: in.locale, ExternalID: in.external}}, w.first())
	if err != nil {
		return w, err
	}
	t := made.Tenant
	w.Name, w.Host = t.Name, t.Host
	admin, err := s.arrive(ctx, &w.WorldAccount, t, fmt.Sprintf("203.0.113.%d", 100+i))
	if err != nil {
		return w, err
	}
	w.Provisioning = WorldProvisioning{User: "phones-" + t.Host, Password: account.NewPasswordText()}
	word := secret.Hide(w.Provisioning.Password)
	if _, err := s.Devices.SetProvisioning(ctx, admin, t.ID, device.ProvisioningPatch{User: &w.Provisioning.User, Password: &word}); err != nil {
		return w, err
	}
	n := s.fleet / len(seedCustomers)
	if i < s.fleet%len(seedCustomers) {
		n++
	}
	for k := range n {
		d, err := s.Devices.Create(ctx, admin, t.ID, s.phone(i, k))
		if err != nil {
			return w, err
		}
		w.MACs = append(w.MACs, d.MAC.String())
	}
	return w, nil
}

var seedRooms = []string{"Reception", "Front-desk", "Meeting-1", "Meeting-2", "Lobby", "Warehouse", "Kitchen", "Workshop", "Ward", "Office"}

// phone invents a phone: a model of the fleet that will ask, an address of its maker's blocks, and a place.
func (s *seeder) phone(customer, n int) device.New {
	m := sim.Models[n%len(sim.Models)]
	block := fmt.Sprintf("%x", m.Prefix)
	if m.Maker == sim.Poly {
		block = []string{"64167f", "482567", "0004f2"}[s.rand.IntN(3)]
	}
	return device.New{MAC: fmt.Sprintf("%s%02x%04x", block, customer+1, n+1), Maker: string(m.Maker), Model: m.Known(),
		Name: fmt.Sprintf("%s-%02d", seedRooms[s.rand.IntN(len(seedRooms))], n+1), Description: "Floor " + fmt.Sprint(1+s.rand.IntN(5))}
}

// history is what happened since: authorisations, a frozen customer, orders, a sub account, a forgotten password.
func (s *seeder) history(ctx context.Context, w *World, ada, mara access.Actor) error {
	act := func(daysAgo int, what string, err error) error {
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		s.on(daysAgo)
		return nil
	}
	s.on(10)
	_, err := s.Tenants.RequestAuthorisation(ctx, mara, w.Customers[0].ID)
	if err := act(9, "request", err); err != nil {
		return err
	}
	edda, err := s.Accounts.ActorOf(ctx, account.CustomerRealm, w.Customers[0].Email)
	if err != nil {
		return err
	}
	edda.IP = "203.0.113.100"
	_, err = s.Tenants.Authorise(ctx, edda, w.Customers[0].ID, tenant.Authorisation{ManagerID: mara.Tenant.ID})
	if err := act(8, "authorise", err); err != nil {
		return err
	}
	_, err = s.Tenants.RequestAuthorisation(ctx, mara, w.Customers[1].ID)
	if err := act(7, "second request", err); err != nil {
		return err
	}
	_, err = s.Accounts.Invite(ctx, mara, account.Invitation{Email: "jonas@brightline.example", Name: "Jonas Beck", Roles: []access.Role{access.PartnerSubAccount},
		Functions: []access.Action{access.CustomerView, access.CustomerResetPassword, access.LogView}, Customers: []string{w.Customers[0].ID, w.Customers[1].ID}})
	if err := act(6, "sub account", err); err != nil {
		return err
	}
	_, err = s.Accounts.Invite(ctx, mara, account.Invitation{Email: "helpdesk@brightline.example", Name: "Help desk", Roles: []access.Role{access.Helpdesk}})
	if err := act(5, "help desk", err); err != nil {
		return err
	}
	order, err := s.Tenants.CreateOrder(ctx, mara, w.Customers[0].ID, tenant.NewOrder{Lines: []tenant.OrderLine{{Item: "device_licence", Quantity: 25}}, Note: "New practice in Leeds", Submit: true})
	if err := act(4, "order", err); err != nil {
		return err
	}
	_, err = s.Tenants.FulfilOrder(ctx, ada, order.ID, 0)
	if err := act(3, "fulfil", err); err != nil {
		return err
	}
	_, err = s.Tenants.Freeze(ctx, mara, w.Customers[2].ID, tenant.Freeze{Reason: "Invoice 2026-0912 is overdue"})
	if err := act(2, "freeze", err); err != nil {
		return err
	}
	name := "Edda Wren-Hale"
	_, err = s.Tenants.Edit(ctx, mara, w.Customers[0].ID, tenant.Patch{Contact: &name})
	if err := act(1, "edit", err); err != nil {
		return err
	}
	_, err = s.Tenants.Unfreeze(ctx, mara, w.Customers[2].ID)
	if err := act(1, "unfreeze", err); err != nil {
		return err
	}
	// Somebody mistyped a password this morning.
	_, err = s.Accounts.SignIn(ctx, account.SignIn{Realm: account.PartnerRealm, Email: w.Partner.Email, Password: secret.Hide("brightline-2025"), IP: "198.51.100.99"})
	if errs.KindOf(err) != errs.Unauthenticated {
		return fmt.Errorf("a wrong password was not refused: %v", err)
	}
	return nil
}
