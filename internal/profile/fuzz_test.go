package profile

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever is read as our own file is bounded, and what is written of it reads the same again.
func FuzzOwnFile(f *testing.F) {
	for _, s := range []string{
		`<linecard-profile mode="poly" name="x"><attribute name="a" value="1"/><attribute name="b" value="" file="f"/><attribute name="c" hidden="true"/></linecard-profile>`,
		`<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><linecard-profile mode="poly"><attribute name="&a;"/></linecard-profile>`,
		`<linecard-profile mode="poly"></linecard-profile><linecard-profile mode="poly"/>`, `<x a="1"/>`, `#!version:1.0.0.1`, `<linecard-profile mode="poly"><attribute><attribute/></attribute></linecard-profile>`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, own, err := readOwn("poly", data)
		if !own || err != nil {
			if len(all) > 0 {
				t.Errorf("a refused file gives %v", all)
			}
			return
		}
		p := Profile{Name: "x", Mode: "poly"}
		for _, a := range all {
			if a.File != "" || a.Value == Mask {
				a.Value = ""
			}
			if a.fault().Code == "" {
				p.Attributes = append(p.Attributes, a)
			}
		}
		b, err := writeOwn(p, true)
		if err != nil {
			t.Fatal(err)
		}
		again, own, err := readOwn("poly", b)
		if !own || err != nil || len(again) != len(p.Attributes) {
			t.Fatalf("%v %v: %s", own, err, b)
		}
		for i, a := range again {
			if a != p.Attributes[i] {
				t.Errorf("%+v, want %+v", a, p.Attributes[i])
			}
		}
	})
}

// Whatever values a profile has, its file brings them back (DM-154).
func TestAnyProfileSurvivesItsFile(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		var set []Attribute
		for range rapid.IntRange(1, 6).Draw(r, "n") {
			set = append(set, Attribute{Name: rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9._-]{0,20}`).Draw(r, "name"), Value: rapid.String().Draw(r, "value")})
		}
		p, err := Profile{Name: "P", Mode: "poly"}.With(Patch{Set: set})
		if err != nil {
			r.Skip(err)
		}
		b, err := writeOwn(p, true)
		if err != nil {
			r.Fatal(err)
		}
		if again, own, err := readOwn("poly", b); !own || err != nil || !slices.Equal(again, p.Attributes) {
			r.Fatalf("%+v, want %+v (%v)", again, p.Attributes, err)
		}
	})
}

// Names are refused or harmless in every file that a maker writes.
func FuzzAttribute(f *testing.F) {
	f.Add("reg.1.displayName", "Jon")
	f.Add(`a"b`, "\x00")
	f.Add("", "\xff")
	f.Fuzz(func(t *testing.T, name, value string) {
		out, err := Profile{}.With(Patch{Set: []Attribute{{Name: name, Value: value}}})
		if err != nil {
			return
		}
		if len(out.Attributes) != 1 || strings.ContainsAny(out.Attributes[0].Name, " \t\r\n\"'<>&=") || bytes.ContainsRune([]byte(out.Attributes[0].Value), 0) {
			t.Errorf("%+v", out)
		}
	})
}
