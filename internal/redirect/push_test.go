package redirect_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/db"
	"linecard/internal/redirect"
	"linecard/internal/secret"
	"linecard/internal/tenant"
)

func connectorPatch(endpoint, key, word string) redirect.ConnectorPatch {
	name, hidden := "Cloud", secret.Hide(word)
	return redirect.ConnectorPatch{Name: &name, Endpoint: &endpoint, KeyID: &key, Secret: &hidden, Settings: &redirect.ConnectorSettings{PerSecond: 1000, PageSize: 3, BatchSize: 5, PauseS: 1}}
}

// linked gives partner P a connector to a cloud and starts the queue.
func (w *world) linked() (*cloud, redirect.Connector) {
	w.t.Helper()
	c := newCloud(w.t, func() time.Time { return w.clock.Now() })
	v, err := w.r.CreateConnector(ctx, admin(w.p), "yealink", connectorPatch(c.URL, c.key, c.word))
	w.ok(err)
	w.run()
	return c, v
}

func (w *world) state(t tenant.Tenant, id string) redirect.Push {
	w.t.Helper()
	e, err := w.r.GetEntry(ctx, admin(t), t.ID, id)
	w.ok(err)
	return e.Push
}

func (w *world) becomes(t tenant.Tenant, id string, want redirect.PushState, code string) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("state %s %s", want, code), func() bool { p := w.state(t, id); return p.State == want && p.Code == code })
}

// CH-40, DM-121: an entry is in the maker's cloud, changes with ours, and goes with it.
func TestAnEntryIsPushedChangedAndTakenAwayAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c, conn := w.linked()
		s, err := w.r.CreateServer(ctx, admin(w.a), w.a.ID, redirect.NewServer{Name: "Main", URL: "https://p.example/", User: "prov", Password: secret.Hide("s3cret"), CertificateURL: "https://p.example/ca.pem"})
		w.ok(err)
		e := w.entry(w.a, redirect.NewEntry{MAC: "00:15:65:aa:bb:cc", ServerID: s.ID, Remark: "Lobby"})
		u := w.entry(w.a, redirect.NewEntry{MAC: "001565aabbdd", ServerID: s.ID, Serial: "8000123", UniqueURL: "https://u.example/{mac}/", User: "own", Password: secret.Hide("word")})
		w.becomes(w.a, e.ID, redirect.Pushed, "")
		w.becomes(w.a, u.ID, redirect.Pushed, "")
		d := c.device("001565aabbcc")
		if v := c.server(d["serverId"]); v["url"] != "https://p.example/" || v["authName"] != "prov" || v["password"] != "s3cret" || v["certificateUrl"] != "https://p.example/ca.pem" || d["remark"] != "Lobby" || d["uniqueServerUrl"] != "" {
			t.Errorf("%v %v", d, v)
		}
		if d := c.device("001565aabbdd"); d["sn"] != "8000123" || d["uniqueServerUrl"] != "https://u.example/001565aabbdd/" || d["authName"] != "own" || d["password"] != "word" {
			t.Errorf("%v", d)
		}
		if c.count("POST /v2/rps/servers") != 1 || c.count("POST /v2/token") != 1 {
			t.Errorf("%v", c.calls)
		}
		// An unknown MAC of another maker is honestly not pushed.
		if p := w.entry(w.a, redirect.NewEntry{MAC: "0004f2000001", ServerID: s.ID}).Push; p.State != redirect.NotPushed || p.Code != redirect.NoConnector {
			t.Errorf("%+v", p)
		}
		url, remark := "https://new.example/", "Hall"
		_, err = w.r.EditServer(ctx, admin(w.a), w.a.ID, s.ID, redirect.ServerPatch{URL: &url})
		w.ok(err)
		_, err = w.r.EditEntry(ctx, admin(w.a), w.a.ID, e.ID, redirect.EntryPatch{Remark: &remark})
		w.ok(err)
		w.eventually("change in the cloud", func() bool {
			d := c.device("001565aabbcc")
			return d["remark"] == "Hall" && c.server(d["serverId"])["url"] == url
		})
		w.becomes(w.a, e.ID, redirect.Pushed, "")
		w.ok(w.r.DeleteEntry(ctx, admin(w.a), w.a.ID, e.ID, 0))
		w.eventually("gone from the cloud", func() bool { return len(c.device("001565aabbcc")) == 0 })
		w.eventually("nothing is left to say", func() bool {
			var n int
			w.ok(w.db.Get(ctx, &n, `SELECT COUNT(*) FROM redirect_pushes WHERE NOT wanted`))
			return n == 0
		})
		if got, err := w.r.GetConnector(ctx, admin(w.p), conn.ID); err != nil || got.Fault != "" || got.LastOK.IsZero() {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// CH-40: what the cloud refuses is refused by name, and holds up nothing else.
func TestARefusedPhoneHoldsUpNoOther(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c, _ := w.linked()
		c.set(func() {
			c.foreign["001565000001"], c.invalid["001565000002"] = true, true
			c.devices["001565000003"] = map[string]string{"id": "old", "mac": "001565000003", "uniqueServerUrl": "https://old.example/"}
		})
		var ids []string
		for i := range 12 {
			ids = append(ids, w.entry(w.a, redirect.NewEntry{MAC: fmt.Sprintf("0015650000%02x", i), UniqueURL: "https://a.example/"}).ID)
		}
		for i, id := range ids {
			switch i {
			case 1:
				w.becomes(w.a, id, redirect.Refused, redirect.ClaimedThere)
			case 2:
				w.becomes(w.a, id, redirect.Refused, redirect.CloudRefused)
			default:
				w.becomes(w.a, id, redirect.Pushed, "")
			}
		}
		if p := w.state(w.a, ids[1]); p.Reason != "Device is managed by another enterprise" {
			t.Errorf("%+v", p)
		}
		if d := c.device("001565000003"); d["uniqueServerUrl"] != "https://a.example/" || d["id"] != "old" { // ours already, so it is changed
			t.Errorf("%v", d)
		}
		refused, _, err := w.r.Entries(ctx, admin(w.a), w.a.ID, redirect.EntryQuery{State: redirect.Refused})
		if err != nil || len(refused) != 2 {
			t.Errorf("%d, %v", len(refused), err)
		}
		c.set(func() { delete(c.foreign, "001565000001") })
		_, err = w.r.PushAgain(ctx, admin(w.a), w.a.ID, ids[1], 0)
		w.ok(err)
		w.becomes(w.a, ids[1], redirect.Pushed, "")
		long := w.entry(w.a, redirect.NewEntry{MAC: "0015650000ff", UniqueURL: "https://a.example/" + strings.Repeat("x", 200) + "/{mac}/{mac}/{mac}/"})
		w.becomes(w.a, long.ID, redirect.Refused, redirect.UnfitForCloud)
		c.set(func() { c.bySN = true })
		bare := w.entry(w.a, redirect.NewEntry{MAC: "0015650000fe", UniqueURL: "https://a.example/"})
		w.becomes(w.a, bare.ID, redirect.Refused, redirect.NeedsSerial)
		serial := "80001"
		_, err = w.r.EditEntry(ctx, admin(w.a), w.a.ID, bare.ID, redirect.EntryPatch{Serial: &serial})
		w.ok(err)
		w.becomes(w.a, bare.ID, redirect.Pushed, "")
	})
}

// A3.3: expired tokens are fetched anew, "too many requests" is waited for, an outage is repeated, a wrong key waits for a person.
func TestThePushSurvivesWhatACloudDoes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c, conn := w.linked()
		add := func(i int) string {
			return w.entry(w.a, redirect.NewEntry{MAC: fmt.Sprintf("0015650000%02d", i), UniqueURL: "https://a.example/"}).ID
		}
		w.becomes(w.a, add(1), redirect.Pushed, "")
		c.set(func() { c.expired = true })
		w.becomes(w.a, add(2), redirect.Pushed, "")
		if c.tokens != 2 {
			t.Errorf("%d tokens", c.tokens)
		}
		c.set(func() { c.busy = 1 })
		three := add(3)
		w.eventually("a pause", func() bool {
			v, err := w.r.GetConnector(ctx, admin(w.p), conn.ID)
			w.ok(err)
			return v.PauseUntil.Equal(w.clock.Now().Add(2 * time.Second)) // as Retry-After says
		})
		if p := w.state(w.a, three); p.State != redirect.Pending {
			t.Errorf("%+v", p)
		}
		calls := c.count("POST")
		w.clock.Advance(time.Second)
		if c.count("POST") != calls {
			t.Error("it was asked during the pause")
		}
		w.clock.Advance(2 * time.Second)
		w.becomes(w.a, three, redirect.Pushed, "")
		c.set(func() { c.down = true })
		four := add(4)
		w.eventually("an outage", func() bool { v, _ := w.r.GetConnector(ctx, admin(w.p), conn.ID); return v.Fault == "cloud_unavailable" })
		c.set(func() { c.down = false })
		w.clock.Advance(time.Hour)
		w.becomes(w.a, four, redirect.Pushed, "")
		c.set(func() { c.word = "another-Key"; c.expired = true; c.tokens++ })
		five := add(5)
		w.eventually("a wrong key", func() bool { v, _ := w.r.GetConnector(ctx, admin(w.p), conn.ID); return v.Fault == "cloud_credentials" })
		if p := w.state(w.a, five); p.State != redirect.Pending {
			t.Errorf("%+v", p)
		}
		word := secret.Hide("another-Key")
		v, err := w.r.EditConnector(ctx, admin(w.p), conn.ID, redirect.ConnectorPatch{Secret: &word})
		if err != nil || v.Fault != "" {
			t.Errorf("%+v, %v", v, err)
		}
		w.becomes(w.a, five, redirect.Pushed, "")
		var failed int
		w.ok(w.db.Get(ctx, &failed, `SELECT COUNT(*) FROM journal_entries WHERE type = 'redirect_connector.failed'`))
		if failed != 2 { // an outage and a key, each told once
			t.Errorf("%d events", failed)
		}
	})
}

// CH-40: reading back reports what differs and changes nothing there.
func TestReadingBackReportsDrift(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c, conn := w.linked()
		var ids []string
		for i := range 7 {
			ids = append(ids, w.entry(w.a, redirect.NewEntry{MAC: fmt.Sprintf("0015650000%02d", i), UniqueURL: "https://a.example/"}).ID)
		}
		for _, id := range ids {
			w.becomes(w.a, id, redirect.Pushed, "")
		}
		c.set(func() {
			delete(c.devices, "001565000001")
			c.devices["001565000002"]["uniqueServerUrl"] = "https://evil.example/"
			c.devices["001565999999"] = map[string]string{"id": "z", "mac": "001565999999"}
		})
		_, err := w.r.Reconcile(ctx, admin(w.p), conn.ID)
		w.ok(err)
		w.eventually("a report", func() bool {
			v, err := w.r.GetConnector(ctx, admin(w.p), conn.ID)
			w.ok(err)
			return v.Drifted == 2 && v.Strangers == 1 && !v.Reconciled.IsZero()
		})
		for i, want := range []string{"", redirect.DriftMissing, redirect.DriftDiffers, ""} {
			if p := w.state(w.a, ids[i]); p.Drift != want || p.State != redirect.Pushed {
				t.Errorf("%d: %+v", i, p)
			}
		}
		if len(c.device("001565999999")) == 0 || c.device("001565000002")["uniqueServerUrl"] != "https://evil.example/" {
			t.Error("reading back has changed something")
		}
		for _, id := range ids[1:3] {
			_, err := w.r.PushAgain(ctx, admin(w.a), w.a.ID, id, 0)
			w.ok(err)
		}
		w.eventually("repaired", func() bool {
			return c.device("001565000002")["uniqueServerUrl"] == "https://a.example/" && len(c.device("001565000001")) > 0 && w.state(w.a, ids[1]).Drift == ""
		})
	})
}

// CH-40: dry run; the nearest connector counts; who may have one; what is refused.
func TestConnectorsOfSeveralLevels(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		e := w.entry(w.a, redirect.NewEntry{MAC: "001565000001", UniqueURL: "https://a.example/"})
		x := w.entry(w.x, redirect.NewEntry{MAC: "001565000002", UniqueURL: "https://x.example/"})
		own := newCloud(t, func() time.Time { return w.clock.Now() })
		above, err := w.r.CreateConnector(ctx, admin(w.operator), "yealink", connectorPatch(own.URL, own.key, own.word))
		w.ok(err)
		c, conn := w.linked()
		w.becomes(w.a, e.ID, redirect.Pushed, "")
		w.becomes(w.x, x.ID, redirect.Pushed, "")
		if len(c.device("001565000001")) == 0 || len(own.device("001565000002")) == 0 || len(own.device("001565000001")) != 0 || len(c.device("001565000002")) != 0 {
			t.Error("not the nearest connector")
		}
		dry := true
		_, err = w.r.EditConnector(ctx, admin(w.operator), above.ID, redirect.ConnectorPatch{DryRun: &dry, IfVersion: 1})
		w.ok(err)
		w.becomes(w.x, x.ID, redirect.NotPushed, redirect.Rehearsed)
		_, err = w.r.EditConnector(ctx, admin(w.operator), above.ID, redirect.ConnectorPatch{DryRun: &dry, IfVersion: 1})
		code(t, err, "stale")
		w.ok(w.r.DeleteConnector(ctx, admin(w.p), conn.ID, 0))
		w.becomes(w.a, e.ID, redirect.NotPushed, redirect.Rehearsed) // the operator's is the nearest now
		for _, who := range []access.Actor{admin(w.a), person(w.p, access.PartnerSupport), person(w.operator, access.OperatorSupport)} {
			_, err := w.r.CreateConnector(ctx, who, "yealink", connectorPatch("https://eu.example", "k", "s"))
			if who.Tenant.Kind == access.Customer || err == nil {
				code(t, err, "forbidden")
			}
		}
		_, err = w.r.GetConnector(ctx, admin(w.pq), above.ID)
		code(t, err, "not_found")
		_, err = w.r.CreateConnector(ctx, admin(w.operator), "yealink", connectorPatch("https://eu.example", "k", "s"))
		code(t, err, "connector_exists")
		for endpoint, want := range map[string]string{"https://169.254.169.254/": "address_refused", "https://10.0.0.1": "address_refused", "ftp://x.example": "https_required", "https://u:p@x.example": "userinfo_refused", "": "required"} {
			_, err := w.r.CreateConnector(ctx, admin(w.pq), "yealink", connectorPatch(endpoint, "k", "s"))
			fault(t, endpoint, err, "endpoint", want)
		}
		_, err = w.r.CreateConnector(ctx, admin(w.pq), "poly", connectorPatch("https://eu.example", "k", "s"))
		fault(t, "poly", err, "maker", "unknown_value")
	})
}

// Decision 21: nothing is told while a change is being written, and a dry run tells nothing.
func TestNoCallIsMadeInATransaction(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		c, _ := w.linked()
		w.eventually("the connector is looked at", func() bool {
			var n int
			w.ok(w.db.Get(ctx, &n, `SELECT COUNT(*) FROM redirect_connectors WHERE last_ok IS NOT NULL`))
			return n == 1
		})
		_, err := w.r.CreateEntry(db.DryRun(ctx), admin(w.a), w.a.ID, redirect.NewEntry{MAC: "001565000001", UniqueURL: "https://a.example/"})
		w.ok(err)
		w.ok(w.db.Tx(ctx, func(ctx context.Context, _ *db.Tx) error {
			if _, err := w.r.CreateEntry(ctx, admin(w.a), w.a.ID, redirect.NewEntry{MAC: "001565000002", UniqueURL: "https://a.example/"}); err != nil {
				return err
			}
			if n := c.count("POST"); n != 0 {
				t.Errorf("%d calls", n)
			}
			return nil
		}))
		w.eventually("told after the commit", func() bool { return len(c.device("001565000002")) > 0 })
		if len(c.device("001565000001")) != 0 {
			t.Error("a dry run was told")
		}
	})
}
