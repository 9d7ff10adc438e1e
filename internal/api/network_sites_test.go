package api_test

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/device"
)

const sitesHead = "site_name,subnets\n"

func siteRow(name, ip string, mask int) string {
	return fmt.Sprintf(`%s,"{""public-subnet-list"":[{""ip-address"":""%s"",""mask-length"":%d}]}"`+"\n", name, ip, mask)
}

// DM-33 … DM-53.
func TestASiteIsKeptThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.as(w.c, access.CustomerDeviceAdmin)
		base := "/customers/" + w.c.ID + "/network-sites"
		if ids := w.page(token, base); len(ids) != 2 { // DM-35
			t.Fatal(ids)
		}
		r := w.post(token, base, map[string]any{"name": "Site A-1", "subnets": []any{map[string]any{"public": "20.56.31.0/8", "private": []string{"10.1.2.3/8"}}, map[string]any{"public": "9.9.9.9/32"}}}).status(201)
		s := r.object()
		path := base + "/" + s["id"].(string)
		if r.Header().Get("Location") != "/api/v1"+path || fmt.Sprint(s["subnets"]) != "[map[private:[10.0.0.0/8] public:20.0.0.0/8] map[private:[] public:9.9.9.9/32]]" || s["device_count"] != 0.0 || s["fixed"] != false {
			t.Error(r.Header(), s)
		}
		w.post(token, base, map[string]any{"name": "B", "subnets": []any{map[string]any{"public": "9.9.9.9/32"}}}).refused(409, "subnet_taken")
		w.post(token, base, map[string]any{"name": "a&b", "subnets": []any{map[string]any{"public": "1.2.3.4/33"}}}).faulty("name site_name_characters", "subnets[0].public bad_mask")
		w.post(token, base, map[string]any{"name": "B", "subnets": nil}).faulty("subnets wrong_type")

		d, err := w.d.Devices.Create(t.Context(), system, w.c.ID, device.New{MAC: "0004f2abcdef"})
		w.ok(err)
		w.ok(w.d.Devices.Saw(t.Context(), []device.Sighting{{DeviceID: d.ID, At: w.clock.Now(), IP: "20.1.7.9"}}))
		got := w.get(token, path).status(200)
		if got.object()["device_count"] != 1.0 {
			t.Error(got.Body)
		}
		etag := got.Header().Get("ETag")
		changed := w.do(request{method: "PATCH", path: path, token: token, header: map[string]string{"If-Match": etag}, body: map[string]any{"subnets": []any{map[string]any{"public": "9.9.9.9/32"}}}}).status(200)
		if changed.object()["device_count"] != 0.0 {
			t.Error(changed.Body)
		}
		w.do(request{method: "PATCH", path: path, token: token, header: map[string]string{"If-Match": etag}, body: map[string]any{"name": "x"}}).refused(412, "stale")
		if ids := w.page(token, base+"?q=a-1"); len(ids) != 1 {
			t.Error(ids)
		}
		w.do(request{method: "DELETE", path: path, token: token}).status(204)
		w.get(token, path).refused(404, "not_found")
	})
}

// Decision 12.
func TestAPhoneIsPinnedToASiteAndUnpinnedThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.as(w.c, access.CustomerDeviceAdmin)
		site := w.post(token, "/customers/"+w.c.ID+"/network-sites", map[string]any{"name": "A", "subnets": []any{map[string]any{"public": "20.1.0.0/16"}}}).status(201).object()["id"]
		d := w.post(token, "/customers/"+w.c.ID+"/devices", map[string]any{"mac": "0004f2abcdef"}).status(201).object()
		path := "/customers/" + w.c.ID + "/devices/" + d["id"].(string)
		internet := d["site_id"]
		for i, x := range []struct {
			body         any
			site, pinned any
		}{
			{map[string]any{"name": "Lobby"}, internet, false},
			{map[string]any{"site_id": site}, site, true},
			{map[string]any{"name": "Hall"}, site, true},
			{map[string]any{"site_id": nil}, internet, false},
			{map[string]any{"site_pinned": true}, internet, true},
			{map[string]any{"site_id": site, "site_pinned": true}, site, true},
			{map[string]any{"site_pinned": false}, internet, false},
		} {
			if got := w.patch(token, path, x.body).status(200).object(); got["site_id"] != x.site || got["site_pinned"] != x.pinned {
				t.Errorf("step %d: %v", i, got)
			}
		}
		w.patch(token, path, map[string]any{"site_id": unknown}).faulty("site_id unknown_site")
		w.patch(token, path, map[string]any{"site_id": 7}).faulty("site_id wrong_type")
		w.patch(token, path, map[string]any{"private_ip": "x"}).faulty("private_ip bad_address")
		if got := w.patch(token, path, map[string]any{"private_ip": "10.1.2.3"}).status(200).object(); got["private_ip"] != "10.1.2.3" {
			t.Error(got)
		}
		w.patch(token, path, map[string]any{"site_id": site}).status(200)
		if ids := w.page(token, "/customers/"+w.c.ID+"/devices?site="+site.(string)); len(ids) != 1 {
			t.Error(ids)
		}
	})
}

// DM-55, DM-60, DM-61.
func TestSitesComeAndGoAsCSVThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.as(w.c, access.CustomerDeviceAdmin)
		base := "/customers/" + w.c.ID + "/network-sites"
		bring := func(query, file string, header ...string) reply {
			h := map[string]string{"Content-Type": "text/csv"}
			for i := 0; i < len(header); i += 2 {
				h[header[i]] = header[i+1]
			}
			return w.do(request{method: "POST", path: base + "/import" + query, token: token, body: file, header: h})
		}
		file := sitesHead + siteRow("A", "20.1.0.0", 16) + siteRow("B", "20.2.0.0", 33)
		if got := bring("?dry_run=true", file).status(200).object(); got["added"] != 1.0 || got["failed"] != 1.0 || len(w.page(token, base)) != 2 {
			t.Error(got)
		}
		got := bring("", file, "Idempotency-Key", "one").status(200).object()
		rows := got["rows"].([]any)
		if got["added"] != 1.0 || got["operation"] != nil || len(rows) != 2 || rows[1].(map[string]any)["code"] != "bad_mask" || rows[1].(map[string]any)["line"] != 3.0 {
			t.Error(got)
		}
		if again := bring("", file, "Idempotency-Key", "one").status(200).object(); again["added"] != 1.0 {
			t.Error(again)
		}
		bring("", file+" ", "Idempotency-Key", "one").refused(422, "idempotency_key_reused")
		bring("?separator=semicolon", file).refused(400, "csv_separator")
		bring("?separator=x", file).faulty("separator unknown_value")
		bring("", "").refused(400, "csv_empty")
		bring("", "\x89PNG\x00").refused(400, "csv_encoding")

		var long strings.Builder
		long.WriteString(sitesHead)
		for i := range 1999 { // larger than a usual body may be
			long.WriteString(siteRow(fmt.Sprintf("site-%d-%s", i, strings.Repeat("x", 100)), fmt.Sprintf("9.%d.%d.0", i/256, i%256), 24) + strings.Repeat("\n", 400))
		}
		r := bring("", long.String()).status(202)
		op, _ := r.object()["operation"].(map[string]any)
		if op["state"] != "pending" || r.Header().Get("Location") != "/api/v1/operations/"+fmt.Sprint(op["id"]) {
			t.Error(r.Header(), op)
		}
		w.get(token, "/operations/"+op["id"].(string)).status(200)
		bring("", long.String()+siteRow("more", "8.0.0.0", 8)).refused(413, "csv_too_many_rows")

		out := w.get(token, base+"/export?separator=tab").status(200)
		if !strings.HasPrefix(out.Header().Get("Content-Type"), "text/csv") || !strings.Contains(out.Header().Get("Content-Disposition"), "attachment") {
			t.Error(out.Header())
		}
		table := csv.NewReader(strings.NewReader(out.Body.String()))
		table.Comma = '\t'
		all, err := table.ReadAll()
		if err != nil || len(all) != 3 || all[1][0] != "A" || all[2][0] != "Intranet" {
			t.Error(all, err)
		}
		if got := bring("", out.Body.String()).status(200).object(); got["updated"] != 2.0 || got["failed"] != 0.0 {
			t.Error(got)
		}
		w.get(w.as(w.dd, access.CustomerDeviceAdmin), base+"/export").refused(404, "not_found")
	})
}
