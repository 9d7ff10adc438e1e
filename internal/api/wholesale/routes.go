package wholesale

import (
	"net/http"

	"linecard/internal/access"
)

const (
	get  = http.MethodGet
	post = http.MethodPost
	put  = http.MethodPut
	del  = http.MethodDelete
)

// routes is the whole of the API, in the order of its public description.
func (a *API) routes() []op {
	one := []string{behalf}
	return []op{
		{method: get, path: "/wholesale/billing/reports", scope: reportsRead, need: access.ReportView, do: a.listReports, names: reportNames,
			query: []string{"billingStartDate", "billingEndDate", "type", "sortBy", "status", "max", "subPartnerOrgId"}},
		{method: post, path: "/wholesale/billing/reports", scope: reportsWrite, need: access.ReportEdit, do: a.createReport, names: reportNames, log: "billing_report/create"},
		{method: get, path: "/wholesale/billing/reports/{id}", scope: reportsRead, need: access.ReportView, do: a.getReport},
		{method: del, path: "/wholesale/billing/reports/{id}", scope: reportsWrite, need: access.ReportEdit, do: a.deleteReport, log: "billing_report/delete"},

		{method: get, path: "/wholesale/customers", scope: customersRead, need: access.CustomerView, do: a.listCustomers,
			query: []string{"externalId", "orgId", "status[]", "offset", "max", behalf}},
		{method: post, path: "/wholesale/customers", scope: customersWrite, need: access.CustomerCreate, do: a.createCustomer, names: customerNames, query: one, log: "customer/create"},
		{method: get, path: "/wholesale/customers/{customerId}", scope: customersRead, need: access.CustomerView, do: a.getCustomer, query: []string{behalf, "includePackageLicenseInfo"}},
		{method: put, path: "/wholesale/customers/{customerId}", scope: customersWrite, need: access.CustomerEdit, do: a.updateCustomer, names: customerNames, query: one, log: "customer/edit"},
		{method: del, path: "/wholesale/customers/{customerId}", scope: customersWrite, need: access.CustomerOffboard, do: a.deleteCustomer, query: one, log: "customer/delete"},
		{method: post, path: "/wholesale/customers/validate", scope: customersWrite, need: access.CustomerCreate, do: a.precheckCustomer, names: customerNames, query: one},

		{method: get, path: "/wholesale/subPartners", scope: subPartnersRead, need: access.SubPartnerView, do: a.listSubPartners, query: []string{"provisioningState", "offset", "max"}},

		{method: get, path: "/wholesale/subscribers", scope: subscribersRead, need: access.UserView, do: a.listSubscribers, query: []string{"max", "offset", "customerId", "personId",
			"externalCustomerId", "email", "status", "after", "lastStatusChange", "sortBy", "sortOrder", behalf}},
		{method: post, path: "/wholesale/subscribers", scope: subscribersWrite, need: access.UserEdit, do: a.createSubscriber, names: subscriberNames, query: one, log: "user/create"},
		{method: get, path: "/wholesale/subscribers/{subscriberId}", scope: subscribersRead, need: access.UserView, do: a.getSubscriber, query: one},
		{method: put, path: "/wholesale/subscribers/{subscriberId}", scope: subscribersWrite, need: access.UserPackage, do: a.updateSubscriber, names: subscriberNames, query: one, log: "user/package"},
		{method: del, path: "/wholesale/subscribers/{subscriberId}", scope: subscribersWrite, need: access.UserDelete, do: a.deleteSubscriber, query: one, log: "user/delete"},
		{method: post, path: "/subscribers/{subscriberId}/emails/consentMove", scope: subscribersWrite, need: access.UserEdit, do: a.askConsent, bare: true, query: one, log: "user/ask_consent"},
		{method: post, path: "/wholesale/subscribers/validate", scope: subscribersWrite, need: access.UserEdit, do: a.precheckSubscriber, names: subscriberNames, query: one},
	}
}
