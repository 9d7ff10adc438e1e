package deliver

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"linecard/internal/errs"
)

// Guard decides which addresses Linecard may call on behalf of a tenant. It refuses everything that is not the public
// internet, unless the operator allowed the network: our own host, the LAN behind it, the cloud's metadata service. The
// decision is made on the address that is dialled, not on the name, so an answer of DNS that changes later does not help.
type Guard struct {
	allow []netip.Prefix
	plain bool
	ports []uint16
	dial  func(ctx context.Context, network, address string) (net.Conn, error)
}

// GuardOptions are the operator's explicit settings.
type GuardOptions struct {
	Allow []netip.Prefix // networks that may be called although they are not public, for installations on premises
	Plain bool           // http:// is allowed beside https://
	Ports []uint16       // allowed ports; empty: 443, and 80 with Plain, and everything from 1024 up
}

// NewGuard gives a guard; the zero options allow https to the public internet.
func NewGuard(o GuardOptions) *Guard {
	g := &Guard{plain: o.Plain, ports: slices.Clone(o.Ports)}
	for _, p := range o.Allow {
		g.allow = append(g.allow, p.Masked())
	}
	d := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: -1, Control: g.control}
	g.dial = d.DialContext
	return g
}

// ErrRefusedAddress is what a call to a forbidden address ends with. It names no address: that would make a map of our network.
var ErrRefusedAddress = errs.New(errs.Invalid, "address_refused", "Linecard does not call this address. It must be on the public internet or in a network that the operator allows.")

// metadata are addresses of cloud services that hand out credentials; no setting allows them.
var metadata = []netip.Addr{netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("169.254.170.2"), netip.MustParseAddr("169.254.169.253"),
	netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("192.0.0.192"), netip.MustParseAddr("fd00:ec2::254"),
	netip.MustParseAddr("fd20:ce::254")}

// special are the networks of the IANA special-purpose registries (RFC 6890) that netip has no word for. Of IPv6 only
// 2000::/3 is the public internet, so the rest of it needs no entry here.
var special = prefixes("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
	"240.0.0.0/4", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

var publicIPv6 = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		all[i] = netip.MustParsePrefix(t)
	}
	return all
}

// Allows says whether the address may be called. An IPv4 address in IPv6 clothes (::ffff:…) counts as the IPv4 address; NAT64,
// 6to4, Teredo and zoned addresses, which could hide one, are refused.
func (g *Guard) Allows(a netip.Addr) bool {
	if !a.IsValid() || a.Zone() != "" {
		return false
	}
	a = a.Unmap()
	if slices.Contains(metadata, a) {
		return false
	}
	if within(g.allow, a) {
		return true
	}
	if a.IsUnspecified() || a.IsLoopback() || a.IsPrivate() || a.IsLinkLocalUnicast() || a.IsMulticast() {
		return false
	}
	return !within(special, a) && (a.Is4() || publicIPv6.Contains(a))
}

func within(all []netip.Prefix, a netip.Addr) bool {
	return slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(a) })
}

func (g *Guard) allowsPort(port uint16) bool {
	if len(g.ports) > 0 {
		return slices.Contains(g.ports, port)
	}
	return port == 443 || port == 80 && g.plain || port >= 1024
}

// CheckURL refuses at once what would be refused later, as a fault of the field: another scheme than https, user and
// password in the address, a fragment, a forbidden port, or a forbidden address written as digits. A name is looked up only
// when it is called.
func (g *Guard) CheckURL(field, raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil || len(raw) > 2048 || u.Host == "" || u.Hostname() == "" || u.Opaque != "" || strings.ContainsFunc(raw, unsafeInURL) {
		return nil, errs.BadField(field, "bad_url", "This is not a valid address.")
	}
	if u.Scheme != "https" && !(g.plain && u.Scheme == "http") {
		return nil, errs.BadField(field, "https_required", "The address must begin with https://.")
	}
	if u.User != nil {
		return nil, errs.BadField(field, "userinfo_refused", "The address must not contain a user or password.")
	}
	if u.Fragment != "" || strings.Contains(raw, "#") {
		return nil, errs.BadField(field, "bad_url", "This is not a valid address.")
	}
	port := uint64(443)
	if u.Scheme == "http" {
		port = 80
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.ParseUint(p, 10, 16); err != nil {
			return nil, errs.BadField(field, "bad_url", "This is not a valid address.")
		}
	} else if strings.HasSuffix(u.Host, ":") {
		return nil, errs.BadField(field, "bad_url", "This is not a valid address.")
	}
	if !g.allowsPort(uint16(port)) {
		return nil, errs.BadField(field, "port_refused", "Linecard does not call this port.")
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil && !g.Allows(a) {
		return nil, errs.BadField(field, "address_refused", "Linecard does not call this address. It must be on the public internet or in a network that the operator allows.")
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if (host == "localhost" || strings.HasSuffix(host, ".localhost")) && !g.Allows(netip.AddrFrom4([4]byte{127, 0, 0, 1})) {
		return nil, errs.BadField(field, "address_refused", "Linecard does not call this address. It must be on the public internet or in a network that the operator allows.")
	}
	return u, nil
}

func unsafeInURL(r rune) bool { return r <= ' ' || r == 0x7f || r == '\\' || r > 0x7e }

// control sees the address that is about to be dialled, after the name was looked up, for each one that is tried.
func (g *Guard) control(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !g.Allows(ap.Addr()) || !g.allowsPort(ap.Port()) {
		return ErrRefusedAddress
	}
	return nil
}

// Transport gives an HTTP transport that dials through the guard, and never through a proxy of the environment.
func (g *Guard) Transport() *http.Transport {
	return &http.Transport{
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			return g.dial(ctx, network, address)
		},
		TLSHandshakeTimeout:    5 * time.Second,
		ResponseHeaderTimeout:  10 * time.Second,
		MaxResponseHeaderBytes: 16 << 10,
		MaxIdleConns:           100,
		MaxIdleConnsPerHost:    2,
		IdleConnTimeout:        30 * time.Second,
		ForceAttemptHTTP2:      true,
		DisableCompression:     true, // a small answer cannot grow in our memory
	}
}

// Client gives an HTTP client behind the guard that follows no redirect and ends each call after the time limit.
func (g *Guard) Client(limit time.Duration) *http.Client {
	return &http.Client{Transport: g.Transport(), Timeout: limit,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}
