package config_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/config"
	"linecard/internal/config/configtest"
	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
)

var ctx = context.Background()

const mac = "64167f0a0b0c"

type fixture struct {
	*devicetest.World
	config *config.Service
	clock  *dbtest.Clock
	device device.Device
}

func each(t *testing.T, test func(t *testing.T, f *fixture)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) { test(t, newFixture(t, d, clock)) })
}

func newFixture(tb testing.TB, d *db.DB, clock *dbtest.Clock) *fixture {
	tb.Helper()
	w := devicetest.New(tb, d)
	s := configtest.New(tb, w, config.Options{})
	clock.Advance(time.Hour)
	return &fixture{World: w, config: s, clock: clock, device: w.Phone(tb, w.Acme.ID, mac)}
}

func (f *fixture) ask(tb testing.TB, host, mac, name string) (config.File, error) {
	tb.Helper()
	door, _, err := f.config.Door(ctx, host)
	if err != nil {
		return config.File{}, err
	}
	m, ok := phone.HexMAC(mac)
	if !ok {
		tb.Fatal("bad MAC")
	}
	return f.config.File(ctx, config.Request{Door: door, MAC: m, Name: name})
}

func (f *fixture) mustAsk(tb testing.TB, name string) config.File {
	tb.Helper()
	got, err := f.ask(tb, "acme", mac, name)
	if err != nil {
		tb.Fatal(err)
	}
	return got
}

func TestBytesAreKeptUntilSomethingTheyDependOnChanges(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		const name = mac + "-linecard.cfg"
		first := f.mustAsk(t, name)
		if !strings.Contains(string(first.Body), `prov.polling.time="03:00"`) || first.DeviceID != f.device.ID || first.Stale {
			t.Fatalf("%s", first.Body)
		}
		if again := f.mustAsk(t, name); &again.Body[0] != &first.Body[0] {
			t.Error("unchanged bytes were rendered again")
		}
		// The narrowest counter: another phone's change is nothing to this one.
		other := f.Phone(t, f.Acme.ID, "64167f0a0b0d")
		if err := f.Devices.Delete(ctx, devicetest.System, f.Acme.ID, other.ID, 0); err != nil {
			t.Fatal(err)
		}
		if again := f.mustAsk(t, name); &again.Body[0] != &first.Body[0] {
			t.Error("another phone's change made this one's bytes rendered again")
		}
		window := phone.PollWindow{Start: 60, End: 120, Days: 1} // DM-108
		if _, err := f.Devices.SetProvisioning(ctx, devicetest.System, f.Acme.ID, device.ProvisioningPatch{Poll: &window}); err != nil {
			t.Fatal(err)
		}
		changed := f.mustAsk(t, name)
		if !strings.Contains(string(changed.Body), `prov.polling.time="01:00"`) || changed.ETag == first.ETag {
			t.Errorf("the change did not arrive: %s", changed.Body)
		}
		// A change that leaves the bytes as they are leaves the ETag as it is, so no phone restarts for it.
		label := "renamed"
		if _, err := f.Devices.Edit(ctx, devicetest.System, f.Acme.ID, f.device.ID, device.Patch{Name: &label}); err != nil {
			t.Fatal(err)
		}
		if same := f.mustAsk(t, name); same.ETag != changed.ETag {
			t.Error("equal bytes have another ETag")
		}
		if hits, renders, stale := f.config.Counts(); hits != 2 || renders != 3 || stale != 0 {
			t.Errorf("hits %d, renders %d, stale %d", hits, renders, stale)
		}
	})
}

func TestWhatDoesNotExistIsNotFound(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.mustAsk(t, mac+".cfg")
		for _, c := range []struct{ host, mac, name string }{
			{"nobody", mac, mac + ".cfg"}, {"acme", "64167f0a0b0d", "64167f0a0b0d.cfg"}, {"acme", mac, mac + "-phone.cfg"},
			{"globex", mac, mac + ".cfg"}, {"acme", mac, "64167f0a0b0d.cfg"}, {"acme", mac, "000000000000.cfg"},
		} {
			if got, err := f.ask(t, c.host, c.mac, c.name); err == nil || errs.KindOf(err) != errs.NotFound {
				t.Errorf("%+v: %s, %v", c, got.Body, err)
			}
		}
	})
}

func TestADeletedPhoneGetsNothingAnyMore(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.mustAsk(t, mac+".cfg")
		if err := f.Devices.Delete(ctx, devicetest.System, f.Acme.ID, f.device.ID, 0); err != nil {
			t.Fatal(err)
		}
		if _, err := f.ask(t, "acme", mac, mac+".cfg"); err == nil || errs.KindOf(err) != errs.NotFound {
			t.Errorf("got %v", err)
		}
		// Its MAC moves to another customer: the old one's kept bytes are not served there, and not here.
		f.Phone(t, f.Globex.ID, mac)
		if _, err := f.ask(t, "acme", mac, mac+".cfg"); err == nil || errs.KindOf(err) != errs.NotFound {
			t.Errorf("got %v", err)
		}
		if _, err := f.ask(t, "globex", mac, mac+".cfg"); err != nil {
			t.Error(err)
		}
	})
}

func TestTwoNodesGiveTheSameBytesAndSeeEachOthersChanges(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB, clock *dbtest.Clock) {
		a := newFixture(t, d, clock)
		w := a.Node(t, d)
		s := configtest.New(t, w, config.Options{})
		b := &fixture{World: w, config: s, clock: clock, device: a.device}
		const name = mac + "-linecard.cfg"
		if one, two := a.mustAsk(t, name), b.mustAsk(t, name); one.ETag != two.ETag || string(one.Body) != string(two.Body) {
			t.Error("the nodes differ")
		}
		window := phone.PollWindow{Start: 60, End: 120, Days: 1}
		if _, err := a.Devices.SetProvisioning(ctx, devicetest.System, a.Acme.ID, device.ProvisioningPatch{Poll: &window}); err != nil {
			t.Fatal(err)
		}
		if got := b.mustAsk(t, name); !strings.Contains(string(got.Body), `"01:00"`) {
			t.Errorf("the other node still serves %s", got.Body)
		}
	})
}

// urls are databases that a test opens itself, several times or to close them early.
var urls = map[string]func(testing.TB) string{
	"sqlite":   dbtest.SQLiteURL,
	"postgres": func(tb testing.TB) string { return dbtest.FreshDatabase(tb, dbtest.PostgresURL(tb)) },
}

// Decision 11; promise 4.
func TestWithoutTheDatabaseKnownPhonesGetTheirLastBytesForAnHour(t *testing.T) {
	for name, url := range urls {
		t.Run(name, func(t *testing.T) {
			at, clock := url(t), dbtest.NewClock()
			f := newFixture(t, dbtest.Open(t, at, clock), clock)
			own, err := db.Open(ctx, at, db.Options{Clock: clock})
			if err != nil {
				t.Fatal(err)
			}
			f.World = f.Node(t, own)
			f.config = configtest.New(t, f.World, config.Options{})
			before := f.mustAsk(t, mac+".cfg")
			clock.Advance(10 * time.Minute)
			f.mustAsk(t, mac+".cfg") // confirmed again: the hour runs from here
			if err := own.Close(); err != nil {
				t.Fatal(err)
			}
			outage(t, f, before)
		})
	}
}

func outage(t *testing.T, f *fixture, before config.File) {
	t.Helper()
	for range 2 { // the second one does not even ask the database
		got, err := f.ask(t, "acme", mac, mac+".cfg")
		if err != nil || !got.Stale || string(got.Body) != string(before.Body) || got.ETag != before.ETag {
			t.Errorf("%+v, %v", got, err)
		}
	}
	for _, cold := range []struct{ host, mac, name string }{{"acme", "64167f0a0b0d", "64167f0a0b0d.cfg"}, {"acme", mac, mac + "-linecard.cfg"}, {"globex", mac, mac + ".cfg"}} {
		if _, err := f.ask(t, cold.host, cold.mac, cold.name); err == nil || errs.KindOf(err) != errs.Unavailable {
			t.Errorf("%+v: a fault looks like an answer: %v", cold, err)
		}
	}
	f.clock.Advance(59 * time.Minute)
	if got, err := f.ask(t, "acme", mac, mac+".cfg"); err != nil || !got.Stale {
		t.Errorf("%+v, %v", got, err)
	}
	f.clock.Advance(time.Minute)
	if _, err := f.ask(t, "acme", mac, mac+".cfg"); err == nil || errs.KindOf(err) != errs.Unavailable {
		t.Errorf("after the hour: %v", err)
	}
	if _, _, stale := f.config.Counts(); stale == 0 {
		t.Error("stale answers are not counted")
	}
}

// After a fault those who can be served without the database leave it alone for a second, so that an outage does not make
// every phone wait for its time-out.
func TestAfterAFaultTheDatabaseIsLeftAloneForAMoment(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		door, _, err := f.config.Door(ctx, "acme")
		if err != nil {
			t.Fatal(err)
		}
		r := config.Request{Door: door, MAC: phone.MAC{0x64, 0x16, 0x7f, 0x0a, 0x0b, 0x0c}, Name: mac + ".cfg"}
		stale := func(c context.Context, want bool) {
			t.Helper()
			got, err := f.config.File(c, r)
			if err != nil || got.Stale != want {
				t.Errorf("stale %v, %v; want %v", got.Stale, err, want)
			}
			if _, got, err := f.config.Door(c, "acme"); err != nil || got != want {
				t.Errorf("door stale %v, %v; want %v", got, err, want)
			}
		}
		stale(ctx, false)
		f.Phone(t, f.Acme.ID, "64167f0a0b0e")                                   // something was written: the database has to be asked
		late, cancel := context.WithDeadline(ctx, time.Now().Add(-time.Second)) // the database does not answer in time
		defer cancel()
		stale(late, true)
		stale(ctx, true)
		f.clock.Advance(time.Second)
		stale(ctx, false)
	})
}

// Counters and inputs are of one moment (decision 9): whoever has changed something gets it back at once, however many others
// are having the same file rendered meanwhile.
func TestAChangeIsServedAtOnceWhateverOthersReadMeanwhile(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		const name = mac + "-linecard.cfg"
		var readers sync.WaitGroup
		stop := make(chan struct{})
		for range 3 {
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						if _, err := f.ask(t, "acme", mac, name); err != nil && errs.KindOf(err) != errs.Unavailable {
							t.Error(err)
							return
						}
					}
				}
			})
		}
		defer readers.Wait()
		defer close(stop)
		for i := range 80 {
			w := phone.PollWindow{Start: phone.TimeOfDay(i), End: phone.TimeOfDay(i + 100), Days: 1}
			if _, err := f.Devices.SetProvisioning(ctx, devicetest.System, f.Acme.ID, device.ProvisioningPatch{Poll: &w}); err != nil {
				t.Fatal(err)
			}
			body := string(f.mustAsk(t, name).Body)
			if !strings.Contains(body, `prov.polling.time="`+w.Start.String()) || !strings.Contains(body, `prov.polling.timeRandomEnd="`+w.End.String()) {
				t.Fatalf("change %d is not served: %s", i, body)
			}
		}
	})
}

// BenchmarkMasterFileFromCache is the path of nearly every request: the door and the counters are read, the bytes are there.
func BenchmarkMasterFileFromCache(b *testing.B) {
	for name, url := range urls {
		b.Run(name, func(b *testing.B) {
			clock := dbtest.NewClock()
			f := newFixture(b, dbtest.Open(b, url(b), clock), clock)
			f.mustAsk(b, mac+".cfg")
			for b.Loop() {
				f.mustAsk(b, mac+".cfg")
			}
		})
	}
}
