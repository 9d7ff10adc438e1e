package wholesale

import (
	"context"
	"net/http"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/tenant"
)

type subPartnerWire struct {
	OrgID        string `json:"orgId"`
	Subscription string `json:"subscriptionId,omitempty"`
	State        string `json:"provisioningState"`
	Created      string `json:"created"`
	BillingStart string `json:"billingStartDate,omitempty"`
}

// pages is how many of a room's pages are walked to reach an offset: this list is short, and the room has no other way.
const pages = 100

// listSubPartners lists a partner's sub-partners under items, as the public schema has it and all clients read it; an example there says
// subPartners (WS-88).
func (a *API) listSubPartners(ctx context.Context, c *call) (answer, error) {
	w, err := windowOf(c.query, pageUsual)
	if err != nil {
		return answer{}, err
	}
	q := tenant.Query{Kind: access.SubPartner, Page: db.Page{Limit: db.MaxLimit, Sort: "created"}}
	yes, no := true, false
	switch c.query.Get("provisioningState") {
	case "":
	case "active":
		q.Suspended = &no
	case "suspended":
		q.Suspended = &yes
	default:
		return answer{}, errs.BadField("provisioningState", "unknown_value", "This is none of the possible values.")
	}
	var found []tenant.Tenant
	for range pages {
		l, err := a.d.Tenants.List(ctx, c.actor, q)
		if err != nil {
			return answer{}, err
		}
		found = append(found, l.Items...)
		if q.Page.Cursor = l.Next; l.Next == "" || len(found) > w.offset+w.max {
			break
		}
	}
	more := len(found) > w.offset+w.max
	found = found[min(w.offset, len(found)):min(w.offset+w.max, len(found))]
	items := make([]subPartnerWire, 0, len(found))
	for _, t := range found {
		one := subPartnerWire{OrgID: encode(orgID, t.ID), State: "active", Created: instant(t.Created)}
		if t.ProvisioningSuspended {
			one.State = "suspended"
		}
		sub, err := a.d.Catalog.SubscriptionOf(ctx, a.d.DB, t.ParentID) // shared by all of a partner (WS-79)
		switch {
		case err == nil:
			one.Subscription, one.BillingStart = sub.ID, billingStart(sub.Start, t.Created)
		case errs.KindOf(err) != errs.NotFound:
			return answer{}, err
		}
		items = append(items, one)
	}
	return answer{status: http.StatusOK, links: w.links(c.base+c.op.path, c.query, more), body: map[string]any{"items": items}}, nil
}

// billingStart is when usage of a sub-partner begins to be charged: with the subscription, or later with the sub-partner.
func billingStart(day string, created db.Time) string {
	if at := day + "T00:00:00.000Z"; at > instant(created) {
		return at
	}
	return instant(created)
}
