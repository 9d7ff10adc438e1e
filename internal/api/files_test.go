package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"linecard/internal/access"
	"linecard/internal/account"
	"linecard/internal/queue"
)

func (w *world) operatorToken() string {
	w.tb.Helper()
	return w.token(w.operator, w.account(w.operator, account.Invitation{Roles: []access.Role{access.OperatorAdmin}}))
}

func (w *world) deviceAdmin() string {
	w.tb.Helper()
	return w.token(w.c, w.account(w.c, account.Invitation{Roles: []access.Role{access.CustomerDeviceAdmin}}))
}

// drain does the jobs of software.
func (w *world) drain() {
	w.tb.Helper()
	q := queue.New(w.db, queue.Options{Node: "test", Log: slog.New(slog.DiscardHandler), Alone: w.db.Embedded()})
	w.d.Software.Register(q)
	_, err := q.Drain(context.Background())
	w.ok(err)
}

func TestAnImageComesInWithResume(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me, them := w.operatorToken(), w.deviceAdmin()
		var body bytes.Buffer
		z := zip.NewWriter(&body)
		for name, text := range map[string]string{"3111-44500-001.sip.ld": strings.Repeat("software ", 1000), "sip.ver": "5.9.8.3221"} {
			f, err := z.Create(name)
			w.ok(err)
			_, _ = io.WriteString(f, text)
		}
		w.ok(z.Close())
		size := body.Len()
		w.post(them, "/software-images/uploads", map[string]any{"file_name": "x.zip", "size": size}).refused(403, "forbidden")
		w.post(me, "/software-images/uploads", map[string]any{"file_name": "../x.zip", "size": size}).refused(400, "invalid_fields")
		var up struct {
			ID          string
			Offset      int64
			OperationID string `json:"operation_id"`
		}
		w.post(me, "/software-images/uploads", map[string]any{"file_name": "x.zip", "size": size}).status(201).into(&up)
		at := "/software-images/uploads/" + up.ID
		send := func(offset int, b []byte, more string) reply {
			return w.do(request{method: "PATCH", path: at + "?offset=" + strconv.Itoa(offset) + more, token: me, body: b, header: map[string]string{"Content-Type": "application/octet-stream"}})
		}
		send(0, body.Bytes()[:100], "&dry_run=true").status(200).into(&up)
		if up.Offset != 0 {
			t.Error("a dry run keeps bytes")
		}
		send(0, body.Bytes()[:100], "").status(200).into(&up)
		if up.Offset != 100 {
			t.Errorf("%+v", up)
		}
		send(50, body.Bytes()[50:], "").refused(409, "upload_offset")
		w.get(me, at).status(200).into(&up)
		send(int(up.Offset), body.Bytes()[up.Offset:], "").status(200)
		w.drain()
		var op struct {
			State  string
			Result struct {
				ImageID string `json:"image_id"`
			}
		}
		w.get(me, "/operations/"+up.OperationID).status(200).into(&op)
		if op.State != "succeeded" {
			t.Fatalf("%+v", op)
		}
		var image struct {
			Version, Maker, Path string
			Models, Needs        []string
			Files                []struct{ Name string }
		}
		r := w.get(them, "/software-images/"+op.Result.ImageID).status(200)
		r.into(&image)
		if image.Version != "5.9.8.3221" || image.Maker != "poly" || strings.Join(image.Models, " ") != "VVX500" || strings.Join(image.Needs, " ") != "5.7.3" || len(image.Files) != 2 {
			t.Errorf("%+v", image)
		}
		var list struct{ Items []struct{ ID string } }
		w.get(them, "/software-images?maker=poly&q=vvx5").status(200).into(&list)
		if len(list.Items) != 1 {
			t.Errorf("%+v", list)
		}
		w.get(me, at).refused(404, "not_found")
		w.do(request{method: "DELETE", path: "/software-images/" + op.Result.ImageID, token: them}).refused(403, "forbidden")
		w.do(request{method: "DELETE", path: "/software-images/" + op.Result.ImageID, token: me, header: map[string]string{"If-Match": r.Header().Get("Etag")}}).status(204)
		w.get(them, "/software-images").status(200).into(&list)
		if len(list.Items) != 0 {
			t.Errorf("%+v", list)
		}
	})
}

func TestFilesGoInAndComeBackByteForByte(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.deviceAdmin()
		base := "/customers/" + w.c.ID + "/resource-files"
		body := "\x89PNG\r\n\x1a\n" + strings.Repeat("0123456789abcdef", 1<<17) // larger than what other operations take
		send := func(query string, body string, header ...string) reply {
			h := map[string]string{"Content-Type": "application/octet-stream"}
			for n := 0; n < len(header); n += 2 {
				h[header[n]] = header[n+1]
			}
			return w.do(request{method: "POST", path: base + "?" + query, token: me, body: body, header: h})
		}
		send("name=logo.png&dry_run=true", body).status(201)
		var list struct{ Items []struct{ ID, Name string } }
		w.get(me, base).status(200).into(&list)
		if len(list.Items) != 0 {
			t.Fatal("a dry run keeps a file")
		}
		var f struct{ ID, SHA256, Path, Warning string }
		first := send("name=logo.png&description=x", body, "Idempotency-Key", "k1").status(201)
		first.into(&f)
		again := send("name=logo.png&description=x", body, "Idempotency-Key", "k1").status(201)
		if again.Header().Get("Idempotent-Replayed") != "true" || again.Body.String() != first.Body.String() {
			t.Error("the key does not repeat the answer")
		}
		send("name=logo.png&description=x", body+"!", "Idempotency-Key", "k1").refused(422, "idempotency_key_reused")
		if f.Path != "res/logo.png" || f.Warning != "" {
			t.Errorf("%+v", f)
		}
		send("name=logo.png", body).refused(409, "file_name_taken")
		send("name=logo.png&replace=true", body, "If-Match", `"v7"`).refused(412, "stale")
		send("name=logo.png&replace=true", body, "If-Match", `"v1"`).status(201)
		send("name=x.exe", "MZ").refused(400, "invalid_fields")
		send("name="+url.QueryEscape("../x.cfg"), "<x/>").refused(400, "invalid_fields")
		send("name=a.cfg", "").refused(400, "invalid_fields")

		at := base + "/" + f.ID
		got := w.get(me, at+"/content").status(200)
		if got.Body.String() != body || got.Header().Get("Content-Disposition") != "attachment; filename=logo.png" || got.Header().Get("Content-Security-Policy") != "sandbox" {
			t.Errorf("%d bytes, %v", got.Body.Len(), got.Header())
		}
		part := w.do(request{method: "GET", path: at + "/content", token: me, header: map[string]string{"Range": "bytes=1-3"}}).status(206)
		if part.Body.String() != "PNG" {
			t.Errorf("%q", part.Body)
		}
		w.do(request{method: "GET", path: at + "/content", token: me, header: map[string]string{"If-None-Match": got.Header().Get("Etag")}}).status(304)
		w.do(request{method: "PATCH", path: at, token: me, body: map[string]any{"description": "y"}}).status(200)
		w.get(w.operatorToken(), at).status(200)
		other := w.token(w.dd, w.account(w.dd, account.Invitation{Roles: []access.Role{access.CustomerDeviceAdmin}}))
		w.get(other, at).refused(404, "not_found")
		w.get(other, "/customers/"+w.dd.ID+"/resource-files/"+f.ID).refused(404, "not_found")
		w.do(request{method: "DELETE", path: at, token: me}).status(204)
		w.get(me, at).refused(404, "not_found")
	})
}

func TestADeviceFileLiesInItsDirectory(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me := w.deviceAdmin()
		var d struct{ ID string }
		w.post(me, "/customers/"+w.c.ID+"/devices", map[string]any{"mac": "0004f2fcfc20"}).status(201).into(&d)
		base := "/customers/" + w.c.ID + "/devices/" + d.ID + "/device-files"
		var f struct{ ID, Directory, Section string }
		w.do(request{method: "POST", path: base + "?name=0004f2fcfc20-phone.cfg&directory=overrides", token: me, body: "<x/>"}).status(201).into(&f)
		if f.Directory != "overrides" || f.Section != "phone" {
			t.Errorf("%+v", f)
		}
		w.do(request{method: "POST", path: base + "?name=a.txt&directory=misc", token: me, body: "x"}).refused(400, "invalid_fields")
		w.do(request{method: "POST", path: base + "?name=a.cfg", token: me, body: "x"}).refused(400, "invalid_fields")
		if got := w.get(me, base+"/"+f.ID+"/content").status(200).Body.String(); got != "<x/>" {
			t.Errorf("%q", got)
		}
		var list struct{ Items []struct{ ID string } }
		w.get(me, base+"?directory=contacts").status(200).into(&list)
		if len(list.Items) != 0 {
			t.Errorf("%+v", list)
		}
		w.do(request{method: "DELETE", path: base + "/" + f.ID, token: me}).status(204)
	})
}

func TestDownloadPathsAndWindowAreSetTogetherWithTheRest(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		me, at := w.deviceAdmin(), "/customers/"+w.c.ID+"/provisioning"
		type settings struct {
			Paths  struct{ Internet, Enterprise string } `json:"download_paths"`
			Window *struct {
				Start, End string
				Days       []string
			} `json:"software_window"`
		}
		var p settings
		edit := func(body any) reply { return w.do(request{method: "PATCH", path: at, token: me, body: body}) }
		edit(map[string]any{"download_paths": map[string]any{"enterprise": "https://relay.acme.example"},
			"software_window": map[string]any{"start": "22:00", "end": "05:00", "days": []string{"sat", "sun"}}}).status(200).into(&p)
		if p.Paths.Enterprise != "https://relay.acme.example/" || p.Paths.Internet != "" || p.Window == nil || p.Window.Start != "22:00" || strings.Join(p.Window.Days, " ") != "sun sat" {
			t.Errorf("%+v", p)
		}
		edit(map[string]any{"download_paths": map[string]any{"internet": "ftp://x"}}).refused(400, "invalid_fields")
		edit(map[string]any{"software_window": map[string]any{"start": "25:00", "end": "05:00", "days": []string{"sat"}}}).refused(400, "invalid_fields")
		p = settings{}
		edit(map[string]any{"software_window": map[string]any{"start": "", "end": "", "days": []string{}}}).status(200).into(&p)
		if p.Window != nil || p.Paths.Enterprise == "" {
			t.Errorf("%+v", p)
		}
	})
}
