package registrar_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"log/slog"
	"net/netip"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/queue"
	"linecard/internal/registrar"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

var (
	ctx    = context.Background()
	system = catalogtest.System
)

const domain = "sip.example.net"

// world is catalogtest's tree (customers A and B of P, C of its sub-partner S, D of Q) with lines and a registrar of the test.
type world struct {
	*catalogtest.World
	t   *testing.T
	box *secret.Box
	key string
	log *slog.Logger
	sub *subscriber.Service
	r   *registrar.Service
	q   *queue.Queue
	sip *fake
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, newWorld(t, d, clock, true)) })
}

func newWorld(t *testing.T, d *db.DB, clock *dbtest.Clock, faked bool) *world {
	t.Helper()
	w := &world{World: catalogtest.New(t, d, clock), t: t, key: filepath.Join(t.TempDir(), "key"), log: slog.New(slog.DiscardHandler)}
	w.sip = &fake{clock: clock, realm: domain, accounts: map[string]account{}, contacts: map[string]registrar.Contact{}, waking: map[string]func(){}}
	var err error
	w.box, err = secret.Open(w.key)
	w.OK(err)
	ops := operation.NewService(operation.Deps{DB: d, Box: w.box, Log: w.log})
	w.sub = subscriber.NewService(subscriber.Needs{DB: d, Journal: w.Journal, Tenants: w.Tenants, Catalog: w.Catalog, Operations: ops, Box: w.box})
	n := registrar.Needs{DB: d, Journal: w.Journal, Tenants: w.Tenants, Lines: w.sub, Box: w.box, Log: w.log,
		Guard: deliver.NewGuard(deliver.GuardOptions{Plain: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})}
	if faked {
		n.Dial = func(_ context.Context, v registrar.Platform) (registrar.Connector, error) {
			if v.Kind == registrar.FreeSWITCH {
				return nil, errors.New("not faked")
			}
			return w.sip.dial(v)
		}
	}
	w.r = registrar.NewService(n)
	w.q = queue.New(d, queue.Options{Log: w.log})
	w.r.Register(w.q)
	for _, c := range []tenant.Tenant{w.A, w.B, w.C, w.D} {
		w.OK(d.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
			return w.Catalog.SetCustomerPackages(ctx, tx, system, c, []catalog.PackageLimit{{Code: "calling"}})
		}))
		name, zone, language := "HQ", "Europe/Berlin", "de-DE"
		_, err := w.sub.CreateLocation(ctx, system, c.ID, subscriber.LocationPatch{Name: &name, TimeZone: &zone, Language: &language,
			Address: &subscriber.Address{Line1: "Unter den Linden 1", City: "Berlin", PostalCode: "10117", Country: "DE"}})
		w.OK(err)
		_, _, err = w.sub.SetCalling(ctx, system, c.ID, subscriber.Calling{Realm: domain, Registrars: []phone.Server{{Host: "10.0.0.1", Port: 5060}}}, 0)
		w.OK(err)
	}
	return w
}

// work does what is due.
func (w *world) work() {
	w.t.Helper()
	_, err := w.q.Drain(ctx)
	w.OK(err)
}

// later moves the clock and does what is due then.
func (w *world) later(d time.Duration) {
	w.t.Helper()
	w.Clock.Advance(d)
	w.work()
}

func person(t tenant.Tenant, roles ...access.Role) access.Actor {
	return access.Actor{ID: "u-" + t.ID, Account: "u-" + t.ID, Kind: access.Person, Name: "Pat of " + t.Name, Tenant: t.Access(), Roles: roles}
}

func admin(t tenant.Tenant) access.Actor {
	switch t.Kind {
	case access.Operator:
		return person(t, access.OperatorAdmin)
	case access.Customer:
		return person(t, access.CustomerFullAdmin)
	}
	return person(t, access.PartnerFullAdmin)
}

func text(s string) *string { return &s }

func hide(s string) *secret.String {
	v := secret.Hide(s)
	return &v
}

func kamailioPatch() registrar.Patch {
	return registrar.Patch{Name: text("Voice"), Domain: text(domain), DatabaseURL: hide("postgres://k:word@192.0.2.9/kamailio"), Address: text("http://127.0.0.1:5060/RPC")}
}

func (w *world) platform(t tenant.Tenant) registrar.Platform {
	w.t.Helper()
	v, err := w.r.Create(ctx, admin(t), registrar.Kamailio, kamailioPatch())
	w.OK(err)
	return v
}

func (w *world) user(t tenant.Tenant, n int) subscriber.User {
	w.t.Helper()
	u, err := w.sub.CreateUser(ctx, system, t.ID, subscriber.NewUser{Email: "u" + strconv.Itoa(n) + "@" + t.ID + ".test", FirstName: "Ann <&>", LastName: "Lee", Package: "calling",
		Extension: strconv.Itoa(1000 + n)})
	w.OK(err)
	return u
}

func (w *world) line(t tenant.Tenant, u subscriber.User) subscriber.Line {
	w.t.Helper()
	all, _, err := w.sub.Lines(ctx, system, t.ID, subscriber.LineQuery{HolderID: u.ID, Page: db.Page{}})
	w.OK(err)
	if len(all) != 1 {
		w.t.Fatalf("%d lines", len(all))
	}
	return all[0]
}

func (w *world) status(t tenant.Tenant, id string) registrar.Status {
	w.t.Helper()
	st, err := w.r.Status(ctx, system, t.ID, id)
	w.OK(err)
	return st
}

// file gives what a phone with this line gets now.
func (w *world) file(t tenant.Tenant, id string) (name, word string) {
	w.t.Helper()
	_, name, s, err := w.sub.RevealLine(ctx, system, t.ID, id)
	w.OK(err)
	return name, s.Reveal()
}

func (w *world) events(kind string) int {
	w.t.Helper()
	var n int
	w.OK(w.DB.Get(ctx, &n, `SELECT COUNT(*) FROM journal_entries WHERE type = $1`, kind))
	return n
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || errs.CodeOf(err) != want {
		t.Errorf("%v instead of %s", err, want)
	}
}

// fake is a registrar that checks digests for real: what it is told are hashes alone, and phones answer a challenge.
type fake struct {
	mu       sync.Mutex
	clock    *dbtest.Clock
	realm    string
	accounts map[string]account // by name
	contacts map[string]registrar.Contact
	waking   map[string]func() // what a NOTIFY to a user does
	away     error
	refused  int
	dials    int
	notified int
	domains  []string
}

type account struct{ user, ha1 string }

func md(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// register is a REGISTER with digest authentication (RFC 2617 with qop).
func (f *fake) register(phone, user, name, password string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	nonce, ha2 := md(strconv.Itoa(len(f.contacts))+f.clock.Now().String()), md("REGISTER:sip:"+f.realm)
	answer := md(md(name+":"+f.realm+":"+password) + ":" + nonce + ":00000001:c:auth:" + ha2)
	a, known := f.accounts[name]
	if !known || a.user != user || md(a.ha1+":"+nonce+":00000001:c:auth:"+ha2) != answer {
		f.refused++
		return false
	}
	now := f.clock.Now()
	f.contacts[phone+"/"+user] = registrar.Contact{RemoteID: phone + "/" + user, User: user, AuthID: name, Phone: phone, Address: "192.0.2.7:5060", UserAgent: "Yealink T54W", Registered: now, Until: now.Add(time.Hour)}
	return true
}

func (f *fake) dial(v registrar.Platform) (registrar.Connector, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dials++
	f.domains = append(f.domains, v.Domain)
	return f, f.away
}

func (f *fake) set(away error) { f.mu.Lock(); defer f.mu.Unlock(); f.away = away }

func (f *fake) names(user string) (n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, a := range f.accounts {
		if a.user == user {
			n++
		}
	}
	return n
}

func (f *fake) drop(user string) {
	for name, a := range f.accounts {
		if a.user == user {
			delete(f.accounts, name)
		}
	}
}

func (f *fake) Publish(_ context.Context, all []registrar.User) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away != nil {
		return f.away
	}
	for _, u := range all {
		f.drop(u.Name)
		for _, a := range u.Accounts {
			f.accounts[a.AuthID] = account{u.Name, a.HA1}
		}
	}
	return nil
}

func (f *fake) Remove(_ context.Context, names []string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, n := range names {
		f.drop(n)
	}
	return f.away
}

func (f *fake) Differs(_ context.Context, all []registrar.User) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, u := range all {
		n := 0
		for _, a := range f.accounts {
			if a.user == u.Name {
				n++
			}
		}
		same := n == len(u.Accounts)
		for _, a := range u.Accounts {
			same = same && f.accounts[a.AuthID] == account{u.Name, a.HA1}
		}
		if !same {
			out = append(out, u.Name)
		}
	}
	return out, f.away
}

func (f *fake) Count(context.Context) (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	users := map[string]bool{}
	for _, a := range f.accounts {
		users[a.user] = true
	}
	return int64(len(users)), nil
}

func (f *fake) Registrations(_ context.Context, since time.Time, fn func(registrar.Contact) error) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.contacts {
		if c.Registered.Before(since) {
			continue
		}
		if err := fn(c); err != nil {
			return err
		}
	}
	return nil
}

func (f *fake) Notify(_ context.Context, user string) (int, error) {
	f.mu.Lock()
	f.notified++
	wake := f.waking[user]
	f.mu.Unlock()
	if wake != nil {
		wake()
	}
	return 1, nil
}

func (f *fake) Close() {}
