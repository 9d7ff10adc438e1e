package api

import "linecard/internal/access"

// subscriberRoutes are the addresses of locations, users, workspaces, numbers and managed lines, one line each.
func (a *API) subscriberRoutes() {
	const base = "/customers/{customer}"
	seen := []string{"404 not_found"}
	moved := plus(changed, []string{"409 tenant_archived", "403 screening_pending"})
	named := []string{"409 name_taken", "409 external_id_taken"}
	ruled := []string{"409 user_email_taken", "409 user_email_elsewhere", "409 external_id_taken", "409 name_taken", "409 extension_taken", "409 number_unavailable", "409 no_subscription",
		"409 package_not_in_customer", "409 limit_reached", "409 package_retired", "409 not_a_base_package", "409 not_an_add_on", "409 wrong_holder", "409 dependency",
		"409 changed_at_once", "409 email_taken"}
	repackaged := plus(moved, ruled, []string{"409 admin_downgrade", "409 calling_in_use", "400 unknown_package"})
	numbered := []string{"409 number_of_location"}

	tag := "Locations"
	register(a, Op{ID: "list-locations", Method: get, Path: base + "/locations", Action: access.LocationView, Tag: tag, Summary: "List the locations of a customer", Codes: seen}, a.listLocations)
	register(a, Op{ID: "create-location", Method: post, Path: base + "/locations", Action: access.LocationEdit, Tag: tag, Summary: "Add a location", Log: "location/create", Status: 201, Codes: plus(moved, named)}, a.createLocation)
	register(a, Op{ID: "get-location", Method: get, Path: base + "/locations/{location}", Action: access.LocationView, Tag: tag, Summary: "Get a location", Codes: seen}, a.getLocation)
	register(a, Op{ID: "edit-location", Method: patch, Path: base + "/locations/{location}", Action: access.LocationEdit, Tag: tag, Summary: "Change a location", Log: "location/edit", IfMatch: true, Codes: plus(moved, named)}, a.editLocation)
	register(a, Op{ID: "delete-location", Method: remove, Path: base + "/locations/{location}", Action: access.LocationEdit, Tag: tag, Summary: "Delete an empty location", Log: "location/delete", IfMatch: true, Codes: plus(moved, []string{"409 location_in_use"})}, a.deleteLocation)

	tag = "Users"
	register(a, Op{ID: "list-users", Method: get, Path: base + "/users", Action: access.UserView, Tag: tag, Summary: "List the users of a customer", Codes: seen}, a.listUsers)
	register(a, Op{ID: "create-user", Method: post, Path: base + "/users", Action: access.UserEdit, Tag: tag, Summary: "Add a user with its package", Log: "user/create", Status: 201, Codes: plus(moved, ruled)}, a.createUser)
	register(a, Op{ID: "add-users", Method: post, Path: base + "/users/add", Action: access.UserEdit, Tag: tag, Summary: "Add up to 25 users, each for itself", Log: "user/create", Codes: plus(moved, ruled)}, a.addUsers)
	register(a, Op{ID: "bulk-users", Method: post, Path: base + "/users/bulk", Action: access.UserEdit, Tag: tag, Summary: "Add up to 1000 users, each for itself", Log: "user/create", Codes: plus(moved, ruled)}, a.bulkUsers)
	register(a, Op{ID: "check-users", Method: post, Path: base + "/users/check", Action: access.UserEdit, Tag: tag, Summary: "Say what adding these users would say, and change nothing", Log: "user/check", Codes: plus(moved, ruled)}, a.checkUsers)
	register(a, Op{ID: "import-users", Method: post, Path: base + "/users/import", Action: access.UserEdit, Tag: tag, Summary: "Add and change users by a CSV file", Log: "user/import", File: true, Codes: plus(moved, filed, []string{"413 csv_too_many_users"})}, a.importUsers)
	register(a, Op{ID: "export-users", Method: get, Path: base + "/users/export", Action: access.UserView, Tag: tag, Summary: "All users of a customer as CSV", Status: 200, Gives: "text/csv", Codes: seen}, a.exportUsers)
	register(a, Op{ID: "get-user", Method: get, Path: base + "/users/{user}", Action: access.UserView, Tag: tag, Summary: "Get a user", Codes: seen}, a.getUser)
	register(a, Op{ID: "edit-user", Method: patch, Path: base + "/users/{user}", Action: access.UserRename, Or: []access.Action{access.UserEdit, access.NumberAssign}, Tag: tag, Summary: "Change a user", Log: "user/edit", IfMatch: true, Codes: plus(moved, ruled, numbered)}, a.editUser)
	register(a, Op{ID: "set-user-package", Method: post, Path: base + "/users/{user}/package", Action: access.UserPackage, Tag: tag, Summary: "Change the package or add-ons of a user", Log: "user/package", IfMatch: true, Codes: repackaged}, a.packageUser)
	register(a, Op{ID: "ask-user-consent", Method: post, Path: base + "/users/{user}/ask-consent", Action: access.UserEdit, Tag: tag, Summary: "Ask a user of another organisation by mail once more whether it wants to move", Log: "user/ask_consent", Status: 200, Codes: plus(moved, []string{"409 user_not_pending", "429 too_soon"})}, a.askUserConsent)
	register(a, Op{ID: "delete-user", Method: remove, Path: base + "/users/{user}", Action: access.UserDelete, Tag: tag, Summary: "Delete a user; its number is available again", Log: "user/delete", IfMatch: true, Codes: moved}, a.deleteUser)

	register(a, Op{ID: "get-directory", Method: get, Path: base + "/directory", Action: access.UserView, Tag: tag, Summary: "What users get that a directory brings by SCIM", Codes: seen}, a.getDirectory)
	register(a, Op{ID: "put-directory", Method: put, Path: base + "/directory", Action: access.UserSync, Tag: tag, Summary: "Say what users get that a directory brings by SCIM", Log: "directory/edit", IfMatch: true, Codes: plus(moved, []string{"409 package_not_in_customer", "409 package_retired", "409 wrong_holder"})}, a.putDirectory)

	tag = "Workspaces"
	register(a, Op{ID: "list-workspaces", Method: get, Path: base + "/workspaces", Action: access.UserView, Tag: tag, Summary: "List the workspaces of a customer", Codes: seen}, a.listWorkspaces)
	register(a, Op{ID: "create-workspace", Method: post, Path: base + "/workspaces", Action: access.WorkspaceSet, Tag: tag, Summary: "Add a workspace with its package", Log: "workspace/create", Status: 201, Codes: plus(moved, ruled)}, a.createWorkspace)
	register(a, Op{ID: "get-workspace", Method: get, Path: base + "/workspaces/{workspace}", Action: access.UserView, Tag: tag, Summary: "Get a workspace", Codes: seen}, a.getWorkspace)
	register(a, Op{ID: "edit-workspace", Method: patch, Path: base + "/workspaces/{workspace}", Action: access.WorkspaceSet, Tag: tag, Summary: "Change a workspace", Log: "workspace/edit", IfMatch: true, Codes: plus(moved, ruled, numbered)}, a.editWorkspace)
	register(a, Op{ID: "set-workspace-package", Method: post, Path: base + "/workspaces/{workspace}/package", Action: access.WorkspaceSet, Tag: tag, Summary: "Change the package or add-ons of a workspace", Log: "workspace/package", IfMatch: true, Codes: repackaged}, a.packageWorkspace)
	register(a, Op{ID: "delete-workspace", Method: remove, Path: base + "/workspaces/{workspace}", Action: access.WorkspaceSet, Tag: tag, Summary: "Delete a workspace", Log: "workspace/delete", IfMatch: true, Codes: moved}, a.deleteWorkspace)

	tag = "Numbers"
	register(a, Op{ID: "list-numbers", Method: get, Path: base + "/numbers", Action: access.NumberView, Tag: tag, Summary: "List the phone numbers of a customer", Codes: seen}, a.listNumbers)
	register(a, Op{ID: "add-numbers", Method: post, Path: base + "/numbers", Action: access.NumberEdit, Tag: tag, Summary: "Bring numbers and ranges, each for itself", Log: "number/add", Codes: plus(moved, []string{"400 too_many_numbers"})}, a.addNumbers)
	register(a, Op{ID: "get-number", Method: get, Path: base + "/numbers/{number}", Action: access.NumberView, Tag: tag, Summary: "Get a number", Codes: seen}, a.getNumber)
	register(a, Op{ID: "edit-number", Method: patch, Path: base + "/numbers/{number}", Action: access.NumberAssign, Or: []access.Action{access.NumberEdit}, Tag: tag, Summary: "Move a number between pool, locations, users and workspaces", Log: "number/edit", IfMatch: true, Codes: plus(moved, []string{"409 number_assigned", "409 number_in_pool", "409 main_number", "409 number_unavailable", "409 package_without_calling"})}, a.editNumber)
	register(a, Op{ID: "delete-number", Method: remove, Path: base + "/numbers/{number}", Action: access.NumberEdit, Tag: tag, Summary: "Take an available number away", Log: "number/delete", IfMatch: true, Codes: plus(moved, []string{"409 number_assigned", "409 main_number"})}, a.deleteNumber)

	tag = "Lines"
	one := base + "/lines/{managed_line}"
	lined := plus(moved, []string{"409 line_rotating", "409 line_number_taken", "409 line_on_phone", "409 line_phone_limit"})
	register(a, Op{ID: "list-managed-lines", Method: get, Path: base + "/lines", Action: access.LineView, Tag: tag, Summary: "List the managed lines of a customer", Codes: seen}, a.listManagedLines)
	register(a, Op{ID: "create-managed-line", Method: post, Path: base + "/lines", Action: access.LineEdit, Tag: tag, Summary: "Give a user or workspace a further line", Log: "line/create", Status: 201, Codes: plus(moved, []string{"409 managed_line_limit", "409 package_without_calling"})}, a.createManagedLine)
	register(a, Op{ID: "get-managed-line", Method: get, Path: one, Action: access.LineView, Tag: tag, Summary: "Get a managed line", Codes: seen}, a.getManagedLine)
	register(a, Op{ID: "edit-managed-line", Method: patch, Path: one, Action: access.LineEdit, Tag: tag, Summary: "Change a managed line", Log: "line/edit", IfMatch: true, Codes: lined}, a.editManagedLine)
	register(a, Op{ID: "delete-managed-line", Method: remove, Path: one, Action: access.LineEdit, Tag: tag, Summary: "Delete a managed line", Log: "line/delete", IfMatch: true, Codes: lined}, a.deleteManagedLine)
	register(a, Op{ID: "place-managed-line", Method: put, Path: one + "/phones/{device}", Action: access.LineEdit, Tag: tag, Summary: "Put a line on a phone", Log: "line/place", Codes: lined}, a.placeManagedLine)
	register(a, Op{ID: "take-managed-line", Method: remove, Path: one + "/phones/{device}", Action: access.LineEdit, Tag: tag, Summary: "Take a line off a phone", Log: "line/remove", Status: 200, Codes: lined}, a.takeManagedLine)
	register(a, Op{ID: "rotate-managed-line", Method: post, Path: one + "/rotate", Action: access.LineEdit, Tag: tag, Summary: "Give a line new credentials beside the old", Log: "line/rotate", IfMatch: true, Codes: lined}, a.rotateManagedLine)
	register(a, Op{ID: "reveal-managed-line", Method: post, Path: one + "/reveal", Action: access.SecretReveal, Tag: tag, Summary: "Show the credentials of a line", Log: "line/reveal", Secret: true, Codes: plus(seen, related)}, a.revealManagedLine)
	register(a, Op{ID: "get-calling", Method: get, Path: base + "/calling", Action: access.LineView, Tag: tag, Summary: "Where the managed lines of a customer register", Codes: seen}, a.getCalling)
	register(a, Op{ID: "put-calling", Method: put, Path: base + "/calling", Action: access.CallingEdit, Tag: tag, Summary: "Say where the managed lines of a customer register", Log: "calling/edit", IfMatch: true, Codes: moved}, a.putCalling)
	a.scimRoutes()
}
