package portal

import (
	"slices"

	"linecard/internal/portal/customers"
	"linecard/internal/portal/devices"
	"linecard/internal/portal/groups"
	"linecard/internal/portal/home"
	"linecard/internal/portal/inside"
	"linecard/internal/portal/integrations"
	"linecard/internal/portal/live"
	"linecard/internal/portal/logs"
	"linecard/internal/portal/looks"
	"linecard/internal/portal/manual"
	"linecard/internal/portal/orders"
	"linecard/internal/portal/page"
	"linecard/internal/portal/partners"
	"linecard/internal/portal/plans"
	"linecard/internal/portal/profiles"
	"linecard/internal/portal/sites"
	"linecard/internal/portal/team"
)

// areas is the business pages: each area's own table stands at the top of its package.
func areas(d *Deps) []page.Route {
	return slices.Concat(customers.Routes(d), partners.Routes(d), orders.Routes(d), devices.Routes(d), groups.Routes(d), sites.Routes(d), home.Routes(d), profiles.Routes(d), plans.Routes(d), inside.Routes(d), team.Routes(d),
		integrations.Routes(d), logs.Routes(d), looks.Routes(d), manual.Routes(d), live.Routes(d), offering(d))
}

// areaWays is the side navigation of the business pages, in its order on the page.
var areaWays = slices.Concat(partners.Ways, customers.Ways, orders.Ways, devices.Ways, home.Ways, offeringWays, groups.Ways, sites.Ways, profiles.Ways, plans.Ways, team.Ways, integrations.Ways, inside.Ways, looks.Ways, logs.Ways, home.LateWays)
