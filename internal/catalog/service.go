package catalog

import (
	"linecard/internal/db"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

// Service is the use cases of the catalogue.
type Service struct {
	db      *db.DB
	journal *journal.Journal
	tenants *tenant.Service
}

// Needs is what the room is made of.
type Needs struct {
	DB      *db.DB
	Journal *journal.Journal
	Tenants *tenant.Service
}

// NewService makes the room.
func NewService(n Needs) *Service { return &Service{db: n.DB, journal: n.Journal, tenants: n.Tenants} }
