package tenant

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/journal"
)

// Hook acts on a change in its transaction; an error undoes the change.
type Hook func(ctx context.Context, tx *db.Tx, actor access.Actor, c Change) error

// HoldingsOf tells what a room still holds of a customer; nothing gives an empty list.
type HoldingsOf func(ctx context.Context, q db.Q, customerID string) ([]Holding, error)

// Service is the use cases of the tree. Each one decides first, then writes rows, revision and journal in one transaction.
type Service struct {
	db       *db.DB
	journal  *journal.Journal
	hooks    []Hook
	holdings []HoldingsOf
	rows     remembered
}

// NewService gives the room its database and journal.
func NewService(d *db.DB, j *journal.Journal) *Service { return &Service{db: d, journal: j} }

// OnChange registers a hook. Rooms above register theirs while the program is wired, before anything runs.
func (s *Service) OnChange(h Hook) { s.hooks = append(s.hooks, h) }

// Holds registers who can tell what a customer still has (CH-27).
func (s *Service) Holds(h HoldingsOf) { s.holdings = append(s.holdings, h) }
