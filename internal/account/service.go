package account

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Deps is what the service works with.
type Deps struct {
	DB      *db.DB
	Tenants *tenant.Service
	Journal *journal.Journal
	Mail    Outbox
	Box     *secret.Box
	Hasher  *Hasher
	Log     *slog.Logger
	// Link gives the address of a page for a one-time link: the realm's portal and the path below it.
	Link func(realm Realm, path string) string
	// Remember is how long a machine's actor may be reused without asking the database; 0 asks every time. Changes made by
	// this node take effect at once, changes made by others after this long.
	Remember time.Duration
	// Scopes gives the actions of a scope that stands for several under the name of another API; nil, also as a function: there is none.
	Scopes func(name string) []access.Action
}

// Outbox takes letters; *deliver.Mailer is one. A letter goes out if and only if the transaction commits.
type Outbox interface {
	Mail(ctx context.Context, tx *db.Tx, l deliver.Letter) (id string, err error)
}

// Service signs people and machines in and keeps their accounts.
type Service struct {
	db       *db.DB
	tenants  *tenant.Service
	journal  *journal.Journal
	mail     Outbox
	box      *secret.Box
	hasher   *Hasher
	log      *slog.Logger
	link     func(Realm, string) string
	machines *remembered
	scopes   func(name string) []access.Action

	operatorMu sync.Mutex
	operatorID string
}

// NewService gives the service and lets it follow the life of tenants.
func NewService(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	s := &Service{db: d.DB, tenants: d.Tenants, journal: d.Journal, mail: d.Mail, box: d.Box, hasher: d.Hasher, log: d.Log, link: d.Link,
		machines: newRemembered(d.DB.Clock(), d.Remember), scopes: d.Scopes}
	d.Tenants.OnChange(s.tenantChanged)
	return s
}

// actor builds the actor of an account from what the database says now, and tells how long its sessions may idle.
// A disabled account or a suspended tenant is Forbidden, an archived one Unauthenticated.
func (s *Service) actor(ctx context.Context, acc Account) (access.Actor, time.Duration, error) {
	t, err := s.tenants.Load(ctx, s.db, acc.TenantID)
	if err != nil {
		return access.Actor{}, 0, err
	}
	switch {
	case t.State != tenant.Active:
		return access.Actor{}, 0, errNoSession
	case acc.State == Disabled, t.Frozen:
		return access.Actor{}, 0, errFrozen
	}
	p, err := s.tenants.Effective(ctx, s.db, t.ID)
	if err != nil {
		return access.Actor{}, 0, err
	}
	a := access.Actor{ID: acc.ID, Account: acc.ID, Kind: access.Person, Name: acc.Name, Email: acc.Email, Tenant: t.Access(), Roles: acc.Roles,
		Functions: acc.Functions, AllCustomers: acc.AllCustomers, MustChangePassword: acc.MustChange, Locale: acc.Locale}
	if acc.IsSub() && !acc.AllCustomers {
		if a.Customers, err = customersOf(ctx, s.db, acc.ID); err != nil {
			return access.Actor{}, 0, err
		}
	}
	return a, p.IdleEnd, nil
}

// operator gives the id of the one operator, which never changes; "" before the first start is done.
func (s *Service) operator(ctx context.Context) (string, error) {
	s.operatorMu.Lock()
	defer s.operatorMu.Unlock()
	if s.operatorID != "" {
		return s.operatorID, nil
	}
	t, err := s.tenants.Operator(ctx, s.db)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return "", nil
	}
	if err == nil && !s.db.InTx(ctx) { // what another transaction may still undo is not remembered
		s.operatorID = t.ID
	}
	return t.ID, err
}

// note writes a row of the operation log; with a type it is an event as well. What it is about is an account, or a token when
// the action is one of tokens.
func (s *Service) note(ctx context.Context, tx *db.Tx, a access.Actor, typ, action string, of access.Tenant, id, name string, data map[string]any) error {
	kind := "account"
	if strings.HasPrefix(action, "token/") {
		kind = "token"
	}
	return s.journal.Append(ctx, tx, a, journal.News{Type: typ, Action: action, Tenant: of,
		Target: journal.Target{Kind: kind, ID: id, Name: name}, Data: data, Quiet: typ == ""})
}

func (s *Service) failed(ctx context.Context, a access.Actor, action string, of access.Tenant, id, name string, cause error) {
	if err := s.journal.Fail(ctx, a, action, of, journal.Target{Kind: "account", ID: id, Name: name}, cause); err != nil {
		s.log.WarnContext(ctx, "failure not recorded", "action", action, "error", errs.CodeOf(err))
	}
}
