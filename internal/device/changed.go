package device

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"linecard/internal/db"
	"linecard/internal/phone"
)

// Changed is a file in which a phone keeps what was changed on it.
type Changed struct {
	Name string
	Time db.Time
	Body []byte
}

// ChangedOnPhone gives the override files that a phone has sent, those that count more first: what was changed in its menu before what
// was changed on its web pages (poly.md, section 8; the order is recalled). What they say counts more than all that we write
// (decision 14). It decides nothing, and the files may hold passwords.
func (s *Service) ChangedOnPhone(ctx context.Context, deviceID string) ([]Changed, error) {
	var all []piece
	if err := s.db.Select(ctx, &all, pieces+` WHERE device_id = $1 AND kind = $2 ORDER BY name`, deviceID, string(phone.Overrides)); err != nil {
		return nil, err
	}
	var out []Changed
	for _, p := range all {
		at, body, err := s.Uploads().join(ctx, []piece{p})
		if err != nil {
			return nil, err
		}
		out = append(out, Changed{Name: at.Name, Time: p.Time, Body: body})
	}
	slices.SortStableFunc(out, func(a, b Changed) int { return cmp.Compare(rankOf(a.Name), rankOf(b.Name)) })
	return out, nil
}

func rankOf(name string) int {
	if strings.Contains(name, "-web.") {
		return 1
	}
	return 0
}
