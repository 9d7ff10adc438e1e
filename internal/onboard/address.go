package onboard

import (
	"strings"

	"linecard/internal/errs"
	"linecard/internal/subscriber"
)

// Address is a postal address, of organisations and locations alike (WS-48).
type Address = subscriber.Address

// CheckAddress checks an address and gives it trimmed; faults are named below field, as "address.country" (WS-48).
func CheckAddress(c *errs.Checker, field string, a Address) Address {
	return subscriber.CheckAddress(c, field, a)
}

// written is the address as a letter shows it.
func written(a Address) string {
	var lines []string
	for _, l := range []string{a.Line1, a.Line2, strings.TrimSpace(a.PostalCode + " " + a.City), a.State, a.Country} {
		if l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}
