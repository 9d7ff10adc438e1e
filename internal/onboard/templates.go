package onboard

import (
	"context"
	"strings"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

const templateColumns = `SELECT t.id, t.provisioning_id, t.owner_id, t.scope, t.name, t.name_fold, t.country, t.language, t.admin_id, t.subscription_id, t.auth,
	t.entity_id, COALESCE(t.carrier_id, '') AS carrier_id, t.restrict_invites, t.brand_name, t.disable_calls, t.state, t.created, t.updated, t.version,
	(SELECT COUNT(*) FROM onboard_customers c WHERE c.template_id = t.id) AS used FROM onboard_templates t`

// provider gives the partner or sub-partner and decides about it; anything else is the conflict wrong_kind.
func (s *Service) provider(ctx context.Context, q db.Q, actor access.Actor, act access.Action, id string) (tenant.Tenant, error) {
	if id == "" {
		id = actor.Place().ID
	}
	t, target, err := s.tenants.Target(ctx, q, actor, id)
	if err != nil {
		return tenant.Tenant{}, err
	}
	if err := access.Decide(actor, act, target); err != nil {
		return tenant.Tenant{}, err
	}
	if t.Kind != access.Partner && t.Kind != access.SubPartner {
		return tenant.Tenant{}, errNotProvider
	}
	return t, nil
}

// CreateTemplate makes a template for the actor's organisation, or by OwnerID for a sub-partner of it (WS-80, WS-96). A subscription
// that is not the owner's is NotFound; without an active one it is the conflict no_subscription.
func (s *Service) CreateTemplate(ctx context.Context, actor access.Actor, n NewTemplate) (Template, error) {
	var out Template
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		owner, err := s.provider(ctx, tx, actor, access.TemplateEdit, n.OwnerID)
		if err != nil {
			return err
		}
		out = Template{ID: db.NewID(), ProvisioningID: newProvisioningID(), OwnerID: owner.ID, Scope: owner.Scope, Name: n.Name, Country: n.Country,
			Language: n.Language, AdminID: n.Admin, SubscriptionID: n.SubscriptionID, Auth: n.Auth, EntityID: n.EntityID, CarrierID: n.CarrierID,
			Common: n.Common, State: InUse, Created: tx.Now(), Updated: tx.Now(), Version: 1}
		if err := s.checkTemplate(ctx, tx, actor, owner, &out); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO onboard_templates (id, provisioning_id, owner_id, scope, name, name_fold, country, language, admin_id,
			subscription_id, auth, entity_id, carrier_id, restrict_invites, brand_name, disable_calls, state, created, updated, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, 1)`,
			out.ID, out.ProvisioningID, out.OwnerID, out.Scope, out.Name, out.NameFold, out.Country, out.Language, out.AdminID, out.SubscriptionID, out.Auth,
			out.EntityID, orNull(out.CarrierID), out.RestrictInvites, out.BrandName, out.DisableCalls, out.State, out.Created, out.Updated); err != nil {
			return templateTaken(err)
		}
		return s.templateNews(ctx, tx, actor, owner, out, "created", "create", nil)
	})
	return out, err
}

func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func templateTaken(err error) error {
	if db.IsUnique(err, "onboard_templates", "owner_id", "name_fold") {
		return errTemplateName.Because(err)
	}
	return err
}

func (s *Service) templateNews(ctx context.Context, tx *db.Tx, actor access.Actor, owner tenant.Tenant, t Template, what, verb string, fields []string) error {
	data := map[string]any{"owner_id": owner.ID}
	if fields != nil {
		data["fields"] = fields
	}
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "template." + what, Action: "template/" + verb, Tenant: owner.Access(),
		Target: journal.Target{Kind: "template", ID: t.ID, Name: t.Name}, Data: data})
}

// checkTemplate checks all fields, tells all faults at once and fills in what was left out (WS-97 … WS-101).
func (s *Service) checkTemplate(ctx context.Context, q db.Q, actor access.Actor, owner tenant.Tenant, t *Template) error {
	var c errs.Checker
	t.Name = c.Text("name", t.Name, 1, 100)
	t.NameFold = db.Fold(t.Name)
	if strings.TrimSpace(t.Country) == "" {
		c.Add(errs.Field{Name: "country", Code: "required", Message: "This field must not be empty."})
	}
	t.Country = c.Country("country", t.Country)
	if strings.TrimSpace(t.Language) == "" {
		t.Language = languageOf(t.Country)
	} else if l, err := catalog.Locale(t.Language, t.Country, ""); err != nil {
		c.Add(errs.As(err).Fields[0])
	} else {
		t.Language = l.Organisation
	}
	if t.Auth == "" {
		t.Auth = PlatformAuth
	}
	c.OneOf("auth", t.Auth, PlatformAuth, PartnerIDP)
	t.BrandName = c.Text("brand_name", t.BrandName, 0, 128)
	t.EntityID = c.Text("entity_id", t.EntityID, 0, 1024)
	if t.Auth != PartnerIDP {
		t.EntityID = ""
	} else if err := s.checkIdentity(ctx, q, owner, t.EntityID); err != nil {
		if errs.KindOf(err) != errs.Invalid {
			return err
		}
		c.Add(errs.As(err).Fields[0])
	}
	if err := s.checkTemplateAdmin(ctx, q, actor, owner, t); err != nil {
		if errs.KindOf(err) != errs.Invalid {
			return err
		}
		c.Add(errs.As(err).Fields[0])
	}
	if t.CarrierID != "" {
		if k, err := carrier(ctx, q, t.CarrierID); err != nil && errs.KindOf(err) != errs.NotFound {
			return err
		} else if err != nil || k.State != CarrierActive {
			c.Add(errNoCarrier.Fields[0])
		}
	}
	if err := c.Err(); err != nil {
		return err
	}
	sub, err := s.catalog.MaySell(ctx, q, owner.ID, nil)
	if err != nil {
		return err
	}
	if t.SubscriptionID != "" && t.SubscriptionID != sub.ID {
		return errs.Missing("subscription")
	}
	t.SubscriptionID = sub.ID // of a sub-partner: the shared one, without choosing (WS-78)
	return nil
}

// checkIdentity refuses a provider of identities that the owner has not set up and tested (WS-99).
func (s *Service) checkIdentity(ctx context.Context, q db.Q, owner tenant.Tenant, entityID string) error {
	if entityID == "" || s.identities == nil {
		return errNoIDP
	}
	err := s.identities.Tested(ctx, q, owner.ID, entityID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return errNoIDP
	}
	return err
}

// checkTemplateAdmin finds the provider's administrator: an account of the owner, or of the parent that helps it (WS-80).
func (s *Service) checkTemplateAdmin(ctx context.Context, q db.Q, actor access.Actor, owner tenant.Tenant, t *Template) error {
	asked := t.AdminID
	if asked == "" {
		asked = actor.Account
	}
	if asked == "" {
		return errs.BadField("admin", "required", "This field must not be empty.")
	}
	of := []string{owner.ID}
	if owner.Kind == access.SubPartner {
		of = append(of, owner.ParentID)
	}
	for _, id := range of {
		a, err := s.accounts.Member(ctx, q, id, asked)
		if err == nil {
			t.AdminID = a.ID
			return nil
		}
		if errs.KindOf(err) != errs.NotFound {
			return err
		}
	}
	if actor.Kind == access.System && t.AdminID == "" {
		return errs.BadField("admin", "required", "This field must not be empty.")
	}
	return errNoAdmin
}

// Template gives one template; NotFound for an unknown or a foreign one.
func (s *Service) Template(ctx context.Context, actor access.Actor, id string) (Template, error) {
	_, t, err := s.templateFor(ctx, s.db, actor, access.TemplateView, id)
	return t, err
}

func (s *Service) templateFor(ctx context.Context, q db.Q, actor access.Actor, act access.Action, id string) (tenant.Tenant, Template, error) {
	t, err := template(ctx, q, "t.id = $1", id)
	if err != nil {
		return tenant.Tenant{}, t, err
	}
	owner, target, err := s.tenants.Target(ctx, q, actor, t.OwnerID)
	if err == nil {
		err = access.Decide(actor, act, target)
	}
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("template")
	}
	if err != nil {
		t = Template{}
	}
	return owner, t, err
}

func template(ctx context.Context, q db.Q, where string, args ...any) (Template, error) {
	var t Template
	err := q.Get(ctx, &t, templateColumns+` WHERE `+where, args...)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("template")
	}
	return t, err
}

// TemplateQuery chooses templates of a list.
type TemplateQuery struct {
	OwnerID string        // "": those of the place where the actor works, all of the platform for the operator's people
	State   TemplateState // "": those in use
	Text    string        // part of the name
	Page    db.Page
}

// Templates lists templates. Those of a sub-partner come to its parent only when it is named (WS-76, WS-80).
func (s *Service) Templates(ctx context.Context, actor access.Actor, by TemplateQuery) ([]Template, string, error) {
	see, err := access.Visible(actor, access.TemplateView, by.OwnerID != "")
	if err != nil {
		return nil, "", err
	}
	var c errs.Checker
	text := c.Text("q", by.Text, 0, 200)
	if by.State == "" {
		by.State = InUse
	}
	c.OneOf("state", string(by.State), string(InUse), string(Archived))
	if err := c.Err(); err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	where := see.SQL(a, "t.scope") + " AND t.state = " + a.Add(string(by.State))
	if by.OwnerID != "" {
		if _, err := s.provider(ctx, s.db, actor, access.TemplateView, by.OwnerID); err != nil {
			return nil, "", err
		}
		where += " AND t.owner_id = " + a.Add(by.OwnerID)
	}
	if text != "" {
		where += " AND t.name_fold LIKE " + a.Add(db.Contains(text)) + ` ESCAPE '\'`
	}
	k, err := by.Page.Keyset(a, "t.id", db.Sort{Name: "name", Column: "t.name_fold"}, db.Sort{Name: "created", Column: "t.created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var all []Template
	if err := s.db.Select(ctx, &all, templateColumns+" WHERE "+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(t Template) (any, string) {
		if k.SortName() == "created" {
			return t.Created.UnixMilli(), t.ID
		}
		return t.NameFold, t.ID
	})
	return all, next, nil
}

// EditTemplate changes a template for customers that are made from now on (WS-104). Stale when IfVersion is not the present version.
func (s *Service) EditTemplate(ctx context.Context, actor access.Actor, id string, p TemplatePatch) (Template, error) {
	return s.changeTemplate(ctx, actor, id, p.IfVersion, func(ctx context.Context, tx *db.Tx, owner tenant.Tenant, t *Template) (what, verb string, fields []string, err error) {
		if t.State == Archived {
			return "", "", nil, errTemplateGone
		}
		was := *t
		for _, f := range []struct{ to, from *string }{{&t.Name, p.Name}, {&t.Country, p.Country}, {&t.Language, p.Language}, {&t.AdminID, p.Admin}, {&t.Auth, p.Auth},
			{&t.EntityID, p.EntityID}, {&t.CarrierID, p.CarrierID}, {&t.BrandName, p.BrandName}} {
			if f.from != nil {
				*f.to = *f.from
			}
		}
		if p.RestrictInvites != nil {
			t.RestrictInvites = *p.RestrictInvites
		}
		if p.DisableCalls != nil {
			t.DisableCalls = *p.DisableCalls
		}
		if err := s.checkTemplate(ctx, tx, actor, owner, t); err != nil {
			return "", "", nil, err
		}
		for _, f := range []struct {
			name   string
			differ bool
		}{{"name", was.Name != t.Name}, {"country", was.Country != t.Country}, {"language", was.Language != t.Language}, {"admin", was.AdminID != t.AdminID},
			{"auth", was.Auth != t.Auth || was.EntityID != t.EntityID}, {"carrier_id", was.CarrierID != t.CarrierID}, {"common", was.Common != t.Common},
			{"subscription_id", was.SubscriptionID != t.SubscriptionID}} {
			if f.differ {
				fields = append(fields, f.name)
			}
		}
		if len(fields) == 0 {
			return "", "", nil, nil
		}
		return "edited", "edit", fields, nil
	})
}

// ArchiveTemplate takes a template out of use; what was made with it stays (WS-104).
func (s *Service) ArchiveTemplate(ctx context.Context, actor access.Actor, id string, ifVersion int64) (Template, error) {
	return s.changeTemplate(ctx, actor, id, ifVersion, func(_ context.Context, _ *db.Tx, _ tenant.Tenant, t *Template) (string, string, []string, error) {
		if t.State == Archived {
			return "", "", nil, nil
		}
		t.State = Archived
		return "archived", "archive", nil, nil
	})
}

// DeleteTemplate removes a template that no customer was made with; else it is the conflict template_in_use (WS-104).
func (s *Service) DeleteTemplate(ctx context.Context, actor access.Actor, id string, ifVersion int64) error {
	_, err := s.changeTemplate(ctx, actor, id, ifVersion, func(ctx context.Context, tx *db.Tx, _ tenant.Tenant, t *Template) (string, string, []string, error) {
		if t.Used > 0 {
			return "", "", nil, errTemplateUsed
		}
		_, err := tx.Exec(ctx, `DELETE FROM onboard_templates WHERE id = $1`, t.ID)
		if err != nil && errs.CodeOf(err) == "still_referenced" {
			err = errTemplateUsed.Because(err)
		}
		return "deleted", "delete", nil, err
	})
	return err
}

func (s *Service) changeTemplate(ctx context.Context, actor access.Actor, id string, ifVersion int64,
	apply func(context.Context, *db.Tx, tenant.Tenant, *Template) (what, verb string, fields []string, err error),
) (Template, error) {
	var out Template
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := tx.LockToRead(ctx, "onboard_templates", id); err != nil {
			return absent(err, "template")
		}
		owner, t, err := s.templateFor(ctx, tx, actor, access.TemplateEdit, id)
		if err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != t.Version {
			return errStale
		}
		what, verb, fields, err := apply(ctx, tx, owner, &t)
		if out = t; err != nil || what == "" {
			return err
		}
		out.Updated, out.Version = tx.Now(), t.Version+1
		if _, err := tx.Exec(ctx, `UPDATE onboard_templates SET name = $2, name_fold = $3, country = $4, language = $5, admin_id = $6, auth = $7, entity_id = $8,
			carrier_id = $9, restrict_invites = $10, brand_name = $11, disable_calls = $12, state = $13, updated = $14, version = $15, subscription_id = $16 WHERE id = $1`,
			out.ID, out.Name, out.NameFold, out.Country, out.Language, out.AdminID, out.Auth, out.EntityID, orNull(out.CarrierID), out.RestrictInvites,
			out.BrandName, out.DisableCalls, out.State, out.Updated, out.Version, out.SubscriptionID); err != nil {
			return templateTaken(err)
		}
		return s.templateNews(ctx, tx, actor, owner, out, what, verb, fields)
	})
	return out, err
}
