// Package portaltest starts the whole portal on a small world of tenants, for tests of pages: one operator, one partner with a
// sub-partner and a customer each, everybody with a password that need not be changed.
//
// It must not be imported by anything but tests.
package portaltest

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/billing"
	"linecard/internal/blob"
	"linecard/internal/branding"
	"linecard/internal/catalog"
	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/device"
	"linecard/internal/firmware"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/network"
	"linecard/internal/onboard"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/phone/poly"
	"linecard/internal/portal"
	"linecard/internal/profile"
	"linecard/internal/queue"
	"linecard/internal/registrar"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// Password is everybody's.
const Password = "correct horse battery"

// Person is the first administrator of a tenant.
type Person struct {
	Tenant  tenant.Tenant
	Account account.Account
	Realm   account.Realm
	Email   string
}

// World is the portal with people in it.
type World struct {
	portal.Deps
	Clock      *dbtest.Clock
	URL        string // of the portal
	Operator   Person
	Partner    Person
	SubPartner Person
	Customer   Person // of the partner
	SubCust    Person // of the sub-partner

	t     *testing.T
	mu    sync.Mutex
	links []string
	move  string
}

// System is Linecard itself.
var System = access.SystemActor("test")

// Option changes what the portal is made of before it starts.
type Option func(*portal.Deps)

// Each runs the test on both databases, each time in a world of its own.
func Each(t *testing.T, test func(t *testing.T, w *World), options ...Option) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, populated(t, d, clock, options)) })
}

// Start gives a world on SQLite, for tests in a browser.
func Start(t *testing.T, options ...Option) *World {
	t.Helper()
	clock := dbtest.NewClock()
	return populated(t, dbtest.Open(t, dbtest.SQLiteURL(t), clock), clock, options)
}

// Empty gives a portal before the first start: there is not even an operator.
func Empty(t *testing.T, options ...Option) *World {
	t.Helper()
	clock := dbtest.NewClock()
	return start(t, dbtest.Open(t, dbtest.SQLiteURL(t), clock), clock, options)
}

func populated(t *testing.T, d *db.DB, clock *dbtest.Clock, options []Option) *World {
	t.Helper()
	w := start(t, d, clock, options)
	w.Operator = w.first(w.Onboard.CreateOperator(t.Context(), System, details("Uplink", "ada@uplink.example", "Ada Byron"), First))
	w.Partner = w.first(w.Onboard.CreatePartner(t.Context(), System, details("Brightline Telecom", "mara@brightline.example", "Mara Lindqvist"), First))
	w.SubPartner = w.first(w.Onboard.CreateSubPartner(t.Context(), System,
		tenant.NewSubPartner{ParentID: w.Partner.Tenant.ID, Details: details("Lotus Connect", "chen@lotus.example", "陈海燕")}, First))
	w.Customer = w.AddCustomer(w.Partner, "Harbour Dental Group", "priya@harbour.example")
	w.SubCust = w.AddCustomer(w.SubPartner, "青禾教育科技", "li@qinghe.example")
	return w
}

// First supplies the password that everybody keeps.
var First = onboard.First{Password: secret.Hide(Password), Keep: true}

func details(name, email, contact string) tenant.Details {
	return tenant.Details{Name: name, Email: email, Contact: contact, Country: "GB"}
}

// AddCustomer makes a customer of a partner or sub-partner with both permission types.
func (w *World) AddCustomer(owner Person, name, email string) Person {
	w.t.Helper()
	return w.first(w.Onboard.CreateCustomer(w.t.Context(), System, tenant.NewCustomer{OwnerID: owner.Tenant.ID, Details: details(name, email, "Priya Raman"),
		PermissionTypes: []string{tenant.DMP, tenant.RPS}}, First))
}

func (w *World) first(m onboard.Made, err error) Person {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	return Person{Tenant: m.Tenant, Account: m.Admin, Realm: account.RealmOf(m.Tenant.Kind), Email: m.Admin.Email}
}

// Actor gives a person as the services see it.
func (w *World) Actor(p Person) access.Actor {
	w.t.Helper()
	a, err := w.Accounts.ActorOf(w.t.Context(), p.Realm, p.Email)
	if err != nil {
		w.t.Fatal(err)
	}
	return a
}

func start(t *testing.T, d *db.DB, clock *dbtest.Clock, options []Option) *World {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	box, err := secret.Open(filepath.Join(t.TempDir(), "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	j := journal.New(d, journal.Options{Box: box, Log: log})
	tenants := tenant.NewService(d, j)
	server := httptest.NewUnstartedServer(nil)
	looks := branding.NewService(branding.Needs{DB: d, Journal: j, Tenants: tenants, Main: server.Listener.Addr().String()})
	mail := deliver.NewMailer(d, deliver.MailerOptions{Box: box, Sender: deliver.Outbox{}, Log: log, Dress: looks.Letterhead("http://" + server.Listener.Addr().String())})
	w := &World{t: t, Clock: clock, URL: "http://" + server.Listener.Addr().String()}
	accounts := account.NewService(account.Deps{DB: d, Tenants: tenants, Journal: j, Mail: mail, Box: box, Hasher: account.NewHasher(0, 0), Log: log,
		Link: w.link})
	operations := operation.NewService(operation.Deps{DB: d, Box: box, Log: log})
	makers := phone.Makers{poly.New()}
	networks := network.NewService(network.Needs{DB: d, Journal: j, Tenants: tenants, Operations: operations})
	profiles := profile.NewService(profile.Needs{DB: d, Journal: j, Tenants: tenants, Box: box, Makers: makers})
	files, err := blob.Open(t.Context(), "file://"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	software := firmware.NewService(firmware.Needs{DB: d, Files: files, Journal: j, Tenants: tenants, Operations: operations, Makers: makers, Log: log})
	devices := device.NewService(device.Needs{DB: d, Journal: j, Tenants: tenants, Networks: networks, Box: box, Makers: makers, Files: files, Operations: operations})
	device.Connect(devices, profiles, software)
	settings, err := config.New(config.Needs{DB: d, Devices: devices, Profiles: profiles, Networks: networks, Software: software, Makers: makers, Box: box,
		Address: func(host string) string { return "https://phones.example/p/" + host }}, config.Options{})
	if err != nil {
		t.Fatal(err)
	}
	plans := config.NewPlans(config.PlansNeeds{Config: settings, Journal: j, Tenants: tenants, Operations: operations})
	offer := catalog.NewService(catalog.Needs{DB: d, Journal: j, Tenants: tenants})
	people := subscriber.NewService(subscriber.Needs{DB: d, Journal: j, Tenants: tenants, Catalog: offer, Accounts: accounts, Operations: operations, Box: box,
		Post: mail, Link: func(path string) string { return w.link(account.CustomerRealm, path) }})
	people.Connect(devices)
	devices.Manage(people)
	bills := billing.NewService(billing.Needs{DB: d, Box: box, Files: files, Journal: j, Tenants: tenants, Catalog: offer, Operations: operations, Log: log})
	onboarding := onboard.NewService(onboard.Deps{DB: d, Tenants: tenants, Accounts: accounts, Journal: j, Catalog: offer, Operations: operations, Places: onboard.Subscribers(people)})
	w.Deps = portal.Deps{DB: d, Log: log, Tenants: tenants, Accounts: accounts, Journal: j, Mail: mail, PublicURL: w.URL, Version: "test",
		Operations: operations, Networks: networks, Profiles: profiles, Devices: devices, Config: settings, Plans: plans,
		Webhooks: deliver.NewWebhooks(d, deliver.WebhookOptions{Journal: j, Box: box, Guard: deliver.NewGuard(deliver.GuardOptions{}), Log: log}),
		Onboard:  onboarding, Catalog: offer, Subscriber: people, Billing: bills, Software: software,
		Registrars: registrar.NewService(registrar.Needs{DB: d, Journal: j, Tenants: tenants, Lines: people, Box: box, Guard: deliver.NewGuard(deliver.GuardOptions{}), Log: log}),
		// A page in a browser and its pictures are many requests of one address.
		SignInsPerMinute: 6000,
	}
	w.Deps.Branding = looks
	w.work(j.Register, accounts.Register, mail.Register, devices.Register, plans.Register, people.Register, onboarding.Register, bills.Register)
	for _, o := range options {
		o(&w.Deps)
	}
	h, err := portal.New(w.Deps)
	if err != nil {
		t.Fatal(err)
	}
	server.Config.Handler = httpx.Edge{Name: "portal", Clock: clock, Log: log, BodyFor: portal.BodyLimits, Trust: httpx.Trust{Proxies: httpx.Loopback}}.Wrap(h)
	server.Start()
	t.Cleanup(func() {
		server.CloseClientConnections() // pages that listen for changes
		server.Close()
	})
	return w
}

// work runs the jobs of these rooms until the test ends: letters are written behind the answer.
func (w *World) work(register ...func(*queue.Queue)) {
	w.t.Helper()
	q := queue.New(w.DB, queue.Options{Node: "test", Log: w.Log, Alone: w.DB.Embedded(), Poll: 50 * time.Millisecond})
	for _, r := range register {
		r(q)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(w.t.Context()))
	ended := make(chan error, 1)
	go func() { ended <- q.Run(ctx) }()
	w.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			w.t.Error(err)
		}
	})
}

func (w *World) link(_ account.Realm, path string) string {
	if strings.HasPrefix(path, "/link/") {
		w.mu.Lock()
		w.links = append(w.links, path)
		w.mu.Unlock()
	}
	if strings.HasPrefix(path, subscriber.MovePath) {
		w.mu.Lock()
		w.move = path
		w.mu.Unlock()
	}
	return w.URL + path
}

// LastMove gives the path of the newest link by which somebody was asked to move to another organisation; "" when nobody was.
func (w *World) LastMove() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.move
}

// LastLink gives the path of the newest one-time link that was mailed; "" when there was none.
func (w *World) LastLink() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.links) == 0 {
		return ""
	}
	return w.links[len(w.links)-1]
}

// AwaitLink gives that path once the link can be followed: letters are written behind the answer.
func (w *World) AwaitLink() string {
	w.t.Helper()
	var path string
	dbtest.Eventually(w.t, "a link that opens", func() bool {
		path = w.LastLink()
		_, err := w.Accounts.OpenLink(w.t.Context(), strings.TrimPrefix(path, "/link/"))
		return err == nil
	})
	return path
}

// Captcha gives the answer of a puzzle, as only its store knows it.
func (w *World) Captcha(id string) string {
	w.t.Helper()
	c, err := w.Accounts.Captcha(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return c.Answer
}
