package intake

import (
	"errors"
	"strings"
	"testing"

	"linecard/internal/errs"
)

func TestTextIsReadWhateverItsEncoding(t *testing.T) {
	for in, want := range map[string]string{
		"a ü": "a ü", "\xef\xbb\xbfa": "a", "\xff\xfea\x00\xfc\x00": "aü", "\xfe\xff\x00a\x00\xfc": "aü", "a\x00b\x00": "ab", "\x00a\x00b": "ab", "": "", "\xff\xfe\x3d\xd8\x00\xde": "😀",
	} {
		if got, err := Text(strings.NewReader(in)); err != nil || got != want {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	for in, code := range map[string]string{"\xff\xfea": "file_encoding", "a\xff": "file_encoding", "ab\x00c": "file_binary", strings.Repeat("x", MaxBytes+1): "file_too_large"} {
		if _, err := Text(strings.NewReader(in)); errs.CodeOf(err) != code {
			t.Errorf("%.10q: %v", in, err)
		}
	}
}

func TestWhatXMLCanDoToAReaderIsRefusedInItsLine(t *testing.T) {
	none := func(Node) error { return nil }
	for in, line := range map[string]string{
		"<a>\n<!DOCTYPE x></a>": "2", "<!DOCTYPE x [<!ENTITY a \"b\">]>\n<x/>": "1", "<a>\n&evil;</a>": "2", "<a>\n\n<b></a>": "3", "<a b='1' b>": "1", "<?xml version=\"1.0\" encoding=\"koi8-r\"?><a/>": "1",
		strings.Repeat("<a>\n", 70): "65", "<a": "1", "</a>": "1",
	} {
		if e := errs.As(XML(in, none)); e.Code != "file_malformed" || e.Params["line"] != line || e.Params["fault"] == "" {
			t.Errorf("%.40q: %v", in, e)
		}
	}
	for _, in := range []string{"<a/>", "<a/><b/>", "", "text", "<?xml version=\"1.0\" encoding=\"UTF-16\"?><a/>", "<a>&lt;&#65;</a><!-- x -->"} {
		if err := XML(in, none); err != nil {
			t.Errorf("%q: %v", in, err)
		}
	}
	wide := "<a>" + strings.Repeat("<b/>", maxElements) + "</a>"
	if e := errs.As(XML(wide, none)); e.Code != "file_malformed" {
		t.Errorf("a million elements: %v", e)
	}
	stop := errors.New("stop")
	if err := XML("<a/>", func(Node) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

func FuzzText(f *testing.F) {
	for _, v := range []string{"a", "\xff\xfea\x00", "\xef\xbb\xbf<a/>", "a\x00"} {
		f.Add([]byte(v))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		text, err := Text(strings.NewReader(string(b)))
		if err != nil {
			return
		}
		if strings.ContainsRune(text, 0) || strings.HasPrefix(text, "\ufeff\ufeff\ufeff") && len(b) < 6 {
			t.Fatalf("%q became %q", b, text)
		}
		depth := 0
		_ = XML(text, func(n Node) error { // neither panics nor loses count
			switch n.Kind {
			case Start:
				depth++
			case End:
				depth--
			}
			if depth < 0 || n.Line < 1 {
				t.Fatalf("%q: depth %d in line %d", text, depth, n.Line)
			}
			return nil
		})
	})
}
