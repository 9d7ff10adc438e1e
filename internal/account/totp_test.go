package account

import (
	"bytes"
	"encoding/base32"
	"encoding/hex"
	"image/png"
	"net/url"
	"strings"
	"testing"
	"time"

	"linecard/internal/secret"
)

var rfcSecret = []byte("12345678901234567890")

func TestCodesAreThoseOfTheStandard(t *testing.T) {
	for at, want := range map[int64]string{ // RFC 6238 appendix B, SHA1, its last six digits
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130"} {
		if got := totpCode(rfcSecret, at/30); got != want {
			t.Errorf("at %d: %s, want %s", at, got, want)
		}
		if step, ok := VerifyTOTP(rfcSecret, want, time.Unix(at, 0), 0); !ok || step != at/30 {
			t.Errorf("at %d: step %d, %v", at, step, ok)
		}
	}
	for step, want := range []string{"755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"} { // RFC 4226 appendix D
		if got := totpCode(rfcSecret, int64(step)); got != want {
			t.Errorf("counter %d: %s, want %s", step, got, want)
		}
	}
}

func TestACodeIsGoodOneStepAroundAndOnlyOnce(t *testing.T) {
	now := time.Unix(1234567890, 0)
	at := now.Unix() / 30
	for _, c := range []struct {
		of, last int64
		ok       bool
	}{{at, 0, true}, {at - 1, 0, true}, {at + 1, 0, true}, {at - 2, 0, false}, {at + 2, 0, false}, {at, at, false}, {at - 1, at, false}, {at + 1, at, true}, {at, at + 1, false}, {at, at - 1, true}} {
		step, ok := VerifyTOTP(rfcSecret, totpCode(rfcSecret, c.of), now, c.last)
		if ok != c.ok || (ok && step != c.of) {
			t.Errorf("code of step %+d, last %+d: %d %v", c.of-at, c.last-at, step-at, ok)
		}
	}
}

func TestACodeMayBeTypedWithSpacesAndByAnInputMethod(t *testing.T) {
	now := time.Unix(1234567890, 0)
	for typed, right := range map[string]bool{"005924": true, " 005 924 ": true, "００５９２４": true, "5924": false, "0005924": false, "": false, "005925": false, "-05924": false, "0x5924": false} {
		if _, ok := VerifyTOTP(rfcSecret, typed, now, 0); ok != right {
			t.Errorf("%q: %v", typed, ok)
		}
	}
}

func TestTheAddressForAppsCarriesIssuerAccountAndSecret(t *testing.T) {
	s := NewTOTPSecret()
	if len(s) != 20 || bytes.Equal(s, NewTOTPSecret()) {
		t.Fatal("the secret is not random")
	}
	for _, issuer := range []string{"Linecard", "Müller & Söhne: Telefonie/1", "云通信"} {
		u, err := url.Parse(TOTPURL(issuer, "jane+x@example.org", s))
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.ReplaceAll(issuer, ":", " ")
		q := u.Query()
		raw, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(q.Get("secret"))
		if u.Scheme != "otpauth" || u.Host != "totp" || u.Path != "/"+plain+":jane+x@example.org" || q.Get("issuer") != plain || err != nil || !bytes.Equal(raw, s) ||
			q.Get("digits") != "6" || q.Get("period") != "30" || q.Get("algorithm") != "SHA1" || strings.Contains(u.RawQuery, "+") {
			t.Errorf("%s", u)
		}
		if got := TOTPText(s); strings.ReplaceAll(got, " ", "") != q.Get("secret") || len(got) != 39 {
			t.Errorf("%q", got)
		}
	}
}

func TestTheQRCodeIsASquareWithAWhiteEdge(t *testing.T) {
	b, err := QRCode(TOTPURL("Linecard", "jane@example.org", rfcSecret))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Dx()
	if size != img.Bounds().Dy() || size < 200 || size > 600 || size%6 != 0 {
		t.Errorf("size %v", img.Bounds())
	}
	black := func(x, y int) bool { r, _, _, _ := img.At(x, y).RGBA(); return r < 0x8000 }
	for i := range size {
		if black(i, 23) || black(23, i) || black(i, size-24) || black(size-24, i) {
			t.Fatal("the quiet edge is not white")
		}
	}
	if !black(25, 25) || !black(size-26, 25) || !black(25, size-26) || !black(24+3*6+1, 24+3*6+1) || black(24+6+1, 24+6+1) {
		t.Error("the three corner marks are not where they belong")
	}
	if _, err := QRCode(strings.Repeat("x", 3000)); err == nil {
		t.Error("a text that fits no code was drawn")
	}
}

func TestRecoveryCodesAreTenDifferentAndFoundHoweverTheyAreTyped(t *testing.T) {
	plain, hashes := NewRecoveryCodes()
	seen := map[string]bool{}
	for i, code := range plain {
		seen[hex.EncodeToString(hashes[i])] = true
		if len(code) != 19 || strings.Trim(code, recoveryAlphabet+"-") != "" {
			t.Errorf("code %q", code)
		}
		for _, typed := range []string{code, strings.ToLower(code), strings.ReplaceAll(code, "-", ""), " " + strings.ReplaceAll(code, "-", " ") + " ",
			strings.NewReplacer("0", "O", "1", "l").Replace(code)} {
			if !secret.Equal(RecoveryHash(typed), hashes[i]) {
				t.Errorf("%q is not found as %q", code, typed)
			}
		}
	}
	if len(plain) != 10 || len(seen) != 10 || secret.Equal(RecoveryHash(""), hashes[0]) {
		t.Errorf("%d codes, %d hashes", len(plain), len(seen))
	}
}
