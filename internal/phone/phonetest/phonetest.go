// Package phonetest is the conformance suite that every maker of phones must pass, and nothing but tests may import it.
package phonetest

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linecard/internal/errs"
	"linecard/internal/phone"
)

// Conform checks what holds for every maker: files are found under any spelling of the MAC, bytes are stable, nothing that
// changes an input is lost, unknown names are NotFound, XML is well-formed; and all that is said of settings, lines, keys,
// accounts and the library in phone.Renderer and its abilities.
func Conform(t *testing.T, r phone.Renderer, in phone.Inputs) {
	t.Helper()
	files(t, r, in)
	defaults(t, r, in)
	lines(t, r, in)
	keys(t, r, in)
	account(t, r)
	uploads(t, r, in)
	forgets(t, r, in)
	readsBack(t, r, in)
	refuses(t, r, in)
	library(t, r)
}

func files(t *testing.T, r phone.Renderer, in phone.Inputs) {
	t.Helper()
	in = Whole(r, in)
	names := r.Files(in)
	if len(names) == 0 {
		t.Fatal("the maker has no file at all")
	}
	all := map[string]string{}
	for _, name := range names {
		for _, asked := range []string{name, strings.Replace(name, in.MAC.String(), strings.ToUpper(in.MAC.String()), 1)} {
			id, ok := r.Recognise(asked, "")
			mac := in.MAC
			if !strings.Contains(name, in.MAC.String()) { // then only the User-Agent can tell
				mac = phone.MAC{}
			}
			if !ok || id.Name != name || id.MAC != mac || id.Maker != r.Maker() || id.Sure {
				t.Errorf("Recognise(%q) = %+v, %v", asked, id, ok)
			}
		}
		first, err := r.Render(name, in)
		if err != nil {
			t.Fatalf("Render(%q): %v", name, err)
		}
		again, _ := r.Render(name, in)
		if !bytes.Equal(first.Body, again.Body) || first.ContentType != again.ContentType {
			t.Errorf("%s: two renderings of the same inputs differ", name)
		}
		if len(first.Body) == 0 || first.ContentType == "" {
			t.Errorf("%s: an empty file looks like an answer to a phone", name)
		}
		if strings.Contains(first.ContentType, "xml") {
			WellFormed(t, first.Body)
		}
		all[name] = string(first.Body)
	}
	for _, name := range []string{"", "x", "../" + names[0], "/" + names[0], names[0] + "\x00", "000000000000.cfg", "ffffffffffff.cfg"} {
		if _, err := r.Render(name, in); !errors.Is(err, phone.ErrNoFile) || errs.KindOf(err) != errs.NotFound {
			t.Errorf("Render(%q): %v, want NotFound", name, err)
		}
	}
	other := in
	other.Poll, other.Settings = phone.PollWindow{Start: 61, End: 122, Days: 3}, nil
	other = Whole(r, other)
	changed := false
	for name, body := range all {
		f, err := r.Render(name, other)
		if err != nil {
			t.Fatal(err)
		}
		changed = changed || string(f.Body) != body
	}
	if !changed {
		t.Error("another poll window changes no file (DM-108)")
	}
}

// Whole gives inputs without settings those that a phone has when nobody says otherwise.
func Whole(r phone.Renderer, in phone.Inputs) phone.Inputs {
	if in.Settings == nil {
		in.Settings = r.Defaults(in)
	}
	return in
}

// Golden compares every file of the inputs with testdata/<set>-<name>, or writes them there when update is set.
func Golden(t *testing.T, r phone.Renderer, set string, in phone.Inputs, update bool) {
	t.Helper()
	in = Whole(r, in)
	for _, name := range r.Files(in) {
		f, err := r.Render(name, in)
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", set+"-"+name)
		if update {
			if err := os.WriteFile(golden, f.Body, 0o644); err != nil { //nolint:gosec // no secret
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, f.Body) {
			t.Errorf("%s:\n%s\nis not\n%s", golden, f.Body, want)
		}
	}
}

// TakesAnything checks what holds for whatever a stranger sends: the name differs from the path by letter case at most, and
// reading it again gives the same.
func TakesAnything(t *testing.T, r phone.Renderer, path, userAgent string) {
	t.Helper()
	id, ok := r.Recognise(path, userAgent)
	if !ok {
		return
	}
	if len(id.Name) != len(path) || !strings.EqualFold(id.Name, path) {
		t.Fatalf("%q became %q", path, id.Name)
	}
	if again, _ := r.Recognise(id.Name, userAgent); again != id {
		t.Fatalf("%+v and %+v", id, again)
	}
}

// WellFormed reads the whole document as XML.
func WellFormed(t *testing.T, body []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(body))
	d.Strict = true
	for {
		_, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("not well-formed: %v\n%s", err, body)
		}
	}
}
