// Package errs owns what can go wrong: error kinds, stable codes, text that is safe to show, and faults of single fields.
//
// It imports nothing of Linecard. It does not know HTTP: the table from kind to status is in httpx.
// An error that is not an *Error has kind Internal; its text never leaves the process.
package errs

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what sort of refusal or failure an error is. The edges turn it into a status.
type Kind int

// The kinds. Internal is the zero value, so a forgotten kind never looks like a refusal.
const (
	Internal        Kind = iota
	Invalid              // the input breaks a rule; Fields name what
	Unauthenticated      // nobody is signed in, or the credential is wrong
	Forbidden            // the actor sees the object but may not do this
	NotFound             // unknown, or another tenant's: both look the same
	Conflict             // a rule between objects, or a unique value, is in the way
	Gone                 // was there, will not come back (used link, deleted report)
	Stale                // If-Match or a revision vector has moved
	Mismatch             // an idempotency key was used for another request
	TooLarge             // body, file or row count over the limit
	Unsupported          // media type or format
	Locked               // account locked for a time
	TooMany              // rate limit; RetryAfter says when
	TimedOut             // the client was too slow
	Unavailable          // database, disk or a needed service is away; RetryAfter says when
)

// Error is a refusal or failure with a stable machine code and a sentence that tells a person what to do.
// Message and Fields are safe to show; the cause is for the log only.
type Error struct {
	Kind       Kind
	Code       string // snake_case, stable: people's scripts hold on to it
	Message    string // English sentence; pages translate by Code
	Fields     []Field
	Params     map[string]string // values a translated text needs, e.g. "max": "128"
	RetryAfter time.Duration     // 0 when it is not known
	cause      error
}

// Field is the fault of one input field.
type Field struct {
	Name    string            `json:"field"` // path as the caller wrote it: "contact", "subnets[2].public"
	Code    string            `json:"code"`  // snake_case, stable
	Message string            `json:"message"`
	Params  map[string]string `json:"-"` // values a translated text needs
}

// New returns an error of a kind with a stable code and a sentence that may be shown.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Missing returns the NotFound error for an object, the same for unknown and for foreign ones.
func Missing(what string) *Error {
	return &Error{Kind: NotFound, Code: "not_found", Message: "There is no such " + what + ".", Params: map[string]string{"what": what}}
}

// BadFields returns an Invalid error that names the fields, or nil when there are none.
func BadFields(fields []Field) error {
	if len(fields) == 0 {
		return nil
	}
	return &Error{Kind: Invalid, Code: "invalid_fields", Message: "Some fields are not valid.", Fields: fields}
}

// BadField returns an Invalid error for a single field.
func BadField(name, code, message string) *Error {
	return &Error{Kind: Invalid, Code: "invalid_fields", Message: "Some fields are not valid.",
		Fields: []Field{{Name: name, Code: code, Message: message}}}
}

// Because returns a copy of e that carries cause for the log. The cause is never shown.
func (e *Error) Because(cause error) *Error {
	c := *e
	c.cause = cause
	return &c
}

// Retry returns a copy of e that says after how long a repetition makes sense.
func (e *Error) Retry(after time.Duration) *Error {
	c := *e
	c.RetryAfter = after
	return &c
}

// With returns a copy of e with one value that a translated text needs.
func (e *Error) With(name, value string) *Error {
	c := *e
	c.Params = map[string]string{name: value}
	for k, v := range e.Params {
		if k != name {
			c.Params[k] = v
		}
	}
	return &c
}

// Error is the text for the log: code, message and cause.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	for _, f := range e.Fields {
		s += fmt.Sprintf(" [%s %s]", f.Name, f.Code)
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// Is makes two errors equal when kind and code agree, so sentinel errors can be compared after Because or Retry.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Code == e.Code
}

// KindOf gives the kind of err; Internal for an error from elsewhere. It must not be asked about nil.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}

// CodeOf gives the stable code of err; "internal" for an error from elsewhere.
func CodeOf(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return "internal"
}

// As gives err as an *Error; an error from elsewhere becomes Internal with err as its cause.
func As(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Kind: Internal, Code: "internal", Message: "Something went wrong on our side.", cause: err}
}
