package account

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"strings"
	"unicode"

	"linecard/internal/db"
)

const captchaLength = 6

// Challenge is a captcha (CH-8): six digits, as a picture and, for who cannot see it, spoken. It is made, drawn and spoken by
// us, without any third party. Whoever stores it must let it expire and be answered once, and bound how often it is drawn:
// every drawing is another look for a program.
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

// digits gives the answer as numbers; an answer that is not six digits is an error, for what draws and speaks it.
func (c Challenge) digits() ([]int, error) {
	if len(c.Answer) != captchaLength || strings.Trim(c.Answer, "0123456789") != "" {
		return nil, fmt.Errorf("account: a captcha's answer has %d digits", captchaLength)
	}
	out := make([]int, captchaLength)
	for i := range out {
		out[i] = int(c.Answer[i] - '0')
	}
	return out, nil
}
