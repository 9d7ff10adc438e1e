package api

import "linecard/internal/access"

// redirectRoutes are the addresses of the redirect service, one line each.
func (a *API) redirectRoutes() {
	const tag, view, edit, reveal, connect = "Redirect", access.RedirectView, access.RedirectEdit, access.RedirectReveal, access.RedirectConnect
	const servers, entries, claims, clouds = "/customers/{customer}/redirect-servers", "/customers/{customer}/redirect-entries", "/customers/{customer}/redirect-claims", "/redirect-connectors"
	written := plus(changed, related)
	claimed := []string{"409 mac_claimed", "409 redirect_entry_exists", "409 redirect_entry_limit"}
	disputed := []string{"409 mac_free", "409 claim_open", "409 claim_limit", "409 redirect_entry_exists"}
	settled := []string{"409 claim_decided", "409 mac_in_use_as_device"}
	account := plus(related, []string{"404 redirect_account_missing"})
	files := []string{"400 csv_encoding", "400 csv_empty", "400 csv_header", "400 csv_separator", "400 csv_malformed", "413 csv_too_many_entries"}

	register(a, Op{ID: "list-redirect-servers", Method: get, Path: servers, Action: view, Tag: tag, Summary: "List the redirect servers of a customer", Codes: related}, a.listRedirectServers)
	register(a, Op{ID: "create-redirect-server", Method: post, Path: servers, Action: edit, Tag: tag, Summary: "Add a redirect server", Log: "redirect_server/create", Status: 201, Codes: plus(written, []string{"409 name_taken", "409 redirect_server_limit"})}, a.createRedirectServer)
	register(a, Op{ID: "get-redirect-server", Method: get, Path: servers + "/{server}", Action: view, Tag: tag, Summary: "Get a redirect server, without its password", Codes: related}, a.getRedirectServer)
	register(a, Op{ID: "edit-redirect-server", Method: patch, Path: servers + "/{server}", Action: edit, Tag: tag, Summary: "Change a redirect server; makers' clouds follow", Log: "redirect_server/edit", IfMatch: true, Codes: plus(written, []string{"409 name_taken"})}, a.editRedirectServer)
	register(a, Op{ID: "delete-redirect-server", Method: remove, Path: servers + "/{server}", Action: edit, Tag: tag, Summary: "Delete a redirect server that no phone is sent to", Log: "redirect_server/delete", IfMatch: true, Codes: plus(written, []string{"409 redirect_server_in_use"})}, a.deleteRedirectServer)
	register(a, Op{ID: "reveal-redirect-server", Method: post, Path: servers + "/{server}/reveal", Action: reveal, Tag: tag, Summary: "Show user and password of a redirect server", Log: "redirect_server/reveal", Secret: true, Codes: account}, a.revealRedirectServer)

	register(a, Op{ID: "list-all-redirect-entries", Method: get, Path: "/redirect-entries", Action: view, Tag: tag, Summary: "List the redirect entries of all customers that you see"}, a.listAllRedirectEntries)
	register(a, Op{ID: "list-redirect-entries", Method: get, Path: entries, Action: view, Tag: tag, Summary: "List the redirect entries of a customer", Codes: related}, a.listRedirectEntries)
	register(a, Op{ID: "create-redirect-entry", Method: post, Path: entries, Action: edit, Tag: tag, Summary: "Say where a phone is sent", Log: "redirect_entry/create", Status: 201, Codes: plus(written, claimed)}, a.createRedirectEntry)
	register(a, Op{ID: "export-redirect-entries", Method: get, Path: entries + "/export", Action: view, Tag: tag, Summary: "All redirect entries as a CSV file, without passwords", Status: 200, CSV: true, Codes: related}, a.exportRedirectEntries)
	register(a, Op{ID: "import-redirect-entries", Method: post, Path: entries + "/import", Action: edit, Tag: tag, Summary: "Add and change redirect entries from a CSV file of at most 9,999 rows; 202 with an operation when it is long", Log: "redirect_entry/import", File: true, Codes: plus(written, files)}, a.importRedirectEntries)
	register(a, Op{ID: "bulk-redirect-entries", Method: post, Path: entries + "/bulk", Action: edit, Tag: tag, Summary: "Change many redirect entries in one step", Log: "redirect_entry/bulk", Codes: written}, a.bulkRedirectEntries)
	register(a, Op{ID: "get-redirect-entry", Method: get, Path: entries + "/{entry}", Action: view, Tag: tag, Summary: "Get a redirect entry", Codes: related}, a.getRedirectEntry)
	register(a, Op{ID: "edit-redirect-entry", Method: patch, Path: entries + "/{entry}", Action: edit, Tag: tag, Summary: "Change a redirect entry; its maker's cloud follows", Log: "redirect_entry/edit", IfMatch: true, Codes: written}, a.editRedirectEntry)
	register(a, Op{ID: "delete-redirect-entry", Method: remove, Path: entries + "/{entry}", Action: edit, Tag: tag, Summary: "Delete a redirect entry; the MAC is free", Log: "redirect_entry/delete", IfMatch: true, Codes: written}, a.deleteRedirectEntry)
	register(a, Op{ID: "open-redirect-entry", Method: post, Path: entries + "/{entry}/open", Action: edit, Tag: tag, Summary: "Answer the phone without its maker's certificate for a time", Log: "redirect_entry/open", IfMatch: true, Codes: written}, a.openRedirectEntry)
	register(a, Op{ID: "close-redirect-entry", Method: post, Path: entries + "/{entry}/close", Action: edit, Tag: tag, Summary: "End that at once", Log: "redirect_entry/close", IfMatch: true, Codes: written}, a.closeRedirectEntry)
	register(a, Op{ID: "push-redirect-entry", Method: post, Path: entries + "/{entry}/push", Action: edit, Tag: tag, Summary: "Tell the maker's cloud again", Log: "redirect_entry/push", IfMatch: true, Codes: written}, a.pushRedirectEntry)
	register(a, Op{ID: "reveal-redirect-entry", Method: post, Path: entries + "/{entry}/reveal", Action: reveal, Tag: tag, Summary: "Show user and password of a unique URL", Log: "redirect_entry/reveal", Secret: true, Codes: account}, a.revealRedirectEntry)
	register(a, Op{ID: "list-redirect-contacts", Method: get, Path: entries + "/{entry}/contacts", Action: view, Tag: tag, Summary: "When and from where a phone asked, the last 200 times", Codes: related}, a.listRedirectContacts)

	register(a, Op{ID: "list-redirect-claims", Method: get, Path: claims, Action: view, Tag: tag, Summary: "List requests for MAC addresses of others, or with direction=received for one's own", Codes: related}, a.listRedirectClaims)
	register(a, Op{ID: "create-redirect-claim", Method: post, Path: claims, Action: edit, Tag: tag, Summary: "Ask for the release of a MAC address that somebody else has", Log: "redirect_claim/request", Status: 201, Codes: plus(written, disputed)}, a.createRedirectClaim)
	register(a, Op{ID: "get-redirect-claim", Method: get, Path: claims + "/{claim}", Action: view, Tag: tag, Summary: "Get a request on either side", Codes: related}, a.getRedirectClaim)
	register(a, Op{ID: "withdraw-redirect-claim", Method: post, Path: claims + "/{claim}/withdraw", Action: edit, Tag: tag, Summary: "Take back a request", Log: "redirect_claim/withdraw", IfMatch: true, Codes: plus(written, settled)}, a.withdrawRedirectClaim)
	register(a, Op{ID: "release-redirect-claim", Method: post, Path: claims + "/{claim}/release", Action: edit, Tag: tag, Summary: "Give a MAC address up to who asked for it", Log: "redirect_claim/release", IfMatch: true, Codes: plus(written, settled)}, a.releaseRedirectClaim)
	register(a, Op{ID: "list-redirect-disputes", Method: get, Path: "/redirect-disputes", Action: access.RedirectDecide, Tag: tag, Summary: "List the disputes about MAC addresses with both sides"}, a.listRedirectDisputes)
	register(a, Op{ID: "decide-redirect-dispute", Method: post, Path: "/redirect-disputes/{claim}/decide", Action: access.RedirectDecide, Tag: tag, Summary: "Settle who a MAC address belongs to", Log: "redirect_claim/decide", IfMatch: true, Codes: plus(settled, []string{"404 not_found"})}, a.decideRedirectDispute)

	register(a, Op{ID: "list-redirect-connectors", Method: get, Path: clouds, Action: connect, Tag: tag, Summary: "List your organisation's accounts at makers' redirect clouds"}, a.listRedirectConnectors)
	register(a, Op{ID: "create-redirect-connector", Method: post, Path: clouds, Action: connect, Tag: tag, Summary: "Add an account at a maker's redirect cloud; entries are pushed from then on", Log: "redirect_connector/create", Status: 201, Codes: []string{"409 connector_exists"}}, a.createRedirectConnector)
	register(a, Op{ID: "get-redirect-connector", Method: get, Path: clouds + "/{connector}", Action: connect, Tag: tag, Summary: "Get such an account, without its secret"}, a.getRedirectConnector)
	register(a, Op{ID: "edit-redirect-connector", Method: patch, Path: clouds + "/{connector}", Action: connect, Tag: tag, Summary: "Change such an account, or switch it on or off", Log: "redirect_connector/edit", IfMatch: true, Codes: []string{"404 not_found"}}, a.editRedirectConnector)
	register(a, Op{ID: "delete-redirect-connector", Method: remove, Path: clouds + "/{connector}", Action: connect, Tag: tag, Summary: "Delete such an account; what stands in the cloud stays there", Log: "redirect_connector/delete", IfMatch: true, Codes: []string{"404 not_found"}}, a.deleteRedirectConnector)
	register(a, Op{ID: "reconcile-redirect-connector", Method: post, Path: clouds + "/{connector}/reconcile", Action: connect, Tag: tag, Summary: "Read the cloud back and report what differs", Log: "redirect_connector/reconcile", Status: 202, Codes: []string{"404 not_found"}}, a.reconcileRedirectConnector)

	register(a, Op{ID: "get-redirect-policy", Method: get, Path: "/redirect-policy", Action: access.PlatformStatus, Tag: tag, Summary: "What phones without proof are told"}, a.getRedirectPolicy)
	register(a, Op{ID: "put-redirect-policy", Method: put, Path: "/redirect-policy", Action: access.PlatformEdit, Tag: tag, Summary: "Say what phones without proof are told", Log: "redirect/policy"}, a.putRedirectPolicy)
}
