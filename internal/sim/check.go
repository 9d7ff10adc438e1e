package sim

import (
	"bytes"
	"net/http"
	"strings"
	"sync"

	"linecard/internal/phone"
)

// check finds out whether phones were given bytes that are not their own, without knowing the server: the address of another
// phone of the fleet stands in the file, two phones are told to use one and the same account of their own, a configuration is
// empty, or the bytes differ from those that were expected.
type check struct {
	fleet  map[phone.MAC]bool
	expect func(mac phone.MAC, name string) ([]byte, bool)

	mu       sync.Mutex
	accounts map[string]phone.MAC
	wrong    int64
	why      map[string]int64
}

// newCheck makes the check of a fleet. Without it nothing is checked.
func newCheck(phones []*Phone, expect func(phone.MAC, string) ([]byte, bool)) *check {
	c := &check{fleet: make(map[phone.MAC]bool, len(phones)), expect: expect, accounts: map[string]phone.MAC{}, why: map[string]int64{}}
	for _, p := range phones {
		c.fleet[p.MAC] = true
	}
	return c
}

// file looks at what a phone was given.
func (c *check) file(p *Phone, x Exchange, body []byte) {
	if x.Status != http.StatusOK || x.Method != http.MethodGet {
		return
	}
	name := strings.ToLower(x.Path)
	if c.expect != nil {
		if want, known := c.expect(p.MAC, name); known && !bytes.Equal(want, body) {
			c.found("other bytes than expected: " + p.label(x.Path))
		}
	}
	if x.Bytes == 0 && configuration(name) {
		c.found("an empty file: " + p.label(x.Path))
	}
	if addresses(body, func(m phone.MAC) bool { return m != p.MAC && c.fleet[m] }) {
		c.found("another phone's address in " + p.label(x.Path))
	}
}

// account looks at what a phone was told to use from now on.
func (c *check) account(p *Phone) {
	a := p.kept.Account
	if a == nil || a.User == p.User && a.Password == p.Password {
		return
	}
	c.mu.Lock()
	owner, taken := c.accounts[a.User+"\x00"+a.Password]
	c.accounts[a.User+"\x00"+a.Password] = p.MAC
	c.mu.Unlock()
	if taken && owner != p.MAC {
		c.found("two phones with one account of their own")
	}
}

func (c *check) found(why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong++
	if _, known := c.why[why]; known || len(c.why) < maxFaults {
		c.why[why]++
	}
}

// configuration says whether a name is one that a phone takes settings from.
func configuration(name string) bool {
	for _, end := range []string{".cfg", ".xml", ".boot", ".htm"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

// addresses says whether one of the MAC addresses in a text, as 12 digits or in pairs, is such a one.
func addresses(text []byte, such func(phone.MAC) bool) bool {
	var digits [12]byte
	n, gap := 0, 0
	end := func() bool {
		if n != 12 {
			return false
		}
		m, ok := phone.HexMAC(string(digits[:]))
		return ok && such(m)
	}
	for _, b := range text {
		switch {
		case b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F':
			if n < 12 {
				digits[n] = b
			}
			n++
			gap++
		case (b == ':' || b == '-') && n > 0 && gap == 2 && n < 12:
			gap = 0
		default:
			if end() {
				return true
			}
			n, gap = 0, 0
		}
	}
	return end()
}
