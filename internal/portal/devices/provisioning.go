package devices

import (
	"strconv"
	"time"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/device"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/secret"
)

// Provisioning shows what all phones of the customer share.
func (p Pages) Provisioning(r *page.Request) error {
	v, err := p.Devices.Provisioning(r.Context(), r.Actor, p.customer(r))
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	return r.Show(p.provisioningPage(r, v, may, nil))
}

// provisioningPage shows the settings; revealed is the account in clear, on the one answer that holds it.
func (p Pages) provisioningPage(r *page.Request, v device.Provisioning, may parts.May, revealed *device.Credential) templ.Component {
	s := r.Shell(r.T("nav.provisioning"), r.T("provisioning.lead"))
	var missing templ.Component
	if v.Account.User == "" {
		n := ui.Notice{Tone: ui.Warn, Title: r.T("provisioning.no_account"), Text: r.T("provisioning.no_account_text")}
		if a := may.Offer(access.ProvisioningEdit, ui.Action{Label: r.T("provisioning.set_account"), URL: "/provisioning/account"}); len(a) > 0 {
			n.Action = &a[0]
		}
		missing = n
	}
	var factory templ.Component
	if v.Account.Factory {
		factory = ui.Notice{Tone: ui.Warn, Title: r.T("provisioning.factory"), Text: r.T("provisioning.factory_text")}
	}
	change := func(url string) templ.Component {
		if a := may.Offer(access.ProvisioningEdit, ui.Action{Label: r.T("provisioning.change"), URL: url, Icon: "pencil"}); len(a) > 0 {
			return ui.Buttons(a...)
		}
		return nil
	}
	address := ui.CardOf(r.T("provisioning.address"), ui.Definitions([]ui.Def{{Term: r.T("customer.host"), Value: ui.Mono(v.Host)},
		{Term: r.T("provisioning.path"), Value: ui.Mono("/p/" + v.Host + "/")}, {Term: r.T("nav.devices"), Value: ui.Text(ui.Number(r.Context(), v.Devices))}}),
		ui.Para(r.T("provisioning.address_text")), change("/provisioning/host"))
	poll := ui.CardOf(r.T("provisioning.poll"), ui.Definitions([]ui.Def{
		{Term: r.T("provisioning.window"), Value: ui.Text(v.Poll.Start.String() + " – " + v.Poll.End.String())},
		{Term: r.T("provisioning.days"), Value: ui.Text(ui.N(r.Context(), "provisioning.every", v.Poll.Days))}}), ui.Para(r.T("provisioning.poll_text")), change("/provisioning/poll"))
	return ui.Full(s, missing, factory, ui.GridOf(p.accountCard(r, v, may, revealed), ui.Pile(address, poll)))
}

func (p Pages) accountCard(r *page.Request, v device.Provisioning, may parts.May, revealed *device.Credential) templ.Component {
	if v.Account.User == "" {
		return ui.CardOf(r.T("provisioning.account"), ui.Para(r.T("provisioning.account_text")))
	}
	defs := []ui.Def{{Term: r.T("provisioning.user"), Value: ui.Mono(v.Account.User)}}
	if revealed == nil {
		defs = append(defs, ui.Def{Term: r.T("account.password"), Value: ui.Mono("••••••••••")})
	}
	defs = append(defs, ui.Def{Term: r.T("provisioning.changed"), Value: ui.Text(ui.DateTime(r.Context(), v.Account.Changed.Time))})
	if v.Account.PreviousUser != "" {
		defs = append(defs, ui.Def{Term: r.T("provisioning.old"), Value: ui.Two(v.Account.PreviousUser, r.T("provisioning.old_until", "time", ui.DateTime(r.Context(), v.Account.PreviousUntil.Time)), "")})
	}
	body := []templ.Component{ui.Para(r.T("provisioning.account_text")), ui.Definitions(defs)}
	if revealed != nil {
		body = append(body, ui.Secret{ID: "password", Label: r.T("account.password"), Value: revealed.Password.Reveal()}, ui.Para(r.T("provisioning.revealed")))
	}
	controls := may.Offer(access.ProvisioningEdit, ui.Action{Label: r.T("provisioning.change"), URL: "/provisioning/account", Icon: "pencil"})
	if revealed == nil {
		controls = append(controls, may.Offer(access.SecretReveal, ui.Action{Label: r.T("provisioning.reveal"), URL: "/provisioning/reveal", How: ui.Post, Icon: "eye"})...)
	}
	controls = append(controls, may.Offer(access.ProvisioningEdit, ui.Action{Label: r.T("provisioning.remove"), URL: "/provisioning/remove", How: ui.Confirm, Icon: "trash", Style: "quiet"})...)
	if len(controls) > 0 {
		body = append(body, ui.Buttons(controls...))
	}
	return ui.CardOf(r.T("provisioning.account"), body...)
}

func (p Pages) triesSettings(r *page.Request, what string) {
	r.Tries("provisioning/"+what, r.Actor.Place(), journal.Target{Kind: "customer", ID: r.Place.ID, Name: r.Place.Name})
}

// Reveal shows the password once, on an answer that is not stored anywhere (decision 16). It is in the log.
func (p Pages) Reveal(r *page.Request) error {
	p.triesSettings(r, "reveal")
	c, err := p.Devices.RevealAccount(r.Context(), r.Actor, p.customer(r))
	if err != nil {
		return err
	}
	v, err := p.Devices.Provisioning(r.Context(), r.Actor, p.customer(r))
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	return r.Show(p.provisioningPage(r, v, may, &c))
}

// change loads the settings for a form.
func (p Pages) change(r *page.Request, form func(v device.Provisioning) templ.Component) error {
	v, err := p.Devices.Provisioning(r.Context(), r.Actor, p.customer(r))
	if err != nil {
		return err
	}
	return r.Show(form(v))
}

// set writes a change, or shows its form again.
func (p Pages) set(r *page.Request, patch device.ProvisioningPatch, form func(v device.Provisioning, err error) templ.Component) error {
	p.triesSettings(r, "edit")
	patch.IfVersion = r.Version()
	if _, err := p.Devices.SetProvisioning(r.Context(), r.Actor, p.customer(r), patch); err != nil {
		v, faulty := p.Devices.Provisioning(r.Context(), r.Actor, p.customer(r))
		if faulty != nil {
			return faulty
		}
		return r.Again(err, form(v, err))
	}
	return r.Done("/provisioning", r.T("provisioning.saved"))
}

func settingsForm(r *page.Request, v device.Provisioning, title, lead string, url string, f ui.Faults, fields ...templ.Component) templ.Component {
	s := r.Shell(title, lead)
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.provisioning"), URL: "/provisioning"}}
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: url, Faults: f, Submit: r.T("form.save"), Cancel: "/provisioning", Guard: true, Narrow: true,
		Hidden: []ui.Hidden{page.Versioned(v.Version)}}, fields...)))
}

// Account shows the form of user and password.
func (p Pages) Account(r *page.Request) error {
	return p.change(r, func(v device.Provisioning) templ.Component { return accountForm(r, v, v.Account.User, "7", nil) })
}

func accountForm(r *page.Request, v device.Provisioning, user, keep string, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, "account.user", r.T("provisioning.user"), "account.password", r.T("account.password"), "account.keep_old", r.T("provisioning.keep"))
	fields := []templ.Component{
		ui.Input{Name: "account.user", Label: r.T("provisioning.user"), Value: user, Required: true, Mono: true, Max: 128, Autocomplete: "off", Hint: r.T("provisioning.user_hint"), Fault: f.For("account.user")},
		ui.Input{Name: "account.password", Label: r.T("account.password"), Kind: "password", Required: true, Max: 128, Autocomplete: "new-password",
			Hint: r.T("provisioning.password_hint"), Fault: f.For("account.password")}}
	if v.Account.User != "" {
		fields = append(fields, ui.Input{Name: "account.keep_old", Label: r.T("provisioning.keep"), Kind: "number", Value: keep, Suffix: r.T("time.days"),
			Hint: r.T("provisioning.keep_hint"), Fault: f.For("account.keep_old")})
	}
	return settingsForm(r, v, r.T("provisioning.set_account"), r.T("provisioning.account_text"), "/provisioning/account", f, fields...)
}

// SetAccount changes user and password; the old ones stay valid for the chosen time (DM-112).
func (p Pages) SetAccount(r *page.Request) error {
	user, word, keep := r.PostFormValue("account.user"), secret.Hide(r.PostFormValue("account.password")), r.PostFormValue("account.keep_old")
	days, err := strconv.Atoi(keep)
	if err != nil && keep != "" {
		days = -1 // the service names the field
	}
	if most := int(device.MaxKeepOld/(24*time.Hour)) + 1; days > most {
		days = most
	}
	return p.set(r, device.ProvisioningPatch{User: &user, Password: &word, KeepOld: time.Duration(days) * 24 * time.Hour},
		func(v device.Provisioning, err error) templ.Component { return accountForm(r, v, user, keep, err) })
}

// AskRemove asks before the account goes, after which no phone gets anything (DM-111).
func (p Pages) AskRemove(r *page.Request) error {
	return p.change(r, func(v device.Provisioning) templ.Component {
		s := r.Shell(r.T("provisioning.remove"), "")
		s.Crumbs = []ui.Crumb{{Label: r.T("nav.provisioning"), URL: "/provisioning"}}
		return ui.Full(s, ui.Question{Title: r.T("provisioning.remove_title"), Text: r.T("provisioning.remove_text"), URL: "/provisioning/remove", Danger: true,
			Submit: r.T("provisioning.remove"), CancelURL: "/provisioning", Hidden: []ui.Hidden{page.Versioned(v.Version)}})
	})
}

// Remove takes the account away.
func (p Pages) Remove(r *page.Request) error {
	p.triesSettings(r, "edit")
	none := ""
	if _, err := p.Devices.SetProvisioning(r.Context(), r.Actor, p.customer(r), device.ProvisioningPatch{User: &none, IfVersion: r.Version()}); err != nil {
		return err
	}
	return r.Done("/provisioning", r.T("provisioning.removed"))
}

// Poll shows the form of the poll window (DM-108).
func (p Pages) Poll(r *page.Request) error {
	return p.change(r, func(v device.Provisioning) templ.Component {
		return pollForm(r, v, v.Poll.Start.String(), v.Poll.End.String(), strconv.Itoa(v.Poll.Days), nil)
	})
}

func pollForm(r *page.Request, v device.Provisioning, start, end, days string, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, "poll_window.start", r.T("provisioning.from"), "poll_window.end", r.T("provisioning.to"), "poll_window.days", r.T("provisioning.days"))
	return settingsForm(r, v, r.T("provisioning.poll"), r.T("provisioning.poll_text"), "/provisioning/poll", f,
		ui.Input{Name: "poll_window.start", Label: r.T("provisioning.from"), Kind: "time", Value: start, Required: true, Fault: f.For("poll_window.start")},
		ui.Input{Name: "poll_window.end", Label: r.T("provisioning.to"), Kind: "time", Value: end, Required: true, Hint: r.T("provisioning.to_hint"), Fault: f.For("poll_window.end")},
		ui.Input{Name: "poll_window.days", Label: r.T("provisioning.days"), Kind: "number", Value: days, Required: true, Suffix: r.T("time.days"), Fault: f.For("poll_window.days")})
}

// SetPoll changes the poll window.
func (p Pages) SetPoll(r *page.Request) error {
	start, end, days := r.PostFormValue("poll_window.start"), r.PostFormValue("poll_window.end"), r.PostFormValue("poll_window.days")
	clock := func(s string) phone.TimeOfDay {
		t, err := phone.ParseTimeOfDay(s)
		if err != nil {
			return -1 // the service names the field
		}
		return t
	}
	n, err := strconv.Atoi(days)
	if err != nil {
		n = 0
	}
	return p.set(r, device.ProvisioningPatch{Poll: &phone.PollWindow{Start: clock(start), End: clock(end), Days: n}},
		func(v device.Provisioning, err error) templ.Component { return pollForm(r, v, start, end, days, err) })
}

// Host shows the form of the phones' address (DM-116).
func (p Pages) Host(r *page.Request) error {
	return p.change(r, func(v device.Provisioning) templ.Component { return hostForm(r, v, v.Host, nil) })
}

func hostForm(r *page.Request, v device.Provisioning, host string, err error) templ.Component {
	f := ui.FaultsOf(r.Context(), err, "host", r.T("customer.host"))
	return settingsForm(r, v, r.T("provisioning.address"), r.T("provisioning.host_lead"), "/provisioning/host", f,
		ui.Input{Name: "host", Label: r.T("customer.host"), Value: host, Required: true, Mono: true, Max: 31, Autocomplete: "off", Hint: r.T("customers.host_hint"), Fault: f.For("host")})
}

// SetHost changes the phones' address.
func (p Pages) SetHost(r *page.Request) error {
	host := r.PostFormValue("host")
	return p.set(r, device.ProvisioningPatch{Host: &host}, func(v device.Provisioning, err error) templ.Component { return hostForm(r, v, host, err) })
}
