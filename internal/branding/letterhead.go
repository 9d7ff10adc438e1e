package branding

import (
	"context"
	"net/url"
	"strings"

	"linecard/internal/db"
	"linecard/internal/deliver"
)

// Letterhead says how letters about a tenant look: the name of its provider's offer, its sender, colour, logo and support, and links
// that lead to the offer's own host (WS-23, WS-92). publicURL is where the platform's portal is reached.
func (s *Service) Letterhead(publicURL string) deliver.Dresser {
	main := strings.TrimRight(publicURL, "/")
	return func(ctx context.Context, q db.Q, tenantID string) (deliver.Dress, error) {
		t, err := s.Tenants.Load(ctx, q, tenantID)
		if err != nil {
			return deliver.Dress{}, err
		}
		b, err := s.In(ctx, q, t.Scope)
		if err != nil {
			return deliver.Dress{}, err
		}
		host, err := nearestHost(ctx, q, t.Scope)
		if err != nil {
			return deliver.Dress{}, err
		}
		d := deliver.Dress{Brand: b.Product, From: b.SenderName(), Support: b.SupportURL, Accent: b.Colours.AccentLight, Main: main}
		home := main
		if u, err := url.Parse(main); err == nil && host != "" {
			if port := u.Port(); port != "" {
				host += ":" + port
			}
			home = u.Scheme + "://" + host
			d.Home = home
		}
		if b.Logo.Hash != "" {
			d.Logo, d.LogoOn = home+"/brand/"+b.Logo.Hash+".png", "#ffffff"
			if b.Logo.OnDark {
				d.LogoOn = "#10151a"
			}
		}
		return d, nil
	}
}

// nearestHost gives the host of the tenant or of the nearest one above it that has one; of several the first by name. "" for none.
func nearestHost(ctx context.Context, q db.Q, scope string) (string, error) {
	scopes := scopesOf(scope)
	if len(scopes) == 0 {
		return "", nil
	}
	a := q.Args()
	var rows []Host
	err := q.Select(ctx, &rows, `SELECT host, tenant_id, scope, created FROM branding_hosts WHERE `+a.In("scope", scopes)+` ORDER BY scope DESC, host LIMIT 1`, a.List()...)
	if err != nil || len(rows) == 0 {
		return "", err
	}
	return rows[0].Host, nil
}
