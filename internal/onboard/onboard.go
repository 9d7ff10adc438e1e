// Package onboard owns the use cases that bring an organisation into Linecard as a whole: the tenant together with its first
// administrator and that person's mail, in one transaction; and the wholesale offer's way from one call to a working customer:
// templates, carriers, the check of restricted parties, the provisioning of customers as a durable state machine, the pre-check that
// asks the same rules, and the requests for sub-partners (WS-37 … WS-53, WS-73 … WS-122).
//
// It has no rules of its own about tenants, accounts, packages or locations: those rooms decide and check. It must not know pages nor
// the wire of any API.
package onboard

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/operation"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Accounts is what onboarding needs of the people's room.
type Accounts interface {
	Invite(ctx context.Context, a access.Actor, in account.Invitation) (account.Account, error)
	HashPassword(ctx context.Context, tenantID, email string, password secret.String) (account.Hashed, error)
	ResetFirst(ctx context.Context, a access.Actor, tenantID string) (account.Account, error)
	Member(ctx context.Context, q db.Q, tenantID, idOrEmail string) (account.Account, error)
	EmailTaken(ctx context.Context, q db.Q, realm account.Realm, email string) (bool, error)
	HasAdministrator(ctx context.Context, q db.Q, tenantID string) (bool, error)
}

// Identities knows the providers of identities that partners have set up (WS-149). Tested gives NotFound for one that the partner does
// not have or has not tested.
type Identities interface {
	Tested(ctx context.Context, q db.Q, partnerID, entityID string) error
}

// Mails tells how mails fared.
type Mails interface {
	MailStates(ctx context.Context, q db.Q, ids ...string) (map[string]deliver.MailStatus, error)
}

// Deps is what the service works with.
type Deps struct {
	DB       *db.DB
	Tenants  *tenant.Service
	Accounts Accounts
	Mails    Mails // nil: MailStates knows of none
	Post     Post  // nil: nobody is told of restrictions and authorisations by mail
	// Link gives the address of a portal's page for a letter, as for account.Deps.
	Link func(realm account.Realm, path string) string

	// What the wholesale offer needs; without Journal, Catalog and Operations none of its use cases may be called.
	Journal    *journal.Journal
	Catalog    *catalog.Service
	Operations *operation.Service
	Places     Places     // nil: customers get no location and no numbers
	Identities Identities // nil: no partner has a provider of identities
	// Observe is told of every step of a run once it is durable, for metrics; it must return fast.
	Observe func(customerID, step string)
}

// Service is the use cases of onboarding.
type Service struct {
	db       *db.DB
	tenants  *tenant.Service
	accounts Accounts
	mails    Mails
	post     Post
	link     func(account.Realm, string) string

	journal    *journal.Journal
	catalog    *catalog.Service
	operations *operation.Service
	places     Places
	identities Identities
	observe    func(customerID, step string)
	known      lists
}

// NewService gives the service and lets it tell organisations what others decide about them.
func NewService(d Deps) *Service {
	s := &Service{db: d.DB, tenants: d.Tenants, accounts: d.Accounts, mails: d.Mails, post: d.Post, link: d.Link,
		journal: d.Journal, catalog: d.Catalog, operations: d.Operations, places: d.Places, identities: d.Identities, observe: d.Observe}
	if s.observe == nil {
		s.observe = func(string, string) {}
	}
	d.Tenants.Holds(s.holds)
	if s.post != nil && s.link != nil {
		d.Tenants.OnChange(s.changed)
	}
	return s
}

// First is what is known of the first administrator beside the organisation's registered e-mail and contact. The zero value
// is right for everybody but the first start and the demo.
type First struct {
	Password secret.String // "": a one-time link is mailed (CH-19); else it must be changed at the first sign-in (CH-3)
	Keep     bool          // it need not be changed; only the system may say so
}

// Made is a new organisation with its first administrator.
type Made struct {
	Tenant tenant.Tenant
	Admin  account.Account
}

// first are the roles of an organisation's first administrator: whoever is alone must be able to do everything there. At a
// partner that takes both roles, or its sub-partners would be out of reach (WS-83).
var first = map[access.TenantKind][]access.Role{
	access.Operator:   {access.OperatorAdmin},
	access.Partner:    {access.PartnerFullAdmin, access.PartnerWholesaleAdmin},
	access.SubPartner: {access.PartnerFullAdmin, access.PartnerWholesaleAdmin},
	access.Customer:   {access.CustomerFullAdmin},
}

var errNoEmail = errs.BadField("email", "required", "This field must not be empty.")

// CreateOperator makes the operator and its first administrator at the first start; only the system may, and only once.
func (s *Service) CreateOperator(ctx context.Context, actor access.Actor, d tenant.Details, f First) (Made, error) {
	if d.Email == "" {
		return Made{}, errNoEmail
	}
	return s.make(ctx, actor, "", d, f, func(ctx context.Context) (tenant.Tenant, error) { return s.tenants.CreateOperator(ctx, actor, d) })
}

// CreatePartner makes a partner and invites its first administrator (CH-15).
func (s *Service) CreatePartner(ctx context.Context, actor access.Actor, d tenant.Details, f First) (Made, error) {
	root, err := s.tenants.Operator(ctx, s.db)
	if err != nil {
		return Made{}, err
	}
	return s.make(ctx, actor, root.ID, d, f, func(ctx context.Context) (tenant.Tenant, error) { return s.tenants.CreatePartner(ctx, actor, d) })
}

// CreateSubPartner makes a sub-partner and invites its first administrator (WS-74).
func (s *Service) CreateSubPartner(ctx context.Context, actor access.Actor, in tenant.NewSubPartner, f First) (Made, error) {
	return s.make(ctx, actor, in.ParentID, in.Details, f, func(ctx context.Context) (tenant.Tenant, error) {
		return s.tenants.CreateSubPartner(ctx, actor, in)
	})
}

// CreateCustomer makes a customer and mails its registered address how to sign in (CH-17, CH-19). A name, e-mail, external id
// or host that is taken is Conflict and names the field; then neither is there.
func (s *Service) CreateCustomer(ctx context.Context, actor access.Actor, in tenant.NewCustomer, f First) (Made, error) {
	return s.make(ctx, actor, in.OwnerID, in.Details, f, func(ctx context.Context) (tenant.Tenant, error) {
		return s.tenants.CreateCustomer(ctx, actor, in)
	})
}

// ResetPassword mails a new link to the first administrator of a customer or partner: an invitation again while no password
// was ever set (CH-20), else a link to set a new one while the old still works (CH-22). The earlier link ends. More than once
// a minute is TooMany.
func (s *Service) ResetPassword(ctx context.Context, actor access.Actor, tenantID string) (account.Account, error) {
	return s.accounts.ResetFirst(ctx, actor, tenantID)
}

// MailStates tells for tenants that the caller has listed how their last account mail fared, by tenant id; those that got none,
// or whose mail is long past, are absent (CH-19, CH-20).
func (s *Service) MailStates(ctx context.Context, of ...tenant.Tenant) (map[string]deliver.MailStatus, error) {
	var ids []string
	for _, t := range of {
		if t.MailID != "" {
			ids = append(ids, t.MailID)
		}
	}
	out := map[string]deliver.MailStatus{}
	if len(ids) == 0 || s.mails == nil {
		return out, nil
	}
	found, err := s.mails.MailStates(ctx, s.db, ids...)
	for _, t := range of {
		if m, ok := found[t.MailID]; ok {
			out[t.ID] = m
		}
	}
	return out, err
}

// make runs create and the invitation in one transaction. A supplied password is hashed before it, because that is slow.
func (s *Service) make(ctx context.Context, actor access.Actor, parentID string, d tenant.Details, f First,
	create func(context.Context) (tenant.Tenant, error),
) (Made, error) {
	var hashed account.Hashed
	if !f.Password.Empty() {
		if parentID == "" {
			parentID = actor.Place().ID
		}
		var err error
		if hashed, err = s.accounts.HashPassword(ctx, parentID, d.Email, f.Password); err != nil {
			return Made{}, err
		}
	}
	var out Made
	err := s.db.Tx(ctx, func(ctx context.Context, _ *db.Tx) error {
		t, err := create(ctx)
		if err != nil {
			return err
		}
		admin, err := s.accounts.Invite(ctx, actor, account.Invitation{Of: &t, TenantID: t.ID, Email: t.Email, Name: contactOf(t), Phone: t.Phone,
			Locale: t.Locale, TimeZone: t.TimeZone, Roles: first[t.Kind], First: true, Hashed: hashed, Keep: f.Keep})
		out = Made{Tenant: t, Admin: admin}
		return err
	})
	return out, err
}

func contactOf(t tenant.Tenant) string {
	if t.Contact == "" {
		return t.Name
	}
	return t.Contact
}
