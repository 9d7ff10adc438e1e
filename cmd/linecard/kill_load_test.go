package main

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// offer is a customer to whom subscribers are sold and whose phone sends logs, and what was acknowledged to both.
type offer struct {
	customer, device, host, mac, user, password string

	mu    sync.Mutex
	sold  map[string]string // e-mail → id
	lines []string          // of the phone's log
}

// newOffer sells a package to a customer that has a phone.
func newOffer(t *testing.T, c *caller, partner string) *offer {
	t.Helper()
	o := &offer{sold: map[string]string{}, mac: "64167f0a0b0c", user: "phones", password: "a-long-phone-password-1"}
	made := c.must(t, "POST", "/api/v1/customers", map[string]any{"name": "Buyer", "email": "buyer@kill.example", "contact": "B", "owner_id": partner, "permission_types": []string{"DMP"}})
	o.customer, o.host = made.text("id"), made.text("host")
	at := "/api/v1/partners/" + partner + "/subscription"
	c.must(t, "POST", at, map[string]any{"currency": "EUR", "items": []string{"calling"}})
	c.must(t, "POST", at+"/activate", nil)
	home := "/api/v1/customers/" + o.customer
	c.must(t, "PUT", home+"/packages", map[string]any{"items": []any{map[string]any{"code": "calling"}}})
	c.must(t, "POST", home+"/locations", map[string]any{"name": "HQ", "time_zone": "Europe/Berlin", "language": "de_DE",
		"address": map[string]any{"line1": "Linden 1", "city": "Berlin", "postal_code": "10117", "country": "DE"}})
	o.device = c.must(t, "POST", home+"/devices", map[string]any{"mac": o.mac, "model": "VVX450", "maker": "poly"}).text("id")
	c.must(t, "PATCH", home+"/provisioning", map[string]any{"account": map[string]any{"user": o.user, "password": o.password}})
	return o
}

// sell makes users, and so lines and metering, until the server is gone.
func (o *offer) sell(ctx context.Context, c *caller, round int) {
	for i := 0; ctx.Err() == nil; i++ {
		email := fmt.Sprintf("r%dn%d@kill.example", round, i)
		in := map[string]any{"email": email, "first_name": "R", "last_name": fmt.Sprint(round), "package": "calling", "extension": fmt.Sprint(100000 + round*500 + i%500)}
		a, err := c.do(ctx, "POST", "/api/v1/customers/"+o.customer+"/users", in, "Idempotency-Key", "sell-"+email)
		if err == nil && a.status == http.StatusCreated {
			o.mu.Lock()
			o.sold[email] = a.text("id")
			o.mu.Unlock()
		}
	}
}

// upload lets the phone append lines to its log until the server is gone.
func (o *offer) upload(ctx context.Context, phones string, client *http.Client, round int) {
	for i := 0; ctx.Err() == nil; i++ {
		line := fmt.Sprintf("round %d line %d.", round, i)
		req, err := http.NewRequestWithContext(ctx, "PUT", phones+"/p/"+o.host+"/"+o.mac+"-app.log", strings.NewReader(line+"\n"))
		if err != nil {
			return
		}
		req.SetBasicAuth(o.user, o.password)
		req.Header.Set("User-Agent", "FileTransport PolycomVVX-VVX_450-UA/6.4.0.12345 (SN:"+o.mac+") Type/Application")
		res, err := client.Do(req)
		if err != nil {
			continue
		}
		res.Body.Close()
		if res.StatusCode < 300 {
			o.mu.Lock()
			o.lines = append(o.lines, line)
			o.mu.Unlock()
		}
	}
}

// check finds each acknowledged user once, counted and metered as often as it exists, and each acknowledged line in the kept logs.
func (o *offer) check(t *testing.T, c *caller) {
	t.Helper()
	there := map[string]string{}
	each(t, c, "/api/v1/customers/"+o.customer+"/users?", "cursor", func(u map[string]any) {
		email := fmt.Sprint(u["email"])
		if there[email] != "" {
			t.Errorf("%s is there twice", email)
		}
		there[email] = fmt.Sprint(u["id"])
	})
	for email, id := range o.sold {
		if there[email] != id {
			t.Errorf("%s was sold as %s; now it is %q", email, id, there[email])
		}
	}
	packages, _ := c.must(t, "GET", "/api/v1/customers/"+o.customer+"/packages", nil).body["items"].([]any)
	if len(packages) != 1 || packages[0].(map[string]any)["used"] != float64(len(there)) {
		t.Errorf("%d users are counted as %v", len(there), packages)
	}
	var logs strings.Builder
	at := "/api/v1/customers/" + o.customer + "/devices/" + o.device + "/logs"
	list, _ := c.must(t, "GET", at, nil).body["items"].([]any)
	for _, l := range list {
		logs.WriteString(c.must(t, "GET", at+"/"+fmt.Sprint(l.(map[string]any)["id"]), nil).raw)
	}
	kept := logs.String()
	for _, line := range o.lines {
		if !strings.Contains(kept, line) {
			t.Errorf("the phone was told that %q is kept; it is not", line)
		}
	}
	t.Logf("%d users sold, %d lines of logs kept", len(o.sold), len(o.lines))
}
