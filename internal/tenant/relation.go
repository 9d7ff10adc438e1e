package tenant

import (
	"context"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// RelationState is where a relation stands: none → requested → granted → withdrawn | expired | ended (CH-31, WS-81).
type RelationState string

// The states of a relation. A grant whose end date has passed reads as Expired, whatever the row says.
const (
	Requested     RelationState = "requested"
	Granted       RelationState = "granted"
	WithdrawnOnce RelationState = "withdrawn"
	Expired       RelationState = "expired"
	Ended         RelationState = "ended" // the service it belonged to is gone
)

// Relation says that one tenant may act for another.
type Relation struct {
	ID          string               `db:"id"` // "" for an implicit one that was never used
	ManagerID   string               `db:"manager_id"`
	ManagerName string               `db:"manager_name"`
	ManagedID   string               `db:"managed_id"`
	Scope       access.RelationScope `db:"scope"`
	State       RelationState        `db:"state"`
	ReadOnly    bool                 `db:"read_only"`
	Until       db.Time              `db:"until"` // zero: no end date
	RequestedBy string               `db:"requested_by"`
	Requested   db.Time              `db:"requested"`
	GrantedBy   string               `db:"granted_by"`
	Since       db.Time              `db:"since"`
	EndedAt     db.Time              `db:"ended"`
	Entered     db.Time              `db:"entered"` // last entry, zero: never
	EnteredBy   string               `db:"entered_by"`
}

// Authorisation is what a customer grants. ManagerID "" is its owner.
type Authorisation struct {
	ManagerID string
	ReadOnly  bool
	Until     db.Time // zero: until withdrawn
}

var (
	errNotProvider = errs.New(errs.NotFound, "not_found", "There is no such provider.")
	errNotOwner    = errs.New(errs.Forbidden, "only_customer_authorises", "Only an administrator of the customer itself can decide this.")
	errNeedsDMP    = errs.New(errs.Conflict, "permission_type_missing", "The customer does not have this permission type.")
)

const relationColumns = `SELECT r.id, r.manager_id, m.name AS manager_name, r.managed_id, r.scope, r.state, r.read_only, r.until,
	r.requested_by, r.requested, r.granted_by, r.since, r.ended, r.entered, r.entered_by
	FROM tenant_relations r JOIN tenant_tenants m ON m.id = r.manager_id`

// RequestAuthorisation asks a customer for the right to manage its devices (CH-31). Asking again changes nothing.
func (s *Service) RequestAuthorisation(ctx context.Context, actor access.Actor, customerID string) (Relation, error) {
	return s.relate(ctx, actor, customerID, func(ctx context.Context, tx *db.Tx, t Tenant, target access.Target) (Relation, error) {
		if err := access.Decide(actor, access.CustomerEnter, target); err != nil {
			return Relation{}, err
		}
		manager := actor.Place().ID
		r, found, err := open(ctx, tx, manager, t.ID)
		switch {
		case err != nil || found:
			return r, err
		case !t.Permissions.Has(DMP):
			return Relation{}, errNeedsDMP
		}
		if r, err = provider(ctx, tx, t, manager); err != nil {
			return Relation{}, err
		}
		r.State, r.RequestedBy, r.Requested = Requested, actor.Name, tx.Now()
		if err := insertRelation(ctx, tx, r); err != nil {
			return Relation{}, err
		}
		return r, s.relationMoved(ctx, tx, actor, t, r, Asked)
	})
}

// Authorise lets a provider manage the customer's devices, requested or not; doing it again changes option and end date.
// Only the customer itself can, never its reseller, whatever rights that has (CH-31).
func (s *Service) Authorise(ctx context.Context, actor access.Actor, customerID string, in Authorisation) (Relation, error) {
	return s.relate(ctx, actor, customerID, func(ctx context.Context, tx *db.Tx, t Tenant, target access.Target) (Relation, error) {
		if err := authorising(actor, target); err != nil {
			return Relation{}, err
		}
		if !in.Until.IsZero() && !in.Until.After(tx.Now().Time) {
			return Relation{}, errs.BadField("until", "in_the_past", "The end date must lie in the future.")
		}
		if in.ManagerID == "" {
			in.ManagerID = t.ParentID
		}
		r, found, err := open(ctx, tx, in.ManagerID, t.ID)
		if err != nil {
			return Relation{}, err
		}
		if !found {
			if r, err = provider(ctx, tx, t, in.ManagerID); err != nil {
				return Relation{}, err
			}
			if err := insertRelation(ctx, tx, r); err != nil {
				return Relation{}, err
			}
		}
		if r.State == Granted && r.ReadOnly == in.ReadOnly && r.Until.Equal(in.Until.Time) {
			return r, nil
		}
		if r.State != Granted {
			r.Since = tx.Now()
		}
		r.State, r.ReadOnly, r.Until, r.GrantedBy = Granted, in.ReadOnly, db.At(in.Until.Time), actor.Name
		_, err = tx.Exec(ctx, `UPDATE tenant_relations SET state = $1, read_only = $2, until = $3, granted_by = $4, since = $5 WHERE id = $6`,
			string(r.State), r.ReadOnly, r.Until, r.GrantedBy, r.Since, r.ID)
		if err != nil {
			return Relation{}, err
		}
		return r, s.relationMoved(ctx, tx, actor, t, r, Authorised)
	})
}

// Withdraw takes an authorisation back, or refuses a request; it works at once, also inside running sessions (CH-31). Where
// there is neither it is NotFound. managerID "" is the owner.
func (s *Service) Withdraw(ctx context.Context, actor access.Actor, customerID, managerID string) (Relation, error) {
	return s.relate(ctx, actor, customerID, func(ctx context.Context, tx *db.Tx, t Tenant, target access.Target) (Relation, error) {
		if err := authorising(actor, target); err != nil {
			return Relation{}, err
		}
		if managerID == "" {
			managerID = t.ParentID
		}
		r, found, err := open(ctx, tx, managerID, t.ID)
		if err != nil {
			return Relation{}, err
		}
		if !found {
			return Relation{}, errs.Missing("authorisation")
		}
		r.State, r.EndedAt = WithdrawnOnce, tx.Now()
		if _, err := tx.Exec(ctx, `UPDATE tenant_relations SET state = $1, ended = $2 WHERE id = $3`, string(r.State), r.EndedAt, r.ID); err != nil {
			return Relation{}, err
		}
		return r, s.relationMoved(ctx, tx, actor, t, r, Withdrawn)
	})
}

// relate is the frame of all steps of a relation: the customer's row is locked, so they come one after the other.
func (s *Service) relate(ctx context.Context, actor access.Actor, customerID string,
	step func(context.Context, *db.Tx, Tenant, access.Target) (Relation, error),
) (Relation, error) {
	var out Relation
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, target, err := s.Locked(ctx, tx, actor, customerID)
		if err != nil {
			return err
		}
		if t.Kind != access.Customer {
			if err := access.Decide(actor, viewing(actor, t), target); err != nil {
				return err
			}
			return errWrongKind
		}
		if _, err := tx.Exec(ctx, `UPDATE tenant_relations SET state = 'expired', ended = until
			WHERE managed_id = $1 AND state = 'granted' AND until <= $2`, t.ID, tx.Now()); err != nil {
			return err
		}
		out, err = step(ctx, tx, t, target)
		return err
	})
	return out, err
}

// authorising: the decision of access, and beyond it nobody from outside, not even the operator.
func authorising(actor access.Actor, target access.Target) error {
	if err := access.Decide(actor, access.CustomerAuthorise, target); err != nil {
		return err
	}
	if actor.Kind != access.System && actor.Tenant.ID != target.Tenant.ID {
		return errNotOwner
	}
	return nil
}

// open gives the requested or granted authorisation between two tenants.
func open(ctx context.Context, q db.Q, managerID, customerID string) (Relation, bool, error) {
	var r Relation
	err := q.Get(ctx, &r, relationColumns+` WHERE r.manager_id = $1 AND r.managed_id = $2 AND r.scope = 'device_manage'
		AND r.state IN ('requested', 'granted')`, managerID, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return Relation{}, false, nil
	}
	return r, err == nil, err
}

// provider begins a relation to one who may be authorised: the customer's owner or the partner above it.
func provider(ctx context.Context, q db.Q, t Tenant, managerID string) (Relation, error) {
	m, err := load(ctx, q, managerID)
	if err != nil || !t.Access().Within(m.Access()) || m.Kind == access.Operator || m.Kind == access.Customer {
		return Relation{}, errNotProvider
	}
	return Relation{ID: db.NewID(), ManagerID: m.ID, ManagerName: m.Name, ManagedID: t.ID, Scope: access.DeviceManage, State: Requested}, nil
}

// relationMoved writes a step into the logs of both sides and tells the hooks (CH-31).
func (s *Service) relationMoved(ctx context.Context, tx *db.Tx, actor access.Actor, t Tenant, r Relation, what What) error {
	n := news(t, string(what), map[string]any{"manager_id": r.ManagerID, "scope": string(r.Scope), "read_only": r.ReadOnly, "until": r.Until})
	n.Also = []access.Tenant{t.Access(), {ID: r.ManagerID}}
	if err := s.journal.Append(ctx, tx, actor, n); err != nil {
		return err
	}
	return s.tell(ctx, tx, actor, Change{What: what, Before: t, After: t, Relation: r})
}

func insertRelation(ctx context.Context, tx *db.Tx, r Relation) error {
	_, err := tx.Exec(ctx, `INSERT INTO tenant_relations (id, manager_id, managed_id, scope, state, read_only, until, requested_by,
		requested, granted_by, since, ended, entered, entered_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		r.ID, r.ManagerID, r.ManagedID, string(r.Scope), string(r.State), r.ReadOnly, r.Until, r.RequestedBy, r.Requested,
		r.GrantedBy, r.Since, r.EndedAt, r.Entered, r.EnteredBy)
	return err
}

// relateNew writes the managed-by relations of a new tenant in its own transaction: a partner manages its sub-partners and
// their customers, and under the wholesale offer an owner manages its customers (WS-81, A-46).
func relateNew(ctx context.Context, tx *db.Tx, t, parent Tenant) error {
	var managers []string
	if t.Kind == access.SubPartner || t.Wholesale {
		managers = append(managers, parent.ID)
	}
	if t.Kind == access.Customer && parent.Kind == access.SubPartner {
		managers = append(managers, parent.ParentID)
	}
	for _, m := range managers {
		r := Relation{ID: db.NewID(), ManagerID: m, ManagedID: t.ID, Scope: access.WholesaleManage, State: Granted, Since: tx.Now()}
		if err := insertRelation(ctx, tx, r); err != nil {
			return err
		}
	}
	return nil
}

func endRelations(ctx context.Context, tx *db.Tx, id string) error {
	_, err := tx.Exec(ctx, `UPDATE tenant_relations SET state = 'ended', ended = $1 WHERE managed_id = $2 AND state IN ('requested', 'granted')`,
		tx.Now(), id)
	return err
}
