package device

import (
	"cmp"
	"context"

	"linecard/internal/access"
	"linecard/internal/blob"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/network"
	"linecard/internal/operation"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// Service is the use cases of devices and of what a customer's phones share. Each one decides first, then writes rows,
// revision and journal in one transaction.
type Service struct {
	db       *db.DB
	journal  *journal.Journal
	tenants  *tenant.Service
	networks *network.Service
	box      *secret.Box
	makers   phone.Makers
	claims   claims

	forgetting []Forgetting
	fileUses   []FileUse
	operations *operation.Service
	imported   ImportedProfiles
	managed    Managed
	redirected Redirected
}

// Needs is what the room is made of.
type Needs struct {
	DB       *db.DB
	Journal  *journal.Journal
	Tenants  *tenant.Service
	Networks *network.Service // the sites where phones are; nil: sites that nobody can import in the background
	Box      *secret.Box      // seals the passwords of provisioning accounts
	Makers   phone.Makers     // the makers whose phones can be added
	Files    blob.Store       // keeps large uploads of phones; nil: all are kept in the database

	Operations *operation.Service // long imports
}

// NewService makes the room and tells tenant what it holds of a customer: one with devices cannot be archived (CH-27). Its phones
// move when network changes a site.
func NewService(n Needs) *Service {
	s := &Service{db: n.DB, journal: n.Journal, tenants: n.Tenants, networks: n.Networks, box: n.Box, makers: n.Makers,
		operations: n.Operations}
	s.claims.files = n.Files
	n.Tenants.Holds(s.holds)
	if s.networks == nil {
		s.networks = network.NewService(network.Needs{DB: n.DB, Journal: n.Journal, Tenants: n.Tenants})
	}
	s.networks.OnChange(s.sitesChanged)
	return s
}

func (s *Service) holds(ctx context.Context, q db.Q, customerID string) ([]tenant.Holding, error) {
	c, err := load(ctx, q, customerID)
	return []tenant.Holding{{Kind: "devices", Count: c.Devices, Permission: tenant.DMP}}, err
}

// Makers names the makers whose phones can be added, for pickers.
func (s *Service) Makers() []string { return s.makers.Names() }

// allowed gives the customer when the actor may do the action there. What is no customer is NotFound like an unknown one.
func (s *Service) allowed(ctx context.Context, q db.Q, actor access.Actor, act access.Action, customerID string) (tenant.Tenant, error) {
	t, target, err := s.tenants.Target(ctx, q, actor, customerID)
	if err != nil {
		return tenant.Tenant{}, err
	}
	if err := access.Decide(actor, act, target); err != nil {
		return tenant.Tenant{}, err
	}
	if t.Kind != access.Customer {
		return tenant.Tenant{}, errs.Missing("object")
	}
	return t, nil
}

// allowedToChange is allowed with the customer's row locked, so that it is not archived meanwhile and what is counted stays
// counted (decision 2).
func (s *Service) allowedToChange(ctx context.Context, tx *db.Tx, actor access.Actor, act access.Action, customerID string) (tenant.Tenant, error) {
	if err := tx.LockRow(ctx, "tenant_tenants", customerID); err != nil {
		return tenant.Tenant{}, err
	}
	t, err := s.allowed(ctx, tx, actor, act, customerID)
	if err == nil && t.State == tenant.Archived {
		err = errArchived
	}
	return t, err
}

// Create adds a phone to a customer. A MAC that the customer has is the conflict device_exists; one that another customer
// has is mac_unavailable, whoever that is (DM-4). More than MaxDevices is device_limit (DM-2).
func (s *Service) Create(ctx context.Context, actor access.Actor, customerID string, n New) (Device, error) {
	d, faults := n.checked(s.makers)
	var out Device
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
		if err != nil {
			return err
		}
		if faults != nil {
			return faults
		}
		there, err := known(ctx, tx, t.ID, d.MAC)
		if err == nil && !there && d.BySerial {
			there, err = knownSerial(ctx, tx, t.ID, d.Serial)
		}
		switch {
		case err != nil:
			return err
		case there:
			return errExists
		}
		if err := s.unclaimed(ctx, tx, t.ID, d.MAC); err != nil {
			return err
		}
		by := Management(cmp.Or(n.Management, string(s.served(d.Maker))))
		if err := s.manageable(by, d.Maker); err != nil {
			return err
		}
		if err := s.permitted(ctx, tx, t.ID, d.Maker); err != nil && by == ThirdParty {
			return err
		}
		d.ID, d.CustomerID, d.Scope = db.NewID(), t.ID, t.Scope
		d.Created, d.Updated, d.Status = tx.Now(), tx.Now(), Never
		if err := count(ctx, tx, t, 1); err != nil {
			return err
		}
		// Nobody has seen it, so it is at the site that takes what no other matches (DM-46).
		if err := s.networks.Hold(ctx, tx, t); err != nil {
			return err
		}
		m, err := s.networks.Map(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		d.SiteID = m.Internet()
		if err := insert(ctx, tx, d); err != nil {
			if db.IsUnique(err, "device_devices", "mac") || db.IsUnique(err, "device_devices", "serial") {
				return errElsewhere.Because(err)
			}
			return err
		}
		if err := manage(ctx, tx, d, by); err != nil {
			return err
		}
		if _, err := setGroups(ctx, tx, t.ID, d.ID, d.GroupIDs); err != nil {
			return err
		}
		if err := s.reindex(ctx, tx, d.ID); err != nil {
			return err
		}
		// From the first moment the counter differs from the one of a device that is gone.
		if err := revision.Bump(ctx, tx, revision.Device, d.ID); err != nil {
			return err
		}
		out = d
		return s.journal.Append(ctx, tx, actor, news(t, d, "created", "create", nil))
	})
	return out, err
}

// Get gives a device of the customer; NotFound when it has none with this id.
func (s *Service) Get(ctx context.Context, actor access.Actor, customerID, id string) (Device, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return Device{}, err
	}
	return get(ctx, s.db, customerID, id)
}

// List gives the devices of the customer, page by page.
func (s *Service) List(ctx context.Context, actor access.Actor, customerID string, q Query) (Listing, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID); err != nil {
		return Listing{}, err
	}
	return list(ctx, s.db, customerID, q)
}

// Edit changes what people wrote about a device. Stale when IfVersion is not the present version.
func (s *Service) Edit(ctx context.Context, actor access.Actor, customerID, id string, p Patch) (Device, error) {
	var out Device
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, d, err := s.locked(ctx, tx, actor, customerID, id, p.IfVersion)
		if err != nil {
			return err
		}
		changed, err := p.apply(&d)
		if err == nil && p.Whereabouts != (Whereabouts{}) {
			var to []string
			to, err = s.replace(ctx, tx, t, &d, p.Whereabouts)
			changed = append(changed, to...)
		}
		if err == nil && p.GroupIDs != nil {
			var other bool
			if other, err = setGroups(ctx, tx, t.ID, d.ID, *p.GroupIDs); other {
				d.GroupIDs, changed = *p.GroupIDs, append(changed, "group_ids")
			}
		}
		out = d
		if err != nil || len(changed) == 0 {
			return err
		}
		d.Version++
		d.Updated = tx.Now()
		if err := update(ctx, tx, d); err != nil {
			return err
		}
		if err := s.reindex(ctx, tx, d.ID); err != nil {
			return err
		}
		if err := revision.Bump(ctx, tx, revision.Device, d.ID); err != nil {
			return err
		}
		out = d
		return s.journal.Append(ctx, tx, actor, news(t, d, "edited", "edit", map[string]any{"fields": changed}))
	})
	return out, err
}

// replace puts a device where w says and names what differs now.
func (s *Service) replace(ctx context.Context, tx *db.Tx, t tenant.Tenant, d *Device, w Whereabouts) ([]string, error) {
	if err := s.networks.Hold(ctx, tx, t); err != nil {
		return nil, err
	}
	found, err := placesOf(ctx, tx, []string{d.ID})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	p := &found[0]
	changed, err := s.relocate(ctx, tx, p, w)
	if err != nil || len(changed) == 0 {
		return nil, err
	}
	d.SiteID, d.SitePinned, d.PrivateIP = p.SiteID, p.Pinned, p.PrivateIP
	return changed, move(ctx, tx, found)
}

// Delete removes a device; its MAC is free from then on. Stale when ifVersion is neither 0 nor the present version.
func (s *Service) Delete(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, d, err := s.locked(ctx, tx, actor, customerID, id, ifVersion)
		if err != nil {
			return err
		}
		if err := s.forget(ctx, tx, t.ID, "device", d.ID); err != nil {
			return err
		}
		if err := remove(ctx, tx, d.ID); err != nil {
			return err
		}
		if err := count(ctx, tx, t, -1); err != nil {
			return err
		}
		if err := revision.Drop(ctx, tx, d.ID); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, news(t, d, "deleted", "delete", nil))
	})
}

// locked gives a device that the actor may change, with the rows locked that a change counts on.
func (s *Service) locked(ctx context.Context, tx *db.Tx, actor access.Actor, customerID, id string, ifVersion int64) (tenant.Tenant, Device, error) {
	t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
	if err != nil {
		return t, Device{}, err
	}
	d, err := get(ctx, tx, customerID, id)
	if err == nil && ifVersion != 0 && ifVersion != d.Version {
		err = errStale
	}
	return t, d, err
}

func news(t tenant.Tenant, d Device, what, verb string, data map[string]any) journal.News {
	label := d.Name
	if label == "" {
		label = d.Identifier()
	}
	if data == nil {
		data = map[string]any{}
	}
	data["customer_id"] = t.ID
	if d.BySerial {
		data["serial"] = d.Serial
	} else {
		data["mac"] = d.MAC.String()
	}
	return journal.News{Type: "device." + what, Action: "device/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: "device", ID: d.ID, Name: label}, Data: data}
}
