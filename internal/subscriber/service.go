package subscriber

import (
	"context"
	"strings"
	"sync"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Accounts is what this room needs of the people's room: the first user of a customer becomes its administrator (WS-112).
type Accounts interface {
	Invite(ctx context.Context, a access.Actor, in account.Invitation) (account.Account, error)
}

// Devices tells of phones; lines appear on them.
type Devices interface {
	// HasDevice gives NotFound when the customer has no device with this id.
	HasDevice(ctx context.Context, q db.Q, customerID, deviceID string) error
}

// Service is the use cases of users, workspaces, locations, numbers and lines.
type Service struct {
	db         *db.DB
	journal    *journal.Journal
	tenants    *tenant.Service
	catalog    *catalog.Service
	accounts   Accounts
	operations *operation.Service
	box        *secret.Box
	devices    Devices
	hooks      []Hook
	known      sync.Map // ids of customers that were founded, which no customer ceases to be
	post       Post
	link       func(path string) string
}

// Needs is what the room is made of.
type Needs struct {
	DB         *db.DB
	Journal    *journal.Journal
	Tenants    *tenant.Service
	Catalog    *catalog.Service
	Accounts   Accounts // nil: nobody becomes administrator
	Operations *operation.Service
	Box        *secret.Box
	Post       Post                     // nil: nobody is asked to move by mail
	Link       func(path string) string // the address of a portal's page, for a letter
}

// NewService makes the room.
func NewService(n Needs) *Service {
	return &Service{db: n.DB, journal: n.Journal, tenants: n.Tenants, catalog: n.Catalog, accounts: n.Accounts, operations: n.Operations, box: n.Box, post: n.Post, link: n.Link}
}

// Connect tells who knows the devices, which is a room above. Without it no line can be put on a phone.
func (s *Service) Connect(d Devices) { s.devices = d }

// LineChange is what a hook hears of lines: those that came or changed, and those that are about to go with all that is known of them.
type LineChange struct {
	CustomerID string
	Scope      string   // of the customer
	Set, Gone  []string // ids of lines
}

// Hook acts on a change of lines in its transaction; an error undoes the change. A registrar publishes and withdraws by it.
type Hook func(ctx context.Context, tx *db.Tx, c LineChange) error

// OnLines registers a hook. Rooms above register theirs while the program is wired, before anything runs.
func (s *Service) OnLines(h Hook) { s.hooks = append(s.hooks, h) }

func (s *Service) tell(ctx context.Context, tx *db.Tx, c LineChange) error {
	if len(c.Set)+len(c.Gone) == 0 {
		return nil
	}
	for _, h := range s.hooks {
		if err := h(ctx, tx, c); err != nil {
			return err
		}
	}
	return nil
}

// allowed gives the customer when the actor may do the action there. What is no customer is NotFound like an unknown one.
func (s *Service) allowed(ctx context.Context, q db.Q, actor access.Actor, act access.Action, customerID string) (tenant.Tenant, error) {
	t, target, err := s.tenants.Target(ctx, q, actor, customerID)
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	if err == nil && t.Kind != access.Customer {
		err = errs.Missing("object")
	}
	return t, err
}

// begin decides about a change. The customer cannot be archived meanwhile; exclusive makes changes of this kind take turns.
func (s *Service) begin(ctx context.Context, tx *db.Tx, actor access.Actor, act access.Action, customerID string, exclusive bool) (tenant.Tenant, error) {
	var err error
	if exclusive {
		err = tx.LockToRead(ctx, "tenant_tenants", customerID)
	} else {
		err = tx.ShareToRead(ctx, "tenant_tenants", customerID)
	}
	if err != nil {
		return tenant.Tenant{}, err
	}
	t, err := s.allowed(ctx, tx, actor, act, customerID)
	if err == nil && t.State == tenant.Archived {
		err = errArchived
	}
	return t, err
}

// shared gives a customer its row of this room.
func shared(ctx context.Context, tx *db.Tx, t tenant.Tenant) error {
	_, err := tx.Exec(ctx, `INSERT INTO subscriber_customers (id, scope, founded, calling, automatic, version) VALUES ($1, $2, FALSE, '', '', 1) ON CONFLICT (id) DO NOTHING`, t.ID, t.Scope)
	return err
}

// absent names what a row that is not there is; any other trouble of the database stays what it is, and is no "unknown".
func absent(err error, missing *errs.Error) error {
	if errs.KindOf(err) == errs.NotFound {
		return missing
	}
	return err
}

func clean(s string) string { return strings.TrimSpace(s) }

func joinUnion(parts []string) string { return strings.Join(parts, " UNION ALL ") }

func joinRows(rows []string) string { return strings.Join(rows, ", ") }

// row gives the places of one row of a statement that writes several.
func row(a *db.Args, values ...any) string {
	places := make([]string, len(values))
	for i, v := range values {
		places[i] = a.Add(v)
	}
	return "(" + strings.Join(places, ", ") + ")"
}
