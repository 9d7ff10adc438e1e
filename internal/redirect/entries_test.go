package redirect_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/redirect"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

// CH-34.
func TestAPartnerSeesTheEntriesOfAllItsCustomersAndASubAccountThoseOfItsOwn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for i := range 3 {
			w.entry(w.a, redirect.NewEntry{MAC: fmt.Sprintf("0015650000%02d", i), UniqueURL: "https://a.example/"})
		}
		for i := range 2 {
			w.entry(w.b, redirect.NewEntry{MAC: fmt.Sprintf("0015650001%02d", i), UniqueURL: "https://b.example/"})
		}
		w.entry(w.x, redirect.NewEntry{MAC: "001565000200", UniqueURL: "https://x.example/"})
		sub := person(w.p, access.PartnerSubAccount)
		sub.Functions, sub.Customers = []access.Action{access.RedirectView}, []access.Tenant{w.a.Access()}
		blind := sub
		blind.Functions = nil
		for _, c := range []struct {
			who   access.Actor
			rows  int
			names string
		}{{person(w.p, access.PartnerFullAdmin), 5, "Alpha Alpha Alpha Beta Beta"}, {sub, 3, "Alpha Alpha Alpha"}, {admin(w.pq), 1, "Xi"}, {admin(w.operator), 6, "Alpha Alpha Alpha Beta Beta Xi"},
			{admin(w.b), 2, "Beta Beta"}} {
			all, _, err := w.r.AllEntries(ctx, c.who, redirect.EntryQuery{})
			var names []string
			for _, e := range all {
				names = append(names, e.CustomerName)
			}
			if err != nil || len(all) != c.rows || strings.Join(names, " ") != c.names {
				t.Errorf("%s: %v, %v", c.who.Name, names, err)
			}
		}
		_, _, err := w.r.AllEntries(ctx, blind, redirect.EntryQuery{})
		code(t, err, "forbidden")
		all, _, err := w.r.AllEntries(ctx, admin(w.p), redirect.EntryQuery{Text: "00:15:65:00:01:01"})
		if err != nil || len(all) != 1 || all[0].CustomerID != w.b.ID || all[0].EffectiveURL != "https://b.example/" || all[0].Contact.IP != "" {
			t.Errorf("%+v, %v", all, err)
		}
	})
}

// CH-35.
func TestAServerInUseIsNotDeleted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.server(w.a, "S", "https://p.example/")
		e := w.entry(w.a, redirect.NewEntry{MAC: "00:15:65:aa:bb:cc", ServerID: s.ID})
		code(t, w.r.DeleteServer(ctx, admin(w.a), w.a.ID, s.ID, 0), "redirect_server_in_use")
		if got, err := w.r.GetServer(ctx, admin(w.a), w.a.ID, s.ID); err != nil || got.Entries != 1 {
			t.Errorf("%+v, %v", got, err)
		}
		unique, none := "https://u.example/", ""
		_, err := w.r.EditEntry(ctx, admin(w.a), w.a.ID, e.ID, redirect.EntryPatch{ServerID: &none})
		fault(t, "no target", err, "server_id", "target_required")
		_, err = w.r.EditEntry(ctx, admin(w.a), w.a.ID, e.ID, redirect.EntryPatch{ServerID: &none, UniqueURL: &unique})
		w.ok(err)
		code(t, w.r.DeleteServer(ctx, admin(w.a), w.a.ID, s.ID, 7), "stale")
		w.ok(w.r.DeleteServer(ctx, admin(w.a), w.a.ID, s.ID, 1))
		_, err = w.r.GetServer(ctx, admin(w.a), w.a.ID, s.ID)
		code(t, err, "not_found")
	})
}

// CH-35: names, schemes, hosts, credentials.
func TestWhatAServerMayBe(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.server(w.a, "Main", "https://p.example/")
		_, err := w.r.CreateServer(ctx, admin(w.a), w.a.ID, redirect.NewServer{Name: "MAIN", URL: "https://p.example/"})
		code(t, err, "name_taken")
		w.server(w.b, "Main", "https://p.example/")
		for _, url := range []string{"http://p.example", "https://p.example:8443/x/", "tftp://10.0.0.1/", "ftp://p.example/a", "https://[2001:db8::1]:8443/", "https://p.example/{enterprise}/{mac}.cfg?m={model}"} {
			if _, err := w.r.CreateServer(ctx, admin(w.a), w.a.ID, redirect.NewServer{Name: "N" + url[len(url)-4:], URL: url}); err != nil && !strings.Contains(err.Error(), "name") {
				t.Errorf("%s: %v", url, err)
			}
		}
		for url, want := range map[string]string{"": "required", "p.example": "bad_url", "https://": "bad_url", "ldap://p.example/": "bad_redirect_scheme", "https://u:p@p.example/": "userinfo_refused",
			"https://u@p.example/": "userinfo_refused", "https://{mac}.example/": "bad_placeholder", "https://p.example/{password}": "bad_placeholder", "https://p.example/ x": "bad_url",
			"https://p.example/\"x": "bad_url", "https://p.example/<x>": "bad_url", "https://p.example/a|b": "bad_url", "https://p.example:99999/": "bad_url", "https://p.example:/": "bad_url",
			"https://p.example/#x": "bad_url", "https://[::1%25eth0]/": "bad_url", "https://p..example/": "bad_url", "javascript:alert(1)": "bad_url"} {
			_, err := w.r.CreateServer(ctx, admin(w.a), w.a.ID, redirect.NewServer{Name: "Other", URL: url})
			fault(t, url, err, "url", want)
		}
		_, err = w.r.CreateServer(ctx, admin(w.a), w.a.ID, redirect.NewServer{Name: strings.Repeat("x", 65), URL: "https://p.example/", User: "u"})
		fault(t, "long", err, "name", "too_long")
		fault(t, "user alone", err, "password", "password_needed")
		_, err = w.r.CreateServer(ctx, admin(w.a), w.a.ID, redirect.NewServer{Name: "x", URL: "https://p.example/", Password: secret.Hide("p")})
		fault(t, "password alone", err, "user", "required")
	})
}

// CH-36: spellings, what is needed, twice, elsewhere.
func TestWhatAnEntryMayBe(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.server(w.a, "S", "https://p.example/")
		other := w.server(w.b, "S", "https://p.example/")
		for i, spelling := range []string{"00:15:65:aa:bb:00", "00-15-65-AA-BB-01", "0015.65aa.bb02", "001565aabb03"} {
			e := w.entry(w.a, redirect.NewEntry{MAC: spelling, ServerID: s.ID})
			if e.MAC.String() != fmt.Sprintf("001565aabb0%d", i) || e.Maker != "yealink" || !e.Enabled || e.Push.State != redirect.NotPushed || e.Push.Code != redirect.NoConnector {
				t.Errorf("%+v", e)
			}
		}
		bad := func(n redirect.NewEntry) error {
			_, err := w.r.CreateEntry(ctx, admin(w.a), w.a.ID, n)
			return err
		}
		fault(t, "mac", bad(redirect.NewEntry{MAC: "00:15:65:GG:00:01", ServerID: s.ID}), "mac", "bad_mac")
		fault(t, "no target", bad(redirect.NewEntry{MAC: "001565aabbcc"}), "server_id", "target_required")
		fault(t, "foreign server", bad(redirect.NewEntry{MAC: "001565aabbcc", ServerID: other.ID}), "server_id", "unknown_redirect_server")
		fault(t, "maker", bad(redirect.NewEntry{MAC: "001565aabbcc", ServerID: s.ID, Maker: "acme"}), "maker", "unknown_value")
		fault(t, "account of a server", bad(redirect.NewEntry{MAC: "001565aabbcc", ServerID: s.ID, User: "u", Password: secret.Hide("p")}), "user", "only_with_unique_url")
		code(t, bad(redirect.NewEntry{MAC: "001565aabb00", ServerID: s.ID}), "redirect_entry_exists")
		_, err := w.r.CreateEntry(ctx, admin(w.b), w.b.ID, redirect.NewEntry{MAC: "001565aabb00", ServerID: other.ID})
		code(t, err, "mac_claimed")
		if strings.Contains(fmt.Sprint(err), "Alpha") || strings.Contains(fmt.Sprint(err), w.a.ID) {
			t.Error(err)
		}
		w.holders[mac("0004f2000001")] = w.b.ID
		code(t, bad(redirect.NewEntry{MAC: "0004f2000001", ServerID: s.ID}), "mac_claimed")
		w.holders[mac("0004f2000002")] = w.a.ID // its own device
		w.ok(bad(redirect.NewEntry{MAC: "0004f2000002", ServerID: s.ID}))
	})
}

// Invariant 6 under concurrency (decision 2).
func TestOfManyWhoClaimAMACAtOnceOneHasIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var wait sync.WaitGroup
		var mu sync.Mutex
		won := 0
		for _, c := range []tenant.Tenant{w.a, w.b, w.x, w.a, w.b, w.x} {
			wait.Add(1)
			go func() {
				defer wait.Done()
				_, err := w.r.CreateEntry(ctx, admin(c), c.ID, redirect.NewEntry{MAC: "001565aabbcc", UniqueURL: "https://p.example/"})
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					won++
				} else if got := fmt.Sprint(err); !strings.HasPrefix(got, "mac_claimed") && !strings.HasPrefix(got, "redirect_entry_exists") {
					t.Error(err)
				}
			}()
		}
		wait.Wait()
		if won != 1 {
			t.Errorf("%d have it", won)
		}
	})
}

// CH-38.
func TestTheUniqueURLWinsAndPlaceholdersAreFilledIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.server(w.a, "S", "https://a/")
		e := w.entry(w.a, redirect.NewEntry{MAC: "001565aabbcc", ServerID: s.ID, UniqueURL: "https://b/x", Model: "T 54/W"})
		if e.EffectiveURL != "https://b/x" {
			t.Error(e.EffectiveURL)
		}
		none, other := "", "https://a/{enterprise}/{model}/{mac}.cfg"
		e, err := w.r.EditEntry(ctx, admin(w.a), w.a.ID, e.ID, redirect.EntryPatch{UniqueURL: &none, IfVersion: 1})
		if err != nil || e.EffectiveURL != "https://a/" || e.Version != 2 {
			t.Errorf("%+v, %v", e, err)
		}
		_, err = w.r.EditServer(ctx, admin(w.a), w.a.ID, s.ID, redirect.ServerPatch{URL: &other})
		w.ok(err)
		if e, err = w.r.GetEntry(ctx, admin(w.a), w.a.ID, e.ID); err != nil || e.EffectiveURL != "https://a/alpha/T%2054%2FW/001565aabbcc.cfg" {
			t.Errorf("%+v, %v", e, err)
		}
		_, err = w.r.EditEntry(ctx, admin(w.a), w.a.ID, e.ID, redirect.EntryPatch{IfVersion: 1, UniqueURL: &none})
		code(t, err, "stale")
	})
}

// Decision 16: sealed, masked, revealed by a right of its own and with a row in the log; sealed anew after a rotation.
func TestPasswordsAreSealedRevealedAndSealedAnew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s, err := w.r.CreateServer(ctx, admin(w.a), w.a.ID, redirect.NewServer{Name: "S", URL: "https://p.example/", User: "prov", Password: secret.Hide("s3cret-Word")})
		w.ok(err)
		e := w.entry(w.a, redirect.NewEntry{MAC: "001565aabbcc", UniqueURL: "https://u.example/", User: "own", Password: secret.Hide("other-Word")})
		if strings.Contains(fmt.Sprintf("%+v %+v", s, e), "Word") {
			t.Error("a password shows")
		}
		_, err = w.r.RevealServer(ctx, person(w.a, access.CustomerReadonlyAdmin), w.a.ID, s.ID)
		code(t, err, "forbidden")
		check := func() {
			t.Helper()
			x, err := w.r.RevealServer(ctx, admin(w.a), w.a.ID, s.ID)
			y, err2 := w.r.RevealEntry(ctx, admin(w.p), w.a.ID, e.ID) // a partner may, by the permission alone (CH-30)
			if err != nil || err2 != nil || x.User != "prov" || x.Password.Reveal() != "s3cret-Word" || y.User != "own" || y.Password.Reveal() != "other-Word" {
				t.Errorf("%v %v %v %v", x, y, err, err2)
			}
		}
		check()
		c, err := w.r.CreateConnector(ctx, admin(w.p), "yealink", connectorPatch("https://eu.example", "key", "hush-hush"))
		w.ok(err)
		w.ok(w.box.Rotate())
		if n, err := w.r.Reseal(ctx); err != nil || n != 3 {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := w.r.Reseal(ctx); err != nil || n != 0 {
			t.Errorf("%d, %v", n, err)
		}
		check()
		none := ""
		if s, err = w.r.EditServer(ctx, admin(w.a), w.a.ID, s.ID, redirect.ServerPatch{User: &none}); err != nil || s.Password != nil {
			t.Errorf("%+v, %v", s, err)
		}
		_, err = w.r.RevealServer(ctx, admin(w.a), w.a.ID, s.ID)
		code(t, err, "redirect_account_missing")
		log := strings.Join(w.logOf(w.a), " ")
		if strings.Count(log, "redirect_server/reveal") != 2 || !strings.Contains(log, "redirect_entry/create") {
			t.Error(log)
		}
		for table, columns := range map[string]string{"journal_entries": "data", "queue_jobs": "args", "redirect_entries": "search_fold", "redirect_connectors": "settings"} {
			var rows []string
			w.ok(w.db.Select(ctx, &rows, `SELECT `+columns+` FROM `+table))
			if all := strings.Join(rows, " "); strings.Contains(all, "Word") || strings.Contains(all, "hush") {
				t.Errorf("%s holds a secret", table)
			}
		}
		_ = c
	})
}

// CH-18, CH-24, CH-27, CH-30, CH-33.
func TestWhoMayWorkOnEntries(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		dmp := w.customer(w.p, "Delta", tenant.DMP)
		try := func(who access.Actor, c tenant.Tenant) error {
			_, err := w.r.CreateServer(ctx, who, c.ID, redirect.NewServer{Name: db.NewID(), URL: "https://p.example/"})
			return err
		}
		w.ok(try(admin(w.a), w.a))
		w.ok(try(person(w.a, access.CustomerDeviceAdmin), w.a))
		w.ok(try(admin(w.p), w.a)) // no authorisation is needed (CH-30)
		w.ok(try(admin(w.operator), w.a))
		code(t, try(admin(w.pq), w.a), "not_found")
		code(t, try(admin(w.b), w.a), "not_found")
		code(t, try(person(w.a, access.CustomerSupport), w.a), "forbidden")
		code(t, try(person(w.p, access.PartnerSupport), w.a), "forbidden")
		code(t, try(person(w.operator, access.OperatorSupport), w.a), "forbidden")
		code(t, try(admin(dmp), dmp), "permission_type_missing")
		code(t, try(admin(w.p), w.p), "not_found")
		e := w.entry(w.a, redirect.NewEntry{MAC: "001565aabbcc", UniqueURL: "https://p.example/"})
		_, err := w.tenants.Archive(ctx, admin(w.p), w.a.ID, w.a.Name)
		code(t, err, "not_empty")
		both := []string{tenant.DMP}
		_, err = w.tenants.Edit(ctx, admin(w.p), w.a.ID, tenant.Patch{PermissionTypes: &both})
		if err == nil || !strings.Contains(err.Error(), "redirect_entries") {
			t.Error(err)
		}
		w.ok(w.r.DeleteEntry(ctx, admin(w.a), w.a.ID, e.ID, 1))
		_, err = w.tenants.Archive(ctx, admin(w.p), w.a.ID, w.a.Name)
		w.ok(err)
		code(t, try(admin(w.operator), w.a), "archived")
	})
}

func TestABulkChangeIsDoneWhollyOrNotAtAll(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var ids []string
		for i := range 3 {
			ids = append(ids, w.entry(w.a, redirect.NewEntry{MAC: fmt.Sprintf("0015650000%02d", i), UniqueURL: "https://a.example/"}).ID)
		}
		foreign := w.entry(w.b, redirect.NewEntry{MAC: "001565000100", UniqueURL: "https://b.example/"}).ID
		_, err := w.r.ApplyBulk(ctx, admin(w.a), w.a.ID, redirect.Bulk{IDs: append(ids[:2:2], foreign), Action: "delete"})
		code(t, err, "not_found")
		n, err := w.r.ApplyBulk(ctx, admin(w.a), w.a.ID, redirect.Bulk{IDs: ids, Action: "open"})
		if err != nil || n != 3 {
			t.Errorf("%d, %v", n, err)
		}
		all, _, err := w.r.Entries(ctx, admin(w.a), w.a.ID, redirect.EntryQuery{})
		if err != nil || len(all) != 3 || !all[0].Window.Equal(w.clock.Now().Add(24*time.Hour)) {
			t.Errorf("%+v, %v", all, err)
		}
		for _, b := range []redirect.Bulk{{IDs: ids, Action: "close"}, {IDs: ids, Action: "disable"}, {IDs: ids, Action: "enable"}, {IDs: ids, Action: "push"}, {IDs: ids, Action: "server", ServerID: w.server(w.a, "S", "https://s.example/").ID}, {IDs: ids, Action: "delete"}} {
			if n, err := w.r.ApplyBulk(ctx, admin(w.a), w.a.ID, b); err != nil || n != 3 {
				t.Errorf("%s: %d, %v", b.Action, n, err)
			}
		}
		_, err = w.r.ApplyBulk(ctx, admin(w.a), w.a.ID, redirect.Bulk{Action: "dance"})
		fault(t, "action", err, "action", "unknown_value")
		fault(t, "ids", err, "ids", "out_of_range")
		if n, err := w.r.Counts(ctx, w.db, []string{w.a.ID, w.b.ID}); err != nil || n[w.a.ID] != 0 || n[w.b.ID] != 1 {
			t.Errorf("%v, %v", n, err)
		}
	})
}

func TestADryRunWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		dry := db.DryRun(ctx)
		v, err := w.r.CreateServer(dry, admin(w.a), w.a.ID, redirect.NewServer{Name: "S", URL: "https://p.example/"})
		if err != nil || v.Name != "S" {
			t.Errorf("%+v, %v", v, err)
		}
		e, err := w.r.CreateEntry(dry, admin(w.a), w.a.ID, redirect.NewEntry{MAC: "001565aabbcc", UniqueURL: "https://p.example/"})
		if err != nil || e.EffectiveURL != "https://p.example/" {
			t.Errorf("%+v, %v", e, err)
		}
		for _, table := range []string{"redirect_servers", "redirect_entries"} {
			var n int
			w.ok(w.db.Get(ctx, &n, `SELECT COUNT(*) FROM `+table))
			if n != 0 {
				t.Errorf("%d in %s", n, table)
			}
		}
	})
}
