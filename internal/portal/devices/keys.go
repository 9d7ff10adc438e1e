package devices

import (
	"cmp"
	"strconv"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/plans"
	"linecard/internal/portal/ui"
)

// Keys shows the programmable keys of a phone and what its model cannot do of them.
func (p Pages) Keys(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	k, err := p.Devices.Keys(r.Context(), r.Actor, v.d.CustomerID, v.d.ID)
	if err != nil {
		return err
	}
	own := map[[2]int]bool{}
	for _, x := range k.Own {
		own[[2]int{x.Page, x.Position}] = true
	}
	edit := v.may.Offer(access.DeviceEdit, ui.Action{Label: r.T("keys.edit"), URL: v.at + "/keys/edit", Icon: "pencil", Style: "primary"})
	t := KeyTable(r, k.Effective, func(x phone.Key) templ.Component {
		if own[[2]int{x.Page, x.Position}] {
			return ui.Text(r.T("keys.own"))
		}
		return ui.Quiet(r.T("keys.of_group"))
	})
	t.Empty.Actions = edit
	var more templ.Component
	if len(k.Effective) > 0 && len(edit) > 0 {
		more = ui.Buttons(edit...)
	}
	return v.tabbed(r, "/keys", misfits(r, k.Misfits), t, more)
}

var errMeanwhile = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")

// KeyTable shows keys in the order of their places; from says where each comes from.
func KeyTable(r *page.Request, keys []phone.Key, from func(phone.Key) templ.Component) ui.Table {
	t := ui.Table{ID: "keys", Caption: r.T("phone.tab.keys"), Columns: []ui.Column{{Label: r.T("keys.position")}, {Label: r.T("keys.type")}, {Label: r.T("keys.target")}, {Label: r.T("keys.label")}, {Label: r.T("effective.from")}},
		Empty: ui.Empty{Icon: "list-details", Title: r.T("keys.none"), Text: r.T("keys.none_text")}}
	for _, x := range keys {
		t.Rows = append(t.Rows, ui.Row{ID: strconv.Itoa(x.Page) + "-" + strconv.Itoa(x.Position), Cells: []templ.Component{ui.NoWrap(r.T("keys.place", "page", x.Page, "n", x.Position)),
			ui.Two(r.T("keys.type."+string(x.Type)), r.T("phone.line_n", "n", x.On()), ""), mono(x.Target), parts.Dash(x.Label), from(x)}})
	}
	return t
}

// spareKeys is how many empty places the form of keys offers.
const spareKeys = 4

// KeyForm is the form of a list of keys: what there is, and some empty places.
func KeyForm(r *page.Request, f ui.Form, keys []phone.Key, err error) templ.Component {
	f.Faults = ui.FaultsOf(r.Context(), err)
	f.Submit, f.Guard = r.T("form.save"), true
	var lines []templ.Component
	for i, k := range append(append([]phone.Key{}, keys...), make([]phone.Key, spareKeys)...) {
		n := "keys[" + strconv.Itoa(i) + "]."
		types := ui.Select{Name: n + "type", Label: r.T("keys.type"), Fault: f.Faults.For(n + "type"), Options: []ui.Option{{Label: r.T("keys.type.none")}}}
		for _, t := range phone.KeyTypes {
			types.Options = append(types.Options, ui.Option{Value: string(t), Label: r.T("keys.type." + string(t)), Selected: t == k.Type})
		}
		in := func(name, text, value, kind string) ui.Input {
			return ui.Input{Name: n + name, Label: text, Value: value, Kind: kind, Autocomplete: "off", Fault: f.Faults.For(n + name)}
		}
		title := r.T("keys.new")
		if k.Type != "" {
			title = r.T("keys.place", "page", k.Page, "n", k.Position)
		}
		lines = append(lines, ui.Line(title, types, in("position", r.T("keys.position"), number(k.Position), "number"), in("page", r.T("keys.page"), number(k.Page), "number"),
			in("target", r.T("keys.target"), k.Target, ""), in("label", r.T("keys.label"), k.Label, ""), in("line", r.T("lines.number"), number(k.Line), "number")))
	}
	return ui.CardOf("", ui.FormOf(f, lines...))
}

func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// ReadKeys reads that form; places without a type are left out. before keeps what the form does not show.
func ReadKeys(r *page.Request, before []phone.Key) []phone.Key {
	had := map[[2]int]phone.Key{}
	for _, k := range before {
		had[[2]int{k.Page, k.Position}] = k
	}
	keys := []phone.Key{}
	for i := range phoneKeys {
		n := "keys[" + strconv.Itoa(i) + "]."
		if !r.PostForm.Has(n + "type") {
			break
		}
		get := func(name string) string { return r.PostForm.Get(n + name) }
		count := func(name string) int {
			x, err := strconv.Atoi(cmp.Or(get(name), "0"))
			if err != nil {
				return -1 // the service names the field
			}
			return x
		}
		if get("type") == "" {
			continue
		}
		k := phone.Key{Page: count("page"), Position: count("position"), Type: phone.KeyType(get("type")), Line: count("line"), Target: get("target"), Label: get("label")}
		if was := had[[2]int{k.Page, k.Position}]; was.Type == k.Type {
			k.Pickup = was.Pickup
		}
		keys = append(keys, k)
	}
	return keys
}

const phoneKeys = device.MaxKeys + spareKeys

// EditKeys shows the form of the keys of a phone.
func (p Pages) EditKeys(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	k, err := p.Devices.Keys(r.Context(), r.Actor, v.d.CustomerID, v.d.ID)
	if err != nil {
		return err
	}
	return r.Show(v.keyPage(r, k, k.Own, nil))
}

func (v view) keyPage(r *page.Request, now device.Keys, typed []phone.Key, err error) templ.Component {
	return ui.Full(v.sub(r, r.T("keys.edit"), r.T("keys.lead"), "/keys", r.T("phone.tab.keys")),
		KeyForm(r, ui.Form{URL: v.at + "/keys/edit", Cancel: v.at + "/keys", Hidden: []ui.Hidden{page.Versioned(now.Version)}}, typed, err))
}

// SetKeys replaces the keys of a phone.
func (p Pages) SetKeys(r *page.Request) error {
	v, err := p.look(r)
	if err != nil {
		return err
	}
	now, err := p.Devices.Keys(r.Context(), r.Actor, v.d.CustomerID, v.d.ID)
	if err != nil {
		return err
	}
	r.Tries("device_keys/edit", r.Actor.Place(), journal.Target{Kind: "device", ID: v.d.ID, Name: label(v.d)})
	typed := ReadKeys(r, now.Own)
	if r.Actor.Can(access.ProfileView) { // shown before it happens; who may not see plans saves at once
		if n := r.Version(); n != 0 && n != now.Version {
			return r.Again(errMeanwhile, v.keyPage(r, now, typed, errMeanwhile))
		}
		if err := plans.Propose(r, p.Deps, config.Asked{Kind: config.DeviceUpdate, DeviceID: v.d.ID, Keys: &typed}, v.at+"/keys"); err != nil {
			return r.Again(err, v.keyPage(r, now, typed, err))
		}
		return nil
	}
	if _, err := p.Devices.SetKeys(r.Context(), r.Actor, v.d.CustomerID, v.d.ID, typed, r.Version()); err != nil {
		return r.Again(err, v.keyPage(r, now, typed, err))
	}
	return r.Done(v.at+"/keys", r.T("keys.saved"))
}
