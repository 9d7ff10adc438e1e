package portal

import (
	"slices"

	"linecard/internal/onboard"
	"linecard/internal/portal/compliance"
	"linecard/internal/portal/mlines"
	"linecard/internal/portal/offer"
	"linecard/internal/portal/page"
	"linecard/internal/portal/places"
	"linecard/internal/portal/statements"
	"linecard/internal/portal/users"
	"linecard/internal/portal/wholesale"
)

// offering is the pages of what is sold: packages and customers with them, users, places, numbers, lines, compliance and billing.
func offering(d *Deps) []page.Route {
	return slices.Concat(wholesale.Routes(d), offer.Routes(d), compliance.Routes(d), users.Routes(d), places.Routes(d), mlines.Routes(d), statements.Routes(d))
}

// offeringWays is their part of the side navigation: of a provider, then of a customer.
var offeringWays = slices.Concat(wholesale.Ways[:2], offer.Ways[:1], compliance.Ways, statements.Ways, offer.Ways[1:], wholesale.Ways[2:], users.Ways, places.Ways, mlines.Ways)

// maxList bounds a form with a list of restricted parties.
const maxList = onboard.MaxList + 1<<20
