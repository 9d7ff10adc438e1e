package device_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/secret"
)

func claimed(t *testing.T, test func(t *testing.T, w *devicetest.World, clock *dbtest.Clock, d device.Device)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, q *db.DB, clock *dbtest.Clock) {
		w := devicetest.New(t, q)
		test(t, w, clock, w.Phone(t, w.Acme.ID, "64167f0a0b0c"))
	})
}

func see(t *testing.T, w *devicetest.World, id string) device.Device {
	t.Helper()
	d, err := w.Devices.Get(context.Background(), devicetest.System, w.Acme.ID, id)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// DM-278, DM-279: 24 hours, the window of two hours, and one more.
func TestAPhoneIsOfflineWhenItMissedItsPoll(t *testing.T) {
	claimed(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock, d device.Device) {
		ctx := context.Background()
		status := func(want device.Status) {
			t.Helper()
			if got := see(t, w, d.ID).Status; got != want {
				t.Errorf("%s, want %s", got, want)
			}
			for _, s := range []device.Status{device.Online, device.Offline, device.Never} {
				l, err := w.Devices.List(ctx, devicetest.System, w.Acme.ID, device.Query{Status: s})
				if err != nil || (len(l.Items) == 1) != (s == want) {
					t.Errorf("list of %s: %d, %v", s, len(l.Items), err)
				}
			}
		}
		status(device.Never)
		if err := w.Devices.Saw(ctx, []device.Sighting{{DeviceID: d.ID, At: clock.Now(), Result: device.Provisioned}}); err != nil {
			t.Fatal(err)
		}
		status(device.Online)
		clock.Advance(27*time.Hour - time.Minute)
		status(device.Online)
		clock.Advance(time.Minute)
		status(device.Offline)
		hours := 48
		if _, err := w.Devices.SetProvisioning(ctx, devicetest.System, w.Acme.ID, device.ProvisioningPatch{Getting: device.GettingPatch{OfflineHours: &hours}}); err != nil {
			t.Fatal(err)
		}
		status(device.Online)
		if got := see(t, w, d.ID); got.Result != "SUCCESS" || got.ResultAt.IsZero() { // DM-124
			t.Errorf("%+v", got)
		}
	})
}

func TestOnlyTheLastRequestsOfAPhoneAreKept(t *testing.T) {
	claimed(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock, d device.Device) {
		ctx := context.Background()
		for i := range 60 {
			var some []device.Asked
			for j := range 10 {
				some = append(some, device.Asked{At: clock.Now().Add(time.Duration(i*10+j) * time.Second), File: fmt.Sprint(i*10 + j), Status: 200})
			}
			if err := w.Devices.Note(ctx, map[string][]device.Asked{d.ID: some, db.NewID(): some}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Devices.TrimRequests(ctx, []string{d.ID}); err != nil {
			t.Fatal(err)
		}
		var rows int
		if err := w.DB.Get(ctx, &rows, `SELECT COUNT(*) FROM device_requests`); err != nil || rows != 20 {
			t.Errorf("%d rows are left, %v", rows, err)
		}
		all, err := w.Devices.Requests(ctx, devicetest.System, w.Acme.ID, d.ID)
		if err != nil || len(all) != 200 || all[0].File != "599" || all[199].File != "400" {
			t.Errorf("%d, %v", len(all), err)
		}
	})
}

// DM-202: a log of day D is there on D+9 and gone on D+10; DM-201.
func TestLogsAreKeptForTenDaysAndDieWithTheDevice(t *testing.T) {
	claimed(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock, d device.Device) {
		ctx := context.Background()
		u := w.Devices.Uploads()
		large := []byte(strings.Repeat("x", 100<<10))
		if err := u.Append(ctx, device.Upload{DeviceID: d.ID, Name: "64167f0a0b0c-app.log", Kind: phone.Log, Body: large}); err != nil {
			t.Fatal(err)
		}
		day := clock.Now().UTC().Format(time.DateOnly)
		logs := func() int {
			l, err := w.Devices.Logs(ctx, devicetest.System, w.Acme.ID, d.ID, day)
			if err != nil {
				t.Fatal(err)
			}
			return len(l)
		}
		for i := range 11 {
			if err := w.Devices.Tidy(ctx); err != nil {
				t.Fatal(err)
			}
			if got := logs(); (got == 1) != (i < 10) {
				t.Errorf("on day %d: %d logs", i, got)
			}
			clock.Advance(24 * time.Hour)
		}
		if err := u.Put(ctx, device.Upload{DeviceID: d.ID, Name: "64167f0a0b0c-directory.xml", Kind: phone.Directory, Body: large}); err != nil {
			t.Fatal(err)
		}
		if err := w.Devices.Delete(ctx, devicetest.System, w.Acme.ID, d.ID, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := u.Stat(ctx, d.ID, "64167f0a0b0c-directory.xml"); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%v", err)
		}
		if err := w.Devices.Tidy(ctx); err != nil {
			t.Fatal(err)
		}
	})
}

// Decision 13: many at once, some twice, one that another customer has.
func TestPhonesThatArriveTogetherAreAddedOnce(t *testing.T) {
	claimed(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock, d device.Device) {
		ctx := context.Background()
		var wg sync.WaitGroup
		for i := range 120 {
			wg.Go(func() {
				m := phone.MAC{0, 4, 0xf2, 0, 0, byte(i % 60)}
				if err := w.Devices.AddArrived(ctx, device.Arrival{CustomerID: w.Globex.ID, MAC: m, Maker: "poly"}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := w.Devices.AddArrived(ctx, device.Arrival{CustomerID: w.Globex.ID, MAC: d.MAC, Maker: "poly"}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("a phone of another customer: %v", err)
		}
		l, err := w.Devices.List(ctx, devicetest.System, w.Globex.ID, device.Query{})
		if err != nil || l.Total != 60 {
			t.Errorf("%d, %v", l.Total, err)
		}
	})
}

func TestAReplacedPhoneKeepsWhatPeopleArrangedAndNothingThatItKnew(t *testing.T) {
	claimed(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock, d device.Device) {
		ctx := context.Background()
		user, word, at := "1", secret.Hide("word"), []phone.Server{{Host: "sip.example.net"}}
		if _, err := w.Devices.AddLine(ctx, devicetest.System, w.Acme.ID, d.ID, device.LinePatch{User: &user, Password: &word, Registrars: &at}); err != nil {
			t.Fatal(err)
		}
		if err := w.Devices.Endow(ctx, d.ID); err != nil {
			t.Fatal(err)
		}
		dry, err := w.Devices.Replace(db.DryRun(ctx), devicetest.System, w.Acme.ID, d.ID, device.Replacement{MAC: "64:16:7f:00:00:01"})
		if err != nil || dry.Device.MAC.String() != "64167f000001" || see(t, w, d.ID).MAC != d.MAC {
			t.Fatalf("a dry run: %+v, %v", dry, err)
		}
		r, err := w.Devices.Replace(ctx, devicetest.System, w.Acme.ID, d.ID, device.Replacement{MAC: "64:16:7f:00:00:01"})
		if err != nil || r.Device.ID != d.ID {
			t.Fatalf("%+v, %v", r, err)
		}
		s, err := w.Devices.Setup(ctx, w.Acme.ID, r.Device.MAC)
		if err != nil || len(s.Lines) != 1 || s.Own != (phone.Account{}) {
			t.Errorf("%+v, %v", s, err)
		}
		if _, err := w.Devices.Setup(ctx, w.Acme.ID, d.MAC); errs.KindOf(err) != errs.NotFound {
			t.Errorf("the old phone is still there: %v", err)
		}
		w.Phone(t, w.Globex.ID, d.MAC.String()) // its MAC is free
		m, err := w.Devices.Move(ctx, devicetest.System, w.Acme.ID, d.ID, w.Globex.ID, 0)
		if err != nil {
			t.Fatal(err)
		}
		if s, err = w.Devices.Setup(ctx, w.Globex.ID, m.Device.MAC); err != nil || len(s.Lines) != 0 || s.Own != (phone.Account{}) {
			t.Errorf("%+v, %v", s, err)
		}
		back, err := w.Devices.Move(ctx, devicetest.Admin(w.Globex), w.Globex.ID, m.Device.ID, w.Acme.ID, 0)
		if errs.KindOf(err) != errs.NotFound {
			t.Errorf("whoever has no right there moves a phone: %+v, %v", back, err)
		}
	})
}

func TestAKnockIsAdoptedOnce(t *testing.T) {
	claimed(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock, d device.Device) {
		ctx := context.Background()
		now := db.At(clock.Now())
		k := device.Knock{CustomerID: w.Acme.ID, MAC: phone.MAC{0, 4, 0xf2, 1, 2, 3}, Kind: device.UnknownMAC, Address: "192.0.2.1", Maker: "poly", Model: "VVX411", Times: 2, First: now, Last: now}
		for range 2 {
			if err := w.Devices.Knocked(ctx, []device.Knock{k, {CustomerID: db.NewID(), Kind: device.UnknownMAC, Times: 1, First: now, Last: now}}); err != nil {
				t.Fatal(err)
			}
		}
		l, err := w.Devices.Knocks(ctx, devicetest.System, w.Acme.ID, device.KnockQuery{})
		if err != nil || len(l.Items) != 1 || l.Items[0].Times != 4 {
			t.Fatalf("%+v, %v", l, err)
		}
		a, err := w.Devices.Adopt(ctx, devicetest.System, w.Acme.ID, l.Items[0].ID, device.New{Name: "Lobby"})
		if err != nil || a.MAC != k.MAC || a.Model != "VVX411" || a.Name != "Lobby" {
			t.Errorf("%+v, %v", a, err)
		}
		if _, err := w.Devices.Adopt(ctx, devicetest.System, w.Acme.ID, l.Items[0].ID, device.New{}); errs.KindOf(err) != errs.NotFound {
			t.Errorf("%v", err)
		}
	})
}
