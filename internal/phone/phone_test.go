package phone

import (
	"encoding/json"
	"strings"
	"testing"

	"linecard/internal/errs"
)

func TestAMACIsReadInAllSpellingsAndWrittenInOne(t *testing.T) {
	for _, s := range []string{"0004f2abcdef", "0004F2ABCDEF", "00:04:f2:ab:cd:ef", "00-04-F2-AB-CD-EF", "0004.f2ab.cdef", "0004f2-abcdef",
		"00.04.f2.ab.cd.ef", " 0004f2abcdef\t"} {
		if m, err := ParseMAC(s); err != nil || m.String() != "0004f2abcdef" {
			t.Errorf("ParseMAC(%q) = %v, %v", s, m, err)
		}
	}
}

func TestADamagedOrReservedMACIsRefusedAndNamesItsField(t *testing.T) {
	for s, code := range map[string]string{
		"": "bad_mac", "0004f2abcde": "bad_mac", "0004f2abcdeff": "bad_mac", "0004f2abcdeg": "bad_mac", "00:04:f2:ab:cd": "bad_mac",
		"00:04-f2:ab:cd:ef": "bad_mac", "0:004:f2:ab:cd:ef": "bad_mac", "0004f2:abcd:ef": "bad_mac", "００04f2abcdef": "bad_mac", "00 04 f2 ab cd ef": "bad_mac",
		"0004f2abcdef\x00": "bad_mac", strings.Repeat("0", 100): "bad_mac",
		"000000000000": "reserved_mac", "FF:FF:FF:FF:FF:FF": "reserved_mac",
	} {
		_, err := ParseMAC(s)
		if err == nil || errs.KindOf(err) != errs.Invalid {
			t.Errorf("ParseMAC(%q): %v", s, err)
			continue
		}
		if f := errs.As(err).Fields[0]; f.Name != "mac" || f.Code != code {
			t.Errorf("ParseMAC(%q) names %s %s", s, f.Name, f.Code)
		}
	}
}

func FuzzAMACThatWasReadIsReadAgainFromItsText(f *testing.F) {
	f.Add("00:04:f2:ab:cd:ef")
	f.Add("0004.f2ab.cdef")
	f.Add("--::..")
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMAC(s)
		if err != nil {
			return
		}
		if again, err := ParseMAC(m.String()); err != nil || again != m || len(m.String()) != 12 {
			t.Errorf("%q became %q, %v", s, m, err)
		}
	})
}

func TestAMACTravelsThroughJSONAndTheDatabase(t *testing.T) {
	m, _ := ParseMAC("0004F2ABCDEF")
	b, err := json.Marshal(m)
	if err != nil || string(b) != `"0004f2abcdef"` {
		t.Errorf("JSON %s, %v", b, err)
	}
	var back MAC
	if err := json.Unmarshal(b, &back); err != nil || back != m {
		t.Errorf("back %v, %v", back, err)
	}
	v, _ := m.Value()
	for _, stored := range []any{v, []byte(v.(string))} {
		var s MAC
		if err := s.Scan(stored); err != nil || s != m {
			t.Errorf("scan %v, %v", s, err)
		}
	}
	for _, bad := range []any{"xyz", 5, nil} {
		if err := back.Scan(bad); err == nil {
			t.Errorf("%v was read as a MAC", bad)
		}
	}
}

func TestATimeOfDayIsReadStrictly(t *testing.T) {
	for s, want := range map[string]TimeOfDay{"00:00": 0, "03:00": 180, "23:59": 1439} {
		if got, err := ParseTimeOfDay(s); err != nil || got != want || got.String() != s {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "3:00", "24:00", "12:60", "1200", "12:0a", "-1:00", "12:00 "} {
		if _, err := ParseTimeOfDay(s); err == nil {
			t.Errorf("%q was read", s)
		}
	}
}

func TestAPollWindowMustHaveLengthAndPeriod(t *testing.T) {
	if f := DefaultPoll.Faults(); f != nil || DefaultPoll.Start.String() != "03:00" || DefaultPoll.End.String() != "05:00" {
		t.Errorf("the default window: %v", f) // DM-108
	}
	if f := (PollWindow{Start: 23 * 60, End: 60, Days: 1}).Faults(); f != nil {
		t.Errorf("a window over midnight: %v", f)
	}
	for _, c := range []struct {
		w     PollWindow
		field string
	}{
		{PollWindow{-1, 5, 1}, "poll_window.start"}, {PollWindow{5, 1440, 1}, "poll_window.end"}, {PollWindow{5, 5, 1}, "poll_window.end"},
		{PollWindow{1, 5, 0}, "poll_window.days"}, {PollWindow{1, 5, 32}, "poll_window.days"},
	} {
		if f := c.w.Faults(); len(f) != 1 || f[0].Name != c.field {
			t.Errorf("%v: %v", c.w, f)
		}
	}
}

// fake is a maker for tests of the list of makers.
type fake struct {
	Renderer
	name, sureOf string
}

func (f fake) Maker() string { return f.name }
func (f fake) Recognise(path, ua string) (Identity, bool) {
	return Identity{Maker: f.name, Sure: ua == f.sureOf}, path == "shared.cfg" || ua == f.sureOf
}

func TestTheMakerThatThePhoneNamesIsPreferred(t *testing.T) {
	all := Makers{fake{name: "a", sureOf: "A"}, fake{name: "b", sureOf: "B"}}
	for _, c := range []struct {
		path, ua, want string
		ok             bool
	}{{"shared.cfg", "", "a", true}, {"shared.cfg", "B", "b", true}, {"x", "B", "b", true}, {"x", "", "", false}} {
		if id, ok := all.Recognise(c.path, c.ua); ok != c.ok || id.Maker != c.want {
			t.Errorf("%v: %+v, %v", c, id, ok)
		}
	}
	if _, err := all.Get("c"); errs.KindOf(err) != errs.Invalid {
		t.Errorf("an unknown maker: %v", err)
	}
	if r, err := all.Get("b"); err != nil || r.Maker() != "b" || all.Of(MAC{1}) != "" {
		t.Error("the makers are not found by their name")
	}
}
