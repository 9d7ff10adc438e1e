// Package boot owns what phones speak: it parses their paths, finds out who asks, hands them what room config decides, and takes what
// they send. It has its own listener, its own limits, and remembers who was there and who was not let in.
//
// It must not decide what a phone gets, nor read tables. A phone hears 401 without a word about what exists, 404 only when
// something really does not exist, and 503 for every fault of ours: a fault never looks like an answer (architecture,
// promise 4), because a phone acts on answers.
package boot

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"github.com/maypok86/otter/v2"
	"github.com/prometheus/client_golang/prometheus"

	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/firmware"
	"linecard/internal/httpx"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

// Options are what the listener of phones needs.
type Options struct {
	Redirects Redirects // nil: there is no redirect service
	Config    *config.Service
	Devices   *device.Service
	Uploads   Uploads // nil: phones can send nothing
	// Software hands out images; nil: there are none.
	Software *firmware.Service
	Makers   phone.Makers
	Box      *secret.Box // signs nonces, the same for every node
	Clock    db.Clock    // nil: db.System
	Log      *slog.Logger
	Domain   string // phones may use https://<customer host>.<Domain>/; "": only /p/<customer host>/
	Metrics  prometheus.Registerer
	// Failures limits wrong credentials of one source address, and of one address at one customer. Right ones are never limited, so a
	// campus behind one address is served whatever somebody there tries. The zero Rate means 60 at once and one a second.
	Failures httpx.Rate
	// Wait bounds how long one request waits for the database; 0 → 5 s.
	Wait time.Duration
	// Keep is for how long doors and claims that were seen last are good while the database does not answer (decision 11). 0 → 60
	// minutes; negative: not at all.
	Keep time.Duration
}

// Uploads keeps what phones send. The device room implements it.
type Uploads interface {
	// Put keeps a file in place of the one with this name.
	Put(ctx context.Context, u device.Upload) error
	// Append adds to a log.
	Append(ctx context.Context, u device.Upload) error
	// Open gives a file as the phone sees it; NotFound when there is none.
	Open(ctx context.Context, deviceID, name string) (device.Uploaded, []byte, error)
	// Stat tells about it.
	Stat(ctx context.Context, deviceID, name string) (device.Uploaded, error)
}

// Handler answers phones. It is safe for concurrent use.
type Handler struct {
	redirects Redirects
	config    *config.Service
	devices   *device.Service
	uploads   Uploads
	software  *firmware.Service
	makers    phone.Makers
	clock     db.Clock
	log       *slog.Logger
	domain    string
	nonces    nonces
	keys      *otter.Cache[string, *keyring]
	nobody    *keyring // what a request is checked against when there is no such customer
	known     *memory
	roots     roots
	limits    limits
	complain  *httpx.Limiter // log lines about one customer
	wait      time.Duration
	sightings sightings
	diary     diary
	knocks    knocks
	alarms    alarms
	places    *otter.Cache[string, place]   // whose phones come from an address
	proven    *otter.Cache[claimKey, int64] // when a phone last showed certificate and account together, in unix milliseconds
	answers   *prometheus.CounterVec
	legacy    http.Handler
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
	if o.Keep == 0 {
		o.Keep = time.Hour
	}
	keys, err := otter.New(&otter.Options[string, *keyring]{MaximumSize: 20_000})
	if err != nil {
		return nil, err
	}
	places, err := otter.New(&otter.Options[string, place]{MaximumSize: 20_000})
	if err != nil {
		return nil, err
	}
	proven, err := otter.New(&otter.Options[claimKey, int64]{MaximumSize: 20_000})
	if err != nil {
		return nil, err
	}
	known, err := newMemory(o.Devices, o.Config.Epoch, o.Clock, o.Keep)
	if err != nil {
		return nil, err
	}
	h := &Handler{redirects: o.Redirects, config: o.Config, devices: o.Devices, uploads: o.Uploads, software: o.Software, makers: o.Makers, clock: o.Clock, log: o.Log, domain: o.Domain,
		nonces: nonces{box: o.Box, clock: o.Clock}, keys: keys, nobody: newKeyring(0, nil), known: known, wait: o.Wait, places: places, proven: proven,
		limits: newLimits(o.Failures, o.Clock), complain: httpx.NewLimiter(httpx.Rate{Burst: 1, Every: time.Minute}, 1<<12, o.Clock)}
	if err := h.roots.init(); err != nil {
		return nil, err
	}
	h.legacy = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.answerTo(w, r, true) })
	h.measure(o.Metrics)
	return h, nil
}

// Legacy gives the handler for the listener of phones that speak old TLS only: they get no secrets unless their customer wants it
// (decision 18).
func (h *Handler) Legacy() http.Handler { return h.legacy }

// ServeHTTP answers one request of a phone.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.answerTo(w, r, false) }

func (h *Handler) answerTo(w http.ResponseWriter, r *http.Request, legacy bool) {
	v := &visit{h: h, ResponseWriter: w, r: r, legacy: legacy}
	defer v.caught()
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPut, http.MethodPost:
	default: // before anything else, so that it says nothing about what exists
		w.Header().Set("Allow", "GET, HEAD, POST, PUT")
		v.answer("method", http.StatusMethodNotAllowed)
		return
	}
	if path, ok := h.redirected(r); ok {
		v.cert = h.roots.mac(r, h.clock.Now())
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), h.wait)
		defer cancel()
		v.redirect(ctx, path)
		return
	}
	v.given = readCredentials(r)
	v.host, v.file = h.address(r)
	v.id, v.recognised = h.makers.Recognise(v.file, r.UserAgent())
	v.cert = h.roots.mac(r, h.clock.Now())
	// A short read that is not broken off when the phone hangs up: that costs more than it saves (dependencies, section 1).
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), h.wait)
	defer cancel()
	switch inPath := v.inPath(); {
	case !v.cert.IsZero() && !inPath.IsZero() && inPath != v.cert: // DM-125; it says nothing but what the phone itself said
		v.impostor(ctx)
	case v.given.scheme == noScheme && v.cert.IsZero():
		// No look at the database: every customer and every MAC, known or not, gets the same answer after the same work. Nothing of a
		// body was read, so a phone that sent Expect: 100-continue did not send it for nothing.
		v.challenge("challenge", false)
	default:
		v.serve(ctx)
	}
}

// challenge answers 401 and asks for credentials; digest first, since a phone takes the first scheme that it knows.
func (v *visit) challenge(outcome string, stale bool) {
	v.Header()["Www-Authenticate"] = v.h.nonces.challenge(stale)
	v.answer(outcome, http.StatusUnauthorized)
}

// fault answers 503 and says when to come again, not all at once.
func (v *visit) fault(err error) {
	httpx.LogCause(v.r.Context(), err)
	after := max(errs.As(err).RetryAfter, 10*time.Second)
	v.Header().Set("Retry-After", seconds(after+rand.N(after))) //nolint:gosec // spreading phones needs no secrecy
	v.reason = errs.CodeOf(err)
	v.answer("fault", http.StatusServiceUnavailable)
}

// answer ends a request without a body.
func (v *visit) answer(outcome string, status int) {
	v.h.count(v.r.Context(), outcome)
	v.Header().Set("Cache-Control", "no-store")
	v.Header().Set("Content-Length", "0")
	v.WriteHeader(status)
	v.note()
}

// caught turns a panic into a fault.
func (v *visit) caught() {
	cause := recover()
	if cause == nil {
		return
	}
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	v.h.log.LogAttrs(v.r.Context(), slog.LevelError, "phones' handler panicked", slog.String("id", httpx.RequestID(v.r.Context())),
		slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
	v.fault(errPanic)
}

var errPanic = errs.New(errs.Internal, "internal", "Something went wrong on our side.")

func seconds(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
