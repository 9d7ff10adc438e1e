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
	"regexp"
	"slices"
	"strings"
)

// askCisco fetches the profiles that the rules name, one after the other (B2). A file that is not there counts as a fault, and
// so the phone tries again later (guides: Resync_Fails_On_FNF).
func (p *Phone) askCisco(ctx context.Context, t *Trip) {
	for _, name := range []string{"Profile_Rule", "Profile_Rule_B", "Profile_Rule_C", "Profile_Rule_D"} {
		text, basis := p.kept.Files[name], Inferred
		if text == "" && name == "Profile_Rule" {
			if text = p.Rule; text == "/$PSN.xml" {
				basis = Sourced // the factory's rule; others are what a provider chose
			}
		}
		r := readRule(text)
		if r.url == "" {
			continue
		}
		p.adoptCisco(r)
		file := p.expand(r.url)
		status, body := p.get(ctx, t, file, basis)
		if status != http.StatusOK {
			t.Configured, t.Fault = false, fault(strings.ReplaceAll(p.label(file), p.short(), "<psn>"), status)
			return
		}
		if p.merge(t, "flat-profile", body); t.Fault != "" {
			return
		}
	}
	p.adoptCisco(readRule(p.kept.Files["Profile_Rule"]))
	p.firmwareCisco(ctx, t)
}

// adoptCisco uses the account that a rule carries in its options.
func (p *Phone) adoptCisco(r rule) {
	get := func(option string) *string {
		if i := slices.Index(r.options, option); i >= 0 && i+1 < len(r.options) {
			v := p.macros(r.options[i+1])
			return &v
		}
		return nil
	}
	p.adopt(nil, get("--uid"), get("--pwd"))
}

// mppVersion is the software in the name of a load: 12-0-7 of sip88xx.12-0-7MPP0201-66.loads.
var mppVersion = regexp.MustCompile(`\.([0-9]+)-([0-9]+)(?:-([0-9]+))?MPP`)

// firmwareCisco loads what Upgrade_Rule names when its name says another version (inferred: of a load the phone fetches the
// one file that the rule names).
func (p *Phone) firmwareCisco(ctx context.Context, t *Trip) {
	r := readRule(p.kept.Files["Upgrade_Rule"])
	found := mppVersion.FindStringSubmatch(r.url)
	if found == nil || p.kept.Files["Upgrade_Enable"] == "No" || !t.Configured || p.NoImages {
		return
	}
	if version := strings.TrimSuffix(strings.Join(found[1:], "."), "."); version != p.Version {
		p.upgrade(ctx, t, p.expand(r.url), version)
	}
}

// rule is one of Cisco's addresses with options.
type rule struct {
	options []string
	url     string
}

// readRule takes the first alternative that has no condition, else the first (conditions are not simulated), without
// assignments.
func readRule(text string) rule {
	var first rule
	for part := range strings.SplitSeq(text, "|") {
		part = strings.TrimSpace(part)
		condition := false
		for strings.HasPrefix(part, "(") {
			_, rest, ok := strings.Cut(part, ")")
			if !ok {
				break
			}
			condition = condition || strings.HasPrefix(rest, "?")
			part = strings.TrimSpace(strings.TrimLeft(rest, "?!"))
		}
		var r rule
		if rest, ok := strings.CutPrefix(part, "["); ok {
			options, after, _ := strings.Cut(rest, "]")
			r.options, part = strings.Fields(options), after
		}
		fields := strings.Fields(part)
		for i := 0; i < len(fields); i++ { // Report_Rule: [--delta] URL without brackets
			if strings.HasPrefix(fields[i], "--") {
				r.options = append(r.options, fields[i])
			} else {
				r.url = fields[i]
				break
			}
		}
		if r.url != "" && !condition {
			return r
		}
		if first.url == "" {
			first = r
		}
	}
	return first
}

// short is the macro $PSN.
func (p *Phone) short() string { return strings.TrimPrefix(p.Name, "CP-") }

// macros replaces what a rule may carry: the phone's own names and the general purpose parameters (B2).
func (p *Phone) macros(text string) string {
	mac := p.MAC.String()
	pairs := []string{"$MAU", strings.ToUpper(mac), "$MAC", colons(mac), "$MA", mac, "$PSN", p.short(), "$PN", p.Name, "$SWVER", p.Version}
	for _, x := range "ABCD" {
		pairs = append(pairs, "$S"+string(x), p.kept.Files["GPP_S"+string(x)])
	}
	for x := 'A'; x <= 'P'; x++ {
		pairs = append(pairs, "$"+string(x), p.kept.Files["GPP_"+string(x)])
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// expand gives the address of a rule. A path counts from the provisioning address (inferred: the guides' examples have servers
// without a path).
func (p *Phone) expand(address string) string {
	return strings.TrimPrefix(strings.TrimPrefix(p.macros(address), p.base()), "/")
}

// askGrandstream fetches its binary file, its XML file, and without that the model's and the common one (provisioning guide).
func (p *Phone) askGrandstream(ctx context.Context, t *Trip) {
	own := "cfg" + p.own()
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

// merge applies a file over what is in force. What it does not say stays (Cisco guides), of Grandstream and Snom as Choices
// has it; what it says overrules a change on the phone, unless Cisco's ua tells to preserve that (B4).
func (p *Phone) merge(t *Trip, below string, body []byte) {
	values, preserved, err := readElements(body, below)
	if err != nil {
		t.Fault = "configuration file: " + err.Error()
		return
	}
	files := map[string]string{}
	if p.Maker == Cisco || !p.Choices.ForgetAbsent || t.Configured { // a second file of one visit adds to the first
		maps.Copy(files, p.kept.Files)
	}
	for name, value := range values {
		if _, changed := p.kept.Changed[name]; changed && preserved[name] {
			continue
		}
		files[name] = value
		delete(p.kept.Changed, name)
	}
	t.Fault = ""
	p.apply(t, files, nil)
	switch p.Maker {
	case Grandstream: // P237, P212 fact sheet C; P1360 and P1361 recalled
		p.adoptNamed("P237", "P1360", "P1361")
	case Snom: // setting_server fact sheet C; the others recalled
		p.adoptNamed("setting_server", "http_client_user", "http_client_pass")
	}
}

// adoptNamed uses the account in these parameters.
func (p *Phone) adoptNamed(base, user, password string) {
	get := func(name string) *string {
		if v, ok := p.kept.Files[name]; ok && v != "" {
			return &v
		}
		return nil
	}
	at := get(base)
	if at != nil && !strings.Contains(*at, "://") {
		*at = "https://" + *at
	}
	if at != nil && strings.Contains(*at, "{mac}") { // of Snom, the address of a file
		at = nil
	}
	p.adopt(at, get(user), get(password))
}

// readElements gives name and text of every element directly below a path of elements, wherever that stands: Cisco's
// flat-profile may be inside another element. The last of one name wins (Cisco). preserved are those whose attribute ua keeps
// what a user has set.
func readElements(body []byte, below string) (values map[string]string, preserved map[string]bool, err error) {
	values, preserved = map[string]string{}, map[string]bool{}
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
			return nil, nil, err
		}
		switch e := token.(type) {
		case xml.StartElement:
			if inside(path) {
				values[e.Name.Local] = ""
				preserved[e.Name.Local] = slices.ContainsFunc(e.Attr, func(a xml.Attr) bool { return a.Name.Local == "ua" && strings.HasSuffix(a.Value, "y") })
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
		return nil, nil, fmt.Errorf("there is no %s", below)
	}
	return values, preserved, nil
}
