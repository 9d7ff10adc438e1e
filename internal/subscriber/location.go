package subscriber

import (
	"context"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/tenant"
)

// Address is a postal and calling address (WS-48).
type Address struct {
	Line1      string `json:"line1"`
	Line2      string `json:"line2,omitempty"`
	City       string `json:"city"`
	State      string `json:"state,omitempty"` // ISO 3166-2 subdivision where the country has them in addresses
	PostalCode string `json:"postal_code,omitempty"`
	Country    string `json:"country"` // ISO 3166-1 alpha-2
}

// Location is a postal and calling place of a customer (WS-109).
type Location struct {
	ID           string           `db:"id"`
	CustomerID   string           `db:"customer_id"`
	Scope        string           `db:"scope"`
	Name         string           `db:"name"` // unique in the customer
	Headquarters bool             `db:"headquarters"`
	Address      db.JSON[Address] `db:"address"`
	TimeZone     string           `db:"time_zone"`
	Language     string           `db:"language"` // of mails and announcements
	EmergencyID  string           `db:"emergency_id"`
	PSTN         string           `db:"pstn"` // how it reaches the public network, in the provider's words
	ExternalID   string           `db:"external_id"`
	Created      db.Time          `db:"created"`
	Updated      db.Time          `db:"updated"`
	Version      int64            `db:"version"`

	NameFold string `db:"name_fold" json:"-"`
}

// LocationPatch is a location to make, or a partial change; nil leaves a field as it is.
type LocationPatch struct {
	Name, TimeZone, Language, EmergencyID, PSTN, ExternalID *string
	Address                                                 *Address
	Headquarters                                            *bool // true only: another one loses it
	IfVersion                                               int64 // 0: whatever the version is
}

const selectedLocations = `SELECT id, customer_id, scope, name, name_fold, headquarters, address, time_zone, language, emergency_id, pstn, external_id, created, updated, version FROM subscriber_locations`

var (
	errLocationUsed = errs.New(errs.Conflict, "location_in_use", "The location still has users, workspaces or numbers.")
	errOnlyHQ       = errs.BadField("headquarters", "headquarters_needed", "Make another location the headquarters instead.")
)

// statesNeeded and postalNeeded are countries whose addresses have no sense without (WS-48).
var (
	statesNeeded = " US CA AU BR MX IN "
	postalFree   = " AE AG AO AW BF BI BJ BO BS BW BZ CD CF CG CI CM DJ DM ER FJ GA GD GH GM GN GQ GY HK IE JM KI KM KN KP LC ML MO MR MS MU MW NR NU PA QA RW SB SC SL SR ST SY TD TG TK TO TT TV TZ UG VU YE ZW "
)

// CheckAddress checks an address and gives it cleaned; field is its name in the input.
func CheckAddress(c *errs.Checker, field string, a Address) Address {
	a.Line1 = c.Text(field+".line1", a.Line1, 1, 50)
	a.Line2 = c.Text(field+".line2", a.Line2, 0, 50)
	a.City = c.Text(field+".city", a.City, 1, 50)
	a.State = c.Text(field+".state", a.State, 0, 50)
	a.PostalCode = c.Text(field+".postal_code", a.PostalCode, 0, 16)
	if a.Country = c.Country(field+".country", a.Country); a.Country == "" {
		c.Add(errs.Field{Name: field + ".country", Code: "required", Message: "This field must not be empty."})
		return a
	}
	in := func(list string) bool { return strings.Contains(list, " "+a.Country+" ") }
	if a.State == "" && in(statesNeeded) {
		c.Add(errs.Field{Name: field + ".state", Code: "required", Message: "This field must not be empty."})
	}
	if a.PostalCode == "" && !in(postalFree) {
		c.Add(errs.Field{Name: field + ".postal_code", Code: "required", Message: "This field must not be empty."})
	}
	return a
}

// apply checks p and writes it into l; all faults come at once.
func (p LocationPatch) apply(l *Location) ([]string, error) {
	var c errs.Checker
	was := *l
	if p.Name != nil {
		l.Name = c.Text("name", *p.Name, 1, 128)
		l.NameFold = db.Fold(l.Name)
	}
	if p.Address != nil {
		l.Address.V = CheckAddress(&c, "address", *p.Address)
	}
	if p.TimeZone != nil {
		l.TimeZone = c.TimeZone("time_zone", *p.TimeZone)
	}
	if p.Language != nil {
		l.Language = c.Locale("language", strings.ReplaceAll(*p.Language, "_", "-"))
	}
	if p.EmergencyID != nil {
		l.EmergencyID = c.Text("emergency_id", *p.EmergencyID, 0, 64)
	}
	if p.PSTN != nil {
		l.PSTN = c.Text("pstn", *p.PSTN, 0, 128)
	}
	if p.ExternalID != nil {
		l.ExternalID = c.Text("external_id", *p.ExternalID, 0, 128)
	}
	if p.Headquarters != nil {
		if was.Headquarters && !*p.Headquarters {
			c.Add(errOnlyHQ.Fields[0])
		}
		l.Headquarters = *p.Headquarters
	}
	for name, v := range map[string]string{"time_zone": l.TimeZone, "language": l.Language} {
		if v == "" && !c.Failed(name) {
			c.Add(errs.Field{Name: name, Code: "required", Message: "This field must not be empty."})
		}
	}
	var fields []string
	for _, f := range []struct {
		name   string
		differ bool
	}{
		{"name", was.Name != l.Name}, {"address", was.Address.V != l.Address.V}, {"time_zone", was.TimeZone != l.TimeZone},
		{"language", was.Language != l.Language}, {"emergency_id", was.EmergencyID != l.EmergencyID}, {"pstn", was.PSTN != l.PSTN},
		{"external_id", was.ExternalID != l.ExternalID}, {"headquarters", was.Headquarters != l.Headquarters},
	} {
		if f.differ {
			fields = append(fields, f.name)
		}
	}
	return fields, c.Err()
}

// CreateLocation adds a location (WS-109). The first of a customer is its headquarters. A name or external id that is used is a conflict.
func (s *Service) CreateLocation(ctx context.Context, actor access.Actor, customerID string, p LocationPatch) (Location, error) {
	if p.Name == nil {
		p.Name = new(string)
	}
	if p.Address == nil {
		p.Address = &Address{}
	}
	made := Location{ID: db.NewID(), Version: 1}
	_, faults := p.apply(&made)
	var out Location
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.LocationEdit, customerID, true)
		if err == nil {
			err = faults
		}
		if err != nil {
			return err
		}
		out = made
		out.CustomerID, out.Scope, out.Created, out.Updated = t.ID, t.Scope, tx.Now(), tx.Now()
		if !out.Headquarters {
			out.Headquarters, err = s.firstLocation(ctx, tx, t.ID)
		} else {
			err = dethrone(ctx, tx, t.ID)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO subscriber_locations (id, customer_id, scope, name, name_fold, headquarters, address, country, time_zone, language,
			emergency_id, pstn, external_id, created, updated, version) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1)`,
			out.ID, t.ID, t.Scope, out.Name, out.NameFold, out.Headquarters, out.Address, out.Address.V.Country, out.TimeZone, out.Language,
			out.EmergencyID, out.PSTN, out.ExternalID, out.Created, out.Updated); err != nil {
			return locationTaken(err)
		}
		return s.locationNews(ctx, tx, actor, t, out, "created", "create", nil)
	})
	return out, err
}

func (s *Service) firstLocation(ctx context.Context, tx *db.Tx, customerID string) (bool, error) {
	var id string
	err := tx.Get(ctx, &id, `SELECT id FROM subscriber_locations WHERE customer_id = $1 LIMIT 1`, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return true, nil
	}
	return false, err
}

// dethrone makes room for another headquarters. The caller holds the customer.
func dethrone(ctx context.Context, tx *db.Tx, customerID string) error {
	_, err := tx.Exec(ctx, `UPDATE subscriber_locations SET headquarters = FALSE, updated = $2, version = version + 1 WHERE customer_id = $1 AND headquarters`, customerID, tx.Now())
	return err
}

func locationTaken(err error) error {
	switch {
	case db.IsUnique(err, "subscriber_locations", "customer_id", "name_fold"):
		return taken409(errName, "name")
	case db.IsUnique(err, "subscriber_locations", "customer_id", "external_id"):
		return taken409(errExternal, "external_id")
	}
	return err
}

// fieldOf is a refusal as the fault of one field.
func fieldOf(e *errs.Error, name string) errs.Field {
	var f errs.Field
	f.Name, f.Code, f.Message, f.Params = name, e.Code, e.Message, e.Params
	return f
}

// taken409 is the conflict with its field.
func taken409(e *errs.Error, field string) error {
	out := *e
	out.Fields = []errs.Field{fieldOf(e, field)}
	return &out
}

func (s *Service) locationNews(ctx context.Context, tx *db.Tx, actor access.Actor, t tenant.Tenant, l Location, what, verb string, fields []string) error {
	data := map[string]any{"customer_id": t.ID}
	if fields != nil {
		data["fields"] = fields
	}
	return s.journal.Append(ctx, tx, actor, journal.News{Type: "location." + what, Action: "location/" + verb, Tenant: t.Access(),
		Target: journal.Target{Kind: "location", ID: l.ID, Name: l.Name}, Data: data})
}

// EditLocation changes a location. Stale when IfVersion is not the present version.
func (s *Service) EditLocation(ctx context.Context, actor access.Actor, customerID, id string, p LocationPatch) (Location, error) {
	var out Location
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.LocationEdit, customerID, true)
		if err != nil {
			return err
		}
		if out, err = location(ctx, tx, t.ID, id); err != nil {
			return err
		}
		if p.IfVersion != 0 && p.IfVersion != out.Version {
			return errStale
		}
		crowned := !out.Headquarters
		fields, err := p.apply(&out)
		if err != nil || len(fields) == 0 {
			return err
		}
		if crowned && out.Headquarters {
			if err := dethrone(ctx, tx, t.ID); err != nil {
				return err
			}
		}
		out.Updated, out.Version = tx.Now(), out.Version+1
		if _, err := tx.Exec(ctx, `UPDATE subscriber_locations SET name = $2, name_fold = $3, headquarters = $4, address = $5, country = $6, time_zone = $7, language = $8,
			emergency_id = $9, pstn = $10, external_id = $11, updated = $12, version = $13 WHERE id = $1`, out.ID, out.Name, out.NameFold, out.Headquarters,
			out.Address, out.Address.V.Country, out.TimeZone, out.Language, out.EmergencyID, out.PSTN, out.ExternalID, out.Updated, out.Version); err != nil {
			return locationTaken(err)
		}
		return s.locationNews(ctx, tx, actor, t, out, "edited", "edit", fields)
	})
	return out, err
}

// DeleteLocation removes an empty location; location_in_use otherwise, by constraint.
func (s *Service) DeleteLocation(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.LocationEdit, customerID, true)
		if err != nil {
			return err
		}
		l, err := location(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		if ifVersion != 0 && ifVersion != l.Version {
			return errStale
		}
		if _, err := tx.Exec(ctx, `DELETE FROM subscriber_locations WHERE id = $1`, id); err != nil {
			if errs.CodeOf(err) == "still_referenced" {
				return errLocationUsed.Because(err)
			}
			return err
		}
		return s.locationNews(ctx, tx, actor, t, l, "deleted", "delete", nil)
	})
}

func location(ctx context.Context, q db.Q, customerID, id string) (Location, error) {
	var l Location
	err := q.Get(ctx, &l, selectedLocations+` WHERE id = $1 AND customer_id = $2`, id, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errs.Missing("location")
	}
	return l, err
}

// Location gives one location; NotFound when the customer has none with this id.
func (s *Service) Location(ctx context.Context, actor access.Actor, customerID, id string) (Location, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.LocationView, customerID); err != nil {
		return Location{}, err
	}
	return location(ctx, s.db, customerID, id)
}

// LocationQuery chooses locations of a list.
type LocationQuery struct {
	Text, ExternalID string
	Page             db.Page
}

// Locations lists the locations of a customer.
func (s *Service) Locations(ctx context.Context, actor access.Actor, customerID string, by LocationQuery) ([]Location, string, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.LocationView, customerID); err != nil {
		return nil, "", err
	}
	var c errs.Checker
	a := s.db.Args()
	where := " WHERE customer_id = " + a.Add(customerID)
	if text := c.Text("q", by.Text, 0, 200); text != "" {
		where += " AND name_fold LIKE " + a.Add(db.Contains(text)) + ` ESCAPE '\'`
	}
	if x := c.Text("external_id", by.ExternalID, 0, 128); x != "" {
		where += " AND external_id = " + a.Add(x)
	}
	if err := c.Err(); err != nil {
		return nil, "", err
	}
	k, err := by.Page.Keyset(a, "id", db.Sort{Name: "name", Column: "name_fold"}, db.Sort{Name: "created", Column: "created", Number: true, Desc: true})
	if err != nil {
		return nil, "", err
	}
	var all []Location
	if err := s.db.Select(ctx, &all, selectedLocations+where+" AND "+k.Where+" ORDER BY "+k.OrderBy+" LIMIT "+a.Add(k.Limit), a.List()...); err != nil {
		return nil, "", err
	}
	all, next := db.Cut(k, all, func(l Location) (any, string) {
		if k.SortName() == "created" {
			return l.Created.UnixMilli(), l.ID
		}
		return l.NameFold, l.ID
	})
	return all, next, nil
}
