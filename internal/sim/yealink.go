package sim

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

// bootYealink asks for configuration, and then uploads logs when the configuration says so (sourced: names; that it is PUT,
// and when, is inferred from the setting for other uploads).
func (p *Phone) bootYealink(ctx context.Context, t *Trip) {
	p.askYealink(ctx, t)
	if p.parameters["static.auto_provision.local_log.backup.enable"] != "1" {
		return
	}
	for _, name := range []string{"-boot.log", "-sys.log"} {
		p.send(ctx, t, request{method: http.MethodPut, path: p.MAC.String() + name, agent: p.agent("", false), basis: Inferred, body: []byte("<133>sys started\n")})
	}
}

// askYealink fetches in the order of the admin guides since generation 81: boot file of the phone, of all phones, then the
// file of the model and that of the phone. Older phones know no boot files (guide for the W52P).
func (p *Phone) askYealink(ctx context.Context, t *Trip) {
	mac := p.MAC.String()
	if p.generation() >= 81 {
		for _, boot := range []string{mac + ".boot", "y000000000000.boot"} {
			status, body := p.get(ctx, t, boot, Sourced)
			switch status {
			case http.StatusOK: // only what it includes is loaded (seen by operators)
				p.included(ctx, t, body)
				return
			case http.StatusNotFound:
			default:
				t.Fault = fault(p.label(boot), status)
				return
			}
		}
	}
	p.load(ctx, t, []string{p.Common, mac + ".cfg"}, false)
	if t.Configured && p.parameters["static.auto_provision.custom.protect"] == "1" {
		p.get(ctx, t, mac+"-local.cfg", Sourced)
	}
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
			names = append(names, strings.TrimPrefix(strings.TrimPrefix(name, p.Base), "/"))
		} else if name, value, ok := strings.Cut(l, "="); ok && strings.TrimSpace(name) == "overwrite_mode" {
			reset = strings.TrimSpace(value) == "1"
		}
	}
	p.load(ctx, t, names, reset)
}

// load fetches files and applies them one over the other. Files that are the same as last time are not applied again (guide:
// MD5). What no file says stays as it is on the phone, or goes back to the factory's value when reset says so.
func (p *Phone) load(ctx context.Context, t *Trip, names []string, reset bool) {
	sums, all := map[string]string{}, [][]byte{}
	for i, name := range names {
		status, body := p.get(ctx, t, name, Sourced)
		switch {
		case status == http.StatusNotFound && i < len(names)-1: // the model's own; the phone goes on
		case status != http.StatusOK:
			t.Fault = fault(p.label(name), status)
			return
		default:
			sums[name] = sum(string(body))
			all = append(all, body)
		}
	}
	if p.sums != nil && maps.Equal(sums, p.sums) {
		t.Configured = true
		return
	}
	parameters := map[string]string{}
	if !reset {
		maps.Copy(parameters, p.parameters)
	}
	for _, body := range all {
		if err := readYealink(body, parameters); err != nil {
			t.Fault = "configuration file: " + err.Error()
			return
		}
	}
	p.sums = sums
	p.apply(t, parameters)
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

// readYealink sets what a file says; %NULL% is the factory's value.
func readYealink(body []byte, into map[string]string) error {
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
		if value == "%NULL%" {
			delete(into, name)
			continue
		}
		into[name] = value
	}
	return nil
}
