package api_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/tenant"
)

func (w *world) who(t tenant.Tenant, roles ...access.Role) string {
	return w.token(t, w.account(t, account.Invitation{Roles: roles}))
}

type reportWire struct {
	ID, Status  string
	DownloadURL string `json:"download_url"`
	JSONLines   string `json:"json_lines_url"`
}

// WS-2, WS-4, WS-12, WS-13, WS-54, WS-60, WS-61, WS-64, WS-66, WS-67, WS-73: from the operator's price to the partner's file.
func TestAPartnerSellsAndReadsItsUsage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		root, p, reader, s := w.root(), w.who(w.p, access.PartnerFullAdmin), w.who(w.p, access.PartnerBillingRead), w.who(w.s, access.PartnerFullAdmin)
		path := "/partners/" + w.p.ID + "/subscription"
		post := func(token, path string, body any) reply {
			return w.do(request{method: "POST", path: path, token: token, body: body})
		}
		packages := map[string]any{"items": []any{map[string]any{"code": "webex_calling", "limit": 5}}}
		put := func(token string) reply {
			return w.do(request{method: "PUT", path: "/customers/" + w.c.ID + "/packages", token: token, body: packages})
		}
		put(p).refused(409, "no_subscription")
		post(root, path, map[string]any{"currency": "EUR", "items": []string{"webex_calling", "suite"}, "prices": []any{map[string]any{"item": "calling", "valid_from": "2026-01-01", "price": "10.005"}}}).status(201)
		post(root, path, map[string]any{"currency": "EUR", "items": []string{}}).refused(409, "subscription_exists")
		put(p).refused(409, "no_subscription") // a draft sells nothing
		post(root, path+"/activate", nil).status(200)
		if body := put(p).status(200).Body.String(); !strings.Contains(body, `"code":"calling","limit":5,"used":0`) {
			t.Error(body)
		}
		if body := w.get(p, path).status(200).Body.String(); !strings.Contains(body, `"price":"10.005"`) {
			t.Error(body)
		}
		if body := w.get(s, "/partners/"+w.s.ID+"/subscription").status(200).Body.String(); strings.Contains(body, "10.005") || strings.Contains(body, "suite") || !strings.Contains(body, `"id":"0`) {
			t.Errorf("a sub-partner sees more than the id: %s", body)
		}
		post(p, path+"/suspend", nil).refused(403, "forbidden")

		order := map[string]any{"billing_start_date": "2026-02-01", "billing_end_date": "2026-02-28", "type": "user"}
		post(reader, "/billing-reports", order).refused(403, "forbidden")
		var made reportWire
		post(p, "/billing-reports", order).status(201).into(&made)
		w.ok(w.d.Billing.MakeReport(t.Context(), made.ID))
		post(p, "/billing-reports", order).refused(409, "report_exists")
		var got reportWire
		w.get(reader, "/billing-reports/"+made.ID).status(200).into(&got)
		w.get(s, "/billing-reports/"+made.ID).refused(404, "not_found")
		fetch := func(address string) reply {
			r := w.do(request{method: "GET", path: address[strings.Index(address, "/api/"):]})
			return r
		}
		if r := fetch(got.DownloadURL); r.Code != 200 || !strings.HasPrefix(r.Body.String(), "PARTNER_NAME,PARTNER_ORG_ID,") || r.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%d %s", r.Code, r.Body)
		}
		fetch(got.JSONLines).status(200)
		fetch(strings.Replace(got.DownloadURL, "key=", "key=A", 1)).refused(404, "not_found")
		w.clock.Advance(30*time.Minute + time.Second)
		fetch(got.DownloadURL).refused(410, "link_expired")
		w.get(reader, "/billing-reports/"+made.ID).status(200).into(&got)
		w.do(request{method: "DELETE", path: "/billing-reports/" + made.ID, token: p}).status(204)
		fetch(got.DownloadURL).refused(410, "report_deleted")
	})
}

// WS-58: a statement as JSON, page and table; WS-17, WS-15, WS-16: the catalogue.
func TestAStatementIsAPageAndATable(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		x := w.things()
		root, p := w.root(), w.who(w.p, access.PartnerBillingRead)
		w.get(p, "/invoices").status(200)
		for name, begin := range map[string]string{"statement.pdf": "%PDF-", "lines.csv": "NUMBER,", "prices.csv": "SERVICE_NAME,"} {
			r := w.get(p, "/invoices/"+x.invoices["p"]+"/files/"+name)
			if r.Code != 200 || !strings.HasPrefix(r.Body.String(), begin) {
				t.Errorf("%s: %d %.40s", name, r.Code, r.Body)
			}
		}
		w.get(p, "/invoices/"+x.invoices["p"]+"/files/secret.txt").refused(404, "not_found")
		w.do(request{method: "POST", path: "/invoices/" + x.invoices["p"] + "/pay", token: root}).status(200)
		w.do(request{method: "POST", path: "/invoices/" + x.invoices["p"] + "/pay", token: root}).refused(409, "invoice_state")
		w.do(request{method: "POST", path: "/invoices", token: root, body: map[string]any{"partner_id": w.p.ID, "month": "2026-02"}}).status(http.StatusAccepted)
		var features struct{ Subscriber, Location []any }
		w.get(p, "/features").status(200).into(&features)
		if len(features.Subscriber) != 52 || len(features.Location) != 15 {
			t.Errorf("%d and %d features", len(features.Subscriber), len(features.Location))
		}
		w.get(p, "/feature-matrix").status(200)
		w.do(request{method: "PATCH", path: "/packages/webex_suite", token: root, body: map[string]any{"name": "Everything"}}).status(200)
	})
}
