package config

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"linecard/internal/device"
	"linecard/internal/firmware"
	"linecard/internal/network"
	"linecard/internal/phone"
	"linecard/internal/profile"
)

// estate is what the phones of one customer have in common, as it was at one moment. It is never changed: a Change makes another
// one of it.
type estate struct {
	customer string
	path     []string // ids of the tenants from the operator down to the customer
	makers   phone.Makers
	address  string // where phones fetch: https://host/p/acme; "" when it is not known
	library  profile.Library
	files    map[string]string // names of resource files by their ids
	sites    map[string]network.Site
	where    *network.Map
	// templates are the keys of device groups, for phones that change their groups.
	templates map[string][]phone.Key
	catalogue firmware.Catalogue
	downloads device.Software // from where and when they get software
	zone      *time.Location

	layers sync.Map // profile id + "/" + maker → []phone.Setting
	bases  sync.Map // signature → *base
}

// with copies what a Change may replace; what was computed from the old one stays behind.
func (e *estate) with() *estate {
	n := &estate{customer: e.customer, path: e.path, makers: e.makers, address: e.address, files: e.files, where: e.where, templates: e.templates, catalogue: e.catalogue, downloads: e.downloads, zone: e.zone}
	n.library = profile.Library{Profiles: maps.Clone(e.library.Profiles), Containers: maps.Clone(e.library.Containers), Once: e.library.Once}
	n.sites = maps.Clone(e.sites)
	return n
}

// setSites puts the customer's sites in.
func (e *estate) setSites(all []network.Site) {
	e.sites = make(map[string]network.Site, len(all))
	for _, s := range all {
		e.sites[s.ID] = s
	}
	e.where = network.NewMap(all)
}

// own is what only one phone has.
type own struct {
	device.Setup
	site     string // where it is now
	model    string // what it says it is, else what was entered
	version  string // of its software; "" when it never told
	profiles []profile.Profile
	request  netip.Addr // from where it asks now; invalid when nobody asks
}

// from is the address that decides where the phone is: the one of this request counts before the stored one (decision 12).
func (o *own) from() netip.Addr {
	if o.request.IsValid() {
		return o.request
	}
	return o.Public
}

// place settles site, model and version from what is stored and what the phone tells now.
func (e *estate) place(o *own, r Request) {
	o.request, o.site = r.From, o.SiteID
	if !o.SitePinned && e.where != nil {
		o.site = e.where.Resolve(o.from(), o.Private).SiteID
	}
	o.model = cmp.Or(r.Model, o.Reported, o.Model)
	o.version = cmp.Or(r.Version, o.Version)
}

// base is what the containers below a phone give to all phones of one maker, model, site and list of groups.
type base struct {
	values []Value // sorted by name
	images []selected
}

// selected is a profile that selects software, in the order of rank.
type selected struct {
	Origin
	image, label string
}

// signature tells phones apart that share no base.
func (o *own) signature() string {
	return strings.Join([]string{o.Maker, o.model, o.site, strings.Join(o.Groups, ",")}, "\x00")
}

// settings gives what a profile says to phones of a maker: nothing when it is for another one (DM-342). A link to a resource file
// becomes the address where the phone can fetch it (DM-150); one whose file is gone says nothing.
func (e *estate) settings(p profile.Profile, maker string) []phone.Setting {
	if !profile.Fits(p.Mode, maker) {
		return nil
	}
	out := make([]phone.Setting, 0, len(p.Attributes))
	for _, a := range p.Attributes {
		v := a.Value
		if a.File != "" {
			name, ok := e.files[a.File]
			if !ok {
				continue
			}
			v = strings.TrimSuffix(e.address, "/") + "/" + resources + name
		}
		out = append(out, phone.Setting{Name: a.Name, Value: v})
	}
	return out
}

// resources is where phones find resource files below their address.
const resources = "res/"

// shared is settings for profiles of the library, computed once.
func (e *estate) shared(p profile.Profile, maker string) []phone.Setting {
	key := p.ID + "/" + maker
	if s, ok := e.layers.Load(key); ok {
		return s.([]phone.Setting)
	}
	s, _ := e.layers.LoadOrStore(key, e.settings(p, maker))
	return s.([]phone.Setting)
}

// container gives the layers of a container, in its order.
func (e *estate) container(at Origin, kind profile.Kind, maker string) []layer {
	var out []layer
	for _, id := range e.library.Containers[profile.ContainerKey{TenantID: at.TenantID, Kind: kind, Key: at.Key}] {
		p, ok := e.library.Profiles[id]
		if !ok || !profile.Fits(p.Mode, maker) {
			continue
		}
		at.ProfileID = id
		out = append(out, layer{Origin: at, settings: e.shared(p, maker), image: p.ImageID, label: p.ImageLabel})
	}
	return out
}

// enforced gives what operator and partners demand, the widest first: nobody below can take it back.
func (e *estate) enforced(maker string) []layer {
	var out []layer
	for _, id := range e.path[:len(e.path)-1] {
		out = append(out, e.container(Origin{Container: Enforced, TenantID: id, Key: "-"}, profile.Enforced, maker)...)
	}
	return out
}

// below gives the layers of all containers below a phone's own ones: site, model, groups in the phone's order, the customer's
// global one, and defaults of the tenants above, the nearest first (DM-163; architecture, section 5).
func (e *estate) below(o *own) []layer {
	at := func(c Container, kind profile.Kind, key string) []layer {
		return e.container(Origin{Container: c, TenantID: e.customer, Key: key}, kind, o.Maker)
	}
	var out []layer
	if o.site != "" {
		out = append(out, at(OfSite, profile.OfSite, o.site)...)
	}
	if o.model != "" {
		out = append(out, at(OfModel, profile.OfModel, profile.ModelKey(o.model))...)
	}
	for _, g := range o.Groups {
		out = append(out, at(OfGroup, profile.OfGroup, g)...)
	}
	out = append(out, at(Global, profile.Global, "-")...)
	for _, id := range slices.Backward(e.path[:len(e.path)-1]) {
		out = append(out, e.container(Origin{Container: Defaults, TenantID: id, Key: "-"}, profile.Defaults, o.Maker)...)
	}
	return out
}

// base merges the layers below a phone, once for all phones that share them.
func (e *estate) base(o *own) *base {
	key := o.signature()
	if b, ok := e.bases.Load(key); ok {
		return b.(*base)
	}
	layers := e.below(o)
	b := &base{values: merge(layers, false), images: selections(layers)}
	kept, _ := e.bases.LoadOrStore(key, b)
	return kept.(*base)
}

func selections(layers []layer) []selected {
	var out []selected
	for _, l := range layers {
		if l.image != "" {
			out = append(out, selected{Origin: l.Origin, image: l.image, label: l.label})
		}
	}
	return out
}

// once gives the parameters that were ever set for phones of this maker by the customer or above it, sorted.
func (e *estate) once(maker string) []string {
	var all []string
	for mode, names := range e.library.Once {
		if profile.Fits(mode, maker) {
			all = append(all, names...)
		}
	}
	slices.SortFunc(all, cmp.Compare[string])
	return slices.Compact(all)
}
