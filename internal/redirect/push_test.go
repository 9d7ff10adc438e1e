package redirect_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
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

func connectorPatch(endpoint, key, word string) redirect.ConnectorPatch {
	name, hidden := "Cloud", secret.Hide(word)
	return redirect.ConnectorPatch{Name: &name, Endpoint: &endpoint, KeyID: &key, Secret: &hidden, Settings: &redirect.ConnectorSettings{PerSecond: 1000, PageSize: 3, BatchSize: 5, PauseS: 1}}
}

// cloud is Yealink's open API V4X as the facts and clients that were tried against the live service describe it. It checks all
// that it gets and writes down what is wrong.
type cloud struct {
	*httptest.Server
	mu      sync.Mutex
	now     func() time.Time
	key     string
	word    string
	bySN    bool // phones are taken only with their serial number
	tokens  int
	expired bool            // the next call finds its token expired
	busy    int             // so many calls are answered 429
	down    bool            // 500
	foreign map[string]bool // MACs of other organisations
	invalid map[string]bool // MACs that it does not take
	nonces  map[string]bool
	servers map[string]map[string]string
	devices map[string]map[string]string
	calls   []string
	faults  []string
}

func newCloud(t *testing.T, now func() time.Time) *cloud {
	c := &cloud{now: now, key: "AK-1", word: "s3cret-Key", foreign: map[string]bool{}, invalid: map[string]bool{}, nonces: map[string]bool{}, servers: map[string]map[string]string{},
		devices: map[string]map[string]string{}}
	c.Server = httptest.NewServer(c)
	t.Cleanup(func() {
		c.Close()
		for _, f := range c.faults {
			t.Error("the cloud says: " + f)
		}
	})
	return c
}

func (c *cloud) wrong(format string, a ...any) {
	c.faults = append(c.faults, fmt.Sprintf(format, a...))
}

var nonceForm = regexp.MustCompile(`^[0-9a-z]{1,32}$`)

func (c *cloud) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	c.calls = append(c.calls, r.Method+" "+r.URL.Path)
	answer := func(status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(v)
	}
	refuse := func(status int, code, message string) {
		answer(status, map[string]any{"code": code, "requestId": "r", "message": message, "details": []any{}})
	}
	// Headers of every call.
	if n := r.Header.Get("nonce"); !nonceForm.MatchString(n) || c.nonces[n] {
		c.wrong("nonce %q", n)
		refuse(403, "500403", "Replayed nonce")
		return
	} else {
		c.nonces[n] = true
	}
	if ms, err := strconv.ParseInt(r.Header.Get("timestamp"), 10, 64); err != nil || time.UnixMilli(ms).Sub(c.now()).Abs() > time.Minute {
		c.wrong("timestamp %q", r.Header.Get("timestamp"))
	}
	if r.Method == http.MethodPost && len(body) == 0 {
		c.wrong("%s without a body", r.URL.Path)
		refuse(412, "900444", "Body missing")
		return
	}
	if len(body) > 0 && r.Header.Get("Content-Type") != "application/json" {
		c.wrong("content type %q", r.Header.Get("Content-Type"))
	}
	if c.down {
		w.WriteHeader(500)
		return
	}
	if c.busy > 0 {
		c.busy--
		w.Header().Set("Retry-After", "2")
		refuse(429, "900429", "Too many requests")
		return
	}
	if r.URL.Path == "/v2/token" {
		user, word, _ := r.BasicAuth()
		if string(body) != `{"grant_type":"client_credentials"}` {
			c.wrong("token body %s", body)
		}
		if user != c.key || word != c.word {
			refuse(401, "900401", "Wrong key "+word)
			return
		}
		c.tokens++
		answer(200, map[string]any{"access_token": "T" + strconv.Itoa(c.tokens), "token_type": "bearer", "expires_in": 3600})
		return
	}
	if c.expired || r.Header.Get("Authorization") != "Bearer T"+strconv.Itoa(c.tokens) {
		c.expired = false
		refuse(401, "900401", "Not logged in")
		return
	}
	c.route(r, body, answer, refuse)
}

func (c *cloud) route(r *http.Request, body []byte, answer func(int, any), refuse func(int, string, string)) {
	path, id := r.URL.Path, r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch {
	case path == "/v2/rps/addDevices" || path == "/v2/rps/addDevicesByMac":
		var list []map[string]string
		if err := json.Unmarshal(body, &list); err != nil || len(list) == 0 || len(list) > 100 {
			c.wrong("%s %s", path, body)
			refuse(412, "900444", "Body missing")
			return
		}
		if strings.HasSuffix(path, "ByMac") && c.bySN {
			refuse(403, "900403", "This request is forbidden")
			return
		}
		var errors []map[string]string
		for _, d := range list {
			m := d["mac"]
			c.known(d, "mac", "sn", "serverId", "uniqueServerUrl", "authName", "password", "remark")
			if strings.HasSuffix(path, "addDevices") == (d["sn"] == "") {
				c.wrong("%s with serial %q", path, d["sn"])
			}
			switch {
			case c.foreign[m]:
				errors = append(errors, map[string]string{"mac": m, "errorInfo": "Device is managed by another enterprise", "code": "800004"})
			case c.invalid[m]:
				errors = append(errors, map[string]string{"mac": m, "errorInfo": "Unsupported model <b>"})
			case c.devices[m] != nil:
				errors = append(errors, map[string]string{"mac": m, "errorInfo": "Resource already exists"})
			default:
				c.put(m, d)
			}
		}
		answer(200, map[string]any{"total": len(list), "successCount": len(list) - len(errors), "failureCount": len(errors), "errors": errors})
	case path == "/v2/rps/delDevices":
		var in struct {
			DeviceIDType string   `json:"deviceIdType"`
			DeviceIDs    []string `json:"deviceIds"`
		}
		if err := json.Unmarshal(body, &in); err != nil || in.DeviceIDType != "mac" {
			c.wrong("%s %s", path, body)
		}
		var errors []map[string]string
		for _, m := range in.DeviceIDs {
			if c.devices[m] == nil {
				errors = append(errors, map[string]string{"field": m, "msg": "not found"})
			}
			delete(c.devices, m)
		}
		answer(200, map[string]any{"total": len(in.DeviceIDs), "failureCount": len(errors), "errors": errors})
	case path == "/v2/rps/listDevices":
		var in struct {
			Skip, Limit int
			AutoCount   bool
			Filter      struct{ MAC string }
		}
		if err := json.Unmarshal(body, &in); err != nil || in.Limit < 1 || in.Limit > 100 {
			c.wrong("%s %s", path, body)
		}
		var all []string
		for m := range c.devices {
			if strings.Contains(m, in.Filter.MAC) {
				all = append(all, m)
			}
		}
		slices.Sort(all)
		data := []any{}
		for _, m := range all[min(in.Skip, len(all)):min(in.Skip+in.Limit, len(all))] {
			d := c.devices[m]
			row := map[string]any{"id": d["id"], "mac": m, "serverId": nil}
			if d["serverId"] != "" {
				row["serverId"] = d["serverId"]
			}
			data = append(data, row)
		}
		answer(200, map[string]any{"skip": in.Skip, "limit": in.Limit, "total": len(all), "data": data})
	case strings.HasPrefix(path, "/v2/rps/devices/"):
		for m, d := range c.devices {
			if d["id"] != id {
				continue
			}
			if r.Method == http.MethodGet {
				answer(200, d)
				return
			}
			var in map[string]string
			if err := json.Unmarshal(body, &in); err != nil || r.Method != http.MethodPatch {
				c.wrong("%s %s", r.Method, body)
			}
			c.known(in, "sn", "serverId", "uniqueServerUrl", "authName", "password", "remark")
			for k, v := range in {
				d[k] = v
			}
			c.put(m, d)
			answer(200, map[string]any{})
			return
		}
		refuse(400, "900400", "Unknown id")
	case path == "/v2/rps/listServers":
		data := []any{}
		for id, v := range c.servers {
			data = append(data, map[string]any{"id": id, "serverName": v["serverName"]})
		}
		answer(200, map[string]any{"total": len(data), "data": data})
	case path == "/v2/rps/servers" || strings.HasPrefix(path, "/v2/rps/servers/"):
		var in map[string]string
		if err := json.Unmarshal(body, &in); err != nil || in["serverName"] == "" || len(in["serverName"]) > 20 || in["url"] == "" || len(in["url"]) > 512 || len(in["password"]) > 32 {
			c.wrong("%s %s", path, body)
		}
		c.known(in, "serverName", "url", "authName", "password", "certificateUrl")
		if r.Method == http.MethodPost {
			for _, v := range c.servers {
				if v["serverName"] == in["serverName"] {
					c.wrong("server %s twice", in["serverName"])
				}
			}
			id = "s" + strconv.Itoa(len(c.servers)+1)
		} else if c.servers[id] == nil {
			refuse(400, "900400", "Unknown id")
			return
		}
		c.servers[id] = in
		answer(200, map[string]any{"id": id})
	default:
		c.wrong("unknown call %s %s", r.Method, path)
		refuse(404, "404", "")
	}
}

func (c *cloud) known(in map[string]string, names ...string) {
	for k := range in {
		if !slices.Contains(names, k) {
			c.wrong("unknown field %s", k)
		}
	}
}

func (c *cloud) put(m string, d map[string]string) {
	if id := d["serverId"]; id != "" && c.servers[id] == nil {
		c.wrong("unknown server %s", id)
	}
	if len(d["uniqueServerUrl"]) > 256 {
		c.wrong("long URL")
	}
	if d["id"] == "" {
		d["id"] = "d-" + m
	}
	d["mac"] = m
	c.devices[m] = d
}

func (c *cloud) device(m string) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := map[string]string{}
	for k, v := range c.devices[m] {
		out[k] = v
	}
	return out
}

func (c *cloud) server(id string) map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.servers[id]
}

func (c *cloud) set(f func()) { c.mu.Lock(); defer c.mu.Unlock(); f() }

func (c *cloud) count(call string) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, x := range c.calls {
		if strings.HasPrefix(x, call) {
			n++
		}
	}
	return n
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
