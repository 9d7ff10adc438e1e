package app_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"linecard/internal/profile"
)

// profiles get passwords in every way that they take values, show them to who may see them, and send them out.
func (v *vault) profiles(t *testing.T, token, customer string) {
	t.Helper()
	const name = "reg.1.auth.password"
	first := v.plant("password in a profile")
	made := v.wantStatus(t, 201, token, "POST", customer+"/profiles", map[string]any{"name": "Lines", "mode": "poly", "attributes": map[string]any{name: first,
		"log.render.file.upload": "https://user:" + v.plant("password in an address of a profile") + "@logs.example.com/x"}})
	one := customer + "/profiles/" + made["id"].(string)
	if values := made["attributes"].(map[string]any); values[name] != profile.Mask || values["log.render.file.upload"] != profile.Mask {
		t.Error("an answer shows a secret")
	}
	if out := v.wantStatus(t, 200, token, "POST", one+"/reveal", nil, "Idempotency-Key", "reveal"); out["attributes"].(map[string]any)[name] != first {
		t.Error("the revealed value is another one")
	}
	v.wantStatus(t, 200, token, "PATCH", one, map[string]any{"attributes": map[string]any{name: v.plant("changed password in a profile")}})
	v.wantStatus(t, 400, token, "PATCH", one, map[string]any{"attributes": map[string]any{"reg.2.auth.password": v.plant("refused password in a profile") + "\x01"}})
	v.wantStatus(t, 400, token, "PATCH", one, map[string]any{"attributes": map[string]any{"reg 2 auth.password": v.plant("password of a bad name")}})
	v.wantFile(t, 200, token, one+"/import?file=x.cfg", `<a reg.3.auth.password="`+v.plant("password in a file")+`"/>`)
	v.wantFile(t, 400, token, one+"/import?file=x.cfg", `<a reg.3.auth.password="`+v.plant("password in a broken file")+`"`)
	v.wantFile(t, 200, token, one+"/export", "")
	twin := v.wantStatus(t, 201, token, "POST", one+"/copy", map[string]any{}, "Idempotency-Key", "copy")
	v.wantStatus(t, 200, token, "PUT", customer+"/containers/global/-", map[string]any{"profile_ids": []any{twin["id"]}})
	v.wantStatus(t, 204, token, "DELETE", customer+"/profiles/"+twin["id"].(string), nil)
}

// wantFile posts a file and looks at the status alone.
func (v *vault) wantFile(t *testing.T, want int, token, path, text string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.settings.PublicURL+"/api/v1"+path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Idempotency-Key", "file "+path+strconv.Itoa(len(text)))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != want {
		t.Errorf("POST %s: %d, want %d", path, res.StatusCode, want)
	}
}
