// Package journal owns the record of what happened: operation-log rows (CH-83) and events in one table, in one order,
// chained by hashes so that nobody can change, remove or insert a row unseen (CH-85, decision 4).
//
// Rooms write through Append inside their own transaction; rows get their position a few tens of milliseconds after the
// commit, from one sequencer. It must not know who listens to events, nor what an action or a type means. There is no way
// to change or delete a row but the retention time, which leaves a signed anchor.
package journal

import (
	"log/slog"
	"sync"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/secret"
)

// Journal writes and reads the record of one database. Make it with New.
type Journal struct {
	d     *db.DB
	box   *secret.Box
	files blob.Store
	log   *slog.Logger

	mu   sync.Mutex // guards what the publisher remembers
	seen published
}

// Options of New.
type Options struct {
	Box   *secret.Box  // signs the head and the anchor
	Files blob.Store   // keeps the head outside the database
	Log   *slog.Logger // nil: slog.Default
}

// New gives the journal of d. It sequences nothing until Register and the queue run, or Sequence is called.
func New(d *db.DB, o Options) *Journal {
	if o.Log == nil {
		o.Log = slog.Default()
	}
	return &Journal{d: d, box: o.Box, files: o.Files, log: o.Log}
}

// The results of an entry.
const (
	Success = "success"
	Failure = "failure"
)

// Entry is one row of the record.
type Entry struct {
	ID        string
	Position  int64 // 0 while it waits for the sequencer
	Time      db.Time
	Type      string // of the event: "customer.created"; "" for a row that is no event
	Action    string // of the log row: "customer/create"
	Scope     string // of the tenant whose object it is about
	TenantID  string // whose operation log it stands in
	Actor     Actor
	Target    Target
	IP        string
	RequestID string
	Result    string // Success or Failure
	Reason    string // code of the failure, else ""
	Data      map[string]any
	InLog     bool
	IsEvent   bool
}

// Actor is who did it, as known at that moment; accounts may be renamed or removed later.
type Actor struct {
	ID         string // "" for somebody who did not sign in
	Kind       access.ActorKind
	Name       string
	TenantID   string
	TenantName string
	Acting     bool // worked inside another tenant under its own identity (CH-32)
}

// Label is how a log shows the actor: the name, and while acting for another tenant name@tenant (CH-32).
func (a Actor) Label() string {
	if a.Acting && a.TenantName != "" {
		return a.Name + "@" + a.TenantName
	}
	return a.Name
}

// Target is what it was done to.
type Target struct {
	Kind string // "customer", "account", "webhook"
	ID   string
	Name string
}
