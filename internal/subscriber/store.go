package subscriber

import (
	"context"

	"linecard/internal/db"
	"linecard/internal/errs"
)

const selectedHolders = `SELECT s.id, s.customer_id, s.scope, s.kind, s.email, s.email_fold, s.first_name, s.last_name, s.display_name, s.name_fold, s.external_id,
	s.package, COALESCE(s.location_id, '') AS location_id, s.extension, COALESCE(n.number, '') AS number, s.status, s.active,
	COALESCE(s.account_id, '') AS account_id, s.created, s.updated, s.status_changed, s.version
	FROM subscriber_holders s LEFT JOIN subscriber_numbers n ON n.holder_id = s.id`

// insertHolders writes new holders and says which of them are there now: one that somebody else was faster with is not.
func insertHolders(ctx context.Context, tx *db.Tx, all []Holder) (map[string]bool, error) {
	a := tx.Args()
	rows := make([]string, len(all))
	ids := make([]string, len(all))
	for i, h := range all {
		ids[i] = h.ID
		rows[i] = row(a, h.ID, h.CustomerID, h.Scope, string(h.Kind), h.Email, h.EmailFold, h.FirstName, h.LastName, h.DisplayName, h.NameFold, h.ExternalID,
			h.Package, orNil(h.LocationID), h.place(), h.Extension, string(h.Status), h.Active, h.Created, h.Updated, h.StatusChanged, h.Version, db.Fold(h.LastName))
	}
	n, err := tx.Exec(ctx, `INSERT INTO subscriber_holders (id, customer_id, scope, kind, email, email_fold, first_name, last_name, display_name, name_fold, external_id,
		package, location_id, place, extension, status, active, created, updated, status_changed, version, last_fold) VALUES `+joinRows(rows)+` ON CONFLICT DO NOTHING`, a.List()...)
	if err != nil {
		return nil, err
	}
	there := make(map[string]bool, len(all))
	if n < int64(len(all)) {
		b := tx.Args()
		if err := tx.Select(ctx, &ids, `SELECT id FROM subscriber_holders WHERE `+b.In("id", ids), b.List()...); err != nil {
			return nil, err
		}
	}
	for _, id := range ids {
		there[id] = true
	}
	return there, nil
}

func orNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// updateHolder stores what can change of a holder, if the version is still the one before.
func updateHolder(ctx context.Context, tx *db.Tx, h Holder) error {
	n, err := tx.Exec(ctx, `UPDATE subscriber_holders SET email = $2, email_fold = $3, first_name = $4, last_name = $5, display_name = $6, name_fold = $7,
		external_id = $8, package = $9, location_id = $10, place = $11, extension = $12, status = $13, active = $14, updated = $15, status_changed = $16, version = $17, last_fold = $19
		WHERE id = $1 AND version = $18`, h.ID, h.Email, h.EmailFold, h.FirstName, h.LastName, h.DisplayName, h.NameFold, h.ExternalID, h.Package,
		orNil(h.LocationID), h.place(), h.Extension, string(h.Status), h.Active, h.Updated, h.StatusChanged, h.Version, h.Version-1, db.Fold(h.LastName))
	switch {
	case db.IsUnique(err, "subscriber_holders", "email_fold"):
		return taken409(errElsewhere, "email")
	case db.IsUnique(err, "subscriber_holders", "customer_id", "email_fold"):
		return taken409(errEmail, "email")
	case db.IsUnique(err, "subscriber_holders", "customer_id", "external_id"):
		return taken409(errExternal, "external_id")
	case db.IsUnique(err, "subscriber_holders", "place", "extension"):
		return taken409(errExtension, "extension")
	case db.IsUnique(err, "subscriber_holders", "place", "name_fold"):
		return taken409(errName, "name")
	case err == nil && n == 0:
		return errStale
	}
	return err
}

// holder gives one holder of a customer with its add-ons.
func holder(ctx context.Context, q db.Q, customerID, id string, k Kind) (Holder, error) {
	one := make([]Holder, 1)
	err := q.Get(ctx, &one[0], selectedHolders+` WHERE s.id = $1 AND s.customer_id = $2 AND s.kind = $3`, id, customerID, string(k))
	if err != nil {
		if errs.KindOf(err) == errs.NotFound {
			err = errs.Missing(string(k))
		}
		return Holder{}, err
	}
	err = withAddOns(ctx, q, one)
	return one[0], err
}

// withAddOns fills in the add-ons of holders.
func withAddOns(ctx context.Context, q db.Q, all []Holder) error {
	if len(all) == 0 {
		return nil
	}
	at := make(map[string]int, len(all))
	ids := make([]string, len(all))
	for i, h := range all {
		at[h.ID], ids[i] = i, h.ID
	}
	a := q.Args()
	var rows []struct {
		Holder string `db:"holder_id"`
		Item   string `db:"item_id"`
	}
	err := q.Select(ctx, &rows, `SELECT holder_id, item_id FROM subscriber_add_ons WHERE `+a.In("holder_id", ids)+` ORDER BY holder_id, item_id`, a.List()...)
	for _, r := range rows {
		h := &all[at[r.Holder]]
		h.AddOns = append(h.AddOns, r.Item)
	}
	return err
}

func insertAddOns(ctx context.Context, tx *db.Tx, all []Holder) error {
	a := tx.Args()
	var rows []string
	for _, h := range all {
		for _, code := range h.AddOns {
			rows = append(rows, row(a, h.ID, code))
		}
	}
	if len(rows) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO subscriber_add_ons (holder_id, item_id) VALUES `+joinRows(rows), a.List()...)
	return err
}
