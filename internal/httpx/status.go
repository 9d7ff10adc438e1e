package httpx

import (
	"net/http"
	"time"

	"linecard/internal/errs"
)

// statuses is the one table from kind to status.
var statuses = map[errs.Kind]int{
	errs.Internal:        http.StatusInternalServerError,
	errs.Invalid:         http.StatusBadRequest,
	errs.Unauthenticated: http.StatusUnauthorized,
	errs.Forbidden:       http.StatusForbidden,
	errs.NotFound:        http.StatusNotFound,
	errs.Conflict:        http.StatusConflict,
	errs.Gone:            http.StatusGone,
	errs.Stale:           http.StatusPreconditionFailed,
	errs.Mismatch:        http.StatusUnprocessableEntity,
	errs.TooLarge:        http.StatusRequestEntityTooLarge,
	errs.Unsupported:     http.StatusUnsupportedMediaType,
	errs.Locked:          http.StatusLocked,
	errs.TooMany:         http.StatusTooManyRequests,
	errs.TimedOut:        http.StatusRequestTimeout,
	errs.Unavailable:     http.StatusServiceUnavailable,
}

// retryDefaults are said when the error itself does not know: these kinds always carry Retry-After.
var retryDefaults = map[errs.Kind]time.Duration{
	errs.TooMany:     5 * time.Second,
	errs.Unavailable: 10 * time.Second,
	errs.Locked:      time.Minute,
	errs.TimedOut:    time.Second,
}

// Status gives the HTTP status of a kind; 500 for a kind that is not in the table.
func Status(kind errs.Kind) int {
	if s, ok := statuses[kind]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// RetryAfter gives the whole seconds for the Retry-After header of err, rounded up; 0 when there should be none.
// 429, 503, 423 and 408 always have at least one second. It must not be asked about nil.
func RetryAfter(err error) int {
	e := errs.As(err)
	after := e.RetryAfter
	if after <= 0 {
		after = retryDefaults[e.Kind]
	}
	return int((after + time.Second - 1) / time.Second)
}
