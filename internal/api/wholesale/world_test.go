package wholesale_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/api/wholesale"
	"linecard/internal/billing"
	"linecard/internal/blob"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/httpx"
	"linecard/internal/onboard"
	"linecard/internal/operation"
	"linecard/internal/queue"
	"linecard/internal/secret"
	"linecard/internal/subscriber"
	"linecard/internal/tenant"
)

const public = "https://uc.example"

var ctx = context.Background()

// world is the tree of catalogtest with the API before it. Every request that goes well, and every answer, is held against the public
// description.
type world struct {
	*catalogtest.World
	t        testing.TB
	d        wholesale.Deps
	handler  http.Handler
	contract *contract
	queue    *queue.Queue
	seen     map[string]bool // operations that were answered with success
	letters  []deliver.Letter
}

// Mail notes the letters of the room of subscribers whose transaction has committed.
func (w *world) Mail(_ context.Context, tx *db.Tx, l deliver.Letter) (string, error) {
	tx.AfterCommit(func() { w.letters = append(w.letters, l) })
	return db.NewID(), nil
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, newWorld(t, d, clock)) })
}

func newWorld(t testing.TB, d *db.DB, clock *dbtest.Clock) *world {
	t.Helper()
	w := &world{World: catalogtest.New(t, d, clock), t: t, contract: loadContract(t), seen: map[string]bool{}}
	quiet := slog.New(slog.DiscardHandler)
	dir := t.TempDir()
	box, err := secret.Open(filepath.Join(dir, "key"))
	w.OK(err)
	files, err := blob.Open(ctx, "file://"+filepath.Join(dir, "files"))
	w.OK(err)
	mailer := deliver.NewMailer(d, deliver.MailerOptions{Box: box, Log: quiet})
	accounts := account.NewService(account.Deps{DB: d, Tenants: w.Tenants, Journal: w.Journal, Mail: mailer, Box: box, Hasher: account.NewHasher(0, 0), Log: quiet,
		Scopes: wholesale.Scopes, Link: func(account.Realm, string) string { return public }})
	ops := operation.NewService(operation.Deps{DB: d, Box: box, Log: quiet})
	users := subscriber.NewService(subscriber.Needs{DB: d, Journal: w.Journal, Tenants: w.Tenants, Catalog: w.Catalog, Accounts: accounts, Operations: ops, Box: box, Post: w, Link: func(path string) string { return public + path }})
	onboarding := onboard.NewService(onboard.Deps{DB: d, Tenants: w.Tenants, Accounts: accounts, Mails: mailer, Journal: w.Journal, Catalog: w.Catalog, Operations: ops,
		Places: onboard.Subscribers(users)})
	reports := billing.NewService(billing.Needs{DB: d, Box: box, Files: files, Journal: w.Journal, Tenants: w.Tenants, Catalog: w.Catalog, Operations: ops, Log: quiet})
	w.queue = queue.New(d, queue.Options{Node: "test", Log: quiet, Alone: d.Embedded()})
	onboarding.Register(w.queue)
	users.Register(w.queue)
	reports.Register(w.queue)
	w.d = wholesale.Deps{DB: d, Tenants: w.Tenants, Accounts: accounts, Journal: w.Journal, Operations: ops, Catalog: w.Catalog, Onboard: onboarding, Subscribers: users,
		Billing: reports, Log: quiet, PublicURL: public}
	w.use(wholesale.New(w.d))
	return w
}

// use puts an API behind the edge of a listener.
func (w *world) use(a *wholesale.API) {
	edge := httpx.Edge{Name: "test", BodyFor: wholesale.BodyLimits, Log: slog.New(slog.DiscardHandler), Clock: w.Clock}
	w.handler = edge.Wrap(a.Handler())
}

// drain does all jobs that are due.
func (w *world) drain() {
	w.t.Helper()
	_, err := w.queue.Drain(ctx)
	w.OK(err)
}

// token makes a bearer token of a new account of the tenant.
func (w *world) token(t tenant.Tenant, limits []access.Action, roles ...access.Role) string {
	w.t.Helper()
	acc := w.account(t, roles...)
	maker := access.Actor{ID: acc.ID, Account: acc.ID, Kind: access.System, Email: acc.Email, Tenant: t.Access()}
	_, plain, err := w.d.Accounts.CreateToken(ctx, maker, account.NewToken{Name: "test", Limits: limits})
	w.OK(err)
	return plain
}

func (w *world) account(t tenant.Tenant, roles ...access.Role) account.Account {
	w.t.Helper()
	acc, err := w.d.Accounts.Invite(ctx, catalogtest.System, account.Invitation{TenantID: t.ID, Email: mail(), Name: "Pat", Roles: roles})
	w.OK(err)
	return acc
}

// full gives a token with all rights at a provider.
func (w *world) full(t tenant.Tenant) string {
	w.t.Helper()
	return w.token(t, nil, access.PartnerFullAdmin, access.PartnerWholesaleAdmin)
}

// template makes an onboarding template of a provider and gives its provisioning id.
func (w *world) template(t tenant.Tenant) string {
	w.t.Helper()
	name, region, active := "Carrier of "+t.Name+serial(), "EURO", onboard.CarrierActive
	c, err := w.d.Onboard.AddCarrier(ctx, catalogtest.System, onboard.CarrierPatch{Name: &name, Region: &region, State: &active})
	w.OK(err)
	m, err := w.d.Onboard.CreateTemplate(ctx, catalogtest.System, onboard.NewTemplate{OwnerID: t.ID, Name: "Template " + serial(), Country: "DE",
		Admin: w.account(t, access.PartnerFullAdmin).ID, CarrierID: c.ID})
	w.OK(err)
	return m.ProvisioningID
}

var counter atomic.Int64

func serial() string { return strconv.FormatInt(counter.Add(1), 10) }

func mail() string { return "w" + serial() + "@example.test" }

// body is a JSON object.
type body = map[string]any

func address() body {
	return body{"addressLine1": "Hauptstr. 1", "city": "Berlin", "zipOrPostalCode": "10115", "country": "DE"}
}

// customer is a minimal body for a customer with calling.
func customer(template, external string) body {
	return body{"provisioningId": template, "packages": []string{"webex_calling", "webex_meetings"}, "externalId": external, "address": address(),
		"customerInfo": body{"name": "Acme " + external, "primaryEmail": mail()},
		"provisioningParameters": body{"calling": body{"location": body{"name": "Head office", "address": address(), "timezone": "Europe/Berlin", "language": "de_de"}},
			"meetings": body{"timezone": "Europe/Berlin"}}}
}

// provisioned makes a customer and waits until it is there; what comes back is its id as clients see it.
func (w *world) provisioned(token, template, query string) string {
	w.t.Helper()
	r := w.post(token, "/wholesale/customers"+query, customer(template, "ext-"+serial())).status(202)
	w.drain()
	at := strings.TrimPrefix(r.Header().Get("Location"), public+"/v1")
	got := w.get(token, at).status(200).object()
	if got["status"] != "provisioned" {
		w.t.Fatalf("the customer is %v", got)
	}
	return got["id"].(string)
}

func person(customer, extension string) body {
	return body{"customerId": customer, "email": mail(), "packages": []string{"webex_calling"},
		"provisioningParameters": body{"firstName": "Ann", "lastName": "Lee", "extension": extension}}
}

// request is one call. Loose ones are sent as clients send them although the description has them otherwise.
type request struct {
	method, path, token string
	body                any
	header              map[string]string
	loose               bool
}

// reply is an answer.
type reply struct {
	*httptest.ResponseRecorder
	tb testing.TB
}

func (w *world) get(token, path string) reply {
	w.t.Helper()
	return w.do(request{method: "GET", path: path, token: token})
}

func (w *world) post(token, path string, body any) reply {
	w.t.Helper()
	return w.do(request{method: "POST", path: path, token: token, body: body})
}

func (w *world) put(token, path string, body any) reply {
	w.t.Helper()
	return w.do(request{method: "PUT", path: path, token: token, body: body})
}

func (w *world) delete(token, path string) reply {
	w.t.Helper()
	return w.do(request{method: "DELETE", path: path, token: token})
}

func (w *world) do(in request) reply {
	w.t.Helper()
	var raw []byte
	switch b := in.body.(type) {
	case nil:
	case string:
		raw = []byte(b)
	default:
		var err error
		raw, err = json.Marshal(b)
		w.OK(err)
	}
	var rd io.Reader
	if raw != nil {
		rd = bytes.NewReader(raw)
	}
	r := httptest.NewRequest(in.method, "/v1"+in.path, rd)
	if in.token != "" {
		r.Header.Set("Authorization", "Bearer "+in.token)
	}
	if raw != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range in.header {
		r.Header.Set(k, v)
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	w.inspect(in, r.URL, raw, rec)
	return reply{rec, w.t}
}

// inspect is the contract test: it looks at every request and answer of every test of this package.
func (w *world) inspect(in request, u *url.URL, raw []byte, rec *httptest.ResponseRecorder) {
	w.t.Helper()
	for _, word := range []string{"sql", "SELECT", "goroutine", "tenant_tenants", "onboard_", "subscriber_", "constraint", "pgx", ".go:", "json:"} {
		if strings.Contains(strings.ReplaceAll(rec.Body.String(), "tempDownloadURL", ""), word) && rec.Code >= 400 {
			w.t.Errorf("%s %s answers with a word from inside, %q: %s", in.method, in.path, word, rec.Body)
		}
	}
	op, path, known := w.contract.at(in.method, strings.TrimPrefix(u.Path, "/v1"))
	if !known {
		if rec.Code != 404 && rec.Code != 405 {
			w.t.Errorf("%s %s is not described and answers %d", in.method, in.path, rec.Code)
		}
		return
	}
	for _, f := range w.contract.answer(op, rec.Code, rec.Header(), rec.Body.Bytes()) {
		w.t.Errorf("%s %s: %d %s: %s", in.method, in.path, rec.Code, f, rec.Body)
	}
	if rec.Code < 300 {
		w.seen[in.method+" "+path] = true
		if !in.loose {
			for _, f := range w.contract.request(op, u.Query(), raw) {
				w.t.Errorf("%s %s was sent with %s: %s", in.method, in.path, f, raw)
			}
		}
	}
}

func (r reply) status(want int) reply {
	r.tb.Helper()
	if r.Code != want {
		r.tb.Fatalf("status %d, want %d: %s", r.Code, want, r.Body)
	}
	return r
}

func (r reply) object() body {
	r.tb.Helper()
	var m body
	if err := json.Unmarshal(r.Body.Bytes(), &m); err != nil {
		r.tb.Fatalf("%q: %v", r.Body, err)
	}
	return m
}

// items gives the objects of a list.
func (r reply) items() []body {
	r.tb.Helper()
	var out struct{ Items []body }
	if err := json.Unmarshal(r.Body.Bytes(), &out); err != nil || out.Items == nil {
		r.tb.Fatalf("%q: %v", r.Body, err)
	}
	return out.Items
}

// refused expects a status, and errors with these numbers.
func (r reply) refused(status int, numbers ...int) reply {
	r.tb.Helper()
	r.status(status)
	var out struct {
		Errors []struct {
			ErrorCode   int
			Description string
		}
	}
	if err := json.Unmarshal(r.Body.Bytes(), &out); err != nil {
		r.tb.Fatal(err)
	}
	var have []int
	for _, e := range out.Errors {
		have = append(have, e.ErrorCode)
	}
	slices.Sort(have)
	slices.Sort(numbers)
	if !slices.Equal(have, numbers) {
		r.tb.Errorf("errors %v, want %v: %s", have, numbers, r.Body)
	}
	return r
}

// says expects a text somewhere in the answer.
func (r reply) says(text string) reply {
	r.tb.Helper()
	if !strings.Contains(r.Body.String(), text) {
		r.tb.Errorf("%q is not said in %s", text, r.Body)
	}
	return r
}

// urn is an id as clients make it after the public examples.
func urn(kind, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte("ciscospark://us/" + kind + "/" + id))
}

// inside gives the uuid of an id.
func inside(tb testing.TB, id string) string {
	tb.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil {
		tb.Fatalf("%q: %v", id, err)
	}
	return string(raw[strings.LastIndexByte(string(raw), '/')+1:])
}
