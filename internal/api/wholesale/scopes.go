package wholesale

import "linecard/internal/access"

// scope is what an operation asks of a token, in the words of the public API.
type scope string

// The scopes. Two that no operation of this API needs are known too, since clients ask for them.
const (
	customersRead    scope = "spark-admin:wholesale_customers_read"
	customersWrite   scope = "spark-admin:wholesale_customers_write"
	subPartnersRead  scope = "spark-admin:wholesale_sub_partners_read"
	subPartnersWrite scope = "spark-admin:wholesale_sub_partners_write"
	subscribersRead  scope = "spark-admin:wholesale_subscribers_read"
	subscribersWrite scope = "spark-admin:wholesale_subscribers_write"
	workspaceWrite   scope = "spark-admin:wholesale_workspace_write"
	reportsRead      scope = "spark-admin:wholesale_billing_reports_read"
	reportsWrite     scope = "spark-admin:wholesale_billing_reports_write"
)

// actions are what each scope gives; write includes read (WS-60).
var actions = map[scope][]access.Action{
	customersRead:    {access.CustomerView},
	customersWrite:   {access.CustomerView, access.CustomerCreate, access.CustomerEdit, access.CustomerOffboard, access.PackagesEdit},
	subPartnersRead:  {access.SubPartnerView},
	subPartnersWrite: {access.SubPartnerView, access.SubPartnerEdit},
	subscribersRead:  {access.UserView},
	subscribersWrite: {access.UserView, access.UserEdit, access.UserDelete, access.UserPackage, access.NumberAssign},
	workspaceWrite:   {access.UserView, access.WorkspaceSet},
	reportsRead:      {access.ReportView},
	reportsWrite:     {access.ReportView, access.ReportEdit},
}

// Scopes gives the actions of a scope as the public API names it; nil for one that it does not have. The token endpoint translates with
// it, so that a client that asks for such a scope gets those rights and, as with every scope, never more than it has.
func Scopes(name string) []access.Action { return actions[scope(name)] }
