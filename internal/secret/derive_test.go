package secret

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestHA1IsTheOneOfTheStandard(t *testing.T) {
	// RFC 2617 §3.5: the response of its example is made with this HA1.
	if got := HA1("Mufasa", "testrealm@host.com", "Circle Of Life"); got != "939e7578ed9e3c518a452acee763bce9" {
		t.Errorf("HA1 = %s", got)
	}
}

func TestMACPartsDoNotRunTogether(t *testing.T) {
	b := newBox(t)
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.StringMatching(`[ab]{0,3}`), 0, 4)
		x, y := parts.Draw(t, "x"), parts.Draw(t, "y")
		same := fmt.Sprintf("%q", x) == fmt.Sprintf("%q", y)
		if Equal(b.MAC("p", x...), b.MAC("p", y...)) != same {
			t.Fatalf("%q and %q", x, y)
		}
	})
	if Equal(b.MAC("p", "ab", "c"), b.MAC("p", "a", "bc")) {
		t.Error("(ab,c) is (a,bc)")
	}
	if Equal(b.MAC("p", "x"), b.MAC("q", "x")) || Equal(b.MAC("p", "x"), newBox(t).MAC("p", "x")) {
		t.Error("another purpose or another key file gives the same MAC")
	}
}

func TestTokensAreRandomAndFoundByTheirHash(t *testing.T) {
	a, hash := Token("lct_")
	b, _ := Token("lct_")
	if a == b || !strings.HasPrefix(a, "lct_") || len(a) != len("lct_")+26 {
		t.Errorf("tokens %q %q", a, b)
	}
	if !Equal(TokenHash(a), hash) || Equal(TokenHash(b), hash) || bytes.Contains(hash, []byte(a)) {
		t.Error("the hash does not tell the tokens apart")
	}
}

func TestEqualOfDifferentLengthsIsFalse(t *testing.T) {
	if Equal([]byte("a"), []byte("ab")) || Equal(nil, []byte("a")) || !Equal(nil, []byte{}) || !Equal([]byte("a"), []byte("a")) {
		t.Error("Equal is wrong")
	}
}

const planted = "hunter2-planted"

func TestAStringNeverShowsItselfInAPrint(t *testing.T) {
	s := Hide(planted)
	type open struct{ Password String }
	type shut struct{ password String } // fmt cannot call methods here
	type deep struct{ inner map[string]*shut }
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v", "%10.3s", "%p"} {
		for _, v := range []any{s, &s, open{s}, &open{s}, shut{s}, &shut{s}, deep{map[string]*shut{"k": {s}}}, []String{s}, map[string]String{"k": s}, any(s),
			map[String]int{s: 1}, fmt.Errorf("wrapped %v", s), struct{ shut }{shut{s}}} {
			got := fmt.Sprintf(verb, v)
			if strings.Contains(got, planted) || strings.Contains(strings.ToLower(got), fmt.Sprintf("%x", planted)) {
				t.Errorf("%s of %T shows it: %s", verb, v, got)
			}
		}
	}
	if got := fmt.Sprint(s, String{}); got != Hidden+" "+Hidden {
		t.Errorf("prints as %q", got)
	}
}

func TestAStringNeverShowsItselfInALogOrAnAnswer(t *testing.T) {
	type body struct {
		Password String
		Nested   []struct{ Key String }
		hidden   String
	}
	v := body{Hide(planted), []struct{ Key String }{{Hide(planted)}}, Hide(planted)}
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		l := slog.New(h)
		l.Info("m", "direct", v.Password, "pointer", &v.Password, "struct", v, "structp", &v, "group", slog.GroupValue(slog.Any("x", v.hidden)))
		l.With("with", v.Password).Error("m", "err", fmt.Errorf("no: %v", v))
	}
	if err := json.NewEncoder(&out).Encode(map[string]any{"v": v, "p": &v.Password}); err != nil {
		t.Fatal(err)
	}
	if err := json.NewEncoder(&out).Encode(map[String]int{v.Password: 1}); err != nil {
		t.Fatal(err)
	}
	if err := xml.NewEncoder(&out).Encode(v); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), planted) || strings.Count(out.String(), Hidden) < 12 {
		t.Errorf("shown or not marked as hidden:\n%s", out.String())
	}
}

func TestAStringReadsItselfFromJSONWithoutQuotingABadOne(t *testing.T) {
	var in struct{ P, Q String }
	if err := json.Unmarshal([]byte(`{"P":"hunter2\n\u00e9","Q":null}`), &in); err != nil || in.P.Reveal() != "hunter2\né" || !in.Q.Empty() {
		t.Errorf("read %q, %q, %v", in.P.Reveal(), in.Q.Reveal(), err)
	}
	for _, bad := range []string{`{"P":["hunter2-planted"]}`, `{"P":12345}`, `{"P":{"x":"hunter2-planted"}}`} {
		if err := json.Unmarshal([]byte(bad), &in); err == nil || strings.Contains(err.Error(), planted) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if !Hide("a").Equal(Hide("a")) || Hide("a").Equal(Hide("b")) || !(String{}).Equal(Hide("")) {
		t.Error("Equal compares something else than the secret")
	}
	var s String
	if err := errors.Join(s.UnmarshalText([]byte("x"))); err != nil || s.Reveal() != "x" {
		t.Error("UnmarshalText")
	}
}
