package flatxml

import (
	"encoding/xml"
	"strings"
	"testing"
	"unicode/utf8"
)

func leaf(name, text string) Element { return Element{Name: name, Text: text} }

func TestADuplicateOrStrangeNameIsRefused(t *testing.T) {
	for _, e := range []Element{
		{Name: ""}, {Name: "a b"}, {Name: "1a"}, {Name: "xmlns"}, {Name: "ä"}, {Name: "a><b"}, {Name: strings.Repeat("a", 256)},
		{Name: "r", Children: []Element{leaf("a", "1"), leaf("a", "2")}}, {Name: "r", Children: []Element{leaf("a", "1"), leaf(`b"`, "2")}},
		{Name: "r", Attributes: []Attribute{{"a", "1"}, {"a", "2"}}}, {Name: "r", Attributes: []Attribute{{"a b", ""}}},
	} {
		if b, err := Bytes(e); err == nil {
			t.Errorf("%+v was written: %s", e, b)
		}
	}
	for _, name := range []string{"Resync_At__HHmm_", "P194", "prov_polling_mode", "XML_Password_1_", "phone-settings"} {
		if !ValidName(name) {
			t.Errorf("%s is a parameter", name)
		}
	}
}

func FuzzNoValueBreaksOutOfTheFile(f *testing.F) {
	for _, v := range []string{"", "x", `" ua="rw`, "</a><b>1</b>", "<!--", "]]>", "&lt;", "a\nb\tc\r", "\x00\x1f\x7f", "\xff\xfe", "\uFFFE\uFFFF", "日本", "&#0;", "\u2028"} {
		f.Add("P2", v)
		f.Add(v, "x")
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		body, err := Bytes(Element{Name: "root", Children: []Element{
			leaf("first", value), {Name: name, Attributes: []Attribute{{"ua", value}}, Text: value}, leaf("last", value)}})
		if err != nil {
			return
		}
		if !utf8.Valid(body) {
			t.Fatalf("broken UTF-8: %q", body)
		}
		var got struct {
			All []struct {
				XMLName xml.Name
				UA      []xml.Attr `xml:",any,attr"`
				Text    string     `xml:",chardata"`
				Inner   []struct{} `xml:",any"`
			} `xml:",any"`
		}
		if err := xml.Unmarshal(body, &got); err != nil {
			t.Fatalf("%v\n%q", err, body)
		}
		if len(got.All) != 3 || got.All[1].XMLName.Local != name || got.All[2].XMLName.Local != "last" || len(got.All[1].UA) != 1 {
			t.Fatalf("%q: %+v", value, got)
		}
		whole := !strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xfffe || r == 0xffff })
		for _, e := range got.All {
			if len(e.Inner) != 0 {
				t.Fatalf("%q opened an element", value)
			}
			if whole && utf8.ValidString(value) && e.Text != value {
				t.Fatalf("%q reads back as %q", value, e.Text)
			}
		}
	})
}
