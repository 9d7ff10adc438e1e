package integrations

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/deliver"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
)

// families are the kinds of objects that events tell of; a webhook takes whole families, exact types, or everything.
var families = []string{"customer", "partner", "sub_partner", "order", "device", "provisioning", "account", "session", "token", "webhook", "operation", "certificate"}

func hookURL(h deliver.Webhook, what string) string {
	if what == "" {
		return "/webhooks/" + h.ID
	}
	return "/webhooks/" + h.ID + "/" + what
}

// hookName is how people call a webhook: its description, else its address.
func hookName(h deliver.Webhook) string {
	if h.Description != "" {
		return h.Description
	}
	return h.URL
}

// look gives the webhook of the address.
func (p Pages) look(r *page.Request) (deliver.Webhook, parts.May, error) {
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return deliver.Webhook{}, may, err
	}
	h, err := p.Webhooks.Get(r.Context(), r.Actor, may.Target(), r.PathValue("id"))
	return h, may, err
}

func triesHook(r *page.Request, what string, h deliver.Webhook) {
	r.Tries("webhook/"+what, r.Actor.Place(), journal.Target{Kind: "webhook", ID: h.ID, Name: hookName(h)})
}

// hookState says in a word whether a webhook gets its events.
func hookState(r *page.Request, h deliver.Webhook) ui.Badge {
	switch {
	case !h.Enabled && h.DisabledReason != deliver.SwitchedOff:
		return ui.Badge{Tone: ui.Bad, Text: r.T("webhooks.state.gave_up")}
	case !h.Enabled:
		return ui.Badge{Tone: ui.Off, Text: r.T("webhooks.state.off")}
	case h.Fails > 0:
		return ui.Badge{Tone: ui.Warn, Text: r.T("webhooks.state.failing")}
	}
	return ui.Badge{Tone: ui.OK, Text: r.T("webhooks.state.on")}
}

// ListWebhooks lists the webhooks of the organisation.
func (p Pages) ListWebhooks(r *page.Request) error {
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	l := parts.ListOf(r, "created")
	found, next, err := p.Webhooks.List(r.Context(), r.Actor, may.Target(), l.Page())
	if err != nil {
		return err
	}
	s := r.Shell(r.T("nav.webhooks"), r.T("webhooks.lead"))
	s.Actions = may.Offer(access.WebhookEdit, ui.Action{Label: r.T("webhooks.add"), URL: "/webhooks/new", Icon: "plus", Style: "primary"})
	t := ui.Table{ID: "webhooks", Caption: r.T("nav.webhooks"), Pager: l.Pager(r, len(found), -1, next), Columns: []ui.Column{{Label: r.T("webhooks.url")}, {Label: r.T("webhooks.types")},
		{Label: r.T("customer.state")}, {Label: r.T("webhooks.last_success"), Minor: true}},
		Empty: ui.Empty{Icon: "webhook", Title: r.T("webhooks.none"), Text: r.T("webhooks.none_text"), Actions: s.Actions}}
	for _, h := range found {
		note := ""
		if h.Description != "" {
			note = h.URL
		}
		row := ui.Row{ID: h.ID, Name: hookName(h), Dim: !h.Enabled, Cells: []templ.Component{ui.Two(hookName(h), note, hookURL(h, "")), ui.Text(typesText(r, h)), hookState(r, h),
			ui.Text(ui.Ago(r.Context(), r.Now(), h.LastSuccess.Time))}}
		if may.Do(access.WebhookEdit) {
			row.Actions = []ui.Action{{Label: r.T("action.edit"), URL: hookURL(h, "edit"), Icon: "pencil"}, {Label: r.T("action.delete"), URL: hookURL(h, "delete"), How: ui.Confirm, Icon: "trash", Style: "danger"}}
		}
		t.Rows = append(t.Rows, row)
	}
	return r.Show(ui.Full(s, t))
}

func typesText(r *page.Request, h deliver.Webhook) string {
	if len(h.Types.V) == 0 {
		return r.T("webhooks.all_types")
	}
	const most = 3
	text := strings.Join(h.Types.V[:min(most, len(h.Types.V))], r.T("list.separator"))
	if more := len(h.Types.V) - most; more > 0 {
		text += " " + ui.N(r.Context(), "orders.more_lines", more)
	}
	return text
}

// typedHook is the form of a webhook as it was filled.
type typedHook struct {
	url, description, exact string
	all                     bool
	types                   []string
	now                     deliver.Webhook
	err                     error
}

func readHook(r *page.Request) typedHook {
	return typedHook{url: strings.TrimSpace(r.PostFormValue("url")), description: strings.TrimSpace(r.PostFormValue("description")), exact: r.PostFormValue("exact"),
		all: r.PostFormValue("which") == "all", types: r.PostForm["types"]}
}

// chosen gives the types: none is all.
func (t typedHook) chosen() ([]string, error) {
	if t.all {
		return []string{}, nil
	}
	types := slices.Clone(t.types)
	for _, line := range strings.Fields(t.exact) {
		if !slices.Contains(types, line) {
			types = append(types, line)
		}
	}
	if len(types) == 0 {
		return nil, errNoTypes
	}
	return types, nil
}

var errNoTypes = errs.BadField("types", "required", "Choose at least one.")

// AddWebhook shows the empty form.
func (p Pages) AddWebhook(r *page.Request) error { return r.Show(hookForm(r, typedHook{all: true})) }

// CreateWebhook adds a webhook and shows its secret on this one answer.
func (p Pages) CreateWebhook(r *page.Request) error {
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	t := readHook(r)
	r.Tries("webhook/create", r.Actor.Place(), journal.Target{Kind: "webhook", Name: t.description})
	types, err := t.chosen()
	if err == nil {
		h, word, refused := p.Webhooks.Create(r.Context(), r.Actor, may.Target(), deliver.WebhookInput{URL: t.url, Description: t.description, Types: types})
		if refused == nil {
			return r.Show(hookSecret(r, h, r.T("webhooks.made"), word.Reveal()))
		}
		err = refused
	}
	t.err = err
	return r.Again(err, hookForm(r, t))
}

func hookCrumbs(r *page.Request, h deliver.Webhook) []ui.Crumb {
	all := []ui.Crumb{{Label: r.T("nav.webhooks"), URL: "/webhooks"}}
	if h.ID != "" {
		all = append(all, ui.Crumb{Label: hookName(h), URL: hookURL(h, "")})
	}
	return all
}

func hookForm(r *page.Request, t typedHook) templ.Component {
	title, url, cancel := r.T("webhooks.add"), "/webhooks/new", "/webhooks"
	form := ui.Form{Submit: title, Guard: true}
	if t.now.ID != "" {
		title, url, cancel = r.T("customers.edit", "name", hookName(t.now)), hookURL(t.now, "edit"), hookURL(t.now, "")
		form.Submit, form.Hidden = r.T("form.save"), []ui.Hidden{page.Versioned(t.now.Version)}
	}
	s := r.Shell(title, r.T("webhooks.add_lead"))
	s.Crumbs = hookCrumbs(r, t.now)
	f := ui.FaultsOf(r.Context(), t.err, "url", r.T("webhooks.url"), "description", r.T("webhooks.description"), "types", r.T("webhooks.types"))
	form.URL, form.Cancel, form.Faults = url, cancel, f
	pick := ui.Choices{Name: "types", Label: r.T("webhooks.families"), Columns: true, Fault: f.For("types")}
	for _, name := range families {
		pick.Options = append(pick.Options, ui.Option{Value: name + ".*", Label: r.T("webhooks.family." + name), Hint: name + ".*", Selected: slices.Contains(t.types, name+".*")})
	}
	return ui.Full(s, ui.CardOf("", ui.FormOf(form,
		ui.Input{Name: "url", Label: r.T("webhooks.url"), Kind: "url", Value: t.url, Required: true, Max: 2000, Mono: true, Autocomplete: "off", Placeholder: "https://example.com/hooks", Hint: r.T("webhooks.url_hint"), Fault: f.For("url")},
		ui.Input{Name: "description", Label: r.T("webhooks.description"), Value: t.description, Optional: true, Max: 200, Autocomplete: "off", Fault: f.For("description")},
		ui.Choices{Name: "which", Label: r.T("webhooks.types"), One: true, Columns: true, Options: []ui.Option{
			{Value: "all", Label: r.T("webhooks.all_types"), Hint: r.T("webhooks.all_types_hint"), Selected: t.all}, {Value: "some", Label: r.T("webhooks.some_types"), Selected: !t.all}}},
		pick,
		ui.Area{Name: "exact", Label: r.T("webhooks.exact"), Value: t.exact, Optional: true, Mono: true, Max: 4000, Hint: r.T("webhooks.exact_hint")})))
}

func hookSecret(r *page.Request, h deliver.Webhook, title, word string) templ.Component {
	s := r.Shell(hookName(h), r.T("webhooks.made_lead"))
	s.Crumbs = hookCrumbs(r, deliver.Webhook{})
	return ui.Full(s, ui.CardOf(title, ui.Secret{ID: "secret", Label: r.T("webhooks.secret"), Value: word, Once: true}, ui.Para(r.T("webhooks.secret_how")),
		ui.Buttons(ui.Action{Label: r.T("tokens.kept"), URL: hookURL(h, ""), Style: "primary"})))
}

// EditWebhook shows the form of a webhook.
func (p Pages) EditWebhook(r *page.Request) error {
	h, _, err := p.look(r)
	if err != nil {
		return err
	}
	t := typedHook{url: h.URL, description: h.Description, all: len(h.Types.V) == 0, now: h}
	for _, name := range h.Types.V {
		if family, ok := strings.CutSuffix(name, ".*"); ok && slices.Contains(families, family) {
			t.types = append(t.types, name)
		} else {
			t.exact += name + "\n"
		}
	}
	return r.Show(hookForm(r, t))
}

// SaveWebhook changes a webhook.
func (p Pages) SaveWebhook(r *page.Request) error {
	h, may, err := p.look(r)
	if err != nil {
		return err
	}
	t := readHook(r)
	t.now = h
	triesHook(r, "edit", h)
	types, err := t.chosen()
	if err == nil {
		_, err = p.Webhooks.Edit(r.Context(), r.Actor, may.Target(), h.ID, deliver.WebhookPatch{URL: &t.url, Description: &t.description, Types: &types, IfVersion: r.Version()})
	}
	if err != nil {
		t.err = err
		return r.Again(err, hookForm(r, t))
	}
	return r.Done(hookURL(h, ""), r.T("customers.saved", "name", hookName(h)))
}

// ShowWebhook is the page of one webhook: how it is doing, what went to it, and what was given up.
func (p Pages) ShowWebhook(r *page.Request) error {
	h, may, err := p.look(r)
	if err != nil {
		return err
	}
	l := parts.ListOf(r, "-created", "state")
	state := deliver.DeliveryState(l.Get("state"))
	found, next, err := p.Webhooks.Deliveries(r.Context(), r.Actor, may.Target(), h.ID, state, l.Page())
	if err != nil {
		return err
	}
	dead, _, err := p.Webhooks.DeadLetters(r.Context(), r.Actor, may.Target(), h.ID, db.Page{Limit: db.MaxLimit})
	if err != nil {
		return err
	}
	s := r.Shell(hookName(h), r.T("webhooks.show_lead"))
	badge := hookState(r, h)
	s.Badge, s.Crumbs, s.Actions = &badge, hookCrumbs(r, deliver.Webhook{}), hookControls(r, h, may)
	tabs := ui.Tabs(r.T("webhooks.deliveries"), []ui.Tab{
		{Label: r.T("webhooks.tab.all"), URL: hookURL(h, ""), Current: state == ""},
		{Label: r.T("webhooks.delivery.pending"), URL: hookURL(h, "") + "?state=pending", Current: state == deliver.Pending},
		{Label: r.T("webhooks.tab.dead"), URL: hookURL(h, "") + "?state=dead", Current: state == deliver.Dead, Count: len(dead)}})
	t := ui.Table{ID: "deliveries", Caption: r.T("webhooks.deliveries"), Pager: l.Pager(r, len(found), -1, next), Columns: []ui.Column{{Label: r.T("webhooks.event")}, {Label: r.T("customer.state")},
		{Label: r.T("webhooks.attempts"), Number: true}, {Label: r.T("webhooks.answer")}, l.Column(r.T("log.time"), "-created")},
		Empty: ui.Empty{Icon: "inbox", Title: r.T("webhooks.no_deliveries"), Text: r.T("webhooks.no_deliveries_text")}}
	for _, d := range found {
		row := ui.Row{ID: d.ID, Name: d.Type, Cells: []templ.Component{ui.Coded(d.Type, d.EventID), deliveryState(r, d), ui.Text(strconv.Itoa(d.Attempts)), answer(r, d),
			ui.Text(ui.DateTime(r.Context(), d.Created.Time))}}
		if d.State == deliver.Dead && may.Do(access.WebhookEdit) && h.Enabled {
			row.Actions = []ui.Action{{Label: r.T("webhooks.retry"), URL: hookURL(h, "retry"), How: ui.Post, Hidden: []ui.Hidden{{Name: "delivery", Value: d.ID}}}}
		}
		t.Rows = append(t.Rows, row)
	}
	var deadNotice templ.Component
	if len(dead) > 0 && h.Enabled {
		n := ui.Notice{Tone: ui.Warn, Title: ui.N(r.Context(), "webhooks.dead", len(dead)), Text: r.T("webhooks.dead_text")}
		if a := may.Offer(access.WebhookEdit, ui.Action{Label: r.T("webhooks.retry_all"), URL: hookURL(h, "retry"), How: ui.Post}); len(a) > 0 {
			n.Action = &a[0]
		}
		deadNotice = n
	}
	return r.Show(ui.Full(s, hookNotice(r, h, may), deadNotice, hookCard(r, h), ui.Heading(r.T("webhooks.deliveries")), tabs, t))
}

func hookControls(r *page.Request, h deliver.Webhook, may parts.May) []ui.Action {
	test := ui.Action{Label: r.T("webhooks.test"), URL: hookURL(h, "test"), How: ui.Post, Style: "primary"}
	replay := ui.Action{Label: r.T("webhooks.replay"), URL: hookURL(h, "replay"), How: ui.Confirm, Icon: "refresh"}
	onOff := ui.Action{Label: r.T("webhooks.switch_off"), URL: hookURL(h, "switch"), How: ui.Post, Hidden: []ui.Hidden{{Name: "on", Value: "false"}}}
	if !h.Enabled {
		test, replay = parts.Off(test, r.T("webhooks.is_off")), parts.Off(replay, r.T("webhooks.is_off"))
		onOff.Label, onOff.Hidden = r.T("webhooks.switch_on"), []ui.Hidden{{Name: "on", Value: "true"}}
	}
	var all []ui.Action
	for _, a := range []ui.Action{test, {Label: r.T("action.edit"), URL: hookURL(h, "edit"), Icon: "pencil"}, onOff, replay,
		{Label: r.T("webhooks.rotate"), URL: hookURL(h, "rotate"), How: ui.Confirm, Icon: "key"}, {Label: r.T("action.delete"), URL: hookURL(h, "delete"), How: ui.Confirm, Icon: "trash"}} {
		all = append(all, may.Offer(access.WebhookEdit, a)...)
	}
	return all
}

func hookNotice(r *page.Request, h deliver.Webhook, may parts.May) templ.Component {
	if h.Enabled {
		if h.Fails == 0 {
			return nil
		}
		return ui.Notice{Tone: ui.Warn, Title: ui.N(r.Context(), "webhooks.fails", h.Fails), Text: r.T("webhooks.fails_text")}
	}
	n := ui.Notice{Tone: ui.Warn, Title: r.T("webhooks.off_title"), Text: r.T("webhooks.off." + string(h.DisabledReason))}
	if a := may.Offer(access.WebhookEdit, ui.Action{Label: r.T("webhooks.switch_on"), URL: hookURL(h, "switch"), How: ui.Post, Hidden: []ui.Hidden{{Name: "on", Value: "true"}}}); len(a) > 0 {
		n.Action = &a[0]
	}
	return n
}

func hookCard(r *page.Request, h deliver.Webhook) templ.Component {
	types := r.T("webhooks.all_types")
	if len(h.Types.V) > 0 {
		types = strings.Join(h.Types.V, r.T("list.separator"))
	}
	defs := []ui.Def{{Term: r.T("webhooks.url"), Value: ui.Mono(h.URL)}, {Term: r.T("webhooks.types"), Value: ui.Text(types)},
		{Term: r.T("webhooks.last_success"), Value: ui.Text(ui.DateTime(r.Context(), h.LastSuccess.Time))}, {Term: r.T("customer.added"), Value: ui.Text(ui.DateTime(r.Context(), h.Created.Time))}}
	if h.OldSecretUntil.After(r.Now()) {
		defs = append(defs, ui.Def{Term: r.T("webhooks.old_secret"), Value: ui.Text(ui.DateTime(r.Context(), h.OldSecretUntil.Time))})
	}
	return ui.CardOf("", ui.Definitions(defs))
}

func deliveryState(r *page.Request, d deliver.Delivery) templ.Component {
	tones := map[deliver.DeliveryState]ui.Tone{deliver.Pending: ui.Busy, deliver.Delivered: ui.OK, deliver.Dead: ui.Bad}
	b := ui.Badge{Tone: tones[d.State], Text: r.T("webhooks.delivery." + string(d.State))}
	if d.State == deliver.Pending && d.Attempts > 0 && !d.NextAt.IsZero() {
		return ui.Stack(ui.Badges(b), ui.Tag(r.T("webhooks.next", "time", ui.DateTime(r.Context(), d.NextAt.Time))))
	}
	return ui.Badges(b)
}

// answer says what the endpoint said last: its status, or why there was none.
func answer(r *page.Request, d deliver.Delivery) templ.Component {
	switch {
	case d.LastError != "" && d.LastError != deliver.FaultStatus:
		return ui.Text(r.T("webhooks.fault." + d.LastError))
	case d.LastStatus != 0:
		return ui.Mono(strconv.Itoa(d.LastStatus))
	}
	return ui.Quiet("–")
}

// Switch turns a webhook on or off.
func (p Pages) Switch(r *page.Request) error {
	on := r.PostFormValue("on") == "true"
	done := "webhooks.switched_off"
	if on {
		done = "webhooks.switched_on"
	}
	return p.act(r, "edit", r.T(done), func(h deliver.Webhook, target access.Target) error {
		_, err := p.Webhooks.Edit(r.Context(), r.Actor, target, h.ID, deliver.WebhookPatch{Enabled: &on})
		return err
	})
}

// Test sends an event of type webhook.test.
func (p Pages) Test(r *page.Request) error {
	return p.act(r, "test", r.T("webhooks.tested"), func(h deliver.Webhook, target access.Target) error {
		_, err := p.Webhooks.Test(r.Context(), r.Actor, target, h.ID)
		return err
	})
}

// Retry gives one dead letter, or all of them, their attempts again.
func (p Pages) Retry(r *page.Request) error {
	one := r.PostFormValue("delivery")
	return p.act(r, "retry", r.T("webhooks.retried"), func(h deliver.Webhook, target access.Target) error {
		if one != "" {
			return p.Webhooks.Retry(r.Context(), r.Actor, target, h.ID, one)
		}
		_, err := p.Webhooks.RetryAll(r.Context(), r.Actor, target, h.ID)
		return err
	})
}

func (p Pages) act(r *page.Request, what, done string, step func(h deliver.Webhook, target access.Target) error) error {
	h, may, err := p.look(r)
	if err != nil {
		return err
	}
	triesHook(r, what, h)
	if err := step(h, may.Target()); err != nil {
		return err
	}
	return r.Done(hookURL(h, ""), done)
}

func (p Pages) ask(r *page.Request, what string, q ui.Question) error {
	h, may, err := p.look(r)
	if err == nil {
		err = access.Decide(r.Actor, access.WebhookEdit, may.Target())
	}
	if err != nil {
		return err
	}
	q.URL, q.CancelURL = hookURL(h, what), hookURL(h, "")
	s := r.Shell(q.Submit, "")
	s.Crumbs = hookCrumbs(r, h)
	return r.Show(ui.Full(s, q))
}

// AskRotate asks for how long the old secret stays valid.
func (p Pages) AskRotate(r *page.Request) error {
	return p.ask(r, "rotate", rotateQuestion(r, "24", nil))
}

func rotateQuestion(r *page.Request, hours string, err error) ui.Question {
	f := ui.FaultsOf(r.Context(), err)
	return ui.Question{Title: r.T("webhooks.rotate_title"), Text: r.T("webhooks.rotate_text"), Submit: r.T("webhooks.rotate"), Inputs: []templ.Component{
		ui.Input{Name: "overlap", Label: r.T("webhooks.overlap"), Kind: "number", Value: hours, Suffix: r.T("webhooks.hours"), Hint: r.T("webhooks.overlap_hint"), Fault: f.For("overlap")}}}
}

// Rotate makes a new secret and shows it on this one answer.
func (p Pages) Rotate(r *page.Request) error {
	h, may, err := p.look(r)
	if err != nil {
		return err
	}
	triesHook(r, "rotate-secret", h)
	hours, bad := strconv.Atoi(strings.TrimSpace(r.PostFormValue("overlap")))
	if most := int(deliver.OverlapMost/time.Hour) + 1; bad != nil || hours > most {
		hours = most // the service names the field
	}
	word, err := p.Webhooks.RotateSecret(r.Context(), r.Actor, may.Target(), h.ID, time.Duration(hours)*time.Hour)
	if err != nil {
		if errs.KindOf(err) != errs.Invalid {
			return err
		}
		q := rotateQuestion(r, r.PostFormValue("overlap"), err)
		q.URL, q.CancelURL = hookURL(h, "rotate"), hookURL(h, "")
		s := r.Shell(q.Submit, "")
		s.Crumbs = hookCrumbs(r, h)
		return r.Again(err, ui.Full(s, q))
	}
	return r.Show(hookSecret(r, h, r.T("webhooks.rotated"), word.Reveal()))
}

// AskReplay asks from where events are sent again.
func (p Pages) AskReplay(r *page.Request) error {
	return p.ask(r, "replay", ui.Question{Title: r.T("webhooks.replay_title"), Text: r.T("webhooks.replay_text"), Submit: r.T("webhooks.replay"), Inputs: []templ.Component{
		ui.Input{Name: "after", Label: r.T("webhooks.cursor"), Optional: true, Mono: true, Autocomplete: "off", Hint: r.T("webhooks.cursor_hint")}}})
}

// Replay sends old events again.
func (p Pages) Replay(r *page.Request) error {
	after := strings.TrimSpace(r.PostFormValue("after"))
	return p.act(r, "replay", r.T("webhooks.replayed"), func(h deliver.Webhook, target access.Target) error {
		return p.Webhooks.Replay(r.Context(), r.Actor, target, h.ID, after)
	})
}

// AskDelete asks before a webhook goes with everything that waits for it.
func (p Pages) AskDelete(r *page.Request) error {
	return p.ask(r, "delete", ui.Question{Title: r.T("webhooks.delete_title"), Text: r.T("webhooks.delete_text"), Submit: r.T("action.delete"), Danger: true})
}

// Delete removes a webhook.
func (p Pages) Delete(r *page.Request) error {
	h, may, err := p.look(r)
	if err != nil {
		return err
	}
	triesHook(r, "delete", h)
	if err := p.Webhooks.Delete(r.Context(), r.Actor, may.Target(), h.ID); err != nil {
		return err
	}
	return r.Done("/webhooks", r.T("webhooks.deleted", "name", hookName(h)))
}
