package redirect_test

import (
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
)

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
