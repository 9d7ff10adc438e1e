package deliver_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/deliver"
	"linecard/internal/journal"
	"linecard/internal/queue"
	"linecard/internal/secret"
)

var (
	partner  = access.Tenant{ID: "pa", Kind: access.Partner, Scope: "0.a.", Name: "Alpha"}
	customer = access.Tenant{ID: "cu", Kind: access.Customer, Scope: "0.a.c.", Name: "Cafe"}
	indirect = access.Tenant{ID: "ic", Kind: access.Customer, Scope: "0.a.s1.d.", Name: "Of a sub-partner"}
	foreign  = access.Tenant{ID: "fo", Kind: access.Customer, Scope: "0.b.e.", Name: "Foreign"}

	admin = access.Actor{ID: "u1", Kind: access.Person, Name: "Ada", Tenant: partner, Roles: []access.Role{access.PartnerFullAdmin}}
	own   = access.Target{Tenant: partner}
)

type world struct {
	d     *db.DB
	clock *dbtest.Clock
	box   *secret.Box
	j     *journal.Journal
	hooks *deliver.Webhooks
	q     *queue.Queue

	granted atomic.Bool // the customer has authorised its partner
}

func newWorld(t *testing.T, d *db.DB, clock *dbtest.Clock) *world {
	t.Helper()
	dir := t.TempDir()
	box, err := secret.Open(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := blob.Open(context.Background(), "file://"+filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.New(slog.DiscardHandler)
	w := &world{d: d, clock: clock, box: box, j: journal.New(d, journal.Options{Box: box, Files: files, Log: quiet})}
	w.hooks = w.webhooks(deliver.GuardOptions{Plain: true, Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}})
	w.q = queue.New(d, queue.Options{Log: quiet, Poll: 10 * time.Millisecond, Grace: 200 * time.Millisecond})
	return w
}

func (w *world) webhooks(g deliver.GuardOptions) *deliver.Webhooks {
	return deliver.NewWebhooks(w.d, deliver.WebhookOptions{Journal: w.j, Box: w.box, Guard: deliver.NewGuard(g), Log: slog.New(slog.DiscardHandler),
		Authorised: func(_ context.Context, _ db.Q, provider string, need access.RelationScope, customers []string) (map[string]bool, error) {
			out := map[string]bool{}
			for _, c := range customers {
				out[c] = need == access.DeviceManage && provider == partner.Scope && c == customer.Scope && w.granted.Load()
			}
			return out, nil
		}})
}

// run starts the queue with what was registered; it stops with the test.
func (w *world) run(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.q.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// start registers journal and webhooks and runs them.
func (w *world) start(t *testing.T) {
	t.Helper()
	w.j.Register(w.q)
	w.hooks.Register(w.q)
	w.run(t)
}

func (w *world) create(t *testing.T, url string, types ...string) (deliver.Webhook, string) {
	t.Helper()
	h, s, err := w.hooks.Create(context.Background(), admin, own, deliver.WebhookInput{URL: url, Types: types})
	if err != nil {
		t.Fatal(err)
	}
	return h, s.Reveal()
}

// happen writes an event about a tenant.
func (w *world) happen(t *testing.T, eventType string, tenant access.Tenant) {
	t.Helper()
	if err := w.d.Tx(context.Background(), func(ctx context.Context, tx *db.Tx) error {
		return w.j.Append(ctx, tx, access.SystemActor("test"), journal.News{Type: eventType, Action: "test/test", Tenant: tenant,
			Target: journal.Target{Kind: "customer", ID: tenant.ID, Name: tenant.Name}, Data: map[string]any{"of": tenant.ID}})
	}); err != nil {
		t.Fatal(err)
	}
}

func (w *world) deliveries(t *testing.T, hook string, state deliver.DeliveryState) []deliver.Delivery {
	t.Helper()
	all, _, err := w.hooks.Deliveries(context.Background(), admin, own, hook, state, db.Page{})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (w *world) hook(t *testing.T, id string) deliver.Webhook {
	t.Helper()
	h, err := w.hooks.Get(context.Background(), admin, own, id)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// receiver is an endpoint that keeps what it got and answers what it is told to.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []received
	answer func(n int, w http.ResponseWriter)
}

type received struct {
	header http.Header
	body   []byte
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{answer: func(int, http.ResponseWriter) {}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.got = append(r.got, received{req.Header, body})
		n, answer := len(r.got), r.answer
		r.mu.Unlock()
		answer(n, w)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(f func(n int, w http.ResponseWriter)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = f
}

func (r *receiver) all() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]received(nil), r.got...)
}

func (r *receiver) wait(t *testing.T, n int) []received {
	t.Helper()
	dbtest.Eventually(t, "the endpoint was called", func() bool { return len(r.all()) >= n })
	return r.all()
}
