package mlines

import (
	"slices"
	"strconv"
	"strings"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/catalog"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/ui"
	"linecard/internal/subscriber"
)

// typed is the form of a line as it stands.
type typed struct {
	label, display, registrars, proxies, transport, expires, shared, voicemail string
	version                                                                    int64
}

func typedOf(l subscriber.Line) typed {
	return typed{l.Label, l.DisplayName, parts.Servers(l.Registrars), parts.Servers(l.Proxies), string(l.Transport), parts.Int(l.Expires), l.SharedWith, l.Voicemail, l.Version}
}

func readTyped(r *page.Request) typed {
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	return typed{v("label"), v("display_name"), v("registrars"), v("proxies"), v("transport"), v("expires"), v("shared_with"), v("voicemail"), r.Version()}
}

// seconds reads a number of seconds; one that is none becomes -1, which the service refuses by its field.
func seconds(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil && s != "" {
		return -1
	}
	return n
}

func (t typed) patch() subscriber.LinePatch {
	reg, prox, transport, expires := parts.ReadServers(t.registrars), parts.ReadServers(t.proxies), phone.Transport(t.transport), seconds(t.expires)
	return subscriber.LinePatch{Label: &t.label, DisplayName: &t.display, Registrars: &reg, Proxies: &prox, Transport: &transport, Expires: &expires, SharedWith: &t.shared, Voicemail: &t.voicemail, IfVersion: t.version}
}

func transports(r *page.Request, chosen, none, fault string) ui.Select {
	s := ui.Select{Name: "transport", Label: r.T("lines.transport"), Fault: fault, Options: []ui.Option{{Label: none}}}
	for _, x := range []string{"udp", "tcp", "tls"} {
		s.Options = append(s.Options, ui.Option{Value: x, Label: strings.ToUpper(x), Selected: x == chosen})
	}
	return s
}

func labels(r *page.Request) []string {
	return []string{"label", r.T("lines.label"), "display_name", r.T("lines.display"), "registrars", r.T("lines.registrar"), "proxies", r.T("lines.proxy"), "transport", r.T("lines.transport"), "expires", r.T("lines.expires"),
		"shared_with", r.T("lines.shared"), "voicemail", r.T("lines.voicemail"), "realm", r.T("mlines.realm")}
}

func (p Pages) linePage(r *page.Request, v view, holder string, t typed, err error) templ.Component {
	title, url, cancel := r.T("mlines.add"), v.URL("/lines/new"), v.URL("/lines")
	if v.l.ID != "" {
		title, url, cancel = r.T("mlines.edit", "name", parts.LineShown(v.l)), v.at+"/edit", v.at
	}
	f := ui.FaultsOf(r.Context(), err, labels(r)...)
	in := func(name, label, value string, max int) ui.Input {
		return ui.Input{Name: name, Label: label, Value: value, Optional: true, Max: max, Autocomplete: "off", Fault: f.For(name)}
	}
	registrar := in("registrars", r.T("lines.registrar"), t.registrars, 500)
	registrar.Mono, registrar.Hint = true, r.T("mlines.own_registrar")
	label := in("label", r.T("lines.label"), t.label, 128)
	label.Hint = r.T("mlines.label_hint")
	return ui.Full(v.frame(r, title, r.T("mlines.edit_lead")), ui.CardOf("", ui.FormOf(ui.Form{URL: url, Faults: f, Submit: r.T("form.save"), Cancel: cancel, Guard: true, Columns: true,
		Hidden: []ui.Hidden{page.Versioned(t.version), {Name: "holder", Value: holder}}}, label, in("display_name", r.T("lines.display"), t.display, 128), in("voicemail", r.T("lines.voicemail"), t.voicemail, 128),
		in("shared_with", r.T("lines.shared"), t.shared, 255), ui.Section{Title: r.T("mlines.elsewhere"), Text: r.T("mlines.elsewhere_text")}, registrar, in("proxies", r.T("lines.proxy"), t.proxies, 500),
		transports(r, t.transport, r.T("mlines.customers"), f.For("transport")), ui.Input{Name: "expires", Label: r.T("lines.expires"), Kind: "number", Value: t.expires, Optional: true, Suffix: "s", Fault: f.For("expires")})))
}

// Add shows the form of a further line of a holder.
func (p Pages) Add(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err == nil {
		err = access.Decide(r.Actor, access.LineEdit, in.Target())
	}
	if err != nil {
		return err
	}
	return r.Show(p.linePage(r, view{Inside: in}, r.URL.Query().Get("holder"), typed{}, nil))
}

// Create adds it.
func (p Pages) Create(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	v, t, holder := view{Inside: in}, readTyped(r), r.PostFormValue("holder")
	v.tries(r, "create")
	l, err := p.Subscriber.AddLine(r.Context(), r.Actor, in.Customer.ID, holder, t.patch())
	if err != nil {
		return r.Again(err, p.linePage(r, v, holder, t, err))
	}
	return r.Done(in.URL("/lines/"+l.ID), r.T("lines.saved"))
}

// Edit shows the form of a line.
func (p Pages) Edit(r *page.Request) error {
	v, err := p.look(r, access.LineEdit)
	if err != nil {
		return err
	}
	return r.Show(p.linePage(r, v, v.l.HolderID, typedOf(v.l), nil))
}

// Save changes it.
func (p Pages) Save(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	v.tries(r, "edit")
	t := readTyped(r)
	if _, err := p.Subscriber.EditLine(r.Context(), r.Actor, v.Customer.ID, v.l.ID, t.patch()); err != nil {
		if errs.KindOf(err) == errs.Stale {
			t.version = v.l.Version
		}
		return r.Again(err, p.linePage(r, v, v.l.HolderID, t, err))
	}
	return r.Done(v.at, r.T("lines.saved"))
}

// Calling says where all lines of the customer register, as far as a line says nothing else.
func (p Pages) Calling(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	c, version, err := p.Subscriber.CallingOf(r.Context(), r.Actor, in.Customer.ID)
	if err != nil {
		return err
	}
	return r.Show(p.callingPage(r, in, c, version, nil))
}

func (p Pages) callingPage(r *page.Request, in parts.Inside, c subscriber.Calling, version int64, err error) templ.Component {
	s := in.Shell(r, r.T("mlines.calling"), r.T("mlines.calling_lead"), ui.Crumb{Label: r.T("nav.lines"), URL: in.URL("/lines")})
	if !in.Do(access.CallingEdit) {
		return ui.Full(s, ui.CardOf("", ui.Definitions([]ui.Def{{Term: r.T("mlines.realm"), Value: parts.Dash(c.Realm)}, {Term: r.T("lines.registrar"), Value: parts.Dash(parts.Servers(c.Registrars))},
			{Term: r.T("lines.proxy"), Value: parts.Dash(parts.Servers(c.Proxies))}, {Term: r.T("lines.transport"), Value: parts.Dash(strings.ToUpper(string(c.Transport)))}})))
	}
	f := ui.FaultsOf(r.Context(), err, labels(r)...)
	return ui.Full(s, ui.CardOf("", ui.FormOf(ui.Form{URL: in.URL("/calling"), Faults: f, Submit: r.T("form.save"), Cancel: in.URL("/lines"), Guard: true, Columns: true, Hidden: []ui.Hidden{page.Versioned(version)}},
		ui.Input{Name: "registrars", Label: r.T("lines.registrar"), Value: parts.Servers(c.Registrars), Required: true, Mono: true, Max: 500, Hint: r.T("lines.registrar_hint"), Fault: f.For("registrars")},
		ui.Input{Name: "realm", Label: r.T("mlines.realm"), Value: c.Realm, Optional: true, Mono: true, Max: 253, Hint: r.T("mlines.realm_hint"), Fault: f.For("realm")},
		ui.Input{Name: "proxies", Label: r.T("lines.proxy"), Value: parts.Servers(c.Proxies), Optional: true, Mono: true, Max: 500, Fault: f.For("proxies")}, transports(r, string(c.Transport), r.T("lines.transport_auto"), f.For("transport")),
		ui.Input{Name: "expires", Label: r.T("lines.expires"), Kind: "number", Value: parts.Int(c.Expires), Optional: true, Suffix: "s", Fault: f.For("expires")}), ui.Para(r.T("mlines.calling_all"))))
}

// SaveCalling changes it. All phones with managed lines get new files.
func (p Pages) SaveCalling(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	r.Tries("calling/edit", in.Customer.Access(), journal.Target{Kind: "customer", ID: in.Customer.ID, Name: in.Customer.Name})
	v := func(name string) string { return strings.TrimSpace(r.PostFormValue(name)) }
	c := subscriber.Calling{Realm: v("realm"), Registrars: parts.ReadServers(v("registrars")), Proxies: parts.ReadServers(v("proxies")), Transport: phone.Transport(v("transport")), Expires: seconds(v("expires"))}
	if _, _, err := p.Subscriber.SetCalling(r.Context(), r.Actor, in.Customer.ID, c, r.Version()); err != nil {
		return r.Again(err, p.callingPage(r, in, c, r.Version(), err))
	}
	return r.Done(in.URL("/lines"), r.T("mlines.calling_saved"))
}

// Directory shows what users of a directory get, and how a directory is connected (WS-135, WS-137).
func (p Pages) Directory(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err == nil {
		err = access.Decide(r.Actor, access.UserSync, in.Target())
	}
	if err != nil {
		return err
	}
	a, version, err := p.Subscriber.AutomaticOf(r.Context(), r.Actor, in.Customer.ID)
	if err != nil {
		return err
	}
	c, err := p.directoryPage(r, in, a, version, "", nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}

// scimBase is where a directory sends its users. The token of a customer names the customer; that of a provider does not.
func (p Pages) scimBase(in parts.Inside) string {
	base := strings.TrimRight(p.PublicURL, "/") + "/scim/v2"
	if in.Own() {
		return base
	}
	return base + "/customers/" + in.Customer.ID
}

func (p Pages) directoryPage(r *page.Request, in parts.Inside, a subscriber.Automatic, version int64, token string, err error) (templ.Component, error) {
	offer, faulty := parts.OfferOf(r, p.Deps, in.Customer.ID)
	if faulty != nil {
		return nil, faulty
	}
	places, faulty := parts.Locations(r, p.Deps, in.Customer.ID)
	if faulty != nil {
		return nil, faulty
	}
	s := in.Shell(r, r.T("nav.directory"), r.T("directory.lead"))
	f := ui.FaultsOf(r.Context(), err, "package", r.T("users.package"), "location_id", r.T("users.location"), "first_extension", r.T("directory.first"))
	packs := ui.Select{Name: "package", Label: r.T("users.package"), Hint: r.T("directory.package_hint"), Fault: f.For("package"), Options: append([]ui.Option{{Label: r.T("directory.no_package")}}, parts.Options(offer.Held(catalog.Base, true), a.Package)...)}
	rules := ui.CardOf(r.T("directory.rules"), ui.Para(r.T("directory.rules_text")), ui.FormOf(ui.Form{URL: in.URL("/directory"), Faults: f, Submit: r.T("form.save"), Hidden: []ui.Hidden{page.Versioned(version)}}, packs,
		ui.Select{Name: "location_id", Label: r.T("users.location"), Fault: f.For("location_id"), Options: parts.LocationOptions(places, r.T("directory.only_place"), a.LocationID)},
		ui.Input{Name: "first_extension", Label: r.T("directory.first"), Value: a.FirstExtension, Optional: true, Mono: true, Max: 10, Hint: r.T("directory.first_hint"), Fault: f.For("first_extension")}))
	connect := []templ.Component{ui.Para(r.T("directory.connect_text")), ui.Secret{ID: "scim-url", Label: r.T("directory.url"), Value: p.scimBase(in)}}
	switch {
	case token != "":
		connect = append(connect, ui.Secret{ID: "scim-token", Label: r.T("directory.token"), Value: token, Once: true}, ui.Para(r.T("directory.token_text")))
	case r.Actor.Can(access.TokenManage) && r.Actor.Acting == nil:
		connect = append(connect, ui.Buttons(ui.Action{Label: r.T("directory.make_token"), URL: in.URL("/directory/token"), How: ui.Post, Icon: "key"}), ui.Para(r.T("directory.token_about")))
	default:
		connect = append(connect, ui.Para(r.T("directory.no_token")))
	}
	return ui.Full(s, in.Tabs(r, "/directory"), ui.GridOf(rules, ui.CardOf(r.T("directory.connect"), connect...))), nil
}

// SaveDirectory changes what new users get.
func (p Pages) SaveDirectory(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err != nil {
		return err
	}
	r.Tries("directory/edit", in.Customer.Access(), journal.Target{Kind: "customer", ID: in.Customer.ID, Name: in.Customer.Name})
	a := subscriber.Automatic{Package: r.PostFormValue("package"), LocationID: r.PostFormValue("location_id"), FirstExtension: strings.TrimSpace(r.PostFormValue("first_extension"))}
	if _, _, err := p.Subscriber.SetAutomatic(r.Context(), r.Actor, in.Customer.ID, a, r.Version()); err != nil {
		c, faulty := p.directoryPage(r, in, a, r.Version(), "", err)
		if faulty != nil {
			return faulty
		}
		return r.Again(err, c)
	}
	return r.Done(in.URL("/directory"), r.T("directory.saved"))
}

// directoryRights is all that a directory needs.
var directoryRights = []access.Action{access.UserView, access.UserSync}

// DirectoryToken makes a token that can do nothing but synchronise users, and shows it on this one answer.
func (p Pages) DirectoryToken(r *page.Request) error {
	in, err := parts.InsideOf(r, p.Deps)
	if err == nil {
		err = access.Decide(r.Actor, access.UserSync, in.Target())
	}
	if err != nil {
		return err
	}
	name := r.T("directory.token_name", "name", in.Customer.Name)
	r.Tries("token/create", r.Actor.Place(), journal.Target{Kind: "token", Name: name})
	_, plain, err := p.Accounts.CreateToken(r.Context(), r.Actor, account.NewToken{Name: name, Limits: slices.Clone(directoryRights)})
	if err != nil {
		return err
	}
	a, version, err := p.Subscriber.AutomaticOf(r.Context(), r.Actor, in.Customer.ID)
	if err != nil {
		return err
	}
	c, err := p.directoryPage(r, in, a, version, plain, nil)
	if err != nil {
		return err
	}
	return r.Show(c)
}
