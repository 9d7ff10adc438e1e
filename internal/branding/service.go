package branding

import (
	"context"
	"net/netip"
	"regexp"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

// Needs is what the room works with.
type Needs struct {
	DB      *db.DB
	Journal *journal.Journal
	Tenants *tenant.Service
	Main    string // host of the platform's own portal, which nobody can be given
}

// Service is the use cases of the room.
type Service struct{ Needs }

// NewService gives the room what it needs.
func NewService(n Needs) *Service { return &Service{n} }

// Get gives what a tenant has set itself with its version (0: nothing) and what holds there. Who may see the settings of the tenant
// may see this.
func (s *Service) Get(ctx context.Context, actor access.Actor, id string) (Own, int64, Brand, error) {
	t, target, err := s.Tenants.Target(ctx, s.DB, actor, id)
	if err == nil {
		err = access.Decide(actor, access.SettingsView, target)
	}
	if err != nil {
		return Own{}, 0, Brand{}, err
	}
	return s.read(ctx, s.DB, t)
}

func (s *Service) read(ctx context.Context, q db.Q, t tenant.Tenant) (Own, int64, Brand, error) {
	rows, err := above(ctx, q, t.Scope)
	var own row
	for _, r := range rows {
		if r.TenantID == t.ID {
			own = r
		}
	}
	return own.own(), own.Version, fold(rows), err
}

// Set replaces what a tenant has set itself, the logo excepted. Its provider's people do so, for themselves and for customers; a
// customer's own people are refused (WS-92). A colour that cannot be read is refused with the nearest one that can. ifVersion 0
// means whatever it was.
func (s *Service) Set(ctx context.Context, actor access.Actor, id string, o Own, ifVersion int64) (Brand, error) {
	return s.change(ctx, actor, id, ifVersion, func(_ context.Context, _ *db.Tx, had Own) (Own, error) {
		now, err := o.Checked()
		now.Logo = had.Logo
		return now, err
	})
}

// SetLogo takes a PNG or JPEG picture of up to MaxLogo bytes and keeps a copy that is drawn anew (WS-92).
func (s *Service) SetLogo(ctx context.Context, actor access.Actor, id string, data []byte, ifVersion int64) (Brand, error) {
	if err := s.mayEdit(ctx, s.DB, actor, id); err != nil { // before work is done for strangers
		return Brand{}, err
	}
	logo, picture, err := readLogo(data)
	if err != nil {
		return Brand{}, err
	}
	return s.change(ctx, actor, id, ifVersion, func(ctx context.Context, tx *db.Tx, had Own) (Own, error) {
		_, err := tx.Exec(ctx, `INSERT INTO branding_logos (hash, picture, created) VALUES ($1, $2, $3) ON CONFLICT (hash) DO NOTHING`, logo.Hash, picture, tx.Now())
		had.Logo = logo
		return had, err
	})
}

// RemoveLogo takes the tenant's own logo away; the one from above shows again.
func (s *Service) RemoveLogo(ctx context.Context, actor access.Actor, id string, ifVersion int64) (Brand, error) {
	return s.change(ctx, actor, id, ifVersion, func(_ context.Context, _ *db.Tx, had Own) (Own, error) {
		had.Logo = Logo{}
		return had, nil
	})
}

func (s *Service) mayEdit(ctx context.Context, q db.Q, actor access.Actor, id string) error {
	_, target, err := s.Tenants.Target(ctx, q, actor, id)
	if err == nil {
		err = mayBrand(actor, target)
	}
	return err
}

func mayBrand(actor access.Actor, target access.Target) error {
	if err := access.Decide(actor, access.SettingsEdit, target); err != nil {
		return err
	}
	if actor.Tenant.Kind == access.Customer {
		return errOfProvider
	}
	return nil
}

func (s *Service) change(ctx context.Context, actor access.Actor, id string, ifVersion int64, apply func(context.Context, *db.Tx, Own) (Own, error)) (Brand, error) {
	var out Brand
	err := s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, target, err := s.Tenants.Locked(ctx, tx, actor, id)
		if err == nil {
			err = mayBrand(actor, target)
		}
		if err != nil {
			return err
		}
		had, version, _, err := s.read(ctx, tx, t)
		if err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != version {
			return errStale
		}
		now, err := apply(ctx, tx, had)
		if err != nil {
			return err
		}
		if now != had {
			if err := put(ctx, tx, t, now, version+1); err != nil {
				return err
			}
			if had.Logo.Hash != now.Logo.Hash {
				if err := sweep(ctx, tx, had.Logo.Hash); err != nil {
					return err
				}
			}
			if err := s.Journal.Append(ctx, tx, actor, journal.News{Type: "branding.edited", Action: "branding/edit", Tenant: t.Access(),
				Target: journal.Target{Kind: string(t.Kind), ID: t.ID, Name: t.Name}, Data: map[string]any{"product_name": now.Product, "logo": now.Logo.Hash != ""}}); err != nil {
				return err
			}
		}
		_, _, out, err = s.read(ctx, tx, t)
		return err
	})
	return out, err
}

// Above gives the brand that a tenant inherits: what holds there without what it has set itself. Who may see its settings may see this.
func (s *Service) Above(ctx context.Context, actor access.Actor, id string) (Brand, error) {
	t, target, err := s.Tenants.Target(ctx, s.DB, actor, id)
	if err == nil {
		err = access.Decide(actor, access.SettingsView, target)
	}
	if err != nil {
		return Brand{}, err
	}
	return s.In(ctx, s.DB, strings.TrimSuffix(t.Scope, t.Key+"."))
}

// In gives the brand that holds at a scope of the tree; the zero value when nothing is set. It decides nothing: it is for drawing a
// page or a mail of somebody who belongs there.
func (s *Service) In(ctx context.Context, q db.Q, scope string) (Brand, error) {
	rows, err := above(ctx, q, scope)
	return fold(rows), err
}

// InTenant is In by the id of a tenant; the zero value for an unknown one.
func (s *Service) InTenant(ctx context.Context, q db.Q, id string) (Brand, error) {
	t, err := s.Tenants.Load(ctx, q, id)
	if errs.KindOf(err) == errs.NotFound {
		return Brand{}, nil
	}
	if err != nil {
		return Brand{}, err
	}
	return s.In(ctx, q, t.Scope)
}

// At gives the brand that strangers see at a host: that of the tenant it was given to, else the platform's. Nothing of any other
// tenant ever shows there.
func (s *Service) At(ctx context.Context, host string) (Brand, error) {
	var at []string
	if err := s.DB.Select(ctx, &at, `SELECT scope FROM branding_hosts WHERE host = $1`, bare(host)); err != nil {
		return Brand{}, err
	}
	if len(at) == 0 {
		return s.platform(ctx)
	}
	return s.In(ctx, s.DB, at[0])
}

// platform is the brand of the operator, which stands at the top of every scope.
func (s *Service) platform(ctx context.Context) (Brand, error) {
	var rows []row
	err := s.DB.Select(ctx, &rows, `SELECT `+columns+` FROM branding_brands WHERE kind = 'operator'`)
	return fold(rows), err
}

// Picture gives the bytes of a logo (PNG) by its hash; NotFound when nobody uses it.
func (s *Service) Picture(ctx context.Context, hash string) ([]byte, error) {
	var png []byte
	err := s.DB.Get(ctx, &png, `SELECT picture FROM branding_logos WHERE hash = $1`, hash)
	return png, err
}

// bare is a Host header without its port, as it is stored.
func bare(host string) string {
	if at := strings.LastIndexByte(host, ':'); at >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:at]
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

var hostName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// Hosts lists the hosts that a tenant has, and the cursor of the next page; with id "" all of them, which is for the operator's people.
func (s *Service) Hosts(ctx context.Context, actor access.Actor, id string, page db.Page) ([]Host, string, error) {
	need := access.SettingsView
	if id == "" {
		id, need = actor.Tenant.ID, access.PlatformStatus
	}
	t, target, err := s.Tenants.Target(ctx, s.DB, actor, id)
	if err == nil {
		err = access.Decide(actor, need, target)
	}
	if err != nil {
		return nil, "", err
	}
	a := s.DB.Args()
	k, err := page.Keyset(a, "host", db.Sort{Name: "host", Column: "host"})
	if err != nil {
		return nil, "", err
	}
	where := k.Where
	if need == access.SettingsView {
		where += " AND tenant_id = " + a.Add(t.ID)
	}
	var all []Host
	if err := s.DB.Select(ctx, &all, `SELECT host, tenant_id, scope, created FROM branding_hosts WHERE `+where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(h Host) (any, string) { return h.Host, h.Host })
	for i := range all { // as many as there are certificates: few
		t, err := s.Tenants.Load(ctx, s.DB, all[i].TenantID)
		if err != nil {
			return nil, "", err
		}
		all[i].Name = t.Name
	}
	return all, next, nil
}

// GiveHost gives a host to a partner or sub-partner. Only the operator's people do so: whoever holds the name in the DNS and its
// certificate is for them to find out, and nobody takes a name that belongs to somebody else. A host that is used is Conflict.
func (s *Service) GiveHost(ctx context.Context, actor access.Actor, host, id string) (Host, error) {
	host = bare(strings.TrimSpace(host))
	if _, err := netip.ParseAddr(host); err == nil || len(host) > 253 || !hostName.MatchString(host) {
		return Host{}, errs.BadField("host", "bad_host_name", "Give a host name such as portal.example.com.")
	}
	if host == bare(s.Main) {
		return Host{}, errHostTaken
	}
	out := Host{Host: host}
	err := s.hosts(ctx, actor, id, host, "give_host", func(ctx context.Context, tx *db.Tx, t tenant.Tenant) error {
		if t.Kind != access.Partner && t.Kind != access.SubPartner {
			return errNoPartner
		}
		out.TenantID, out.Name, out.Scope, out.Created = t.ID, t.Name, t.Scope, tx.Now()
		_, err := tx.Exec(ctx, `INSERT INTO branding_hosts (host, tenant_id, scope, created) VALUES ($1, $2, $3, $4)`, host, t.ID, t.Scope, out.Created)
		if errs.KindOf(err) == errs.Conflict {
			return errHostTaken
		}
		return err
	})
	return out, err
}

// TakeHost takes a host away; from then on it shows the platform's brand. An unknown one is NotFound.
func (s *Service) TakeHost(ctx context.Context, actor access.Actor, host string) error {
	host = bare(host)
	var h Host
	if err := s.DB.Get(ctx, &h, `SELECT host, tenant_id, scope, created FROM branding_hosts WHERE host = $1`, host); err != nil {
		return err
	}
	return s.hosts(ctx, actor, h.TenantID, host, "take_host", func(ctx context.Context, tx *db.Tx, _ tenant.Tenant) error {
		n, err := tx.Exec(ctx, `DELETE FROM branding_hosts WHERE host = $1`, host)
		if err == nil && n == 0 {
			err = errs.Missing("object")
		}
		return err
	})
}

func (s *Service) hosts(ctx context.Context, actor access.Actor, id, host, verb string, do func(context.Context, *db.Tx, tenant.Tenant) error) error {
	return s.DB.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, target, err := s.Tenants.Locked(ctx, tx, actor, id)
		if err == nil {
			err = access.Decide(actor, access.PlatformEdit, target)
		}
		if err == nil {
			err = do(ctx, tx, t)
		}
		if err != nil {
			return err
		}
		return s.Journal.Append(ctx, tx, actor, journal.News{Type: "branding.host_changed", Action: "branding/" + verb, Tenant: t.Access(),
			Target: journal.Target{Kind: string(t.Kind), ID: t.ID, Name: t.Name}, Data: map[string]any{"host": host}})
	})
}
