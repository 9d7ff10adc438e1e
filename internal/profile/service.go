package profile

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Service is the use cases of profiles, containers and dictionaries. Each one decides first, then writes rows, revision and journal
// in one transaction.
type Service struct {
	db      *db.DB
	journal *journal.Journal
	tenants *tenant.Service
	box     *secret.Box
	makers  phone.Makers
	around  Around
	known   dictionaries
}

// Needs is what the room is made of.
type Needs struct {
	DB      *db.DB
	Journal *journal.Journal
	Tenants *tenant.Service
	Box     *secret.Box // seals the values of secrets
	Makers  phone.Makers
}

// Around is what rooms above or beside this one know; app connects them. What is nil is not there: then no container of a device,
// site or group exists, no file can be linked, no image chosen.
type Around struct {
	Holders Holders
	Files   Files
	Images  Images
}

// Holders knows what containers belong to. Holds gives NotFound when the customer has no such device, site or group; whatever
// model is asked for is fine.
type Holders interface {
	Holds(ctx context.Context, q db.Q, customerID string, kind Kind, key string) error
}

// Files knows the resource files of customers. HasFile gives NotFound when the customer has none with this id.
type Files interface {
	HasFile(ctx context.Context, q db.Q, customerID, fileID string) error
}

// Images knows software images. Image gives NotFound for one that is not there or not any more.
type Images interface {
	Image(ctx context.Context, q db.Q, imageID string) (Image, error)
}

// Image is a software image as a profile needs to know it.
type Image struct {
	ID   string
	Mode string // the family of makers whose phones run it
	Name string // with its version, for people: "UC Software 6.4.7"
}

// NewService makes the room. From then on an operator has the profiles that come with the program (DM-140).
func NewService(n Needs) *Service {
	s := &Service{db: n.DB, journal: n.Journal, tenants: n.Tenants, box: n.Box, makers: n.Makers}
	n.Tenants.OnChange(s.founded)
	return s
}

// Connect names the rooms that are made after this one. It is called while the program is wired, before anything runs.
func (s *Service) Connect(a Around) { s.around = a }

var (
	errStale    = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errArchived = errs.New(errs.Conflict, "archived", "It is archived and cannot be changed any more.")
	errName     = errs.New(errs.Conflict, "name_taken", "This name is in use already.")
	errLimit    = errs.New(errs.Conflict, "profile_limit", "There can be at most 5000 profiles here.")
)

// Level is a level of the tree at which profiles are kept.
type Level string

// The levels.
const (
	OperatorLevel Level = "operator"
	PartnerLevel  Level = "partner" // sub-partners too
	CustomerLevel Level = "customer"
)

// Place says where somebody works: at the profiles of this tenant. The ID counts for nothing at the level of the operator.
type Place struct {
	Level Level
	ID    string
}

// AtCustomer, AtPartner and AtOperator name places.
func AtCustomer(id string) Place { return Place{CustomerLevel, id} }

// AtPartner is the place of a partner or sub-partner.
func AtPartner(id string) Place { return Place{PartnerLevel, id} }

// AtOperator is the place of the operator.
func AtOperator() Place { return Place{Level: OperatorLevel} }

func (p Place) fits(k access.TenantKind) bool {
	switch p.Level {
	case OperatorLevel:
		return k == access.Operator
	case PartnerLevel:
		return k == access.Partner || k == access.SubPartner
	}
	return p.Level == CustomerLevel && k == access.Customer
}

// tenantID gives the id of the place's tenant.
func (s *Service) tenantID(ctx context.Context, q db.Q, p Place) (string, error) {
	if p.Level != OperatorLevel {
		return p.ID, nil
	}
	t, err := s.tenants.Operator(ctx, q)
	return t.ID, err
}

// allowed gives the tenant of the place when the actor may do the action there. A tenant of another level is NotFound like an unknown one.
func (s *Service) allowed(ctx context.Context, q db.Q, actor access.Actor, act access.Action, at Place) (tenant.Tenant, error) {
	id, err := s.tenantID(ctx, q, at)
	if err != nil {
		return tenant.Tenant{}, err
	}
	t, target, err := s.tenants.Target(ctx, q, actor, id)
	if err == nil && !at.fits(t.Kind) {
		err = errs.Missing("object")
	}
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	return t, err
}

// begin is allowed for changes, with the tenant's row locked: changes of its profiles and containers come one after the other (decision 2).
func (s *Service) begin(ctx context.Context, tx *db.Tx, actor access.Actor, act access.Action, at Place) (tenant.Tenant, error) {
	id, err := s.tenantID(ctx, tx, at)
	if err == nil {
		err = tx.LockRow(ctx, "tenant_tenants", id)
	}
	if err != nil {
		return tenant.Tenant{}, err
	}
	t, err := s.allowed(ctx, tx, actor, act, at)
	if err == nil && t.State == tenant.Archived {
		err = errArchived
	}
	return t, err
}

// lockNames makes changes of names wait for each other, since a name must differ from those of several tenants (DM-142).
func lockNames(ctx context.Context, tx *db.Tx) error { return tx.LockRow(ctx, "profile_names", "all") }
