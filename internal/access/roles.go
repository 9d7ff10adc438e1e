package access

import "slices"

// Role is a named set of actions at one level of the tree (spec 4.4). Roles are data: this file is the whole of them.
type Role string

// The roles.
const (
	OperatorAdmin      Role = "operator_admin"
	OperatorSupport    Role = "operator_support"
	OperatorCompliance Role = "operator_compliance"
	OperatorBilling    Role = "operator_billing"

	PartnerFullAdmin      Role = "partner_full_admin"
	PartnerWholesaleAdmin Role = "partner_wholesale_admin"
	PartnerBillingRead    Role = "partner_billing_read"
	PartnerBillingWrite   Role = "partner_billing_write"
	PartnerReadonlyAdmin  Role = "partner_readonly_admin"
	PartnerSupport        Role = "partner_support"
	PartnerSubAccount     Role = "partner_sub_account"

	CustomerFullAdmin     Role = "customer_full_admin"
	CustomerUserAdmin     Role = "customer_user_admin"
	CustomerDeviceAdmin   Role = "customer_device_admin"
	CustomerReadonlyAdmin Role = "customer_readonly_admin"
	CustomerSupport       Role = "customer_support"

	Helpdesk Role = "helpdesk" // sees and acts on phones, never sees a SIP password; partner or customer
)

// grant is what a role may do, and in which tenants somebody can hold it.
type grant struct {
	in   []TenantKind
	may  []Action
	note string
}

var (
	viewAll = []Action{PartnerView, SubPartnerView, CustomerView, OrderView, AccountView, LogView, EventView, OperationGet,
		SettingsView, DeviceView, SoftwareView, ProfileView, ProvisioningView, RedirectView, MailboxView,
		CatalogView, SubscriptionView, RetailView, ReportView, InvoiceView, TemplateView, UserView, LocationView, NumberView, LineView}
	// peopleAll is all that can be done to users, places, numbers and managed lines.
	peopleAll = []Action{UserView, UserEdit, UserDelete, UserRename, UserPackage, UserClaim, UserSync, WorkspaceSet, LocationView, LocationEdit,
		NumberView, NumberEdit, NumberAssign, LineView, LineEdit, CallingEdit}
	partnerAll = []Action{PartnerView, CustomerView, CustomerCreate, CustomerEdit, CustomerFreeze, CustomerResetPassword,
		CustomerEnter, CustomerArchive, CustomerRestrict, OrderView, OrderCreate, AccountView, AccountEdit, AccountSub, TokenManage,
		LogView, EventView, WebhookEdit, OperationGet, SettingsView, SettingsEdit, CompanyName, DeviceView, SoftwareView, DeviceEdit, DeviceAct,
		ProfileView, ProfileEdit, ProvisioningView, ProvisioningEdit, SecretReveal, RedirectView, RedirectEdit, RedirectReveal, RedirectConnect, RegistrarManage, LockLift, MailboxView,
		CatalogView, PackagesEdit, SubscriptionView, RetailView, RetailEdit, ReportView, ReportEdit, InvoiceView, TemplateView, TemplateEdit, CustomerOffboard}
	partnerLevel  = []TenantKind{Partner, SubPartner}
	customerLevel = []TenantKind{Customer}
)

var roles = map[Role]grant{
	OperatorAdmin:      {in: []TenantKind{Operator}, may: nil, note: "everything"}, // see may()
	OperatorSupport:    {in: []TenantKind{Operator}, may: append([]Action{Self, CustomerEnter, SubPartnerEnter, LockLift, PlatformStatus, DeviceAct, RedirectDecide}, viewAll...)},
	OperatorCompliance: {in: []TenantKind{Operator}, may: []Action{Self, PartnerView, CustomerView, LogView, EventView, OperationGet, CatalogView, ComplianceView, ComplianceDecide}},
	OperatorBilling: {in: []TenantKind{Operator}, may: []Action{Self, PartnerView, CustomerView, OrderView, OrderFulfil, LogView, OperationGet,
		CatalogView, SubscriptionView, SubscriptionEdit, ReportView, ReportEdit, InvoiceView, InvoiceEdit}},

	PartnerFullAdmin:      {in: partnerLevel, may: slices.Concat([]Action{Self}, partnerAll, peopleAll)},
	PartnerWholesaleAdmin: {in: partnerLevel, may: append([]Action{Self, PartnerView, CustomerView, CustomerCreate, CustomerEdit, CustomerEnter, OrderView, OrderCreate, OperationGet, EventView, CatalogView, PackagesEdit, TemplateView, TemplateEdit, CustomerOffboard}, peopleAll...)},
	PartnerBillingRead:    {in: partnerLevel, may: []Action{Self, PartnerView, OperationGet, CatalogView, SubscriptionView, RetailView, ReportView, InvoiceView}},
	PartnerBillingWrite:   {in: partnerLevel, may: []Action{Self, PartnerView, OperationGet, CatalogView, SubscriptionView, RetailView, RetailEdit, ReportView, ReportEdit, InvoiceView}},
	PartnerReadonlyAdmin:  {in: partnerLevel, may: append([]Action{Self, CustomerEnter}, without(viewAll, SubPartnerView)...)},
	PartnerSupport:        {in: partnerLevel, may: []Action{Self, CatalogView, PartnerView, CustomerView, CustomerEnter, DeviceView, SoftwareView, DeviceAct, ProfileView, RedirectView, OperationGet, UserView, LocationView, NumberView, LineView}},
	PartnerSubAccount:     {in: partnerLevel, may: []Action{Self, CatalogView, PartnerView, OperationGet}}, // and its functions

	CustomerFullAdmin: {in: customerLevel, may: []Action{Self, CatalogView, CustomerView, CustomerEdit, CustomerAuthorise, OrderView, AccountView, AccountEdit,
		TokenManage, LogView, EventView, WebhookEdit, OperationGet, SettingsView, SettingsEdit, CompanyName, DeviceView, SoftwareView, DeviceEdit, DeviceAct,
		ProfileView, ProfileEdit, ProvisioningView, ProvisioningEdit, SecretReveal, RedirectView, RedirectEdit, RedirectReveal, LockLift,
		UserView, UserEdit, UserDelete, UserRename, UserPackage, UserClaim, UserSync, WorkspaceSet, LocationView, LocationEdit, NumberView, NumberAssign, LineView, LineEdit, RegistrarManage}},
	CustomerUserAdmin: {in: customerLevel, may: []Action{Self, CatalogView, CustomerView, AccountView, OperationGet,
		UserView, UserEdit, UserDelete, UserRename, UserPackage, LocationView, NumberView, NumberAssign, LineView}},
	CustomerDeviceAdmin: {in: customerLevel, may: []Action{Self, CatalogView, CustomerView, DeviceView, SoftwareView, DeviceEdit, DeviceAct, ProfileView, ProfileEdit, ProvisioningView, ProvisioningEdit, SecretReveal, RedirectView, RedirectEdit, RedirectReveal, OperationGet, EventView,
		UserView, WorkspaceSet, LocationView, NumberView, LineView, LineEdit}},
	CustomerReadonlyAdmin: {in: customerLevel, may: []Action{Self, CatalogView, CustomerView, OrderView, AccountView, LogView, EventView, OperationGet, SettingsView, DeviceView, SoftwareView, ProfileView, ProvisioningView, RedirectView, UserView, LocationView, NumberView, LineView}},
	CustomerSupport:       {in: customerLevel, may: []Action{Self, CatalogView, CustomerView, DeviceView, SoftwareView, DeviceAct, ProfileView, RedirectView, OperationGet, UserView, LocationView, NumberView, LineView}},

	Helpdesk: {in: []TenantKind{Partner, SubPartner, Customer}, may: []Action{Self, CatalogView, CustomerView, CustomerEnter, DeviceView, SoftwareView, DeviceAct, ProfileView, RedirectView, OperationGet, UserView, LocationView, NumberView, LineView}},
}

// Roles lists the roles that can be held in a tenant of this kind, in a fixed order.
func Roles(k TenantKind) []Role {
	var out []Role
	for r, g := range roles {
		if slices.Contains(g.in, k) {
			out = append(out, r)
		}
	}
	slices.Sort(out)
	return out
}

// holds says whether any of the actor's roles gives the action. A role held in a tenant of the wrong kind gives nothing.
func (a Actor) holds(act Action) bool {
	for _, r := range a.Roles {
		g, ok := roles[r]
		if !ok || !slices.Contains(g.in, a.Tenant.Kind) {
			continue
		}
		if r == OperatorAdmin || slices.Contains(g.may, act) {
			return true
		}
		if r == PartnerSubAccount && slices.Contains(a.Functions, act) && slices.Contains(Functions(), act) {
			return true
		}
	}
	return bothPartnerRoles(a) && slices.Contains(indirect, act)
}

// indirect is what only somebody who is partner full administrator and wholesale administrator at once may do, and only
// in a partner: sub-partners have none below them (WS-75, WS-83).
var indirect = []Action{SubPartnerView, SubPartnerAsk, SubPartnerCreate, SubPartnerEdit, SubPartnerSuspend, SubPartnerEnter}

func bothPartnerRoles(a Actor) bool {
	return a.Tenant.Kind == Partner && a.Has(PartnerFullAdmin) && a.Has(PartnerWholesaleAdmin)
}

// Can says whether the actor holds the action anywhere, so that pages can hide what would be refused. It is not a decision.
func (a Actor) Can(act Action) bool {
	if a.Kind == System {
		return true
	}
	if _, ok := rules[act]; !ok || !a.holds(act) || (a.Limits != nil && !slices.Contains(a.Limits, act)) {
		return false
	}
	return a.Acting == nil || a.actingAllows(act) == nil
}

func without(all []Action, drop ...Action) []Action {
	var out []Action
	for _, a := range all {
		if !slices.Contains(drop, a) {
			out = append(out, a)
		}
	}
	return out
}

// Granted lists every action that roles and functions give together, in order.
func Granted(held []Role, functions []Action) []Action {
	var out []Action
	for _, act := range Actions() {
		for _, r := range held {
			if r == OperatorAdmin || slices.Contains(roles[r].may, act) || (r == PartnerSubAccount && slices.Contains(functions, act)) ||
				(r == PartnerWholesaleAdmin && slices.Contains(held, PartnerFullAdmin) && slices.Contains(indirect, act)) {
				out = append(out, act)
				break
			}
		}
	}
	return out
}
