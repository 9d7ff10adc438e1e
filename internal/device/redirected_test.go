package device_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/redirect"
	"linecard/internal/tenant"
)

// redirecting is a world with a redirect service beside the devices.
func redirecting(t *testing.T, test func(t *testing.T, w *devicetest.World, r *redirect.Service)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB, _ *dbtest.Clock) {
		w := devicetest.New(t, d)
		r := redirect.NewService(redirect.Needs{DB: d, Journal: w.Journal, Tenants: w.Tenants, Operations: w.Operations, Box: w.Box, Makers: w.Makers, Holders: w.Devices})
		w.Devices.Respect(r)
		both := []string{tenant.DMP, tenant.RPS}
		for _, c := range []string{w.Acme.ID, w.Globex.ID} {
			if _, err := w.Tenants.Edit(ctx, devicetest.System, c, tenant.Patch{PermissionTypes: &both}); err != nil {
				t.Fatal(err)
			}
		}
		test(t, w, r)
	})
}

func enter(t *testing.T, r *redirect.Service, customerID, mac string) redirect.Entry {
	t.Helper()
	e, err := r.CreateEntry(ctx, devicetest.System, customerID, redirect.NewEntry{MAC: mac, UniqueURL: "https://p.example/"})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// CH-41, invariant 6: whatever a MAC is at another customer, it is refused with the same word, on every way in.
func TestAMACThatAnotherCustomerClaimsAtTheRedirectServiceIsNoDeviceHere(t *testing.T) {
	redirecting(t, func(t *testing.T, w *devicetest.World, r *redirect.Service) {
		const theirs, ours, free = "805ec0000001", "805ec0000002", "805ec0000003"
		enter(t, r, w.Globex.ID, theirs)
		entry := enter(t, r, w.Acme.ID, ours)
		code := func(what string, err error, want string) {
			t.Helper()
			if errs.CodeOf(err) != want {
				t.Errorf("%s: %v, want %q", what, err, want)
			}
		}
		_, err := w.Devices.Create(ctx, devicetest.System, w.Acme.ID, device.New{MAC: theirs})
		code("create", err, "mac_unavailable")
		d := w.Phone(t, w.Acme.ID, ours) // its own entry is no hindrance
		_, err = w.Devices.Replace(ctx, devicetest.System, w.Acme.ID, d.ID, device.Replacement{MAC: theirs})
		code("replace", err, "mac_unavailable")
		_, err = w.Devices.Move(ctx, devicetest.System, w.Acme.ID, d.ID, w.Globex.ID, 0)
		code("move", err, "redirect_entry_first")
		if see(t, w, d.ID).MAC != d.MAC {
			t.Error("moved all the same")
		}
		for mac, want := range map[string]string{theirs: "not_found", free: ""} {
			m, _ := phone.HexMAC(mac)
			got := ""
			if err := w.Devices.AddArrived(ctx, device.Arrival{CustomerID: w.Acme.ID, MAC: m, Maker: "yealink"}); err != nil {
				got = errs.CodeOf(err)
			}
			if got != want {
				t.Errorf("arrival of %s: %q, want %q", mac, got, want)
			}
		}
		file := "mac_address,endpoint_name\n" + theirs + ",a\n" + ours + ",b\n805ec0000004,c\n"
		rehearsed, _, err := w.Devices.Import(db.DryRun(ctx), devicetest.System, w.Acme.ID, device.ImportFile{Data: []byte(file), Mode: device.ModeOverwrite})
		if err != nil {
			t.Fatal(err)
		}
		report := imports(t, w, w.Acme.ID, device.ModeOverwrite, file)
		if got, want := outcomes(report), "2 "+theirs+" failed mac_unavailable\n3 "+ours+" updated\n4 805ec0000004 added"; got != want || outcomes(rehearsed) != want {
			t.Errorf("%s\nrehearsed:\n%s", got, outcomes(rehearsed))
		}
		if err := r.DeleteEntry(ctx, devicetest.System, w.Acme.ID, entry.ID, 0); err != nil {
			t.Fatal(err)
		}
		_, err = w.Devices.Move(ctx, devicetest.System, w.Acme.ID, d.ID, w.Globex.ID, 0)
		if err != nil {
			t.Error(err)
		}
	})
}

// Two customers that want the same MACs at the same time, one as devices and one as entries: each MAC is one customer's.
func TestAMACIsOneCustomersWhenTwoTakeItAtTheSameTime(t *testing.T) {
	redirecting(t, func(t *testing.T, w *devicetest.World, r *redirect.Service) {
		const n = 40
		var wg sync.WaitGroup
		var mu sync.Mutex
		got := make([][]string, n)
		took := func(i int, who string, err error) {
			if k := errs.CodeOf(err); err != nil && k != "mac_unavailable" && k != "mac_claimed" {
				t.Error(err)
			}
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				got[i] = append(got[i], who)
			}
		}
		for i := range n {
			mac := fmt.Sprintf("805ec0%06x", i)
			wg.Go(func() {
				_, err := w.Devices.Create(ctx, devicetest.System, w.Acme.ID, device.New{MAC: mac})
				took(i, "device", err)
			})
			wg.Go(func() {
				_, err := r.CreateEntry(ctx, devicetest.System, w.Globex.ID, redirect.NewEntry{MAC: mac, UniqueURL: "https://p.example/"})
				took(i, "entry", err)
			})
		}
		done := make(chan struct{})
		go func() { wg.Wait(); close(done) }()
		select {
		case <-done:
		case <-time.After(time.Minute):
			t.Fatal("they wait for each other")
		}
		for i, who := range got {
			if len(who) != 1 {
				slices.Sort(who)
				t.Errorf("%d: %v", i, who)
			}
		}
	})
}
