package page

import (
	"linecard/internal/branding"
	"linecard/internal/errs"
	"linecard/internal/portal/ui"
)

// BrandPath is where logos and colours are fetched; their names say what they are, so they may be kept for ever.
const BrandPath = "/brand/"

// dress puts the look of the offer into the request's context: for who is signed in that of the organisation they work in, for
// strangers that of the host they came to, so that no host ever shows another provider's name (WS-23, WS-92). A page without its
// look is better than none.
func (r *Request) dress() {
	if r.site.Branding == nil || r.dressed {
		return
	}
	var b branding.Brand
	var err error
	if r.SignedIn() {
		b, err = r.site.Branding.In(r.Context(), r.site.DB, r.Place.Scope)
	} else {
		b, err = r.site.Branding.At(r.Context(), r.Host)
	}
	if err != nil {
		r.site.Log.WarnContext(r.Context(), "branding not read", "error", errs.CodeOf(err))
		return
	}
	r.Dress(b)
}

// DressFor shows the page in the look of a tenant that the person has proven to belong to, by a link from a mail.
func (r *Request) DressFor(tenantID string) {
	if r.site.Branding == nil {
		return
	}
	b, err := r.site.Branding.InTenant(r.Context(), r.site.DB, tenantID)
	if err != nil {
		r.site.Log.WarnContext(r.Context(), "branding not read", "error", errs.CodeOf(err))
		return
	}
	r.Dress(b)
}

// Dress shows the page in this look, for previews.
func (r *Request) Dress(b branding.Brand) {
	r.dressed = true
	r.Request = r.WithContext(ui.WithBrand(r.Context(), LookOf(b)))
}

// LookOf gives a brand as pages draw it.
func LookOf(b branding.Brand) ui.Brand {
	v := ui.Brand{Product: b.Product, Support: b.SupportURL, LogoWidth: b.Logo.Width, LogoHeight: b.Logo.Height, LogoOnDark: b.Logo.OnDark}
	if name := b.Colours.Name(); name != "" {
		v.Sheet = BrandPath + name + ".css"
	}
	if b.Logo.Hash != "" {
		v.Logo = BrandPath + b.Logo.Hash + ".png"
	}
	return v
}
