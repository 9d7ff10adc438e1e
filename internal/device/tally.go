package device

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/queue"
)

// Unknown is what a filter asks for devices of which a property is not known.
const Unknown = "-"

// The properties by which devices are counted.
const (
	ByFamily  = "family"
	ByModel   = "model"
	ByVersion = "version"
	ByStatus  = "status"
	ByResult  = "result"
	bySite    = "site"
	byTotal   = "total"
	ByKnocks  = "knocks" // phones that asked in vain
)

// Counted are the properties that are counted above customers, in the order of pages.
var Counted = []string{ByStatus, ByResult, ByKnocks, ByFamily, ByModel, ByVersion}

// Share is how many devices have a value of a property; the value "" is not known.
type Share struct {
	Value   string
	Devices int64
}

// Tally is how many devices of a customer, or of all that somebody sees, have which property. Shares are the largest first.
type Tally struct {
	Total                             int64
	Online, Offline, Never            int64
	Failed                            int64 // the last try to get the configuration failed (DM-124)
	Knocks                            int64
	Families, Models, Versions, Sites []Share
	Customers                         int64     // whose devices are in it
	At                                time.Time // of the oldest number in it; zero before anything was counted
}

type counting map[string]map[string]int64

func (c counting) add(kind, value string, n int64) {
	if n == 0 {
		return
	}
	if c[kind] == nil {
		c[kind] = map[string]int64{}
	}
	c[kind][value] += n
}

func (c counting) shares(kind string) []Share {
	var out []Share
	for v, n := range c[kind] {
		out = append(out, Share{v, n})
	}
	slices.SortFunc(out, func(a, b Share) int {
		return cmp.Or(cmp.Compare(b.Devices, a.Devices), strings.Compare(a.Value, b.Value))
	})
	return out
}

func (c counting) tally(at time.Time) Tally {
	s := c[ByStatus]
	return Tally{Total: c[byTotal][""], Online: s[string(Online)], Offline: s[string(Offline)], Never: s[string(Never)], Failed: c[ByResult][NotProvisioned], Knocks: c[ByKnocks][""],
		Families: c.shares(ByFamily), Models: c.shares(ByModel), Versions: c.shares(ByVersion), Sites: c.shares(bySite), At: at}
}

const knownModel = `CASE WHEN s.model <> '' THEN s.model ELSE d.model END`

// counted counts the devices of a customer in one pass over them.
func counted(ctx context.Context, q db.Q, customerID string) (counting, error) {
	a := q.Args()
	customer := a.Add(customerID)
	online, err := statusSQL(a, customer, Online, q.Now())
	if err != nil {
		return nil, err
	}
	var rows []struct {
		Family string `db:"family"`
		Model  string `db:"model"`
		Soft   string `db:"software_version"`
		Site   string `db:"site_id"`
		Result string `db:"provision_result"`
		Status string `db:"status"`
		N      int64  `db:"n"`
	}
	err = q.Select(ctx, &rows, `SELECT d.family, `+knownModel+` AS model, s.software_version, p.site_id, s.provision_result,
		CASE WHEN s.last_seen IS NULL THEN 'never' WHEN `+online+` THEN 'online' ELSE 'offline' END AS status, COUNT(*) AS n
		FROM device_devices d`+joined+` WHERE d.customer_id = `+customer+` GROUP BY 1, 2, 3, 4, 5, 6`, a.List()...)
	if err != nil {
		return nil, err
	}
	out := counting{}
	for _, r := range rows {
		for kind, value := range map[string]string{byTotal: "", ByFamily: r.Family, ByModel: r.Model, ByVersion: r.Soft, bySite: r.Site, ByResult: r.Result, ByStatus: r.Status} {
			out.add(kind, value, r.N)
		}
	}
	var knocks int64
	if err := q.Get(ctx, &knocks, `SELECT COUNT(*) FROM device_knocks WHERE customer_id = $1`, customerID); err != nil {
		return nil, err
	}
	out.add(ByKnocks, "", knocks)
	return out, nil
}

// Tally counts the devices of a customer now (DM-12 … DM-17). A customer has at most MaxDevices, so this is one bounded pass.
func (s *Service) Tally(ctx context.Context, actor access.Actor, customerID string) (Tally, error) {
	t, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID)
	if err != nil {
		return Tally{}, err
	}
	c, err := counted(ctx, s.db, t.ID)
	if err != nil {
		return Tally{}, err
	}
	out := c.tally(s.db.Now().Time)
	out.Customers = 1
	return out, nil
}

// Fleet gives the numbers of all customers together whose devices the actor may see, as they were last counted; it reads no device.
func (s *Service) Fleet(ctx context.Context, actor access.Actor) (Tally, error) {
	see, err := s.tenants.Visible(ctx, s.db, actor, access.DeviceView, true)
	if err != nil {
		return Tally{}, err
	}
	a := s.db.Args()
	from := ` FROM tenant_tenants t JOIN device_counted c ON c.customer_id = t.id`
	where := ` WHERE t.kind = 'customer' AND t.state = 'active' AND ` + see.SQL(a, "t.scope")
	var rows []struct {
		Kind  string `db:"kind"`
		Value string `db:"value"`
		N     int64  `db:"n"`
	}
	err = s.db.Select(ctx, &rows, `SELECT k.kind, k.value, SUM(k.devices) AS n`+from+` JOIN device_tallies k ON k.customer_id = t.id`+where+` GROUP BY k.kind, k.value`, a.List()...)
	if err != nil {
		return Tally{}, err
	}
	var span struct {
		At db.Time `db:"at"`
		N  int64   `db:"n"`
	}
	if err := s.db.Get(ctx, &span, `SELECT MIN(c.counted) AS at, COUNT(*) AS n`+from+where, a.List()...); err != nil {
		return Tally{}, err
	}
	sum := counting{}
	for _, r := range rows {
		sum.add(r.Kind, r.Value, r.N)
	}
	out := sum.tally(span.At.Time)
	out.Customers = span.N
	return out, nil
}

// Part is how many devices of one customer have a property.
type Part struct {
	CustomerID string `db:"customer_id"`
	Customer   string `db:"name"`
	Devices    int64  `db:"devices"`
}

// Parts says which customers make up a number of Fleet, by name, page by page; the devices of all pages together are the number.
func (s *Service) Parts(ctx context.Context, actor access.Actor, kind, value string, page db.Page) (parts []Part, next string, total int64, err error) {
	see, err := s.tenants.Visible(ctx, s.db, actor, access.DeviceView, true)
	if err != nil {
		return nil, "", 0, err
	}
	if kind == "" {
		kind = byTotal
	}
	a := s.db.Args()
	from := ` FROM device_tallies k JOIN tenant_tenants t ON t.id = k.customer_id WHERE k.kind = ` + a.Add(kind) + ` AND k.value = ` + a.Add(value) + ` AND t.state = 'active' AND ` + see.SQL(a, "t.scope")
	if err := s.db.Get(ctx, &total, `SELECT COALESCE(SUM(k.devices), 0)`+from, a.List()...); err != nil {
		return nil, "", 0, err
	}
	k, err := page.Keyset(a, "k.customer_id", db.Sort{Name: "devices", Column: "k.devices", Number: true, Desc: true}, db.Sort{Name: "name", Column: "t.name_fold"})
	if err != nil {
		return nil, "", 0, err
	}
	var rows []struct {
		Part
		Fold string `db:"name_fold"`
	}
	err = s.db.Select(ctx, &rows, `SELECT k.customer_id, t.name, t.name_fold, k.devices`+from+` AND `+k.Where+` ORDER BY `+k.OrderBy+` LIMIT `+a.Add(k.Limit), a.List()...)
	if err != nil {
		return nil, "", 0, err
	}
	rows, next = db.Cut(k, rows, func(r struct {
		Part
		Fold string `db:"name_fold"`
	}) (any, string) {
		if k.SortName() == "name" {
			return r.Fold, r.CustomerID
		}
		return r.Devices, r.CustomerID
	})
	for _, r := range rows {
		parts = append(parts, r.Part)
	}
	return parts, next, total, nil
}

const (
	countEvery = time.Minute
	countAge   = 9 * time.Minute // numbers that are younger are not counted again
	countMost  = 250_000         // devices in one pass
)

// Recount counts the customers again whose numbers are the oldest, at most some hundred thousand devices at a time, so that the numbers
// of a million phones are about ten minutes old at most. hold makes each transaction valid for whoever has the duty.
func (s *Service) Recount(ctx context.Context, hold func(ctx context.Context, tx *db.Tx) error) error {
	var due []struct {
		ID      string `db:"customer_id"`
		Devices int64  `db:"devices"`
	}
	err := s.db.Select(ctx, &due, `SELECT d.customer_id, d.devices FROM device_customers d LEFT JOIN device_counted c ON c.customer_id = d.customer_id
		WHERE c.counted IS NULL OR c.counted <= $1 ORDER BY COALESCE(c.counted, 0), d.customer_id`, db.At(s.db.Now().Add(-countAge)))
	if err != nil {
		return err
	}
	left := int64(countMost)
	for _, c := range due {
		if left <= 0 || ctx.Err() != nil {
			break
		}
		left -= max(c.Devices, 50) // an empty customer costs a statement too
		if err := s.recount(ctx, c.ID, hold); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// recount writes what differs from the numbers that stand there.
func (s *Service) recount(ctx context.Context, customerID string, hold func(ctx context.Context, tx *db.Tx) error) error {
	now := s.db.Now()
	fresh, err := counted(ctx, s.db, customerID)
	if err != nil {
		return err
	}
	delete(fresh, bySite) // sites are of one customer; its own dashboard counts them
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		if err := hold(ctx, tx); err != nil {
			return err
		}
		var had []struct {
			Kind  string `db:"kind"`
			Value string `db:"value"`
			N     int64  `db:"devices"`
		}
		if err := tx.Select(ctx, &had, `SELECT kind, value, devices FROM device_tallies WHERE customer_id = $1`, customerID); err != nil {
			return err
		}
		for _, h := range had {
			n := fresh[h.Kind][h.Value]
			if n == h.N {
				delete(fresh[h.Kind], h.Value)
			} else if n == 0 {
				if _, err := tx.Exec(ctx, `DELETE FROM device_tallies WHERE customer_id = $1 AND kind = $2 AND value = $3`, customerID, h.Kind, h.Value); err != nil {
					return err
				}
			}
		}
		for kind, values := range fresh {
			for value, n := range values {
				if _, err := tx.Exec(ctx, `INSERT INTO device_tallies (customer_id, kind, value, devices) VALUES ($1, $2, $3, $4)
					ON CONFLICT (customer_id, kind, value) DO UPDATE SET devices = excluded.devices`, customerID, kind, value, n); err != nil {
					return err
				}
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO device_counted (customer_id, counted) VALUES ($1, $2) ON CONFLICT (customer_id) DO UPDATE SET counted = excluded.counted`, customerID, now)
		return err
	})
}

// counts keeps the numbers of Fleet fresh.
func (s *Service) counts(q *queue.Queue) {
	q.Singleton("phones.tally", countEvery, func(ctx context.Context, l queue.Lease) error { return s.Recount(ctx, l.Hold) })
}
