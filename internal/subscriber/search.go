package subscriber

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Hit is a user, a workspace, a location or a number that a search found.
type Hit struct {
	Type         string `db:"type"` // user, workspace, location, number
	ID           string `db:"id"`
	CustomerID   string `db:"customer_id"`
	CustomerName string `db:"customer_name"`
	Name         string `db:"name"` // how it is called; of a number, the number
	By           string `db:"by"`   // what fits: name, email, extension, number
	Text         string `db:"text"` // the text that fits
}

// look is one way to find something: where, by which column, and what it tells.
type look struct {
	act             access.Action
	kind, by, table string
	column, shown   string // compared, and shown for it
	name            string
	where           string
}

// looks are all ways, the most special first. Each column stands behind the customer in an index, so that what others have costs nothing.
var looks = []look{
	{act: access.NumberView, kind: "'number'", by: "number", table: "subscriber_numbers", column: "number", shown: "number", name: "number"},
	{act: access.UserView, kind: "x.kind", by: "extension", table: "subscriber_holders", column: "extension", shown: "extension", name: "display_name", where: " AND x.extension <> ''"},
	{act: access.UserView, kind: "x.kind", by: "email", table: "subscriber_holders", column: "email_fold", shown: "email", name: "display_name", where: " AND x.kind = 'user'"},
	{act: access.UserView, kind: "x.kind", by: "name", table: "subscriber_holders", column: "name_fold", shown: "display_name", name: "display_name", where: " AND x.kind IN ('user', 'workspace')"},
	{act: access.UserView, kind: "x.kind", by: "name", table: "subscriber_holders", column: "last_fold", shown: "last_name", name: "display_name", where: " AND x.last_fold <> ''"},
	{act: access.LocationView, kind: "'location'", by: "name", table: "subscriber_locations", column: "name_fold", shown: "name", name: "name"},
}

// Search finds people, places and numbers of all customers that the actor may see, by the beginning of a name or last name, of an e-mail
// address, an extension or an E.164 number. What the actor may not see is not found; forbidden when that is all of it. At most limit hits
// come back; more says that there may be others.
func (s *Service) Search(ctx context.Context, actor access.Actor, text string, limit int) (hits []Hit, more bool, err error) {
	var may int
	seen := map[string]bool{}
	filters := map[access.Action]db.Filter{}
	for _, l := range looks {
		see, known := filters[l.act]
		if !known {
			see, err = s.tenants.Visible(ctx, s.db, actor, l.act, true)
			if errs.KindOf(err) == errs.Forbidden && err != nil {
				continue
			}
			if err != nil {
				return nil, false, err
			}
			filters[l.act] = see
		}
		may++
		begin := l.begin(text)
		if begin == "" || len(hits) > limit {
			continue
		}
		some, err := s.look(ctx, l, see, begin, limit+1)
		if err != nil {
			return nil, false, err
		}
		for _, h := range some {
			if !seen[h.ID] {
				seen[h.ID] = true
				hits = append(hits, h)
			}
		}
	}
	if may == 0 {
		return nil, false, errs.New(errs.Forbidden, "forbidden", "You are not allowed to do this.")
	}
	more = len(hits) > limit
	return hits[:min(len(hits), limit)], more, nil
}

// begin is what the column begins with; "" when the text can be no such thing.
func (l look) begin(text string) string {
	folded := db.Fold(text)
	digits := strings.NewReplacer(" ", "", "-", "", "/", "", "(", "", ")", "", ".", "").Replace(strings.TrimPrefix(folded, "+"))
	if strings.Trim(digits, "0123456789") != "" || len(digits) > 32 {
		digits = ""
	}
	switch {
	case l.by == "number" && len(digits) >= 3:
		return "+" + strings.TrimPrefix(digits, "00")
	case l.by == "number":
		return ""
	case l.by == "extension":
		return digits
	}
	return folded
}

func (s *Service) look(ctx context.Context, l look, see db.Filter, begin string, most int) ([]Hit, error) {
	a := s.db.Args()
	stmt := `SELECT ` + l.kind + ` AS type, x.id, x.customer_id, t.name AS customer_name, x.` + l.name + ` AS name, '` + l.by + `' AS "by", x.` + l.shown + ` AS text
		FROM tenant_tenants t CROSS JOIN ` + l.table + ` x WHERE t.kind = 'customer' AND ` + see.SQL(a, "t.scope") + ` AND x.customer_id = t.id` + l.where +
		` AND x.` + l.column + ` >= ` + a.Add(begin) + ` AND x.` + l.column + ` < ` + a.Add(begin+"\U0010FFFF") + ` LIMIT ` + a.Add(most)
	var out []Hit
	err := s.db.Select(ctx, &out, stmt, a.List()...)
	slices.SortFunc(out, func(a, b Hit) int { return cmp.Or(cmp.Compare(a.Text, b.Text), cmp.Compare(a.ID, b.ID)) })
	return out, err
}
