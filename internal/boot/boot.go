// Package boot owns what phones speak: it parses their paths, checks their credentials, and hands them what room config
// decides. It has its own listener, its own limits, and remembers who was there.
//
// It must not decide what a phone gets, nor read tables. A phone hears 401 without a word about what exists, 404 only when
// something really does not exist, and 503 for every fault of ours: a fault never looks like an answer (architecture,
// promise 4), because a phone acts on answers.
package boot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// Options are what the listener of phones needs.
type Options struct {
	Config  *config.Service
	Devices *device.Service
	Makers  phone.Makers
	Box     *secret.Box // signs nonces, the same for every node
	Clock   db.Clock    // nil: db.System
	Log     *slog.Logger
	Domain  string // phones may use https://<customer host>.<Domain>/; "": only /p/<customer host>/
	Metrics prometheus.Registerer
	// Failures limits wrong credentials of one source address. Right ones are never limited, so a campus behind one address
	// is served whatever somebody there tries. The zero Rate means 60 at once and one a second.
	Failures httpx.Rate
	// Wait bounds how long one request waits for the database; 0 → 5 s.
	Wait time.Duration
}

// Handler answers phones. It is safe for concurrent use.
type Handler struct {
	config    *config.Service
	devices   *device.Service
	makers    phone.Makers
	clock     db.Clock
	log       *slog.Logger
	domain    string
	nonces    nonces
	keys      *otter.Cache[string, *keyring]
	nobody    *keyring // what a request is checked against when there is no such customer
	failures  *httpx.Limiter
	complain  *httpx.Limiter // log lines about one customer
	wait      time.Duration
	sightings sightings
	answers   *prometheus.CounterVec
}

// New makes the handler.
func New(o Options) (*Handler, error) {
	if o.Clock == nil {
		o.Clock = db.System{}
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.Failures == (httpx.Rate{}) {
		o.Failures = httpx.Rate{Burst: 60, Every: time.Second}
	}
	if o.Wait == 0 {
		o.Wait = 5 * time.Second
	}
	keys, err := otter.New(&otter.Options[string, *keyring]{MaximumSize: 20_000})
	if err != nil {
		return nil, err
	}
	h := &Handler{config: o.Config, devices: o.Devices, makers: o.Makers, clock: o.Clock, log: o.Log, domain: o.Domain,
		nonces: nonces{box: o.Box, clock: o.Clock}, keys: keys, nobody: newKeyring(0, nil), wait: o.Wait,
		failures: httpx.NewLimiter(o.Failures, 0, o.Clock), complain: httpx.NewLimiter(httpx.Rate{Burst: 1, Every: time.Minute}, 1<<12, o.Clock)}
	h.measure(o.Metrics)
	return h, nil
}

// ServeHTTP answers one request of a phone.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	defer h.caught(w, r)
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		// Before anything else, so that it says nothing about what exists. Phones take 405 for an upload as "not stored" and go
		// on with their boot.
		w.Header().Set("Allow", "GET, HEAD")
		h.answer(w, r, "method", http.StatusMethodNotAllowed)
		return
	}
	given := readCredentials(r)
	if given.scheme == noScheme {
		// No look at the database: every customer and every MAC, known or not, gets the same answer after the same work.
		h.challenge(w, r, "challenge", false)
		return
	}
	// A short read that is not broken off when the phone hangs up: that costs more than it saves (dependencies, section 1).
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), h.wait)
	defer cancel()
	h.serve(ctx, w, r, given)
}

// serve answers a request that carries credentials: customer first, then its password, then its phone (decision 15).
func (h *Handler) serve(ctx context.Context, w http.ResponseWriter, r *http.Request, given credentials) {
	host, file := h.address(r)
	door, _, err := h.config.Door(ctx, host)
	if err != nil && errs.KindOf(err) != errs.NotFound {
		h.fault(w, r, err)
		return
	}
	ring, err := h.ring(door)
	if err != nil {
		h.fault(w, r, err)
		return
	}
	right := ring.opens(given, r, h.clock.Now())
	switch {
	case !right:
		h.refuse(w, r, door)
		return
	case !h.nonces.accepts(given):
		h.challenge(w, r, "stale_nonce", true)
		return
	case door.Stopped: // CH-26
		h.answer(w, r, "stopped", http.StatusForbidden)
		return
	}
	id, ok := h.makers.Recognise(file, r.UserAgent())
	if !ok || id.MAC.IsZero() {
		h.answer(w, r, "not_found", http.StatusNotFound)
		return
	}
	h.deliver(ctx, w, r, door, id)
}

// deliver answers with the file, or 304 when the phone has these bytes.
func (h *Handler) deliver(ctx context.Context, w http.ResponseWriter, r *http.Request, door device.Door, id phone.Identity) {
	ask := config.Request{Door: door, MAC: id.MAC, Name: id.Name, Model: id.Model, Version: id.Version}
	if id.Program == phone.Updater {
		ask.Version = "" // the updater's version says nothing about the telephone
	}
	f, err := h.config.File(ctx, ask)
	switch {
	case err != nil && errs.KindOf(err) == errs.NotFound:
		h.answer(w, r, "not_found", http.StatusNotFound)
		return
	case err != nil:
		h.fault(w, r, err)
		return
	}
	h.saw(device.Sighting{DeviceID: f.DeviceID, At: h.clock.Now(), IP: source(r.Context()), Model: ask.Model, Version: ask.Version})
	outcome := "served"
	if f.Stale {
		outcome = "served_stale"
	}
	h.count(r.Context(), outcome)
	head := w.Header()
	head.Set("ETag", f.ETag)
	head.Set("Content-Type", f.ContentType)
	head.Set("Cache-Control", "private, no-cache")
	head.Set("X-Content-Type-Options", "nosniff")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.Body))
}

// refuse answers wrong credentials: 401, or 429 when this address has sent too many. Both are the same whatever exists.
func (h *Handler) refuse(w http.ResponseWriter, r *http.Request, door device.Door) {
	if door.CustomerID != "" && !door.HasAccount() { // DM-111
		if ok, _ := h.complain.Allow(door.CustomerID); ok {
			h.log.LogAttrs(r.Context(), slog.LevelWarn, "phone refused", slog.String("code", "account_missing"), slog.String("customer_id", door.CustomerID))
		}
	}
	if ok, after := h.failures.Allow(httpx.IPKey(httpx.ClientIP(r.Context()))); !ok {
		w.Header().Set("Retry-After", seconds(after))
		h.answer(w, r, "limited", http.StatusTooManyRequests)
		return
	}
	h.challenge(w, r, "refused", false)
}

// challenge answers 401 and asks for credentials; digest first, since a phone takes the first scheme that it knows.
func (h *Handler) challenge(w http.ResponseWriter, r *http.Request, outcome string, stale bool) {
	w.Header()["Www-Authenticate"] = h.nonces.challenge(stale)
	h.answer(w, r, outcome, http.StatusUnauthorized)
}

// fault answers 503 and says when to come again, not all at once.
func (h *Handler) fault(w http.ResponseWriter, r *http.Request, err error) {
	httpx.LogCause(r.Context(), err)
	after := max(errs.As(err).RetryAfter, 10*time.Second)
	w.Header().Set("Retry-After", seconds(after+rand.N(after))) //nolint:gosec // spreading phones needs no secrecy
	h.answer(w, r, "fault", http.StatusServiceUnavailable)
}

// answer ends a request without a body.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request, outcome string, status int) {
	h.count(r.Context(), outcome)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(status)
}

// caught turns a panic into a fault.
func (h *Handler) caught(w http.ResponseWriter, r *http.Request) {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	h.log.LogAttrs(r.Context(), slog.LevelError, "phones' handler panicked", slog.String("id", httpx.RequestID(r.Context())),
		slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	h.fault(w, r, errPanic)
}

var errPanic = errs.New(errs.Internal, "internal", "Something went wrong on our side.")

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}

// source is the address of the phone as stored; "" when it is not known.
func source(ctx context.Context) string {
	if ip := httpx.ClientIP(ctx); ip != (netip.Addr{}) {
		return ip.Unmap().WithZone("").String()
	}
	return ""
}
