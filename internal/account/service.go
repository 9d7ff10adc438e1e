package account

import (
	"context"
	"log/slog"
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
	Mail    *deliver.Mailer
	Box     *secret.Box
	Hasher  *Hasher
	Log     *slog.Logger
	// Link gives the address of a page for a one-time link: the realm's portal and the path below it.
	Link func(realm Realm, path string) string
	// Remember is how long a machine's actor may be reused without asking the database; 0 asks every time. Changes made by
	// this node take effect at once, changes made by others after this long.
	Remember time.Duration
}

// Service signs people and machines in and keeps their accounts.
type Service struct {
	db       *db.DB
	tenants  *tenant.Service
	journal  *journal.Journal
	mail     *deliver.Mailer
	box      *secret.Box
	hasher   *Hasher
	log      *slog.Logger
	link     func(Realm, string) string
	machines *remembered

	operatorMu sync.Mutex
	operatorID string
}

// NewService gives the service and lets it follow the life of tenants.
func NewService(d Deps) *Service {
	if d.Log == nil {
		d.Log = slog.Default()
	}
	s := &Service{db: d.DB, tenants: d.Tenants, journal: d.Journal, mail: d.Mail, box: d.Box, hasher: d.Hasher, log: d.Log, link: d.Link,
		machines: newRemembered(d.DB.Clock(), d.Remember)}
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
	for _, id := range acc.Customers {
		c, err := s.tenants.Load(ctx, s.db, id)
		if err != nil {
			if errs.KindOf(err) == errs.NotFound {
				continue
			}
			return access.Actor{}, 0, err
		}
		a.Customers = append(a.Customers, c.Access())
	}
	return a, p.IdleEnd, nil
}

// lockPolicy is the operator's: it must be the same for every address, known or not.
func (s *Service) lockPolicy(ctx context.Context) (lockPolicy, error) {
	id, err := s.operator(ctx)
	if err != nil {
		return lockPolicy{}, err
	}
	p, err := s.tenants.Effective(ctx, s.db, id)
	return lockPolicy{threshold: p.LockAfter, duration: p.LockFor}, err
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

// note writes a row of the operation log that is no event, or an event when typ is not empty and not of a session.
func (s *Service) note(ctx context.Context, tx *db.Tx, a access.Actor, typ, action string, of access.Tenant, id, name string, data map[string]any) error {
	return s.journal.Append(ctx, tx, a, journal.News{Type: typ, Action: action, Tenant: of,
		Target: journal.Target{Kind: "account", ID: id, Name: name}, Data: data})
}

func (s *Service) failed(ctx context.Context, a access.Actor, action string, of access.Tenant, id, name string, cause error) {
	if err := s.journal.Fail(ctx, a, action, of, journal.Target{Kind: "account", ID: id, Name: name}, cause); err != nil {
		s.log.WarnContext(ctx, "failure not recorded", "action", action, "error", errs.CodeOf(err))
	}
}

// tenantChanged follows a tenant in its own transaction: the first administrator signs in with the registered e-mail
// (CH-23), an archived tenant frees its addresses (CH-27), a frozen one loses its sessions and tokens at once (CH-24).
func (s *Service) tenantChanged(ctx context.Context, tx *db.Tx, actor access.Actor, c tenant.Change) error {
	tx.AfterCommit(s.machines.forgetAll)
	switch c.What {
	case tenant.EmailChanged:
		return s.followEmail(ctx, tx, c)
	case tenant.Froze:
		_, err := tx.Exec(ctx, `DELETE FROM account_sessions WHERE account_id IN (SELECT id FROM account_accounts WHERE tenant_id = $1)`, c.After.ID)
		return err
	case tenant.Retired:
		if _, err := tx.Exec(ctx, `DELETE FROM account_sessions WHERE account_id IN (SELECT id FROM account_accounts WHERE tenant_id = $1)`, c.After.ID); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE account_tokens SET revoked = $2 WHERE tenant_id = $1 AND revoked IS NULL`, c.After.ID, tx.Now()); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE account_accounts SET state = 'deleted', first = FALSE, updated = $2, version = version + 1
			WHERE tenant_id = $1 AND state <> 'deleted'`, c.After.ID, tx.Now())
		return err
	}
	return nil
}

// followEmail moves the first administrator to the new registered address and tells both addresses.
func (s *Service) followEmail(ctx context.Context, tx *db.Tx, c tenant.Change) error {
	acc, err := one(ctx, tx, `tenant_id = $1 AND first AND state <> 'deleted'`, c.After.ID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	old := acc.Email
	acc.Email = c.After.Email
	if err := update(ctx, tx, &acc, 0); err != nil {
		return err
	}
	return s.tellEmailChanged(ctx, tx, acc, old)
}
