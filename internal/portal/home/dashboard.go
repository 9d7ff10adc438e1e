package home

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/httpx"
	"linecard/internal/onboard"
	"linecard/internal/operation"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

const (
	chartRows = 8                   // bars of a chart; the rest is behind its link
	counts    = 100                 // what is counted by reading it, at most
	recently  = 30 * 24 * time.Hour // a plan that failed before is history
)

// board collects what a dashboard shows.
type board struct {
	r      *page.Request
	alerts []ui.Alert
	stats  []templ.Component
	charts []templ.Component
	at     time.Time // of the numbers above customers; zero: now
	note   string
}

// alert adds something that needs attention when there is any, and the person can go there.
func (b *board) alert(tone ui.Tone, n int64, key, text, path string) {
	if n > 0 {
		count := ui.Number(b.r.Context(), n)
		if n >= counts && (key == "dashboard.operations" || key == "dashboard.cases" || key == "dashboard.plans_failed") {
			count = ui.Number(b.r.Context(), int64(counts)) + "+"
		}
		b.alerts = append(b.alerts, ui.Alert{Tone: tone, Count: count, Title: ui.N(b.r.Context(), key, int(n)), Text: text, URL: b.way(path)})
	}
}

// way is the address when its page is open to the person.
func (b *board) way(path string) string {
	u, err := url.Parse(path)
	if err != nil || b.r.Way(u.Path) == "" {
		return ""
	}
	return path
}

// allowed lets a number be left out that the person may not see.
func allowed(err error) error {
	if err != nil && errs.KindOf(err) == errs.Forbidden {
		return nil
	}
	return err
}

// dashboard collects the numbers of the place where the person works.
func (p Pages) dashboard(r *page.Request) (*board, error) {
	b := &board{r: r}
	steps := []func(*board) error{p.phonesAbove, p.cases, p.certificates, p.tenants}
	if r.Place.Kind == access.Customer {
		steps = []func(*board) error{p.phonesHere}
	}
	for _, step := range append(steps, p.changes, p.work, p.hooks) {
		if err := allowed(step(b)); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(b.alerts, func(x, y ui.Alert) int { return urgency(x.Tone) - urgency(y.Tone) })
	return b, nil
}

func urgency(t ui.Tone) int { return slices.Index([]ui.Tone{ui.Bad, ui.Warn, ui.Info, ui.Busy}, t) }

// value is how a filter asks for a value of a property.
func value(v string) string {
	if v == "" {
		return device.Unknown
	}
	return url.QueryEscape(v)
}

// phones adds what a tally says, each number with the list that it counts.
func (b *board) phones(t device.Tally, list func(kind, value string) string) {
	r := b.r
	b.alert(ui.Bad, t.Failed, "dashboard.failed", b.r.T("dashboard.failed_text"), list(device.ByResult, device.NotProvisioned))
	b.alert(ui.Warn, t.Offline, "dashboard.stopped", b.r.T("dashboard.stopped_text"), list(device.ByStatus, string(device.Offline)))
	b.stats = append(b.stats, ui.Ratio{Label: r.T("dashboard.online"), URL: b.way(list(device.ByStatus, string(device.Online))), N: t.Online, Of: t.Total, Note: r.T("dashboard.online_note")},
		ui.Stat{Label: r.T("dashboard.all"), Value: ui.Number(r.Context(), t.Total), URL: b.way(list("", ""))},
		ui.Stat{Label: r.T("dashboard.never"), Value: ui.Number(r.Context(), t.Never), URL: b.way(list(device.ByStatus, string(device.Never)))})
	for _, c := range []struct {
		kind, title string
		all         []device.Share
	}{{device.ByFamily, r.T("dashboard.by_type"), t.Families}, {device.ByModel, r.T("dashboard.by_model"), t.Models}, {device.ByVersion, r.T("dashboard.by_version"), t.Versions}} {
		chart := ui.Bars{ID: "by-" + c.kind, Title: c.title, Empty: r.T("dashboard.no_phones")}
		for _, s := range c.all {
			label := s.Value
			if label == "" {
				label = r.T("dashboard.unknown")
			}
			chart.Rows = append(chart.Rows, ui.Bar{Label: label, URL: b.way(list(c.kind, value(s.Value))), N: s.Devices, Quiet: s.Value == ""})
		}
		chart.Rows = b.cut(chart.Rows)
		b.charts = append(b.charts, chart)
	}
}

// cut folds the smallest values of a chart into one bar.
func (b *board) cut(rows []ui.Bar) []ui.Bar {
	if len(rows) <= chartRows {
		return rows
	}
	rest := ui.Bar{Label: ui.N(b.r.Context(), "dashboard.others", len(rows)-chartRows+1), Quiet: true}
	for _, r := range rows[chartRows-1:] {
		rest.N += r.N
	}
	return append(slices.Clone(rows[:chartRows-1]), rest)
}

// phonesHere counts the phones of a customer as they are now (DM-12 … DM-17).
func (p Pages) phonesHere(b *board) error {
	r := b.r
	if !r.Place.Permissions.Has(tenant.DMP) {
		return nil
	}
	t, err := p.Devices.Tally(r.Context(), r.Actor, r.Place.ID)
	if err != nil {
		return err
	}
	b.phones(t, func(kind, value string) string {
		if kind == "" {
			return "/devices?all=1"
		}
		return "/devices?" + kind + "=" + value
	})
	b.alert(ui.Info, t.Knocks, "dashboard.knocks", b.r.T("dashboard.knocks_text"), "/knocks")
	if v, err := p.Devices.Provisioning(r.Context(), r.Actor, r.Place.ID); err == nil && v.Account.User == "" {
		b.alerts = append(b.alerts, ui.Alert{Tone: ui.Bad, Count: "!", Title: r.T("provisioning.no_account"), Text: r.T("provisioning.no_account_text"), URL: r.Way("/provisioning")})
	}
	sites, err := p.siteBars(b, t)
	if err != nil {
		return err
	}
	groups, err := p.groupBars(b)
	if err != nil {
		return err
	}
	b.charts = slices.Insert(b.charts, 1, sites, groups)
	return nil
}

// siteBars shows the sites with the most phones, those with none as well (DM-15).
func (p Pages) siteBars(b *board, t device.Tally) (templ.Component, error) {
	all, err := p.Networks.Sites(b.r.Context(), p.DB, b.r.Place.ID)
	if err != nil {
		return nil, err
	}
	n := map[string]int64{}
	for _, s := range t.Sites {
		n[s.Value] = s.Devices
	}
	chart := ui.Bars{ID: "by-site", Title: b.r.T("dashboard.by_site"), More: b.r.Way("/sites"), MoreText: b.r.T("dashboard.all_sites"), Empty: b.r.T("dashboard.no_phones")}
	for _, s := range all {
		chart.Rows = append(chart.Rows, ui.Bar{Label: s.Name, URL: b.way("/devices?site=" + s.ID), N: n[s.ID]})
	}
	slices.SortFunc(chart.Rows, most)
	chart.Rows = b.cut(chart.Rows)
	return chart, nil
}

func most(x, y ui.Bar) int {
	if x.N != y.N {
		return int(min(1, max(-1, y.N-x.N)))
	}
	if x.Label < y.Label {
		return -1
	}
	return 1
}

// groupBars shows the largest of the first groups (DM-16).
func (p Pages) groupBars(b *board) (templ.Component, error) {
	l, err := p.Devices.Groups(b.r.Context(), b.r.Actor, b.r.Place.ID, device.GroupQuery{Page: db.Page{Limit: 200, Sort: "name"}})
	if err != nil {
		return nil, err
	}
	chart := ui.Bars{ID: "by-group", Title: b.r.T("dashboard.by_group"), More: b.r.Way("/groups"), MoreText: b.r.T("dashboard.all_groups"), Empty: b.r.T("dashboard.no_groups")}
	for _, g := range l.Items {
		chart.Rows = append(chart.Rows, ui.Bar{Label: g.Name, URL: b.way("/devices?group=" + g.ID), N: g.Devices})
	}
	slices.SortFunc(chart.Rows, most)
	chart.Rows = chart.Rows[:min(len(chart.Rows), chartRows)] // a phone can be in several, so no sum stands for the rest
	return chart, nil
}

// phonesAbove shows the numbers of all customers whose phones the person may see, as they were last counted.
func (p Pages) phonesAbove(b *board) error {
	if !b.r.Actor.Can(access.DeviceView) {
		return nil
	}
	t, err := p.Devices.Fleet(b.r.Context(), b.r.Actor)
	if err != nil {
		return err
	}
	b.at = t.At
	b.note = ui.N(b.r.Context(), "dashboard.of_customers", int(t.Customers))
	b.phones(t, func(kind, value string) string {
		if kind == "" {
			return "/fleet"
		}
		return "/fleet?by=" + kind + "&is=" + value
	})
	b.alert(ui.Info, t.Knocks, "dashboard.knocks", b.r.T("dashboard.knocks_text"), "/fleet?by="+device.ByKnocks+"&is="+device.Unknown)
	return nil
}

// tenants counts who lies below the place.
func (p Pages) tenants(b *board) error {
	r := b.r
	count := func(label, path string, q tenant.Query) error {
		q.Page.Limit = 1
		l, err := p.Tenants.List(r.Context(), r.Actor, q)
		if err == nil {
			b.stats = append(b.stats, ui.Stat{Label: label, Value: ui.Number(r.Context(), l.Total), URL: b.way(path)})
		}
		return allowed(err)
	}
	frozen := true
	switch {
	case r.Place.Kind == access.Operator:
		if err := count(r.T("home.partners"), "/partners", tenant.Query{Kind: access.Partner}); err != nil {
			return err
		}
	case r.Place.Kind == access.Partner && r.Actor.Can(access.SubPartnerView):
		if err := count(r.T("home.sub_partners"), "/sub-partners", tenant.Query{Kind: access.SubPartner, ParentID: r.Place.ID}); err != nil {
			return err
		}
	}
	if err := count(r.T("nav.customers"), "/customers", tenant.Query{Kind: access.Customer}); err != nil {
		return err
	}
	return count(r.T("home.frozen"), "/customers?state=frozen", tenant.Query{Kind: access.Customer, Frozen: &frozen})
}

// changes counts plans that the watch or a fault stopped, that are on trial, or that wait for their window.
func (p Pages) changes(b *board) error {
	if !b.r.Actor.Can(access.ProfileView) || b.r.Way("/plans") == "" {
		return nil
	}
	for _, x := range []struct {
		state     config.PlanState
		tone      ui.Tone
		key, text string
	}{{config.Failed, ui.Bad, "dashboard.plans_failed", b.r.T("dashboard.plans_failed_text")}, {config.Staged, ui.Warn, "dashboard.plans_staged", b.r.T("dashboard.plans_staged_text")}, {config.Scheduled, ui.Busy, "dashboard.plans_scheduled", b.r.T("dashboard.plans_scheduled_text")}} {
		by := config.PlanQuery{State: x.state, Page: db.Page{Limit: counts}}
		path := "/plans?state=" + string(x.state)
		if x.state == config.Failed {
			by.Since, path = recently, path+"&days="+strconv.Itoa(int(recently/(24*time.Hour)))
		}
		all, _, err := p.Plans.Find(b.r.Context(), b.r.Actor, parts.Place(b.r), by)
		if err != nil {
			return err
		}
		b.alert(x.tone, int64(len(all)), x.key, x.text, path)
	}
	return nil
}

// work counts long work that failed.
func (p Pages) work(b *board) error {
	all, _, err := p.Operations.List(b.r.Context(), b.r.Actor, operation.Query{State: operation.Failed, Page: db.Page{Limit: counts}})
	if err != nil {
		return err
	}
	b.alert(ui.Bad, int64(len(all)), "dashboard.operations", b.r.T("dashboard.operations_text"), "/operations?state="+string(operation.Failed))
	return nil
}

// cases counts customers that wait for their compliance check.
func (p Pages) cases(b *board) error {
	if !b.r.Actor.Can(access.ComplianceView) {
		return nil
	}
	all, _, err := p.Onboard.Cases(b.r.Context(), b.r.Actor, onboard.CaseQuery{Page: db.Page{Limit: counts}})
	if err != nil {
		return err
	}
	b.alert(ui.Warn, int64(len(all)), "dashboard.cases", b.r.T("dashboard.cases_text"), "/compliance")
	return nil
}

// certificates counts those of our listeners that end within a month.
func (p Pages) certificates(b *board) error {
	if !b.r.Actor.Can(access.PlatformStatus) || p.Deps.Certificates == nil {
		return nil
	}
	n, tone := int64(0), ui.Warn
	for _, c := range p.Deps.Certificates(b.r.Context()) {
		if stage := httpx.ExpiryStage(c.NotAfter, b.r.Now()); stage > 0 {
			if n++; stage <= 3 {
				tone = ui.Bad
			}
		}
	}
	b.alert(tone, n, "dashboard.certificates", b.r.T("dashboard.certificates_text"), "/certificates")
	return nil
}

// hooks names the webhooks whose deliveries were given up.
func (p Pages) hooks(b *board) error {
	if !b.r.Actor.Can(access.EventView) {
		return nil
	}
	may, err := parts.Here(b.r, p.Deps)
	if err != nil {
		return err
	}
	all, err := p.Webhooks.Buried(b.r.Context(), b.r.Actor, may.Target())
	for _, h := range all {
		path := ""
		if b.r.Way("/webhooks") != "" {
			path = "/webhooks/" + h.ID + "?state=dead"
		}
		name := h.Description
		if name == "" {
			name = h.URL
		}
		b.alerts = append(b.alerts, ui.Alert{Tone: ui.Warn, Count: ui.Number(b.r.Context(), h.Dead), Title: ui.N(b.r.Context(), "dashboard.dead", int(h.Dead)), Text: name, URL: path})
	}
	return err
}
