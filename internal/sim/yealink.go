package sim

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
)

// bootYealink asks for configuration, and then uploads logs when the configuration says so (sourced: names; that it is PUT,
// and when, is inferred from the setting for other uploads).
func (p *Phone) bootYealink(ctx context.Context, t *Trip) {
	p.askYealink(ctx, t)
	if t.loaded || p.Lean || p.kept.Files["static.auto_provision.local_log.backup.enable"] != "1" {
		return
	}
	for _, name := range []string{"-boot.log", "-sys.log"} {
		p.put(ctx, t, request{path: p.own() + name, basis: Inferred, body: []byte("<133>sys started\n")})
	}
}

// askYealink fetches in the order of the admin guides since generation 81: boot file of the phone, of all phones, then the
// file of the model and that of the phone. Older phones know no boot files (guide for the W52P).
func (p *Phone) askYealink(ctx context.Context, t *Trip) {
	if p.generation() >= 81 {
		for _, boot := range []string{p.own() + ".boot", "y000000000000.boot"} {
			status, body := p.get(ctx, t, boot, Sourced)
			switch status {
			case http.StatusOK: // only what it includes is loaded (seen by operators)
				p.included(ctx, t, body)
				p.firmwareYealink(ctx, t)
				return
			case http.StatusNotFound:
			default:
				t.Fault = fault(p.label(boot), status)
				return
			}
		}
	}
	p.load(ctx, t, []string{p.Common, p.own() + ".cfg"}, false)
	if t.Configured && p.kept.Files["static.auto_provision.custom.protect"] == "1" {
		// What was changed on the phone comes back from the server (inferred).
		if status, body := p.get(ctx, t, p.own()+"-local.cfg", Sourced); status == http.StatusOK {
			changed := map[string]string{}
			if readYealink(body, changed, nil) == nil {
				p.kept.Changed = changed
			}
		}
	}
	p.firmwareYealink(ctx, t)
}

func (p *Phone) generation() int {
	parts := strings.Split(p.Version, ".")
	if len(parts) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(parts[1])
	return n
}

// included loads what a boot file names, from top to bottom.
func (p *Phone) included(ctx context.Context, t *Trip, body []byte) {
	lines, err := yealinkLines(body)
	if err != nil {
		t.Fault = "boot file: " + err.Error()
		return
	}
	var names []string
	reset := false
	for _, l := range lines {
		if rest, ok := strings.CutPrefix(l, "include:config"); ok {
			name := strings.Trim(strings.TrimSpace(rest), `"<>`)
			names = append(names, strings.TrimPrefix(strings.TrimPrefix(name, p.base()), "/"))
		} else if name, value, ok := strings.Cut(l, "="); ok && strings.TrimSpace(name) == "overwrite_mode" {
			reset = strings.TrimSpace(value) == "1"
		}
	}
	p.load(ctx, t, names, reset)
}

// load fetches files and applies them one over the other. Files that are the same as last time are not applied again (guide:
// MD5). What no file says stays as it is on the phone, or goes back to the factory's value when reset says so.
func (p *Phone) load(ctx context.Context, t *Trip, names []string, reset bool) {
	sums, bodies := map[string]string{}, map[string][]byte{}
	for i, name := range names {
		status, body := p.get(ctx, t, name, Sourced)
		switch {
		case status == http.StatusNotFound && i < len(names)-1: // the model's own; the phone goes on
		case status != http.StatusOK:
			t.Fault = fault(p.label(name), status)
			return
		default:
			sums[name] = sum(string(body))
			bodies[name] = body
		}
	}
	if p.kept.Sums != nil && maps.Equal(sums, p.kept.Sums) {
		t.Configured = true
		return
	}
	files := map[string]string{}
	if !reset {
		maps.Copy(files, p.kept.Files)
	}
	said := map[string]bool{}
	for _, name := range names {
		body, have := bodies[name]
		if !have || p.Choices.EachFile && !reset && sums[name] == p.kept.Sums[name] {
			continue
		}
		if err := readYealink(body, files, said); err != nil {
			t.Fault = "configuration file: " + err.Error()
			return
		}
	}
	p.kept.Sums = sums
	p.overrule(files, said, reset)
	p.apply(t, files, nil)
	p.adoptYealink()
}

// overrule drops what was changed on the phone where the server says something else, unless the phone protects it (A2.1: with
// protect the user's change wins for what is not static, without it the server's value).
func (p *Phone) overrule(files map[string]string, said map[string]bool, reset bool) {
	if files["static.auto_provision.custom.protect"] == "1" {
		return
	}
	maps.DeleteFunc(p.kept.Changed, func(name, _ string) bool { return reset || said[name] })
}

// adoptYealink uses the address and account that the configuration installs; software before generation 81 spells them without
// the prefix.
func (p *Phone) adoptYealink() {
	get := func(name string) *string {
		for _, prefix := range []string{"static.", ""} {
			if v, ok := p.kept.Files[prefix+"auto_provision.server."+name]; ok {
				return &v
			}
		}
		return nil
	}
	p.adopt(get("url"), get("username"), get("password"))
}

// firmwareYealink loads software when the configuration names another version than runs (inferred: the version is read in
// the image's head).
func (p *Phone) firmwareYealink(ctx context.Context, t *Trip) {
	name := p.kept.Files["static.firmware.url"]
	if name == "" {
		name = p.kept.Files["firmware.url"]
	}
	if name == "" || !t.Configured || p.NoImages || p.kept.Tried == name {
		return
	}
	p.kept.Tried = name
	if at, version := p.glance(ctx, t, []string{name}); version != "" && version != p.Version {
		p.upgrade(ctx, t, at, version)
	}
}

// changedYealink uploads what was changed on the phone when custom.sync says so.
func (p *Phone) changedYealink(ctx context.Context, t *Trip) bool {
	files := p.kept.Files
	if files["static.auto_provision.custom.sync"] != "1" {
		return true
	}
	body := []byte("#!version:1.0.0.1\n")
	for _, k := range slices.Sorted(maps.Keys(p.kept.Changed)) {
		body = fmt.Appendf(body, "%s = %s\n", k, p.kept.Changed[k])
	}
	method := http.MethodPut
	if files["static.auto_provision.custom.upload_method"] == "1" {
		method = http.MethodPost
	}
	return p.put(ctx, t, request{method: method, path: join(path.Clean("/" + files["static.auto_provision.custom.sync.path"])[1:], p.own()+"-local.cfg"), basis: Inferred, body: body})
}

var errFirstLine = errors.New("the first line is not #!version:1.0.0.1")

// yealinkLines gives the lines that say something.
func yealinkLines(body []byte) ([]string, error) {
	all := strings.Split(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n")
	if strings.TrimSpace(all[0]) != "#!version:1.0.0.1" {
		return nil, errFirstLine
	}
	var out []string
	for _, l := range all[1:] {
		if l = strings.TrimSpace(l); l != "" && !strings.HasPrefix(l, "#") {
			out = append(out, l)
		}
	}
	return out, nil
}

// readYealink sets what a file says; %NULL% is the factory's value. said, when given, hears of every name.
func readYealink(body []byte, into map[string]string, said map[string]bool) error {
	lines, err := yealinkLines(body)
	if err != nil {
		return err
	}
	for _, l := range lines {
		name, value, ok := strings.Cut(l, "=")
		if !ok {
			continue
		}
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		if said != nil {
			said[name] = true
		}
		if value == "%NULL%" {
			delete(into, name)
			continue
		}
		into[name] = value
	}
	return nil
}
