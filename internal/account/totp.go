package account

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"net/url"
	"strings"
	"time"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/secret"
)

// One-time passwords as every authenticator app makes them: HMAC-SHA1, six digits, steps of 30 s (RFC 6238 §4, RFC 4226 §5.3).
const (
	totpStep   = 30 * time.Second
	totpDigits = 6
	totpSecret = 20 // bytes, as RFC 4226 §4 recommends
)

var errQRTooLong = errs.New(errs.Invalid, "qr_too_long", "The text is too long for a QR code.")

// NewTOTPSecret gives a fresh shared secret. It must be stored sealed.
func NewTOTPSecret() []byte {
	b := make([]byte, totpSecret)
	rand.Read(b)
	return b
}

// TOTPText is the secret as a person types it into an app: base32 in groups of four.
func TOTPText(secret []byte) string {
	return grouped(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret), " ")
}

// TOTPURL is the otpauth address that an app reads from the QR code. The issuer is the brand, the account the e-mail address.
func TOTPURL(issuer, account string, secret []byte) string {
	issuer = strings.ReplaceAll(issuer, ":", " ") // a colon parts the issuer from the account
	text := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	escape := func(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") } // some apps show a "+" as it stands
	return "otpauth://totp/" + escape(issuer) + ":" + escape(account) +
		"?secret=" + text + "&issuer=" + escape(issuer) + "&algorithm=SHA1&digits=6&period=30"
}

// QRCode draws a text, such as TOTPURL, as a black and white PNG with the quiet edge that readers want: 4 modules of 6 pixels.
// A text that no QR code can hold is Invalid.
func QRCode(text string) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		return nil, errQRTooLong.Because(err)
	}
	const module, edge = 6, 4
	side := code.Bounds().Dx()
	scaled, err := barcode.Scale(code, side*module, side*module)
	if err != nil {
		return nil, errQRTooLong.Because(err)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, framed(scaled, module*edge)); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// framed puts a white edge around a picture.
func framed(in image.Image, edge int) image.Image {
	b := in.Bounds()
	out := image.NewGray(image.Rect(0, 0, b.Dx()+2*edge, b.Dy()+2*edge))
	draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(out, image.Rect(edge, edge, edge+b.Dx(), edge+b.Dy()), in, b.Min, draw.Src)
	return out
}

// VerifyTOTP says whether typed is the code of now, of the step before or of the one after (clocks differ), and which step it
// was. A step up to last is refused, so that a code that was seen cannot be used again (RFC 6238 §5.2): the caller stores the step
// it gets, in one conditional update.
func VerifyTOTP(secret []byte, typed string, now time.Time, last int64) (step int64, ok bool) {
	typed = strings.ReplaceAll(db.Fold(typed), " ", "") // full-width digits of an input method become plain
	at := now.Unix() / int64(totpStep/time.Second)
	for s := at - 1; s <= at+1; s++ {
		same := subtle.ConstantTimeCompare([]byte(totpCode(secret, s)), []byte(typed)) == 1
		if same && s > last && !ok {
			step, ok = s, true
		}
	}
	return step, ok
}

func totpCode(secret []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	m := hmac.New(sha1.New, secret)
	m.Write(counter[:])
	sum := m.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	n := binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
	return fmt.Sprintf("%0*d", totpDigits, n%1_000_000)
}

// Recovery codes leave out letters that are read as digits.
const (
	recoveryCodes    = 10
	recoveryAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's base32
)

// NewRecoveryCodes gives ten codes of 80 random bits, for somebody who lost the second factor. Each works once. The plain ones are
// shown once, only the hashes are stored.
func NewRecoveryCodes() (plain []string, hashes [][]byte) {
	for range recoveryCodes {
		raw := make([]byte, 16)
		rand.Read(raw)
		for i, b := range raw {
			raw[i] = recoveryAlphabet[b%32] // 256 is a multiple of 32: no letter is likelier
		}
		code := grouped(string(raw), "-")
		plain, hashes = append(plain, code), append(hashes, RecoveryHash(code))
	}
	return plain, hashes
}

// RecoveryHash is the hash under which a code is stored, however it was typed: case, spaces and hyphens do not matter, and O and I
// or L are read as 0 and 1.
func RecoveryHash(typed string) []byte {
	s := strings.NewReplacer(" ", "", "-", "", "o", "0", "i", "1", "l", "1").Replace(db.Fold(typed))
	return secret.TokenHash("recovery " + s)
}

func grouped(s, by string) string {
	var b strings.Builder
	for i, r := range s {
		if i > 0 && i%4 == 0 {
			b.WriteString(by)
		}
		b.WriteRune(r)
	}
	return b.String()
}
