package api

import "linecard/internal/access"

// planRoutes are the addresses of plans at one level of the tree, one line each.
func (a *API) planRoutes(l level) {
	const tag, view, edit = "Plans", access.ProfileView, access.ProfileEdit
	base, one := l.path+"/plans", l.path+"/plans/{plan}"
	seen := plus(related, []string{"404 not_found"})
	moved := []string{"409 plan_outdated", "409 plan_state"}
	written := plus(changed, related, []string{"409 name_taken", "409 profile_limit", "409 platform_profile", "409 software_profile", "409 imported_profile", "409 provider_profile",
		"409 site_fixed", "409 subnet_taken", "409 subnet_limit"})

	register(a, Op{ID: "list-" + l.id + "plans", Method: get, Path: base, Action: view, Tag: tag, Summary: "List the plans of " + l.of, Codes: seen}, a.listPlans(l.at))
	register(a, Op{ID: "create-" + l.id + "plan", Method: post, Path: base, Action: edit, Or: []access.Action{access.DeviceEdit}, Tag: tag, Summary: "See what a change would do to the phones of " + l.of + "; nothing is applied", Log: "plan/make", Status: 200, Codes: plus(written, devicesFiled, []string{"413 import_plan_too_long"})}, a.createPlan(l))
	register(a, Op{ID: "get-" + l.id + "plan", Method: get, Path: one, Action: view, Tag: tag, Summary: "Get a plan", Codes: seen}, a.getPlan(l.at))
	register(a, Op{ID: "list-" + l.id + "plan-files", Method: get, Path: one + "/files", Action: view, Tag: tag, Summary: "What a plan does to each phone, file by file", Codes: plus(seen, moved)}, a.listPlanFiles(l.at))
	register(a, Op{ID: "apply-" + l.id + "plan", Method: post, Path: one + "/apply", Action: edit, Or: []access.Action{access.DeviceEdit}, Tag: tag, Summary: "Let a plan happen as shown: for all phones, later, or for some on trial", Log: "plan/apply", IfMatch: true, Codes: plus(written, moved, []string{"409 device_in_trial"})}, a.applyPlan(l.at))
	register(a, Op{ID: "undo-" + l.id + "plan", Method: post, Path: one + "/undo", Action: edit, Or: []access.Action{access.DeviceEdit}, Tag: tag, Summary: "Take back what a plan did", Log: "plan/undo", IfMatch: true, Codes: plus(written, moved, []string{"409 import_not_undone"})}, a.undoPlan(l.at))
}
