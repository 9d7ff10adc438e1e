package httpx

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"strconv"

	"linecard/internal/errs"
)

// ProblemType is the media type of error bodies (RFC 9457).
const ProblemType = "application/problem+json"

// Problem is the error body of our own API (RFC 9457 with the members of surfaces.md). `type` stays "about:blank", so `title` is the
// phrase of the status and `code` is what programs look at. It is itself an error with the methods that huma looks for
// (GetStatus, GetHeaders, ContentType), so the API can return it as it is.
type Problem struct {
	Type      string       `json:"type" example:"about:blank" doc:"Always about:blank; programs look at code"`
	Title     string       `json:"title" example:"Conflict" doc:"Phrase of the status"`
	Status    int          `json:"status" example:"409" doc:"HTTP status"`
	Detail    string       `json:"detail,omitempty" doc:"A sentence that says what to do"`
	Code      string       `json:"code" example:"email_taken" doc:"Stable code for programs"`
	Errors    []errs.Field `json:"errors,omitempty" doc:"Faults of single fields"`
	RequestID string       `json:"request_id,omitempty" doc:"Name this when you ask for help"`

	retryAfter int
}

// Error gives code and sentence; never the cause.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus gives the HTTP status.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders gives Retry-After where it applies; otherwise nothing.
func (p *Problem) GetHeaders() http.Header {
	if p.retryAfter == 0 {
		return nil
	}
	return http.Header{"Retry-After": {strconv.Itoa(p.retryAfter)}}
}

// ContentType replaces JSON by the problem type, whatever was negotiated.
func (p *Problem) ContentType(string) string { return ProblemType }

var (
	errBodyTooLarge = errs.New(errs.TooLarge, "body_too_large", "The request body is larger than this address accepts.")
	errBodySlow     = errs.New(errs.TimedOut, "body_too_slow", "The request body arrived too slowly. Send it again over a faster connection.")
	errClientGone   = errs.New(errs.TimedOut, "client_gone", "The connection was closed before the answer was ready.")
	errTookTooLong  = errs.New(errs.Unavailable, "took_too_long", "The request took too long. Try again.")
)

// Refusal gives err as an *errs.Error; well-known errors of net/http and context become what they mean, any other foreign error
// becomes Internal with its text kept as the cause. It must not be asked about nil.
func Refusal(err error) *errs.Error {
	var own *errs.Error
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &tooBig):
		return errBodyTooLarge.Because(err)
	case errors.Is(err, context.Canceled):
		return errClientGone.Because(err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return errTookTooLong.Because(err)
	}
	return errs.As(err)
}

// ProblemOf turns an error into the body that may be shown, with the request id of ctx. It writes and logs nothing.
func ProblemOf(ctx context.Context, err error) *Problem {
	e := Refusal(err)
	status := Status(e.Kind)
	return &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: e.Message, Code: e.Code, Errors: e.Fields,
		RequestID: RequestID(ctx), retryAfter: RetryAfter(e),
	}
}

// LogCause writes what lies behind err to the log, once a request: faults of ours as errors, other refusals only when they have a
// cause. The code also enters the access log line. Edges with another error body (portal, wholesale) call it themselves.
func LogCause(ctx context.Context, err error) {
	e := Refusal(err)
	v := visitOf(ctx)
	if v != nobody {
		v.code = e.Code
		if !v.told.CompareAndSwap(false, true) {
			return
		}
	}
	level := slog.LevelDebug
	switch {
	case e.Kind == errs.Internal:
		level = slog.LevelError
	case e.Kind == errs.Unavailable:
		level = slog.LevelWarn
	case e.Unwrap() == nil:
		return
	}
	logOf(ctx).LogAttrs(ctx, level, "request failed", slog.String("id", v.id), slog.String("code", e.Code), slog.String("cause", e.Error()))
}

// WriteProblem answers with the problem document of err and logs its cause. When the answer has already begun, the connection is
// broken off instead, so that half a body never looks like a whole one.
func WriteProblem(w http.ResponseWriter, r *http.Request, err error) {
	LogCause(r.Context(), err)
	writeProblem(w, r, ProblemOf(r.Context(), err))
}

func writeProblem(w http.ResponseWriter, r *http.Request, p *Problem) {
	if begun(w) {
		panic(http.ErrAbortHandler)
	}
	h := w.Header()
	for _, stale := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "Etag", "Last-Modified"} {
		h.Del(stale)
	}
	for k, v := range p.GetHeaders() {
		h[k] = v
	}
	h.Set("Content-Type", ProblemType)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	if r.ProtoMajor < 2 && (p.Status == http.StatusRequestEntityTooLarge || p.Status == http.StatusRequestTimeout) {
		h.Set("Connection", "close") // the rest of the body is not waited for
	}
	body, err := json.Marshal(p)
	if err != nil { // cannot happen: strings and numbers only
		panic(err)
	}
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}
