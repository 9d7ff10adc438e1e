package tenant

import (
	"context"
	"unicode/utf8"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

const selected = `SELECT t.id, t.kind, COALESCE(t.parent_id, '') AS parent_id, COALESCE(t.parent_kind, '') AS parent_kind,
	COALESCE(p.name, '') AS parent_name, t.key, t.scope, t.name, t.name_fold, t.email, t.contact, t.phone, t.country, t.address,
	t.remarks, t.external_id, t.locale, t.time_zone, t.host, t.permission_types, t.wholesale, t.legacy, t.state, t.frozen,
	t.freeze_stops_service, t.freeze_reason, t.provisioning_suspended, t.restricted_by_partner, t.screening, t.mail_id, t.version,
	t.created, t.updated, t.archived`

const from = ` FROM tenant_tenants t LEFT JOIN tenant_tenants p ON p.id = t.parent_id`

// Load gives a tenant without deciding whether anybody may see it; NotFound when there is none. It is for rooms that have
// decided, and for the system.
func (s *Service) Load(ctx context.Context, q db.Q, id string) (Tenant, error) {
	return load(ctx, q, id)
}

func load(ctx context.Context, q db.Q, id string) (Tenant, error) {
	var t Tenant
	err := q.Get(ctx, &t, selected+from+` WHERE t.id = $1`, id)
	return t, err
}

// ByHost gives the customer whose phones use this host; NotFound when there is none or it is archived.
func (s *Service) ByHost(ctx context.Context, q db.Q, host string) (Tenant, error) {
	var t Tenant
	err := q.Get(ctx, &t, selected+from+` WHERE t.host = $1 AND t.host <> '' AND t.state = 'active'`, host)
	return t, err
}

// Operator gives the root of the tree; NotFound before the first start.
func (s *Service) Operator(ctx context.Context, q db.Q) (Tenant, error) {
	var t Tenant
	err := q.Get(ctx, &t, selected+from+` WHERE t.kind = 'operator'`)
	return t, err
}

// Get gives a tenant that the actor may see; else NotFound, the same for unknown and for foreign ones (CH-33).
func (s *Service) Get(ctx context.Context, actor access.Actor, id string) (Tenant, error) {
	t, target, err := s.ungranted(ctx, s.db, actor, id)
	if err != nil {
		return Tenant{}, err
	}
	act := viewing(actor, t)
	if access.Needs(act) != "" {
		if target.Grants, err = grants(ctx, s.db, actor, t); err != nil {
			return Tenant{}, err
		}
	}
	if err := access.Decide(actor, act, target); err != nil {
		return Tenant{}, err
	}
	return shown(actor, t), nil
}

// viewing is the action that shows a tenant: one's own organisation needs less than another one of its kind.
func viewing(actor access.Actor, t Tenant) access.Action {
	switch {
	case t.Kind == access.Customer:
		return access.CustomerView
	case t.Kind == access.SubPartner && actor.Place().ID != t.ID:
		return access.SubPartnerView
	}
	return access.PartnerView
}

// shown takes away what the tenant's own people must not read: the notes that its provider keeps about it.
func shown(actor access.Actor, t Tenant) Tenant {
	if actor.Kind != access.System && actor.Tenant.ID == t.ID {
		t.Remarks = ""
	}
	return t
}

// searchable is the shortest text that also finds the customers of sub-partners (WS-87).
const searchable = 2

// List gives the tenants of a kind that the actor may see. A partner's list leaves out its sub-partners' customers; they
// come only by explicit search or for a named sub-partner, and only to who may see sub-partners (WS-87).
func (s *Service) List(ctx context.Context, actor access.Actor, query Query) (Listing, error) {
	action := access.PartnerView
	wide := true
	switch query.Kind {
	case access.Customer:
		action = access.CustomerView
		wide = utf8.RuneCountInString(db.Fold(query.Text)) >= searchable || query.ParentID != ""
	case access.SubPartner:
		action = access.SubPartnerView
	case access.Partner:
	default:
		return Listing{}, errs.BadField("kind", "unknown_value", "Choose one of: partner, sub_partner, customer.")
	}
	see, err := access.Visible(actor, action, wide)
	if err != nil {
		return Listing{}, err
	}
	a := s.db.Args()
	where, err := query.where(a, see)
	if err != nil {
		return Listing{}, err
	}
	var l Listing
	if err := s.db.Get(ctx, &l.Total, `SELECT COUNT(*)`+from+where, a.List()...); err != nil {
		return Listing{}, err
	}
	k, err := query.Page.Keyset(a, "t.id", sorts...)
	if err != nil {
		return Listing{}, err
	}
	stmt := selected + from + where + " AND " + k.Where + " ORDER BY " + k.OrderBy + " LIMIT " + a.Add(k.Limit)
	if err := s.db.Select(ctx, &l.Items, stmt, a.List()...); err != nil {
		return Listing{}, err
	}
	l.Items, l.Next = db.Cut(k, l.Items, func(t Tenant) (any, string) { return t.sortKey(k.SortName()), t.ID })
	for i := range l.Items {
		l.Items[i] = shown(actor, l.Items[i])
	}
	return l, nil
}

// status orders active before frozen before archived.
const status = `CASE WHEN t.state = 'archived' THEN 3 WHEN t.frozen THEN 2 WHEN t.provisioning_suspended THEN 1 ELSE 0 END`

var sorts = []db.Sort{
	{Name: "name", Column: "t.name_fold"},
	{Name: "created", Column: "t.created", Number: true, Desc: true},
	{Name: "status", Column: status, Number: true},
}

func (t Tenant) sortKey(sort string) any {
	switch sort {
	case "created":
		return t.Created.UnixMilli()
	case "status":
		switch {
		case t.State == Archived:
			return int64(3)
		case t.Frozen:
			return int64(2)
		case t.ProvisioningSuspended:
			return int64(1)
		}
		return int64(0)
	}
	return t.NameFold
}

func (query Query) where(a *db.Args, see db.Filter) (string, error) {
	var c errs.Checker
	text := c.Text("q", query.Text, 0, 200)
	if query.State == "" {
		query.State = Active
	}
	c.OneOf("state", string(query.State), string(Active), string(Archived))
	w := " WHERE " + see.SQL(a, "t.scope") + " AND t.kind = " + a.Add(string(query.Kind)) + " AND t.state = " + a.Add(string(query.State))
	if query.ParentID != "" {
		w += " AND t.parent_id = " + a.Add(query.ParentID)
	}
	if query.Frozen != nil {
		w += " AND t.frozen = " + a.Add(*query.Frozen)
	}
	if query.Suspended != nil {
		w += " AND t.provisioning_suspended = " + a.Add(*query.Suspended)
	}
	if query.Permission != "" {
		c.OneOf("permission", query.Permission, DMP, RPS)
		w += " AND t.permission_types LIKE " + a.Add(`%"`+query.Permission+`"%`)
	}
	if text != "" {
		like := " LIKE " + a.Add(db.Contains(text)) + ` ESCAPE '\'`
		w += " AND (t.name_fold" + like + " OR t.email_fold" + like + " OR t.contact_fold" + like + " OR t.external_id_fold" + like + " OR t.id = " + a.Add(text) + ")"
	}
	return w, c.Err()
}
