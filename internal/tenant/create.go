package tenant

import (
	"context"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// CreateOperator makes the root of the tree; only the system may, and only once.
func (s *Service) CreateOperator(ctx context.Context, actor access.Actor, d Details) (Tenant, error) {
	if actor.Kind != access.System {
		return Tenant{}, errs.Missing("object")
	}
	var c errs.Checker
	t := fresh(access.Operator, d.checked(&c, false))
	if err := c.Err(); err != nil {
		return Tenant{}, err
	}
	return s.create(ctx, actor, creation{tenant: t})
}

// CreatePartner makes a partner below the operator (CH-15). A second one with the same name or e-mail is a conflict that
// names the field.
func (s *Service) CreatePartner(ctx context.Context, actor access.Actor, d Details) (Tenant, error) {
	root, err := s.operatorID(ctx)
	if err != nil {
		return Tenant{}, err
	}
	var c errs.Checker
	t := fresh(access.Partner, d.checked(&c, true))
	t.ParentID = root
	return s.create(ctx, actor, creation{tenant: t, action: access.PartnerCreate, faults: c.Err()})
}

// CreateSubPartner makes a sub-partner and the relation that lets its parent manage it (WS-73, WS-81). Below anything but a
// partner it is the conflict max_depth (WS-75).
func (s *Service) CreateSubPartner(ctx context.Context, actor access.Actor, in NewSubPartner) (Tenant, error) {
	var c errs.Checker
	t := fresh(access.SubPartner, in.Details.checked(&c, true))
	t.ParentID = parentOr(in.ParentID, actor)
	return s.create(ctx, actor, creation{tenant: t, action: access.SubPartnerCreate, faults: c.Err()})
}

// CreateCustomer makes a customer of a partner or sub-partner (CH-17, CH-18), with the relations of its owner (WS-81).
// A name, e-mail, external id or host that is taken is a conflict that names the field.
func (s *Service) CreateCustomer(ctx context.Context, actor access.Actor, in NewCustomer) (Tenant, error) {
	var c errs.Checker
	t := fresh(access.Customer, in.Details.checked(&c, true))
	t.ParentID = parentOr(in.OwnerID, actor)
	t.Permissions = checkPermissions(&c, in.PermissionTypes)
	t.Wholesale, t.Restricted = in.Wholesale, in.Wholesale
	if in.Unscreened {
		t.Screening = ScreeningPending
	}
	made := in.Host == ""
	if made {
		t.Host = hostFrom(t.Name)
	} else {
		t.Host = checkHost(&c, "host", in.Host)
	}
	return s.create(ctx, actor, creation{tenant: t, action: access.CustomerCreate, faults: c.Err(), hostMade: made})
}

func parentOr(id string, actor access.Actor) string {
	if id == "" {
		return actor.Place().ID
	}
	return id
}

func fresh(k access.TenantKind, d Details) Tenant {
	return Tenant{ID: db.NewID(), Kind: k, Name: d.Name, Email: d.Email, Contact: d.Contact, Phone: d.Phone, Country: d.Country,
		Address: d.Address, Remarks: d.Remarks, ExternalID: d.ExternalID, Locale: d.Locale, TimeZone: d.TimeZone,
		Permissions: Permissions{}, State: Active, Screening: ScreeningClear, Version: 1}
}

// creation is a tenant about to be made.
type creation struct {
	tenant   Tenant
	action   access.Action
	faults   error // of the fields; told only to who may create here
	hostMade bool  // the host came from the name, so another one will do
}

func (s *Service) create(ctx context.Context, actor access.Actor, n creation) (Tenant, error) {
	var out Tenant
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t := n.tenant
		var parent Tenant
		if t.Kind != access.Operator {
			var err error
			if parent, err = s.allowedBelow(ctx, tx, actor, n); err != nil {
				return err
			}
		}
		t.ParentKind, t.ParentName = parent.Kind, parent.Name
		t.Key = newKey(t.Kind)
		t.Scope = parent.Scope + t.Key + "."
		t.Created, t.Updated = tx.Now(), tx.Now()
		if err := insertFree(ctx, tx, &t, parent, n.hostMade); err != nil {
			return taken(err)
		}
		if err := relateNew(ctx, tx, t, parent); err != nil {
			return err
		}
		out = t
		return s.record(ctx, tx, actor, Change{What: Created, After: t}, nil)
	})
	return out, err
}

// allowedBelow decides whether the actor may create here and locks the parent, so that it is neither archived nor suspended
// while the child appears.
func (s *Service) allowedBelow(ctx context.Context, tx *db.Tx, actor access.Actor, n creation) (Tenant, error) {
	if n.tenant.ParentID == "" {
		return Tenant{}, errs.Missing("object")
	}
	if err := tx.LockToRead(ctx, "tenant_tenants", n.tenant.ParentID); err != nil {
		return Tenant{}, err
	}
	parent, target, err := s.Target(ctx, tx, actor, n.tenant.ParentID)
	if err != nil {
		return Tenant{}, err
	}
	if err := access.Decide(actor, n.action, target); err != nil {
		return Tenant{}, err
	}
	switch {
	case parent.State == Archived:
		return Tenant{}, errArchived
	case n.tenant.Kind == access.SubPartner && parent.Kind == access.SubPartner:
		return Tenant{}, errMaxDepth
	case n.tenant.Kind == access.SubPartner && parent.Kind != access.Partner,
		n.tenant.Kind == access.Customer && parent.Kind != access.Partner && parent.Kind != access.SubPartner:
		return Tenant{}, errWrongKind
	}
	return parent, n.faults
}

// insertFree writes the new row. A host that was made from the name gives way to others of the same name, also to those that
// appear at the same moment; one that somebody chose does not.
func insertFree(ctx context.Context, tx *db.Tx, t *Tenant, parent Tenant, hostMade bool) error {
	if !hostMade {
		_, err := insert(ctx, tx, *t, parent, "")
		return err
	}
	for wanted := t.Host; ; t.Host = another(wanted) {
		if n, err := insert(ctx, tx, *t, parent, " ON CONFLICT (host) WHERE host <> '' DO NOTHING"); err != nil || n == 1 {
			return err
		}
	}
}

func (s *Service) operatorID(ctx context.Context) (string, error) {
	var id string
	err := s.db.Get(ctx, &id, `SELECT id FROM tenant_tenants WHERE kind = 'operator'`)
	return id, err
}

func insert(ctx context.Context, tx *db.Tx, t, parent Tenant, onConflict string) (int64, error) {
	var above struct{ id, kind, scope any }
	if parent.ID != "" {
		above.id, above.kind, above.scope = parent.ID, string(parent.Kind), parent.Scope
	}
	realm, partner := "partner", t.ID
	switch t.Kind {
	case access.Operator:
		realm = "operator"
	case access.SubPartner:
		partner = parent.ID
	case access.Customer:
		realm, partner = "customer", parent.ID
		if parent.Kind == access.SubPartner {
			partner = parent.ParentID
		}
	}
	a := tx.Args()
	var cols, vals []string
	add := func(col string, v any) { cols, vals = append(cols, col), append(vals, a.Add(v)) }
	add("id", t.ID)
	add("kind", string(t.Kind))
	add("parent_id", above.id)
	add("parent_kind", above.kind)
	add("parent_scope", above.scope)
	add("partner_id", partner)
	add("realm", realm)
	add("key", t.Key)
	add("scope", t.Scope)
	add("created", t.Created)
	for _, f := range changeable(t) {
		add(f.col, f.val)
	}
	return tx.Exec(ctx, "INSERT INTO tenant_tenants ("+strings.Join(cols, ", ")+") VALUES ("+strings.Join(vals, ", ")+")"+onConflict, a.List()...)
}

type column struct {
	col string
	val any
}

// changeable lists the columns that an existing tenant can change, with the folded forms beside the originals.
func changeable(t Tenant) []column {
	return []column{
		{"name", t.Name}, {"name_fold", db.Fold(t.Name)}, {"email", t.Email}, {"email_fold", db.Fold(t.Email)},
		{"contact", t.Contact}, {"contact_fold", db.Fold(t.Contact)}, {"phone", t.Phone}, {"country", t.Country},
		{"address", t.Address}, {"remarks", t.Remarks}, {"external_id", t.ExternalID}, {"external_id_fold", db.Fold(t.ExternalID)},
		{"locale", t.Locale}, {"time_zone", t.TimeZone}, {"host", t.Host}, {"permission_types", t.Permissions},
		{"wholesale", t.Wholesale}, {"state", string(t.State)}, {"frozen", t.Frozen}, {"freeze_stops_service", t.FreezeStopsService},
		{"freeze_reason", t.FreezeReason}, {"provisioning_suspended", t.ProvisioningSuspended}, {"restricted_by_partner", t.Restricted},
		{"screening", t.Screening}, {"mail_id", t.MailID}, {"version", t.Version}, {"updated", t.Updated}, {"archived", t.Archived},
	}
}
