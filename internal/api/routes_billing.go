package api

import "linecard/internal/access"

// billingRoutes are the addresses of the catalogue, of subscriptions, reports and statements, one line each.
func (a *API) billingRoutes() {
	priced := []string{"404 not_found", "409 wrong_kind", "403 sub_partner_suspended"}
	sub, retail := "/partners/{partner}/subscription", "/partners/{partner}/retail-prices"

	tag := "Catalogue"
	register(a, Op{ID: "get-catalogue", Method: get, Path: "/packages", Action: access.CatalogView, Tag: tag, Summary: "All packages and add-ons"}, a.getCatalogue)
	register(a, Op{ID: "get-package", Method: get, Path: "/packages/{package}", Action: access.CatalogView, Tag: tag, Summary: "Get a package by code or alias", Codes: []string{"404 not_found"}}, a.getPackage)
	register(a, Op{ID: "create-package", Method: post, Path: "/packages", Action: access.CatalogEdit, Tag: tag, Summary: "Add a package or an add-on", Log: "package/create", Status: 201, Codes: []string{"409 package_name_taken", "409 sku_taken"}}, a.createPackage)
	register(a, Op{ID: "edit-package", Method: patch, Path: "/packages/{package}", Action: access.CatalogEdit, Tag: tag, Summary: "Change a package, its features and aliases, or retire it", Log: "package/edit", IfMatch: true, Codes: []string{"404 not_found", "409 package_name_taken", "409 sku_taken"}}, a.editPackage)
	register(a, Op{ID: "get-features", Method: get, Path: "/features", Action: access.CatalogView, Tag: tag, Summary: "Features of subscribers and locations with their settings"}, a.getFeatures)
	register(a, Op{ID: "get-feature-matrix", Method: get, Path: "/feature-matrix", Action: access.CatalogView, Tag: tag, Summary: "Which package includes what"}, a.getMatrix)
	register(a, Op{ID: "get-languages", Method: get, Path: "/languages", Action: access.CatalogView, Tag: tag, Summary: "Languages and locales that customers can have"}, a.getLanguages)
	register(a, Op{ID: "get-customer-packages", Method: get, Path: "/customers/{customer}/packages", Action: access.CustomerView, Tag: tag, Summary: "Packages of a customer, how many may be and are assigned", Codes: []string{"404 not_found"}}, a.getCustomerPackages)
	register(a, Op{ID: "set-customer-packages", Method: put, Path: "/customers/{customer}/packages", Action: access.PackagesEdit, Tag: tag, Summary: "Replace the packages and limits of a customer", Log: "customer/packages", IfMatch: true,
		Codes: plus(changed, []string{"409 no_subscription", "403 package_not_in_subscription", "409 package_retired", "409 package_in_use", "409 limit_below_use", "400 unknown_package"})}, a.setCustomerPackages)

	tag = "Subscriptions"
	register(a, Op{ID: "get-subscription", Method: get, Path: sub, Action: access.SubscriptionView, Tag: tag, Summary: "What a partner may sell, at which transfer prices; a sub-partner sees the id alone", Codes: []string{"404 not_found"}}, a.getSubscription)
	register(a, Op{ID: "create-subscription", Method: post, Path: sub, Action: access.SubscriptionEdit, Tag: tag, Summary: "Give a partner a subscription", Log: "subscription/create", Status: 201, Codes: plus(priced, []string{"409 subscription_exists"})}, a.createSubscription)
	register(a, Op{ID: "edit-subscription", Method: patch, Path: sub, Action: access.SubscriptionEdit, Tag: tag, Summary: "Change items, prices or billing day", Log: "subscription/edit", IfMatch: true, Codes: plus(priced, []string{"409 package_sold"})}, a.editSubscription)
	register(a, Op{ID: "activate-subscription", Method: post, Path: sub + "/activate", Action: access.SubscriptionEdit, Tag: tag, Summary: "Let the partner sell", Log: "subscription/activate", IfMatch: true, Codes: plus(priced, []string{"409 subscription_state"})}, a.activateSubscription)
	register(a, Op{ID: "suspend-subscription", Method: post, Path: sub + "/suspend", Action: access.SubscriptionEdit, Tag: tag, Summary: "Stop sales; what is assigned goes on", Log: "subscription/suspend", IfMatch: true, Codes: plus(priced, []string{"409 subscription_state"})}, a.suspendSubscription)
	register(a, Op{ID: "close-subscription", Method: post, Path: sub + "/close", Action: access.SubscriptionEdit, Tag: tag, Summary: "End a subscription for good", Log: "subscription/close", IfMatch: true, Codes: plus(priced, []string{"409 subscription_state"})}, a.closeSubscription)
	register(a, Op{ID: "get-retail-prices", Method: get, Path: retail, Action: access.RetailView, Tag: tag, Summary: "What a provider asks of its own customers", Codes: []string{"404 not_found"}}, a.getRetail)
	register(a, Op{ID: "set-retail-prices", Method: put, Path: retail, Action: access.RetailEdit, Tag: tag, Summary: "Replace the price list for one's own customers", Log: "retail_prices/edit", IfMatch: true, Codes: priced}, a.setRetail)

	tag = "Billing"
	register(a, Op{ID: "list-billing-reports", Method: get, Path: "/billing-reports", Action: access.ReportView, Tag: tag, Summary: "List reports; filters match exactly", Codes: []string{"404 not_found"}}, a.listReports)
	register(a, Op{ID: "create-billing-report", Method: post, Path: "/billing-reports", Action: access.ReportEdit, Tag: tag, Summary: "Order a report; it is made in the background", Log: "billing_report/create", Status: 201, Codes: []string{"404 not_found", "409 report_exists"}}, a.createReport)
	register(a, Op{ID: "get-billing-report", Method: get, Path: "/billing-reports/{report}", Action: access.ReportView, Tag: tag, Summary: "Get a report; when it is complete with links that work for 30 minutes", Secret: true, Codes: []string{"404 not_found"}}, a.getReport)
	register(a, Op{ID: "delete-billing-report", Method: remove, Path: "/billing-reports/{report}", Action: access.ReportEdit, Tag: tag, Summary: "Delete a report and end its links", Log: "billing_report/delete", IfMatch: true, Codes: []string{"404 not_found"}}, a.deleteReport)
	register(a, Op{ID: "charge-customer", Method: post, Path: "/customers/{customer}/charges", Action: access.InvoiceEdit, Tag: tag, Summary: "A one-off charge, for an item whose rule is once", Log: "customer/charge", Codes: plus(changed, []string{"409 not_a_one_off", "409 no_subscription", "400 unknown_package"})}, a.chargeCustomer)
	register(a, Op{ID: "get-customer-statement", Method: get, Path: "/partners/{partner}/customer-statements/{month}", Action: access.ReportView, Tag: tag, Summary: "What each customer used of each item in a month, rated with retail prices, as CSV", Status: 200, Gives: "text/csv", Codes: []string{"404 not_found"}}, a.getCustomerStatement)
	register(a, Op{ID: "list-invoices", Method: get, Path: "/invoices", Action: access.InvoiceView, Tag: tag, Summary: "List monthly statements and credit notes", Codes: []string{"404 not_found"}}, a.listInvoices)
	register(a, Op{ID: "create-invoice", Method: post, Path: "/invoices", Action: access.InvoiceEdit, Tag: tag, Summary: "Draft the statement of a month anew", Log: "invoice/draft", Status: 202, Codes: []string{"404 not_found"}}, a.createInvoice)
	register(a, Op{ID: "get-invoice", Method: get, Path: "/invoices/{invoice}", Action: access.InvoiceView, Tag: tag, Summary: "Get a statement with its lines", Codes: []string{"404 not_found"}}, a.getInvoice)
	register(a, Op{ID: "get-invoice-file", Method: get, Path: "/invoices/{invoice}/files/{name}", Action: access.InvoiceView, Tag: tag, Summary: "A statement as statement.pdf or lines.csv, or its price list as prices.csv", Status: 200, Gives: "application/octet-stream", Codes: []string{"404 not_found"}}, a.getInvoiceFile)
	register(a, Op{ID: "issue-invoice", Method: post, Path: "/invoices/{invoice}/issue", Action: access.InvoiceEdit, Tag: tag, Summary: "Give a draft its number", Log: "invoice/issue", IfMatch: true, Codes: []string{"404 not_found", "409 invoice_state", "409 price_missing"}}, a.issueInvoice)
	register(a, Op{ID: "pay-invoice", Method: post, Path: "/invoices/{invoice}/pay", Action: access.InvoiceEdit, Tag: tag, Summary: "Note that a statement was paid", Log: "invoice/pay", IfMatch: true, Codes: []string{"404 not_found", "409 invoice_state"}}, a.payInvoice)
	register(a, Op{ID: "void-invoice", Method: post, Path: "/invoices/{invoice}/void", Action: access.InvoiceEdit, Tag: tag, Summary: "Drop a draft, or take a statement back by a credit note", Log: "invoice/void", IfMatch: true, Codes: []string{"404 not_found", "409 invoice_state"}}, a.voidInvoice)

	a.mux.HandleFunc("GET "+reportPath+"{file}", a.download)
}
