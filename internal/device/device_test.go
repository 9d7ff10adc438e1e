package device_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/revision"
	"linecard/internal/tenant"
)

var ctx = context.Background()

func each(t *testing.T, test func(t *testing.T, w *devicetest.World, clock *dbtest.Clock)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, devicetest.New(t, d), clock) })
}

func code(t *testing.T, err error, want string) {
	t.Helper()
	if err == nil || errs.CodeOf(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// fault checks that err names this field and no other.
func fault(t *testing.T, err error, field, want string) {
	t.Helper()
	if err == nil || errs.KindOf(err) != errs.Invalid || len(errs.As(err).Fields) != 1 || errs.As(err).Fields[0].Name != field || errs.As(err).Fields[0].Code != want {
		t.Errorf("got %v, want %s %s", err, field, want)
	}
}

func logged(t *testing.T, d *db.DB, action string) int {
	t.Helper()
	var n int
	if err := d.Get(ctx, &n, `SELECT COUNT(*) FROM journal_entries WHERE action = $1`, action); err != nil {
		t.Fatal(err)
	}
	return n
}

func vector(t *testing.T, d *db.DB, kind revision.Kind, id string) revision.Vector {
	t.Helper()
	v, err := revision.Of(ctx, d, revision.Key{Kind: kind, ID: id})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestAPhoneIsAddedSeenChangedAndRemoved(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		me := devicetest.Admin(w.Acme)
		d, err := w.Devices.Create(ctx, me, w.Acme.ID, device.New{MAC: "00:04:F2:AB:CD:EF", Model: "VVX411", Name: "Lobby", Description: "Empfang – 日本"})
		if err != nil {
			t.Fatal(err)
		}
		if d.MAC.String() != "0004f2abcdef" || d.Maker != "poly" || d.Version != 1 || d.Scope != w.Acme.Scope {
			t.Errorf("%+v", d)
		}
		got, err := w.Devices.Get(ctx, me, w.Acme.ID, d.ID)
		if err != nil || !reflect.DeepEqual(got, d) {
			t.Errorf("%+v, %v; want %+v", got, err, d)
		}
		before := vector(t, w.DB, revision.Device, d.ID)
		clock.Advance(time.Minute)
		name := "Reception"
		got, err = w.Devices.Edit(ctx, me, w.Acme.ID, d.ID, device.Patch{Name: &name, IfVersion: 1})
		if err != nil || got.Name != name || got.Version != 2 || got.Model != "VVX411" || !got.Updated.After(d.Updated.Time) {
			t.Errorf("%+v, %v", got, err)
		}
		if vector(t, w.DB, revision.Device, d.ID) == before {
			t.Error("the edit does not move the device's counter")
		}
		_, err = w.Devices.Edit(ctx, me, w.Acme.ID, d.ID, device.Patch{Name: &name, IfVersion: 1})
		code(t, err, "stale")
		if same, err := w.Devices.Edit(ctx, me, w.Acme.ID, d.ID, device.Patch{Name: &name}); err != nil || same.Version != 2 {
			t.Errorf("an edit that changes nothing counts: %+v, %v", same, err)
		}
		code(t, w.Devices.Delete(ctx, me, w.Acme.ID, d.ID, 1), "stale")
		if err := w.Devices.Delete(ctx, me, w.Acme.ID, d.ID, 2); err != nil {
			t.Fatal(err)
		}
		_, err = w.Devices.Get(ctx, me, w.Acme.ID, d.ID)
		code(t, err, "not_found")
		for _, action := range []string{"device/create", "device/edit", "device/delete"} {
			if n := logged(t, w.DB, action); n != 1 {
				t.Errorf("%s: %d rows", action, n)
			}
		}
		if p, err := w.Devices.Provisioning(ctx, me, w.Acme.ID); err != nil || p.Devices != 0 {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// DM-4; unified tenant model, invariant 6.
func TestAMACBelongsToOneCustomerOfThePlatform(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		w.Phone(t, w.Acme.ID, "0004f2abcdef")
		_, err := w.Devices.Create(ctx, devicetest.Admin(w.Acme), w.Acme.ID, device.New{MAC: "0004F2-ABCDEF"})
		code(t, err, "device_exists")
		_, err = w.Devices.Create(ctx, devicetest.Admin(w.Globex), w.Globex.ID, device.New{MAC: "0004f2abcdef"})
		code(t, err, "mac_unavailable")
		if s := errs.As(err).Message; strings.Contains(strings.ToLower(s), "acme") || len(errs.As(err).Params) > 0 {
			t.Errorf("the refusal tells whose it is: %s", s)
		}
		if p, err := w.Devices.Provisioning(ctx, devicetest.System, w.Globex.ID); err != nil || p.Devices != 0 {
			t.Errorf("a refused device counts: %+v, %v", p, err)
		}
	})
}

func TestOfManyWhoAddTheSameMACAtOnceOneSucceeds(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		var mu sync.Mutex
		codes := map[string]int{}
		var wg sync.WaitGroup
		for i := range 8 {
			customer := []string{w.Acme.ID, w.Globex.ID}[i%2]
			wg.Go(func() {
				_, err := w.Devices.Create(ctx, devicetest.System, customer, device.New{MAC: "0004f2abcdef"})
				c := "added"
				if err != nil {
					c = errs.CodeOf(err)
				}
				mu.Lock()
				codes[c]++
				mu.Unlock()
			})
		}
		wg.Wait()
		if codes["added"] != 1 || codes["device_exists"] != 3 || codes["mac_unavailable"] != 4 {
			t.Errorf("%v", codes)
		}
	})
}

// DM-2.
func TestTheLimitOfDevicesHoldsForThoseWhoComeAtOnce(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		if _, err := w.DB.Exec(ctx, `UPDATE device_customers SET devices = $2 WHERE customer_id = $1`, w.Acme.ID, device.MaxDevices-2); err != nil {
			t.Fatal(err)
		}
		var mu sync.Mutex
		added := 0
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				_, err := w.Devices.Create(ctx, devicetest.System, w.Acme.ID, device.New{MAC: fmt.Sprintf("0004f200000%d", i)})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					added++
				} else if errs.CodeOf(err) != "device_limit" {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if added != 2 {
			t.Errorf("%d added, want 2", added)
		}
	})
}

func TestBadFieldsAreNamedAndNothingIsWritten(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		const mac = "0004f2abcdef"
		for _, c := range []struct {
			in          device.New
			field, code string
		}{
			{device.New{}, "mac", "bad_mac"},
			{device.New{MAC: "000000000000"}, "mac", "reserved_mac"},
			{device.New{MAC: "02a565123456"}, "maker", "maker_needed"},
			{device.New{MAC: mac, Maker: "acme"}, "maker", "unknown_maker"},
			{device.New{MAC: mac, Name: "a b"}, "name", "name_characters"}, // DM-29, table 5.1
			{device.New{MAC: mac, Name: "Müller"}, "name", "name_characters"},
			{device.New{MAC: mac, Name: "a&b"}, "name", "name_characters"},
			{device.New{MAC: mac, Name: strings.Repeat("x", 129)}, "name", "too_long"},
			{device.New{MAC: mac, Description: "a\u202eb"}, "description", "forbidden_character"},
			{device.New{MAC: mac, Model: "\xff"}, "model", "bad_encoding"},
		} {
			_, err := w.Devices.Create(ctx, devicetest.System, w.Acme.ID, c.in)
			fault(t, err, c.field, c.code)
		}
		for _, name := range []string{"", "SoundPoint-EA4E1", "Room#4.(a)[2]_x"} {
			d, err := w.Devices.Create(ctx, devicetest.System, w.Acme.ID, device.New{MAC: mac, Name: name})
			if err != nil {
				t.Errorf("%q: %v", name, err)
				continue
			}
			if err := w.Devices.Delete(ctx, devicetest.System, w.Acme.ID, d.ID, 0); err != nil {
				t.Error(err)
			}
		}
		if l, err := w.Devices.List(ctx, devicetest.System, w.Acme.ID, device.Query{}); err != nil || l.Total != 0 {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

func TestAForeignDeviceAnswersLikeAnUnknownOne(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		mine := w.Phone(t, w.Acme.ID, "0004f2abcdef")
		stranger := devicetest.Admin(w.Globex)
		name := "x"
		for what, call := range map[string]func(customer, id string) error{
			"get": func(c, id string) error { _, err := w.Devices.Get(ctx, stranger, c, id); return err },
			"edit": func(c, id string) error {
				_, err := w.Devices.Edit(ctx, stranger, c, id, device.Patch{Name: &name})
				return err
			},
			"delete":       func(c, id string) error { return w.Devices.Delete(ctx, stranger, c, id, 0) },
			"list":         func(c, _ string) error { _, err := w.Devices.List(ctx, stranger, c, device.Query{}); return err },
			"create":       func(c, _ string) error { _, err := w.Devices.Create(ctx, stranger, c, device.New{}); return err },
			"provisioning": func(c, _ string) error { _, err := w.Devices.Provisioning(ctx, stranger, c); return err },
			"reveal":       func(c, _ string) error { _, err := w.Devices.RevealAccount(ctx, stranger, c); return err },
		} {
			foreign, unknown := call(w.Acme.ID, mine.ID), call(db.NewID(), db.NewID())
			if errs.KindOf(foreign) != errs.NotFound || foreign.Error() != unknown.Error() {
				t.Errorf("%s: %v and %v", what, foreign, unknown)
			}
		}
		for _, err := range []error{
			func() error { _, err := w.Devices.Get(ctx, stranger, w.Globex.ID, mine.ID); return err }(),
			w.Devices.Delete(ctx, stranger, w.Globex.ID, mine.ID, 0),
		} {
			code(t, err, "not_found")
		}
		helpdesk := devicetest.Admin(w.Acme)
		helpdesk.Roles = []access.Role{access.Helpdesk}
		_, err := w.Devices.RevealAccount(ctx, helpdesk, w.Acme.ID)
		code(t, err, "forbidden")
		_, err = w.Devices.Create(ctx, helpdesk, w.Acme.ID, device.New{MAC: "0004f2000001"})
		code(t, err, "forbidden")
		if _, err = w.Devices.Get(ctx, helpdesk, w.Acme.ID, mine.ID); err != nil {
			t.Error(err)
		}
	})
}

func TestAListIsPagedFilteredAndSearched(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		w.Phone(t, w.Globex.ID, "0004f2999999")
		for i := range 7 {
			_, err := w.Devices.Create(ctx, devicetest.System, w.Acme.ID, device.New{MAC: fmt.Sprintf("64167f0a0b0%d", i),
				Model: []string{"VVX411", "CCX600"}[i%2], Name: fmt.Sprintf("Desk-%d", (i*3)%7), Description: fmt.Sprintf("100%% of Raum %d", i)})
			if err != nil {
				t.Fatal(err)
			}
		}
		names := func(q device.Query) (out []string) {
			for {
				l, err := w.Devices.List(ctx, devicetest.System, w.Acme.ID, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, d := range l.Items {
					out = append(out, d.Name)
				}
				if q.Page.Cursor = l.Next; l.Next == "" {
					return out
				}
			}
		}
		for _, sort := range []string{"", "-name", "mac", "-mac", "created", "last_seen"} {
			got := names(device.Query{Page: db.Page{Limit: 2, Sort: sort}})
			seen := map[string]bool{}
			for _, n := range got {
				seen[n] = true
			}
			if len(got) != 7 || len(seen) != 7 {
				t.Errorf("%s: %v", sort, got)
			}
		}
		if got := names(device.Query{}); strings.Join(got, " ") != "Desk-0 Desk-1 Desk-2 Desk-3 Desk-4 Desk-5 Desk-6" {
			t.Error(got)
		}
		for q, want := range map[string]int{"desk-3": 1, "0B:03": 1, "64-16-7f": 7, "raum": 7, "100%": 7, "%": 7, "_": 0, "0004f2": 0, "ccx": 3, "zzz": 0} {
			if got := names(device.Query{Text: q}); len(got) != want {
				t.Errorf("q=%s: %v", q, got)
			}
		}
		if got := names(device.Query{Model: "CCX600", Maker: "poly"}); len(got) != 3 {
			t.Error(got)
		}
		if got := names(device.Query{Maker: "yealink"}); len(got) != 0 {
			t.Error(got)
		}
	})
}

// DM-124; what phones tell is written in batches, and an older report never hides a newer one.
func TestWhatPhonesTellIsKeptAndMovesNoVersion(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		var seen []device.Sighting
		for i := range 230 {
			d := w.Phone(t, w.Acme.ID, fmt.Sprintf("0004f2%06x", i))
			seen = append(seen, device.Sighting{DeviceID: d.ID, At: clock.Now(), IP: "192.0.2.7", Model: "VVX411", Version: "6.4.7.4560"})
		}
		seen = append(seen, device.Sighting{DeviceID: db.NewID(), At: clock.Now()}) // deleted meanwhile
		before := vector(t, w.DB, revision.Device, seen[0].DeviceID)
		if err := w.Devices.Saw(ctx, seen); err != nil {
			t.Fatal(err)
		}
		later := device.Sighting{DeviceID: seen[0].DeviceID, At: clock.Now().Add(time.Minute), IP: "192.0.2.8"}
		older := device.Sighting{DeviceID: seen[0].DeviceID, At: clock.Now().Add(-time.Minute), IP: "192.0.2.9", Model: "old"}
		for _, s := range []device.Sighting{later, older} {
			if err := w.Devices.Saw(ctx, []device.Sighting{s}); err != nil {
				t.Fatal(err)
			}
		}
		d, err := w.Devices.Get(ctx, devicetest.System, w.Acme.ID, seen[0].DeviceID)
		if err != nil || !d.LastSeen.Equal(later.At) || d.LastIP != "192.0.2.8" || d.KnownModel() != "VVX411" || d.SoftwareVersion != "6.4.7.4560" || d.Version != 1 {
			t.Errorf("%+v, %v", d, err)
		}
		if vector(t, w.DB, revision.Device, d.ID) != before {
			t.Error("a sighting moves the counter")
		}
		l, err := w.Devices.List(ctx, devicetest.System, w.Acme.ID, device.Query{Model: "VVX411"})
		if err != nil || l.Total != 230 {
			t.Errorf("%d seen, %v", l.Total, err)
		}
	})
}

// CH-27.
func TestACustomerWithPhonesCannotBeArchived(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		d := w.Phone(t, w.Acme.ID, "0004f2abcdef")
		_, err := w.Tenants.Archive(ctx, devicetest.System, w.Acme.ID, w.Acme.Name)
		code(t, err, "not_empty")
		if err := w.Devices.Delete(ctx, devicetest.System, w.Acme.ID, d.ID, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Tenants.Archive(ctx, devicetest.System, w.Acme.ID, w.Acme.Name); err != nil {
			t.Fatal(err)
		}
		_, err = w.Devices.Create(ctx, devicetest.System, w.Acme.ID, device.New{MAC: "0004f2abcdef"})
		code(t, err, "archived")
		if _, err := w.Devices.Door(ctx, "acme"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the phones of an archived customer: %v", err)
		}
	})
}

func TestADryRunSaysWhatWouldBeAndWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		d, err := w.Devices.Create(db.DryRun(ctx), devicetest.System, w.Acme.ID, device.New{MAC: "0004f2abcdef"})
		if err != nil || d.MAC.String() != "0004f2abcdef" {
			t.Errorf("%+v, %v", d, err)
		}
		if l, err := w.Devices.List(ctx, devicetest.System, w.Acme.ID, device.Query{}); err != nil || l.Total != 0 {
			t.Errorf("%+v, %v", l, err)
		}
	})
}

func TestOnlyCustomersHavePhones(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		for _, above := range []tenant.Tenant{w.Operator, w.Partner} {
			_, err := w.Devices.Create(ctx, devicetest.System, above.ID, device.New{MAC: "0004f2abcdef"})
			code(t, err, "not_found")
		}
		_, err := w.Devices.Setup(ctx, w.Acme.ID, [6]byte{1})
		if !errors.Is(err, errs.Missing("object")) {
			t.Error(err)
		}
	})
}
