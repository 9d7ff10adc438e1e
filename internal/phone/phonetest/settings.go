package phonetest

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"linecard/internal/errs"
	"linecard/internal/phone"
)

// well checks a list of settings: sorted, each once, all of them writable.
func well(t *testing.T, r phone.Renderer, what string, all []phone.Setting) {
	t.Helper()
	for i, s := range all {
		if i > 0 && all[i-1].Name >= s.Name {
			t.Errorf("%s: %s stands after %s", what, s.Name, all[i-1].Name)
		}
		if err := r.Check(s); err != nil {
			t.Errorf("%s: %s = %q is refused: %v", what, s.Name, s.Value, err)
		}
	}
}

func defaults(t *testing.T, r phone.Renderer, in phone.Inputs) {
	t.Helper()
	all := r.Defaults(in)
	well(t, r, "defaults", all)
	with := in
	with.Settings, with.Image, with.Once = []phone.Setting{{Name: "x", Value: "y"}}, phone.Image{Path: "https://h.test/x"}, []string{"x"}
	if !slices.Equal(all, r.Defaults(with)) {
		t.Error("defaults depend on more than MAC, model, version and poll window")
	}
	in.Settings = []phone.Setting{}
	for _, name := range r.Files(in) {
		f, err := r.Render(name, in)
		if err != nil || len(f.Body) == 0 {
			t.Fatalf("%s without settings: %v", name, err)
		}
		for _, d := range all {
			if strings.Contains(string(f.Body), d.Name) {
				t.Errorf("%s: %s was written though nobody set it", name, d.Name)
			}
		}
	}
}

// Two are two lines with everything that a line can have.
func Two(model string) phone.Layout {
	return phone.Layout{Model: model, Ever: 2, Lines: []phone.Line{
		{Number: 1, Label: "Reception", DisplayName: "Anna <&\"'> Müller", User: "1001", AuthUser: "auth1001", Password: "s3cret-<1>&", Transport: phone.TLS, Expires: 600, Voicemail: "*97",
			Registrars: []phone.Server{{Host: "sip1.example.test", Port: 5061}, {Host: "sip2.example.test"}}, Proxies: []phone.Server{{Host: "proxy.example.test", Port: 5061}}},
		{Number: 2, User: "1002", Password: "s3cret-2", Registrars: []phone.Server{{Host: "sip1.example.test"}}},
	}}
}

var misfits = []string{"key_no_such_type", "key_no_such_place", "key_no_such_line", "key_bad_target", "key_no_own_pickup", "line_no_such_number", "line_no_place",
	"line_too_many_servers", "line_no_shared"}

// spelling checks what holds for any spelling and gives all its settings.
func spelling(t *testing.T, r phone.Renderer, s phone.Spelling) map[string]string {
	t.Helper()
	well(t, r, "identity", s.Identity)
	well(t, r, "rest", s.Rest)
	all := map[string]string{}
	for _, x := range slices.Concat(s.Identity, s.Rest) {
		if _, twice := all[x.Name]; twice {
			t.Errorf("%s is spelt twice", x.Name)
		}
		all[x.Name] = x.Value
	}
	for _, m := range s.Misfits {
		if !slices.Contains(misfits, m.Code) || m.Reason == "" {
			t.Errorf("misfit %+v", m)
		}
	}
	for _, name := range s.Gone {
		if _, set := all[name]; set {
			t.Errorf("%s is gone and set", name)
		}
	}
	return all
}

func lines(t *testing.T, r phone.Renderer, in phone.Inputs) {
	t.Helper()
	if none := r.Spell(phone.Layout{Model: in.Model}); len(none.Identity)+len(none.Rest)+len(none.Misfits)+len(none.Gone) > 0 {
		t.Errorf("nothing is spelt as %+v", none)
	}
	layout := Two(in.Model)
	s := r.Spell(layout)
	all := spelling(t, r, s)
	left := map[int]bool{}
	for _, m := range s.Misfits {
		left[m.Line] = left[m.Line] || m.Code == "line_no_such_number"
	}
	for _, line := range layout.Lines {
		found := 0
		for name, value := range all {
			if value == line.Password {
				found++
				if !r.Secret(name) {
					t.Errorf("the password of line %d is shown in clear as %s", line.Number, name)
				}
			}
		}
		if found == 0 != left[line.Number] {
			t.Errorf("line %d: %d passwords, among the misfits: %v", line.Number, found, left[line.Number])
		}
	}
	for _, x := range s.Rest {
		if x.Value != "" && (x.Value == layout.Lines[0].Password || x.Value == layout.Lines[0].Auth()) {
			t.Errorf("%s belongs to who the line is", x.Name)
		}
	}
	// What makes up a line does not depend on which of its values are there, or a profile could fill a gap.
	short := r.Spell(phone.Layout{Model: in.Model, Lines: []phone.Line{{Number: 1, User: "1001", Password: "x", Registrars: []phone.Server{{Host: "sip.example.test"}}, Expires: 60}}})
	for _, x := range s.Identity {
		if !slices.ContainsFunc(short.Identity, func(y phone.Setting) bool { return x.Name == y.Name }) && !strings.HasSuffix(x.Name, "2.expires") && in1(r, in, x.Name) {
			t.Errorf("%s is left to profiles when a line has none", x.Name)
		}
	}
	if r.Accounts(in.Model) > 0 {
		beyond := r.Spell(phone.Layout{Model: in.Model, Lines: []phone.Line{{Number: r.Accounts(in.Model) + 1, User: "x"}}})
		if len(beyond.Identity) > 0 || len(beyond.Misfits) != 1 || beyond.Misfits[0].Code != "line_no_such_number" {
			t.Errorf("a line too many: %+v", beyond)
		}
	}
	// A line that is gone leaves no secret behind on phones that keep what they once got.
	gone := r.Spell(phone.Layout{Model: in.Model, Lines: layout.Lines[:1], Ever: 2})
	spelling(t, r, gone)
	for name, value := range all {
		if _, forgotten := r.Gone(name); value != layout.Lines[1].Password || !r.Secret(name) || !keeps(r, name) || !forgotten && len(gone.Rest) == 0 {
			continue
		}
		if !slices.ContainsFunc(gone.Rest, func(x phone.Setting) bool { return x.Name == name && x.Value != value }) {
			t.Errorf("%s keeps the password of a line that is gone", name)
		}
	}
}

// in1 says whether the parameter is one of line 1 alone.
func in1(r phone.Renderer, in phone.Inputs, name string) bool {
	one := r.Spell(phone.Layout{Model: in.Model, Lines: Two(in.Model).Lines[:1]})
	return slices.ContainsFunc(one.Identity, func(x phone.Setting) bool { return x.Name == name })
}

// keeps says whether a phone keeps a parameter that is left out.
func keeps(r phone.Renderer, name string) bool {
	s, ok := r.Gone(name)
	return !ok || s.Name != ""
}

func keys(t *testing.T, r phone.Renderer, in phone.Inputs) {
	t.Helper()
	layout := Two(in.Model)
	for i, kind := range append(slices.Clone(phone.KeyTypes), "no such type") {
		layout.Keys = append(layout.Keys, phone.Key{Position: i + 1, Type: kind, Line: 1, Target: fmt.Sprint("10", i), Label: "Label <&\"> " + string(kind)})
	}
	layout.Keys = append(layout.Keys, phone.Key{Position: 1000, Type: phone.KeyBLF, Target: "1"}, phone.Key{Page: 100, Position: 1, Type: phone.KeyBLF, Target: "1"},
		phone.Key{Position: 9, Type: phone.KeyLine, Line: 99}, phone.Key{Page: -1, Position: -1, Type: phone.KeyLine})
	s := r.Spell(layout)
	spelling(t, r, s)
	for _, k := range layout.Keys {
		odd := k.Type == "no such type" || k.Position > 100 || k.Page > 10 || k.Line == 99 || k.Page < 0
		misfit := slices.ContainsFunc(s.Misfits, func(m phone.Misfit) bool { return m.Key == k })
		shown := slices.ContainsFunc(s.Rest, func(x phone.Setting) bool { return k.Label != "" && strings.Contains(x.Value, string(k.Type)) })
		if odd && !misfit || !odd && !misfit && !shown && k.Type != phone.KeyLine && k.Type != phone.KeyShared {
			t.Errorf("key %+v is lost without a word", k)
		}
	}
	was := Two(in.Model)
	was.Was = layout.Keys
	spelling(t, r, r.Spell(was))
}

func account(t *testing.T, r phone.Renderer) {
	t.Helper()
	for _, a := range []phone.Account{{User: "u-1", Password: "p<&1"}, {User: "u-1", Password: "p<&1", Server: "https://acme.example.test"}} {
		set := r.Account(a)
		if set == nil {
			continue
		}
		well(t, r, "account", set)
		if !slices.ContainsFunc(set, func(s phone.Setting) bool { return strings.Contains(s.Value, a.Password) }) {
			t.Error("the account has no password")
		}
		for _, s := range set {
			if strings.Contains(s.Value, a.Password) && !phone.Hidden(r, s) {
				t.Errorf("%s shows the password", s.Name)
			}
		}
	}
}

// uploads: what a phone may send is about itself, and never what we write for it.
func uploads(t *testing.T, r phone.Renderer, in phone.Inputs) {
	t.Helper()
	u, ok := r.(phone.Uploader)
	if !ok {
		return
	}
	for _, path := range append(r.Files(in), "", "x", "../x", "000000000000-app.log", "000000000000-phone.cfg", "sip.ld") {
		if kind, ok := u.Upload(path); ok {
			t.Errorf("%q may be put as %s", path, kind)
		}
	}
	if kind, ok := u.Upload(in.MAC.String() + "-boot.log"); !ok || kind != phone.Log {
		t.Errorf("a log may not be put: %s", kind)
	}
}

// forgets: what is set no more is forgotten as far as Gone says, and nothing that is set is.
func forgets(t *testing.T, r phone.Renderer, in phone.Inputs) {
	t.Helper()
	all := r.Defaults(in)
	for i, d := range all {
		in.Settings = slices.Delete(slices.Clone(all), i, i+1)
		in.Once = []string{d.Name}
		gone, ok := r.Gone(d.Name)
		if ok && gone.Name != "" {
			if err := r.Check(gone); err != nil || gone.Name != d.Name {
				t.Errorf("%s is forgotten by %+v: %v", d.Name, gone, err)
			}
		}
		if got, want := written(t, r, in, d.Name), ok && gone.Name != ""; got != want {
			t.Errorf("%s is set no more: written %v, want %v", d.Name, got, want)
		}
		in.Settings = all
		in.Once = []string{d.Name}
		with := bodies(t, r, in)
		in.Once = nil
		if !slices.Equal(with, bodies(t, r, in)) {
			t.Errorf("%s is set and was forgotten", d.Name)
		}
	}
}

func bodies(t *testing.T, r phone.Renderer, in phone.Inputs) []string {
	t.Helper()
	var all []string
	for _, name := range r.Files(in) {
		f, err := r.Render(name, in)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, string(f.Body))
	}
	return all
}

func written(t *testing.T, r phone.Renderer, in phone.Inputs, parameter string) bool {
	t.Helper()
	whole := regexp.MustCompile(`(?:^|[^A-Za-z0-9_.-])` + regexp.QuoteMeta(parameter) + `(?:$|[^A-Za-z0-9_.-])`)
	return slices.ContainsFunc(bodies(t, r, in), whole.MatchString)
}

// readsBack: what is written is read again, value by value, when the maker can read.
func readsBack(t *testing.T, r phone.Renderer, in phone.Inputs) {
	t.Helper()
	reader, ok := r.(phone.Reader)
	if !ok {
		return
	}
	s := r.Spell(Two(in.Model))
	in.Settings = phone.ByName(slices.Concat(r.Defaults(in), s.Identity, s.Rest))
	got := map[string]string{}
	for i, b := range bodies(t, r, in) {
		settings, err := reader.ReadSettings(r.Files(in)[i], strings.NewReader(b))
		if err != nil {
			t.Fatalf("%s: %v", r.Files(in)[i], err)
		}
		for _, x := range settings {
			got[x.Name] = x.Value
		}
	}
	for _, x := range in.Settings {
		if v, there := got[x.Name]; !there || v != x.Value {
			t.Errorf("%s = %q reads back as %q", x.Name, x.Value, v)
		}
	}
	for _, bad := range []string{"<!DOCTYPE x [<!ENTITY a \"b\">]><x a=\"&a;\"/>", "<a>\n<b>", "<a b=1/>", "\x00\x01\x02\x03", "\xff\xfe\x00", "a\nb\xff"} {
		if got, err := reader.ReadSettings("x.cfg", strings.NewReader(bad)); err == nil || errs.KindOf(err) != errs.Invalid || got != nil {
			t.Errorf("%q was read: %v, %v", bad, got, err)
		}
	}
}

// refuses: a name that is none, and a name twice, make no file.
func refuses(t *testing.T, r phone.Renderer, in phone.Inputs) {
	t.Helper()
	good := "someParameter"
	for _, set := range [][]phone.Setting{{{Name: "", Value: "x"}}, {{Name: "a b", Value: "x"}}, {{Name: "a=\"1\" b", Value: "x"}}, {{Name: "<a>", Value: "x"}}, {{Name: "a\nb", Value: "x"}}, {{Name: "ä", Value: "x"}},
		{{Name: strings.Repeat("a", phone.MaxName+1), Value: "x"}}, {{Name: good, Value: "1"}, {Name: good, Value: "2"}}} {
		if len(set) == 1 {
			if err := r.Check(set[0]); err == nil || errs.KindOf(err) != errs.Invalid || len(errs.As(err).Fields) > 0 {
				t.Errorf("Check(%q): %v", set[0].Name, err)
			}
		}
		in.Settings = set
		failed := false
		for _, name := range r.Files(in) {
			_, err := r.Render(name, in)
			failed = failed || err != nil && errs.KindOf(err) == errs.Invalid
		}
		if !failed {
			t.Errorf("%q was written", set)
		}
	}
	for _, v := range []string{"\x00", "a\x1bb", "\xff"} {
		if err := r.Check(phone.Setting{Name: good, Value: v}); err == nil || errs.KindOf(err) != errs.Invalid {
			t.Errorf("Check of %q: %v", v, err)
		}
	}
}

// TakesAnySetting checks what holds for whatever somebody sets: either it is refused, or it is in the file and reads back, and
// everything else stays what it was.
func TakesAnySetting(t *testing.T, r phone.Renderer, in phone.Inputs, name, value string) {
	t.Helper()
	in.Settings = slices.DeleteFunc(r.Defaults(in), func(s phone.Setting) bool { return s.Name == name })
	others := slices.Clone(in.Settings)
	set := phone.Setting{Name: name, Value: value}
	in.Settings = phone.ByName(append(in.Settings, set))
	refused := r.Check(set)
	got := map[string]string{}
	for _, file := range r.Files(in) {
		f, err := r.Render(file, in)
		if err != nil {
			if refused == nil {
				t.Fatalf("%q = %q passes the check and makes no file: %v", name, value, err)
			}
			return
		}
		if strings.Contains(f.ContentType, "xml") {
			WellFormed(t, f.Body)
		}
		all, err := r.(phone.Reader).ReadSettings(file, strings.NewReader(string(f.Body)))
		if err != nil {
			t.Fatalf("%q = %q: %v\n%s", name, value, err, f.Body)
		}
		if latest, twice := phone.Latest(all); len(twice) > 0 {
			t.Fatalf("%q = %q: %v stand there twice", name, value, twice)
		} else {
			for _, s := range latest {
				got[s.Name] = s.Value
			}
		}
	}
	for _, o := range others {
		if got[o.Name] != o.Value {
			t.Fatalf("%q = %q changed %s to %q", name, value, o.Name, got[o.Name])
		}
	}
	odd := name == "CONFIG_FILES" || strings.HasSuffix(name, ".set") // of Poly: it is joined to others, or stands beside its value
	if v, there := got[name]; refused == nil && value == strings.TrimSpace(value) && !odd && (!there || v != value) {
		t.Fatalf("%q = %q reads back as %q", name, value, v)
	}
}

// ReadsAnything checks what holds for whatever file somebody brings: it is refused as Invalid and gives nothing, or every setting
// that came out can be written again.
func ReadsAnything(t *testing.T, r phone.Renderer, file []byte) {
	t.Helper()
	all, err := r.(phone.Reader).ReadSettings("x.cfg", bytes.NewReader(file))
	if err != nil {
		if errs.KindOf(err) != errs.Invalid || all != nil {
			t.Fatalf("%q: %v, %v", file, all, err)
		}
		return
	}
	for _, s := range all {
		err := r.Check(s)
		if err != nil && errs.CodeOf(err) != "factory_password" && errs.CodeOf(err) != "bad_file_list" {
			t.Fatalf("%q: %q = %q was read and cannot be written: %v", file, s.Name, s.Value, err)
		}
	}
}

// LearnsAnything checks the same for what is learned from.
func LearnsAnything(t *testing.T, r phone.Renderer, file []byte) {
	t.Helper()
	d, err := r.(phone.Learner).Learn("x", bytes.NewReader(file))
	if err != nil {
		if errs.KindOf(err) != errs.Invalid || len(d.Parameters) > 0 {
			t.Fatalf("%q: %+v, %v", file, d, err)
		}
		return
	}
	for i, p := range d.Parameters {
		if r.Check(phone.Setting{Name: p.Name}) != nil || i > 0 && d.Parameters[i-1].Name >= p.Name || len(p.Help) > 1000 {
			t.Fatalf("%q: %+v", file, p)
		}
		p.Fault("x") // takes any value without harm
	}
}
