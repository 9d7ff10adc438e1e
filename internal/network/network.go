// Package network owns the NetworkSites of customers: named sets of subnets, and the rule that tells from a phone's addresses
// at which site it is (DM-33 … DM-61).
//
// It must not know phones: whoever keeps something per site registers a hook, which runs in the transaction that changes
// subnets, and asks the Map. Profiles of a site and its phones are rooms above.
package network

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
)

// Site is a named set of networks, usually one office (DM-33).
type Site struct {
	ID           string  `db:"id"`
	CustomerID   string  `db:"customer_id"`
	Scope        string  `db:"scope"`
	Name         string  `db:"name"`
	NameFold     string  `db:"name_fold"`
	Description  string  `db:"description"`
	LocationName string  `db:"location_name"`
	DownloadPath string  `db:"download_path"` // where its phones get software, "https://relay.example/"; "" when unset (DM-51)
	Fixed        bool    `db:"fixed"`         // the site Internet: takes what no other site matches, cannot be changed (DM-37)
	Created      db.Time `db:"created"`
	Updated      db.Time `db:"updated"`
	Version      int64   `db:"version"` // grows with every change; the ETag

	Subnets []Subnet `db:"-"` // empty for Internet only
}

// Subnet is a public subnet of a site with the private ones below it.
type Subnet struct {
	Public  netip.Prefix
	Private []netip.Prefix // tell sites with the same public subnet apart; no filter when only one site has it (DM-46)
}

// Placeholder says whether the site still has the address of zeros only with which Intranet begins: it matches no phone (DM-36).
func (s Site) Placeholder() bool { return len(s.Subnets) == 1 && s.Subnets[0].Public == zeros }

// zeros is the subnet of the untouched site Intranet. No mask is given for it (AMB-5); with /32 nothing can ever match it.
var zeros = netip.PrefixFrom(netip.IPv4Unspecified(), 32)

// Networks is a public subnet and the private ones below it as people write them: "20.1.0.0/16".
type Networks struct {
	Public  string
	Private []string
}

// New is the input of Create.
type New struct {
	Name, Description, LocationName, DownloadPath string
	Subnets                                       []Networks
}

// Patch is a partial change; nil leaves a field as it is. Subnets replace all that the site had.
type Patch struct {
	Name, Description, LocationName, DownloadPath *string
	Subnets                                       *[]Networks
	IfVersion                                     int64 // 0: whatever the version is
}

// Query says which sites a list shall hold.
type Query struct {
	Text string // part of name, description or location name (DM-41, table 4.2)
	Name string // exactly this name, in any case
	Page db.Page
}

// Listing is one page of a list.
type Listing struct {
	Items []Site
	Next  string // cursor of the next page, "" when this is the last
	Total int64
}

// The limits.
const (
	MaxSites   = 2000   // of a customer, the default ones included (DM-40)
	maxSubnets = 500    // pairs of public and private subnets of one site
	maxPairs   = 20_000 // of a customer
	internet   = "Internet"
	intranet   = "Intranet"
)

var (
	errStale    = errs.New(errs.Stale, "stale", "Somebody changed it meanwhile. Load it again.")
	errArchived = errs.New(errs.Conflict, "archived", "It is archived and cannot be changed any more.")
	errName     = errs.New(errs.Conflict, "name_taken", "This name is in use already.")
	errLimit    = errs.New(errs.Conflict, "site_limit", "Site limit of 2000 reached.")
	errFixed    = errs.New(errs.Conflict, "site_fixed", "The site Internet takes every device that no other site matches. It cannot be changed or deleted.")
	errPairs    = errs.New(errs.Conflict, "subnet_limit", "The sites of a customer can have 20,000 subnets in all.")
	errTaken    = errs.New(errs.Conflict, "subnet_taken", "Another site has the same subnet already.")
)

// nameRule is what names of sites may hold: the characters of DM-29 and inner single spaces.
var nameRule = regexp.MustCompile(`^[A-Za-z0-9#.\-_()\[\]]+( [A-Za-z0-9#.\-_()\[\]]+)*$`)

// apply changes s as p says and names the fields that differ now; all faults come at once.
func (p Patch) apply(s *Site) ([]string, error) {
	var c errs.Checker
	var changed []string
	set := func(field string, to *string, from *string, check func(string) string) {
		if from == nil {
			return
		}
		if v := check(*from); v != *to {
			*to, changed = v, append(changed, field)
		}
	}
	set("name", &s.Name, p.Name, func(v string) string { return siteName(&c, v) })
	set("description", &s.Description, p.Description, func(v string) string { return c.Text("description", v, 0, 256) })
	set("location_name", &s.LocationName, p.LocationName, func(v string) string { return c.Text("location_name", v, 0, 128) })
	set("download_path", &s.DownloadPath, p.DownloadPath, func(v string) string { return downloadPath(&c, v) })
	s.NameFold = db.Fold(s.Name)
	was := s.Subnets
	if p.Subnets != nil {
		if now := subnets(&c, *p.Subnets); !equal(now, was) {
			s.Subnets, changed = now, append(changed, "subnets")
		}
	}
	// The zeros belong to the untouched Intranet: they are never put into a site that has real subnets (DM-36, DM-43).
	if s.Placeholder() && (s.NameFold != db.Fold(intranet) || len(was) > 0 && !equal(was, s.Subnets)) && !c.Failed("subnets") {
		c.Add(errs.Field{Name: "subnets", Code: "zero_address", Message: "Give the site a real public subnet: the address of zeros matches no phone."})
	}
	return changed, c.Err()
}

func siteName(c *errs.Checker, s string) string {
	s = c.Text("name", s, 1, 128)
	if !c.Failed("name") && !nameRule.MatchString(s) {
		c.Add(errs.Field{Name: "name", Code: "site_name_characters", Message: "Only letters, digits, # . - _ ( ) [ ] and single spaces are allowed."})
	}
	return s
}

// label is a label of a host name in ASCII (RFC 1123 section 2.1).
var label = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// downloadPath checks the address of a relay, https://<FQDN>/ (DM-51). No IP address, because certificates carry none (DM-93).
func downloadPath(c *errs.Checker, s string) string {
	s = c.Text("download_path", s, 0, 300)
	if s == "" || c.Failed("download_path") {
		return s
	}
	host, ok := cutScheme(s)
	host = strings.ToLower(strings.TrimSuffix(host, "/"))
	labels := strings.Split(host, ".")
	last := labels[len(labels)-1]
	if !ok || len(host) > 253 || len(labels) < 2 || slices.ContainsFunc(labels, func(l string) bool { return !label.MatchString(l) }) || strings.Trim(last, "0123456789") == "" {
		c.Add(errs.Field{Name: "download_path", Code: "bad_download_path", Message: "Give the address as https://relay.example.com/ with a host name, without port, path or account."})
	}
	return "https://" + host + "/"
}

func cutScheme(s string) (rest string, ok bool) {
	const scheme = "https://"
	if len(s) < len(scheme) || !strings.EqualFold(s[:len(scheme)], scheme) {
		return s, false
	}
	return s[len(scheme):], true
}

// subnets checks what people wrote and gives it in canonical form: host bits masked off, each public subnet once.
func subnets(c *errs.Checker, in []Networks) []Subnet {
	var out []Subnet
	at := map[netip.Prefix]int{}
	pairs := 0
	for i, n := range in {
		here := "subnets[" + strconv.Itoa(i) + "]"
		public, fault := parsePrefix(n.Public)
		if fault.Code != "" {
			fault.Name = here + ".public"
			c.Add(fault)
		}
		if public == zeros && (len(in) > 1 || len(n.Private) > 0) {
			c.Add(errs.Field{Name: here + ".public", Code: "zero_address", Message: "Give the site a real public subnet: the address of zeros matches no phone."})
		}
		k, known := at[public]
		if !known {
			k = len(out)
			at[public] = k
			out = append(out, Subnet{Public: public})
		}
		pairs += max(1, len(n.Private))
		for j, p := range n.Private {
			private, fault := parsePrefix(p)
			if fault.Code == "" && private == zeros {
				fault = errs.Field{Code: "zero_address", Message: "The address must not be all zeros."}
			}
			if fault.Code != "" {
				fault.Name = here + ".private[" + strconv.Itoa(j) + "]"
				c.Add(fault)
			} else if !slices.Contains(out[k].Private, private) {
				out[k].Private = append(out[k].Private, private)
			}
		}
		if pairs > maxSubnets {
			c.Add(errs.Field{Name: "subnets", Code: "too_many_subnets", Message: "At most 500 subnets in one site.", Params: map[string]string{"max": strconv.Itoa(maxSubnets)}})
			return out
		}
	}
	if len(in) == 0 {
		c.Add(errs.Field{Name: "subnets", Code: "subnet_required", Message: "A site needs at least one public subnet."})
	}
	return out
}

// parsePrefix reads "address/mask length" and masks the host bits off (DM-43). The fault has no name yet. What has zeros only
// once it is masked is refused like a mask of 0, because it would swallow the site Internet; the exception is the placeholder.
func parsePrefix(s string) (netip.Prefix, errs.Field) {
	addr, mask, _ := strings.Cut(strings.TrimSpace(s), "/")
	a, err := netip.ParseAddr(strings.TrimSpace(addr))
	if err != nil || a.Zone() != "" || a.Is4In6() {
		return netip.Prefix{}, errs.Field{Code: "bad_address", Message: "This is not an IP address."}
	}
	mask = strings.TrimSpace(mask)
	bits, err := strconv.Atoi(mask)
	if err != nil || len(mask) > 3 || mask[0] == '+' || bits < 1 || bits > a.BitLen() {
		return netip.Prefix{}, errs.Field{Code: "bad_mask", Message: "The mask length is a number from 1 to 32, for IPv6 to 128."}
	}
	p := netip.PrefixFrom(a, bits).Masked()
	if p.Addr().IsUnspecified() && p != zeros {
		return netip.Prefix{}, errs.Field{Code: "zero_address", Message: "The address must not be all zeros."}
	}
	return p, errs.Field{}
}

func equal(a, b []Subnet) bool {
	return slices.EqualFunc(a, b, func(x, y Subnet) bool { return x.Public == y.Public && slices.Equal(x.Private, y.Private) })
}

// pair is what no two sites of a customer may have in common (DM-45); the private side is zero for a bare public subnet.
type pair struct{ public, private netip.Prefix }

func (s Site) pairs() []pair {
	var all []pair
	for _, n := range s.Subnets {
		if len(n.Private) == 0 {
			all = append(all, pair{public: n.Public})
		}
		for _, p := range n.Private {
			all = append(all, pair{n.Public, p})
		}
	}
	return all
}
