package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"slices"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/api"
	"linecard/internal/profile"
	"linecard/internal/tenant"
)

// ofPhones are parts of addresses of what is about phones: a provider needs the customer's authorisation (CH-29).
var ofPhones = []string{"/profiles", "/containers", "/dictionaries", "/attributes", "{managed_line}/reveal", "{managed_line}/sync", "/device-models", "/external-devices"}

// queries are parameters without which an operation does nothing.
var queries = map[string]string{}

func init() {
	for _, l := range []string{"", "partner-", "operator-"} {
		bodies["create-"+l+"profile"] = map[string]any{"name": "New", "mode": "poly", "attributes": map[string]any{"x": "1"}}
		bodies["replace-"+l+"profile"] = map[string]any{"attributes": map[string]any{"x": "2"}}
		bodies["edit-"+l+"profile"] = map[string]any{"attributes": map[string]any{"x": nil}}
		bodies["copy-"+l+"profile"] = map[string]any{}
		bodies["put-"+l+"container"] = map[string]any{"profile_ids": []string{}}
		bodies["import-"+l+"profile"] = `<a x="1"/>`
		bodies["import-"+l+"dictionary"] = xsd
		queries["import-"+l+"dictionary"] = "?mode=poly"
		queries["search-"+l+"attributes"] = "?mode=poly&q=call"
	}
}

const xsd = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="x"><xs:complexType><xs:attribute name="x.new" type="xs:string"/></xs:complexType></xs:element></xs:schema>`

// kindFor is a container that exists at the level of the operation.
func kindFor(op api.Op) string {
	if strings.HasPrefix(op.Path, "/customers/") {
		return "global"
	}
	return "defaults"
}

func placeOf(t tenant.Tenant) profile.Place {
	switch t.Kind {
	case access.Operator:
		return profile.AtOperator()
	case access.Customer:
		return profile.AtCustomer(t.ID)
	}
	return profile.AtPartner(t.ID)
}

func (w *world) profile(t tenant.Tenant, name string) string {
	w.tb.Helper()
	p, _, err := w.d.Profiles.Create(context.Background(), system, placeOf(t), profile.New{Name: name, Mode: "poly", Attributes: []profile.Attribute{{Name: "reg.1.auth.password", Value: "s3cret-word"}}})
	w.ok(err)
	return p.ID
}

func (w *world) dictionary(t tenant.Tenant) string {
	w.tb.Helper()
	d, err := w.d.Profiles.Learn(context.Background(), system, placeOf(t), profile.Lesson{Mode: "poly", File: "own.xsd", Data: []byte(xsd), Family: "own"})
	w.ok(err)
	return d.ID
}

// strs gives a member that is a list of texts.
func strs(o map[string]any, name string) []string {
	var out []string
	all, _ := o[name].([]any)
	for _, x := range all {
		out = append(out, x.(string))
	}
	return out
}

func TestProfilesAndContainersAreKeptThroughTheAPIAtEveryLevel(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, l := range []struct {
			path, token, kind string
		}{
			{"/customers/" + w.c.ID, w.as(w.c, access.CustomerDeviceAdmin), "global"},
			{"/partners/" + w.p.ID, w.as(w.p, access.PartnerFullAdmin), "enforced"},
			{"/operator", w.root(), "defaults"},
		} {
			made := w.post(l.token, l.path+"/profiles", map[string]any{"name": "P", "mode": "poly", "description": "d",
				"attributes": map[string]any{"reg.1.auth.password": "s3cret-word", "call.x": "1", "y": "2"}}).status(201)
			o := made.object()
			one := l.path + "/profiles/" + o["id"].(string)
			values := o["attributes"].(map[string]any)
			if made.Header().Get("Location") != api.Prefix+one || values["reg.1.auth.password"] != profile.Mask || values["call.x"] != "1" || !slices.Equal(strs(o, "secrets"), []string{"reg.1.auth.password"}) {
				t.Fatal(made.Body)
			}
			etag := w.get(l.token, one).status(200).Header().Get("Etag")
			merged := w.do(request{method: "PATCH", path: one, token: l.token, header: map[string]string{"If-Match": etag},
				body: map[string]any{"attributes": map[string]any{"y": nil, "z": "3", "reg.1.auth.password": profile.Mask}}}).status(200).object()["attributes"].(map[string]any)
			if _, there := merged["y"]; there || merged["z"] != "3" || merged["call.x"] != "1" {
				t.Error(merged)
			}
			w.do(request{method: "PATCH", path: one, token: l.token, header: map[string]string{"If-Match": etag}, body: map[string]any{"description": "late"}}).refused(412, "stale")
			replaced := w.do(request{method: "PUT", path: one, token: l.token, body: map[string]any{"attributes": map[string]any{"reg.1.auth.password": profile.Mask}}}).status(200).object()["attributes"].(map[string]any)
			if len(replaced) != 1 {
				t.Error(replaced)
			}
			shown := w.post(l.token, one+"/reveal", nil).status(200)
			if shown.Header().Get("Cache-Control") != "no-store" || shown.object()["attributes"].(map[string]any)["reg.1.auth.password"] != "s3cret-word" {
				t.Error(shown.Body)
			}
			in := w.do(request{method: "POST", path: one + "/import?file=a.cfg", token: l.token, body: `<a foo.bar="1" b="2"/>`, header: map[string]string{"Content-Type": "text/xml"}}).status(200).object()
			if in["imported"] != 2.0 {
				t.Error(in)
			}
			w.do(request{method: "POST", path: one + "/import?file=a.cfg", token: l.token, body: `<a `}).status(400)

			at := l.path + "/containers/" + l.kind + "/-"
			put := w.do(request{method: "PUT", path: at, token: l.token, body: map[string]any{"profile_ids": []string{o["id"].(string)}}}).status(200)
			if !slices.Equal(strs(put.object(), "profile_ids"), []string{o["id"].(string)}) || put.Header().Get("Etag") != `"v2"` || w.get(l.token, at).status(200).Header().Get("Etag") != `"v2"` {
				t.Error(put.Body)
			}
			w.do(request{method: "PUT", path: at, token: l.token, body: map[string]any{"profile_ids": []string{}}, header: map[string]string{"If-Match": `"v1"`}}).refused(412, "stale")
			w.do(request{method: "PUT", path: at, token: l.token, body: map[string]any{"profile_ids": []string{unknown}}}).faulty("profile_ids[0] unknown_profile")
			if used := w.get(l.token, one+"/containers").status(200).object(); used["total"] != 1.0 {
				t.Error(used)
			}
			if all := w.get(l.token, l.path+"/containers").status(200).object()["items"].([]any); len(all) != 1 {
				t.Error(all)
			}
			copied := w.post(l.token, one+"/copy", map[string]any{"name": "Q"}).status(201).object()
			w.do(request{method: "DELETE", path: l.path + "/profiles/" + copied["id"].(string), token: l.token}).status(204)
			if l.path == "/operator" {
				w.get(l.token, one+"/export").refused(409, "platform_profile")
			} else {
				w.exported(l.token, l.path+"/profiles/export", one)
			}
			w.do(request{method: "DELETE", path: one, token: l.token}).status(204)
			w.get(l.token, one).refused(404, "not_found")
			if left := w.get(l.token, at).status(200).object(); len(strs(left, "profile_ids")) != 0 {
				t.Error(left)
			}
		}
	})
}

// exported looks into the ZIPs: without secrets by GET, with them by POST, and the same again for the same key.
func (w *world) exported(token, all, one string) {
	w.tb.Helper()
	text := func(r reply) string {
		if r.status(200).Header().Get("Content-Type") != "application/zip" {
			w.tb.Error(r.Header())
		}
		z, err := zip.NewReader(bytes.NewReader(r.Body.Bytes()), int64(r.Body.Len()))
		w.ok(err)
		f, err := z.File[0].Open()
		w.ok(err)
		b, err := io.ReadAll(f)
		w.ok(err)
		return string(b)
	}
	for _, path := range []string{all, one + "/export"} {
		if s := text(w.get(token, path)); strings.Contains(s, "s3cret-word") || !strings.Contains(s, "foo.bar") {
			w.tb.Error(s)
		}
		for range 2 {
			r := w.do(request{method: "POST", path: path, token: token, header: map[string]string{"Idempotency-Key": "k"}})
			if s := text(r); !strings.Contains(s, "s3cret-word") || r.Header().Get("Cache-Control") != "no-store" {
				w.tb.Error(s)
			}
		}
	}
}

func TestListsOfProfilesTakeTheirFilters(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, base := w.as(w.c, access.CustomerDeviceAdmin), "/customers/"+w.c.ID+"/profiles"
		w.profile(w.c, "b")
		w.profile(w.c, "A")
		w.profile(w.p, "Provider")
		names := func(query string) string {
			var out []string
			for _, x := range w.get(token, base+query).status(200).object()["items"].([]any) {
				out = append(out, x.(map[string]any)["name"].(string))
			}
			return strings.Join(out, " ")
		}
		for query, want := range map[string]string{"?type=user": "A b Provider", "?type=user&own=true": "A b", "?type=user,platform&q=rovid": "Provider", "?type=user&sort=-name": "Provider b A",
			"?mode=yealink": "", "?type=imported": ""} {
			if got := names(query); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		w.get(token, base+"?type=odd").faulty("type unknown_value")
		standard := w.get(token, base+"?type=platform&limit=1").status(200).object()["items"].([]any)
		if len(standard) == 0 {
			t.Skip("this maker brings no profiles")
		}
		full := w.get(token, base+"/"+standard[0].(map[string]any)["id"].(string)).status(200).object()
		if sources := full["sources"].([]any); len(sources) != len(full["attributes"].(map[string]any)) || sources[0].(map[string]any)["source"] == "" {
			t.Error(full["sources"])
		}
	})
}

// DM-123, DM-145.
func TestDictionariesAreKeptAndSearchedThroughTheAPI(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		token, base := w.as(w.c, access.CustomerFullAdmin), "/customers/"+w.c.ID
		up := w.do(request{method: "POST", path: base + "/dictionaries/import?mode=poly&file=own.xsd", token: token, body: xsd}).status(200).object()
		find := base + "/attributes?mode=poly&q="
		if got := w.get(token, find+"x.n").status(200).object()["items"].([]any); len(got) != 1 || got[0].(map[string]any)["name"] != "x.new" {
			t.Error(got)
		}
		w.get(token, find+"x").faulty("q too_short")
		w.do(request{method: "POST", path: base + "/dictionaries/import?mode=poly", token: token, body: "<xs:schema"}).status(400)
		all := w.get(token, base+"/dictionaries?mode=poly").status(200).object()["items"].([]any)
		if !slices.ContainsFunc(all, func(x any) bool {
			return x.(map[string]any)["file_name"] == "own.xsd" && x.(map[string]any)["created"] != nil
		}) {
			t.Error(all)
		}
		w.do(request{method: "DELETE", path: base + "/dictionaries/" + up["id"].(string), token: token}).status(204)
		if got := w.get(token, find+"x.n").status(200).object()["items"].([]any); len(got) != 0 {
			t.Error(got)
		}
	})
}
