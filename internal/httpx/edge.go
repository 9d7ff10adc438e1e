package httpx

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"linecard/internal/errs"
)

// Edge is what stands before every handler of a listener, in one pass: source address, request id, limits of the body, recovery,
// access log, metrics. The zero value works: it trusts nobody and logs to slog's default logger.
type Edge struct {
	Name    string // of the listener, in log and metrics: "portal", "phones"
	Clock   Clock
	Log     *slog.Logger
	Trust   Trust
	Metrics *Metrics // nil = not counted
	Body    BodyLimits
	// BodyFor gives other limits for some requests, such as uploads; nil or a zero result means Body.
	BodyFor func(*http.Request) BodyLimits
	// Stall is how long an answer may wait for a client that takes no bytes; 0 → 60 s.
	Stall time.Duration
	// Redact gives the path as it may stand in the log when no route is known; nil → RedactPath.
	Redact func(path string) string
	// Quiet says which answers are not logged (health probes, phones in a storm); nil logs all. Metrics count them anyway.
	Quiet func(r *http.Request, status int) bool
}

var errPanic = errs.New(errs.Internal, "internal", "Something went wrong on our side.")

// Wrap puts the edge before h. h may be any handler: no path is cleaned and nothing is redirected.
func (e Edge) Wrap(h http.Handler) http.Handler {
	e.Clock = clockOr(e.Clock)
	if e.Log == nil {
		e.Log = slog.Default()
	}
	if e.Stall == 0 {
		e.Stall = time.Minute
	}
	if e.Redact == nil {
		e.Redact = RedactPath
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { e.serve(h, w, r) })
}

func (e *Edge) serve(h http.Handler, w http.ResponseWriter, r *http.Request) {
	from := e.Trust.resolve(r)
	v := &visit{ip: from.ip, scheme: from.scheme, host: from.host, indirect: from.indirect, log: e.Log, id: requestID(r, from.trusted)}
	r = r.WithContext(context.WithValue(r.Context(), visitKey{}, v))
	rec := &recorder{ResponseWriter: w, ctl: http.NewResponseController(w), stall: e.Stall, h2: r.ProtoMajor == 2}
	rec.Header().Set("X-Request-Id", v.id)

	start := e.Clock.Now()
	e.Metrics.begin(e.Name)
	broken := true // stays so when the handler leaves by http.ErrAbortHandler
	defer func() {
		e.finish(r, rec, v, e.Clock.Now().Sub(start), broken)
	}()
	e.guarded(h, rec, r)
	broken = false
}

// guarded runs the handler under body limits; a panic becomes a 500, or a broken connection when the answer has begun.
func (e *Edge) guarded(h http.Handler, rec *recorder, r *http.Request) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause == http.ErrAbortHandler {
			panic(cause)
		}
		e.Log.LogAttrs(r.Context(), slog.LevelError, "handler panicked", slog.String("id", RequestID(r.Context())),
			slog.String("cause", fmt.Sprint(cause)), slog.String("stack", string(debug.Stack())))
		visitOf(r.Context()).told.Store(true) // the panic is the cause; do not log it twice
		WriteProblem(rec, r, errPanic)
	}()
	limits := e.Body
	if e.BodyFor != nil {
		if other := e.BodyFor(r); other != (BodyLimits{}) {
			limits = other
		}
	}
	b, err := guardBody(rec, r, limits)
	if err != nil {
		WriteProblem(rec, r, err)
		return
	}
	if b != nil {
		rec.body = b
		defer func() {
			if !rec.away {
				b.finish()
			}
		}()
	}
	h.ServeHTTP(rec, r)
}

func (e *Edge) finish(r *http.Request, rec *recorder, v *visit, took time.Duration, broken bool) {
	rec.arm() // what is still buffered is sent after the handler
	status := rec.status
	if status == 0 {
		status = http.StatusOK
	}
	route := v.route
	if route == "" && r.Pattern != "/" {
		route = r.Pattern
	}
	e.Metrics.observe(observation{listener: e.Name, route: route, status: status, took: took, broken: broken})
	if e.Quiet != nil && e.Quiet(r, status) {
		return
	}
	attrs := make([]slog.Attr, 0, 10)
	attrs = append(attrs, slog.String("listener", e.Name), slog.String("method", short(r.Method, 16)))
	if route != "" {
		attrs = append(attrs, slog.String("route", route))
	} else {
		attrs = append(attrs, slog.String("path", short(e.Redact(r.URL.Path), 200)))
	}
	attrs = append(attrs, slog.Int("status", status), slog.Int64("bytes", rec.bytes), slog.Duration("took", took),
		slog.String("ip", v.ip.String()), slog.String("id", v.id))
	if v.code != "" {
		attrs = append(attrs, slog.String("code", v.code))
	}
	if broken {
		attrs = append(attrs, slog.Bool("broken_off", true))
	}
	e.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", attrs...)
}

// requestID takes the id of a trusted proxy when it is sane, so that one id follows a request through both logs.
func requestID(r *http.Request, trusted bool) string {
	if id := r.Header.Get("X-Request-Id"); trusted && len(id) >= 8 && len(id) <= 64 && strings.Trim(id, idLetters) == "" {
		return id
	}
	return rand.Text()
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

// RedactPath masks path segments that look like a secret: 20 or more characters (a random value of 128 bits has 22) that are
// neither words in small letters nor a UUID, and anything that is not printable ASCII. Invitation and recovery links stay out of
// the log this way, also when somebody adds to their address.
func RedactPath(path string) string {
	segments := strings.Split(short(path, 1024), "/")
	for i, s := range segments {
		if secretLooking(s) {
			segments[i] = "…"
		}
	}
	return strings.Join(segments, "/")
}

func secretLooking(s string) bool {
	plain := true // of lower-case words, as addresses of pages are
	for _, c := range []byte(s) {
		if c < ' ' || c > '~' {
			return true
		}
		plain = plain && (c >= 'a' && c <= 'z' || c == '-' || c == '_' || c == '.')
	}
	return len(s) >= 20 && !plain && !isUUID(s)
}

func isUUID(s string) bool {
	return len(s) == 36 && s[8] == '-' && s[13] == '-' && s[18] == '-' && s[23] == '-' && strings.Trim(s, "0123456789abcdefABCDEF-") == ""
}

func short(s string, max int) string {
	if len(s) > max {
		return strings.ToValidUTF8(s[:max], "") + "…"
	}
	return s
}
