// Package branding owns how a provider's offer looks to its people and customers: product name, name of the sender of mails, support
// address, colours for light and dark, logo, and the host names under which its portal is reached (WS-23, WS-92).
//
// It must not know pages, mails or requests: it says what holds in a place of the tree, and others draw it. There is no second
// mechanism beside it (WS-93).
package branding

import (
	"net/url"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Own is what one tenant has set itself. Empty fields come from above, each by itself: a sub-partner with a name of its own keeps its
// partner's colours (WS-92).
type Own struct {
	Product    string // name of the offer, up to 64 characters; instead of the platform's
	Sender     string // name beside the address in mails, up to 64 characters; "": the product's
	SupportURL string // https
	Colours    Colours
	Logo       Logo // set with SetLogo
}

// Colours are "#rrggbb" or "".
type Colours struct {
	AccentLight, AccentDark         string // buttons, links, what is chosen
	NavigationLight, NavigationDark string // ground of the side navigation
}

// Logo is a picture as it is shown. The zero value is none.
type Logo struct {
	Hash          string // first 32 hex digits of the SHA-256 of its bytes: its public name
	Width, Height int
	OnDark        bool // light writing on nothing: it needs a dark plate
}

// Brand is what holds in a place of the tree: what it has set itself, else what is set above it, else nothing.
type Brand struct {
	Product, Sender, SupportURL string
	Colours                     Colours
	Logo                        Logo
}

// SenderName is the name beside the address in mails; "" when nobody has set one.
func (b Brand) SenderName() string {
	if b.Sender != "" {
		return b.Sender
	}
	return b.Product
}

// Custom says whether anything is set at all (WS-92: default or custom).
func (b Brand) Custom() bool { return b != Brand{} }

// With gives the brand below b where a tenant has set o.
func (b Brand) With(o Own) Brand {
	take := func(to *string, own string) {
		if own != "" {
			*to = own
		}
	}
	if o.Product != "" {
		b.Sender = "" // the sender of the offer above is not the sender of this one
	}
	take(&b.Product, o.Product)
	take(&b.Sender, o.Sender)
	take(&b.SupportURL, o.SupportURL)
	take(&b.Colours.AccentLight, o.Colours.AccentLight)
	take(&b.Colours.AccentDark, o.Colours.AccentDark)
	take(&b.Colours.NavigationLight, o.Colours.NavigationLight)
	take(&b.Colours.NavigationDark, o.Colours.NavigationDark)
	if o.Logo.Hash != "" {
		b.Logo = o.Logo
	}
	return b
}

// Host is a name under which the portal is reached and shows one tenant's brand.
type Host struct {
	Host     string  `db:"host"`
	TenantID string  `db:"tenant_id"`
	Name     string  `db:"-"` // of the tenant, as it is now
	Scope    string  `db:"scope"`
	Created  db.Time `db:"created"`
}

var (
	errOfProvider = errs.New(errs.Forbidden, "branding_of_provider", "Your provider decides how the portal looks. Ask it.")
	errStale      = errs.New(errs.Stale, "changed_meanwhile", "Somebody else changed this meanwhile. Load it again.")
	errHostTaken  = errs.New(errs.Conflict, "host_taken", "This host name is in use already.")
	errNoPartner  = errs.New(errs.Conflict, "wrong_kind", "This is not possible for this kind of organisation.")
)

// Checked cleans what was typed and gives its faults, for a preview that saves nothing.
func (o Own) Checked() (Own, error) {
	var c errs.Checker
	o.Product = c.Text("product_name", o.Product, 0, 64)
	o.Sender = c.Text("sender_name", o.Sender, 0, 64)
	o.SupportURL = strings.TrimSpace(o.SupportURL)
	if u, err := url.Parse(o.SupportURL); o.SupportURL != "" && (err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(o.SupportURL) > 500 || strings.ContainsAny(o.SupportURL, " \t\r\n\"<>\\")) {
		c.Add(errs.Field{Name: "support_url", Code: "not_https", Message: "Give an address that begins with https://."})
	}
	for _, f := range []struct {
		name   string
		colour *string
		ground string // "" where the writing on it is chosen to be readable
	}{
		{"accent_light", &o.Colours.AccentLight, lightGround}, {"accent_dark", &o.Colours.AccentDark, darkGround},
		{"navigation_light", &o.Colours.NavigationLight, ""}, {"navigation_dark", &o.Colours.NavigationDark, ""},
	} {
		*f.colour = strings.ToLower(strings.TrimSpace(*f.colour))
		if *f.colour == "" {
			continue
		}
		rgb, ok := parse(*f.colour)
		switch {
		case !ok:
			c.Add(errs.Field{Name: f.name, Code: "bad_colour", Message: "Give a colour as # and six digits, for example #0b5d52."})
		case f.ground != "" && contrast(rgb, must(f.ground)) < Readable:
			ratio, nearest := ratioText(contrast(rgb, must(f.ground))), nearest(rgb, must(f.ground)).String()
			c.Add(errs.Field{Name: f.name, Code: "low_contrast", Message: "This colour has a contrast of " + ratio + " : 1 to the page, and 4.5 : 1 is needed to be read. The nearest that can be read is " + nearest + ".",
				Params: map[string]string{"ratio": ratio, "nearest": nearest}})
		}
	}
	return o, c.Err()
}
