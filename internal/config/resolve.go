package config

import (
	"slices"
	"strings"

	"linecard/internal/phone"
)

// resolved is everything a phone's files are made of, and where it comes from.
type resolved struct {
	maker   phone.Renderer
	values  []Value // sorted by name, variables not expanded
	images  []selected
	misfits []phone.Misfit
	gone    []string // parameters that only keys used that the phone has no more
}

// free gives the keys whose places are free now.
func free(was, now []phone.Key) []phone.Key {
	return slices.DeleteFunc(slices.Clone(was), func(w phone.Key) bool {
		return slices.ContainsFunc(now, func(k phone.Key) bool { return k.Page == w.Page && k.Position == w.Position })
	})
}

// resolve puts together what a phone gets. It reads nothing but its arguments: equal ones give equal results (decision 9). With
// losers each value names what it overrules; that is slower.
func (e *estate) resolve(o *own, losers bool) (resolved, error) {
	maker, err := e.makers.Get(o.Maker)
	if err != nil {
		return resolved{}, errNoMaker.Because(err)
	}
	device := Origin{TenantID: e.customer, Key: o.DeviceID}
	spelt := maker.Spell(phone.Layout{Model: o.model, Lines: o.Lines, Ever: o.Ever, Keys: o.Keys, Was: free(o.Was, o.Keys)})
	high := e.enforced(o.Maker)
	device.Container = Identity
	high = append(high, layer{Origin: device, settings: spelt.Identity}, layer{Origin: device, settings: account(maker, o)})
	for _, p := range o.profiles {
		high = append(high, layer{Origin: Origin{Container: OfDevice, TenantID: e.customer, Key: o.DeviceID, ProfileID: p.ID},
			settings: e.settings(p, o.Maker), image: p.ImageID, label: p.ImageLabel})
	}
	device.Container = OfLine
	high = append(high, layer{Origin: device, settings: spelt.Rest})
	low := layer{Origin: Origin{Container: OfMaker, TenantID: e.customer, Key: o.Maker}, settings: maker.Defaults(phone.Inputs{MAC: o.MAC, Model: o.model, Version: o.version, Poll: o.Poll})}

	r := resolved{maker: maker, misfits: spelt.Misfits, gone: spelt.Gone}
	if losers {
		all := append(append(high, e.below(o)...), low)
		r.values, r.images = merge(all, true), selections(all)
		return r, nil
	}
	b := e.base(o)
	r.values = over(over(merge(high, false), b.values), merge([]layer{low}, false))
	r.images = slices.Concat(selections(high), b.images)
	return r, nil
}

// account spells the phone's own provisioning account; nothing while it has none.
func account(maker phone.Renderer, o *own) []phone.Setting {
	if o.Own.User == "" {
		return nil
	}
	return maker.Account(o.Own)
}

// inputs makes of a resolution what a maker renders. A phone that has not proved who it is gets neither who its lines are nor
// anything that hides a secret (decision 15).
func (e *estate) inputs(o *own, r resolved, trusted bool) phone.Inputs {
	in := phone.Inputs{MAC: o.MAC, Model: o.model, Version: o.version, Poll: o.Poll, Settings: make([]phone.Setting, 0, len(r.values))}
	// What is only held back from somebody who may not be this phone is not to be forgotten by the phone.
	once := append(e.once(o.Maker), r.gone...)
	slices.Sort(once)
	in.Once = missing(slices.Compact(once), r.values)
	for _, v := range r.values {
		s := v.Setting
		if strings.Contains(s.Value, "$") {
			s.Value, _ = phone.Expand(s.Value, o.MAC, nil)
		}
		if !trusted && (v.Container == Identity || phone.Hidden(r.maker, s)) {
			continue
		}
		in.Settings = append(in.Settings, s)
	}
	return in
}

// missing gives the names that no value has; both are sorted.
func missing(names []string, values []Value) []string {
	var out []string
	for _, n := range names {
		if _, set := find(values, n); !set {
			out = append(out, n)
		}
	}
	return out
}
