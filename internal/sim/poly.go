package sim

import (
	"context"
	"encoding/xml"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// bootPoly is the updater's log and the whole sequence as seen on a VVX 500. The updater is a program of its own, with a
// connection and credentials of its own (inferred).
func (p *Phone) bootPoly(ctx context.Context, t *Trip) {
	log := "000010.412|cfg  |3|00|Updater " + p.Updater + " ready\n"
	if t.Stuck != "" {
		log += "000011.000|cfg  |5|00|Could not get application name\n" // poly.md 1.4
	}
	p.put(ctx, t, request{path: p.place(p.dirs.logs, p.own()+"-boot.log"), agent: p.agent("Updater", p.Serial), basis: Sourced, body: []byte(log)})
	p.hangUp()
	p.last = nil
	m, got := p.askPoly(ctx, t)
	if !got || t.loaded {
		return
	}
	p.optional(ctx, t, m)
	if p.Lean {
		return
	}
	text := []byte("0611101533|cfg  |3|00|Prov|Starting to provision\n0611101541|cfg  |3|00|Prov|Finished updating configuration\n")
	if at := p.place(m.logs, p.own()+"-app.log"); at != "" {
		p.send(ctx, t, request{method: http.MethodHead, path: at, agent: p.agent("Application", p.Serial), basis: Sourced})
		p.put(ctx, t, request{path: at, basis: Sourced, body: text})
	}
}

// place is a file in a directory of the master file; "" when the directory says that there is none (sipXecs: 0.0.0.0).
func (p *Phone) place(dir, name string) string {
	if strings.Contains(dir, "://0.0.0.0") {
		return ""
	}
	return join(dir, name)
}

// askPoly fetches master file, image and parameter files, and puts them in force. A phone that cannot get all of it keeps
// what it has.
func (p *Phone) askPoly(ctx context.Context, t *Trip) (master, bool) {
	m, ok := p.master(ctx, t, "Application")
	if !ok {
		return m, false
	}
	if m.appFile != "" && !p.NoImages {
		if name, version := p.glance(ctx, t, p.imageNames(m.appFile)); version != "" && version != p.Version && p.upgrade(ctx, t, name, version) {
			return m, true
		}
	}
	parameters := map[string]string{}
	for _, name := range m.configFiles {
		status, body := p.get(ctx, t, name, p.members())
		if status == http.StatusNotFound && p.Choices.WithoutMissing {
			continue
		}
		if status != http.StatusOK {
			t.Fault = fault(p.label(name), status)
			return m, false
		}
		values, err := readParameters(body)
		if err != nil {
			t.Fault = p.label(name) + ": " + err.Error()
			return m, false
		}
		for k, v := range values { // the leftmost file wins
			if _, have := parameters[k]; !have {
				parameters[k] = v
			}
		}
	}
	flash := p.burn(parameters)
	p.apply(t, parameters, flash)
	p.adoptPoly()
	for _, name := range m.misc {
		p.get(ctx, t, name, Inferred)
	}
	return m, true
}

// master fetches the master file, or the global one.
func (p *Phone) master(ctx context.Context, t *Trip, program string) (master, bool) {
	agent := p.agent(program, p.Serial)
	a := p.fetch(ctx, t, request{method: http.MethodGet, path: p.own() + ".cfg", agent: agent, basis: Sourced})
	if a.status == http.StatusNotFound {
		a = p.fetch(ctx, t, request{method: http.MethodGet, path: "000000000000.cfg", agent: agent, basis: Sourced})
	}
	if a.status != http.StatusOK {
		t.Fault = fault("master file", a.status)
		return master{}, false
	}
	m, err := readMaster(a.body, p.Identity)
	if err != nil {
		t.Fault = "master file: " + err.Error()
		return master{}, false
	}
	p.dirs = m
	return m, true
}

// burn takes device parameters out of what files say and gives what flash holds then: they are written only with device.set and
// their own .set beside them (poly.md 3.5), and stay when no file says them any more.
func (p *Phone) burn(parameters map[string]string) map[string]string {
	flash := maps.Clone(p.kept.Flash)
	for name, value := range parameters {
		if !strings.HasPrefix(name, "device.") || strings.HasSuffix(name, ".set") || name == "device.set" {
			continue
		}
		if p.Choices.FlashAlways || parameters["device.set"] == "1" && parameters[name+".set"] == "1" {
			if flash == nil {
				flash = map[string]string{}
			}
			flash[name] = value
		}
	}
	for name := range parameters {
		if strings.HasPrefix(name, "device.") {
			delete(parameters, name)
		}
	}
	return flash
}

// adoptPoly uses the address and account in flash.
func (p *Phone) adoptPoly() {
	get := func(name string) *string {
		if v, ok := p.kept.Flash["device.prov."+name]; ok {
			return &v
		}
		return nil
	}
	base := get("serverName")
	if base != nil && !strings.Contains(*base, "://") {
		scheme := "https://"
		if kind := get("serverType"); kind != nil && (*kind == "2" || strings.EqualFold(*kind, "HTTP")) {
			scheme = "http://"
		}
		*base = scheme + *base
	}
	p.adopt(base, get("user"), get("password"))
}

// members is how well the place of the parameter files in the order is known: right after the master file in the log of a
// SoundPoint IP; the logs of VVX and CCX listed none.
func (p *Phone) members() Basis {
	if p.Family == "PolycomSoundPointIP" {
		return Sourced
	}
	return Inferred
}

// optional asks for the files that need not exist, in the order of a VVX 500. Overrides on the server replace those of the phone.
func (p *Phone) optional(ctx context.Context, t *Trip, m master) {
	for _, f := range []struct {
		at   string
		into *map[string]string
	}{
		{p.place(m.overrides, p.own()+"-phone.cfg"), &p.kept.Changed}, {p.place(m.overrides, p.own()+"-web.cfg"), &p.kept.Web},
		{p.place(m.licence, "000000000000-license.cfg"), nil}, {p.place(m.licence, p.own()+"-license.cfg"), nil},
		{p.place(m.calls, p.own()+"-calls.xml"), nil}, {p.place(m.contacts, p.own()+"-directory.xml"), nil},
		{p.place(m.contacts, "000000000000-directory.xml"), nil},
	} {
		if f.at == "" {
			continue
		}
		status, body := p.spare(ctx, t, f.at, Sourced)
		if values, err := readParameters(body); f.into != nil && status == http.StatusOK && err == nil {
			*f.into = values
		}
		if p.Lean {
			return
		}
	}
}

// overrides is a file of what was changed, as phones write it.
func overrides(values map[string]string) []byte {
	e := element{name: "OVERRIDES"}
	for _, k := range slices.Sorted(maps.Keys(values)) {
		e.attributes = append(e.attributes, xml.Attr{Name: xml.Name{Local: k}, Value: values[k]})
	}
	return document("PHONE_CONFIG", e)
}

// changedPoly uploads what was changed on the phone, unless it was told not to (prov.autoConfigUpload.enabled).
func (p *Phone) changedPoly(ctx context.Context, t *Trip, suffix string, values map[string]string) bool {
	at := p.place(p.dirs.overrides, p.own()+suffix)
	if p.Parameters()["prov.autoConfigUpload.enabled"] == "0" || at == "" {
		return true
	}
	return p.put(ctx, t, request{path: at, basis: Sourced, body: overrides(values)})
}
