package catalog

import (
	"context"

	"linecard/internal/db"
	"linecard/internal/errs"
)

const itemColumns = `SELECT i.id, i.kind, i.sku, i.name, i.description, i.rank, i.calling, i.messaging, i.meetings, i.assign_to, i.depends_on, i.features, i.rule,
	i.state, i.created, i.updated, i.version FROM catalog_items i`

// Code gives the item with this code or alias, in small letters; Invalid (unknown_package) when there is none. Aliases of the item are
// not read. It decides nothing.
func (s *Service) Code(ctx context.Context, q db.Q, codeOrAlias string) (Item, error) {
	var i Item
	err := q.Get(ctx, &i, itemColumns+` JOIN catalog_names n ON n.item_id = i.id WHERE n.id = $1`, codeOrAlias)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errUnknown.With("package", codeOrAlias)
	}
	return i, err
}

// Codes gives the items for codes or aliases in their order; Invalid names the first that does not exist.
func (s *Service) Codes(ctx context.Context, q db.Q, codes []string) ([]Item, error) {
	out := make([]Item, 0, len(codes))
	for _, c := range codes {
		i, err := s.Code(ctx, q, c)
		if err != nil {
			return nil, err
		}
		out = append(out, i)
	}
	return out, nil
}

// All gives every item with its aliases: base packages by rank from the highest, then add-ons. It decides nothing.
func (s *Service) All(ctx context.Context, q db.Q) ([]Item, error) {
	var all []Item
	if err := q.Select(ctx, &all, itemColumns+` ORDER BY i.kind DESC, i.rank DESC, i.id`); err != nil {
		return nil, err
	}
	at := map[string]int{}
	for n, i := range all {
		at[i.Code] = n
	}
	var names []struct {
		ID   string `db:"id"`
		Item string `db:"item_id"`
	}
	if err := q.Select(ctx, &names, `SELECT id, item_id FROM catalog_names WHERE id <> item_id ORDER BY id`); err != nil {
		return nil, err
	}
	for _, n := range names {
		i := &all[at[n.Item]]
		i.Aliases = append(i.Aliases, n.ID)
	}
	return all, nil
}
