package main

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"linecard/internal/db/dbtest"
)

// TestTwoNodesOnOnePostgreSQLWorkAsOne starts two real processes: what is written on one is read on the other, a phone gets
// the same bytes from both, work that one node had moves to the other within ten seconds after it was killed.
func TestTwoNodesOnOnePostgreSQLWorkAsOne(t *testing.T) {
	first := newSite(t, dbtest.MigratedPostgresURL(t))
	second := first.beside(t)
	operator := first.bootstrap(t)
	a, b := first.serve(t), second.serve(t)
	other := &caller{base: b.portal, token: operator.token, http: http.Client{Timeout: 10 * time.Second}}

	partner := operator.must(t, "POST", "/api/v1/partners", map[string]any{"name": "Two Nodes", "email": "two@nodes.example", "contact": "T"}).text("id")
	customer := other.must(t, "POST", "/api/v1/customers", map[string]any{"owner_id": partner, "name": "Harbour", "email": "h@nodes.example", "contact": "H", "permission_types": []string{"DMP"}})
	id, host := customer.text("id"), customer.text("host")
	operator.must(t, "PATCH", "/api/v1/customers/"+id+"/provisioning", map[string]any{"account": map[string]any{"user": "phones", "password": "correct-horse-battery"}})
	other.must(t, "POST", "/api/v1/customers/"+id+"/devices", map[string]any{"mac": "64:16:7f:0a:0b:0c", "maker": "poly", "name": "Reception"})

	phone := first.phoneClient(t)
	var bodies [2]string
	for i, n := range []*node{a, b} {
		bodies[i] = masterFile(t, phone, n.phones, host, "phones", "correct-horse-battery")
	}
	if bodies[0] == "" || bodies[0] != bodies[1] {
		t.Errorf("the nodes serve different files:\n%s\n%s", bodies[0], bodies[1])
	}
	// A change on one node reaches the phone through the other at its next request.
	operator.must(t, "PATCH", "/api/v1/customers/"+id+"/provisioning", map[string]any{"account": map[string]any{"user": "phones", "password": "another-horse-battery"}})
	if masterFile(t, phone, b.phones, host, "phones", "another-horse-battery") == "" {
		t.Error("the other node does not know the new password")
	}

	a.kill()
	killedAt := time.Now()
	seen := events(t, other)
	other.must(t, "PATCH", "/api/v1/customers/"+id, map[string]any{"contact": "after the kill"})
	dbtest.Eventually(t, "the surviving node sequences events", func() bool { return events(t, other) > seen })
	if took := time.Since(killedAt); took > 10*time.Second {
		t.Errorf("work moved only after %v", took)
	}
	if code := b.stop(); code != 0 {
		t.Errorf("an orderly stop ended with %d:\n%s", code, b.log.String())
	}
}

// events counts the events that can be read.
func events(t *testing.T, c *caller) int {
	n, cursor := 0, ""
	for {
		page := c.must(t, "GET", "/api/v1/events?limit=1000&after="+cursor, nil)
		items, _ := page.body["items"].([]any)
		if len(items) == 0 {
			return n
		}
		n += len(items)
		cursor, _ = page.body["next"].(string)
		if cursor == "" {
			return n
		}
	}
}

// masterFile fetches the first file of a Poly phone as it would be fetched; "" when it is refused.
func masterFile(t *testing.T, c *http.Client, phones, host, user, password string) string {
	t.Helper()
	req, err := http.NewRequest("GET", fmt.Sprintf("%s/p/%s/64167f0a0b0c.cfg", phones, host), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("User-Agent", "FileTransport PolycomVVX-VVX_411-UA/6.4.7.4560 (SN:64167f0a0b0c) Type/Application")
	req.SetBasicAuth(user, password)
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusOK {
		return ""
	}
	return string(b)
}
