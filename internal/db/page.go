package db

import (
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"linecard/internal/errs"
)

// Limits of a page (surfaces: `?limit= (1..1000, default 50)`).
const (
	DefaultLimit = 50
	MaxLimit     = 1000
)

// Page is what a caller asks of a list: how many, from where, in which order. Lists page by key, never by offset, so
// rows that come or go meanwhile shift nothing.
type Page struct {
	Limit  int    // 0: DefaultLimit; outside 1..MaxLimit is refused
	Cursor string // "" is the beginning; else what an earlier answer gave
	Sort   string // name of an order, with "-" before it for the other direction; "": the first one
}

// Sort is an order that a list offers.
type Sort struct {
	Name   string // as the caller says it
	Column string // SQL column; must be NOT NULL
	Number bool   // the column holds integers (instants too)
	Desc   bool   // the usual direction
}

// Keyset is the part of a list statement that pages: `WHERE … AND <Where> ORDER BY <OrderBy> LIMIT <Limit>`.
type Keyset struct {
	Where   string
	OrderBy string
	Limit   int // one more than the page, to see whether there is a next one
	name    string
}

type cursor struct {
	Sort string          `json:"s"`
	Key  json.RawMessage `json:"k"`
	ID   string          `json:"i"`
}

// Keyset turns the page into SQL over the offered sorts; idColumn breaks ties and must be unique. A limit out of range,
// an unknown sort or a damaged cursor is Invalid and names the parameter.
func (p Page) Keyset(a *Args, idColumn string, sorts ...Sort) (Keyset, error) {
	if p.Limit == 0 {
		p.Limit = DefaultLimit
	}
	if p.Limit < 1 || p.Limit > MaxLimit {
		return Keyset{}, errs.BadField("limit", "out_of_range", "The limit must be from 1 to 1000.")
	}
	want, flip := strings.CutPrefix(p.Sort, "-")
	by := sorts[0]
	if want != "" {
		found := false
		for _, s := range sorts {
			if s.Name == want {
				by, found = s, true
			}
		}
		if !found {
			return Keyset{}, errs.BadField("sort", "unknown_sort", "The list cannot be sorted by that.")
		}
		by.Desc = flip
	}
	dir, cmp := " ASC", " > "
	if by.Desc {
		dir, cmp = " DESC", " < "
	}
	k := Keyset{Where: "1 = 1", OrderBy: by.Column + dir + ", " + idColumn + dir, Limit: p.Limit + 1,
		name: by.Name + strings.TrimSpace(dir)}
	if p.Cursor == "" {
		return k, nil
	}
	key, id, err := k.parse(p.Cursor, by.Number)
	if err != nil {
		return Keyset{}, errs.BadField("cursor", "bad_cursor", "The cursor is damaged or belongs to another order. Start again without it.")
	}
	k.Where = "(" + by.Column + ", " + idColumn + ")" + cmp + "(" + a.Add(key) + ", " + a.Add(id) + ")"
	return k, nil
}

func (k Keyset) parse(s string, number bool) (any, string, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, "", err
	}
	var c cursor
	if err := json.Unmarshal(b, &c); err != nil {
		return nil, "", err
	}
	if c.Sort != k.name {
		return nil, "", strconv.ErrSyntax
	}
	if number {
		var n int64
		err = json.Unmarshal(c.Key, &n)
		return n, c.ID, err
	}
	var t string
	err = json.Unmarshal(c.Key, &t)
	return t, c.ID, err
}

// Cut drops the extra row and gives the cursor of the next page, "" when this was the last. key tells the sort value
// (string or int64, as the sort's column holds it) and the id of a row.
func Cut[T any](k Keyset, rows []T, key func(T) (any, string)) ([]T, string) {
	if len(rows) < k.Limit {
		return rows, ""
	}
	rows = rows[:k.Limit-1]
	v, id := key(rows[len(rows)-1])
	kb, _ := json.Marshal(v)
	b, _ := json.Marshal(cursor{Sort: k.name, Key: kb, ID: id})
	return rows, base64.RawURLEncoding.EncodeToString(b)
}

// SortName gives the name of the order in force without its direction, for Cut's key function.
func (k Keyset) SortName() string {
	return strings.TrimSuffix(strings.TrimSuffix(k.name, "ASC"), "DESC")
}
