package device

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
)

// Hit is a device that a search found.
type Hit struct {
	Device
	Customer string // name
	By       string // what fits: mac, serial, name, line or address
	Text     string // the text that fits
}

// The bounds of a search.
const (
	minSearch  = 2
	maxSearch  = 100
	searchMost = 200
	// looked is how many tokens of one spelling of the query are read at most for each hit that is wanted: a device can have
	// several that begin alike.
	looked = 4
)

// Search finds devices of all customers that the actor may see (DM-21): by a fragment of the MAC in any spelling, the beginning or the
// end of a serial number, extension or E.164 number, the beginning of a name or of a word of it, of a line's display name or SIP
// address, and by public or private IP address. What the actor may not see is not found. At most limit hits (0: 20, at most 200) come
// back; more says that there may be others.
func (s *Service) Search(ctx context.Context, actor access.Actor, text string, limit int) (hits []Hit, more bool, err error) {
	var c errs.Checker
	text = c.Text("q", text, minSearch, maxSearch)
	if limit == 0 {
		limit = 20
	}
	c.Range("limit", int64(limit), 1, searchMost)
	if err := c.Err(); err != nil {
		return nil, false, err
	}
	see, err := s.tenants.Visible(ctx, s.db, actor, access.DeviceView, true)
	if err != nil {
		return nil, false, err
	}
	f := finder{s: s, see: see, most: limit + 1, all: actor.Kind == access.System || actor.Tenant.Kind == access.Operator && actor.Acting == nil && len(see.Except) == 0}
	if err := f.find(ctx, text); err != nil {
		return nil, false, err
	}
	if hits, err = f.load(ctx, text); err != nil {
		return nil, false, err
	}
	if len(hits) > limit {
		hits, more = hits[:limit], true
	}
	return hits, more, nil
}

// finder collects ids of devices that a query may mean.
type finder struct {
	s    *Service
	see  db.Filter
	all  bool // see lets every customer through
	most int
	ids  []string
	seen map[string]bool
}

func (f *finder) full() bool { return len(f.ids) >= f.most }

func (f *finder) take(ids []string) {
	if f.seen == nil {
		f.seen = map[string]bool{}
	}
	for _, id := range ids {
		if !f.seen[id] && !f.full() {
			f.seen[id] = true
			f.ids = append(f.ids, id)
		}
	}
}

// find looks for the query in each of its meanings, the most special one first.
func (f *finder) find(ctx context.Context, text string) error {
	if first, last, one, ok := addresses(text); ok {
		if err := f.byAddress(ctx, first, last, one); err != nil {
			return err
		}
	}
	var begins []string
	folded := db.Fold(text)
	if !strings.HasPrefix(folded, "<") { // the mark of what is stored backwards
		begins = append(begins, folded)
	}
	if hex := macPart(text); len(hex) >= 3 {
		begins = append(begins, hex)
		vendors, err := f.vendors(ctx, hex)
		if err != nil {
			return err
		}
		begins = append(begins, vendors...)
	}
	if n := digitsOf(folded); len(n) >= 3 {
		begins = append(begins, n, backwards(n), backwards(strings.TrimLeft(n, "0")))
	} else if len(folded) >= 3 && !strings.ContainsFunc(folded, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		begins = append(begins, backwards(folded)) // the end of a serial number
	}
	for i, b := range begins {
		if b == "" || b == backwards("") || slices.Contains(begins[:i], b) || f.full() {
			continue
		}
		if err := f.byToken(ctx, b); err != nil {
			return err
		}
	}
	return nil
}

// end is behind every text that begins with s. Tokens are compared by bytes.
func end(s string) string { return s + "\U0010FFFF" }

// byToken finds devices with a token that begins so. Who sees everything is served by the tokens alone; for others each customer that
// they see is one look into the index, so that other people's devices with the same beginning cost nothing.
func (f *finder) byToken(ctx context.Context, begin string) error {
	a := f.s.db.Args()
	stmt := `SELECT k.device_id FROM device_tokens k WHERE k.token >= ` + a.Add(begin) + ` AND k.token < ` + a.Add(end(begin)) + ` LIMIT ` + a.Add(looked*f.most)
	if !f.all {
		a = f.s.db.Args()
		stmt = `SELECT k.device_id FROM tenant_tenants t CROSS JOIN device_tokens k WHERE t.kind = 'customer' AND ` + f.see.SQL(a, "t.scope") +
			` AND k.customer_id = t.id AND k.token >= ` + a.Add(begin) + ` AND k.token < ` + a.Add(end(begin)) + ` LIMIT ` + a.Add(looked*f.most)
	}
	var ids []string
	err := f.s.db.Select(ctx, &ids, stmt, a.List()...)
	f.take(ids)
	return err
}

// byAddress finds devices whose public address lies in a range or, for a single one, whose private address it is.
func (f *finder) byAddress(ctx context.Context, first, last string, one netip.Addr) error {
	a := f.s.db.Args()
	var ids []string
	err := f.s.db.Select(ctx, &ids, `SELECT p.device_id FROM device_places p JOIN device_devices d ON d.id = p.device_id
		WHERE p.public_key >= `+a.Add(first)+` AND p.public_key <= `+a.Add(last)+` AND `+f.see.SQL(a, "d.scope")+` LIMIT `+a.Add(f.most), a.List()...)
	f.take(ids)
	if err != nil || !one.IsValid() || f.full() {
		return err
	}
	a = f.s.db.Args()
	ids = nil
	err = f.s.db.Select(ctx, &ids, `SELECT p.device_id FROM device_places p JOIN device_devices d ON d.id = p.device_id
		WHERE p.private_ip = `+a.Add(one.String())+` AND p.private_ip <> '' AND `+f.see.SQL(a, "d.scope")+` LIMIT `+a.Add(f.most), a.List()...)
	f.take(ids)
	return err
}

// vendorsMost bounds the makers' prefixes that are tried.
const vendorsMost = 400

// vendors gives the beginnings of MAC addresses in which a fragment stands so that it begins within the maker's half. The other half has
// tokens of its own; there are few makers, so those cost less than a token for each device.
func (f *finder) vendors(ctx context.Context, hex string) ([]string, error) {
	var all []string
	err := f.s.db.Select(ctx, &all, `WITH RECURSIVE v (prefix) AS (
		SELECT (SELECT substr(mac, 1, 6) FROM device_devices WHERE mac <> '000000000000' ORDER BY mac LIMIT 1)
		UNION ALL SELECT (SELECT substr(d.mac, 1, 6) FROM device_devices d WHERE d.mac <> '000000000000' AND d.mac > v.prefix || 'ffffff' ORDER BY d.mac LIMIT 1)
			FROM v WHERE v.prefix IS NOT NULL)
		SELECT prefix FROM v WHERE prefix IS NOT NULL LIMIT $1`, vendorsMost)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, v := range all {
		for at := 1; at < len(v); at++ {
			n := min(len(hex), len(v)-at)
			if v[at:at+n] == hex[:n] && at+len(hex) <= 12 {
				out = append(out, v+hex[n:])
			}
		}
	}
	return out, nil
}

// load reads the devices that were found, once more through the filter, and says what fits.
func (f *finder) load(ctx context.Context, text string) ([]Hit, error) {
	if len(f.ids) == 0 {
		return nil, nil
	}
	a := f.s.db.Args()
	var rows []struct {
		Device
		Customer string `db:"customer_name"`
	}
	stmt := strings.Replace(selected, "SELECT ", "SELECT t.name AS customer_name, ", 1) + ` JOIN tenant_tenants t ON t.id = d.customer_id WHERE ` +
		a.In("d.id", f.ids) + ` AND ` + f.see.SQL(a, "d.scope")
	if err := f.s.db.Select(ctx, &rows, stmt, a.List()...); err != nil {
		return nil, err
	}
	lines, err := usersOf(ctx, f.s.db, f.ids)
	if err != nil {
		return nil, err
	}
	groups, err := groupsOf(ctx, f.s.db, f.ids)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	for i, id := range f.ids {
		at[id] = i
	}
	hits := make([]Hit, 0, len(rows))
	for _, r := range rows {
		h := Hit{Device: r.Device, Customer: r.Customer}
		h.GroupIDs = groups[h.ID]
		h.By, h.Text = h.fits(text, lines[h.ID])
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b Hit) int { return at[a.ID] - at[b.ID] })
	all := make([]*Device, len(hits))
	for i := range hits {
		all[i] = &hits[i].Device
	}
	return hits, withStatus(ctx, f.s.db, all...)
}

// fits says by what the device was found.
func (h Hit) fits(text string, lines []lineData) (by, what string) {
	folded, hex, digits := db.Fold(text), macPart(text), digitsOf(db.Fold(text))
	switch {
	case hex != "" && !h.MAC.IsZero() && strings.Contains(h.MAC.String(), hex):
		return "mac", h.MAC.String()
	case h.Serial != "" && (strings.HasPrefix(h.Serial, folded) || strings.HasSuffix(h.Serial, folded)):
		return "serial", h.Serial
	case h.LastIP != "" && strings.HasPrefix(h.LastIP, folded):
		return "address", h.LastIP
	case h.PrivateIP != "" && h.PrivateIP == folded:
		return "address", h.PrivateIP
	}
	for _, l := range lines {
		if strings.Contains(db.Fold(l.User+" "+l.DisplayName), folded) || digits != "" && strings.Contains(digitsOf(l.User), strings.TrimLeft(digits, "0")) || strings.Contains(folded, "@") {
			return "line", l.User
		}
	}
	return "name", h.Shown()
}

// usersOf gives who the lines of some devices are.
func usersOf(ctx context.Context, q db.Q, ids []string) (map[string][]lineData, error) {
	a := q.Args()
	var rows []struct {
		DeviceID string            `db:"device_id"`
		Data     db.JSON[lineData] `db:"data"`
	}
	err := q.Select(ctx, &rows, `SELECT device_id, data FROM device_lines WHERE `+a.In("device_id", ids)+` ORDER BY device_id, number`, a.List()...)
	out := map[string][]lineData{}
	for _, r := range rows {
		out[r.DeviceID] = append(out[r.DeviceID], r.Data.V)
	}
	return out, err
}

// addresses reads an IP address, or the beginning of an IPv4 one of two octets or more ("198.51."), as a range of stored keys.
func addresses(text string) (first, last string, one netip.Addr, ok bool) {
	if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return keyOf(a), keyOf(a), a, true
	}
	parts := strings.Split(strings.TrimSuffix(text, "."), ".")
	if len(parts) < 2 || len(parts) > 3 {
		return "", "", netip.Addr{}, false
	}
	a, err := netip.ParseAddr(strings.Join(parts, ".") + strings.Repeat(".0", 4-len(parts)))
	if err != nil {
		return "", "", netip.Addr{}, false
	}
	first, last = span(netip.PrefixFrom(a, 8*len(parts)))
	return first, last, netip.Addr{}, true
}

// digitsOf gives the digits of a number as people write it, without its plus; "" when it is none.
func digitsOf(s string) string {
	s = strings.NewReplacer(" ", "", "-", "", "/", "", "(", "", ")", "", ".", "").Replace(strings.TrimPrefix(s, "+"))
	if len(s) > 32 || strings.Trim(s, "0123456789") != "" {
		return ""
	}
	return s
}

// backwards is how a text is stored of which somebody may know the end only. The mark keeps it from being taken for one that is stored
// forwards.
func backwards(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return "<" + string(b)
}

// tokensMost bounds what one device is found by.
const tokensMost = 60

// tokens is what a device is found by.
func tokens(d Device, lines []lineData) []string {
	var all []string
	if mac := d.MAC.String(); !d.MAC.IsZero() {
		all = append(all, mac, mac[6:], mac[7:], mac[8:], mac[9:])
	}
	if d.Serial != "" {
		all = append(all, d.Serial, backwards(d.Serial))
	}
	all = append(all, words(d.Name)...)
	for _, l := range lines {
		user := db.Fold(l.User)
		all = append(all, user)
		if len(l.Registrars) > 0 && !strings.Contains(user, "@") {
			all = append(all, user+"@"+strings.ToLower(l.Registrars[0].Host))
		}
		if n := digitsOf(user); n != "" {
			all = append(all, n, backwards(n))
		}
		all = append(all, words(l.DisplayName)...)
	}
	slices.Sort(all)
	all = slices.DeleteFunc(slices.Compact(all), func(s string) bool { return len(s) < minSearch })
	return all[:min(len(all), tokensMost)]
}

// words gives a name and what follows a break in it: a space or sign, or where letters and digits meet.
func words(name string) []string {
	folded := db.Fold(name)
	if folded == "" {
		return nil
	}
	out := []string{folded}
	var before rune
	for i, r := range folded {
		word := unicode.IsLetter(r) || unicode.IsDigit(r)
		if i > 0 && word && (!unicode.IsLetter(before) && !unicode.IsDigit(before) || unicode.IsDigit(r) != unicode.IsDigit(before)) {
			out = append(out, folded[i:])
		}
		before = r
	}
	return out
}

// tokensAtOnce are how many tokens one statement writes. Few sizes make few texts, which the database prepares once.
var tokensAtOnce = []int{128, 32, 8, 1}

// reindex writes anew what these devices are found by. Whoever changes identity, customer, name or lines of a device calls it in the
// same transaction.
func (s *Service) reindex(ctx context.Context, tx *db.Tx, ids ...string) error {
	a := tx.Args()
	if _, err := tx.Exec(ctx, `DELETE FROM device_tokens WHERE `+a.In("device_id", ids), a.List()...); err != nil {
		return err
	}
	var devices []Device
	a = tx.Args()
	if err := tx.Select(ctx, &devices, `SELECT id, customer_id, mac, serial, name FROM device_devices WHERE `+a.In("id", ids), a.List()...); err != nil {
		return err
	}
	lines, err := usersOf(ctx, tx, ids)
	if err != nil {
		return err
	}
	return index(ctx, tx, devices, lines)
}

// index writes what devices without tokens are found by.
func index(ctx context.Context, tx *db.Tx, devices []Device, lines map[string][]lineData) error {
	type token struct{ device, customer, text string }
	var all []token
	for _, d := range devices {
		for _, t := range tokens(d, lines[d.ID]) {
			all = append(all, token{d.ID, d.CustomerID, t})
		}
	}
	for _, n := range tokensAtOnce {
		for len(all) >= n {
			a := tx.Args()
			rows := make([]string, n)
			for i, t := range all[:n] {
				rows[i] = "(" + a.Add(t.device) + ", " + a.Add(t.customer) + ", " + a.Add(t.text) + ")"
			}
			if _, err := tx.Exec(ctx, `INSERT INTO device_tokens (device_id, customer_id, token) VALUES `+strings.Join(rows, ", "), a.List()...); err != nil {
				return err
			}
			all = all[n:]
		}
	}
	return nil
}
