package phonetest

import (
	"slices"
	"strings"
	"testing"

	"linecard/internal/errs"
	"linecard/internal/phone"
)

// library checks models, profiles and dictionaries.
func library(t *testing.T, r phone.Renderer) {
	t.Helper()
	for i, m := range phone.Models(r) {
		if m.Name == "" || m.Family == "" || m.Identifier != "mac" && m.Identifier != "serial" || m.Lines < 0 || m.Keys < 0 || (m.Modules == 0) != (m.ModuleKeys == 0) {
			t.Errorf("model %+v", m)
		}
		if i > 0 && phone.Models(r)[i-1].Name >= m.Name {
			t.Errorf("model %s is not in order", m.Name)
		}
		if found, ok := phone.Find(phone.Models(r), m.Name); !ok || found.Name != m.Name || r.Accounts(m.Name) != m.Lines {
			t.Errorf("%s is found as %s with %d lines", m.Name, found.Name, r.Accounts(m.Name))
		}
	}
	if r.Accounts("no such model") != 0 {
		t.Error("an unknown model has lines")
	}
	if l, ok := r.(phone.Library); ok {
		profiles(t, r, l.Standards())
		for _, d := range l.Dictionaries() {
			if d.Maker != r.Maker() || len(d.Parameters) == 0 {
				t.Errorf("dictionary of %q with %d parameters", d.Maker, len(d.Parameters))
			}
			dictionary(t, r, d)
		}
	}
	if l, ok := r.(phone.Learner); ok {
		for _, bad := range []string{"", "<a", "<!DOCTYPE x [<!ENTITY a \"b\">]><x/>", "<a><b></a>", "\x00\x01"} {
			if d, err := l.Learn("x", strings.NewReader(bad)); err == nil || errs.KindOf(err) != errs.Invalid || len(d.Parameters) > 0 {
				t.Errorf("learned %d parameters from %q: %v", len(d.Parameters), bad, err)
			}
		}
	}
}

func profiles(t *testing.T, r phone.Renderer, all []phone.Standard) {
	t.Helper()
	names := map[string]bool{}
	for _, s := range all {
		if s.Name == "" || s.Description == "" || s.Maker != r.Maker() || names[s.Name] || len(s.Settings) == 0 {
			t.Errorf("profile %q", s.Name)
		}
		names[s.Name] = true
		if s.Template != strings.HasSuffix(s.Name, "-TEMPLATE") { // DM-141
			t.Errorf("%s: a template is known by its name", s.Name)
		}
		empty, seen := false, map[string]bool{}
		for _, x := range s.Settings {
			if x.Source == "" || seen[x.Name] {
				t.Errorf("%s: %s has no source or stands there twice", s.Name, x.Name)
			}
			seen[x.Name] = true
			if err := r.Check(x.Setting); err != nil {
				t.Errorf("%s: %s: %v", s.Name, x.Name, err)
			}
			empty = empty || x.Value == ""
			if x.Firmware != "" && !phone.Covers(x.Firmware, "") {
				t.Errorf("%s: %s: %q holds not even the newest software", s.Name, x.Name, x.Firmware)
			}
		}
		if empty != s.Template {
			t.Errorf("%s: what is empty needs a person, and only that", s.Name)
		}
	}
}

func dictionary(t *testing.T, r phone.Renderer, d phone.Dictionary) {
	t.Helper()
	for i, p := range d.Parameters {
		if i > 0 && d.Parameters[i-1].Name >= p.Name {
			t.Errorf("%s is not in order", p.Name)
		}
		if err := r.Check(phone.Setting{Name: p.Name}); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
		if p.Help == "" {
			t.Errorf("%s has no word of help", p.Name)
		}
		if p.Default != nil {
			if f := p.Fault(*p.Default); f != nil {
				t.Errorf("%s: its own default: %v", p.Name, f)
			}
		}
	}
}

// Production proves that a phone of this model gets a complete configuration: defaults, every standard profile that needs nobody
// and two lines, all known to the built-in dictionary, none of them refused by it, in files that are written.
func Production(t *testing.T, r phone.Renderer, in phone.Inputs) {
	t.Helper()
	l := r.(phone.Library)
	s := r.Spell(Two(in.Model))
	winner := map[string]string{}
	put := func(all []phone.Setting) {
		for _, x := range all {
			winner[x.Name] = x.Value
		}
	}
	put(r.Defaults(in))
	for _, standard := range l.Standards() {
		if standard.Template {
			continue
		}
		for _, x := range standard.Settings {
			put([]phone.Setting{x.Setting})
		}
	}
	put(s.Rest)
	put(s.Identity)
	put(r.Account(phone.Account{User: "u", Password: "p", Server: "https://acme.example.test"}))
	in.Settings = nil
	for name, value := range winner {
		in.Settings = append(in.Settings, phone.Setting{Name: name, Value: value})
	}
	phone.ByName(in.Settings)
	for _, x := range in.Settings {
		known := slices.IndexFunc(l.Dictionaries(), func(d phone.Dictionary) bool { _, ok := d.Find(x.Name); return ok })
		if known < 0 {
			t.Errorf("%s: %s is in no dictionary", in.Model, x.Name)
			continue
		}
		p, _ := l.Dictionaries()[known].Find(x.Name)
		if f := p.Fault(x.Value); f != nil {
			t.Errorf("%s: %s = %q: %s", in.Model, x.Name, x.Value, f.Message)
		}
	}
	for _, b := range bodies(t, r, in) {
		if len(b) == 0 {
			t.Errorf("%s: an empty file", in.Model)
		}
	}
}
