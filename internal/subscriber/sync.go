package subscriber

import (
	"context"
	"strconv"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
)

// Automatic is what a user gets that a directory brings (WS-135, WS-137). Without a package the directory must name one.
type Automatic struct {
	Package        string `json:"package,omitempty"`
	LocationID     string `json:"location_id,omitempty"`
	FirstExtension string `json:"first_extension,omitempty"` // the next free one from here on, for packages with calling; "": none
}

// AutomaticOf gives what users of a directory get. The version is for SetAutomatic.
func (s *Service) AutomaticOf(ctx context.Context, actor access.Actor, customerID string) (Automatic, int64, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.UserView, customerID); err != nil {
		return Automatic{}, 0, err
	}
	return automatic(ctx, s.db, customerID)
}

func automatic(ctx context.Context, q db.Q, customerID string) (Automatic, int64, error) {
	var r struct {
		Automatic db.JSON[Automatic] `db:"automatic"`
		Version   int64              `db:"version"`
	}
	err := q.Get(ctx, &r, `SELECT automatic, version FROM subscriber_customers WHERE id = $1`, customerID)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return Automatic{}, 0, nil
	}
	return r.Automatic.V, r.Version, err
}

// SetAutomatic says what users of a directory get.
func (s *Service) SetAutomatic(ctx context.Context, actor access.Actor, customerID string, in Automatic, ifVersion int64) (Automatic, int64, error) {
	var version int64
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.UserSync, customerID, true)
		if err != nil {
			return err
		}
		if in.FirstExtension != "" && !digits.MatchString(in.FirstExtension) {
			return errs.BadField("first_extension", "bad_extension", "An extension has 2 to 10 digits.")
		}
		if in.Package != "" {
			items, err := named(ctx, tx, t.ID, []string{in.Package})
			if err != nil {
				return err
			}
			if _, err := (&facts{items: items}).item(in.Package, Person); err != nil {
				return err
			}
			in.Package = items[in.Package].Code
		}
		if in.LocationID != "" {
			if _, err := location(ctx, tx, t.ID, in.LocationID); err != nil {
				return err
			}
		}
		if err := shared(ctx, tx, t); err != nil {
			return err
		}
		_, was, err := automatic(ctx, tx, t.ID)
		if err == nil && ifVersion != 0 && ifVersion != was {
			err = errStale
		}
		if err != nil {
			return err
		}
		version = was + 1
		if _, err := tx.Exec(ctx, `UPDATE subscriber_customers SET automatic = $2, version = $3 WHERE id = $1`, t.ID, db.AsJSON(in), version); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Type: "customer.directory_changed", Action: "directory/edit", Tenant: t.Access(),
			Target: journal.Target{Kind: "customer", ID: t.ID, Name: t.Name}})
	})
	return in, version, err
}

// SyncUser adds a user that a directory brings: what it does not say is as Automatic says. Customers that sign in themselves may let
// their directory do so as long as their provider has not reserved it (WS-156).
func (s *Service) SyncUser(ctx context.Context, actor access.Actor, customerID string, n NewUser) (User, error) {
	var out User
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.begin(ctx, tx, actor, access.UserSync, customerID, true)
		if err != nil {
			return err
		}
		auto, _, err := automatic(ctx, tx, t.ID)
		if err != nil {
			return err
		}
		if n.Package == "" {
			n.Package = auto.Package
		}
		items, err := named(ctx, tx, t.ID, []string{n.Package})
		if err != nil {
			return err
		}
		if items[n.Package].HasCalling() {
			if n.LocationID == "" {
				n.LocationID = auto.LocationID
			}
			if n.Extension == "" && n.Number == "" && auto.FirstExtension != "" {
				if n.Extension, err = nextExtension(ctx, tx, t.ID, n.LocationID, auto.FirstExtension); err != nil {
					return err
				}
			}
		}
		made, err := s.make(ctx, tx, actor, access.UserSync, customerID, []ask{{Person, n}})
		if err == nil {
			out, err = made[0].User, made[0].Err
		}
		return err
	})
	if err != nil {
		return User{}, err
	}
	return out, nil
}

// nextExtension gives the lowest extension from first on, of as many digits, that nobody has at the place. The caller holds the customer.
func nextExtension(ctx context.Context, tx *db.Tx, customerID, locationID, first string) (string, error) {
	if locationID == "" {
		var only []string
		if err := tx.Select(ctx, &only, `SELECT id FROM subscriber_locations WHERE customer_id = $1 ORDER BY id LIMIT 2`, customerID); err != nil {
			return "", err
		}
		if locationID = customerID; len(only) > 0 {
			locationID = only[0] // of several none is chosen; the rules will ask for one
		}
	}
	var used []string
	if err := tx.Select(ctx, &used, `SELECT extension FROM subscriber_holders WHERE place = $1 AND extension >= $2`, locationID, first); err != nil {
		return "", err
	}
	have := make(map[string]bool, len(used))
	for _, e := range used {
		have[e] = true
	}
	n, err := strconv.ParseInt(first, 10, 64)
	for ; err == nil; n++ {
		text := strconv.FormatInt(n, 10)
		for len(text) < len(first) {
			text = "0" + text
		}
		if len(text) > len(first) {
			break
		}
		if !have[text] {
			return text, nil
		}
	}
	return "", nil
}

// SyncEdit changes a user as a directory says.
func (s *Service) SyncEdit(ctx context.Context, actor access.Actor, customerID, id string, p HolderPatch) (User, error) {
	return s.editAs(ctx, actor, customerID, id, Person, p, access.UserSync)
}

// SyncDelete removes a user that a directory has no more.
func (s *Service) SyncDelete(ctx context.Context, actor access.Actor, customerID, id string, ifVersion int64) error {
	return s.remove(ctx, actor, access.UserSync, customerID, id, Person, ifVersion)
}

// CountUsers says how many users a list without pages would have.
func (s *Service) CountUsers(ctx context.Context, actor access.Actor, by HolderQuery) (int64, error) {
	if _, err := s.allowed(ctx, s.db, actor, access.UserView, by.CustomerID); err != nil {
		return 0, err
	}
	var c errs.Checker
	a := s.db.Args()
	where := ` WHERE s.customer_id = ` + a.Add(by.CustomerID) + ` AND s.kind = 'user'` + by.conditions(a, &c)
	if err := c.Err(); err != nil {
		return 0, err
	}
	var n int64
	err := s.db.Get(ctx, &n, `SELECT COUNT(*) FROM subscriber_holders s`+where, a.List()...)
	return n, err
}
