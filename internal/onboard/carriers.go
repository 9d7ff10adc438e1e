package onboard

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

const carrierColumns = `SELECT id, name, name_fold, region, numbers, state, created, updated, version FROM onboard_carriers`

func carrier(ctx context.Context, q db.Q, id string) (Carrier, error) {
	var k Carrier
	err := q.Get(ctx, &k, carrierColumns+` WHERE id = $1`, id)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("carrier")
	}
	return k, err
}

// Carriers lists the carriers of the platform. Everybody who sees templates sees them (WS-100).
func (s *Service) Carriers(ctx context.Context, actor access.Actor, page db.Page) ([]Carrier, string, error) {
	if err := s.everywhere(ctx, s.db, actor, access.TemplateView); err != nil {
		return nil, "", err
	}
	a := s.db.Args()
	k, err := page.Keyset(a, "id", db.Sort{Name: "name", Column: "name_fold"})
	if err != nil {
		return nil, "", err
	}
	var all []Carrier
	if err := s.db.Select(ctx, &all, carrierColumns+" WHERE "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(c Carrier) (any, string) { return c.NameFold, c.ID })
	return all, next, nil
}

// Carrier gives one carrier; NotFound for an unknown one.
func (s *Service) Carrier(ctx context.Context, actor access.Actor, id string) (Carrier, error) {
	if err := s.everywhere(ctx, s.db, actor, access.TemplateView); err != nil {
		return Carrier{}, err
	}
	return carrier(ctx, s.db, id)
}

// everywhere decides about what belongs to the platform and can be read by whoever holds the action where it works.
func (s *Service) everywhere(ctx context.Context, q db.Q, actor access.Actor, act access.Action) error {
	if actor.Kind == access.System {
		return nil
	}
	_, target, err := s.tenants.Target(ctx, q, actor, actor.Place().ID)
	if err != nil {
		return err
	}
	return access.Decide(actor, act, target)
}

var e164 = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)

func (p CarrierPatch) apply(k *Carrier) error {
	var c errs.Checker
	if p.Name != nil {
		k.Name = *p.Name
	}
	k.Name = c.Text("name", k.Name, 1, 128)
	k.NameFold = db.Fold(k.Name)
	if p.Region != nil {
		k.Region = c.OneOf("region", strings.ToUpper(*p.Region), "", "AMER", "APAC", "ANZ", "EMEA", "EURO")
	}
	if p.State != nil {
		k.State = *p.State
		c.OneOf("state", string(k.State), string(CarrierActive), string(CarrierRetired))
	}
	if p.Numbers != nil {
		k.Numbers.V = slices.Clone(*p.Numbers)
		if len(k.Numbers.V) > 1000 {
			c.Add(errs.Field{Name: "numbers", Code: "too_many_items", Message: "Too many at once. Send them in smaller portions."})
		}
		for i := range k.Numbers.V {
			n, at := &k.Numbers.V[i], "numbers["+strconv.Itoa(i)+"]"
			n.Country = c.Country(at+".country", n.Country)
			if !e164.MatchString(n.Number) || n.Country == "" {
				c.Add(errs.Field{Name: at + ".number", Code: "bad_dial_in", Message: "Give a country and a number such as +4969100."})
			}
		}
	}
	if k.Numbers.V == nil {
		k.Numbers.V = []catalog.DialInNumber{}
	}
	return c.Err()
}

// AddCarrier makes a carrier; only the operator's people may.
func (s *Service) AddCarrier(ctx context.Context, actor access.Actor, p CarrierPatch) (Carrier, error) {
	return s.putCarrier(ctx, actor, "", p)
}

// EditCarrier changes a carrier. Meeting sites that were made with its numbers keep theirs.
func (s *Service) EditCarrier(ctx context.Context, actor access.Actor, id string, p CarrierPatch) (Carrier, error) {
	return s.putCarrier(ctx, actor, id, p)
}

func (s *Service) putCarrier(ctx context.Context, actor access.Actor, id string, p CarrierPatch) (Carrier, error) {
	var out Carrier
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		root, err := s.tenants.Operator(ctx, tx)
		if err != nil {
			return err
		}
		_, target, err := s.tenants.Target(ctx, tx, actor, root.ID)
		if err != nil {
			return err
		}
		if err := access.Decide(actor, access.PlatformEdit, target); err != nil {
			return err
		}
		what, verb := "edited", "edit"
		out = Carrier{ID: db.NewID(), State: CarrierActive, Created: tx.Now()}
		if id == "" {
			what, verb = "created", "create"
		} else {
			if err := tx.LockToRead(ctx, "onboard_carriers", id); err != nil {
				return absent(err, "carrier")
			}
			if out, err = carrier(ctx, tx, id); err != nil {
				return err
			}
			if p.IfVersion != 0 && p.IfVersion != out.Version {
				return errStale
			}
		}
		if err := p.apply(&out); err != nil {
			return err
		}
		out.Updated, out.Version = tx.Now(), out.Version+1
		_, err = tx.Exec(ctx, `INSERT INTO onboard_carriers (id, name, name_fold, region, numbers, state, created, updated, version)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET name = excluded.name, name_fold = excluded.name_fold,
			region = excluded.region, numbers = excluded.numbers, state = excluded.state, updated = excluded.updated, version = excluded.version`,
			out.ID, out.Name, out.NameFold, out.Region, out.Numbers, out.State, out.Created, out.Updated, out.Version)
		if db.IsUnique(err, "onboard_carriers", "name_fold") {
			err = errCarrierName.Because(err)
		}
		if err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "carrier." + what, Action: "carrier/" + verb, Tenant: root.Access(),
			Target: journal.Target{Kind: "carrier", ID: out.ID, Name: out.Name}})
	})
	return out, err
}
