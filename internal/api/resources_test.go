package api_test

import (
	"context"
	"encoding/csv"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/device"
)

func TestPagesHoldEverythingOnceWhateverTheirSize(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, customer := w.full(), w.as(w.c, access.CustomerFullAdmin)
		for i := range 7 {
			w.post(token, "/customers", newCustomer("Page "+strconv.Itoa(i%3)+" of "+strconv.Itoa(i))).status(201)
			w.post(token, "/tokens", map[string]any{"name": "Token"}).status(201)
			w.post(token, "/webhooks", map[string]any{"url": "https://example.com/x"}).status(201)
			w.post(token, "/orders", map[string]any{"customer_id": w.c.ID, "lines": []any{map[string]any{"item": "device", "quantity": 1}}}).status(201)
			w.post(token, "/accounts", map[string]any{"email": mail(), "name": "Same name", "roles": []string{"partner_support"}}).status(201)
			_, err := w.d.Devices.Create(context.Background(), system, w.c.ID, device.New{MAC: "0004f200000" + strconv.Itoa(i)})
			w.ok(err)
		}
		w.sequence()
		for path, who := range map[string]string{"/customers?sort=name": token, "/customers?sort=-created": token, "/customers?sort=status": token, "/tokens?sort=name": token,
			"/tokens?sort=created": token, "/webhooks?": token, "/orders?": token, "/orders?sort=created": token, "/accounts?sort=name": token, "/accounts?sort=-email": token,
			"/audit?": token, "/audit?sort=time": token, "/partners/" + w.p.ID + "/sub-partners?": token, "/customers/" + w.c.ID + "/devices?sort=mac": customer,
			"/customers/" + w.c.ID + "/devices?sort=-last_seen": customer, "/operations?": token} {
			all := w.page(who, path+"&limit=1000")
			if path != "/operations?" && len(all) < 1 {
				t.Errorf("%s is empty", path)
			}
			var got []string
			cursor := ""
			for range 200 {
				items, next := w.pageFrom(who, path+"&limit=1&cursor="+cursor)
				if len(items) > 1 {
					t.Errorf("%s: a page of %d", path, len(items))
				}
				got = append(got, items...)
				if cursor = next; next == "" {
					break
				}
			}
			if strings.Join(got, " ") != strings.Join(all, " ") {
				t.Errorf("%s: one by one %d items, at once %d", path, len(got), len(all))
			}
		}
		var events []string
		after := ""
		for range 500 {
			items, next := w.pageFrom(token, "/events?limit=1&after="+after)
			events = append(events, items...)
			if next == after {
				break
			}
			after = next
		}
		if all := w.page(token, "/events?limit=1000"); strings.Join(events, " ") != strings.Join(all, " ") || len(all) < 20 {
			t.Errorf("%d events one by one, %d at once", len(events), len(all))
		}
	})
}

func (w *world) pageFrom(token, path string) (ids []string, next string) {
	w.tb.Helper()
	var l struct {
		Items []struct{ ID string }
		Next  *string
	}
	w.get(token, path).status(200).into(&l)
	if l.Items == nil || l.Next == nil {
		w.tb.Fatalf("%s: items or next is missing", path)
	}
	for _, i := range l.Items {
		ids = append(ids, i.ID)
	}
	return ids, *l.Next
}

func (w *world) page(token, path string) []string {
	w.tb.Helper()
	ids, next := w.pageFrom(token, path)
	if next != "" && !strings.HasPrefix(path, "/events") {
		w.tb.Errorf("%s: there is more than one page", path)
	}
	return ids
}

func TestACustomersLife(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		r := w.post(token, "/customers", newCustomer("Wayne")).status(201)
		c := r.object()
		path := "/customers/" + c["id"].(string)
		if r.Header().Get("Location") != "/api/v1"+path || c["owner_id"] != w.p.ID || c["frozen"] != false || c["host"] != "wayne" {
			t.Error(r.Header(), c)
		}
		w.patch(token, path, map[string]any{"name": "Wayne Ltd", "permission_types": []string{"DMP", "RPS"}}).status(200)
		if got := w.post(token, path+"/freeze", map[string]any{"reason": "unpaid"}).status(200).object(); got["frozen"] != true || got["freeze_reason"] != "unpaid" {
			t.Error(got)
		}
		if ids := w.page(token, "/customers?frozen=true"); len(ids) != 1 {
			t.Error(ids)
		}
		w.post(token, path+"/unfreeze", nil).status(200)
		if got := w.post(token, path+"/restrict", nil).status(200).object(); got["restricted_by_partner"] != true {
			t.Error(got)
		}
		w.post(token, path+"/unrestrict", nil).status(200)
		w.clock.Advance(2 * 60e9)
		if got := w.post(token, path+"/reset-password", nil).status(202).object(); got["email"] != c["email"] {
			t.Error(got)
		}
		again := w.post(token, path+"/resend-invitation", nil)
		again.refused(429, "too_soon")
		if again.Header().Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if got := w.get(token, path+"/mail"); got.Code != 200 && got.Code != 404 {
			t.Error(got.Code, got.Body)
		}
		w.post(token, path+"/archive", map[string]any{"confirm_name": "wayne"}).faulty("confirm_name name_differs")
		if got := w.post(token, path+"/archive", map[string]any{"confirm_name": "Wayne Ltd"}).status(200).object(); got["state"] != "archived" || got["archived"] == nil {
			t.Error(got)
		}
		w.patch(token, path, map[string]any{"name": "x"}).refused(409, "archived")
		var l struct {
			Items []struct{ Action, Result string }
		}
		w.get(token, "/audit?q=customer/&sort=time").status(200).into(&l)
		var done []string
		for _, e := range l.Items {
			if e.Result == "success" && e.Action != "customer/authorise" { // that was the seed
				done = append(done, e.Action)
			}
		}
		if got := strings.Join(done, " "); got != "customer/create customer/edit customer/freeze customer/unfreeze customer/restrict customer/unrestrict customer/archive" {
			t.Error(got)
		}
	})
}

func TestACustomersNameBelongsToItsPathAlone(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		root := w.root()
		w.get(root, "/customers/"+w.p.ID).refused(404, "not_found")
		w.get(root, "/partners/"+w.c.ID).refused(404, "not_found")
		w.post(root, "/customers/"+w.p.ID+"/freeze", nil).refused(404, "not_found")
		w.patch(root, "/partners/"+w.c.ID, map[string]any{"contact": "X"}).refused(404, "not_found")
		if got := w.get(root, "/partners/"+w.s.ID).status(200).object(); got["kind"] != "sub_partner" || got["parent_id"] != w.p.ID {
			t.Error(got)
		}
	})
}

func TestPartnersAndSubPartners(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		root, token := w.root(), w.full()
		made := w.post(root, "/partners", map[string]any{"name": "Partner R", "email": mail(), "contact": "C"}).status(201).object()
		w.post(token, "/partners", map[string]any{"name": "X", "email": mail(), "contact": "C"}).refused(403, "forbidden")
		w.post(root, "/partners/"+made["id"].(string)+"/freeze", map[string]any{"reason": "r"}).status(200)
		sub := w.post(token, "/partners/"+w.p.ID+"/sub-partners", map[string]any{"name": "Sub T", "email": mail(), "contact": "C"}).status(201).object()
		path := "/partners/" + sub["id"].(string)
		if got := w.post(token, path+"/suspend", nil).status(200).object(); got["provisioning_suspended"] != true {
			t.Error(got)
		}
		w.post(token, "/customers", with(newCustomer("Below"), "owner_id", sub["id"])).refused(403, "sub_partner_suspended")
		w.post(token, path+"/resume", nil).status(200)
		w.post(token, "/customers", with(newCustomer("Below"), "owner_id", sub["id"])).status(201)
		w.post(token, path+"/sub-partners", map[string]any{"name": "X", "email": mail(), "contact": "C"}).refused(409, "max_depth")
		if ids := w.page(token, "/partners/"+w.p.ID+"/sub-partners?"); len(ids) != 2 {
			t.Error(ids)
		}
		if ids := w.page(token, "/customers?limit=100"); len(ids) != 2 {
			t.Errorf("%d customers; those of sub-partners come only when asked for (WS-87)", len(ids))
		}
		if ids := w.page(token, "/customers?owner_id="+sub["id"].(string)); len(ids) != 1 {
			t.Error(ids)
		}
	})
}

func with(m map[string]any, key string, v any) map[string]any { m[key] = v; return m }

func TestAuthorisationsAndDevices(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, customer := w.full(), w.as(w.dd, access.CustomerFullAdmin)
		devices := "/customers/" + w.dd.ID + "/devices"
		w.get(token, devices).refused(403, "not_authorised_by_customer")
		w.post(token, "/customers/"+w.dd.ID+"/authorisations/request", nil).status(200)
		w.post(token, "/customers/"+w.dd.ID+"/authorisations/grant", nil).status(403)
		if got := w.post(customer, "/customers/"+w.dd.ID+"/authorisations/grant", map[string]any{"read_only": true}).status(200).object(); got["state"] != "granted" {
			t.Error(got)
		}
		w.get(token, devices).status(200)
		w.post(token, devices, map[string]any{"mac": "0004f2000001"}).refused(403, "read_only_session")
		w.post(customer, "/customers/"+w.dd.ID+"/authorisations/grant", map[string]any{"until": "2026-03-03T00:00:00Z"}).status(200)
		d := w.post(token, devices, map[string]any{"mac": "00:04:F2:00:00:01", "name": "lobby"}).status(201).object()
		if d["mac"] != "0004f2000001" || d["maker"] != "poly" {
			t.Error(d)
		}
		w.post(token, devices, map[string]any{"mac": "0004f2000001"}).refused(409, "device_exists")
		one := devices + "/" + d["id"].(string)
		tag := w.get(token, one).status(200).Header().Get("ETag")
		if r := w.do(request{method: "PATCH", path: one, token: token, body: map[string]any{"name": "hall"}, header: map[string]string{"If-Match": tag}}).status(200); r.Header().Get("ETag") == tag {
			t.Error("the ETag stayed")
		}
		w.do(request{method: "DELETE", path: one, token: token, header: map[string]string{"If-Match": tag}}).refused(412, "stale")
		w.post(customer, "/customers/"+w.dd.ID+"/authorisations/withdraw", nil).status(200)
		w.get(token, one).refused(403, "not_authorised_by_customer")
		w.do(request{method: "DELETE", path: one, token: customer}).status(204)
		var l struct {
			Items []struct{ State, Scope string }
		}
		w.get(token, "/customers/"+w.dd.ID+"/authorisations").status(200).into(&l)
		if len(l.Items) < 2 {
			t.Error(l)
		}
	})
}

func TestProvisioningShowsItsPasswordOnlyWhenAsked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		customer := w.as(w.c, access.CustomerFullAdmin)
		path := "/customers/" + w.c.ID + "/provisioning"
		w.post(customer, path+"/reveal", nil).refused(404, "account_missing")
		r := w.patch(customer, path, map[string]any{"account": map[string]any{"user": "acme", "password": "Planted-Secret-1"},
			"poll_window": map[string]any{"start": "22:00", "end": "04:00", "days": 1}}).status(200)
		if strings.Contains(r.Body.String(), "Planted") || r.object()["account"].(map[string]any)["user"] != "acme" {
			t.Error(r.Body)
		}
		w.patch(customer, path, map[string]any{"poll_window": map[string]any{"start": "25:00", "end": "04:00", "days": 99}}).faulty("poll_window.days out_of_range")
		w.patch(customer, path, map[string]any{"poll_window": map[string]any{"start": "25:00", "end": "04:00", "days": 1}}).faulty("poll_window.start bad_time")
		w.patch(customer, path, map[string]any{"account": map[string]any{"password": 5}}).faulty("account.password wrong_type")
		shown := w.post(customer, path+"/reveal", nil).status(200)
		if shown.object()["password"] != "Planted-Secret-1" || shown.Header().Get("Cache-Control") != "no-store" {
			t.Error(shown.Body, shown.Header())
		}
		w.post(w.as(w.c, access.Helpdesk), path+"/reveal", nil).refused(403, "forbidden")
		if ids := w.page(customer, "/audit?action=provisioning/reveal&result=success"); len(ids) != 1 {
			t.Errorf("%d rows tell of the look", len(ids))
		}
	})
}

func TestSecretsAreNeverInListsNorShownTwice(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		tok := w.post(token, "/tokens", map[string]any{"name": "t"}).status(201)
		hook := w.post(token, "/webhooks", map[string]any{"url": "https://example.com/x"}).status(201)
		rotated := w.post(token, "/webhooks/"+hook.object()["id"].(string)+"/rotate-secret", nil).status(200)
		w.sequence()
		for _, r := range []reply{tok, hook, rotated} {
			word, _ := r.object()["secret"].(string)
			if len(word) < 30 || r.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("secret %q, %v", word, r.Header())
			}
			for _, path := range []string{"/tokens", "/tokens/" + tok.object()["id"].(string), "/webhooks", "/webhooks/" + hook.object()["id"].(string), "/audit", "/events?limit=1000"} {
				if got := w.get(token, path).status(200).Body.String(); strings.Contains(got, word) || strings.Contains(got, `"secret"`) {
					t.Errorf("%s holds a secret", path)
				}
			}
		}
	})
}

func TestOrdersRaiseLimits(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, root := w.full(), w.root()
		w.post(token, "/orders", map[string]any{"customer_id": w.c.ID, "lines": []any{map[string]any{"item": "nothing", "quantity": 1}}}).faulty("lines[0].item unknown_item")
		w.post(token, "/orders", map[string]any{"customer_id": w.c.ID, "lines": []any{map[string]any{"item": "device", "quantity": 0}}}).faulty("lines[0].quantity out_of_range")
		o := w.post(token, "/orders", map[string]any{"customer_id": w.c.ID, "lines": []any{map[string]any{"item": "device", "quantity": 5}}, "submit": true}).status(201).object()
		path := "/orders/" + o["id"].(string)
		w.post(token, path+"/fulfil", nil).refused(403, "forbidden")
		w.post(root, path+"/fulfil", nil).status(200)
		w.post(root, path+"/fulfil", nil).refused(409, "order_state")
		if got := w.get(token, "/customers/"+w.c.ID+"/limits").status(200).object()["limits"].(map[string]any); got["device"] != 5.0 {
			t.Error(got)
		}
		if got := w.get(token, path).status(200).object(); got["state"] != "fulfilled" || len(got["history"].([]any)) != 3 {
			t.Error(got)
		}
	})
}

func TestAccountsAndMe(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		a := w.post(token, "/accounts", map[string]any{"email": mail(), "name": "Sub", "roles": []string{"partner_sub_account"},
			"functions": []string{"customer.view"}, "customers": []string{w.c.ID}}).status(201).object()
		path := "/accounts/" + a["id"].(string)
		if got := w.get(token, path).status(200).object(); got["customers"].([]any)[0] != w.c.ID {
			t.Error(got)
		}
		w.patch(token, path, map[string]any{"roles": []string{"operator_admin"}}).faulty("roles unknown_role")
		w.post(token, path+"/disable", nil).status(200)
		if got := w.post(token, path+"/enable", nil).status(200).object(); got["state"] != "invited" {
			t.Error(got)
		}
		w.post(token, path+"/unlock", nil).status(204)
		w.post(token, path+"/reset-second-factor", nil).status(204)
		w.do(request{method: "DELETE", path: path, token: token}).status(204)
		w.get(token, path).refused(404, "not_found")
		me := w.get(token, "/me").status(200).object()
		if me["tenant_id"] != w.p.ID || me["tenant_kind"] != "partner" || len(me["permissions"].([]any)) < 20 {
			t.Error(me)
		}
		if got := w.patch(token, "/me", map[string]any{"phone": "+49 30 1234"}).status(200).object(); got["phone"] != "+49 30 1234" || got["email"] != me["email"] {
			t.Error(got)
		}
		w.patch(token, "/me", map[string]any{"email": "x@example.test"}).faulty("email unknown_field") // CH-12
		w.patch(token, "/me", map[string]any{"phone": "none"}).faulty("phone bad_phone")
		narrow := w.post(token, "/tokens", map[string]any{"name": "n", "scopes": []string{"customer.view"}}).status(201).object()["secret"].(string)
		w.patch(narrow, "/me", map[string]any{"phone": "+49 30 1"}).refused(403, "insufficient_scope")
		if got := w.get(token, "/roles").status(200).object(); len(got["roles"].([]any)) != len(access.Roles(access.Partner)) {
			t.Error(got)
		}
		acc := w.account(w.p, account.Invitation{Roles: []access.Role{access.PartnerSupport}})
		w.get(w.token(w.p, acc), "/accounts/"+acc.ID).status(200) // one's own
	})
}

func TestPoliciesAreTightenedOnTheWayDown(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		path := "/policies/" + w.p.ID
		r := w.do(request{method: "PUT", path: path, token: token, body: map[string]any{"password_min": 14}}).status(200)
		if got := r.object(); got["own"].(map[string]any)["password_min"] != 14.0 || got["effective"].(map[string]any)["password_min"] != 14.0 {
			t.Error(got)
		}
		w.do(request{method: "PUT", path: path, token: token, body: map[string]any{"password_min": 8, "lock_after": 1000}}).faulty("password_min looser_than_above", "lock_after out_of_range")
		w.do(request{method: "PUT", path: path, token: token, body: map[string]any{"password_min": 15}, header: map[string]string{"If-Match": `"v9"`}}).refused(412, "stale")
		w.do(request{method: "PUT", path: path, token: token, body: map[string]any{"password_min": 15}, header: map[string]string{"If-Match": r.Header().Get("ETag")}}).status(200)
	})
}

func TestWebhooksAreKeptInOrder(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		w.post(token, "/webhooks", map[string]any{"url": "http://example.com/"}).faulty("url https_required")
		w.post(token, "/webhooks", map[string]any{"url": "https://10.0.0.1/"}).faulty("url address_refused")
		h := w.post(token, "/webhooks", map[string]any{"url": "https://example.com/x", "types": []string{"customer.*"}}).status(201).object()
		path := "/webhooks/" + h["id"].(string)
		d := w.post(token, path+"/test", nil).status(200).object()
		if d["state"] != "pending" || d["type"] != "webhook.test" {
			t.Error(d)
		}
		if ids := w.page(token, path+"/deliveries?state=pending"); len(ids) != 1 {
			t.Error(ids)
		}
		w.post(token, path+"/deliveries/"+d["id"].(string)+"/retry", nil).status(204)
		w.post(token, path+"/retry", nil).status(200)
		w.post(token, path+"/replay", nil).status(http.StatusAccepted)
		if got := w.patch(token, path, map[string]any{"enabled": false}).status(200).object(); got["disabled_reason"] != "switched_off" {
			t.Error(got)
		}
		w.post(token, path+"/test", nil).refused(409, "webhook_disabled")
		w.do(request{method: "DELETE", path: path, token: token}).status(204)
		w.get(token, path).refused(404, "not_found")
	})
}

func TestTheLogIsExportedWhole(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.full()
		for i := range 30 {
			w.post(token, "/customers", newCustomer("=cmd|' /C calc'!A"+strconv.Itoa(i))).status(201)
		}
		r := w.do(request{method: "GET", path: "/audit?sort=time&action=customer/create&limit=1", token: token, header: map[string]string{"Accept": "text/csv"}})
		if r.Code != 200 || !strings.HasPrefix(r.Header().Get("Content-Type"), "text/csv") || !strings.Contains(r.Header().Get("Content-Disposition"), "attachment") {
			t.Fatal(r.Code, r.Header())
		}
		rows, err := csv.NewReader(r.Body).ReadAll()
		w.ok(err)
		if len(rows) != 31 || rows[0][0] != "time" || rows[1][3] != "customer/create" || !strings.HasPrefix(rows[1][6], "'=cmd") {
			t.Errorf("%d rows, %q", len(rows), rows[:min(2, len(rows))])
		}
		w.do(request{method: "GET", path: "/audit", token: w.as(w.p, access.PartnerSupport), header: map[string]string{"Accept": "text/csv"}}).refused(403, "forbidden")
		w.do(request{method: "GET", path: "/audit?x=1", token: token, header: map[string]string{"Accept": "text/csv"}}).faulty("x unknown_parameter")
	})
}
