package httpx

import (
	"net/http"
	"net/netip"
	"strings"
)

// Trust names the proxies whose word about the client is taken. The zero value trusts nobody: the peer is the client.
type Trust struct {
	Proxies Networks
	// Forwarded reads RFC 7239 Forwarded instead of X-Forwarded-*. It is a choice, never a fallback: a proxy that sets one of the
	// two passes the other one through as the client wrote it.
	Forwarded bool
}

// maxHops bounds how far back a chain of proxies is followed, and with it the work a hostile header can cause.
const maxHops = 32

// origin is where a request came from.
type origin struct {
	ip           netip.Addr
	scheme, host string
	trusted      bool // the peer is a trusted proxy
	indirect     bool // forwarding headers from a peer that is none
}

// resolve finds the client behind the trusted proxies: from the right, the first address that is not one of them.
func (t Trust) resolve(r *http.Request) origin {
	o := origin{ip: peerOf(r), scheme: "http", host: strings.ToLower(r.Host)}
	if r.TLS != nil {
		o.scheme = "https"
	}
	if !t.Proxies.Contains(o.ip) {
		o.indirect = len(r.Header["X-Forwarded-For"]) > 0 || len(r.Header["Forwarded"]) > 0 || len(r.Header["X-Real-Ip"]) > 0
		return o
	}
	o.trusted = true
	if t.Forwarded {
		t.standard(r.Header["Forwarded"], &o)
		return o
	}
	o.ip = t.client(o.ip, splitRight(r.Header["X-Forwarded-For"], ',', maxHops))
	if s, ok := last(r.Header["X-Forwarded-Proto"]); ok {
		setScheme(&o, s)
	}
	if h, ok := last(r.Header["X-Forwarded-Host"]); ok {
		setHost(&o, h)
	}
	return o
}

// client walks the hops, nearest first. A hop that is no address ends the walk: what lies behind it nobody vouches for.
func (t Trust) client(peer netip.Addr, nearestFirst []string) netip.Addr {
	for _, hop := range nearestFirst {
		a, ok := parseHop(hop)
		if !ok {
			return peer
		}
		if peer = a; !t.Proxies.Contains(a) {
			return a
		}
	}
	return peer
}

// standard reads RFC 7239 §4. Scheme and host are those of the element that names the client.
func (t Trust) standard(lines []string, o *origin) {
	for _, element := range splitRight(lines, ',', maxHops) {
		var hop, proto, host string
		for _, pair := range splitRight([]string{element}, ';', 16) {
			name, value, _ := strings.Cut(pair, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "for":
				hop = unquote(value)
			case "proto":
				proto = unquote(value)
			case "host":
				host = unquote(value)
			}
		}
		setScheme(o, proto)
		setHost(o, host)
		a, ok := parseHop(hop)
		if !ok {
			return
		}
		if o.ip = a; !t.Proxies.Contains(a) {
			return
		}
	}
}

// splitRight cuts header lines at sep outside quotes and gives at most max trimmed parts, the last one first.
func splitRight(lines []string, sep byte, max int) []string {
	var parts []string
	for i := len(lines) - 1; i >= 0 && len(parts) < max; i-- {
		line, end, quoted := lines[i], len(lines[i]), false
		for j := len(line) - 1; j >= 0 && len(parts) < max; j-- {
			switch {
			case line[j] == '"':
				quoted = !quoted
			case line[j] == sep && !quoted:
				parts = append(parts, strings.TrimSpace(line[j+1:end]))
				end = j
			}
		}
		if len(parts) < max {
			parts = append(parts, strings.TrimSpace(line[:end]))
		}
	}
	return parts
}

func last(lines []string) (string, bool) {
	parts := splitRight(lines, ',', 1)
	if len(parts) == 0 {
		return "", false
	}
	return parts[0], true
}

func unquote(s string) string {
	s = strings.TrimSpace(s)
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// parseHop reads "192.0.2.1", "192.0.2.1:80", "2001:db8::1", "[2001:db8::1]:80". Names, "unknown" and hidden ids are no addresses.
func parseHop(s string) (netip.Addr, bool) {
	if len(s) > 64 {
		return netip.Addr{}, false
	}
	if a, err := netip.ParseAddr(s); err == nil {
		return a.Unmap().WithZone(""), true
	}
	if ap, err := netip.ParseAddrPort(s); err == nil {
		return ap.Addr().Unmap().WithZone(""), true
	}
	if len(s) > 2 && s[0] == '[' && s[len(s)-1] == ']' {
		if a, err := netip.ParseAddr(s[1 : len(s)-1]); err == nil {
			return a.Unmap().WithZone(""), true
		}
	}
	return netip.Addr{}, false
}

func setScheme(o *origin, s string) {
	switch s = strings.ToLower(s); s {
	case "http", "https":
		o.scheme = s
	}
}

// setHost takes only what a host and port can consist of, since the value may end up in links.
func setHost(o *origin, h string) {
	if h == "" || len(h) > 255 {
		return
	}
	for _, c := range []byte(h) {
		ok := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(".-_:[]", c) >= 0
		if !ok {
			return
		}
	}
	o.host = strings.ToLower(h)
}

func peerOf(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}
