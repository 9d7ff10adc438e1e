package device_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db/dbtest"
	"linecard/internal/device"
	"linecard/internal/device/devicetest"
	"linecard/internal/errs"
	"linecard/internal/phone"
	"linecard/internal/revision"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

func ptr[T any](v T) *T { return &v }

// opens lists which of the words open the door of the host now.
func opens(t *testing.T, w *devicetest.World, clock *dbtest.Clock, host string) string {
	t.Helper()
	door, err := w.Devices.Door(ctx, host)
	if err != nil {
		t.Fatal(err)
	}
	creds, err := w.Devices.Credentials(door)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, c := range creds {
		if c.Until.IsZero() || clock.Now().Before(c.Until) {
			out = append(out, c.User+":"+c.Password.Reveal())
		}
	}
	return strings.Join(out, " ")
}

// DM-108, DM-111.
func TestAFreshCustomerHasTheUsualWindowAndNoAccount(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		fresh := w.Customer(t, "fresh")
		p, err := w.Devices.Provisioning(ctx, devicetest.Admin(fresh), fresh.ID)
		if err != nil || p.Host != "fresh" || p.Account.User != "" || p.Poll != phone.DefaultPoll || p.Version != 0 {
			t.Errorf("%+v, %v", p, err)
		}
		door, err := w.Devices.Door(ctx, "fresh")
		if err != nil || door.HasAccount() || opens(t, w, clock, "fresh") != "" {
			t.Errorf("%+v, %v", door, err)
		}
		_, err = w.Devices.RevealAccount(ctx, devicetest.Admin(fresh), fresh.ID)
		code(t, err, "account_missing")
	})
}

// DM-112, decision 15: two valid passwords during a change.
func TestAnOldPasswordStaysValidAsLongAsWasSaid(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		me := devicetest.Admin(w.Acme)
		set := func(p device.ProvisioningPatch) device.Provisioning {
			t.Helper()
			got, err := w.Devices.SetProvisioning(ctx, me, w.Acme.ID, p)
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		before := vector(t, w.DB, revision.Customer, w.Acme.ID)
		old := devicetest.User + ":" + devicetest.Password
		p := set(device.ProvisioningPatch{Password: ptr(secret.Hide("second")), KeepOld: time.Hour})
		if p.Account.PreviousUser != devicetest.User || !p.Account.PreviousUntil.Equal(clock.Now().Add(time.Hour)) || p.Account.User != devicetest.User {
			t.Errorf("%+v", p.Account)
		}
		if got := opens(t, w, clock, "acme"); got != devicetest.User+":second "+old {
			t.Error(got)
		}
		if vector(t, w.DB, revision.Customer, w.Acme.ID) == before {
			t.Error("the change does not move the customer's counter")
		}
		clock.Advance(time.Hour)
		if got := opens(t, w, clock, "acme"); got != devicetest.User+":second" {
			t.Error(got)
		}
		if p, err := w.Devices.Provisioning(ctx, me, w.Acme.ID); err != nil || p.Account.PreviousUser != "" {
			t.Errorf("an ended password still shows: %+v, %v", p.Account, err)
		}
		set(device.ProvisioningPatch{User: ptr("other"), Password: ptr(secret.Hide("third")), KeepOld: time.Hour})
		set(device.ProvisioningPatch{Password: ptr(secret.Hide("fourth"))}) // at once: neither second nor third stays
		if got := opens(t, w, clock, "acme"); got != "other:fourth" {
			t.Error(got)
		}
		p = set(device.ProvisioningPatch{User: ptr("")})
		if p.Account.User != "" || opens(t, w, clock, "acme") != "" {
			t.Errorf("the account is still there: %+v", p.Account)
		}
		if n := logged(t, w.DB, "provisioning/edit"); n != 6 { // two of them when the world was made
			t.Errorf("%d rows in the log", n)
		}
	})
}

func TestAPasswordIsSealedAndOnlyRevealedWithARow(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		me := devicetest.Admin(w.Acme)
		var sealed []byte
		if err := w.DB.Get(ctx, &sealed, `SELECT account_password FROM device_customers WHERE customer_id = $1`, w.Acme.ID); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(sealed), devicetest.Password) {
			t.Error("the password lies in the database")
		}
		c, err := w.Devices.RevealAccount(ctx, me, w.Acme.ID)
		if err != nil || c.User != devicetest.User || c.Password.Reveal() != devicetest.Password {
			t.Errorf("%+v, %v", c, err)
		}
		if strings.Contains(fmt.Sprintf("%+v %#v", c, c), devicetest.Password) {
			t.Error("a credential prints its password")
		}
		if n := logged(t, w.DB, "provisioning/reveal"); n != 1 {
			t.Errorf("%d rows in the log", n)
		}
		var all []string
		if err := w.DB.Select(ctx, &all, `SELECT data FROM journal_entries`); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(strings.Join(all, " "), devicetest.Password) {
			t.Error("the journal holds the password")
		}
	})
}

func TestAfterAKeyRotationPasswordsAreSealedAnewAndStillOpen(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		if _, err := w.Devices.SetProvisioning(ctx, devicetest.System, w.Acme.ID,
			device.ProvisioningPatch{Password: ptr(secret.Hide("second")), KeepOld: time.Hour}); err != nil {
			t.Fatal(err)
		}
		want := opens(t, w, clock, "acme")
		if n, err := w.Devices.Reseal(ctx); n != 0 || err != nil {
			t.Errorf("%d sealed anew without a new key, %v", n, err)
		}
		if err := w.Box.Rotate(); err != nil {
			t.Fatal(err)
		}
		if n, err := w.Devices.Reseal(ctx); n != 2 || err != nil {
			t.Errorf("%d sealed anew, want 2, %v", n, err)
		}
		if n, err := w.Devices.Reseal(ctx); n != 0 || err != nil {
			t.Errorf("%d sealed anew again, %v", n, err)
		}
		if got := opens(t, w, clock, "acme"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	})
}

func TestBadProvisioningFieldsAreNamedAndNothingIsWritten(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, clock *dbtest.Clock) {
		fresh := w.Customer(t, "fresh")
		word := func(s string) *secret.String { return ptr(secret.Hide(s)) }
		for _, c := range []struct {
			customer    string
			p           device.ProvisioningPatch
			field, code string
		}{
			{w.Acme.ID, device.ProvisioningPatch{User: ptr("a b"), Password: word("x")}, "account.user", "name_characters"},
			{w.Acme.ID, device.ProvisioningPatch{User: ptr("a:b"), Password: word("x")}, "account.user", "name_characters"}, // would make HA1 ambiguous
			{w.Acme.ID, device.ProvisioningPatch{User: ptr("new")}, "account.password", "password_needed"},
			{w.Acme.ID, device.ProvisioningPatch{Password: word("")}, "account.password", "required"},
			{w.Acme.ID, device.ProvisioningPatch{Password: word(" x")}, "account.password", "password_characters"},
			{w.Acme.ID, device.ProvisioningPatch{Password: word("pässword")}, "account.password", "password_characters"},
			{w.Acme.ID, device.ProvisioningPatch{Password: word("a\nb")}, "account.password", "forbidden_character"},
			{w.Acme.ID, device.ProvisioningPatch{Password: word(strings.Repeat("x", 129))}, "account.password", "too_long"},
			{w.Acme.ID, device.ProvisioningPatch{Password: word("x"), KeepOld: device.MaxKeepOld + 1}, "account.keep_old", "out_of_range"},
			{w.Acme.ID, device.ProvisioningPatch{Password: word("x"), KeepOld: -1}, "account.keep_old", "out_of_range"},
			{w.Acme.ID, device.ProvisioningPatch{Poll: &phone.PollWindow{Start: 5, End: 5, Days: 1}}, "poll_window.end", "empty_window"},
			{w.Acme.ID, device.ProvisioningPatch{Host: ptr("www"), Poll: &phone.PollWindow{Start: 5, End: 6, Days: 1}}, "host", "host_reserved"},
			{fresh.ID, device.ProvisioningPatch{Password: word("x")}, "account.user", "required"},
		} {
			_, err := w.Devices.SetProvisioning(ctx, devicetest.System, c.customer, c.p)
			fault(t, err, c.field, c.code)
		}
		p, err := w.Devices.Provisioning(ctx, devicetest.System, w.Acme.ID)
		if err != nil || p.Version != 1 || p.Poll != phone.DefaultPoll || opens(t, w, clock, "acme") != devicetest.User+":"+devicetest.Password {
			t.Errorf("%+v, %v", p, err)
		}
		_, err = w.Devices.SetProvisioning(ctx, devicetest.System, w.Acme.ID, device.ProvisioningPatch{Host: ptr("globex")})
		code(t, err, "host_taken")
		_, err = w.Devices.SetProvisioning(ctx, devicetest.System, w.Acme.ID, device.ProvisioningPatch{Poll: &phone.PollWindow{Start: 1, End: 2, Days: 1}, IfVersion: 7})
		code(t, err, "stale")
	})
}

// DM-113: allowed, and shown as what it is.
func TestTheFactoryPasswordIsMarked(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		w.SetAccount(t, w.Acme.ID, "PlcmSpIp", "PlcmSpIp")
		if p, err := w.Devices.Provisioning(ctx, devicetest.System, w.Acme.ID); err != nil || !p.Account.Factory {
			t.Errorf("%+v, %v", p, err)
		}
		w.SetAccount(t, w.Acme.ID, "PlcmSpIp", "else")
		if p, err := w.Devices.Provisioning(ctx, devicetest.System, w.Acme.ID); err != nil || p.Account.Factory {
			t.Errorf("%+v, %v", p, err)
		}
	})
}

// DM-116.
func TestANewHostLeadsToTheSameCustomer(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		owner := devicetest.Admin(w.Acme)
		_, err := w.Devices.SetProvisioning(ctx, owner, w.Acme.ID, device.ProvisioningPatch{Host: ptr("acme-voip")})
		code(t, err, "forbidden")
		owner.Roles = []access.Role{access.CustomerFullAdmin}
		if p, err := w.Devices.SetProvisioning(ctx, owner, w.Acme.ID, device.ProvisioningPatch{Host: ptr("acme-voip")}); err != nil || p.Host != "acme-voip" {
			t.Errorf("%+v, %v", p, err)
		}
		if door, err := w.Devices.Door(ctx, "acme-voip"); err != nil || door.CustomerID != w.Acme.ID {
			t.Errorf("%+v, %v", door, err)
		}
		for _, host := range []string{"acme", "", "ACME-VOIP", "acme-voip\x00"} {
			if _, err := w.Devices.Door(ctx, host); err == nil || errs.KindOf(err) == errs.Internal {
				t.Errorf("%q: %v", host, err)
			}
		}
	})
}

// CH-26.
func TestTheDoorSaysWhetherServiceIsStopped(t *testing.T) {
	each(t, func(t *testing.T, w *devicetest.World, _ *dbtest.Clock) {
		for _, stops := range []bool{false, true} {
			if _, err := w.Tenants.Freeze(ctx, devicetest.System, w.Acme.ID, tenant.Freeze{Reason: "r", StopsService: stops}); err != nil {
				t.Fatal(err)
			}
			if door, err := w.Devices.Door(ctx, "acme"); err != nil || door.Stopped != stops {
				t.Errorf("%+v, %v", door, err)
			}
			if _, err := w.Tenants.Unfreeze(ctx, devicetest.System, w.Acme.ID); err != nil {
				t.Fatal(err)
			}
		}
	})
}
