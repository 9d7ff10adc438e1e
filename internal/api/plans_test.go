package api_test

import (
	"context"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/config"
	"linecard/internal/device"
	"linecard/internal/profile"
	"linecard/internal/tenant"
)

// plan makes a plan that empties a container of the tenant.
func (w *world) plan(t tenant.Tenant) string {
	w.tb.Helper()
	kind := profile.Defaults
	if t.Kind == access.Customer {
		kind = profile.Global
	}
	p, err := w.d.Plans.Make(context.Background(), system, placeOf(t), config.Asked{Kind: config.ContainerSet, Container: kind, Key: "-"})
	w.ok(err)
	return p.ID
}

func TestAChangeIsSeenAppliedAndUndoneThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		const mac = "64167f0a0b0c"
		d, err := w.d.Devices.Create(context.Background(), system, w.c.ID, device.New{MAC: mac})
		w.ok(err)
		token := w.root()
		base := "/customers/" + w.c.ID
		p := w.post(token, base+"/profiles", map[string]any{"name": "Tones", "mode": "poly", "attributes": map[string]string{"foo.bar": "1", "reg.1.auth.password": "0ld-s3cret"}}).status(201).object()
		w.do(request{method: "PUT", path: base + "/containers/global/-", token: token, body: map[string]any{"profile_ids": []any{p["id"]}}}).status(200)

		made := w.post(token, base+"/plans", map[string]any{"kind": "profile.update", "profile_id": p["id"],
			"attributes": map[string]any{"foo.bar": "2", "reg.1.auth.password": "n3w-s3cret"}}).status(200)
		plan := made.object()
		if plan["state"] != "ready" || plan["devices_affected"] != 1.0 {
			t.Fatalf("%v", plan)
		}
		at := base + "/plans/" + plan["id"].(string)
		files := w.get(token, at+"/files").status(200)
		if body := files.Body.String(); !strings.Contains(body, `foo.bar=\"2\"`) || strings.Contains(body, "s3cret") || !strings.Contains(body, "(changed)") {
			t.Errorf("%s", body)
		}
		effective := func() map[string]any {
			return w.get(token, base+"/devices/"+d.ID+"/effective").status(200).object()["values"].(map[string]any)["foo.bar"].(map[string]any)
		}
		if v := effective(); v["value"] != "1" || v["container"] != "global" || v["profile_id"] != p["id"] {
			t.Errorf("a plan has changed something: %v", v)
		}
		w.post(token, at+"/apply", nil).status(200)
		if v := effective(); v["value"] != "2" {
			t.Errorf("%v", v)
		}
		file := base + "/devices/" + d.ID + "/files/" + mac + "-linecard.cfg"
		if shown := w.get(token, file).status(200).Body.String(); strings.Contains(shown, "s3cret") || !strings.Contains(shown, `foo.bar="2"`) {
			t.Errorf("%s", shown)
		}
		clear := w.post(token, file+"/reveal", nil).status(200)
		if !strings.Contains(clear.Body.String(), "n3w-s3cret") || clear.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%v %s", clear.Header(), clear.Body)
		}
		w.post(token, at+"/undo", nil).status(200)
		if v := effective(); v["value"] != "1" {
			t.Errorf("%v", v)
		}
		w.post(token, at+"/undo", nil).refused(409, "plan_state")

		outdated := w.post(token, base+"/plans", map[string]any{"kind": "container.set", "container": "global", "key": "-", "profile_ids": []any{}}).status(200).object()
		w.patch(token, base+"/profiles/"+p["id"].(string), map[string]any{"attributes": map[string]any{"foo.other": "1"}}).status(200)
		w.post(token, base+"/plans/"+outdated["id"].(string)+"/apply", nil).refused(409, "plan_outdated")
		w.post(token, base+"/plans", map[string]any{"kind": "profile.update", "profile_id": "nobody"}).refused(400, "invalid_fields")
		w.post(token, base+"/plans", map[string]any{"kind": "group.set", "group_id": "nobody"}).refused(400, "invalid_fields")
		if listed := w.get(token, base+"/plans").status(200).object()["items"].([]any); len(listed) != 2 {
			t.Errorf("%d plans are listed", len(listed))
		}
	})
}

// Surfaces: kind import. The plan tells what becomes of the rows before anything is changed.
func TestADeviceFileIsPlannedThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token := w.root()
		base := "/customers/" + w.c.ID
		w.post(token, base+"/devices", map[string]any{"mac": "0004f2000001"}).status(201)
		file := "mac_address,endpoint_name\n0004f2000001,A\n0004f2000002,B\nnonsense,C\n"
		r := w.post(token, base+"/plans", map[string]any{"kind": "import", "mode": "merge", "file": file}).status(200)
		var plan struct {
			ID, State string
			Import    struct {
				Added, Updated, Failed int
				Rows                   []struct {
					Line          int
					Outcome, Code string
				}
			}
		}
		r.into(&plan)
		if i := plan.Import; plan.State != "ready" || i.Added != 1 || i.Updated != 1 || i.Failed != 1 || len(i.Rows) != 1 || i.Rows[0].Line != 4 || i.Rows[0].Code == "" {
			t.Errorf("%+v", plan)
		}
		w.get(token, base+"/devices?q=0004f2000002").status(200)
		w.post(token, base+"/plans/"+plan.ID+"/apply", nil).status(200)
		if d := w.get(token, base+"/devices?q=0004f2000002").object()["items"].([]any); len(d) != 1 {
			t.Errorf("%v", d)
		}
		w.post(token, base+"/plans/"+plan.ID+"/undo", nil).refused(409, "import_not_undone")
		w.post(token, base+"/plans", map[string]any{"kind": "import", "file": "a,b\n1,2\n"}).refused(400, "csv_header")
		w.post(token, base+"/plans", map[string]any{"kind": "import"}).refused(400, "invalid_fields")
	})
}
