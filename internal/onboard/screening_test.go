package onboard_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"linecard/internal/db"
	"linecard/internal/errs"
	"linecard/internal/onboard"
	"linecard/internal/tenant"
)

func testList(tb testing.TB) *os.File {
	tb.Helper()
	f, err := os.Open("testdata/csl.csv")
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

// WS-44: the public list's columns.
func TestTheColumnsOfTheConsolidatedListAreRead(t *testing.T) {
	all, err := onboard.ReadList(testList(t))
	if err != nil || len(all) != 10 {
		t.Fatal(len(all), err)
	}
	if e := all[3]; e.Number != "1004" || len(e.AltNames) != 2 || e.Countries[0] != "UA" || len(e.Emails) != 1 || e.Type != "Individual" {
		t.Errorf("read as %+v", e)
	}
	if e := all[2]; len(e.Addresses) != 2 || len(e.Countries) != 2 {
		t.Errorf("read as %+v", e)
	}
	if all[8].Number != "a9" {
		t.Errorf("without a number the id counts: %+v", all[8])
	}
	for text, want := range map[string]string{"": "list_header", "a,b\n1,2\n": "list_header", "name,source\n": "list_empty", "name,source\n\"x": "list_malformed"} {
		if _, err := onboard.ReadList(strings.NewReader(text)); errs.CodeOf(err) != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// matches is the test set of names, written for this: those that a person would want to see, and those that only look like it.
var matches = []struct {
	name, country string
	hit           string // number of the party; "": none
}{
	// true ones
	{"EVIL CORP.", "DE", "1001"}, {"Evil Corporation", "DE", "1001"}, {"evil  corp", "", "1001"}, {"Évil Corp", "DE", "1001"}, {"The Evil Corp GmbH", "DE", "1001"}, {"EvilCorp", "DE", "1001"},
	{"Rostov Heavy Machinery Plant", "RU", "1002"}, {"OAO Rostov Heavy Machinery Plant", "RU", "1002"}, {"Rostow Heavy Machinery Plant", "RU", "1002"}, {"Rostov Heavy Machinary Plant JSC", "RU", "1002"},
	{"Ростовский завод тяжелого машиностроения", "RU", "1002"}, {"Plant Rostov Heavy Machinery", "RU", "1002"}, {"Rostov Heavy Machinery Plant", "DE", "1002"}, {"RHMP", "RU", "1002"},
	{"Zhongshan Optical Electronics Technology", "CN", "1003"}, {"Zhongshan Optical Electronic Technology Co Ltd", "CN", "1003"}, {"ZHONGSHAN OPTICAL-ELECTRONICS TECHNOLOGY COMPANY LIMITED", "HK", "1003"}, {"Zhongshan Guangdian", "CN", "1003"},
	{"Viktor Petrovich Kovalenko", "UA", "1004"}, {"Viktor Kowalenko", "UA", "1004"}, {"Kovalenko Viktor Petrovich", "UA", "1004"}, {"Victor Petrovich Kovalenko", "UA", "1004"},
	{"Societe Generale de Navigation Maritime d'Orient", "FR", "1005"}, {"Société Générale de Navigation Maritime d’Orient S.A.", "FR", "1005"},
	{"Al Noor Trading and Shipping", "AE", "1006"}, {"Al-Noor Trading + Shipping FZE", "AE", "1006"}, {"Alnoor Trading & Shiping", "AE", "1006"},
	{"Black Fjord Energy", "NO", "1007"}, {"Black Fiord Energy AS", "NO", "1007"}, {"BlackFjord Energy", "NO", "1007"},
	{"Global Industrial Trading Co.", "IR", "1008"}, {"Horizon Aerospace Components", "AT", "a9"}, {"Horizon Aerospace Component GmbH", "AT", "a9"}, {"Ocean Phantom", "PA", "1010"},
	// false ones
	{"Acme Ltd", "DE", ""}, {"Civil Corp", "DE", ""}, {"Devil Corp", "DE", ""}, {"Evita Corp", "DE", ""}, {"Evil Geniuses Gaming", "DE", ""}, {"Corporation", "DE", ""},
	{"Rostov Bakery", "RU", ""}, {"Heavy Machinery Rental", "RU", ""}, {"Minsk Heavy Machinery Plant", "BY", ""}, {"Zhongshan Furniture Technology", "CN", ""}, {"Optical Electronics", "CN", ""},
	{"Shenzhen Optical Electronics Technology", "CN", ""}, {"Viktor Petrov", "UA", ""}, {"Kovalenko Bakery", "UA", ""}, {"Victoria Kovalchuk", "UA", ""},
	{"Société Générale", "FR", ""}, {"Navigation Maritime de Bretagne", "FR", ""}, {"Al Noor Restaurant", "AE", ""}, {"Noor Shipping", "AE", ""}, {"Alnoor Trading", "AE", ""},
	{"Black Forest Energy", "NO", ""}, {"Blue Fjord Energy", "NO", ""}, {"Fjord Line", "NO", ""}, {"Global Industrial Supplies", "IR", ""}, {"Industrial Trading House", "DE", ""},
	{"Horizon Travel", "AT", ""}, {"New Horizon Components", "AT", ""}, {"Aerospace Components", "AT", ""}, {"Ocean Breeze", "PA", ""}, {"Phantom Films", "PA", ""}, {"Harbour Dental Group", "GB", ""},
	{"青禾教育科技有限公司", "CN", ""}, {"Kestrel & Rowe Solicitors", "GB", ""}, {"Meridian Logistics", "DE", ""},
}

// WS-44: exact and fuzzy, with a threshold that keeps both sets apart.
func TestNamesThatMeanAPartyAreFoundAndThoseThatOnlyLookLikeItAreNot(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		_, err := w.svc.LoadList(w.ctx, w.officer(), "Consolidated", testList(t))
		w.OK(err)
		wrong := 0
		for _, m := range matches {
			hits, err := w.svc.Search(w.ctx, w.officer(), onboard.Subject{Name: m.name, Address: onboard.Address{Country: m.country}})
			w.OK(err)
			got := ""
			if len(hits) > 0 {
				got = hits[0].Number
			}
			if got != m.hit {
				wrong++
				t.Errorf("%q in %s: found %+v, want %q", m.name, m.country, hits, m.hit)
			}
		}
		t.Logf("%d of %d names judged wrongly", wrong, len(matches))
		hits, err := w.svc.Search(w.ctx, w.officer(), onboard.Subject{Name: "Nobody", Email: "V.Kovalenko@badmail.example"})
		w.OK(err)
		if len(hits) != 1 || hits[0].On != "email" {
			t.Errorf("by e-mail %+v", hits)
		}
		hits, err = w.svc.Search(w.ctx, w.officer(), onboard.Subject{Name: "Nobody", Address: onboard.Address{Line1: "12, Harm Street", City: "Badstadt", PostalCode: "10999", Country: "DE"}})
		w.OK(err)
		if len(hits) != 1 || hits[0].On != "address" {
			t.Errorf("by address %+v", hits)
		}
	})
}

func (w *offer) pendingCustomer() onboard.Customer {
	w.t.Helper()
	_, err := w.svc.LoadList(w.ctx, w.officer(), "Consolidated", testList(w.t))
	w.OK(err)
	c := w.provision(w.request("EVIL CORP."))
	w.drain()
	return w.get(c.ID)
}

// WS-44, WS-45, WS-47
func TestACustomerOnAListWaitsWithoutServiceUntilTheListIsClear(t *testing.T) {
	eachOffer(t, func(t *testing.T, w *offer) {
		c := w.pendingCustomer()
		if c.Status != onboard.StatusReview || c.Compliance != tenant.ScreeningPending || len(c.Hits.V) != 0 {
			t.Fatalf("the partner sees %s %s %+v", c.Status, c.Compliance, c.Hits.V)
		}
		if n := w.count(`catalog_customer_packages WHERE customer_id = $1`, c.ID); n != 0 {
			t.Errorf("%d packages while pending", n)
		}
		if n := w.count(`usage_spans WHERE customer_id = $1`, c.ID); n != 0 {
			t.Errorf("%d spans of usage while pending", n)
		}
		_, err := w.subs.CreateUser(w.ctx, w.both(w.P), c.ID, userOf())
		code(t, err, "screening_pending")
		_, err = w.svc.Update(w.ctx, w.both(w.P), c.ID, onboard.Change{})
		code(t, err, "customer_pending")
		_, err = w.svc.Case(w.ctx, w.both(w.P), c.ID)
		if errs.KindOf(err) != errs.NotFound && errs.KindOf(err) != errs.Forbidden {
			t.Errorf("the partner reads the case: %v", err)
		}
		found, _, err := w.svc.Cases(w.ctx, w.officer(), onboard.CaseQuery{})
		w.OK(err)
		if len(found) != 1 || len(found[0].Hits.V) != 1 || found[0].Hits.V[0].Name != "Evil Corp" || len(found[0].Lists.V) != 1 {
			t.Fatalf("the compliance team sees %+v", found)
		}
		w.Clock.Advance(time.Hour + time.Minute)
		w.drain()
		if again, _ := w.svc.Case(w.ctx, w.officer(), c.ID); again.Checks < 2 || !again.Checked.After(c.Checked.Time) {
			t.Errorf("looked at %d times", again.Checks)
		}
		all, _, err := w.svc.Lists(w.ctx, w.officer(), db.Page{})
		w.OK(err)
		w.OK(w.svc.RemoveList(w.ctx, w.officer(), all[0].ID))
		w.drain()
		if c = w.get(c.ID); c.Status != onboard.StatusProvisioned || c.Compliance != tenant.ScreeningClear {
			t.Fatalf("afterwards %s %s %+v", c.Status, c.Compliance, c.Faults)
		}
	})
}

// WS-46: 71:59 h → pending, 72:01 h → escalated and the looking ends; then a person decides.
func TestAfter72HoursTheComplianceTeamDecides(t *testing.T) {
	for name, approve := range map[string]bool{"approved": true, "denied": false} {
		t.Run(name, func(t *testing.T) { eachOffer(t, func(t *testing.T, w *offer) { decided(t, w, approve) }) })
	}
}

func decided(t *testing.T, w *offer, approve bool) {
	t.Helper()
	c := w.pendingCustomer()
	w.Clock.Advance(72*time.Hour - time.Minute)
	w.drain()
	if c = w.get(c.ID); c.Compliance != tenant.ScreeningPending {
		t.Fatalf("after 71:59 it is %s", c.Compliance)
	}
	w.Clock.Advance(2 * time.Minute)
	w.drain()
	if c = w.get(c.ID); c.Compliance != tenant.ScreeningEscalated || c.Status != onboard.StatusReview {
		t.Fatalf("after 72:01 it is %s %s", c.Compliance, c.Status)
	}
	all, _, err := w.svc.Lists(w.ctx, w.officer(), db.Page{})
	w.OK(err)
	w.OK(w.svc.RemoveList(w.ctx, w.officer(), all[0].ID))
	w.Clock.Advance(2 * time.Hour)
	w.drain()
	if c = w.get(c.ID); c.Compliance != tenant.ScreeningEscalated {
		t.Fatalf("the looking did not end: %s", c.Compliance)
	}
	_, err = w.svc.Decide(w.ctx, w.both(w.P), c.ID, onboard.Decision{Approve: true, Reason: "us"})
	if errs.KindOf(err) != errs.Forbidden && errs.KindOf(err) != errs.NotFound {
		t.Errorf("the partner decides: %v", err)
	}
	_, err = w.svc.Decide(w.ctx, w.officer(), c.ID, onboard.Decision{Approve: approve})
	code(t, err, "reason")
	_, err = w.svc.Decide(w.ctx, w.officer(), c.ID, onboard.Decision{Approve: approve, Reason: "Checked the register."})
	w.OK(err)
	w.drain()
	c = w.get(c.ID)
	kept, err := w.svc.Case(w.ctx, w.officer(), c.ID)
	w.OK(err)
	if kept.Reason != "Checked the register." || kept.DecidedBy != "Olga" || len(kept.Lists.V) != 1 || kept.Lists.V[0] != all[0].ID {
		t.Errorf("the decision is kept as %+v", kept)
	}
	if approve && (c.Status != onboard.StatusProvisioned || c.Compliance != tenant.ScreeningApproved) {
		t.Errorf("approved: %s %s %+v", c.Status, c.Compliance, c.Faults)
	}
	if !approve {
		if c.Status != onboard.StatusError || c.Faults[0].Code != "compliance_denied" || w.count(`catalog_customer_packages WHERE customer_id = $1`, c.ID) != 0 {
			t.Errorf("denied: %s %+v", c.Status, c.Faults)
		}
		_, err = w.svc.Retry(w.ctx, w.both(w.P), c.ID, 0)
		code(t, err, "compliance_denied")
	}
	_, err = w.svc.Decide(w.ctx, w.officer(), c.ID, onboard.Decision{Approve: true, Reason: "again"})
	code(t, err, "nothing_to_decide")
}
