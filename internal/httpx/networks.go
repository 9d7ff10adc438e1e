package httpx

import (
	"net/netip"
	"strings"

	"linecard/internal/errs"
)

// Networks is a set of address ranges. The zero value contains nothing.
type Networks []netip.Prefix

// Loopback is the machine itself.
var Loopback = Networks{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// ParseNetworks reads ranges ("10.0.0.0/8", "2001:db8::/32") and single addresses. All faults are reported at once, as
// errs.Invalid with one field each.
func ParseNetworks(field string, list []string) (Networks, error) {
	var out Networks
	var faults []errs.Field
	for _, s := range list {
		s = strings.TrimSpace(s)
		if s == "" {
			continue
		}
		p, err := netip.ParsePrefix(s)
		if err != nil {
			var a netip.Addr
			if a, err = netip.ParseAddr(s); err == nil {
				a = a.Unmap().WithZone("")
				p = netip.PrefixFrom(a, a.BitLen())
			}
		}
		if err != nil {
			faults = append(faults, errs.Field{Name: field, Code: "not_a_network", Message: "“" + s + "” is neither an address nor a range such as 10.0.0.0/8.", Params: map[string]string{"value": s}})
			continue
		}
		out = append(out, p.Masked())
	}
	return out, errs.BadFields(faults)
}

// Contains says whether a is in one of the ranges. An IPv4 address written as IPv6 counts as IPv4; the zero Addr is in none.
func (n Networks) Contains(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	for _, p := range n {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
