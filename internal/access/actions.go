package access

import (
	"slices"
	"strings"
)

// Action is something an actor may be allowed to do. Its text is a stable name: machine tokens are limited by it and sub
// accounts are granted it (CH-87).
type Action string

// The actions of the rooms built so far. Later rooms add theirs here and to the roles.
const (
	Self Action = "self" // one's own account: settings, password, second factor, sign-out

	PartnerView          Action = "partner.view"
	PartnerCreate        Action = "partner.create"
	PartnerEdit          Action = "partner.edit"
	PartnerFreeze        Action = "partner.freeze"
	PartnerResetPassword Action = "partner.reset_password"

	SubPartnerView    Action = "sub_partner.view" // list, explicit search for their customers (WS-83, WS-87)
	SubPartnerCreate  Action = "sub_partner.create"
	SubPartnerEdit    Action = "sub_partner.edit"
	SubPartnerSuspend Action = "sub_partner.suspend"
	SubPartnerEnter   Action = "sub_partner.enter"

	CustomerView          Action = "customer.view"
	CustomerCreate        Action = "customer.create"
	CustomerEdit          Action = "customer.edit"
	CustomerFreeze        Action = "customer.freeze"
	CustomerResetPassword Action = "customer.reset_password"
	CustomerEnter         Action = "customer.enter"
	CustomerArchive       Action = "customer.archive"
	CustomerRestrict      Action = "customer.restrict"  // restricted-by-partner mode (WS-153)
	CustomerAuthorise     Action = "customer.authorise" // grant or withdraw device management (CH-31)

	OrderView    Action = "order.view"
	OrderCreate  Action = "order.create"
	OrderFulfil  Action = "order.fulfil"
	AccountView  Action = "account.view"
	AccountEdit  Action = "account.manage"    // people of one's own tenant and their roles
	AccountSub   Action = "subaccount.manage" // CH-86 … CH-91
	TokenManage  Action = "token.manage"
	LogView      Action = "log.view"
	EventView    Action = "event.view"
	WebhookEdit  Action = "webhook.manage"
	OperationGet Action = "operation.view"

	SettingsView Action = "settings.view"
	SettingsEdit Action = "settings.edit" // tenant's own policies: passwords, sessions, branding
	CompanyName  Action = "account.company"

	DeviceView       Action = "device.view"
	DeviceEdit       Action = "device.edit"
	DeviceAct        Action = "device.act"   // sync, reboot, reopen: what a help desk does
	ProfileView      Action = "profile.view" // profiles, containers and dictionaries, secrets masked (DM-157)
	ProfileEdit      Action = "profile.edit"
	ProvisioningView Action = "provisioning.view"
	ProvisioningEdit Action = "provisioning.edit"
	SecretReveal     Action = "secret.reveal" // see a SIP or provisioning password (decision 16)

	SoftwareView Action = "software.view" // software images of the platform
	SoftwareEdit Action = "software.edit" // bring and remove them

	RedirectView    Action = "rps.view"
	RedirectEdit    Action = "rps.edit"
	RedirectReveal  Action = "rps.reveal"  // see the password of a redirect server (decision 16)
	RedirectDecide  Action = "rps.decide"  // settle who a MAC belongs to (CH-41)
	RedirectConnect Action = "rps.connect" // accounts at makers' redirect clouds (CH-40)

	TemplateView     Action = "template.view" // onboarding templates and carriers (WS-96)
	TemplateEdit     Action = "template.edit"
	CustomerOffboard Action = "customer.offboard"   // end the wholesale service of a customer (WS-141)
	SubPartnerAsk    Action = "sub_partner.request" // ask the operator for a sub-partner (WS-74)
	ComplianceView   Action = "compliance.view"     // screening lists, cases and what they matched (WS-44)
	ComplianceDecide Action = "compliance.decide"   // load lists, approve and deny (WS-46)

	CatalogView      Action = "catalog.view" // packages, add-ons, features: everybody who is signed in (WS-17)
	CatalogEdit      Action = "catalog.edit"
	PackagesEdit     Action = "customer.packages"  // packages and limits of a customer (WS-12, WS-13)
	SubscriptionView Action = "subscription.view"  // with transfer prices; sub-partners see no more than its id (WS-73)
	SubscriptionEdit Action = "subscription.edit"  // WS-54
	RetailView       Action = "retail_prices.view" // what a provider asks of its own customers (WS-2)
	RetailEdit       Action = "retail_prices.edit"
	ReportView       Action = "billing_reports.read" // WS-60
	ReportEdit       Action = "billing_reports.write"
	InvoiceView      Action = "invoice.view" // WS-58
	InvoiceEdit      Action = "invoice.edit"

	UserView     Action = "user.view"   // users and workspaces
	UserEdit     Action = "user.edit"   // add and change them, by hand, file and directory (WS-132, WS-133)
	UserDelete   Action = "user.delete" // also while its provider is suspended
	UserRename   Action = "user.rename" // names and e-mail stay the customer's own in restricted mode (WS-156)
	UserPackage  Action = "user.package"
	UserClaim    Action = "user.claim"     // WS-134
	UserSync     Action = "user.directory" // WS-135, WS-137
	WorkspaceSet Action = "workspace.edit" // WS-148
	LocationView Action = "location.view"
	LocationEdit Action = "location.edit"
	NumberView   Action = "number.view"
	NumberEdit   Action = "number.edit"   // bring numbers and take them away (WS-110)
	NumberAssign Action = "number.assign" // to people and places
	LineView     Action = "line.view"     // managed lines, without passwords
	LineEdit     Action = "line.edit"
	CallingEdit  Action = "calling.edit" // where lines register

	RegistrarManage Action = "registrar.manage" // the organisation's own SIP registrar, to which lines are published

	LockLift       Action = "account.unlock"
	MailboxView    Action = "mail.view" // delivery state of mails
	PlatformStatus Action = "platform.view"
	PlatformEdit   Action = "platform.edit"
)

// rule says what an action needs beside the role.
type rule struct {
	needs      RelationScope // relation when the actor comes from another tenant
	permission string        // permission type the customer must have
	write      bool          // changes something: refused in read-only sessions
	provision  bool          // creates or updates service: refused when suspended (WS-89)
	screening  bool          // needs a finished compliance check
	control    string        // key of the restricted control, "" when never restricted (WS-156)
	notActing  bool          // unavailable after a cross-launch (WS-85)
	own        bool          // only in the actor's own organisation, the operator's people excepted
}

// rules holds every action; one that is missing here is refused to everybody.
var rules = map[Action]rule{
	Self:                  {write: true},
	PartnerView:           {},
	PartnerCreate:         {write: true},
	PartnerEdit:           {write: true},
	PartnerFreeze:         {write: true},
	PartnerResetPassword:  {write: true},
	SubPartnerView:        {notActing: true},
	SubPartnerCreate:      {write: true, notActing: true},
	SubPartnerEdit:        {write: true, notActing: true},
	SubPartnerSuspend:     {write: true, notActing: true},
	SubPartnerEnter:       {notActing: true},
	CustomerView:          {},
	CustomerCreate:        {write: true, provision: true},
	CustomerEdit:          {write: true, provision: true},
	CustomerFreeze:        {write: true},
	CustomerResetPassword: {write: true},
	CustomerEnter:         {},
	CustomerArchive:       {write: true},
	CustomerRestrict:      {write: true},
	CustomerAuthorise:     {write: true, notActing: true},
	OrderView:             {},
	OrderCreate:           {write: true, provision: true},
	OrderFulfil:           {write: true},
	AccountView:           {},
	AccountEdit:           {write: true, own: true},
	AccountSub:            {write: true, notActing: true, own: true},
	TokenManage:           {write: true, notActing: true, own: true},
	LogView:               {},
	EventView:             {},
	WebhookEdit:           {write: true},
	OperationGet:          {},
	SettingsView:          {},
	SettingsEdit:          {write: true},
	CompanyName:           {write: true, control: "account.company"},
	DeviceView:            {needs: DeviceManage, permission: "DMP"},
	DeviceEdit:            {needs: DeviceManage, permission: "DMP", write: true},
	DeviceAct:             {needs: DeviceManage, permission: "DMP", write: true},
	ProfileView:           {needs: DeviceManage, permission: "DMP"},
	ProfileEdit:           {needs: DeviceManage, permission: "DMP", write: true},
	ProvisioningView:      {needs: DeviceManage, permission: "DMP"},
	ProvisioningEdit:      {needs: DeviceManage, permission: "DMP", write: true},
	SecretReveal:          {needs: DeviceManage, permission: "DMP", write: true},
	SoftwareView:          {},
	SoftwareEdit:          {write: true},
	RedirectView:          {needs: RedirectManage, permission: "RPS"},
	RedirectEdit:          {needs: RedirectManage, permission: "RPS", write: true},
	RedirectReveal:        {needs: RedirectManage, permission: "RPS", write: true},
	RedirectDecide:        {write: true},
	RedirectConnect:       {write: true, own: true, notActing: true},
	TemplateView:          {},
	TemplateEdit:          {write: true},
	CustomerOffboard:      {write: true},
	SubPartnerAsk:         {write: true, own: true, notActing: true},
	ComplianceView:        {},
	ComplianceDecide:      {write: true},
	CatalogView:           {},
	CatalogEdit:           {write: true},
	PackagesEdit:          {write: true, provision: true},
	SubscriptionView:      {},
	SubscriptionEdit:      {write: true},
	RetailView:            {},
	RetailEdit:            {write: true},
	ReportView:            {},
	ReportEdit:            {write: true},
	InvoiceView:           {notActing: true},
	InvoiceEdit:           {write: true, notActing: true},
	UserView:              {},
	UserEdit:              {write: true, provision: true, screening: true, control: "users.add_modify"},
	UserDelete:            {write: true, control: "users.add_modify"},
	UserRename:            {write: true},
	UserPackage:           {write: true, provision: true, screening: true, control: "user.package"},
	UserClaim:             {write: true, provision: true, screening: true, control: "users.claim"},
	UserSync:              {write: true, provision: true, screening: true, control: "users.dirsync"},
	WorkspaceSet:          {write: true, provision: true, screening: true},
	LocationView:          {},
	LocationEdit:          {write: true, provision: true},
	NumberView:            {},
	NumberEdit:            {write: true, provision: true},
	NumberAssign:          {write: true, provision: true, control: "user.work_number"},
	LineView:              {},
	LineEdit:              {write: true},
	CallingEdit:           {write: true},
	RegistrarManage:       {write: true, own: true, notActing: true},
	LockLift:              {write: true},
	MailboxView:           {},
	PlatformStatus:        {},
	PlatformEdit:          {write: true},
}

// Actions lists every action in order of its name, for pickers and tests.
func Actions() []Action {
	all := make([]Action, 0, len(rules))
	for a := range rules {
		all = append(all, a)
	}
	slices.Sort(all)
	return all
}

// Known says whether a names an action.
func Known(a Action) bool { _, ok := rules[a]; return ok }

// Writes says whether a changes something.
func Writes(a Action) bool { return rules[a].write }

// EventNeeds gives the action without which somebody from another tenant is not told of events of a type; "" for none. What
// happens to a customer's phones is for who may see the phones (CH-29, CH-31).
func EventNeeds(eventType string) Action {
	kind, _, _ := strings.Cut(eventType, ".")
	switch kind {
	case "device", "device_group", "line", "site":
		return DeviceView
	case "profile", "container", "dictionary":
		return ProfileView
	case "provisioning":
		return ProvisioningView
	case "redirect_server", "redirect_entry", "redirect_claim":
		return RedirectView
	}
	return ""
}

// Needs gives the relation that a needs when the actor comes from another tenant, "" for none.
func Needs(a Action) RelationScope { return rules[a].needs }

// Functions lists what a sub account can be granted, in the order of the picker (CH-87).
func Functions() []Action {
	return []Action{CustomerView, CustomerCreate, CustomerEdit, CustomerFreeze, CustomerResetPassword, CustomerEnter,
		OrderView, OrderCreate, RedirectView, RedirectEdit, DeviceView, DeviceEdit, DeviceAct, ProfileView, ProfileEdit, LogView, EventView, AccountSub}
}
