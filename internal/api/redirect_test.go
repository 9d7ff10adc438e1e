package api_test

import (
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/redirect"
)

// CH-35, CH-36, CH-38, CH-41 through the API.
func TestAPhoneIsRedirectedThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.as(w.c, access.CustomerFullAdmin)
		base := "/customers/" + w.c.ID
		made := w.post(token, base+"/redirect-servers", map[string]any{"name": "Main", "url": "https://p.example/{mac}/", "user": "prov", "password": "s3cret-Word"}).status(201)
		server := made.object()["id"].(string)
		if strings.Contains(made.Body.String(), "s3cret") || made.Header().Get("Location") != "/api/v1"+base+"/redirect-servers/"+server {
			t.Error(made.Header(), made.Body)
		}
		if got := w.post(token, base+"/redirect-servers/"+server+"/reveal", nil).status(200); got.object()["password"] != "s3cret-Word" || got.Header().Get("Cache-Control") != "no-store" {
			t.Error(got.Header(), got.Body)
		}
		w.post(w.as(w.c, access.CustomerReadonlyAdmin), base+"/redirect-servers/"+server+"/reveal", nil).refused(403, "forbidden")
		e := w.post(token, base+"/redirect-entries", map[string]any{"mac": "00:15:65:aa:bb:cc", "server_id": server}).status(201).object()
		if e["effective_url"] != "https://p.example/001565aabbcc/" || e["maker"] != "yealink" || e["state"] != "added" || e["push"].(map[string]any)["code"] != "no_connector" {
			t.Error(e)
		}
		path := base + "/redirect-entries/" + e["id"].(string)
		etag := w.get(token, path).status(200).Header().Get("ETag")
		change := func(match string) reply {
			return w.do(request{method: "PATCH", path: path, token: token, header: map[string]string{"If-Match": match}, body: map[string]any{"unique_url": "https://b/x"}})
		}
		if got := change(etag).status(200).object(); got["effective_url"] != "https://b/x" {
			t.Error(got)
		}
		change(etag).refused(412, "stale")
		w.do(request{method: "DELETE", path: base + "/redirect-servers/" + server, token: token}).refused(409, "redirect_server_in_use")

		// Somebody else wants the MAC and learns nothing.
		other := w.as(w.cq, access.CustomerFullAdmin)
		there := "/customers/" + w.cq.ID
		refusal := w.post(other, there+"/redirect-entries", map[string]any{"mac": "001565aabbcc", "unique_url": "https://x/"})
		refusal.refused(409, "mac_claimed")
		claim := w.post(other, there+"/redirect-claims", map[string]any{"mac": "001565aabbcc", "reason": "Bought it"}).status(201)
		if all := refusal.Body.String() + claim.Body.String(); strings.Contains(all, w.c.ID) || strings.Contains(all, w.c.Name+"\"") {
			t.Error(all)
		}
		id := claim.object()["id"].(string)
		if got := w.get(token, base+"/redirect-claims?direction=received").status(200); !strings.Contains(got.Body.String(), id) || strings.Contains(got.Body.String(), "Bought") || strings.Contains(got.Body.String(), w.cq.ID) {
			t.Error(got.Body)
		}
		support := w.as(w.operator, access.OperatorSupport)
		if got := w.get(support, "/redirect-disputes").status(200); !strings.Contains(got.Body.String(), w.c.ID) {
			t.Error(got.Body)
		}
		w.post(w.full(), "/redirect-disputes/"+id+"/decide", map[string]any{"release": true}).refused(403, "forbidden")
		w.post(support, "/redirect-disputes/"+id+"/decide", map[string]any{"release": true, "note": "Invoice"}).status(200)
		w.post(other, there+"/redirect-entries", map[string]any{"mac": "001565aabbcc", "unique_url": "https://x/"}).status(201)
		w.get(token, path).refused(404, "not_found")
	})
}

// CH-34, CH-36, CH-40 through the API.
func TestEntriesAreImportedAndConnectorsKeptThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, base := w.as(w.c, access.CustomerDeviceAdmin), "/customers/"+w.c.ID+"/redirect-entries"
		got := w.do(request{method: "POST", path: base + "/import", token: token, body: "mac,unique_url\n001565000001,https://p.example/\n00:15:65:GG:00:01,https://p.example/\n"}).status(200).object()
		rows := got["rows"].([]any)
		if got["added"] != 1.0 || got["failed"] != 1.0 || rows[1].(map[string]any)["field"] != "mac" || rows[1].(map[string]any)["line"] != 3.0 {
			t.Error(got)
		}
		if file := w.get(token, base+"/export").status(200).Body.String(); !strings.HasPrefix(file, "mac,server,unique_url,remark,maker,model,serial\r\n001565000001,,https://p.example/") {
			t.Error(file)
		}
		_, err := w.d.Redirect.CreateEntry(t.Context(), system, w.dd.ID, redirect.NewEntry{MAC: "001565000002", UniqueURL: "https://p.example/"})
		w.ok(err)
		full := w.full()
		if ids := w.page(full, "/redirect-entries"); len(ids) != 2 {
			t.Error(ids)
		}
		if ids := w.page(token, "/redirect-entries"); len(ids) != 1 {
			t.Error(ids)
		}
		made := w.post(full, "/redirect-connectors", map[string]any{"maker": "yealink", "name": "EU", "endpoint": "https://eu.example", "key_id": "AK", "secret": "hush-hush"}).status(201)
		if strings.Contains(made.Body.String(), "hush") {
			t.Error(made.Body)
		}
		w.post(full, "/redirect-connectors", map[string]any{"maker": "yealink", "name": "EU", "endpoint": "https://169.254.169.254", "key_id": "AK", "secret": "s"}).faulty("endpoint address_refused")
		id := made.object()["id"].(string)
		w.post(full, "/redirect-connectors/"+id+"/reconcile", nil).status(202)
		w.get(w.as(w.q, access.PartnerFullAdmin), "/redirect-connectors/"+id).refused(404, "not_found")
		w.post(token, "/redirect-connectors", map[string]any{"maker": "yealink", "name": "EU", "endpoint": "https://eu.example", "key_id": "AK", "secret": "s"}).refused(403, "forbidden")
		w.do(request{method: "PUT", path: "/redirect-policy", token: w.root(), body: map[string]any{"fallback_url": "https://phones.example/rps/"}}).status(200)
		w.do(request{method: "PUT", path: "/redirect-policy", token: full, body: map[string]any{"fallback_url": ""}}).refused(403, "forbidden")
	})
}
