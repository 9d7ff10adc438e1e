package profiles

import (
	"net/url"
	"slices"

	"github.com/a-h/templ"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/db"
	"linecard/internal/device"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/network"
	"linecard/internal/portal/page"
	"linecard/internal/portal/parts"
	"linecard/internal/portal/plans"
	"linecard/internal/portal/ui"
	"linecard/internal/profile"
)

func urlQuery(s string) string { return url.QueryEscape(s) }

func address(k profile.Kind, key string) string {
	return "/deployment/" + string(k) + "/" + url.PathEscape(key)
}

// keyName names what a container belongs to.
func (p Pages) keyName(r *page.Request, k profile.ContainerKey) string {
	here := r.Actor.Place().ID
	if k.TenantID == here {
		switch k.Kind {
		case profile.OfOneDevice:
			if d, err := p.Devices.Get(r.Context(), r.Actor, here, k.Key); err == nil {
				return d.Shown()
			}
		case profile.OfGroup:
			if g, _, err := p.Devices.Group(r.Context(), r.Actor, here, k.Key); err == nil {
				return g.Name
			}
		case profile.OfSite:
			if s, err := p.Networks.Get(r.Context(), r.Actor, here, k.Key); err == nil {
				return s.Name
			}
		}
	}
	if k.Key == profile.Only {
		return ""
	}
	return k.Key
}

// Deployment shows all containers of the organisation in the order in which they win, and what they hold.
func (p Pages) Deployment(r *page.Request) error {
	place := r.Actor.Place()
	if m := r.URL.Query().Get("model"); m != "" && place.Kind == access.Customer {
		return r.Redirect(address(profile.OfModel, profile.ModelKey(m)))
	}
	names := map[string]string{}
	var content []templ.Component
	for _, kind := range profile.KindsOf(place.Kind) {
		all, next, err := p.Profiles.Containers(r.Context(), r.Actor, parts.Place(r), kind, db.Page{Limit: 100})
		if err != nil {
			return err
		}
		keys := map[string]string{}
		order := []string{}
		offer := func(key, name string) {
			if _, there := keys[key]; !there {
				order = append(order, key)
			}
			keys[key] = name
		}
		if err := p.offer(r, kind, offer); err != nil {
			return err
		}
		held := map[string]profile.Container{}
		for _, c := range all {
			if _, there := keys[c.Key]; !there {
				offer(c.Key, p.keyName(r, c.ContainerKey))
			}
			held[c.Key] = c
		}
		t := ui.Table{ID: "c-" + string(kind), Caption: r.T("container." + string(kind)), Columns: []ui.Column{{Label: r.T("container." + string(kind))}, {Label: r.T("nav.profiles")}},
			Empty: ui.Empty{Icon: "list-details", Title: r.T("deployment.none")}}
		for _, key := range order {
			label := keys[key]
			if key == profile.Only {
				label = r.T("container." + string(kind))
			}
			in := []templ.Component{}
			for i, id := range held[key].ProfileIDs {
				in = append(in, ui.Two(ui.Int(int64(i+1))+". "+p.named(r, names, id), "", ""))
			}
			if len(in) == 0 {
				in = append(in, ui.Quiet("–"))
			}
			t.Rows = append(t.Rows, ui.Row{ID: key, Name: label, Cells: []templ.Component{ui.Two(label, "", address(kind, key)), ui.Stack(in...)}})
		}
		content = append(content, ui.Heading(r.T("container."+string(kind))), t)
		if next != "" {
			content = append(content, ui.Note(r.T("deployment.more")))
		}
		if kind == profile.OfModel {
			content = append(content, ui.Filters{URL: "/deployment", Submit: r.T("deployment.open"), SubmitIcon: "plus", Fields: []templ.Component{ui.Input{Name: "model", Label: r.T("devices.model"), Compact: true, Max: 64, Autocomplete: "off", Placeholder: "VVX 450"}}})
		}
	}
	return r.Show(ui.Full(r.Shell(r.T("nav.deployment"), r.T("deployment.lead")), content...))
}

// offer names what a kind of container can belong to, as far as that is a short list.
func (p Pages) offer(r *page.Request, kind profile.Kind, offer func(key, name string)) error {
	here := r.Actor.Place().ID
	switch kind {
	case profile.Global, profile.Defaults, profile.Enforced:
		offer(profile.Only, "")
	case profile.OfGroup:
		l, err := p.Devices.Groups(r.Context(), r.Actor, here, device.GroupQuery{Page: db.Page{Limit: 100, Sort: "name"}})
		for _, g := range l.Items {
			offer(g.ID, g.Name)
		}
		return unless(err)
	case profile.OfSite:
		l, err := p.Networks.List(r.Context(), r.Actor, here, network.Query{Page: db.Page{Limit: 100, Sort: "name"}})
		for _, s := range l.Items {
			offer(s.ID, s.Name)
		}
		return unless(err)
	}
	return nil
}

// unless forgives that somebody who sees profiles may not see what they are for.
func unless(err error) error {
	if errs.KindOf(err) == errs.Forbidden {
		return nil
	}
	return err
}

func (p Pages) named(r *page.Request, names map[string]string, id string) string {
	if n, ok := names[id]; ok {
		return n
	}
	names[id] = id
	if x, err := p.Profiles.Get(r.Context(), r.Actor, parts.Place(r), id); err == nil {
		names[id] = x.Name
	}
	return names[id]
}

// Container shows one container and lets people arrange it; the arrangement becomes a plan.
func (p Pages) Container(r *page.Request) error {
	return p.container(r, nil)
}

func (p Pages) container(r *page.Request, fault error) error {
	kind, key := profile.Kind(r.PathValue("kind")), r.PathValue("key")
	c, err := p.Profiles.Container(r.Context(), r.Actor, parts.Place(r), kind, key)
	if err != nil {
		return err
	}
	may, err := parts.Here(r, p.Deps)
	if err != nil {
		return err
	}
	title := r.T("container." + string(kind))
	if n := p.keyName(r, c.ContainerKey); n != "" {
		title += " · " + n
	}
	s := r.Shell(title, r.T("deployment.container_lead"))
	s.Crumbs = []ui.Crumb{{Label: r.T("nav.deployment"), URL: "/deployment"}}
	at := address(kind, key)
	o := parts.Order{Path: at, Save: at, Field: "profile", Now: c.ProfileIDs, Caption: r.T("nav.profiles"), Add: r.T("deployment.add"), Review: r.T("plans.review"), Edit: may.Do(access.ProfileEdit), Version: c.Version,
		Faults: ui.FaultsOf(r.Context(), fault), Empty: ui.Empty{Icon: "adjustments", Title: r.T("deployment.empty"), Text: r.T("deployment.empty_text")}}
	add := func(x profile.Profile) {
		if !slices.ContainsFunc(o.Choices, func(c parts.Choice) bool { return c.ID == x.ID }) {
			o.Choices = append(o.Choices, parts.Choice{ID: x.ID, Name: x.Name, Note: x.Description, URL: "/profiles/" + x.ID})
		}
	}
	l, err := p.Profiles.List(r.Context(), r.Actor, parts.Place(r), profile.Query{Types: []profile.Type{profile.Platform, profile.User, profile.Software}, Page: db.Page{Limit: 200, Sort: "name"}})
	if err != nil {
		return err
	}
	for _, x := range l.Items {
		if !x.Template() {
			add(x)
		}
	}
	for _, id := range c.ProfileIDs {
		if x, err := p.Profiles.Get(r.Context(), r.Actor, parts.Place(r), id); err == nil {
			add(x)
		}
	}
	content := o.Show(r)
	if fault != nil {
		return r.Again(fault, ui.Full(s, ui.Notice{Tone: ui.Bad, Title: o.Faults.Text}, content))
	}
	return r.Show(ui.Full(s, content))
}

// SetContainer makes a plan of the arrangement.
func (p Pages) SetContainer(r *page.Request) error {
	kind, key := profile.Kind(r.PathValue("kind")), r.PathValue("key")
	r.Tries("container/edit", r.Actor.Place(), journal.Target{Kind: "container", ID: string(kind) + "/" + key})
	c, err := p.Profiles.Container(r.Context(), r.Actor, parts.Place(r), kind, key)
	if err != nil {
		return err
	}
	if v := r.Version(); v != 0 && v != c.Version {
		return p.container(r, errMeanwhile)
	}
	if err := plans.Propose(r, p.Deps, config.Asked{Kind: config.ContainerSet, Container: kind, Key: key, ProfileIDs: r.PostForm["profile"]}, address(kind, key)); err != nil {
		return p.container(r, err)
	}
	return nil
}
