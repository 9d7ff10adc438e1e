package redirect

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Holders tells who has a phone in a way that this room does not know: as a device.
type Holders interface {
	// Holder gives the customer that has this MAC, "" for none.
	Holder(ctx context.Context, q db.Q, mac phone.MAC) (customerID string, err error)
}

// Service is the use cases of redirection. Each one decides first, then writes rows and journal in one transaction.
type Service struct {
	db         *db.DB
	journal    *journal.Journal
	tenants    *tenant.Service
	operations *operation.Service
	box        *secret.Box
	makers     phone.Makers
	holders    Holders
	guard      *deliver.Guard
	http       *http.Client
	log        *slog.Logger
	limit      *httpx.Limiter // of guesses, per address

	mu     sync.Mutex
	tokens map[string]cloudToken // by connector
	seen   []contact             // not written yet
	lost   int                   // contacts that found the buffer full
}

// Needs is what the room is made of.
type Needs struct {
	DB         *db.DB
	Journal    *journal.Journal
	Tenants    *tenant.Service
	Operations *operation.Service // long imports
	Box        *secret.Box
	Makers     phone.Makers
	Guard      *deliver.Guard // what makers' clouds are called through (decision 25)
	Holders    Holders        // nil: nobody but this room holds MACs
	Log        *slog.Logger   // nil: slog.Default
}

// callLimit ends a call to a maker's cloud.
const callLimit = 20 * time.Second

// asking bounds requests of one address: a campus behind one address fits in, a walk through all MACs does not.
var asking = httpx.Rate{Burst: 5000, Every: 10 * time.Millisecond}

// NewService makes the room and tells tenant what it holds of a customer: one with entries cannot be archived (CH-27), nor lose
// the permission RPS unless somebody confirms (CH-18).
func NewService(n Needs) *Service {
	s := &Service{db: n.DB, journal: n.Journal, tenants: n.Tenants, operations: n.Operations, box: n.Box, makers: n.Makers, holders: n.Holders,
		guard: n.Guard, log: n.Log, tokens: map[string]cloudToken{}, limit: httpx.NewLimiter(asking, 0, n.DB.Clock())}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.guard == nil {
		s.guard = deliver.NewGuard(deliver.GuardOptions{})
	}
	s.http = s.guard.Client(callLimit)
	n.Tenants.Holds(s.holds)
	return s
}

func (s *Service) holds(ctx context.Context, q db.Q, customerID string) ([]tenant.Holding, error) {
	n, err := countEntries(ctx, q, customerID)
	return []tenant.Holding{{Kind: "redirect_entries", Count: n, Permission: tenant.RPS}}, err
}

// Makers names the makers that an entry can have, for pickers.
func (s *Service) Makers() []string { return s.makers.Names() }

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

// begin is allowed with the customer's row locked, so that it is not archived meanwhile and what is counted stays counted
// (decision 2).
func (s *Service) begin(ctx context.Context, tx *db.Tx, actor access.Actor, act access.Action, customerID string) (tenant.Tenant, error) {
	if err := tx.LockRow(ctx, "tenant_tenants", customerID); err != nil {
		return tenant.Tenant{}, err
	}
	t, err := s.allowed(ctx, tx, actor, act, customerID)
	if err == nil && t.State == tenant.Archived {
		err = errArchived
	}
	return t, err
}

func sealedAs(table, id string) string { return table + "/account_password/" + id }

// reseat seals the password that a patch brings; without a user there is none.
func (s *Service) reseat(sealed *[]byte, user string, word *secret.String, as string) (bool, error) {
	switch {
	case user == "":
		gone := *sealed != nil
		*sealed = nil
		return gone, nil
	case word == nil:
		return false, nil
	}
	fresh, err := s.box.Seal([]byte(word.Reveal()), as)
	*sealed = fresh
	return true, err
}

// CreateServer adds a server (CH-35). A name that is used is name_taken, more than MaxServers is redirect_server_limit.
func (s *Service) CreateServer(ctx context.Context, actor access.Actor, customerID string, n NewServer) (Server, error) {
	v := Server{ID: db.NewID()}
	var word *secret.String
	if !n.Password.Empty() {
		word = &n.Password
	}
	_, faults := ServerPatch{Name: &n.Name, URL: &n.URL, User: &n.User, CertificateURL: &n.CertificateURL, Password: word}.apply(&v)
	if _, err := s.reseat(&v.Password, v.User, word, sealedAs("redirect_servers", v.ID)); err != nil {
		return Server{}, err
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.RedirectEdit, customerID)
		if err == nil {
			err = faults
		}
		if err != nil {
			return err
		}
		var have int64
		if err := tx.Get(ctx, &have, `SELECT COUNT(*) FROM redirect_servers WHERE customer_id = $1`, t.ID); err != nil {
			return err
		}
		if have >= MaxServers {
			return errServerLimit
		}
		v.CustomerID, v.Scope, v.Created, v.Updated, v.Version = t.ID, t.Scope, tx.Now(), tx.Now(), 1
		if err := nameFault(insertServer(ctx, tx, v)); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, serverNews(t, v, "created", "create", nil))
	})
	if err != nil {
		return Server{}, err
	}
	return v, nil
}

func nameFault(err error) error {
	if db.IsUnique(err, "redirect_servers", "customer_id", "name_fold") {
		return errName.Because(err)
	}
	return err
}

// GetServer gives a server of the customer; NotFound when it has none with this id.
func (s *Service) GetServer(ctx context.Context, actor access.Actor, customerID, id string) (Server, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.RedirectView, customerID); err != nil {
		return Server{}, err
	}
	return getServer(ctx, s.db, customerID, id)
}

// Servers gives the servers of a customer page by page, and the cursor of the next page.
func (s *Service) Servers(ctx context.Context, actor access.Actor, customerID, text string, page db.Page) ([]Server, string, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.RedirectView, customerID); err != nil {
		return nil, "", err
	}
	return listServers(ctx, s.db, customerID, text, page)
}

// EditServer changes a server; what stands in makers' clouds follows in a job. Stale when IfVersion is not the present version.
func (s *Service) EditServer(ctx context.Context, actor access.Actor, customerID, id string, p ServerPatch) (Server, error) {
	var out Server
	var sealed []byte
	if p.Password != nil && !p.Password.Empty() {
		var err error
		if sealed, err = s.box.Seal([]byte(p.Password.Reveal()), sealedAs("redirect_servers", id)); err != nil {
			return Server{}, err
		}
	}
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, v, err := s.lockedServer(ctx, tx, actor, customerID, id, p.IfVersion)
		if err != nil {
			return err
		}
		changed, err := p.apply(&v)
		if err != nil {
			return err
		}
		if v.User == "" {
			v.Password = nil
		} else if sealed != nil {
			v.Password, changed = sealed, append(changed, "password")
		}
		out = v
		if len(changed) == 0 {
			return nil
		}
		v.Version++
		v.Updated = tx.Now()
		if err := nameFault(updateServer(ctx, tx, v)); err != nil {
			return err
		}
		out = v
		if err := s.pushServer(ctx, tx, v.ID); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, serverNews(t, v, "edited", "edit", map[string]any{"fields": changed}))
	})
	return out, err
}

// DeleteServer removes a server that nobody is sent to; else redirect_server_in_use (CH-35).
func (s *Service) DeleteServer(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, v, err := s.lockedServer(ctx, tx, actor, customerID, id, ifVersion)
		if err != nil {
			return err
		}
		if v.Entries > 0 {
			return errServerUsed
		}
		if _, err := tx.Exec(ctx, `DELETE FROM redirect_servers WHERE id = $1`, id); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, serverNews(t, v, "deleted", "delete", nil))
	})
}

func (s *Service) lockedServer(ctx context.Context, tx *db.Tx, actor access.Actor, customerID, id string, ifVersion int64) (tenant.Tenant, Server, error) {
	t, err := s.begin(ctx, tx, actor, access.RedirectEdit, customerID)
	if err != nil {
		return t, Server{}, err
	}
	v, err := getServer(ctx, tx, customerID, id)
	if err == nil && ifVersion != 0 && ifVersion != v.Version {
		err = errStale
	}
	return t, v, err
}

// RevealServer gives user and password of a server in clear. It is written into the operation log and needs a right of its own
// (decision 16). redirect_account_missing when there is none.
func (s *Service) RevealServer(ctx context.Context, actor access.Actor, customerID, id string) (Account, error) {
	var out Account
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowed(ctx, tx, actor, access.RedirectReveal, customerID)
		if err != nil {
			return err
		}
		v, err := getServer(ctx, tx, customerID, id)
		if err != nil {
			return err
		}
		if out, err = s.opened(v.User, v.Password, sealedAs("redirect_servers", id)); err != nil {
			return err
		}
		n := serverNews(t, v, "revealed", "reveal", nil)
		n.Quiet = true
		return s.journal.Append(ctx, tx, actor, n)
	})
	if err != nil {
		return Account{}, err
	}
	return out, nil
}

func (s *Service) opened(user string, sealed []byte, as string) (Account, error) {
	if user == "" {
		return Account{}, errNoPart
	}
	word, err := s.box.Open(sealed, as)
	return Account{User: user, Password: secret.Hide(string(word))}, err
}

func serverNews(t tenant.Tenant, v Server, what, verb string, data map[string]any) journal.News {
	if data == nil {
		data = map[string]any{}
	}
	data["customer_id"] = t.ID
	return journal.News{Type: "redirect_server." + what, Action: "redirect_server/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: "redirect_server", ID: v.ID, Name: v.Name}, Data: data}
}
