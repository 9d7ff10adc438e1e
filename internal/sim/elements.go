package sim

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"
)

// askCisco fetches the profile that the rule names. A file that is not there counts as a fault, and so the phone tries again
// later (guides: Resync_Fails_On_FNF).
func (p *Phone) askCisco(ctx context.Context, t *Trip) {
	rule := p.Rule
	if said := p.parameters["Profile_Rule"]; said != "" {
		rule = said
	}
	name := p.expand(rule)
	status, body := p.get(ctx, t, name, p.rule())
	if status != http.StatusOK {
		t.Fault = fault(strings.ReplaceAll(p.label(name), p.short(), "<psn>"), status)
		return
	}
	p.merge(t, "flat-profile", body)
}

// rule is how well it is known what is asked for: /$PSN.xml is the factory's rule; others are what a provider chose.
func (p *Phone) rule() Basis {
	if p.Rule == "/$PSN.xml" {
		return Sourced
	}
	return Inferred
}

// short is the macro $PSN.
func (p *Phone) short() string { return strings.TrimPrefix(p.Name, "CP-") }

// expand replaces macros in the address of a rule and leaves its options out. A path counts from the provisioning address
// (inferred: the guides' examples have servers without a path).
func (p *Phone) expand(rule string) string {
	fields := strings.Fields(rule)
	if len(fields) == 0 {
		return ""
	}
	name := strings.NewReplacer("$MAU", strings.ToUpper(p.MAC.String()), "$MA", p.MAC.String(), "$PSN", p.short(), "$PN", p.Name).Replace(fields[len(fields)-1])
	return strings.TrimPrefix(strings.TrimPrefix(name, p.Base), "/")
}

// askGrandstream fetches its binary file, its XML file, and without that the model's and the common one (provisioning guide).
func (p *Phone) askGrandstream(ctx context.Context, t *Trip) {
	own := "cfg" + p.MAC.String()
	p.get(ctx, t, own, Sourced)
	for _, name := range []string{own + ".xml", p.Common, "cfg.xml"} {
		status, body := p.get(ctx, t, name, Sourced)
		if status == http.StatusOK {
			p.merge(t, "gs_provision/config", body)
			return
		}
		if t.Fault = fault(p.label(name), status); status != http.StatusNotFound {
			return
		}
	}
}

// askSnom fetches the file of its model and its own, with the MAC in capitals (names sourced; that both are always asked for,
// and in this order, is inferred).
func (p *Phone) askSnom(ctx context.Context, t *Trip) {
	own := strings.TrimSuffix(p.Common, ".htm") + "-" + strings.ToUpper(p.MAC.String()) + ".htm"
	for _, name := range []string{p.Common, own} {
		status, body := p.get(ctx, t, name, Inferred)
		switch {
		case status == http.StatusOK:
			p.merge(t, "settings/phone-settings", body)
		case status != http.StatusNotFound || name == own && !t.Configured:
			t.Fault = fault(p.label(name), status)
		}
	}
}

// merge applies a file over what is in force: what it does not say stays (Cisco guides; of the others inferred).
func (p *Phone) merge(t *Trip, below string, body []byte) {
	values, err := readElements(body, below)
	if err != nil {
		t.Fault = "configuration file: " + err.Error()
		return
	}
	parameters := maps.Clone(p.parameters)
	if parameters == nil {
		parameters = map[string]string{}
	}
	maps.Copy(parameters, values)
	t.Fault = ""
	p.apply(t, parameters)
}

// readElements gives name and text of every element directly below a path of elements, wherever that stands: Cisco's
// flat-profile may be inside another element. The last of one name wins (Cisco).
func readElements(body []byte, below string) (map[string]string, error) {
	values := map[string]string{}
	var path []string
	found := false
	inside := func(p []string) bool { return strings.HasSuffix("/"+strings.Join(p, "/"), "/"+below) }
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			if inside(path) {
				values[e.Name.Local] = ""
			}
			path = append(path, e.Name.Local)
			found = found || inside(path)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if n := len(path); n > 1 && inside(path[:n-1]) {
				values[path[n-1]] += string(e)
			}
		}
	}
	if !found {
		return nil, fmt.Errorf("there is no %s", below)
	}
	return values, nil
}
