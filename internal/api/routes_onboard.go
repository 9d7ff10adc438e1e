package api

import "linecard/internal/access"

// onboardRoutes are the addresses of templates, of the wholesale offer and of the compliance team, one line each.
func (a *API) onboardRoutes() {
	const offer = "/customers/{customer}/wholesale"
	gone := []string{"404 not_found"}
	sold := []string{"409 no_subscription", "403 package_not_in_subscription", "409 package_retired", "409 dependency", "409 external_id_taken", "403 sub_partner_suspended", "404 not_found", "403 not_a_parent"}
	asked := plus(sold, []string{"409 template_archived", "409 email_taken", "409 name_taken", "409 organisation_managed_elsewhere", "409 already_wholesale", "409 offer_conflict", "409 wrong_kind"})
	busy := []string{"409 customer_busy", "409 customer_pending", "409 compliance_denied", "409 consent_denied", "409 offer_conflict", "404 not_found"}
	named := []string{"409 name_taken", "409 wrong_kind", "409 no_subscription", "404 not_found"}

	tag := "Templates"
	register(a, Op{ID: "list-templates", Method: get, Path: "/templates", Action: access.TemplateView, Tag: tag, Summary: "List onboarding templates", Codes: plus(gone, []string{"409 wrong_kind"})}, a.listTemplates)
	register(a, Op{ID: "create-template", Method: post, Path: "/templates", Action: access.TemplateEdit, Tag: tag, Summary: "Make a template, also for a sub-partner", Log: "template/create", Status: 201, Codes: named}, a.createTemplate)
	register(a, Op{ID: "get-template", Method: get, Path: "/templates/{template}", Action: access.TemplateView, Tag: tag, Summary: "Get a template with its provisioning id", Codes: gone}, a.getTemplate)
	register(a, Op{ID: "edit-template", Method: patch, Path: "/templates/{template}", Action: access.TemplateEdit, Tag: tag, Summary: "Change a template for customers that are made from now on", Log: "template/edit", IfMatch: true, Codes: plus(named, []string{"409 template_archived"})}, a.editTemplate)
	register(a, Op{ID: "archive-template", Method: post, Path: "/templates/{template}/archive", Action: access.TemplateEdit, Tag: tag, Summary: "Take a template out of use", Log: "template/archive", IfMatch: true, Codes: gone}, a.archiveTemplate)
	register(a, Op{ID: "delete-template", Method: remove, Path: "/templates/{template}", Action: access.TemplateEdit, Tag: tag, Summary: "Delete a template that no customer was made with", Log: "template/delete", IfMatch: true, Codes: plus(gone, []string{"409 template_in_use"})}, a.deleteTemplate)
	register(a, Op{ID: "list-carriers", Method: get, Path: "/carriers", Action: access.TemplateView, Tag: tag, Summary: "List the carriers that templates can choose"}, a.listCarriers)
	register(a, Op{ID: "create-carrier", Method: post, Path: "/carriers", Action: access.PlatformEdit, Tag: tag, Summary: "Add a carrier", Log: "carrier/create", Status: 201, Codes: []string{"409 name_taken"}}, a.createCarrier)
	register(a, Op{ID: "get-carrier", Method: get, Path: "/carriers/{carrier}", Action: access.TemplateView, Tag: tag, Summary: "Get a carrier", Codes: gone}, a.getCarrier)
	register(a, Op{ID: "edit-carrier", Method: patch, Path: "/carriers/{carrier}", Action: access.PlatformEdit, Tag: tag, Summary: "Change a carrier, or retire it", Log: "carrier/edit", IfMatch: true, Codes: plus(gone, []string{"409 name_taken"})}, a.editCarrier)

	tag = "Wholesale customers"
	register(a, Op{ID: "list-wholesale-customers", Method: get, Path: "/wholesale-customers", Action: access.CustomerView, Tag: tag, Summary: "List the customers of the wholesale offer with their status", Codes: plus(gone, []string{"403 not_a_parent"})}, a.listWholesale)
	register(a, Op{ID: "create-wholesale-customer", Method: post, Path: "/wholesale-customers", Action: access.CustomerCreate, Tag: tag, Summary: "Provision a customer from a template, or attach an existing one; done in the background", Log: "customer/provision", Status: 202, Codes: asked}, a.createWholesale)
	register(a, Op{ID: "create-wholesale-customers", Method: post, Path: "/wholesale-customers/bulk", Action: access.CustomerCreate, Tag: tag, Summary: "Provision up to 100 customers, each for itself", Log: "customer/provision", Codes: asked}, a.bulkWholesale)
	register(a, Op{ID: "precheck-wholesale-customer", Method: post, Path: "/wholesale-customers/precheck", Action: access.CustomerCreate, Tag: tag, Summary: "What a creation with this request would meet; nothing is changed", Log: "customer/precheck", Codes: asked}, a.precheckWholesale)
	register(a, Op{ID: "get-wholesale-customer", Method: get, Path: offer, Action: access.CustomerView, Tag: tag, Summary: "Status of the wholesale service of a customer", Codes: gone}, a.getWholesale)
	register(a, Op{ID: "edit-wholesale-customer", Method: patch, Path: offer, Action: access.CustomerEdit, Tag: tag, Summary: "Change packages, limits, address or external id; done in the background", Log: "customer/provision", Status: 202, IfMatch: true, Codes: plus(busy, sold, []string{"409 package_in_use"})}, a.editWholesale)
	register(a, Op{ID: "delete-wholesale-customer", Method: remove, Path: offer, Action: access.CustomerOffboard, Tag: tag, Summary: "End the wholesale service; the organisation stays", Log: "customer/provision", Status: 202, IfMatch: true, Codes: plus(busy, []string{"409 still_assigned"})}, a.deleteWholesale)
	register(a, Op{ID: "retry-wholesale-customer", Method: post, Path: offer + "/retry", Action: access.CustomerEdit, Tag: tag, Summary: "Do again what failed in the last run", Log: "customer/provision", Status: 202, IfMatch: true, Codes: plus(busy, []string{"409 nothing_to_retry", "403 sub_partner_suspended"})}, a.retryWholesale)
	register(a, Op{ID: "consent-wholesale-customer", Method: post, Path: offer + "/consent", Action: access.CustomerAuthorise, Tag: tag, Summary: "Agree or refuse as the organisation that is to be attached", Log: "customer/consent", Codes: plus(busy, []string{"409 nothing_to_decide", "403 only_customer_authorises"})}, a.consentWholesale)
	register(a, Op{ID: "show-wholesale-history", Method: get, Path: offer + "/history", Action: access.CustomerView, Tag: tag, Summary: "All steps of all runs, the newest run first", Codes: gone}, a.wholesaleHistory)

	tag = "Sub-partners"
	register(a, Op{ID: "list-shared-sub-partners", Method: get, Path: "/sub-partners", Action: access.SubPartnerView, Tag: tag, Summary: "List your sub-partners with the subscription that they share"}, a.listShared)
	register(a, Op{ID: "list-sub-partner-requests", Method: get, Path: "/sub-partner-requests", Action: access.SubPartnerView, Tag: tag, Summary: "List requests for sub-partners"}, a.listSubRequests)
	register(a, Op{ID: "create-sub-partner-request", Method: post, Path: "/sub-partner-requests", Action: access.SubPartnerAsk, Tag: tag, Summary: "Ask the operator for a sub-partner", Log: "sub_partner/request", Status: 201, Codes: []string{"409 max_depth", "409 no_subscription", "409 wrong_kind", "404 not_found"}}, a.createSubRequest)
	register(a, Op{ID: "answer-sub-partner-request", Method: post, Path: "/sub-partner-requests/{request}/answer", Action: access.PartnerCreate, Tag: tag, Summary: "Create the sub-partner that was asked for, or reject the request", Log: "sub_partner/answer", IfMatch: true, Codes: []string{"404 not_found", "409 request_decided", "409 name_taken", "409 email_taken"}}, a.answerSubRequest)

	tag = "Compliance"
	register(a, Op{ID: "list-screening-lists", Method: get, Path: "/compliance/lists", Action: access.ComplianceView, Tag: tag, Summary: "All lists of restricted parties that were ever loaded"}, a.listScreeningLists)
	register(a, Op{ID: "load-screening-list", Method: post, Path: "/compliance/lists/load", Action: access.ComplianceDecide, Tag: tag, Summary: "Put a list in force: a CSV file with the columns of the public Consolidated Screening List", Log: "screening_list/load", File: true, Codes: []string{"400 list_header", "400 list_malformed", "400 list_empty", "413 list_too_large"}}, a.loadScreeningList)
	register(a, Op{ID: "delete-screening-list", Method: remove, Path: "/compliance/lists/{list}", Action: access.ComplianceDecide, Tag: tag, Summary: "Take a list out of force", Log: "screening_list/remove", Codes: gone}, a.deleteScreeningList)
	register(a, Op{ID: "list-compliance-cases", Method: get, Path: "/compliance/cases", Action: access.ComplianceView, Tag: tag, Summary: "Customers that wait for their compliance check, the oldest first"}, a.listCases)
	register(a, Op{ID: "get-compliance-case", Method: get, Path: "/compliance/cases/{customer}", Action: access.ComplianceView, Tag: tag, Summary: "What was found about a customer, and what was decided", Codes: gone}, a.getCase)
	register(a, Op{ID: "decide-compliance-case", Method: post, Path: "/compliance/cases/{customer}/decide", Action: access.ComplianceDecide, Tag: tag, Summary: "Approve a customer that waits, or deny it for good", Log: "customer/decide", IfMatch: true, Codes: []string{"404 not_found", "409 nothing_to_decide"}}, a.decideCase)
}
