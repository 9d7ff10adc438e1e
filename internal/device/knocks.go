package device

import (
	"context"
	"slices"
	"strings"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/journal"
	"linecard/internal/phone"
)

// KnockKind says why somebody was not let in.
type KnockKind string

// The kinds of knocks. A phone that another customer has is unknown here: nobody is told where it is (DM-4).
const (
	UnknownMAC      KnockKind = "unknown_mac"      // with the right account
	WrongPassword   KnockKind = "wrong_password"   //
	FailedHandshake KnockKind = "failed_handshake" // before it could say who it is: no MAC, and the customer is told by the address
)

// Knock is somebody who asked in vain, with how often: one for each phone, kind and address.
type Knock struct {
	ID         string    `db:"id"`
	CustomerID string    `db:"customer_id"`
	MAC        phone.MAC `db:"mac"` // zero when it did not get so far
	Kind       KnockKind `db:"kind"`
	Address    string    `db:"address"`
	Maker      string    `db:"maker"`
	Model      string    `db:"model"`
	Software   string    `db:"software"`
	Detail     string    `db:"detail"` // of a failed handshake: what the computer said
	Times      int64     `db:"times"`
	First      db.Time   `db:"first"`
	Last       db.Time   `db:"last"`
}

// KnockQuery says which knocks of a customer a list shall hold.
type KnockQuery struct {
	Kind KnockKind // "" all
	Page db.Page   // sorts: last
}

// KnockListing is one page of knocks.
type KnockListing struct {
	Items []Knock
	Next  string
}

// What is kept of knocks: the newest of each kind, none that is older than a month.
const (
	keptKnocks = 1000
	knockAge   = 30 * 24 * time.Hour
)

var (
	errKnock      = errs.Missing("knock")
	errKnockNoMAC = errs.New(errs.Conflict, "knock_without_mac", "The phone did not get so far as to say which one it is. Look at its certificates and TLS version.")
	errKnockKind  = errs.BadField("kind", "unknown_knock_kind", "The kind is unknown_mac, wrong_password or failed_handshake.")
)

const knockColumns = `id, customer_id, mac, kind, address, maker, model, software, detail, times, first, last`

// Knocked writes who asked in vain. Times counts since the last call. Customers that are gone are left out.
func (s *Service) Knocked(ctx context.Context, all []Knock) error {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b Knock) int {
		return strings.Compare(a.CustomerID+string(a.Kind)+a.MAC.String()+a.Address, b.CustomerID+string(b.Kind)+b.MAC.String()+b.Address)
	})
	for some := range slices.Chunk(all, 100) {
		if err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error { return knocked(ctx, tx, some) }); err != nil {
			return err
		}
	}
	return nil
}

func knocked(ctx context.Context, tx *db.Tx, some []Knock) error {
	a := tx.Args()
	rows := make([]string, len(some))
	touched := map[[2]string]bool{}
	for i, k := range some {
		touched[[2]string{k.CustomerID, string(k.Kind)}] = true
		var cells []string
		for _, v := range []any{db.NewID(), k.CustomerID, k.MAC, string(k.Kind), k.Address, k.Maker, clipped(k.Model, 64), clipped(k.Software, 64), clipped(k.Detail, 200)} {
			cells = append(cells, a.Add(v))
		}
		for _, v := range []any{k.Times, k.First, k.Last} {
			cells = append(cells, "CAST("+a.Add(v)+" AS BIGINT)")
		}
		rows[i] = "(" + strings.Join(cells, ", ") + ")"
	}
	if _, err := tx.Exec(ctx, `INSERT INTO device_knocks (`+knockColumns+`) SELECT v.* FROM (VALUES `+strings.Join(rows, ", ")+`) AS v
		JOIN tenant_tenants t ON t.id = v.column2 AND t.state = 'active' WHERE TRUE
		ON CONFLICT (customer_id, kind, mac, address) DO UPDATE SET times = device_knocks.times + excluded.times, last = excluded.last,
		maker = excluded.maker, model = excluded.model, software = excluded.software, detail = excluded.detail`, a.List()...); err != nil {
		return err
	}
	for at := range touched {
		if _, err := tx.Exec(ctx, `DELETE FROM device_knocks WHERE customer_id = $1 AND kind = $2 AND id IN (SELECT id FROM device_knocks
			WHERE customer_id = $1 AND kind = $2 ORDER BY last DESC, id DESC LIMIT 1000000 OFFSET $3)`, at[0], at[1], keptKnocks); err != nil {
			return err
		}
	}
	return nil
}

func clipped(s string, most int) string {
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}

// Knocks lists who asked in vain at a customer, the last first.
func (s *Service) Knocks(ctx context.Context, actor access.Actor, customerID string, by KnockQuery) (KnockListing, error) {
	t, err := s.allowed(ctx, s.db, actor, access.DeviceView, customerID)
	if err != nil {
		return KnockListing{}, err
	}
	a := s.db.Args()
	where := "customer_id = " + a.Add(t.ID)
	switch by.Kind {
	case "":
	case UnknownMAC, WrongPassword, FailedHandshake:
		where += " AND kind = " + a.Add(string(by.Kind))
	default:
		return KnockListing{}, errKnockKind
	}
	k, err := by.Page.Keyset(a, "id", db.Sort{Name: "last", Column: "last", Number: true, Desc: true})
	if err != nil {
		return KnockListing{}, err
	}
	var l KnockListing
	stmt := "SELECT " + knockColumns + " FROM device_knocks WHERE " + where + " AND " + k.Where + " ORDER BY " + k.OrderBy + " LIMIT " + a.Add(k.Limit)
	if err := s.db.Select(ctx, &l.Items, stmt, a.List()...); err != nil {
		return KnockListing{}, err
	}
	l.Items, l.Next = db.Cut(k, l.Items, func(x Knock) (any, string) { return x.Last.UnixMilli(), x.ID })
	return l, nil
}

func knockOf(ctx context.Context, q db.Q, customerID, id string) (Knock, error) {
	var k Knock
	err := q.Get(ctx, &k, "SELECT "+knockColumns+" FROM device_knocks WHERE customer_id = $1 AND id = $2", customerID, id)
	if err != nil && errs.KindOf(err) == errs.NotFound {
		err = errKnock
	}
	return k, err
}

// Adopt makes a device of the customer from a phone that knocked, and removes all its knocks. n names what people add: its MAC and,
// where absent, maker and model are those of the knock. What Create refuses is refused here too; knock_without_mac when nobody knows
// which phone it was.
func (s *Service) Adopt(ctx context.Context, actor access.Actor, customerID, id string, n New) (Device, error) {
	var out Device
	err := s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
		if err != nil {
			return err
		}
		k, err := knockOf(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		if k.MAC.IsZero() {
			return errKnockNoMAC
		}
		n.MAC = k.MAC.String()
		if n.Maker == "" {
			n.Maker = k.Maker
		}
		if n.Model == "" {
			n.Model = k.Model
		}
		if out, err = s.Create(ctx, actor, t.ID, n); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM device_knocks WHERE customer_id = $1 AND mac = $2`, t.ID, k.MAC); err != nil {
			return err
		}
		news := news(t, out, "adopted", "adopt", nil)
		return s.journal.Append(ctx, tx, actor, news)
	})
	return out, err
}

// Dismiss forgets a knock; it comes back when the phone does.
func (s *Service) Dismiss(ctx context.Context, actor access.Actor, customerID, id string) error {
	return s.db.Tx(ctx, func(ctx context.Context, tx *db.Tx) error {
		t, err := s.allowedToChange(ctx, tx, actor, access.DeviceEdit, customerID)
		if err != nil {
			return err
		}
		k, err := knockOf(ctx, tx, t.ID, id)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM device_knocks WHERE id = $1`, k.ID); err != nil {
			return err
		}
		return s.journal.Append(ctx, tx, actor, journal.News{Action: "knock/dismiss", Tenant: t.Access(), Quiet: true,
			Target: journal.Target{Kind: "knock", ID: k.ID, Name: k.MAC.String()}})
	})
}

func pruneKnocks(ctx context.Context, tx *db.Tx) error {
	_, err := tx.Exec(ctx, `DELETE FROM device_knocks WHERE last < $1`, db.At(tx.Now().Add(-knockAge)))
	return err
}

// Alarm is something that phones' listeners saw and people should know.
type Alarm struct {
	CustomerID, Scope string
	What              string // enumeration, certificate_mismatch
	Address           string
	MAC               phone.MAC // of a certificate
	Data              map[string]any
}

// Alert tells of what the listener saw: an event device.<What> in the customer's log.
func (s *Service) Alert(ctx context.Context, a Alarm) error {
	data := map[string]any{"address": a.Address}
	for k, v := range a.Data {
		data[k] = v
	}
	target := journal.Target{Kind: "address", ID: a.Address, Name: a.Address}
	if !a.MAC.IsZero() {
		data["mac"] = a.MAC.String()
	}
	return s.warn(ctx, a.CustomerID, a.Scope, a.What, target, data)
}
