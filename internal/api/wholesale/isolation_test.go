package wholesale_test

import (
	"cmp"
	"net/url"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/catalog/catalogtest"
	"linecard/internal/tenant"
)

// mine is what a provider has that others may not reach.
type mine struct{ org, customer, subscriber, report, template string }

func (w *world) stock(t tenant.Tenant, day string) (mine, string) {
	w.t.Helper()
	token := w.full(t)
	m := mine{org: urn("ORGANIZATION", t.ID), template: w.template(t)}
	m.customer = w.provisioned(token, m.template, "")
	m.subscriber = w.post(token, "/wholesale/subscribers", person(m.customer, "100")).status(200).object()["id"].(string)
	m.report = w.post(token, "/wholesale/billing/reports", body{"billingStartDate": day, "billingEndDate": day}).status(200).object()["id"].(string)
	w.drain()
	return m, token
}

// calls are the eighteen operations at somebody's objects, in the order in which they take away least.
func calls(w *world, m mine, on string) []request {
	q := func(path string, more ...string) string {
		v := url.Values{}
		if on != "" {
			v.Set("onBehalfOfSubPartnerOrgId", on)
		}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		if len(v) == 0 {
			return path
		}
		return path + "?" + v.Encode()
	}
	c, s, r := "/wholesale/customers/"+m.customer, "/wholesale/subscribers/"+m.subscriber, "/wholesale/billing/reports/"+m.report
	check := body{"customerId": m.customer, "email": mail(), "packages": []string{"webex_meetings"}, "provisioningParameters": body{"firstName": "A", "lastName": "B"}}
	return []request{
		{method: "GET", path: c + strings.TrimPrefix(q(c), c)},
		{method: "GET", path: q("/wholesale/customers", "orgId", m.customer)},
		{method: "GET", path: q(s)},
		{method: "GET", path: q("/wholesale/subscribers", "customerId", m.customer)},
		{method: "GET", path: r},
		{method: "GET", path: "/wholesale/billing/reports"},
		{method: "GET", path: "/wholesale/subPartners"},
		{method: "POST", path: q("/wholesale/subscribers/validate"), body: check},
		{method: "POST", path: q("/wholesale/customers/validate"), body: customer(m.template, "v"+serial())},
		{method: "PUT", path: q(s), body: body{"packages": []string{"webex_calling"}}},
		{method: "POST", path: q("/wholesale/subscribers"), body: check},
		{method: "PUT", path: q(c), body: body{"packages": []string{"webex_calling", "webex_meetings"}}},
		{method: "POST", path: q("/subscribers/" + m.subscriber + "/emails/consentMove")},
		{method: "POST", path: q("/wholesale/customers"), body: customer(m.template, "c"+serial())},
		{method: "POST", path: "/wholesale/billing/reports", body: body{"billingStartDate": "2024-05-02", "billingEndDate": "2024-05-02", "subPartnerOrgId": m.org}},
		{method: "DELETE", path: q(s)},
		{method: "DELETE", path: q(c)},
		{method: "DELETE", path: r},
	}
}

// TestNobodyReachesWhatIsNotTheirs walks the eighteen operations over the objects of the actor, a sibling, a child, the parent, and ones
// that do not exist: what is foreign answers, to the letter, like what is unknown (WS-76, WS-82, spec 4.3).
func TestNobodyReachesWhatIsNotTheirs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.Clock.Set(time.Date(2024, 6, 15, 9, 0, 0, 0, time.UTC))
		p, asP := w.stock(w.P, "2024-05-01")
		q, asQ := w.stock(w.Q, "2024-05-01")
		s, asS := w.stock(w.S, "2024-05-03")
		const nil1, nil2, nil3, nil4 = "01900000-0000-7000-8000-000000000001", "01900000-0000-7000-8000-000000000002", "01900000-0000-7000-8000-000000000003", "01900000-0000-7000-8000-000000000004"
		none := mine{org: urn("ORGANIZATION", nil4), customer: urn("ENTERPRISE", nil1), subscriber: urn("SUBSCRIBER", nil2), report: urn("BILLING_REPORT", nil3), template: "no-such-template"}
		full := w.rows()
		one := w.token(w.P, nil, access.PartnerFullAdmin) // cannot look into sub-partners (WS-83)
		for _, x := range []struct {
			name, token string
			foreign     mine
		}{
			{"a partner at another one's", asP, q}, {"another partner at the first one's", asQ, p}, {"a partner at the sub-partner's of another one", asQ, s},
			{"a sub-partner at its parent's", asS, p}, {"a sub-partner at another partner's", asS, q}, {"a partner's administrator with one role at a sub-partner's", one, s},
		} {
			foreign, unknown := calls(w, x.foreign, ""), calls(w, none, "")
			for i := range foreign {
				foreign[i].token, unknown[i].token = x.token, x.token
				if foreign[i].path == unknown[i].path && foreign[i].body == nil {
					continue // lists of one's own
				}
				if x.token == one && strings.HasSuffix(foreign[i].path, "/billing/reports") {
					continue // reports of sub-partners are for a partner's billing people too (WS-68, WS-91)
				}
				got, want := w.do(foreign[i]), w.do(unknown[i])
				if got.Code != want.Code || same(got, x.foreign) != same(want, none) {
					t.Errorf("%s: %s %s answers\n%d %s, of an unknown one\n%d %s", x.name, foreign[i].method, foreign[i].path, got.Code, got.Body, want.Code, want.Body)
				}
				if got.Code < 300 && foreign[i].method != "GET" {
					t.Errorf("%s: %s %s is %d", x.name, foreign[i].method, foreign[i].path, got.Code)
				}
				if got.Code == 200 && strings.Contains(got.Body.String(), x.foreign.customer) {
					t.Errorf("%s: %s %s shows %s", x.name, foreign[i].method, foreign[i].path, got.Body)
				}
			}
		}
		if got := w.rows(); got != full {
			t.Errorf("there were %s and are %s", full, got)
		}
		// On behalf of somebody who is no sub-partner of the actor, everything is unknown; a sub-partner may not use the word at all.
		for _, x := range []struct {
			token, on string
			want      int
		}{{asQ, s.org, 404}, {asP, q.org, 404}, {asP, p.org, 404}, {asP, none.org, 404}, {one, s.org, 404}, {asS, s.org, 403}, {asS, p.org, 403}, {asP, "x", 404}} {
			for _, in := range calls(w, s, x.on) {
				if in.token = x.token; strings.Contains(in.path, "onBehalf") && w.do(in).Code != x.want {
					t.Errorf("%s %s is %d, want %d", in.method, in.path, w.do(in).Code, x.want)
				}
			}
		}
		// A parent reaches a sub-partner's things: with the parameter, and what it has the id of also without.
		for _, on := range []string{s.org, ""} {
			for _, in := range calls(w, s, on)[:4] {
				if in.token = asP; w.do(in).Code != 200 {
					t.Errorf("%s %s is %d", in.method, in.path, w.do(in).Code)
				}
			}
		}
		if got := w.get(asP, "/wholesale/customers").items(); len(got) != 1 || got[0]["id"] != p.customer {
			t.Errorf("a partner's own list holds %v", got) // WS-87
		}
		if got := w.get(asP, "/wholesale/subscribers").items(); len(got) != 1 || got[0]["id"] != p.subscriber {
			t.Errorf("a partner's own list holds %v", got)
		}
		// The parameter of one sub-partner does not lead to what belongs to somebody else.
		for _, in := range calls(w, p, s.org) {
			if in.token = asP; strings.Contains(in.path, p.customer) && !strings.Contains(in.path, "orgId=") && !strings.Contains(in.path, "customerId=") || strings.Contains(in.path, p.subscriber) {
				if got := w.do(in).Code; got != 404 {
					t.Errorf("%s %s is %d", in.method, in.path, got)
				}
			}
		}
		for _, actor := range []struct {
			token string
			m     mine
		}{{asP, p}, {asQ, q}, {asS, s}} {
			for _, in := range calls(w, actor.m, "") {
				if actor.token == asS && strings.Contains(in.path, "subPartners") {
					continue
				}
				if m, ok := in.body.(body); ok {
					delete(m, "subPartnerOrgId")
				}
				in.token = actor.token
				if r := w.do(in); r.Code >= 300 && !(r.Code == 409 && strings.Contains(in.path, "consentMove")) { // nobody waits for consent there
					t.Errorf("at one's own: %s %s is %d %s", in.method, in.path, r.Code, r.Body)
				}
				w.drain()
			}
		}
	})
}

// same gives an answer without what must differ: the tracking id, and the ids that were asked for.
func same(r reply, m mine) string {
	s := r.Body.String()
	if i := strings.Index(s, `,"trackingId"`); i >= 0 {
		s = s[:i]
	}
	for _, id := range []string{m.org, m.customer, m.subscriber, m.report, m.template} {
		s = strings.ReplaceAll(s, cmp.Or(id, "\x00"), "…")
	}
	return s
}

// rows counts what a refused change must leave as it is.
func (w *world) rows() string {
	w.t.Helper()
	out := ""
	for _, table := range []string{"tenant_tenants", "onboard_customers", "subscriber_holders", "billing_reports", "onboard_steps"} {
		var n string
		w.OK(w.DB.Get(ctx, &n, "SELECT CAST(COUNT(*) AS TEXT) FROM "+table))
		out += table + " " + n + "; "
	}
	return out
}

func TestAParentActsForItsSubPartner(t *testing.T) { // WS-81, WS-82, WS-89
	each(t, func(t *testing.T, w *world) {
		asP, asS := w.full(w.P), w.full(w.S)
		on := "?onBehalfOfSubPartnerOrgId=" + url.QueryEscape(urn("ORGANIZATION", w.S.ID)+"=")
		template := w.template(w.S)
		w.post(asP, "/wholesale/customers", customer(template, "x")).refused(400, 71021) // the template is not its own
		c := w.provisioned(asP, template, on)
		w.get(asS, "/wholesale/customers/"+c).status(200)
		if got := w.get(asP, "/wholesale/customers"+on).items(); len(got) != 1 || got[0]["id"] != c {
			t.Errorf("%v", got)
		}
		r := w.post(asP, "/wholesale/subscribers"+on, person(c, "100")).status(200)
		w.get(asP, strings.TrimPrefix(r.Header().Get("Location"), public+"/v1")).status(200)
		if got := w.get(asP, "/wholesale/subscribers"+on).items(); len(got) != 1 {
			t.Errorf("%v", got)
		}
		u := r.object()["id"].(string)
		_, err := w.Tenants.Suspend(ctx, catalogtest.System, w.S.ID)
		w.OK(err)
		w.post(asP, "/wholesale/customers"+on, customer(template, "y")).refused(403, 72003)
		w.post(asS, "/wholesale/customers", customer(template, "y")).refused(403, 72003)
		w.post(asS, "/wholesale/subscribers", person(c, "101")).refused(403, 72003)
		w.put(asS, "/wholesale/customers/"+c, body{"packages": []string{"webex_calling"}}).refused(403, 72003)
		w.get(asS, "/wholesale/customers/"+c).status(200)
		w.delete(asS, "/wholesale/subscribers/"+u).status(204)
		w.delete(asS, "/wholesale/customers/"+c).status(202)
	})
}
