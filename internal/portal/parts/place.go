package parts

import (
	"linecard/internal/access"
	"linecard/internal/portal/page"
	"linecard/internal/profile"
)

// Place is where profiles, containers and plans of this page are kept: at the tenant where the person works.
func Place(r *page.Request) profile.Place {
	switch at := r.Actor.Place(); at.Kind {
	case access.Operator:
		return profile.AtOperator()
	case access.Customer:
		return profile.AtCustomer(at.ID)
	default:
		return profile.AtPartner(at.ID)
	}
}
