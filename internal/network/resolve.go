package network

import "net/netip"

// Map tells at which site an address is, for the sites of one customer as they were at one moment. It is never changed, so
// any number of goroutines may ask it.
type Map struct {
	internet string
	public   trie
	claims   []claim
}

// claim is all that is known of one public subnet.
type claim struct {
	public  netip.Prefix
	only    string // the one site that has it, "" when several do
	bare    string // the one site that has it without private subnets
	private trie   // of the private subnets below it
	owners  []owner
}

type owner struct {
	site    string
	private netip.Prefix
}

// Match is the site of a phone and why (DM-46): the subnets that decided, zero where none did. At the site Internet nothing
// has matched.
type Match struct {
	SiteID          string
	Public, Private netip.Prefix
}

// NewMap makes the map of a customer's sites, of which one is fixed.
func NewMap(sites []Site) *Map {
	m := &Map{}
	for _, s := range sites {
		if s.Fixed {
			m.internet = s.ID
			continue
		}
		for _, n := range s.Subnets {
			if n.Public == zeros { // matches nothing (DM-36)
				continue
			}
			m.claim(n.Public).add(s.ID, n.Private)
		}
	}
	return m
}

func (m *Map) claim(public netip.Prefix) *claim {
	i := m.public.put(public, int32(len(m.claims)))
	if int(i) == len(m.claims) {
		m.claims = append(m.claims, claim{public: public})
	}
	return &m.claims[i]
}

func (c *claim) add(site string, private []netip.Prefix) {
	if c.only == "" && len(c.owners) == 0 {
		c.only = site
	} else if c.only != site {
		c.only = ""
	}
	if len(private) == 0 {
		c.bare = site
	}
	for _, p := range private {
		if i := c.private.put(p, int32(len(c.owners))); int(i) == len(c.owners) {
			c.owners = append(c.owners, owner{site, p})
		}
	}
}

// Resolve gives the site of a phone by its public address and the private one, each zero when it is not known (DM-46). An
// IPv4 address that is mapped into IPv6 counts as IPv4.
func (m *Map) Resolve(public, private netip.Addr) Match {
	if !public.IsValid() {
		return Match{SiteID: m.internet}
	}
	var within, inside path
	m.public.find(public.Unmap().WithZone(""), &within)
	for i := within.n - 1; i >= 0; i-- { // the longest first
		c := &m.claims[within.values[i]]
		if c.only != "" {
			return Match{SiteID: c.only, Public: c.public}
		}
		if private.IsValid() {
			c.private.find(private.Unmap().WithZone(""), &inside)
			if inside.n > 0 {
				o := c.owners[inside.values[inside.n-1]]
				return Match{SiteID: o.site, Public: c.public, Private: o.private}
			}
		}
		if c.bare != "" {
			return Match{SiteID: c.bare, Public: c.public}
		}
	}
	return Match{SiteID: m.internet}
}

// Internet gives the id of the site that takes what no other matches.
func (m *Map) Internet() string { return m.internet }
