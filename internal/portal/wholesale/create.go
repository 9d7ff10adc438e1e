package wholesale

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/tenant"
)

// The steps of a new customer (WS-106).
const (
	stepCustomer = iota
	stepPackages
	stepPlace
	stepSummary
	createSteps
)

// limitField begins the name of the field with the most of a package.
const limitField = "limit."

// making is the wizard at work.
type making struct {
	p         Pages
	typed     url.Values
	templates []onboard.Template
	sold      []catalog.Item // what the subscription of the chosen template's owner sells
	attach    *tenant.Tenant // the existing organisation that joins (WS-115)
	findings  []onboard.Finding
	checked   bool
}

// errConfirm asks to look at the location once more before it is used (WS-106).
var errConfirm = errs.BadField("location.confirmed", "confirm_location", "Confirm that the location is right.")

func (p Pages) making(r *page.Request, typed url.Values) (*making, error) {
	m := &making{p: p, typed: typed}
	all, _, err := p.Onboard.Templates(r.Context(), r.Actor, onboard.TemplateQuery{Page: db.Page{Limit: db.MaxLimit}})
	if err != nil {
		return nil, err
	}
	m.templates = all
	if id := typed.Get("org_id"); id != "" {
		t, _, err := parts.Look(r, p.Deps, id, access.Customer)
		if err != nil {
			return nil, err
		}
		m.attach = &t
	}
	t := m.template()
	if t.ID == "" {
		return m, nil
	}
	offer, err := parts.OfferOf(r, p.Deps, "")
	if err != nil {
		return nil, err
	}
	partner, _, err := p.Catalog.Billed(r.Context(), p.DB, t.OwnerID)
	if err != nil {
		return nil, err
	}
	sub, err := p.Catalog.SubscriptionOf(r.Context(), p.DB, partner) // its items only; prices stay with who may see them
	if err != nil && errs.KindOf(err) != errs.NotFound {
		return nil, err
	}
	for _, i := range offer.Items {
		if slices.Contains(sub.Items, i.Code) && i.State == catalog.Active {
			m.sold = append(m.sold, i)
		}
	}
	return m, nil
}

// template is the chosen one; the zero one when none is, and the only one there is.
func (m *making) template() onboard.Template {
	for _, t := range m.templates {
		if t.ProvisioningID == m.typed.Get("provisioning_id") || len(m.templates) == 1 {
			return t
		}
	}
	return onboard.Template{}
}

// calling says whether one of the chosen packages makes calls, so that the customer needs a headquarters.
func (m *making) calling() bool {
	for _, i := range m.sold {
		if i.HasCalling() && slices.Contains(m.typed["packages"], i.Code) {
			return true
		}
	}
	return false
}

// request is what was typed so far. A limit that is no number becomes -1, which the rules refuse.
func (m *making) request(r *page.Request) onboard.Request {
	v := func(name string) string { return strings.TrimSpace(m.typed.Get(name)) }
	out := onboard.Request{ProvisioningID: m.template().ProvisioningID, Packages: slices.DeleteFunc(slices.Clone(m.typed["packages"]), func(s string) bool { return s == "" }), Limits: map[string]int64{},
		ExternalID: v("external_id"), Name: v("name"), Email: v("email"), Language: v("language"), Address: parts.ReadAddress(m.typed, "address")}
	if t := m.template(); t.OwnerID != "" && t.OwnerID != r.Actor.Place().ID {
		out.OnBehalfOf = t.OwnerID
	}
	if m.attach != nil {
		out.OrgID, out.Name, out.Email = m.attach.ID, "", ""
	}
	for _, code := range out.Packages {
		if text := v(limitField + code); text != "" {
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				n = -1
			}
			out.Limits[code] = n
		}
	}
	if m.calling() {
		h := &onboard.Headquarters{Name: v("location.name"), TimeZone: v("location.time_zone"), Language: v("location.language"), EmergencyID: v("location.emergency_id"), Address: parts.ReadAddress(m.typed, "location.address")}
		if m.typed.Get("location.same") == "on" {
			h.Address = out.Address
		}
		out.Location = h
		for line := range strings.FieldsFuncSeq(m.typed.Get("numbers"), func(c rune) bool { return c == '\n' || c == ',' || c == ';' }) {
			if line = strings.TrimSpace(line); line != "" {
				out.Numbers = append(out.Numbers, line)
			}
		}
	}
	return out
}

// fields are the names of a step's fields.
func (m *making) fields(step int) []string {
	switch step {
	case stepCustomer:
		return append([]string{"provisioning_id", "org_id", "name", "email", "external_id", "language"}, parts.AddressNames("address")...)
	case stepPackages:
		out := []string{"packages"}
		for _, i := range m.sold {
			out = append(out, limitField+i.Code)
		}
		return out
	case stepPlace:
		return append([]string{"location.name", "location.same", "location.time_zone", "location.language", "location.emergency_id", "location.confirmed", "numbers"}, parts.AddressNames("location.address")...)
	}
	return nil
}

// check asks what the request would meet, and gives the faults of the steps up to one.
func (m *making) check(r *page.Request, upTo int) error {
	all, err := m.p.Onboard.Precheck(r.Context(), r.Actor, m.request(r))
	if err != nil {
		return err
	}
	m.findings, m.checked = all, true
	var faults []errs.Field
	var own []string
	for s := range upTo + 1 {
		own = append(own, m.fields(s)...)
	}
	if upTo >= stepPackages {
		own = append(own, "limits")
	}
	if upTo >= stepPlace {
		own = append(own, "location")
		if m.calling() && m.typed.Get("location.confirmed") != "on" {
			faults = append(faults, errConfirm.Fields...)
		}
	}
	for _, f := range all {
		if f.Severity != onboard.SeverityError || f.Field == "" {
			continue
		}
		field := errs.Field{Name: f.Field, Code: f.Code, Message: f.Message, Params: f.Params}
		if rest, ok := strings.CutPrefix(f.Field, "limits."); ok {
			field.Name = limitField + rest
		}
		faults = append(faults, field)
	}
	return parts.Only(errs.BadFields(faults), own...)
}

// refused says whether the last step would be refused.
func (m *making) refused() bool {
	return slices.ContainsFunc(m.findings, func(f onboard.Finding) bool { return f.Severity == onboard.SeverityError })
}

// Add begins a customer, or with the address of one its way into the wholesale offer.
func (p Pages) Add(r *page.Request) error {
	typed := url.Values{}
	if id := r.URL.Query().Get("customer"); id != "" {
		typed.Set("org_id", id)
	}
	if id := r.URL.Query().Get("template"); id != "" {
		typed.Set("provisioning_id", id)
	}
	m, err := p.making(r, typed)
	if err != nil {
		return err
	}
	return m.show(r, stepCustomer, nil)
}

// Create goes a step on or back; the last one asks for the customer.
func (p Pages) Create(r *page.Request) error {
	m, err := p.making(r, r.PostForm)
	if err != nil {
		return err
	}
	r.Tries("customer/provision", r.Actor.Place(), journal.Target{Kind: "customer", Name: r.PostFormValue("name")})
	from, to, back := parts.WizardAt(r, createSteps)
	if back {
		if to == stepPlace && !m.calling() {
			to = stepPackages
		}
		return m.show(r, to, nil)
	}
	if err := m.check(r, from); err != nil {
		if errs.KindOf(err) != errs.Invalid {
			return err
		}
		return m.again(r, from, err)
	}
	if from == stepSummary && r.PostFormValue("do") == parts.WizardDone {
		c, err := p.Onboard.Provision(r.Context(), r.Actor, m.request(r))
		if err != nil {
			return m.again(r, stepSummary, err)
		}
		return r.Done("/customers/"+c.ID+"/service", r.T("wholesale.accepted", "name", c.Name))
	}
	if to == stepPlace && !m.calling() {
		to = stepSummary
	}
	if to == stepPlace && m.typed.Get("location.name") == "" {
		m.suggest(r)
	}
	return m.show(r, to, nil)
}

// suggest fills the headquarters with what is known.
func (m *making) suggest(r *page.Request) {
	m.typed.Set("location.same", "on")
	m.typed.Set("location.name", r.T("locations.headquarters"))
	if m.typed.Get("location.language") == "" {
		m.typed.Set("location.language", m.template().Language)
	}
}

func (m *making) show(r *page.Request, at int, err error) error {
	c, faulty := m.page(r, at, err)
	if faulty != nil {
		return faulty
	}
	return r.Show(c)
}

func (m *making) again(r *page.Request, at int, err error) error {
	c, faulty := m.page(r, at, err)
	if faulty != nil {
		return faulty
	}
	return r.Again(err, c)
}

func (m *making) page(r *page.Request, at int, err error) (templ.Component, error) {
	title := r.T("wholesale.add")
	if m.attach != nil {
		title = r.T("wholesale.attach_title", "name", m.attach.Name)
	}
	s := r.Shell(title, r.T("wholesale.add_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.provisioned"), URL: "/wholesale"}}
	if len(m.templates) == 0 {
		e := ui.Empty{Icon: "file-text", Title: r.T("wholesale.no_template"), Text: r.T("wholesale.no_template_text")}
		if to := r.Way("/templates/new"); to != "" {
			e.Actions = []ui.Action{{Label: r.T("templates.add"), URL: to, Icon: "plus", Style: "primary"}}
		}
		return ui.Full(s, ui.CardOf("", e)), nil
	}
	if at == stepSummary && !m.checked {
		if faulty := m.check(r, at); faulty != nil && errs.KindOf(faulty) != errs.Invalid {
			return nil, faulty
		}
	}
	w := parts.Wizard{URL: "/wholesale/new", At: at, Typed: m.typed, Cancel: "/wholesale", Finish: r.T("wholesale.create"), Off: m.refused()}
	w.Steps = []parts.WizardStep{
		{Label: r.T("wholesale.step_customer"), Fields: m.fields(stepCustomer), Show: func(f ui.Faults) []templ.Component { return m.customerStep(r, f) }},
		{Label: r.T("offer.packages"), Fields: m.fields(stepPackages), Show: func(f ui.Faults) []templ.Component { return m.packagesStep(r, f) }},
		{Label: r.T("locations.headquarters"), Fields: m.fields(stepPlace), Show: func(f ui.Faults) []templ.Component { return m.placeStep(r, f) }},
		{Label: r.T("wholesale.step_summary")},
	}
	w.Steps[stepSummary].Show = func(ui.Faults) []templ.Component { return m.summaryStep(r, w) }
	return ui.Full(s, w.Show(r, err)), nil
}

func (m *making) in(f ui.Faults, name, label string, max int) ui.Input {
	return ui.Input{Name: name, Label: label, Value: m.typed.Get(name), Max: max, Autocomplete: "off", Fault: f.For(name)}
}

func (m *making) customerStep(r *page.Request, f ui.Faults) []templ.Component {
	chosen := m.template().ProvisioningID
	pick := ui.Select{Name: "provisioning_id", Label: r.T("wholesale.template"), Hint: r.T("wholesale.template_hint"), Required: true, Fault: f.For("provisioning_id")}
	for _, t := range m.templates {
		pick.Options = append(pick.Options, ui.Option{Value: t.ProvisioningID, Label: t.Name, Selected: t.ProvisioningID == chosen})
	}
	external := m.in(f, "external_id", r.T("organisation.external_id"), 255)
	external.Mono, external.Required, external.Hint = true, true, r.T("organisation.external_id_hint")
	var fields []templ.Component
	if m.attach != nil {
		fields = append(fields, ui.Carry("org_id", m.attach.ID), ui.Section{Title: m.attach.Name, Text: r.T("wholesale.attach_text")}, pick, external)
	} else {
		name, mail := m.in(f, "name", r.T("wholesale.company"), 128), m.in(f, "email", r.T("wholesale.admin_email"), 254)
		name.Required, mail.Required, mail.Kind, mail.Hint = true, true, "email", r.T("wholesale.admin_email_hint")
		language := ui.Select{Name: "language", Label: r.T("organisation.locale"), Fault: f.For("language"), Options: append([]ui.Option{{Label: r.T("wholesale.template_language")}}, unchosen(parts.LanguageOptions("-"), m.typed.Get("language"))...)}
		fields = append(fields, pick, name, mail, external, language)
	}
	address := parts.ReadAddress(m.typed, "address")
	if address.Country == "" {
		address.Country = m.template().Country
	}
	fields = append(fields, ui.Section{Title: r.T("organisation.address"), Text: r.T("wholesale.address_text")})
	return append(fields, parts.AddressFields(r, "address", address, f)...)
}

// unchosen selects one of the options, or none.
func unchosen(all []ui.Option, chosen string) []ui.Option {
	out := all[:0]
	for _, o := range all {
		if o.Value != "-" {
			o.Selected = o.Value == chosen
			out = append(out, o)
		}
	}
	return out
}

func (m *making) packagesStep(r *page.Request, f ui.Faults) []templ.Component {
	if len(m.sold) == 0 {
		return []templ.Component{ui.Notice{Tone: ui.Bad, Title: r.T("offer.no_subscription"), Text: r.T("offer.no_subscription_text")}}
	}
	return packageFields(r, m.sold, m.typed["packages"], func(code string) string { return m.typed.Get(limitField + code) }, f)
}

// packageFields are check boxes of packages and add-ons with a limit beside each.
func packageFields(r *page.Request, sold []catalog.Item, chosen []string, limit func(code string) string, f ui.Faults) []templ.Component {
	var out []templ.Component
	fault := f.For("packages")
	for _, kind := range []catalog.Kind{catalog.Base, catalog.AddOn} {
		all := slices.DeleteFunc(slices.Clone(sold), func(i catalog.Item) bool { return i.Kind != kind })
		if len(all) == 0 {
			continue
		}
		label := r.T("offer.packages")
		if kind == catalog.AddOn {
			label, fault = r.T("users.add_ons"), ""
		}
		out = append(out, ui.Choices{Name: "packages", Label: label, Fault: fault, Options: parts.Options(all, chosen...), Columns: true})
	}
	var limits []templ.Component
	open := f.For("limits") != ""
	for _, i := range sold {
		name := limitField + i.Code
		limits = append(limits, ui.Input{Name: name, Label: i.Name, Kind: "number", Value: limit(i.Code), Optional: true, Fault: f.For(name)})
		open = open || limit(i.Code) != "" || f.For(name) != ""
	}
	if open {
		return append(append(out, ui.Section{Title: r.T("offer.limits"), Text: r.T("offer.limits_text")}), limits...)
	}
	return append(out, ui.Details(r.T("offer.limits"), append([]templ.Component{ui.Para(r.T("offer.limits_text"))}, limits...)...))
}

func (m *making) placeStep(r *page.Request, f ui.Faults) []templ.Component {
	name := m.in(f, "location.name", r.T("organisation.name"), 128)
	name.Required = true
	zone := m.in(f, "location.time_zone", r.T("organisation.time_zone"), 64)
	zone.Required, zone.Placeholder = true, "Europe/London"
	out := []templ.Component{ui.Para(r.T("wholesale.place_text")), name, zone,
		ui.Select{Name: "location.language", Label: r.T("organisation.locale"), Hint: r.T("locations.language_hint"), Options: parts.LanguageOptions(m.typed.Get("location.language")), Fault: f.For("location.language")}}
	emergency := m.in(f, "location.emergency_id", r.T("locations.emergency"), 64)
	emergency.Optional, emergency.Mono, emergency.Hint = true, true, r.T("locations.emergency_hint")
	out = append(out, emergency, ui.Section{Title: r.T("organisation.address")},
		ui.Switch{Name: "location.same", Label: r.T("wholesale.same_address", "address", parts.OneLine(r, parts.ReadAddress(m.typed, "address"))), On: m.typed.Get("location.same") == "on"})
	out = append(out, ui.Details(r.T("wholesale.other_address"), ui.GridOf(parts.AddressFields(r, "location.address", parts.ReadAddress(m.typed, "location.address"), f)...)))
	return append(out, ui.Area{Name: "numbers", Label: r.T("nav.numbers"), Value: m.typed.Get("numbers"), Rows: 4, Optional: true, Mono: true, Hint: r.T("wholesale.numbers_hint"), Fault: f.For("numbers")},
		ui.Switch{Name: "location.confirmed", Label: r.T("wholesale.confirm_place"), Hint: r.T("wholesale.confirm_place_hint"), On: m.typed.Get("location.confirmed") == "on", Fault: f.For("location.confirmed")})
}

func (m *making) summaryStep(r *page.Request, w parts.Wizard) []templ.Component {
	q := m.request(r)
	name, mail := q.Name, q.Email
	if m.attach != nil {
		name, mail = m.attach.Name, m.attach.Email
	}
	who := []ui.Def{{Term: r.T("wholesale.company"), Value: ui.Text(name)}, {Term: r.T("wholesale.admin_email"), Value: ui.Text(mail)}, {Term: r.T("wholesale.template"), Value: ui.Text(m.template().Name)},
		{Term: r.T("organisation.external_id"), Value: ui.Mono(q.ExternalID)}, {Term: r.T("organisation.address"), Value: ui.Text(parts.OneLine(r, q.Address))}}
	var packs []string
	for _, i := range m.sold {
		if !slices.Contains(q.Packages, i.Code) {
			continue
		}
		text := i.Name
		if n, ok := q.Limits[i.Code]; ok {
			text += " (" + r.T("offer.at_most", "n", n) + ")"
		}
		packs = append(packs, text)
	}
	out := []templ.Component{m.verdict(r), ui.Subtitle(w.Steps[stepCustomer].Label), ui.Definitions(who), ui.Buttons(w.Change(r, stepCustomer)), ui.Subtitle(w.Steps[stepPackages].Label), ui.Points(packs...), ui.Buttons(w.Change(r, stepPackages))}
	if h := q.Location; h != nil {
		defs := []ui.Def{{Term: r.T("organisation.name"), Value: ui.Text(h.Name)}, {Term: r.T("organisation.address"), Value: ui.Text(parts.OneLine(r, h.Address))}, {Term: r.T("organisation.time_zone"), Value: ui.Text(h.TimeZone)}}
		if n := len(q.Numbers); n > 0 {
			defs = append(defs, ui.Def{Term: r.T("nav.numbers"), Value: parts.Count(r, int64(n))})
		}
		out = append(out, ui.Subtitle(w.Steps[stepPlace].Label), ui.Definitions(defs), ui.Buttons(w.Change(r, stepPlace)))
	}
	return out
}

// verdict shows the pre-check: everything that the request would meet (WS-121, WS-122).
func (m *making) verdict(r *page.Request) templ.Component {
	if len(m.findings) == 0 {
		return ui.Notice{Tone: ui.OK, Title: r.T("wholesale.check_good"), Text: r.T("wholesale.check_good_text")}
	}
	severity := map[onboard.Severity]ui.Tone{onboard.SeverityError: ui.Bad, onboard.SeverityWarning: ui.Warn, onboard.SeverityInfo: ui.Info}
	var all []templ.Component
	for _, f := range m.findings {
		all = append(all, ui.Notice{Tone: severity[f.Severity], Title: parts.Says(r, f.Code, f.Message, f.Params), Text: fieldName(r, f.Field)})
	}
	return ui.Stack(all...)
}

// fieldName says which field a finding is about, where the wizard has a name for it.
func fieldName(r *page.Request, field string) string {
	names := append(append(parts.AddressLabels(r, "address"), parts.AddressLabels(r, "location.address")...), "name", r.T("wholesale.company"), "email", r.T("wholesale.admin_email"), "external_id", r.T("organisation.external_id"),
		"packages", r.T("offer.packages"), "limits", r.T("offer.limits"), "location", r.T("locations.headquarters"), "location.name", r.T("locations.headquarters"), "location.time_zone", r.T("organisation.time_zone"), "numbers", r.T("nav.numbers"),
		"provisioning_id", r.T("wholesale.template"), "language", r.T("organisation.locale"), "location.language", r.T("organisation.locale"))
	for i := 0; i+1 < len(names); i += 2 {
		if names[i] == field {
			return names[i+1]
		}
	}
	return ""
}
