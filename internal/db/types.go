package db

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Time is an instant in UTC with millisecond precision. It is stored as BIGINT unix milliseconds, because the two
// databases disagree about time types; the zero Time is stored as NULL. In JSON it is RFC 3339, and null when zero.
type Time struct{ time.Time }

// At is t as it will be stored.
func At(t time.Time) Time {
	if t.IsZero() {
		return Time{}
	}
	return Time{t.UTC().Truncate(time.Millisecond)}
}

// Value stores unix milliseconds, NULL for the zero Time.
func (t Time) Value() (driver.Value, error) {
	if t.IsZero() {
		return nil, nil
	}
	return t.UnixMilli(), nil
}

// Scan reads unix milliseconds or NULL.
func (t *Time) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*t = Time{}
	case int64:
		*t = Time{time.UnixMilli(v).UTC()}
	default:
		return fmt.Errorf("db: a %T is not an instant", src)
	}
	return nil
}

// MarshalJSON writes RFC 3339 with milliseconds, null when zero.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}

// UnmarshalJSON reads RFC 3339 or null.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		*t = Time{}
		return nil
	}
	return t.Time.UnmarshalJSON(b)
}

// Now is the time of the clock as it will be stored; the same for all uses inside one call.
func (t *Tx) Now() Time { return t.db.Now() }

// JSON is a value stored as JSON text. An empty text reads as the zero value.
type JSON[T any] struct{ V T }

// AsJSON wraps v for storing.
func AsJSON[T any](v T) JSON[T] { return JSON[T]{V: v} }

// Value stores the JSON text.
func (j JSON[T]) Value() (driver.Value, error) {
	b, err := json.Marshal(j.V)
	return string(b), err
}

// Scan reads JSON text, empty text or NULL.
func (j *JSON[T]) Scan(src any) error {
	var b []byte
	switch v := src.(type) {
	case nil:
	case string:
		b = []byte(v)
	case []byte:
		b = v
	default:
		return fmt.Errorf("db: a %T is not JSON text", src)
	}
	var v T
	if len(b) > 0 {
		if err := json.Unmarshal(b, &v); err != nil {
			return err
		}
	}
	j.V = v
	return nil
}

// MarshalJSON writes the wrapped value.
func (j JSON[T]) MarshalJSON() ([]byte, error) { return json.Marshal(j.V) }

// NewID gives a new time-ordered id (UUIDv7, RFC 9562).
func NewID() string { return uuid.Must(uuid.NewV7()).String() }
