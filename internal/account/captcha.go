package account

import (
	"bytes"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"image/color"
	"strings"
	"unicode"

	captcha "github.com/mojocn/base64Captcha"

	"linecard/internal/db"
)

const captchaLength = 6

// captchaPicture is 260 × 100 pixels: readable for a person, with skewed digits, waves, a stroke and dots.
//
// Its digits come from a bitmap and its voices from recordings that the library (Apache-2.0) took over from dchest/captcha (MIT).
// The fonts that the library embeds besides are not drawn with; some of them are not free to sell, so whoever ships a binary
// must look at them.
var captchaPicture = captcha.NewDriverDigit(100, 260, captchaLength, 0.5, 60)

// Challenge is a captcha (CH-8): six digits, as a picture and, for who cannot see it, spoken. It is made and served by us, without
// any third party. Whoever stores it must let it expire and be answered once, and bound how often it is drawn: every
// drawing is another look for a program.
type Challenge struct{ Answer string }

// NewChallenge gives a challenge with a random answer.
func NewChallenge() Challenge {
	raw := make([]byte, captchaLength)
	for i := range raw {
		for { // 250 to 255 would make some digits likelier
			rand.Read(raw[i : i+1])
			if raw[i] < 250 {
				break
			}
		}
		raw[i] = '0' + raw[i]%10
	}
	return Challenge{Answer: string(raw)}
}

// Matches says whether typed is the answer. Spaces, hyphens and full-width digits do not matter. An empty answer matches nothing.
func (c Challenge) Matches(typed string) bool {
	return c.Answer != "" && subtle.ConstantTimeCompare([]byte(plainAnswer(c.Answer)), []byte(plainAnswer(typed))) == 1
}

func plainAnswer(s string) string {
	if len(s) > 100 {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || r == '-' {
			return -1
		}
		return r
	}, db.Fold(s))
}

// PNG draws the answer on white, so that it can be read on a dark page too. Each call draws another picture.
func (c Challenge) PNG() ([]byte, error) {
	if err := c.drawable(); err != nil {
		return nil, err
	}
	item, err := captchaPicture.DrawCaptcha(c.Answer)
	if err != nil {
		return nil, err
	}
	if d, ok := item.(*captcha.ItemDigit); ok {
		d.Palette[0] = color.White
	}
	var out bytes.Buffer
	if _, err := item.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// WAV speaks the answer over noise, in Mandarin for languages that begin with "zh" and in English otherwise: about 15 s, 8 kHz
// mono, 120 kB. Each call makes another recording.
func (c Challenge) WAV(language string) ([]byte, error) {
	if err := c.drawable(); err != nil {
		return nil, err
	}
	voice := "en"
	if strings.HasPrefix(strings.ToLower(language), "zh") {
		voice = "zh"
	}
	item, err := captcha.NewDriverAudio(captchaLength, voice).DrawCaptcha(c.Answer)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if _, err := item.WriteTo(&out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// drawable guards the library, which takes every character for a digit.
func (c Challenge) drawable() error {
	if len(c.Answer) != captchaLength || strings.Trim(c.Answer, "0123456789") != "" {
		return fmt.Errorf("account: a captcha's answer has %d digits", captchaLength)
	}
	return nil
}
