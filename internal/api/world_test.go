package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/api"
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
	"linecard/internal/phone/yealink"
	"linecard/internal/profile"
	"linecard/internal/redirect"
	"linecard/internal/registrar"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

// world is a small tree with the API before it: an operator, partners P and Q, sub-partner S of P, customers C and D of P, CQ of
// Q and CS of S. P may manage the devices of C, not of D.
type world struct {
	tb       testing.TB
	db       *db.DB
	clock    *dbtest.Clock
	d        api.Deps
	api      *api.API
	handler  http.Handler
	operator tenant.Tenant
	p, q, s  tenant.Tenant
	c, dd    tenant.Tenant
	cq, cs   tenant.Tenant
	bare     []byte // what the bare handler of benchmarks writes
}

var system = access.SystemActor("test")

// each runs the test on both databases in a fresh world.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, newWorld(t, d, clock)) })
}

func newWorld(tb testing.TB, d *db.DB, clock *dbtest.Clock) *world {
	tb.Helper()
	w := &world{tb: tb, db: d, clock: clock}
	w.wire(0)
	w.seed()
	return w
}

// wire makes all rooms real; perSecond 0 is the API's own rate.
func (w *world) wire(perSecond int) {
	w.tb.Helper()
	dir := w.tb.TempDir()
	box, err := secret.Open(filepath.Join(dir, "key"))
	w.ok(err)
	files, err := blob.Open(context.Background(), "file://"+filepath.Join(dir, "files"))
	w.ok(err)
	quiet := slog.New(slog.DiscardHandler)
	j := journal.New(w.db, journal.Options{Box: box, Files: files, Log: quiet})
	mailer := deliver.NewMailer(w.db, deliver.MailerOptions{Box: box, Log: quiet})
	tenants := tenant.NewService(w.db, j)
	accounts := account.NewService(account.Deps{DB: w.db, Tenants: tenants, Journal: j, Mail: mailer, Box: box, Hasher: account.NewHasher(0, 0),
		Log: quiet, Remember: time.Second, Link: func(r account.Realm, path string) string { return "https://portal.example/" + string(r) + path }})
	operations := operation.NewService(operation.Deps{DB: w.db, Box: box, Log: quiet})
	profiles := profile.NewService(profile.Needs{DB: w.db, Journal: j, Tenants: tenants, Box: box, Makers: phone.Makers{poly.New()}})
	networks := network.NewService(network.Needs{DB: w.db, Journal: j, Tenants: tenants, Operations: operations})
	w.d = api.Deps{DB: w.db, Log: quiet, Tenants: tenants, Networks: networks, Profiles: profiles, Accounts: accounts, Journal: j, Mail: mailer, PerSecond: perSecond, Version: "test",
		Operations: operations,
		Webhooks: deliver.NewWebhooks(w.db, deliver.WebhookOptions{Journal: j, Box: box, Log: quiet,
			Guard: deliver.NewGuard(deliver.GuardOptions{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})}),
		Devices:  device.NewService(device.Needs{DB: w.db, Journal: j, Tenants: tenants, Networks: networks, Box: box, Makers: phone.Makers{poly.New()}, Files: files}),
		Software: firmware.NewService(firmware.Needs{DB: w.db, Files: files, Journal: j, Tenants: tenants, Operations: operations, Makers: phone.Makers{poly.New(), yealink.New()}}),
	}
	w.d.Redirect = redirect.NewService(redirect.Needs{DB: w.db, Journal: j, Tenants: tenants, Operations: operations, Box: box, Makers: phone.Makers{poly.New(), yealink.New()}, Log: quiet})
	device.Connect(w.d.Devices, profiles, w.d.Software)
	w.d.Config, err = config.New(config.Needs{DB: w.db, Devices: w.d.Devices, Profiles: profiles, Networks: networks, Software: w.d.Software, Makers: phone.Makers{poly.New()}, Box: box}, config.Options{})
	w.ok(err)
	w.d.Plans = config.NewPlans(config.PlansNeeds{Config: w.d.Config, Journal: j, Tenants: tenants, Operations: operations})
	w.d.Branding = branding.NewService(branding.Needs{DB: w.db, Journal: j, Tenants: tenants, Main: "portal.example"})
	w.d.Catalog = catalog.NewService(catalog.Needs{DB: w.db, Journal: j, Tenants: tenants})
	w.d.Subscriber = subscriber.NewService(subscriber.Needs{DB: w.db, Journal: j, Tenants: tenants, Catalog: w.d.Catalog, Accounts: accounts, Operations: operations, Box: box})
	w.d.Subscriber.Connect(w.d.Devices)
	w.d.Devices.Manage(w.d.Subscriber)
	w.d.Registrars = registrar.NewService(registrar.Needs{DB: w.db, Journal: j, Tenants: tenants, Lines: w.d.Subscriber, Box: box, Log: quiet})
	w.d.Onboard = onboard.NewService(onboard.Deps{DB: w.db, Tenants: tenants, Accounts: accounts, Mails: mailer, Journal: j, Catalog: w.d.Catalog, Operations: operations,
		Places: onboard.Subscribers(w.d.Subscriber)})
	w.d.Billing = billing.NewService(billing.Needs{DB: w.db, Box: box, Files: files, Journal: j, Tenants: tenants, Catalog: w.d.Catalog, Operations: operations, Log: quiet})
	w.use(api.New(w.d))
}

// use puts an API behind the edge.
func (w *world) use(a *api.API) {
	w.api = a
	edge := httpx.Edge{Name: "test", BodyFor: api.BodyLimits, Log: slog.New(slog.DiscardHandler)}
	if w.clock != nil {
		edge.Clock = w.clock
	}
	w.handler = edge.Wrap(a.Handler())
}

func (w *world) seed() {
	w.tb.Helper()
	ctx := context.Background()
	o, err := w.d.Onboard.CreateOperator(ctx, system, details("Uplink"), onboard.First{})
	w.ok(err)
	w.operator = o.Tenant
	partner := func(name string) tenant.Tenant {
		m, err := w.d.Onboard.CreatePartner(ctx, system, details(name), onboard.First{})
		w.ok(err)
		return m.Tenant
	}
	w.p, w.q = partner("Partner P"), partner("Partner Q")
	s, err := w.d.Onboard.CreateSubPartner(ctx, system, tenant.NewSubPartner{ParentID: w.p.ID, Details: details("Sub S")}, onboard.First{})
	w.ok(err)
	w.s = s.Tenant
	w.c, w.dd = w.customer(w.p, "Acme"), w.customer(w.p, "Globex")
	w.cq, w.cs = w.customer(w.q, "Acme"), w.customer(w.s, "Hooli")
	_, err = w.d.Tenants.Authorise(ctx, system, w.c.ID, tenant.Authorisation{ManagerID: w.p.ID})
	w.ok(err)
	w.ok(w.d.Tenants.PutItem(ctx, system, tenant.Item{Code: "device", Name: "Device licence", Active: true}))
}

func (w *world) customer(owner tenant.Tenant, name string) tenant.Tenant {
	w.tb.Helper()
	m, err := w.d.Onboard.CreateCustomer(context.Background(), system, tenant.NewCustomer{OwnerID: owner.ID, Details: details(name),
		PermissionTypes: []string{tenant.DMP, tenant.RPS}}, onboard.First{})
	w.ok(err)
	return m.Tenant
}

func (w *world) ok(err error) {
	w.tb.Helper()
	if err != nil {
		w.tb.Fatal(err)
	}
}

var serial atomic.Int64

// mail is an address that no other call has given.
func mail() string { return "m" + strconv.FormatInt(serial.Add(1), 10) + "@example.test" }

func details(name string) tenant.Details {
	return tenant.Details{Name: name, Email: mail(), Contact: "Ann Lee"}
}

// account makes a person of a tenant with these roles.
func (w *world) account(t tenant.Tenant, in account.Invitation) account.Account {
	w.tb.Helper()
	in.TenantID, in.Email, in.Name = t.ID, mail(), "Pat of "+t.Name
	acc, err := w.d.Accounts.Invite(context.Background(), system, in)
	w.ok(err)
	return acc
}

// token makes a bearer token of the account with all its rights, or with some.
func (w *world) token(t tenant.Tenant, acc account.Account, limits ...access.Action) string {
	w.tb.Helper()
	maker := access.Actor{ID: acc.ID, Account: acc.ID, Kind: access.System, Email: acc.Email, Tenant: t.Access()}
	_, plain, err := w.d.Accounts.CreateToken(context.Background(), maker, account.NewToken{Name: "test", Limits: limits})
	w.ok(err)
	return plain
}

// as gives a token of a new account of the tenant with these roles.
func (w *world) as(t tenant.Tenant, roles ...access.Role) string {
	w.tb.Helper()
	return w.token(t, w.account(t, account.Invitation{Roles: roles}))
}

func (w *world) root() string { w.tb.Helper(); return w.as(w.operator, access.OperatorAdmin) }

func (w *world) full() string {
	w.tb.Helper()
	return w.as(w.p, access.PartnerFullAdmin, access.PartnerWholesaleAdmin)
}

// reply is an answer of the API.
type reply struct {
	*httptest.ResponseRecorder
	tb testing.TB
}

// request is one call; JSON bodies are marshalled, strings and bytes are sent as they are.
type request struct {
	method, path, token string
	body                any
	header              map[string]string
}

func (w *world) do(in request) reply {
	w.tb.Helper()
	var body io.Reader
	switch b := in.body.(type) {
	case nil:
	case string:
		body = strings.NewReader(b)
	case []byte:
		body = bytes.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		w.ok(err)
		body = bytes.NewReader(raw)
	}
	path := in.path
	if !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/oauth2") && !strings.HasPrefix(path, "/v1/") && !strings.HasPrefix(path, "/scim/") {
		path = api.Prefix + path
	}
	r := httptest.NewRequest(in.method, path, body)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if in.token != "" {
		r.Header.Set("Authorization", "Bearer "+in.token)
	}
	for k, v := range in.header {
		r.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	out := reply{rec, w.tb}
	w.inspect(in, out)
	return out
}

func (w *world) get(token, path string) reply {
	w.tb.Helper()
	return w.do(request{method: "GET", path: path, token: token})
}

func (w *world) post(token, path string, body any) reply {
	w.tb.Helper()
	return w.do(request{method: "POST", path: path, token: token, body: body})
}

func (w *world) patch(token, path string, body any) reply {
	w.tb.Helper()
	return w.do(request{method: "PATCH", path: path, token: token, body: body})
}

// inspect holds every answer of every test against the promises that all of them keep: a request id, problem documents, only
// codes that the document names, and not a word from inside.
func (w *world) inspect(in request, r reply) {
	w.tb.Helper()
	if r.Header().Get("X-Request-Id") == "" {
		w.tb.Errorf("%s %s: no X-Request-Id", in.method, in.path)
	}
	path, _, _ := strings.Cut(in.path, "?")
	if strings.HasPrefix(path, "/oauth2") || strings.HasPrefix(path, "/v1/") || r.Code < 400 {
		return
	}
	for _, word := range []string{"sql", "SQL", "goroutine", "tenant_tenants", "account_accounts", "constraint", "pgconn", "pgx", "huma", ".go:", "json:", "unmarshal"} {
		if strings.Contains(bare(r), word) {
			w.tb.Errorf("%s %s answers with a word from inside, %q: %s", in.method, in.path, word, r.Body)
		}
	}
	if got := r.Header().Get("Content-Type"); got != "application/problem+json" {
		w.tb.Errorf("%s %s: an error of type %q", in.method, in.path, got)
	}
	var p problem
	r.into(&p)
	if p.Status != r.Code || p.Code == "" || p.Title == "" || p.RequestID != r.Header().Get("X-Request-Id") {
		w.tb.Errorf("%s %s: %d with problem %+v", in.method, in.path, r.Code, p)
	}
	if op := w.operationAt(in.method, path); op != nil && !slices.Contains(api.Documented(*op), strconv.Itoa(r.Code)+" "+p.Code) {
		w.tb.Errorf("%s %s: %s answers %d %s, which its description does not name", in.method, in.path, op.ID, r.Code, p.Code)
	}
}

// operationAt finds the operation of a path, nil when there is none.
func (w *world) operationAt(method, path string) *api.Op {
	path = strings.TrimPrefix(path, api.Prefix)
	for _, op := range w.api.Operations() {
		if op.Method != method {
			continue
		}
		want, have := strings.Split(op.Path, "/"), strings.Split(path, "/")
		if len(want) == len(have) && !slices.ContainsFunc(want, func(string) bool { return false }) {
			same := true
			for i := range want {
				same = same && (want[i] == have[i] || strings.HasPrefix(want[i], "{"))
			}
			if same {
				return &op
			}
		}
	}
	return nil
}

// problem is an error body as programs read it.
type problem struct {
	Type, Title, Detail, Code string
	Status                    int
	RequestID                 string `json:"request_id"`
	Errors                    []struct{ Field, Code, Message string }
}

func (r reply) into(v any) {
	r.tb.Helper()
	if err := json.Unmarshal(r.Body.Bytes(), v); err != nil {
		r.tb.Fatalf("%d %q is not JSON: %v", r.Code, r.Body, err)
	}
}

// status expects this status and gives the reply back.
func (r reply) status(want int) reply {
	r.tb.Helper()
	if r.Code != want {
		r.tb.Fatalf("status %d, want %d: %s", r.Code, want, r.Body)
	}
	return r
}

// refused expects a status and a code.
func (r reply) refused(status int, code string) problem {
	r.tb.Helper()
	var p problem
	r.status(status).into(&p)
	if p.Code != code {
		r.tb.Fatalf("code %q, want %q: %s", p.Code, code, r.Body)
	}
	return p
}

// object gives the answer as a map.
func (r reply) object() map[string]any {
	r.tb.Helper()
	var m map[string]any
	r.into(&m)
	return m
}

// faulty expects exactly these field faults, each as "field code".
func (r reply) faulty(want ...string) {
	r.tb.Helper()
	p := r.refused(http.StatusBadRequest, "invalid_fields")
	var have []string
	for _, f := range p.Errors {
		have = append(have, f.Field+" "+f.Code)
		if f.Message == "" {
			r.tb.Errorf("fault of %s without a sentence", f.Field)
		}
	}
	slices.Sort(have)
	slices.Sort(want)
	if !slices.Equal(have, want) {
		r.tb.Errorf("faults %q, want %q", have, want)
	}
}

func newCustomer(name string) map[string]any {
	return map[string]any{"name": name, "email": mail(), "contact": "Ann Lee", "permission_types": []string{"DMP"}}
}
