package customers

import (
	"linecard/internal/access"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// The controls of a customer. In the list they follow the role and what the row shows; on the customer's page, and in the
// service, the decision about this one customer.

func editAction(r *page.Request, c tenant.Tenant) ui.Action {
	return ui.Action{Label: r.T("action.edit"), About: c.Name, URL: url(c, "edit"), Icon: "pencil"}
}

func freezeAction(r *page.Request, c tenant.Tenant) ui.Action {
	if c.Frozen {
		return ui.Action{Label: r.T("action.unfreeze"), About: c.Name, URL: url(c, "unfreeze"), How: ui.Confirm, Icon: "lock-open"}
	}
	return ui.Action{Label: r.T("action.freeze"), About: c.Name, URL: url(c, "freeze"), How: ui.Confirm, Icon: "snowflake", Style: "danger"}
}

func resetAction(r *page.Request, c tenant.Tenant) ui.Action {
	return ui.Action{Label: r.T("action.reset_password"), About: c.Name, URL: url(c, "reset-password"), How: ui.Confirm, Icon: "key"}
}

func deviceDoor(r *page.Request, c tenant.Tenant) ui.Action {
	return door(r, c, access.DevicePortal, r.T("customer.enter_devices"))
}

func redirectDoor(r *page.Request, c tenant.Tenant) ui.Action {
	return door(r, c, access.RedirectPortal, r.T("customer.enter_redirect"))
}

// door enters at once; the operator's people are asked for a reason first.
func door(r *page.Request, c tenant.Tenant, p access.Portal, label string) ui.Action {
	a := ui.Action{Label: label, About: c.Name, URL: url(c, "enter"), Icon: "login"}
	if r.Actor.Tenant.Kind == access.Operator {
		a.URL, a.How = a.URL+"?door="+string(p), ui.Confirm
	} else {
		a.How, a.Hidden = ui.Post, []ui.Hidden{{Name: "door", Value: string(p)}}
	}
	return a
}

func askAction(r *page.Request, c tenant.Tenant) ui.Action {
	return ui.Action{Label: r.T("customer.request_authorisation"), About: c.Name, URL: url(c, "request-authorisation"), How: ui.Confirm, Icon: "shield-check"}
}

func archiveAction(r *page.Request, c tenant.Tenant) ui.Action {
	return ui.Action{Label: r.T("customer.archive"), About: c.Name, URL: url(c, "archive"), How: ui.Confirm, Icon: "inbox", Style: "danger"}
}

// rowActions are the controls of a row of the list.
func rowActions(r *page.Request, c tenant.Tenant, b beside) []ui.Action {
	if c.State == tenant.Archived {
		return nil
	}
	var all []ui.Action
	add := func(act access.Action, a ui.Action) {
		a.About = ""
		if r.Actor.Can(act) {
			all = append(all, a)
		}
	}
	if r.Actor.Can(access.CustomerEnter) && r.Actor.Acting == nil {
		all = append(all, doors(r, c, b)...)
	}
	add(access.CustomerEdit, editAction(r, c))
	add(access.CustomerResetPassword, resetAction(r, c))
	add(access.CustomerFreeze, freezeAction(r, c))
	return all
}

// doors are the ways in: the device portal when authorised, switched off with the reason when not (CH-29), and the redirect
// portal, which needs no authorisation (CH-30).
func doors(r *page.Request, c tenant.Tenant, b beside) []ui.Action {
	var all []ui.Action
	if c.Permissions.Has(tenant.DMP) {
		state := authorised(c, b)
		door := deviceDoor(r, c)
		switch {
		case state == tenant.Granted, r.Place.Kind == access.Operator:
			all = append(all, door)
		case state == tenant.Requested:
			all = append(all, parts.Off(door, r.T("customer.waits_for_authorisation")))
		default:
			all = append(all, parts.Off(door, r.T("customer.ask_for_authorisation")), askAction(r, c))
		}
	}
	if c.Permissions.Has(tenant.RPS) {
		all = append(all, redirectDoor(r, c))
	}
	for i := range all {
		all[i].About = ""
	}
	if len(all) > 0 { // what stands in the row is short; the others stand in its menu
		all[0].Label = r.T("action.enter")
	}
	return all
}
