package tenant

import (
	"crypto/rand"
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"

	"linecard/internal/errs"
)

var (
	hostChars    = regexp.MustCompile(`^[a-z0-9_-]+$`)
	hostEnds     = regexp.MustCompile(`^[a-z0-9].*[a-z0-9]$`)
	hostReserved = regexp.MustCompile(`^t[0-9]|^www$|^(ops|service|console)`)
)

// checkHost applies the host name rules and says which of them failed (DM-117).
func checkHost(c *errs.Checker, name, s string) string {
	switch {
	case len(s) < 2 || len(s) > 31:
		c.Add(errs.Field{Name: name, Code: "host_length", Message: "The host name must have 2 to 31 characters."})
	case !hostChars.MatchString(s):
		c.Add(errs.Field{Name: name, Code: "host_chars", Message: "Only lower-case letters, digits, '_' and '-' are possible."})
	case !hostEnds.MatchString(s):
		c.Add(errs.Field{Name: name, Code: "host_ends", Message: "The host name must begin and end with a lower-case letter or a digit."})
	case hostReserved.MatchString(s):
		c.Add(errs.Field{Name: name, Code: "host_reserved", Message: "This host name is reserved."})
	}
	return s
}

// hostFrom makes a valid host name from a customer's name: its Latin letters and digits without accents, else a random one.
func hostFrom(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == ' ' || r == '-' || r == '_' || r == '.':
			if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
				b.WriteByte('-')
			}
		}
		if b.Len() >= 24 {
			break
		}
	}
	s := strings.Trim(b.String(), "-")
	var c errs.Checker
	if checkHost(&c, "host", s); c.Err() != nil {
		s = "c-" + randomText(6)
	}
	return s
}

// another gives a host name near s for when s is taken.
func another(s string) string {
	if len(s) > 24 {
		s = strings.TrimRight(s[:24], "-_")
	}
	return s + "-" + randomText(4)
}

func randomText(n int) string {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	for i := range b {
		b[i] = keyAlphabet[b[i]&31]
	}
	return string(b)
}
