package app

import (
	"net"
	"net/netip"

	"linecard/internal/errs"
	"linecard/internal/phone"
)

// WorldLAN is how one real phone of a maker comes to the demo.
type WorldLAN struct {
	Maker    string             `json:"maker"`
	URL      string             `json:"url"`
	DHCP     []phone.DHCPOption `json:"dhcp"`
	Steps    []string           `json:"steps"`
	Recalled bool               `json:"recalled"` // not all of it stands in a source that we hold
}

var errNoLAN = errs.BadField("lan", "no_network", "This machine has no address on a network. Name one with --lan-address.")

// lanAddress gives the address at which phones of the network reach this machine: the one that was named, else the one from which it
// would speak to the outside. Nothing is sent to find that out.
func lanAddress(named string) (netip.Addr, error) {
	if named != "" {
		a, err := netip.ParseAddr(named)
		if err != nil || a.IsUnspecified() {
			return a, errs.BadField("lan-address", "bad_address", "This is not an IP address.")
		}
		return a, nil
	}
	if c, err := net.Dial("udp", "192.0.2.1:9"); err == nil {
		defer c.Close()
		if at, ok := c.LocalAddr().(*net.UDPAddr); ok {
			if a := at.AddrPort().Addr().Unmap(); !a.IsLoopback() && !a.IsUnspecified() {
				return a, nil
			}
		}
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return netip.Addr{}, errNoLAN.Because(err)
	}
	for _, x := range all {
		if n, ok := x.(*net.IPNet); ok {
			if a, ok := netip.AddrFromSlice(n.IP); ok && !a.IsLoopback() && !a.IsLinkLocalUnicast() {
				return a.Unmap(), nil
			}
		}
	}
	return netip.Addr{}, errNoLAN
}

// onLAN makes the phones' listener reachable from the network, and gives its address there. Pages, API and mailbox stay where they are.
func onLAN(phones, named string) (listen, url string, err error) {
	a, err := lanAddress(named)
	if err != nil {
		return "", "", err
	}
	_, port, err := net.SplitHostPort(phones)
	if err != nil {
		return "", "", listenFault("phones", err)
	}
	return net.JoinHostPort("", port), "https://" + net.JoinHostPort(a.String(), port), nil
}

// guide tells for each maker how its phones come to a customer of the demo.
func guide(base string, c WorldCustomer) []WorldLAN {
	w := phone.Where{URL: base + "/p/" + c.Host + "/", User: c.Provisioning.User, Password: c.Provisioning.Password}
	var out []WorldLAN
	for _, m := range Makers() {
		if s, ok := phone.StartOf(m, w); ok {
			out = append(out, WorldLAN{Maker: m.Maker(), URL: w.URL, DHCP: s.DHCP, Steps: s.Steps, Recalled: s.Recalled})
		}
	}
	return out
}
