package devices

import (
	"slices"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/plans"
	"linecard/internal/portal/ui"
)

// Groups shows the groups of a phone in their order and lets people arrange them. The arrangement stands in the address until it is
// looked at as a plan, so going back takes a step back.
func (p Pages) Groups(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	all, err := p.allGroups(r)
	if err != nil {
		return err
	}
	now := v.d.GroupIDs
	if d, err := p.Devices.Get(r.Context(), r.Actor, v.d.CustomerID, v.d.ID); err == nil {
		now = d.GroupIDs
	}
	names := map[string]string{}
	order := parts.Order{Path: v.at + "/groups", Save: v.at + "/groups", Field: "group", Now: now, Add: r.T("groups.add_to"), Review: r.T("plans.review"), Edit: v.may.Do(access.DeviceEdit)}
	for _, g := range all {
		names[g.ID] = g.Name
		order.Choices = append(order.Choices, parts.Choice{ID: g.ID, Name: g.Name, Note: g.Description})
	}
	order.Caption, order.Empty = r.T("phone.tab.groups"), ui.Empty{Icon: "list-details", Title: r.T("groups.none_of_device"), Text: r.T("groups.none_of_device_text")}
	return v.tabbed(r, "/groups", ui.Note(r.T("groups.order_note")), order.Show(r))
}

// allGroups reads the groups of the customer, as many as a picker can offer.
func (p Pages) allGroups(r *page.Request) ([]device.Group, error) {
	var all []device.Group
	page := db.Page{Limit: 200, Sort: "name"}
	for {
		l, err := p.Devices.Groups(r.Context(), r.Actor, p.customer(r), device.GroupQuery{Page: page})
		if err != nil {
			return nil, err
		}
		if all = append(all, l.Items...); l.Next == "" || len(all) >= device.MaxGroups {
			return all, nil
		}
		page.Cursor = l.Next
	}
}

// SetGroups makes a plan of the new arrangement.
func (p Pages) SetGroups(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	tries(r, "edit", v.d)
	ids := slices.DeleteFunc(r.PostForm["group"], func(id string) bool { return id == "" })
	return plans.Propose(r, p.Deps, config.Asked{Kind: config.DeviceUpdate, DeviceID: v.d.ID, GroupIDs: &ids}, v.at+"/groups")
}
