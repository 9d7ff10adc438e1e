package wholesale

import (
	"strconv"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/catalog"
	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// Show is the service of one customer: where it stands, what failed and what to do, its packages, and every step (WS-39, WS-107).
func (p Pages) Show(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	offer, err := parts.OfferOf(r, p.Deps, in.Customer.ID)
	if err != nil {
		return err
	}
	lead := r.T("wholesale.show_lead")
	if in.Own() {
		lead = r.T("wholesale.own_lead")
	}
	s := in.Shell(r, r.T("wholesale.title", "name", in.Customer.Name), lead)
	c, err := p.Onboard.Wholesale(r.Context(), r.Actor, in.Customer.ID, "")
	if err != nil && errs.KindOf(err) == errs.NotFound {
		return r.Show(ui.Full(s, in.Tabs(r, "/service"), p.notYet(r, in), p.packages(r, nil, offer)))
	}
	if err != nil {
		return err
	}
	b := badge(r, c.Status)
	s.Badge = &b
	s.Actions = p.actions(r, in, c)
	steps, err := p.Onboard.History(r.Context(), r.Actor, c.ID)
	if err != nil {
		return err
	}
	var bar templ.Component
	if moving(c.Status) {
		bar = ui.CardOf("", p.bar(r, in, c, steps))
	}
	return r.Show(ui.Full(s, in.Tabs(r, "/service"), p.todo(r, in, c), bar, ui.GridOf(p.about(r, in, c), p.site(r, c)), ui.Heading(r.T("offer.packages")), p.packages(r, &c, offer), p.history(r, steps, offer)))
}

// notYet is what a customer says that has no wholesale service.
func (p Pages) notYet(r *page.Request, in parts.Inside) templ.Component {
	n := ui.Notice{Tone: ui.Info, Title: r.T("wholesale.not_yet"), Text: r.T("wholesale.not_yet_text")}
	if !in.Own() && in.Do(access.CustomerCreate) {
		n.Action = &ui.Action{Label: r.T("wholesale.attach"), URL: "/wholesale/new?customer=" + in.Customer.ID}
	}
	return n
}

func (p Pages) actions(r *page.Request, in parts.Inside, c onboard.Customer) []ui.Action {
	if in.Own() {
		return nil
	}
	var out []ui.Action
	at := in.URL("/service")
	if c.Status == onboard.StatusProvisioned || c.Status == onboard.StatusWithErrors {
		out = parts.Actions(in.Offer(access.UserEdit, ui.Action{Label: r.T("users.add"), URL: in.URL("/users/new"), Icon: "plus", Style: "primary"}),
			in.Offer(access.CustomerEdit, ui.Action{Label: r.T("action.edit"), URL: at + "/edit", Icon: "pencil"}))
	}
	if !moving(c.Status) && c.Status != onboard.StatusGone {
		out = parts.Actions(out, in.Offer(access.CustomerOffboard, ui.Action{Label: r.T("wholesale.remove"), URL: at + "/remove", How: ui.Confirm, Icon: "trash"}))
	}
	return out
}

// todo says what somebody has to do, and nothing when nobody has to do anything.
func (p Pages) todo(r *page.Request, in parts.Inside, c onboard.Customer) templ.Component {
	var all []templ.Component
	switch {
	case c.Consent == "requested" && in.Own() && in.Do(access.CustomerAuthorise):
		all = append(all, ui.CardOf(r.T("wholesale.consent"), ui.Para(r.T("wholesale.consent_text")), ui.Buttons(
			ui.Action{Label: r.T("wholesale.agree"), URL: "/service/consent", How: ui.Post, Style: "primary", Hidden: []ui.Hidden{{Name: "agree", Value: "yes"}}},
			ui.Action{Label: r.T("wholesale.refuse"), URL: "/service/consent", How: ui.Post, Hidden: []ui.Hidden{{Name: "agree", Value: "no"}}})))
	case c.Consent == "requested":
		all = append(all, ui.Notice{Tone: ui.Info, Title: r.T("wholesale.consent_waits"), Text: r.T("wholesale.consent_waits_text")})
	}
	if c.Status == onboard.StatusReview { // WS-44: nothing about what was found
		text := r.T("wholesale.review_text", "checked", ui.DateTime(r.Context(), c.Checked.Time))
		if c.Compliance == "escalated" {
			text = r.T("wholesale.escalated_text")
		}
		all = append(all, ui.Notice{Tone: ui.Warn, Title: r.T("wholesale.status.pending_rpl_review"), Text: text})
	}
	if len(c.Faults) > 0 && !moving(c.Status) {
		t := ui.Table{ID: "faults", Caption: r.T("wholesale.failed"), Columns: []ui.Column{{Label: r.T("wholesale.step")}, {Label: r.T("import.why")}, {Label: r.T("wholesale.what_to_do")}}}
		for i, f := range c.Faults {
			t.Rows = append(t.Rows, ui.Row{ID: strconv.Itoa(i), Name: f.Step, Cells: []templ.Component{ui.Two(r.T("wholesale.step."+f.Step), f.Subject, ""), ui.Text(parts.Says(r, f.Code, f.Message, nil)), ui.Text(advice(r, f.Code))}})
		}
		n := ui.Notice{Tone: ui.Bad, Title: r.T("wholesale.failed"), Text: r.T("wholesale.failed_text")}
		if c.Compliance == "denied" {
			n.Text = r.T("wholesale.denied_text")
		} else if retry := in.Offer(access.CustomerEdit, ui.Action{Label: r.T("wholesale.retry"), URL: in.URL("/service/retry"), How: ui.Post, Icon: "refresh", Hidden: []ui.Hidden{page.Versioned(c.Version)}}); len(retry) > 0 && !in.Own() {
			n.Action = &retry[0]
		}
		all = append(all, n, t)
	}
	return ui.Stack(all...)
}

// advice says what helps against a failure that people can do something about.
func advice(r *page.Request, code string) string {
	if text, ok := ui.Lookup(r.Context(), "wholesale.advice."+code); ok {
		return text
	}
	return r.T("wholesale.advice")
}

func (p Pages) about(r *page.Request, in parts.Inside, c onboard.Customer) templ.Component {
	k := c.Settings.V
	var template templ.Component = ui.Text(k.Name)
	if to := r.Way("/templates/" + k.TemplateID); to != "" && k.TemplateID != "" {
		template = ui.Link(k.Name, to)
	}
	if k.Name == "" {
		template = ui.Quiet("–")
	}
	a := c.Address.V
	defs := []ui.Def{{Term: r.T("organisation.email"), Value: ui.Text(c.Email)}, {Term: r.T("organisation.external_id"), Value: ui.Mono(c.ExternalID)}, {Term: r.T("organisation.id"), Value: ui.Mono(c.ID)}}
	if !in.Own() {
		defs = append(defs, ui.Def{Term: r.T("offer.subscription"), Value: ui.Mono(k.SubscriptionID)}, ui.Def{Term: r.T("wholesale.template"), Value: template})
	}
	defs = append(defs, ui.Def{Term: r.T("organisation.address"), Value: ui.Text(parts.OneLine(r, a))}, ui.Def{Term: r.T("wholesale.since"), Value: ui.Text(ui.DateTime(r.Context(), c.StatusSince.Time))})
	return ui.CardOf(r.T("customers.details"), ui.Definitions(defs))
}

// site is the meeting site of a customer that has meetings (WS-49, WS-52).
func (p Pages) site(r *page.Request, c onboard.Customer) templ.Component {
	m := c.Site
	if m == nil {
		return nil
	}
	defs := []ui.Def{{Term: r.T("organisation.locale"), Value: ui.Text(m.Locale)}, {Term: r.T("organisation.time_zone"), Value: ui.Text(m.TimeZone)}, {Term: r.T("wholesale.dial_in"), Value: parts.Dash(m.DialIn)}}
	body := []templ.Component{ui.Definitions(defs)}
	for _, w := range m.Warnings.V {
		body = append(body, ui.Notice{Tone: ui.Warn, Text: r.T("wholesale.warning." + w)})
	}
	return ui.CardOf(r.T("wholesale.site"), body...)
}

var packageTones = map[onboard.PackageStatus]ui.Tone{onboard.PackageProvisioning: ui.Busy, onboard.PackageProvisioned: ui.OK, onboard.PackageDeleting: ui.Busy, onboard.PackageError: ui.Bad}

// packages lists what the customer has, with how much of it is used.
func (p Pages) packages(r *page.Request, c *onboard.Customer, offer parts.Offer) templ.Component {
	t := ui.Table{ID: "packages", Caption: r.T("offer.packages"), Columns: []ui.Column{{Label: r.T("users.package")}, {Label: r.T("customer.state")}, {Label: r.T("offer.used"), Number: true}, {Label: r.T("offer.limit"), Number: true}},
		Empty: ui.Empty{Icon: "list-details", Title: r.T("wholesale.no_packages"), Text: r.T("wholesale.no_packages_text")}}
	limits := map[string]catalog.PackageLimit{}
	var codes []string
	for _, l := range offer.Limits {
		limits[l.Code], codes = l, append(codes, l.Code)
	}
	states := map[string]onboard.PackageState{}
	if c != nil {
		for _, s := range c.Packages {
			states[s.Code] = s
			if _, has := limits[s.Code]; !has {
				codes = append(codes, s.Code)
			}
		}
	}
	for _, code := range codes {
		i, l := offer.Item(code), limits[code]
		state := ui.Badge{Tone: ui.OK, Text: r.T("wholesale.package.provisioned")}
		var why templ.Component
		if s, ok := states[code]; ok {
			state = ui.Badge{Tone: packageTones[s.Status], Text: r.T("wholesale.package." + string(s.Status))}
			if s.Fault != "" {
				why = ui.Quiet(parts.Says(r, s.Fault, s.Message, nil))
			}
		}
		most := r.T("offer.no_limit")
		if l.Max != nil {
			most = ui.Number(r.Context(), *l.Max)
		}
		t.Rows = append(t.Rows, ui.Row{ID: code, Name: i.Name, Cells: []templ.Component{ui.Two(i.Name, r.T("offer.kind."+kindOf(i)), r.Way("/packages/"+code)), ui.Stack(ui.Badges(state), why), parts.Count(r, l.Used), ui.Text(most)}})
	}
	return t
}

// kindOf is base or add_on; an item that is no longer in the catalogue counts as a base package.
func kindOf(i catalog.Item) string {
	if i.Kind == catalog.AddOn {
		return "add_on"
	}
	return "base"
}

var stepTones = map[onboard.StepState]ui.Tone{onboard.StepPending: ui.Neutral, onboard.StepWaiting: ui.Busy, onboard.StepDone: ui.OK, onboard.StepSkipped: ui.Off, onboard.StepFailed: ui.Bad}

// history lists the steps of all runs, the newest run first.
func (p Pages) history(r *page.Request, steps []onboard.Step, offer parts.Offer) templ.Component {
	t := ui.Table{ID: "history", Caption: r.T("wholesale.history"), Columns: []ui.Column{{Label: r.T("wholesale.step")}, {Label: r.T("customer.state")}, {Label: r.T("wholesale.run"), Number: true}, {Label: r.T("wholesale.ended")}},
		Empty: ui.Empty{Icon: "history", Title: r.T("wholesale.no_history")}}
	for _, s := range steps {
		why := templ.Component(nil)
		if s.Code != "" {
			why = ui.Quiet(parts.Says(r, s.Code, s.Message, nil))
		}
		ended := "–"
		if !s.Ended.IsZero() {
			ended = ui.DateTime(r.Context(), s.Ended.Time)
		}
		t.Rows = append(t.Rows, ui.Row{ID: strconv.FormatInt(s.Run, 10) + "-" + strconv.FormatInt(s.Position, 10), Name: r.T("wholesale.step." + s.Name), Cells: []templ.Component{ui.Two(r.T("wholesale.step."+s.Name), offer.Name(s.Subject), ""),
			ui.Stack(ui.Badges(ui.Badge{Tone: stepTones[s.State], Text: r.T("wholesale.state." + string(s.State))}), why), ui.Text(strconv.FormatInt(s.Run, 10)), ui.NoWrap(ended)}})
	}
	return ui.Stack(ui.Heading(r.T("wholesale.history")), t)
}

// bar shows how far the present run is; it refreshes itself until the run has ended.
func (p Pages) bar(r *page.Request, in parts.Inside, c onboard.Customer, steps []onboard.Step) templ.Component {
	g := ui.Progress{ID: "run", Label: r.T("wholesale.status." + string(c.Status)), Text: r.T("import.running_text")}
	for _, s := range steps {
		if s.Run != c.Run {
			continue
		}
		g.Total++
		if s.State == onboard.StepDone || s.State == onboard.StepSkipped {
			g.Done++
		}
	}
	if moving(c.Status) {
		g.PollURL = in.URL("/service/progress")
		return g
	}
	b := badge(r, c.Status)
	g.Tone, g.Label, g.Text, g.Done = b.Tone, b.Text, "", g.Total
	return ui.Stack(g, ui.Buttons(ui.Action{Label: r.T("wholesale.look"), URL: in.URL("/service"), Style: "primary"}))
}

// Progress is the part of the page that refreshes itself.
func (p Pages) Progress(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	c, err := p.Onboard.Wholesale(r.Context(), r.Actor, in.Customer.ID, "")
	if err != nil {
		return err
	}
	steps, err := p.Onboard.History(r.Context(), r.Actor, c.ID)
	if err != nil {
		return err
	}
	return r.Show(p.bar(r, in, c, steps))
}

// Retry does again what failed (WS-39).
func (p Pages) Retry(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	tries(r, in, "provision")
	if _, err := p.Onboard.Retry(r.Context(), r.Actor, in.Customer.ID, r.Version()); err != nil {
		return err
	}
	return r.Done(in.URL("/service"), r.T("wholesale.retried"))
}

// Consent is the answer of an organisation that shall be attached (WS-115).
func (p Pages) Consent(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	tries(r, in, "consent")
	if _, err := p.Onboard.Consent(r.Context(), r.Actor, in.Customer.ID, r.PostFormValue("agree") == "yes"); err != nil {
		return err
	}
	return r.Done("/service", r.T("wholesale.answered"))
}

// AskRemove says what ending the service does (WS-141).
func (p Pages) AskRemove(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err == nil {
		err = access.Decide(r.Actor, access.CustomerOffboard, in.Target())
	}
	if err != nil {
		return err
	}
	return r.Show(p.removePage(r, in, nil))
}

func (p Pages) removePage(r *page.Request, in parts.Inside, err error) templ.Component {
	s := in.Shell(r, r.T("wholesale.remove"), "", ui.Crumb{Label: r.T("nav.service"), URL: in.URL("/service")})
	var refused templ.Component
	if err != nil {
		refused = ui.Notice{Tone: ui.Bad, Title: ui.ErrText(r.Context(), errs.As(err))}
	}
	return ui.Full(s, refused, ui.Question{Title: r.T("wholesale.remove_title", "name", in.Customer.Name), Text: r.T("wholesale.remove_text"), Consequences: []string{r.T("wholesale.remove_1"), r.T("wholesale.remove_2"), r.T("wholesale.remove_3")},
		URL: in.URL("/service/remove"), Submit: r.T("wholesale.remove"), Danger: true, CancelURL: in.URL("/service"),
		Inputs: []templ.Component{ui.Switch{Name: "cascade", Label: r.T("wholesale.cascade"), Hint: r.T("wholesale.cascade_hint"), On: r.PostFormValue("cascade") == "on"}}})
}

// Remove ends it in the background.
func (p Pages) Remove(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	tries(r, in, "end_offer")
	if _, err := p.Onboard.Remove(r.Context(), r.Actor, in.Customer.ID, onboard.Removal{Cascade: r.PostFormValue("cascade") == "on"}); err != nil {
		return r.Again(err, p.removePage(r, in, err))
	}
	return r.Done(in.URL("/service"), r.T("wholesale.removing"))
}
