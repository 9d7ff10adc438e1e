package sim

import (
	"context"
	"net/http"
	"path"
)

// bootPoly is the updater's log and the whole sequence as seen on a VVX 500.
func (p *Phone) bootPoly(ctx context.Context, t *Trip) {
	mac := p.MAC.String()
	p.send(ctx, t, request{method: http.MethodPut, path: mac + "-boot.log", agent: p.agent("Updater", p.Serial), basis: Sourced,
		body: []byte("000010.412|cfg  |3|00|Updater " + p.Updater + " ready\n")})
	m, got := p.askPoly(ctx, t)
	if !got {
		return
	}
	p.optional(ctx, t, m)
	log := []byte("0611101533|cfg  |3|00|Prov|Starting to provision\n0611101541|cfg  |3|00|Prov|Finished updating configuration\n")
	at := join(m.logs, mac+"-app.log")
	p.send(ctx, t, request{method: http.MethodHead, path: at, agent: p.agent("Application", p.Serial), basis: Sourced})
	p.send(ctx, t, request{method: http.MethodPut, path: at, agent: p.agent("Application", p.Serial), basis: Sourced, body: log})
}

// askPoly fetches master file, image and parameter files, and puts them in force. A phone that cannot get all of it keeps
// what it has.
func (p *Phone) askPoly(ctx context.Context, t *Trip) (master, bool) {
	status, body := p.get(ctx, t, p.MAC.String()+".cfg", Sourced)
	if status == http.StatusNotFound {
		status, body = p.get(ctx, t, "000000000000.cfg", Sourced)
	}
	if status != http.StatusOK {
		t.Fault = fault("master file", status)
		return master{}, false
	}
	m, err := readMaster(body, p.Identity)
	if err != nil {
		t.Fault = "master file: " + err.Error()
		return master{}, false
	}
	p.image(ctx, t, m)
	parameters := map[string]string{}
	for _, name := range m.configFiles {
		status, body := p.get(ctx, t, name, p.members())
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
	p.apply(t, parameters)
	return m, true
}

// members is how well the place of the parameter files in the order is known: right after the master file in the log of a
// SoundPoint IP; the logs of VVX and CCX listed none.
func (p *Phone) members() Basis {
	if p.Family == "PolycomSoundPointIP" {
		return Sourced
	}
	return Inferred
}

// image asks for the software: first under the phone's part number, then as named (seen on VVX 400, 500 and CCX 600).
func (p *Phone) image(ctx context.Context, t *Trip, m master) {
	if m.appFile == "" {
		return
	}
	dir, base := path.Split(m.appFile)
	names := []string{m.appFile}
	if p.Part != "" {
		names = []string{dir + p.Part + "." + base, m.appFile}
	}
	for _, name := range names {
		status, _ := p.send(ctx, t, request{method: http.MethodGet, path: name, agent: p.agent("Application", p.Serial), head: true, basis: Sourced})
		if status != http.StatusNotFound {
			return
		}
	}
}

// optional asks for the files that need not exist, in the order of a VVX 500.
func (p *Phone) optional(ctx context.Context, t *Trip, m master) {
	mac := p.MAC.String()
	for _, name := range []string{
		join(m.overrides, mac+"-phone.cfg"), join(m.overrides, mac+"-web.cfg"), join(m.licence, "000000000000-license.cfg"),
		join(m.licence, mac+"-license.cfg"), join(m.calls, mac+"-calls.xml"), join(m.contacts, mac+"-directory.xml"),
		join(m.contacts, "000000000000-directory.xml"),
	} {
		p.send(ctx, t, request{method: http.MethodGet, path: name, agent: p.agent("Application", p.Serial), basis: Sourced})
	}
}
