package api

import (
	"context"
	"time"

	"linecard/internal/branding"
	"linecard/internal/db"
)

// Branding is what an organisation has set itself and what holds there after what those above it have set (WS-92).
type Branding struct {
	Own       BrandingFields `json:"own"`
	Effective BrandingFields `json:"effective"`
	Hosts     []string       `json:"hosts" doc:"Host names under which the portal shows this look to strangers; the operator gives them"`
}

// BrandingFields are the parts of a look; empty ones come from above, or are the platform's own.
type BrandingFields struct {
	ProductName string          `json:"product_name"`
	SenderName  string          `json:"sender_name"`
	SupportURL  string          `json:"support_url"`
	Colours     BrandingColours `json:"colours"`
	Logo        *BrandingLogo   `json:"logo"`
}

// BrandingColours are written #rrggbb.
type BrandingColours struct {
	AccentLight     string `json:"accent_light" doc:"Buttons and links; contrast to a light page of at least 4.5 : 1"`
	AccentDark      string `json:"accent_dark" doc:"The same on a dark page"`
	NavigationLight string `json:"navigation_light"`
	NavigationDark  string `json:"navigation_dark"`
}

// BrandingLogo is the picture as it is served.
type BrandingLogo struct {
	URL    string `json:"url" doc:"Path at the portal; it changes with the picture"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

func brandingFields(b branding.Brand) BrandingFields {
	f := BrandingFields{ProductName: b.Product, SenderName: b.Sender, SupportURL: b.SupportURL, Colours: BrandingColours(b.Colours)}
	if b.Logo.Hash != "" {
		f.Logo = &BrandingLogo{URL: "/brand/" + b.Logo.Hash + ".png", Width: b.Logo.Width, Height: b.Logo.Height}
	}
	return f
}

// BrandingRef names the organisation in a path.
type BrandingRef struct {
	Tenant string `path:"tenant" doc:"Id of the operator, partner, sub-partner or customer"`
}

func (a *API) getBranding(ctx context.Context, c *call, in *BrandingRef) (Branding, error) {
	return a.branding(ctx, c, in.Tenant)
}

func (a *API) branding(ctx context.Context, c *call, id string) (Branding, error) {
	own, version, holds, err := a.d.Branding.Get(ctx, c.actor, id)
	if err != nil {
		return Branding{}, err
	}
	hosts, _, err := a.d.Branding.Hosts(ctx, c.actor, id, db.Page{Limit: db.MaxLimit})
	out := Branding{Own: brandingFields(branding.Brand(own)), Effective: brandingFields(holds), Hosts: []string{}}
	for _, h := range hosts {
		out.Hosts = append(out.Hosts, h.Host)
	}
	c.taggedLoosely(version)
	return out, err
}

type putBrandingIn struct {
	BrandingRef
	Body struct {
		ProductName string          `json:"product_name,omitempty" maxLength:"64"`
		SenderName  string          `json:"sender_name,omitempty" maxLength:"64"`
		SupportURL  string          `json:"support_url,omitempty" maxLength:"500"`
		Colours     *BrandingColour `json:"colours,omitempty"`
	}
}

// BrandingColour is BrandingColours where each may be left out.
type BrandingColour struct {
	AccentLight     string `json:"accent_light,omitempty"`
	AccentDark      string `json:"accent_dark,omitempty"`
	NavigationLight string `json:"navigation_light,omitempty"`
	NavigationDark  string `json:"navigation_dark,omitempty"`
}

func (a *API) putBranding(ctx context.Context, c *call, in *putBrandingIn) (Branding, error) {
	b := in.Body
	o := branding.Own{Product: b.ProductName, Sender: b.SenderName, SupportURL: b.SupportURL}
	if b.Colours != nil {
		o.Colours = branding.Colours(*b.Colours)
	}
	if _, err := a.d.Branding.Set(ctx, c.actor, in.Tenant, o, c.ifVersion()); err != nil {
		return Branding{}, err
	}
	return a.branding(ctx, c, in.Tenant)
}

func (a *API) putBrandingLogo(ctx context.Context, c *call, in *BrandingRef) (Branding, error) {
	if _, err := a.d.Branding.SetLogo(ctx, c.actor, in.Tenant, c.body, c.ifVersion()); err != nil {
		return Branding{}, err
	}
	return a.branding(ctx, c, in.Tenant)
}

func (a *API) deleteBrandingLogo(ctx context.Context, c *call, in *BrandingRef) (Branding, error) {
	if _, err := a.d.Branding.RemoveLogo(ctx, c.actor, in.Tenant, c.ifVersion()); err != nil {
		return Branding{}, err
	}
	return a.branding(ctx, c, in.Tenant)
}

// BrandingHost is a host name that shows the look of one partner or sub-partner.
type BrandingHost struct {
	Host     string    `json:"host"`
	TenantID string    `json:"tenant_id"`
	Created  time.Time `json:"created"`
}

func brandingHostOf(h branding.Host) BrandingHost {
	return BrandingHost{Host: h.Host, TenantID: h.TenantID, Created: h.Created.Time}
}

type listBrandingHostsIn struct {
	Paged
	Sort string `query:"sort" enum:"host,-host"`
}

func (a *API) listBrandingHosts(ctx context.Context, c *call, in *listBrandingHostsIn) (List[BrandingHost], error) {
	all, next, err := a.d.Branding.Hosts(ctx, c.actor, "", in.page(in.Sort))
	return listOf(all, next, brandingHostOf), err
}

type putBrandingHostIn struct {
	Host string `path:"host" doc:"Host name, for example portal.example.com"`
	Body struct {
		TenantID string `json:"tenant_id" doc:"Partner or sub-partner whose look it shows"`
	}
}

func (a *API) putBrandingHost(ctx context.Context, c *call, in *putBrandingHostIn) (BrandingHost, error) {
	h, err := a.d.Branding.GiveHost(ctx, c.actor, in.Host, in.Body.TenantID)
	return brandingHostOf(h), err
}

type deleteBrandingHostIn struct {
	Host string `path:"host"`
}

func (a *API) deleteBrandingHost(ctx context.Context, c *call, in *deleteBrandingHostIn) (none, error) {
	return none{}, a.d.Branding.TakeHost(ctx, c.actor, in.Host)
}
