package api

import (
	"net/http"

	"linecard/internal/access"
)

const (
	get    = http.MethodGet
	post   = http.MethodPost
	put    = http.MethodPut
	patch  = http.MethodPatch
	remove = http.MethodDelete
)

// Codes that several operations of one kind answer with.
var (
	taken        = []string{"409 name_taken", "409 email_taken", "409 external_id_taken", "409 host_taken"}
	changed      = []string{"404 not_found", "409 archived", "409 wrong_kind", "403 sub_partner_suspended", "403 restricted_by_partner", "409 already_exists"}
	related      = []string{"403 not_authorised_by_customer", "403 permission_type_missing", "409 permission_type_missing"}
	people       = []string{"409 email_taken", "403 more_than_own_rights", "409 own_account", "409 no_customer_yet", "403 email_read_only"}
	hooked       = []string{"409 webhook_disabled"}
	mailed       = []string{"429 too_soon", "409 archived", "404 not_found"}
	sited        = []string{"409 site_fixed", "409 subnet_taken", "409 subnet_limit", "409 name_taken"}
	filed        = []string{"400 csv_encoding", "400 csv_empty", "400 csv_header", "400 csv_separator", "400 csv_malformed", "413 csv_too_many_rows"}
	devicesFiled = []string{"400 csv_encoding", "400 csv_empty", "400 csv_header", "400 csv_separator", "400 csv_malformed", "400 csv_zip", "413 csv_too_many_devices"}
	grouped      = []string{"409 name_taken", "409 group_limit"}
	ordered      = []string{"409 order_state", "409 archived", "409 wrong_kind", "403 sub_partner_suspended", "404 not_found"}
)

func plus(codes ...[]string) []string {
	var all []string
	for _, c := range codes {
		all = append(all, c...)
	}
	return all
}

// routes is every address of the API, one line each.
func (a *API) routes() {
	tag := "Me"
	register(a, Op{ID: "get-me", Method: get, Path: "/me", Action: access.Self, Tag: tag, Summary: "Who you are and what your token may do"}, a.me)
	register(a, Op{ID: "edit-me", Method: patch, Path: "/me", Action: access.Self, Tag: tag, Summary: "Change the contact data of your account", Log: "account/edit", IfMatch: true, Codes: []string{"412 changed_meanwhile"}}, a.editMe)
	register(a, Op{ID: "get-roles", Method: get, Path: "/roles", Action: access.AccountView, Or: []access.Action{access.AccountSub}, Tag: tag, Summary: "Roles and functions that accounts here can be given"}, a.roles)

	tag = "Partners"
	register(a, Op{ID: "list-partners", Method: get, Path: "/partners", Action: access.PartnerView, Tag: tag, Summary: "List partners"}, a.listPartners)
	register(a, Op{ID: "create-partner", Method: post, Path: "/partners", Action: access.PartnerCreate, Tag: tag, Summary: "Create a partner and invite its first administrator", Log: "partner/create", Status: 201, Codes: plus(taken, changed)}, a.createPartner)
	register(a, Op{ID: "get-partner", Method: get, Path: "/partners/{partner}", Action: access.PartnerView, Or: []access.Action{access.SubPartnerView}, Tag: tag, Summary: "Get a partner or sub-partner"}, a.getPartner)
	register(a, Op{ID: "edit-partner", Method: patch, Path: "/partners/{partner}", Action: access.PartnerEdit, Or: []access.Action{access.SubPartnerEdit, access.SettingsEdit}, Tag: tag, Summary: "Change fields of a partner or sub-partner", Log: "partner/edit", IfMatch: true, Codes: plus(taken, changed, []string{"403 reserved_for_provider"})}, a.editPartner)
	register(a, Op{ID: "freeze-partner", Method: post, Path: "/partners/{partner}/freeze", Action: access.PartnerFreeze, Or: []access.Action{access.SubPartnerSuspend}, Tag: tag, Summary: "Keep a partner from signing in", Log: "partner/freeze", IfMatch: true, Codes: changed}, a.freezePartner)
	register(a, Op{ID: "unfreeze-partner", Method: post, Path: "/partners/{partner}/unfreeze", Action: access.PartnerFreeze, Or: []access.Action{access.SubPartnerSuspend}, Tag: tag, Summary: "Let a frozen partner sign in again", Log: "partner/unfreeze", IfMatch: true, Codes: changed}, a.movePartner(a.d.Tenants.Unfreeze))
	register(a, Op{ID: "suspend-partner", Method: post, Path: "/partners/{partner}/suspend", Action: access.SubPartnerSuspend, Tag: tag, Summary: "Keep a sub-partner from creating and updating customers", Log: "sub_partner/suspend", IfMatch: true, Codes: changed}, a.movePartner(a.d.Tenants.Suspend))
	register(a, Op{ID: "resume-partner", Method: post, Path: "/partners/{partner}/resume", Action: access.SubPartnerSuspend, Tag: tag, Summary: "End the suspension of a sub-partner", Log: "sub_partner/resume", IfMatch: true, Codes: changed}, a.movePartner(a.d.Tenants.Resume))
	register(a, Op{ID: "reset-partner-password", Method: post, Path: "/partners/{partner}/reset-password", Action: access.PartnerResetPassword, Or: []access.Action{access.SubPartnerEdit}, Tag: tag, Summary: "Mail the first administrator a link for a new password", Log: "partner/reset_password", Status: 202, Codes: mailed}, a.resetPartner)
	register(a, Op{ID: "get-partner-mail", Method: get, Path: "/partners/{partner}/mail", Action: access.MailboxView, Tag: tag, Summary: "How far the last account mail is"}, a.partnerMail)
	register(a, Op{ID: "list-sub-partners", Method: get, Path: "/partners/{partner}/sub-partners", Action: access.SubPartnerView, Tag: tag, Summary: "List the sub-partners of a partner"}, a.listSubPartners)
	register(a, Op{ID: "create-sub-partner", Method: post, Path: "/partners/{partner}/sub-partners", Action: access.SubPartnerCreate, Tag: tag, Summary: "Create a sub-partner and invite its first administrator", Log: "sub_partner/create", Status: 201, Codes: plus(taken, changed, []string{"409 max_depth"})}, a.createSubPartner)

	tag = "Customers"
	register(a, Op{ID: "list-customers", Method: get, Path: "/customers", Action: access.CustomerView, Tag: tag, Summary: "List customers"}, a.listCustomers)
	register(a, Op{ID: "create-customer", Method: post, Path: "/customers", Action: access.CustomerCreate, Tag: tag, Summary: "Create a customer and invite its first administrator", Log: "customer/create", Status: 201, Codes: plus(taken, changed)}, a.createCustomer)
	register(a, Op{ID: "get-customer", Method: get, Path: "/customers/{customer}", Action: access.CustomerView, Tag: tag, Summary: "Get a customer"}, a.getCustomer)
	register(a, Op{ID: "edit-customer", Method: patch, Path: "/customers/{customer}", Action: access.CustomerEdit, Tag: tag, Summary: "Change fields of a customer", Log: "customer/edit", IfMatch: true, Codes: plus(taken, changed, []string{"409 permission_in_use", "403 reserved_for_provider"})}, a.editCustomer)
	register(a, Op{ID: "freeze-customer", Method: post, Path: "/customers/{customer}/freeze", Action: access.CustomerFreeze, Tag: tag, Summary: "Keep a customer from signing in", Log: "customer/freeze", IfMatch: true, Codes: changed}, a.freezeCustomer)
	register(a, Op{ID: "unfreeze-customer", Method: post, Path: "/customers/{customer}/unfreeze", Action: access.CustomerFreeze, Tag: tag, Summary: "Let a frozen customer sign in again", Log: "customer/unfreeze", IfMatch: true, Codes: changed}, a.unfreezeCustomer)
	register(a, Op{ID: "reset-customer-password", Method: post, Path: "/customers/{customer}/reset-password", Action: access.CustomerResetPassword, Tag: tag, Summary: "Mail the first administrator a link for a new password", Log: "customer/reset_password", Status: 202, Codes: mailed}, a.resetCustomer)
	register(a, Op{ID: "resend-customer-invitation", Method: post, Path: "/customers/{customer}/resend-invitation", Action: access.CustomerResetPassword, Tag: tag, Summary: "Mail the invitation again; a link for a new password once one was set", Log: "customer/resend_invitation", Status: 202, Codes: mailed}, a.resetCustomer)
	register(a, Op{ID: "get-customer-mail", Method: get, Path: "/customers/{customer}/mail", Action: access.MailboxView, Tag: tag, Summary: "How far the last account mail is"}, a.customerMail)
	register(a, Op{ID: "archive-customer", Method: post, Path: "/customers/{customer}/archive", Action: access.CustomerArchive, Tag: tag, Summary: "Take an empty customer out of use for good", Log: "customer/archive", IfMatch: true, Codes: plus(changed, []string{"409 not_empty"})}, a.archiveCustomer)
	register(a, Op{ID: "restrict-customer", Method: post, Path: "/customers/{customer}/restrict", Action: access.CustomerRestrict, Tag: tag, Summary: "Reserve restricted settings for the provider", Log: "customer/restrict", IfMatch: true, Codes: changed}, a.restrictCustomer(true))
	register(a, Op{ID: "unrestrict-customer", Method: post, Path: "/customers/{customer}/unrestrict", Action: access.CustomerRestrict, Tag: tag, Summary: "Give restricted settings back to the customer", Log: "customer/unrestrict", IfMatch: true, Codes: changed}, a.restrictCustomer(false))
	register(a, Op{ID: "get-customer-limits", Method: get, Path: "/customers/{customer}/limits", Action: access.CustomerView, Tag: tag, Summary: "How much of each item a customer may use"}, a.getLimits)

	tag = "Authorisations"
	register(a, Op{ID: "list-authorisations", Method: get, Path: "/customers/{customer}/authorisations", Action: access.CustomerView, Tag: tag, Summary: "Who may act for a customer, or could before"}, a.listAuthorisations)
	register(a, Op{ID: "request-authorisation", Method: post, Path: "/customers/{customer}/authorisations/request", Action: access.CustomerEnter, Tag: tag, Summary: "Ask a customer for the right to manage its devices", Log: "customer/request_authorisation", Codes: plus(changed, related)}, a.requestAuthorisation)
	register(a, Op{ID: "grant-authorisation", Method: post, Path: "/customers/{customer}/authorisations/grant", Action: access.CustomerAuthorise, Tag: tag, Summary: "Let a provider manage the customer's devices", Log: "customer/authorise", Codes: plus(changed, []string{"403 only_customer_authorises"})}, a.grantAuthorisation)
	register(a, Op{ID: "withdraw-authorisation", Method: post, Path: "/customers/{customer}/authorisations/withdraw", Action: access.CustomerAuthorise, Tag: tag, Summary: "Take an authorisation back, or refuse a request", Log: "customer/withdraw_authorisation", Codes: plus(changed, []string{"403 only_customer_authorises"})}, a.withdrawAuthorisation)

	tag = "Orders"
	register(a, Op{ID: "list-orders", Method: get, Path: "/orders", Action: access.OrderView, Tag: tag, Summary: "List orders"}, a.listOrders)
	register(a, Op{ID: "create-order", Method: post, Path: "/orders", Action: access.OrderCreate, Tag: tag, Summary: "Order something for a customer", Log: "order/create", Status: 201, Codes: ordered}, a.createOrder)
	register(a, Op{ID: "get-order", Method: get, Path: "/orders/{order}", Action: access.OrderView, Tag: tag, Summary: "Get an order"}, a.getOrder)
	register(a, Op{ID: "edit-order", Method: put, Path: "/orders/{order}", Action: access.OrderCreate, Tag: tag, Summary: "Replace lines and note of a draft", Log: "order/edit", IfMatch: true, Codes: ordered}, a.editOrder)
	register(a, Op{ID: "submit-order", Method: post, Path: "/orders/{order}/submit", Action: access.OrderCreate, Tag: tag, Summary: "Hand a draft to the operator", Log: "order/submit", IfMatch: true, Codes: ordered}, a.moveOrder(a.d.Tenants.SubmitOrder))
	register(a, Op{ID: "fulfil-order", Method: post, Path: "/orders/{order}/fulfil", Action: access.OrderFulfil, Tag: tag, Summary: "Mark an order as done and raise the customer's limits", Log: "order/fulfil", IfMatch: true, Codes: ordered}, a.moveOrder(a.d.Tenants.FulfilOrder))
	register(a, Op{ID: "cancel-order", Method: post, Path: "/orders/{order}/cancel", Action: access.OrderCreate, Or: []access.Action{access.OrderFulfil}, Tag: tag, Summary: "End an order without effect", Log: "order/cancel", IfMatch: true, Codes: ordered}, a.moveOrder(a.d.Tenants.CancelOrder))
	register(a, Op{ID: "list-items", Method: get, Path: "/items", Action: access.OrderView, Tag: tag, Summary: "What can be ordered"}, a.listItems)
	register(a, Op{ID: "put-item", Method: put, Path: "/items/{item}", Action: access.PlatformEdit, Tag: tag, Summary: "Add or change something that can be ordered", Log: "item/edit"}, a.putItem)

	tag = "Policies"
	register(a, Op{ID: "get-policy", Method: get, Path: "/policies/{tenant}", Action: access.SettingsView, Tag: tag, Summary: "Rules for passwords, sessions and logs"}, a.getPolicy)
	register(a, Op{ID: "put-policy", Method: put, Path: "/policies/{tenant}", Action: access.SettingsEdit, Tag: tag, Summary: "Replace an organisation's own rules", Log: "settings/policy", IfMatch: true, Codes: changed}, a.putPolicy)

	tag = "Accounts"
	sub := []access.Action{access.AccountSub}
	register(a, Op{ID: "list-accounts", Method: get, Path: "/accounts", Action: access.AccountView, Or: sub, Tag: tag, Summary: "List people who sign in", Codes: []string{"404 not_found"}}, a.listAccounts)
	register(a, Op{ID: "create-account", Method: post, Path: "/accounts", Action: access.AccountEdit, Or: sub, Tag: tag, Summary: "Invite somebody, or a sub account", Log: "account/create", Status: 201, Codes: plus(people, []string{"404 not_found", "409 archived"})}, a.createAccount)
	register(a, Op{ID: "get-account", Method: get, Path: "/accounts/{account}", Action: access.AccountView, Or: []access.Action{access.AccountSub, access.Self}, Tag: tag, Summary: "Get an account"}, a.getAccount)
	register(a, Op{ID: "edit-account", Method: patch, Path: "/accounts/{account}", Action: access.AccountEdit, Or: sub, Tag: tag, Summary: "Change an account and its rights", Log: "account/edit", IfMatch: true, Codes: plus(people, []string{"412 changed_meanwhile"})}, a.editAccount)
	register(a, Op{ID: "delete-account", Method: remove, Path: "/accounts/{account}", Action: access.AccountEdit, Or: sub, Tag: tag, Summary: "Delete an account with its sessions and tokens", Log: "account/delete", Codes: people}, a.deleteAccount)
	register(a, Op{ID: "disable-account", Method: post, Path: "/accounts/{account}/disable", Action: access.AccountEdit, Or: sub, Tag: tag, Summary: "Keep an account from signing in", Log: "account/disable", IfMatch: true, Codes: plus(people, []string{"412 changed_meanwhile"})}, a.switchAccount(true))
	register(a, Op{ID: "enable-account", Method: post, Path: "/accounts/{account}/enable", Action: access.AccountEdit, Or: sub, Tag: tag, Summary: "Let a disabled account sign in again", Log: "account/enable", IfMatch: true, Codes: plus(people, []string{"412 changed_meanwhile"})}, a.switchAccount(false))
	register(a, Op{ID: "reset-account-password", Method: post, Path: "/accounts/{account}/reset-password", Action: access.AccountEdit, Or: sub, Tag: tag, Summary: "Mail a link for a new password, or the invitation again", Log: "account/reset_password", Status: 202, Codes: plus(mailed, people)}, a.resetAccount)
	register(a, Op{ID: "unlock-account", Method: post, Path: "/accounts/{account}/unlock", Action: access.LockLift, Or: sub, Tag: tag, Summary: "Lift the lock after too many wrong passwords", Log: "account/unlock"}, a.unlockAccount)
	register(a, Op{ID: "reset-second-factor", Method: post, Path: "/accounts/{account}/reset-second-factor", Action: access.AccountEdit, Or: sub, Tag: tag, Summary: "Turn off a lost second factor", Log: "account/second_factor", Codes: people}, a.resetSecondFactor)

	tag = "Tokens"
	register(a, Op{ID: "list-tokens", Method: get, Path: "/tokens", Action: access.TokenManage, Tag: tag, Summary: "List the tokens of your organisation"}, a.listTokens)
	register(a, Op{ID: "create-token", Method: post, Path: "/tokens", Action: access.TokenManage, Tag: tag, Summary: "Make a token or OAuth 2 client; its secret is shown once", Log: "token/create", Status: 201, Secret: true, Codes: plus(people, []string{"409 token_limit"})}, a.createToken)
	register(a, Op{ID: "get-token", Method: get, Path: "/tokens/{token}", Action: access.TokenManage, Tag: tag, Summary: "Get a token, without its secret"}, a.getToken)
	register(a, Op{ID: "delete-token", Method: remove, Path: "/tokens/{token}", Action: access.TokenManage, Tag: tag, Summary: "Withdraw a token", Log: "token/revoke", IfMatch: true, Codes: []string{"412 changed_meanwhile"}}, a.deleteToken)

	tag = "Logs and events"
	register(a, Op{ID: "list-audit", Method: get, Path: "/audit", Action: access.LogView, Tag: tag, Summary: "Operation log of your organisation; all of it as text/csv", CSV: true}, a.listLog)
	register(a, Op{ID: "list-events", Method: get, Path: "/events", Action: access.EventView, Tag: tag, Summary: "Events in their order, behind a cursor"}, a.listEvents)
	register(a, Op{ID: "get-event", Method: get, Path: "/events/{event}", Action: access.EventView, Tag: tag, Summary: "Get an event"}, a.getEvent)

	tag = "Webhooks"
	register(a, Op{ID: "list-webhooks", Method: get, Path: "/webhooks", Action: access.EventView, Tag: tag, Summary: "List webhooks"}, a.listWebhooks)
	register(a, Op{ID: "create-webhook", Method: post, Path: "/webhooks", Action: access.WebhookEdit, Tag: tag, Summary: "Make a webhook; its secret is shown once", Log: "webhook/create", Status: 201, Secret: true, Codes: []string{"409 too_many_webhooks"}}, a.createWebhook)
	register(a, Op{ID: "get-webhook", Method: get, Path: "/webhooks/{webhook}", Action: access.EventView, Tag: tag, Summary: "Get a webhook"}, a.getWebhook)
	register(a, Op{ID: "edit-webhook", Method: patch, Path: "/webhooks/{webhook}", Action: access.WebhookEdit, Tag: tag, Summary: "Change a webhook, or switch it on or off", Log: "webhook/edit", IfMatch: true, Codes: []string{"412 version_changed"}}, a.editWebhook)
	register(a, Op{ID: "delete-webhook", Method: remove, Path: "/webhooks/{webhook}", Action: access.WebhookEdit, Tag: tag, Summary: "Delete a webhook with all that waits for it", Log: "webhook/delete"}, a.deleteWebhook)
	register(a, Op{ID: "rotate-webhook-secret", Method: post, Path: "/webhooks/{webhook}/rotate-secret", Action: access.WebhookEdit, Tag: tag, Summary: "Give a webhook a new secret", Log: "webhook/rotate-secret", Secret: true}, a.rotateWebhookSecret)
	register(a, Op{ID: "list-deliveries", Method: get, Path: "/webhooks/{webhook}/deliveries", Action: access.EventView, Tag: tag, Summary: "List deliveries; state=dead are the dead letters"}, a.listDeliveries)
	register(a, Op{ID: "retry-delivery", Method: post, Path: "/webhooks/{webhook}/deliveries/{delivery}/retry", Action: access.WebhookEdit, Tag: tag, Summary: "Send a dead letter again", Log: "webhook/retry", Codes: hooked}, a.retryDelivery)
	register(a, Op{ID: "retry-deliveries", Method: post, Path: "/webhooks/{webhook}/retry", Action: access.WebhookEdit, Tag: tag, Summary: "Send all dead letters again", Log: "webhook/retry", Codes: hooked}, a.retryDeliveries)
	register(a, Op{ID: "replay-webhook", Method: post, Path: "/webhooks/{webhook}/replay", Action: access.WebhookEdit, Tag: tag, Summary: "Send old events again from a cursor on", Log: "webhook/replay", Status: 202, Codes: hooked}, a.replayWebhook)
	register(a, Op{ID: "test-webhook", Method: post, Path: "/webhooks/{webhook}/test", Action: access.WebhookEdit, Tag: tag, Summary: "Send a test event", Log: "webhook/test", Codes: hooked}, a.testWebhook)

	tag = "Operations"
	register(a, Op{ID: "list-operations", Method: get, Path: "/operations", Action: access.OperationGet, Tag: tag, Summary: "List long-running operations", Ungated: true}, a.listOperations)
	register(a, Op{ID: "get-operation", Method: get, Path: "/operations/{operation}", Action: access.OperationGet, Tag: tag, Summary: "How far an operation is", Ungated: true}, a.getOperation)
	register(a, Op{ID: "cancel-operation", Method: post, Path: "/operations/{operation}/cancel", Action: access.OperationGet, Tag: tag, Summary: "Cancel an operation that you started", Log: "operation/cancel", Ungated: true, Codes: []string{"403 operation_not_yours", "409 operation_final"}}, a.cancelOperation)

	tag = "Devices"
	register(a, Op{ID: "list-devices", Method: get, Path: "/customers/{customer}/devices", Action: access.DeviceView, Tag: tag, Summary: "List the phones of a customer", Codes: related}, a.listDevices)
	register(a, Op{ID: "create-device", Method: post, Path: "/customers/{customer}/devices", Action: access.DeviceEdit, Tag: tag, Summary: "Add a device", Log: "device/create", Status: 201, Codes: plus(changed, related, []string{"409 device_exists", "409 mac_unavailable", "409 device_limit", "403 third_party_off"})}, a.createDevice)
	register(a, Op{ID: "get-device-management", Method: get, Path: "/customers/{customer}/devices/{device}/management", Action: access.DeviceView, Tag: tag, Summary: "Who configures a device", Codes: related}, a.getManagement)
	register(a, Op{ID: "set-device-management", Method: put, Path: "/customers/{customer}/devices/{device}/management", Action: access.DeviceEdit, Tag: tag, Summary: "Say who configures a device: what others configure gets no files from here", Log: "device/manage", IfMatch: true, Codes: plus(changed, related)}, a.setManagement)
	register(a, Op{ID: "fetch-external-devices", Method: post, Path: "/customers/{customer}/external-devices/reveal", Action: access.SecretReveal, Tag: tag, Summary: "Devices that others configure, with lines and passwords, for the tool that does it", Log: "device/fetch", Secret: true, Codes: related}, a.fetchExternal)
	register(a, Op{ID: "list-device-models", Method: get, Path: "/device-models", Action: access.CatalogView, Tag: tag, Summary: "Models that are supported, with what they can do"}, a.listModels)
	register(a, Op{ID: "list-device-models-for-customer", Method: get, Path: "/customers/{customer}/device-models", Action: access.DeviceView, Tag: tag, Summary: "Models that a customer can choose from", Codes: related}, a.listModelsFor)
	register(a, Op{ID: "get-device-policy", Method: get, Path: "/customers/{customer}/device-policy", Action: access.DeviceView, Tag: tag, Summary: "Which phones the provider lets a customer have", Codes: related}, a.getDevicePolicy)
	register(a, Op{ID: "set-device-policy", Method: put, Path: "/customers/{customer}/device-policy", Action: access.PackagesEdit, Tag: tag, Summary: "Say which phones a customer may have", Log: "device/policy", Codes: plus(changed, related)}, a.setDevicePolicy)
	register(a, Op{ID: "export-devices", Method: get, Path: "/customers/{customer}/devices/export", Action: access.DeviceView, Tag: tag, Summary: "All devices with their CSV profiles as a CSV file, as import takes it; a ZIP file of several when they are many", Status: 200, CSV: true, Secret: true, Codes: related}, a.exportDevices)
	register(a, Op{ID: "import-devices", Method: post, Path: "/customers/{customer}/devices/import", Action: access.DeviceEdit, Tag: tag, Summary: "Add and change devices from a CSV file of fewer than 10,000 rows; 202 with an operation when it is long", Log: "device/import", File: true, Codes: plus(changed, related, devicesFiled)}, a.importDevices)
	register(a, Op{ID: "get-device", Method: get, Path: "/customers/{customer}/devices/{device}", Action: access.DeviceView, Tag: tag, Summary: "Get a phone", Codes: related}, a.getDevice)
	register(a, Op{ID: "edit-device", Method: patch, Path: "/customers/{customer}/devices/{device}", Action: access.DeviceEdit, Tag: tag, Summary: "Change what is written about a phone", Log: "device/edit", IfMatch: true, Codes: plus(changed, related)}, a.editDevice)
	register(a, Op{ID: "delete-device", Method: remove, Path: "/customers/{customer}/devices/{device}", Action: access.DeviceEdit, Tag: tag, Summary: "Remove a phone", Log: "device/delete", IfMatch: true, Codes: plus(changed, related)}, a.deleteDevice)
	register(a, Op{ID: "get-provisioning", Method: get, Path: "/customers/{customer}/provisioning", Action: access.ProvisioningView, Tag: tag, Summary: "What all phones of a customer share", Codes: related}, a.getProvisioning)
	register(a, Op{ID: "edit-provisioning", Method: patch, Path: "/customers/{customer}/provisioning", Action: access.ProvisioningEdit, Tag: tag, Summary: "Change host, account or poll window", Log: "provisioning/edit", IfMatch: true, Codes: plus(changed, related, taken, []string{"403 reserved_for_provider"})}, a.editProvisioning)
	register(a, Op{ID: "reveal-provisioning", Method: post, Path: "/customers/{customer}/provisioning/reveal", Action: access.SecretReveal, Tag: tag, Summary: "Show the phones' account with its password", Log: "provisioning/reveal", Secret: true, Codes: plus(related, []string{"404 account_missing"})}, a.revealProvisioning)

	tag = "Devices"
	register(a, Op{ID: "list-device-requests", Method: get, Path: "/customers/{customer}/devices/{device}/requests", Action: access.DeviceView, Tag: tag, Summary: "The last 200 requests of a phone, the newest first", Codes: related}, a.listRequests)
	register(a, Op{ID: "get-device-access", Method: get, Path: "/customers/{customer}/devices/{device}/access", Action: access.DeviceView, Tag: tag, Summary: "How a phone gets in: its own account and its window", Codes: related}, a.getDeviceAccess)
	register(a, Op{ID: "reopen-device", Method: post, Path: "/customers/{customer}/devices/{device}/reopen", Action: access.DeviceAct, Tag: tag, Summary: "Let a phone that lost its own account fetch its secrets with the customer's account for a while", Log: "device/reopen", Codes: plus(changed, related)}, a.reopenDevice)
	register(a, Op{ID: "rotate-device-account", Method: post, Path: "/customers/{customer}/devices/{device}/rotate-account", Action: access.DeviceEdit, Tag: tag, Summary: "Give a phone a new password of its own with its next configuration", Log: "device/rotate_account", Codes: plus(changed, related)}, a.rotateDeviceAccount)
	register(a, Op{ID: "replace-device", Method: post, Path: "/customers/{customer}/devices/{device}/replace", Action: access.DeviceEdit, Tag: tag, Summary: "Put a new phone in the place of a dead one; a dry run tells what is carried", Log: "device/replace", IfMatch: true, Codes: plus(changed, related, []string{"409 device_exists", "409 mac_unavailable", "409 device_by_serial"})}, a.replaceDevice)
	register(a, Op{ID: "move-device", Method: post, Path: "/customers/{customer}/devices/{device}/move", Action: access.DeviceEdit, Tag: tag, Summary: "Give a phone to another customer, without any secret of the first", Log: "device/move", IfMatch: true, Codes: plus(changed, related, []string{"409 device_exists", "409 mac_unavailable", "409 device_limit", "409 redirect_entry_first"})}, a.moveDevice)
	register(a, Op{ID: "list-device-logs", Method: get, Path: "/customers/{customer}/devices/{device}/logs", Action: access.DeviceView, Tag: tag, Summary: "Logs that a phone sent on a day", Codes: related}, a.listLogs)
	register(a, Op{ID: "get-device-log", Method: get, Path: "/customers/{customer}/devices/{device}/logs/{log}", Action: access.DeviceView, Tag: tag, Summary: "Download a log", Status: 200, Codes: related}, a.getLog)
	register(a, Op{ID: "delete-device-log", Method: remove, Path: "/customers/{customer}/devices/{device}/logs/{log}", Action: access.DeviceEdit, Tag: tag, Summary: "Delete a log of a day", Log: "device/delete_file", Codes: plus(changed, related)}, a.deleteLog)
	register(a, Op{ID: "list-phone-files", Method: get, Path: "/customers/{customer}/devices/{device}/phone-files", Action: access.DeviceView, Tag: tag, Summary: "What a phone keeps here: changes made on it, contacts", Codes: related}, a.listPhoneFiles)
	register(a, Op{ID: "read-phone-file", Method: post, Path: "/customers/{customer}/devices/{device}/phone-files/{file}/reveal", Action: access.SecretReveal, Tag: tag, Summary: "Download a file as the phone sent it; it may hold passwords", Log: "device/read_file", Status: 200, Secret: true, Codes: related}, a.readPhoneFile)
	register(a, Op{ID: "delete-phone-file", Method: remove, Path: "/customers/{customer}/devices/{device}/phone-files/{file}", Action: access.DeviceEdit, Tag: tag, Summary: "Delete a file of a phone; it hears that there is none", Log: "device/delete_file", Codes: plus(changed, related)}, a.deletePhoneFile)

	tag = "Knocks"
	register(a, Op{ID: "list-knocks", Method: get, Path: "/customers/{customer}/knocks", Action: access.DeviceView, Tag: tag, Summary: "Phones that asked in vain", Codes: related}, a.listKnocks)
	register(a, Op{ID: "adopt-knock", Method: post, Path: "/customers/{customer}/knocks/{knock}/adopt", Action: access.DeviceEdit, Tag: tag, Summary: "Add a phone that knocked", Log: "device/adopt", Status: 201, Codes: plus(changed, related, []string{"409 device_exists", "409 mac_unavailable", "409 device_limit", "409 knock_without_mac"})}, a.adoptKnock)
	register(a, Op{ID: "dismiss-knock", Method: remove, Path: "/customers/{customer}/knocks/{knock}", Action: access.DeviceEdit, Tag: tag, Summary: "Forget a knock; it comes back when the phone does", Log: "knock/dismiss", Codes: plus(changed, related)}, a.dismissKnock)

	tag = "Certificates of makers"
	register(a, Op{ID: "list-maker-roots", Method: get, Path: "/operator/maker-roots", Action: access.PlatformStatus, Tag: tag, Summary: "Authorities whose certificates prove a phone's MAC address"}, a.listMakerRoots)
	register(a, Op{ID: "add-maker-root", Method: post, Path: "/operator/maker-roots", Action: access.PlatformEdit, Tag: tag, Summary: "Trust an authority of a maker", Log: "maker_root/add", Status: 201, Codes: []string{"409 maker_root_exists", "409 maker_root_limit"}}, a.addMakerRoot)
	register(a, Op{ID: "get-maker-root", Method: get, Path: "/operator/maker-roots/{root}", Action: access.PlatformStatus, Tag: tag, Summary: "Get an authority"}, a.getMakerRoot)
	register(a, Op{ID: "edit-maker-root", Method: patch, Path: "/operator/maker-roots/{root}", Action: access.PlatformEdit, Tag: tag, Summary: "Change name and policy of an authority", Log: "maker_root/edit", IfMatch: true}, a.editMakerRoot)
	register(a, Op{ID: "remove-maker-root", Method: remove, Path: "/operator/maker-roots/{root}", Action: access.PlatformEdit, Tag: tag, Summary: "End the trust in an authority", Log: "maker_root/remove", IfMatch: true}, a.removeMakerRoot)

	tag = "Network sites"
	register(a, Op{ID: "list-network-sites", Method: get, Path: "/customers/{customer}/network-sites", Action: access.DeviceView, Tag: tag, Summary: "List the sites of a customer", Codes: related}, a.listSites)
	register(a, Op{ID: "create-network-site", Method: post, Path: "/customers/{customer}/network-sites", Action: access.DeviceEdit, Tag: tag, Summary: "Add a site; devices in its subnets move to it", Log: "site/create", Status: 201, Codes: plus(changed, related, sited, []string{"409 site_limit"})}, a.createSite)
	register(a, Op{ID: "export-network-sites", Method: get, Path: "/customers/{customer}/network-sites/export", Action: access.DeviceView, Tag: tag, Summary: "All sites but Internet as a CSV file, as import takes it", Status: 200, CSV: true, Codes: related}, a.exportSites)
	register(a, Op{ID: "import-network-sites", Method: post, Path: "/customers/{customer}/network-sites/import", Action: access.DeviceEdit, Tag: tag, Summary: "Add and replace sites from a CSV file of fewer than 2000 rows; 202 with an operation when it is long", Log: "site/import", File: true, Codes: plus(changed, related, filed)}, a.importSites)
	register(a, Op{ID: "get-network-site", Method: get, Path: "/customers/{customer}/network-sites/{site}", Action: access.DeviceView, Tag: tag, Summary: "Get a site", Codes: related}, a.getSite)
	register(a, Op{ID: "edit-network-site", Method: patch, Path: "/customers/{customer}/network-sites/{site}", Action: access.DeviceEdit, Tag: tag, Summary: "Change a site; devices move with its subnets", Log: "site/edit", IfMatch: true, Codes: plus(changed, related, sited)}, a.editSite)
	register(a, Op{ID: "delete-network-site", Method: remove, Path: "/customers/{customer}/network-sites/{site}", Action: access.DeviceEdit, Tag: tag, Summary: "Remove a site; its devices move to the one that matches then", Log: "site/delete", IfMatch: true, Codes: plus(changed, related, []string{"409 site_fixed"})}, a.deleteSite)

	tag = "Device groups"
	register(a, Op{ID: "list-device-groups", Method: get, Path: "/customers/{customer}/device-groups", Action: access.DeviceView, Tag: tag, Summary: "List the device groups of a customer", Codes: related}, a.listGroups)
	register(a, Op{ID: "create-device-group", Method: post, Path: "/customers/{customer}/device-groups", Action: access.DeviceEdit, Tag: tag, Summary: "Add a device group; its devices take it as their lowest", Log: "device_group/create", Status: 201, Codes: plus(changed, related, grouped)}, a.createGroup)
	register(a, Op{ID: "get-device-group", Method: get, Path: "/customers/{customer}/device-groups/{group}", Action: access.DeviceView, Tag: tag, Summary: "Get a device group with its devices", Codes: related}, a.getGroup)
	register(a, Op{ID: "edit-device-group", Method: patch, Path: "/customers/{customer}/device-groups/{group}", Action: access.DeviceEdit, Tag: tag, Summary: "Change a device group or who is in it", Log: "device_group/edit", IfMatch: true, Codes: plus(changed, related, grouped)}, a.editGroup)
	register(a, Op{ID: "delete-device-group", Method: remove, Path: "/customers/{customer}/device-groups/{group}", Action: access.DeviceEdit, Tag: tag, Summary: "Remove a device group; its devices stay", Log: "device_group/delete", IfMatch: true, Codes: plus(changed, related)}, a.deleteGroup)
	register(a, Op{ID: "top-device-group", Method: post, Path: "/customers/{customer}/device-groups/{group}/top-priority", Action: access.DeviceEdit, Tag: tag, Summary: "Make a group the highest of all its devices", Log: "device_group/top_priority", IfMatch: true, Codes: plus(changed, related)}, a.topGroup)
	register(a, Op{ID: "get-device-group-keys", Method: get, Path: "/customers/{customer}/device-groups/{group}/keys", Action: access.DeviceView, Tag: tag, Summary: "Keys that a group puts on free places of its devices", Codes: related}, a.getKeyTemplate)
	register(a, Op{ID: "set-device-group-keys", Method: put, Path: "/customers/{customer}/device-groups/{group}/keys", Action: access.DeviceEdit, Tag: tag, Summary: "Replace the keys that a group puts on its devices", Log: "device_group/set_keys", IfMatch: true, Codes: plus(changed, related)}, a.setKeyTemplate)
	register(a, Op{ID: "get-default-device-groups", Method: get, Path: "/customers/{customer}/default-device-groups", Action: access.DeviceView, Tag: tag, Summary: "Groups that automatically added devices get, the highest first", Codes: related}, a.getDefaultGroups)
	register(a, Op{ID: "set-default-device-groups", Method: put, Path: "/customers/{customer}/default-device-groups", Action: access.DeviceEdit, Tag: tag, Summary: "Say which groups automatically added devices get from now on", Log: "device_group/set_defaults", Codes: plus(changed, related)}, a.setDefaultGroups)

	tag = "Lines and keys"
	register(a, Op{ID: "list-lines", Method: get, Path: "/customers/{customer}/devices/{device}/lines", Action: access.DeviceView, Tag: tag, Summary: "Lines of a phone, without passwords", Codes: related}, a.listLines)
	register(a, Op{ID: "create-line", Method: post, Path: "/customers/{customer}/devices/{device}/lines", Action: access.DeviceEdit, Tag: tag, Summary: "Give a phone a line", Log: "line/create", Status: 201, Codes: plus(changed, related, []string{"409 line_number_taken", "409 line_limit"})}, a.createLine)
	register(a, Op{ID: "get-line", Method: get, Path: "/customers/{customer}/devices/{device}/lines/{line}", Action: access.DeviceView, Tag: tag, Summary: "Get a line, without its password", Codes: related}, a.getLine)
	register(a, Op{ID: "edit-line", Method: patch, Path: "/customers/{customer}/devices/{device}/lines/{line}", Action: access.DeviceEdit, Tag: tag, Summary: "Change a line", Log: "line/edit", IfMatch: true, Codes: plus(changed, related, []string{"409 line_number_taken"})}, a.editLine)
	register(a, Op{ID: "delete-line", Method: remove, Path: "/customers/{customer}/devices/{device}/lines/{line}", Action: access.DeviceEdit, Tag: tag, Summary: "Take a line away", Log: "line/delete", IfMatch: true, Codes: plus(changed, related)}, a.deleteLine)
	register(a, Op{ID: "reveal-line", Method: post, Path: "/customers/{customer}/devices/{device}/lines/{line}/reveal", Action: access.SecretReveal, Tag: tag, Summary: "Show a line's password", Log: "line/reveal", Secret: true, Codes: plus(related, []string{"404 line_password_missing"})}, a.revealLine)
	register(a, Op{ID: "get-keys", Method: get, Path: "/customers/{customer}/devices/{device}/keys", Action: access.DeviceView, Tag: tag, Summary: "Keys of a phone, and what its model cannot do of them", Codes: related}, a.getKeys)
	register(a, Op{ID: "set-keys", Method: put, Path: "/customers/{customer}/devices/{device}/keys", Action: access.DeviceEdit, Tag: tag, Summary: "Replace the keys of a phone", Log: "device/set_keys", IfMatch: true, Codes: plus(changed, related)}, a.setKeys)

	tag = "Search"
	register(a, Op{ID: "search", Method: get, Path: "/search", Action: access.DeviceView, Or: []access.Action{access.UserView, access.NumberView, access.LocationView}, Tag: tag, Summary: "Find devices, people, places and numbers of all customers that you see"}, a.search)

	for _, l := range levels {
		a.profileRoutes(l)
		a.planRoutes(l)
	}

	tag = "Configuration"
	register(a, Op{ID: "get-effective", Method: get, Path: "/customers/{customer}/devices/{device}/effective", Action: access.ProfileView, Tag: tag, Summary: "What a phone gets, value by value, where each comes from and what it overrules", Codes: related}, a.getEffective)
	register(a, Op{ID: "get-rendered-file", Method: get, Path: "/customers/{customer}/devices/{device}/files/{name}", Action: access.ProfileView, Tag: tag, Summary: "A file as the phone would get it now, secrets masked", Status: 200, Gives: "application/octet-stream", Codes: related}, a.getRenderedFile)
	register(a, Op{ID: "reveal-rendered-file", Method: post, Path: "/customers/{customer}/devices/{device}/files/{name}/reveal", Action: access.SecretReveal, Tag: tag, Summary: "The same with secrets in clear; the operation log has a row", Log: "device_file/reveal", Status: 200, Gives: "application/octet-stream", Secret: true, Codes: related}, a.revealRenderedFile)

	a.fileRoutes()
	a.redirectRoutes()
	a.billingRoutes()
	a.subscriberRoutes()
	a.registrarRoutes()
	a.brandingRoutes()
	a.onboardRoutes()

	a.mux.HandleFunc("POST "+tokenPath, a.token)
	a.mux.HandleFunc("POST "+tokenPathV1, a.token)
	a.mux.HandleFunc("GET /api/openapi.json", a.serveOpenAPI)
	a.mux.HandleFunc("GET /api/docs", a.serveDocs)
	a.mux.HandleFunc("GET /api/docs.css", a.serveStyle)
}
