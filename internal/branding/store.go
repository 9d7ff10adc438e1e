package branding

import (
	"context"
	"strings"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/tenant"
)

const columns = `tenant_id, scope, kind, product_name, sender_name, support_url, accent_light, accent_dark, navigation_light, navigation_dark, logo, logo_width, logo_height, logo_on_dark, version`

type row struct {
	TenantID   string            `db:"tenant_id"`
	Scope      string            `db:"scope"`
	Kind       access.TenantKind `db:"kind"`
	Product    string            `db:"product_name"`
	Sender     string            `db:"sender_name"`
	Support    string            `db:"support_url"`
	AccentL    string            `db:"accent_light"`
	AccentD    string            `db:"accent_dark"`
	NavL       string            `db:"navigation_light"`
	NavD       string            `db:"navigation_dark"`
	Logo       string            `db:"logo"`
	LogoWidth  int               `db:"logo_width"`
	LogoHeight int               `db:"logo_height"`
	LogoOnDark bool              `db:"logo_on_dark"`
	Version    int64             `db:"version"`
}

func (r row) own() Own {
	return Own{Product: r.Product, Sender: r.Sender, SupportURL: r.Support, Colours: Colours{r.AccentL, r.AccentD, r.NavL, r.NavD},
		Logo: Logo{Hash: r.Logo, Width: r.LogoWidth, Height: r.LogoHeight, OnDark: r.LogoOnDark}}
}

// above lists what the tenant of a scope and those above it have set, from the top. A scope is the path of keys from the operator
// down, each with a point behind it, so all of them are known without asking for the tree.
func above(ctx context.Context, q db.Q, scope string) ([]row, error) {
	scopes := scopesOf(scope)
	if len(scopes) == 0 {
		return nil, nil
	}
	a := q.Args()
	var rows []row
	err := q.Select(ctx, &rows, `SELECT `+columns+` FROM branding_brands WHERE `+a.In("scope", scopes)+` ORDER BY scope`, a.List()...)
	return rows, err
}

func scopesOf(scope string) (all []string) {
	for i, c := range scope {
		if c == '.' {
			all = append(all, scope[:i+1])
		}
	}
	return all
}

func fold(rows []row) Brand {
	var b Brand
	for _, r := range rows {
		b = b.With(r.own())
	}
	return b
}

func put(ctx context.Context, tx *db.Tx, t tenant.Tenant, o Own, version int64) error {
	set := strings.Split(columns, ", ")[3:]
	for i, c := range set {
		set[i] = c + " = excluded." + c
	}
	_, err := tx.Exec(ctx, `INSERT INTO branding_brands (`+columns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)
		ON CONFLICT (tenant_id) DO UPDATE SET `+strings.Join(set, ", "), t.ID, t.Scope, t.Kind, o.Product, o.Sender, o.SupportURL,
		o.Colours.AccentLight, o.Colours.AccentDark, o.Colours.NavigationLight, o.Colours.NavigationDark,
		o.Logo.Hash, o.Logo.Width, o.Logo.Height, o.Logo.OnDark, version)
	return err
}

// sweep removes a picture that nobody uses any more.
func sweep(ctx context.Context, tx *db.Tx, hash string) error {
	_, err := tx.Exec(ctx, `DELETE FROM branding_logos WHERE hash = $1 AND NOT EXISTS (SELECT 1 FROM branding_brands WHERE logo = $1)`, hash)
	return err
}
