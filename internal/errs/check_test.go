package errs_test

import (
	"strings"
	"testing"

	"linecard/internal/errs"
)

// one runs a check and gives the cleaned value with the code of its fault, "" for none.
func one(check func(c *errs.Checker) string) (value, code string) {
	var c errs.Checker
	value = check(&c)
	if err := c.Err(); err != nil {
		code = errs.As(err).Fields[0].Code
	}
	return value, code
}

func TestTextIsCleanedAndTricksAreRefused(t *testing.T) {
	for in, want := range map[string]string{
		"Acme": "", " \t Acme \u00a0": "", "Müller & Söhne": "", "北京电信": "", "नमस्ते": "", "می\u200cخواهم": "", "👩\u200d💻": "", "a'b\"<c>;--": "",
		strings.Repeat("ü", 128): "", strings.Repeat("ü", 129): "too_long",
		"": "required", " \n ": "required", "\u200d": "required", "\u0301": "required",
		"a\x00b": "forbidden_character", "a\nb": "forbidden_character", "a\tb": "forbidden_character", "a\u007fb": "forbidden_character", "a\u0085b": "forbidden_character",
		"a\u202eb": "forbidden_character", "a\u2066b": "forbidden_character", "a\u2069b": "forbidden_character", "a\u200fb": "forbidden_character",
		"a\u200bb": "forbidden_character", "a\ufeffb": "forbidden_character", "a\u00adb": "forbidden_character", "a\u2028b": "forbidden_character",
		"a\u3164b": "forbidden_character", "a\ue000b": "forbidden_character", "a\U000e0041b": "forbidden_character", "a\ufffdb": "forbidden_character", "a\uffffb": "forbidden_character",
		"a\xffb": "bad_encoding", "\xed\xa0\x80": "bad_encoding",
	} {
		got, code := one(func(c *errs.Checker) string { return c.Text("name", in, 1, 128) })
		if code != want {
			t.Errorf("%q: %q, want %q", in, code, want)
		}
		if want == "" && got != strings.TrimSpace(in) {
			t.Errorf("%q became %q", in, got)
		}
	}
	if got, code := one(func(c *errs.Checker) string { return c.Lines("address", "a\r\nb\n", 0, 10) }); got != "a\nb" || code != "" {
		t.Errorf("lines became %q, %s", got, code)
	}
	if _, code := one(func(c *errs.Checker) string { return c.Lines("address", "a\rb", 0, 10) }); code != "forbidden_character" {
		t.Errorf("a lone carriage return: %q", code)
	}
	if _, code := one(func(c *errs.Checker) string { return c.Text("q", "ab", 3, 10) }); code != "too_short" {
		t.Errorf("too short: %q", code)
	}
}

// CH-1: syntactically valid, trimmed.
func TestEmailAddressesAreCheckedByTheirForm(t *testing.T) {
	for in, want := range map[string]string{
		"a@b.test": "", "  a@b.test ": "", "First.Last+tag@sub.example.co": "", "用户@例子.测试": "", "o'neil@example.test": "", "root@localhost": "",
		"": "required", "a": "bad_email", "a@": "bad_email", "@b.test": "bad_email", "a@b@c": "bad_email", "a b@c.test": "bad_email",
		"Ann <a@b.test>": "bad_email", `"a b"@c.test`: "bad_email", "a@[127.0.0.1]": "bad_email", "a@b..test": "bad_email", "a@.test": "bad_email", "a..b@c.test": "bad_email",
		"a@-b.test": "bad_email", "a@b!c": "bad_email", "a@b.test, c@d.test": "bad_email", "a@b.test\r\nBcc: x@y.test": "forbidden_character", "a(x)@b.test": "bad_email",
		strings.Repeat("x", 65) + "@b.test": "bad_email", "a@" + strings.Repeat("x.", 130) + "test": "too_long",
	} {
		got, code := one(func(c *errs.Checker) string { return c.Email("email", in, true) })
		if code != want || want == "" && got != strings.TrimSpace(in) {
			t.Errorf("%q: %q %q, want %q", in, got, code, want)
		}
	}
	if _, code := one(func(c *errs.Checker) string { return c.Email("email", "", false) }); code != "" {
		t.Errorf("an address that may be absent: %q", code)
	}
}

func TestOtherFieldsAreCheckedByTheirLists(t *testing.T) {
	for _, x := range []struct {
		in, out, code string
		check         func(c *errs.Checker, s string) string
	}{
		{"+49 (89) 123-4", "+49 (89) 123-4", "", func(c *errs.Checker, s string) string { return c.Phone("f", s) }},
		{"", "", "", func(c *errs.Checker, s string) string { return c.Phone("f", s) }},
		{"ext. none", "ext. none", "bad_phone", func(c *errs.Checker, s string) string { return c.Phone("f", s) }},
		{strings.Repeat("1", 33), strings.Repeat("1", 33), "too_long", func(c *errs.Checker, s string) string { return c.Phone("f", s) }},
		{" de ", "DE", "", func(c *errs.Checker, s string) string { return c.Country("f", s) }},
		{"XK", "XK", "unknown_country", func(c *errs.Checker, s string) string { return c.Country("f", s) }},
		{"Asia/Shanghai", "Asia/Shanghai", "", func(c *errs.Checker, s string) string { return c.TimeZone("f", s) }},
		{"Local", "Local", "unknown_time_zone", func(c *errs.Checker, s string) string { return c.TimeZone("f", s) }},
		{"../../etc/passwd", "../../etc/passwd", "unknown_time_zone", func(c *errs.Checker, s string) string { return c.TimeZone("f", s) }},
		{"zh_cn", "zh-CN", "", func(c *errs.Checker, s string) string { return c.Locale("f", s) }},
		{"not a locale", "not a locale", "unknown_locale", func(c *errs.Checker, s string) string { return c.Locale("f", s) }},
		{"b", "b", "", func(c *errs.Checker, s string) string { return c.OneOf("f", s, "a", "b") }},
		{"B", "B", "unknown_value", func(c *errs.Checker, s string) string { return c.OneOf("f", s, "a", "b") }},
	} {
		if got, code := one(func(c *errs.Checker) string { return x.check(c, x.in) }); got != x.out || code != x.code {
			t.Errorf("%q: %q %q, want %q %q", x.in, got, code, x.out, x.code)
		}
	}
	if len(errs.Countries()) != 249 {
		t.Errorf("%d countries, ISO 3166 has 249", len(errs.Countries()))
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	var c errs.Checker
	c.Text("name", "", 1, 5)
	c.Email("email", "x", true)
	c.Range("quantity", 0, 1, 9)
	c.Range("fine", 9, 1, 9)
	c.Add(errs.Field{Name: "own", Code: "required", Message: "Say it."})
	err := errs.As(c.Err())
	if err.Kind != errs.Invalid || len(err.Fields) != 4 || !c.Failed("quantity") || c.Failed("fine") {
		t.Errorf("faults %+v", err.Fields)
	}
	var none errs.Checker
	if none.Err() != nil {
		t.Error("no fault is an error")
	}
}
