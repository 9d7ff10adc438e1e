package ui

import (
	"context"
	"strings"
)

// Brand is whose offer a page shows. The zero value is the platform's own look.
type Brand struct {
	Product    string // "" means Linecard
	Sheet      string // address of the style sheet with its colours, after the portal's own; "" for none
	Logo       string // address of its picture; "" for none
	LogoWidth  int
	LogoHeight int
	LogoOnDark bool   // it needs a dark plate
	Support    string // address of its support; "" for none
}

type brandKey struct{}

// WithBrand returns a context whose pages look as b says.
func WithBrand(ctx context.Context, b Brand) context.Context {
	return context.WithValue(ctx, brandKey{}, b)
}

// BrandOf gives the brand of ctx; the zero value when there is none.
func BrandOf(ctx context.Context) Brand {
	b, _ := ctx.Value(brandKey{}).(Brand)
	return b
}

// ProductName is the name of the offer as pages of ctx write it.
func ProductName(ctx context.Context) string { return product(BrandOf(ctx).Product) }

// letter stands where an offer with a name of its own has no picture: never the platform's mark.
func (b Brand) letter() string { return initials(firstWord(b.Product)) }

func firstWord(s string) string {
	first, _, _ := strings.Cut(s, " ")
	return first
}

// wide says whether the picture is a word by itself, so that the name beside it would say it twice.
func (b Brand) wide() bool { return b.LogoWidth >= 2*b.LogoHeight }

func (b Brand) plate() string {
	if b.LogoOnDark {
		return "brand-plate brand-plate-dark"
	}
	return "brand-plate"
}

// shownSize is the picture's size on a page: half of its pixels, so that it is sharp on screens with two for one.
func (b Brand) shownSize() (width, height string) {
	h := min(b.LogoHeight, 32)
	return Int(int64(max(1, b.LogoWidth*h/max(1, b.LogoHeight)))), Int(int64(h))
}
