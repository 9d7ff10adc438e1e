package device

import (
	"context"
	"encoding/hex"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/network"
)

// place is where a phone is.
type place struct {
	DeviceID   string `db:"device_id"`
	CustomerID string `db:"customer_id"`
	SiteID     string `db:"site_id"`
	Pinned     bool   `db:"pinned"`
	PublicKey  string `db:"public_key"`
	PrivateIP  string `db:"private_ip"`
}

const places = `SELECT device_id, customer_id, site_id, pinned, public_key, private_ip FROM device_places`

// SiteAt gives the site of a phone whose request comes from this address, and whether it is pinned there: a pin beats the
// address, and the address of this request counts before the stored one (decision 12). Match names the subnets that decided;
// none for a pin. NotFound when the customer has no such device. Two indexed reads as long as no subnet has changed.
func (s *Service) SiteAt(ctx context.Context, customerID, deviceID string, from netip.Addr) (network.Match, bool, error) {
	var p struct {
		place
		Map string `db:"map"`
	}
	err := s.db.Get(ctx, &p, `SELECT p.device_id, p.customer_id, p.site_id, p.pinned, p.public_key, p.private_ip, n.map
		FROM device_places p JOIN network_customers n ON n.id = p.customer_id WHERE p.device_id = $1 AND p.customer_id = $2`, deviceID, customerID)
	if err != nil {
		return network.Match{}, false, err
	}
	if p.Pinned {
		return network.Match{SiteID: p.SiteID}, true, nil
	}
	m, err := s.networks.MapAt(ctx, s.db, customerID, p.Map)
	if err != nil {
		return network.Match{}, false, err
	}
	return m.Resolve(from, address(p.PrivateIP)), false, nil
}

// SiteCounts tells how many devices are at the sites of a customer; one without is absent (DM-41). Like Counts it decides nothing.
func (s *Service) SiteCounts(ctx context.Context, q db.Q, customerID string) (map[string]int64, error) {
	var rows []struct {
		ID string `db:"site_id"`
		N  int64  `db:"n"`
	}
	err := q.Select(ctx, &rows, `SELECT p.site_id, COUNT(*) AS n FROM network_sites s JOIN device_places p ON p.site_id = s.id
		WHERE s.customer_id = $1 GROUP BY p.site_id`, customerID)
	out := map[string]int64{}
	for _, r := range rows {
		out[r.ID] = r.N
	}
	return out, err
}

// address reads a stored address; the zero one when there is none.
func address(s string) netip.Addr {
	a, _ := netip.ParseAddr(s)
	return a
}

// keyOf is how an address is stored so that a subnet is a range; "" for none.
func keyOf(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	b := a.As16()
	return hex.EncodeToString(b[:])
}

// addressOf is the other way round.
func addressOf(key string) netip.Addr {
	b, err := hex.DecodeString(key)
	if err != nil || len(b) != 16 {
		return netip.Addr{}
	}
	return netip.AddrFrom16([16]byte(b)).Unmap()
}

// span gives the first and the last key of a subnet.
func span(p netip.Prefix) (first, last string) {
	b := p.Addr().As16()
	bits := p.Bits()
	if p.Addr().Is4() {
		bits += 96
	}
	for i := bits; i < 128; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	return keyOf(p.Addr()), hex.EncodeToString(b[:])
}

// settle puts a new device, or one that is no longer pinned, where the map says.
func (p *place) settle(m *network.Map) {
	if !p.Pinned {
		p.SiteID = m.Resolve(addressOf(p.PublicKey), address(p.PrivateIP)).SiteID
	}
}

func (p place) insert(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `INSERT INTO device_places (device_id, customer_id, site_id, pinned, public_key, private_ip) VALUES ($1, $2, $3, $4, $5, $6)`,
		p.DeviceID, p.CustomerID, p.SiteID, p.Pinned, p.PublicKey, p.PrivateIP)
	return err
}

// placesAtOnce is how many rows one statement moves.
const placesAtOnce = 150

// move writes places that have changed.
func move(ctx context.Context, tx *db.Tx, all []place) error {
	for batch := range slices.Chunk(all, placesAtOnce) {
		a := tx.Args()
		rows := make([]string, len(batch))
		for i, p := range batch {
			rows[i] = "(" + a.Add(p.DeviceID) + ", " + a.Add(p.SiteID) + ", CAST(" + a.Add(strconv.Itoa(number(p.Pinned))) + " AS BIGINT), " + a.Add(p.PublicKey) + ", " + a.Add(p.PrivateIP) + ")"
		}
		if _, err := tx.Exec(ctx, `UPDATE device_places SET site_id = v.column2, pinned = (v.column3 = 1), public_key = v.column4, private_ip = v.column5
			FROM (VALUES `+strings.Join(rows, ", ")+`) AS v WHERE device_places.device_id = v.column1`, a.List()...); err != nil {
			return err
		}
	}
	return nil
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// spansAtOnce is how many subnets one statement looks through.
const spansAtOnce = 40

// sitesChanged is the hook of network: the phones whose address lies in a subnet that came or went are settled anew, and those of a
// site that goes; all others stay what they are (DM-47, DM-52). Pins hold, except to a site that goes.
func (s *Service) sitesChanged(ctx context.Context, tx *db.Tx, c network.Change) error {
	seen := map[string]bool{}
	var all []place
	take := func(where string, a *db.Args) error {
		var some []place
		if err := tx.Select(ctx, &some, places+` WHERE `+where, a.List()...); err != nil {
			return err
		}
		for _, p := range some {
			if !seen[p.DeviceID] {
				seen[p.DeviceID] = true
				all = append(all, p)
			}
		}
		return nil
	}
	for areas := range slices.Chunk(widest(c.Areas), spansAtOnce) {
		a := tx.Args()
		customer := a.Add(c.CustomerID)
		ranges := make([]string, len(areas))
		for i, p := range areas {
			first, last := span(p)
			ranges[i] = "public_key BETWEEN " + a.Add(first) + " AND " + a.Add(last)
		}
		if err := take("customer_id = "+customer+" AND NOT pinned AND ("+strings.Join(ranges, " OR ")+")", a); err != nil {
			return err
		}
	}
	if len(c.Removed) > 0 {
		a := tx.Args()
		if err := take(a.In("site_id", c.Removed), a); err != nil {
			return err
		}
	}
	moved := map[string][]string{} // devices by the site to which they go
	for _, p := range all {
		was := p
		if slices.Contains(c.Removed, p.SiteID) {
			p.Pinned = false
		}
		if p.settle(c.Map); p != was {
			moved[p.SiteID] = append(moved[p.SiteID], p.DeviceID)
		}
	}
	for _, id := range c.Removed {
		if err := s.forget(ctx, tx, c.CustomerID, "site", id); err != nil {
			return err
		}
	}
	for site, ids := range moved {
		a := tx.Args()
		stmt := `UPDATE device_places SET site_id = ` + a.Add(site) + `, pinned = FALSE WHERE ` + a.In("device_id", ids)
		if _, err := tx.Exec(ctx, stmt, a.List()...); err != nil {
			return err
		}
	}
	return nil
}

// widest leaves out subnets that lie inside another one.
func widest(in []netip.Prefix) []netip.Prefix {
	in = slices.Clone(in)
	slices.SortFunc(in, func(a, b netip.Prefix) int { return a.Bits() - b.Bits() })
	var out []netip.Prefix
	for _, p := range in {
		if !slices.ContainsFunc(out, func(o netip.Prefix) bool { return o.Contains(p.Addr()) }) {
			out = append(out, p)
		}
	}
	return out
}

// follow settles the phones that told another address than before. Most tell the same one, so this is one read for a batch. What
// is written is computed under the lock that every change of the customer's sites takes, or a change at the same moment would
// leave a phone at its old site.
func (s *Service) follow(ctx context.Context, tx *db.Tx, told map[string]Sighting) error {
	ids := make([]string, 0, len(told))
	for id := range told {
		ids = append(ids, id)
	}
	now, err := placesOf(ctx, tx, ids)
	if err != nil {
		return err
	}
	var customers []string
	ids = ids[:0]
	for _, p := range now {
		if told[p.DeviceID].at(p) != p {
			ids, customers = append(ids, p.DeviceID), append(customers, p.CustomerID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	slices.Sort(customers)
	maps := map[string]*network.Map{}
	for _, id := range slices.Compact(customers) {
		if err := tx.LockRow(ctx, "network_customers", id); err != nil {
			return err
		}
		if maps[id], err = s.networks.Map(ctx, tx, id); err != nil {
			return err
		}
	}
	if now, err = placesOf(ctx, tx, ids); err != nil {
		return err
	}
	for i := range now {
		now[i] = told[now[i].DeviceID].at(now[i])
		now[i].settle(maps[now[i].CustomerID])
	}
	return move(ctx, tx, now)
}

func placesOf(ctx context.Context, q db.Q, ids []string) ([]place, error) {
	a := q.Args()
	var out []place
	err := q.Select(ctx, &out, places+` WHERE `+a.In("device_id", ids), a.List()...)
	return out, err
}

// at gives the place with the addresses that the sighting told; an address that cannot be read was not told.
func (x Sighting) at(p place) place {
	if a := address(x.IP); a.IsValid() {
		p.PublicKey = keyOf(a.Unmap().WithZone(""))
	}
	if a := address(x.PrivateIP); a.IsValid() {
		p.PrivateIP = a.Unmap().WithZone("").String()
	}
	return p
}

// Whereabouts are what people say about where a phone is; nil leaves it as it is.
type Whereabouts struct {
	SiteID    *string // pins the phone to this site; "" unpins it (decision 12)
	Pinned    *bool   // true pins it where it is, false unpins it
	PrivateIP *string // of the phone inside its network, "" when unknown (DM-47)
}

var (
	errSite = errs.BadField("site_id", "unknown_site", "There is no such site.")
	errPin  = errs.BadField("site_pinned", "pin_contradicts", "A site is given, but also that the phone shall not be pinned.")
)

// relocate applies w to a place, and names what differs now. The caller holds the customer's sites.
func (s *Service) relocate(ctx context.Context, tx *db.Tx, p *place, w Whereabouts) ([]string, error) {
	was := *p
	switch {
	case w.SiteID != nil && *w.SiteID != "" && w.Pinned != nil && !*w.Pinned:
		return nil, errPin
	case w.SiteID != nil && *w.SiteID != "":
		var id string
		if err := tx.Get(ctx, &id, `SELECT id FROM network_sites WHERE id = $1 AND customer_id = $2`, *w.SiteID, p.CustomerID); err != nil {
			if errs.KindOf(err) == errs.NotFound {
				err = errSite
			}
			return nil, err
		}
		p.SiteID, p.Pinned = id, true
	case w.SiteID != nil:
		p.Pinned = false
	case w.Pinned != nil:
		p.Pinned = *w.Pinned
	}
	if w.PrivateIP != nil {
		a, err := netip.ParseAddr(strings.TrimSpace(*w.PrivateIP))
		switch {
		case *w.PrivateIP == "":
			p.PrivateIP = ""
		case err != nil || a.Zone() != "" || a.IsUnspecified():
			return nil, errs.BadField("private_ip", "bad_address", "This is not an IP address.")
		default:
			p.PrivateIP = a.Unmap().String()
		}
	}
	m, err := s.networks.Map(ctx, tx, p.CustomerID)
	if err != nil {
		return nil, err
	}
	p.settle(m)
	var changed []string
	for field, differs := range map[string]bool{"site_id": p.SiteID != was.SiteID, "site_pinned": p.Pinned != was.Pinned, "private_ip": p.PrivateIP != was.PrivateIP} {
		if differs {
			changed = append(changed, field)
		}
	}
	slices.Sort(changed)
	return changed, nil
}
