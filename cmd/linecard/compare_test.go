package main

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// fileServer gives these files below /p/acme to phones with the account u, p, and writes its authority beside.
func fileServer(t *testing.T, files map[string]string) (address, ca string) {
	t.Helper()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, word, _ := r.BasicAuth(); user != "u" || word != "p" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		body, ok := files[strings.TrimPrefix(r.URL.Path, "/p/acme/")]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		fmt.Fprint(w, body)
	}))
	t.Cleanup(s.Close)
	ca = written(t, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})))
	return s.URL + "/p/acme", ca
}

func written(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestCompareShowsWhatDiffersAndNoSecret(t *testing.T) {
	const head = "#!version:1.0.0.1\n"
	old, ca := fileServer(t, map[string]string{"805ec00a0b0c.cfg": head + "account.1.password = old-secret\naccount.1.label = Desk\n", "805ec00a0b0d.cfg": head + "a = 1\n"})
	now, _ := fileServer(t, map[string]string{"805ec00a0b0c.cfg": head + "account.1.password = new-secret\naccount.1.label = Door\nstatic.firmware.url = https://u:hunter2@h/x.rom\n", "805ec00a0b0d.cfg": head + "a = 1\n"})
	list := written(t, "805ec00a0b0c\n80:5E:C0:0A:0B:0D\n64167f0a0b0c,poly,VVX 411\n")
	args := []string{"compare", "--old", old, "--new", now, "--macs", list, "--old-user", "u", "--old-password", "p", "--user", "u", "--ca", ca}
	env := map[string]string{"LINECARD_PASSWORD": "p"}
	code, out, errOut := try(env, args...)
	if code != exitFailed || !strings.Contains(errOut, "2 of 3 phones") {
		t.Errorf("%d %s", code, errOut)
	}
	for _, want := range []string{"805ec00a0b0c yealink T54W: differs\n", "account.1.label: \"Desk\" → \"Door\"\n", "account.1.password: \"••••••••\" → \"••••••••\"\n", "static.firmware.url: not set → \"••••••••\"\n",
		"805ec00a0b0d yealink T54W: equal\n", "64167f0a0b0c poly VVX411: missing (old server: master file: Not Found) (new server: master file: Not Found)\n", "3 phones: 1 equal, 1 differ, 1 missing\n"} {
		if !strings.Contains(out, want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	code, js, _ := try(env, append(args, "--json")...)
	var first struct {
		MAC, Result string
		Differences []struct {
			Name     string
			Old, New *string
			Secret   bool
		}
	}
	if err := json.NewDecoder(strings.NewReader(js)).Decode(&first); err != nil || code != exitFailed || first.Result != "differs" || len(first.Differences) != 3 || !first.Differences[1].Secret || first.Differences[2].Old != nil {
		t.Errorf("%v %+v\n%s", err, first, js)
	}
	for _, secret := range []string{"old-secret", "new-secret", "hunter2"} {
		if strings.Contains(out+js+errOut, secret) {
			t.Errorf("%s is shown", secret)
		}
	}
	if code, out, errOut := try(env, "compare", "--old", old, "--new", now, "--macs", written(t, "805ec00a0b0d"), "--old-user", "u", "--old-password", "p", "--user", "u", "--ca", ca); code != exitDone {
		t.Errorf("%d %s %s", code, out, errOut)
	}
	if code, _, errOut := try(env, "compare", "--old", old, "--new", now, "--macs", written(t, "112233445566")); code != exitFailed || !strings.Contains(errOut, "line 1") {
		t.Errorf("%d %s", code, errOut)
	}
}

func TestReplayNamesEveryStatusThatDiffers(t *testing.T) {
	base, ca := fileServer(t, map[string]string{"64167f0a0b0c.cfg": "x"})
	target := strings.TrimSuffix(base, "/p/acme")
	log := written(t, `192.0.2.1 - u [12/Mar/2026:06:00:01 +0000] "GET /old/64167f0a0b0c.cfg HTTP/1.1" 200 5 "-" "Agent"
192.0.2.1 - u [12/Mar/2026:06:00:01 +0000] "GET /old/64167F0A0B0C.cfg HTTP/1.1" 200 5 "-" "Agent"
192.0.2.1 - - [12/Mar/2026:06:00:01 +0000] "GET /old/64167f0a0b0c.cfg HTTP/1.1" 401 0 "-" "Agent"
damaged
`)
	args := []string{"sim", "replay", log, "--target", target + "/p/acme", "--strip", "/old", "--user", "u", "--password", "p", "--ca", ca}
	code, out, errOut := try(nil, args...)
	if code != exitFailed || !strings.Contains(out, `line 2: GET "/old/64167F0A0B0C.cfg" was 200, is 404 (1 times) "Agent"`) || !strings.Contains(out, "4 lines: 3 asked, 2 the same, 1 differ; 0 left out, 1 damaged") {
		t.Errorf("%d %s %s", code, out, errOut)
	}
	var r struct {
		Differ      int
		Differences []struct{ Path string }
	}
	if code, out, _ = try(nil, append(args, "--json")...); code != exitFailed || json.Unmarshal([]byte(out), &r) != nil || r.Differ != 1 || len(r.Differences) != 1 {
		t.Errorf("%d %s", code, out)
	}
}

func TestAHerdRemembersInAFileAndComparesWithWhatWasExpected(t *testing.T) {
	base, ca := fileServer(t, map[string]string{"805ec00a0b0c.cfg": "#!version:1.0.0.1\na = 1\n"})
	dir := t.TempDir()
	args := []string{"sim", "phones", "--target", base, "--macs", written(t, "805ec00a0b0c"), "--pattern", "herd", "--window", "1ms", "--user", "u", "--password", "p", "--ca", ca,
		"--state", filepath.Join(dir, "state"), "--json"}
	code, out, errOut := try(nil, args...)
	var r struct {
		Awake   int
		Changed int
		Wrong   int `json:"wrong_bytes"`
	}
	if err := json.Unmarshal([]byte(out), &r); code != exitDone || err != nil || r.Awake != 1 {
		t.Fatalf("%d %s %s", code, out, errOut)
	}
	state, err := os.ReadFile(filepath.Join(dir, "state"))
	if err != nil || !strings.Contains(string(state), `"files":{"a":"1"}`) {
		t.Errorf("%v %s", err, state)
	}
	for text, want := range map[string]int{"#!version:1.0.0.1\na = 1\n": exitDone, "other": exitFailed} {
		expected := t.TempDir()
		if err := os.WriteFile(filepath.Join(expected, "805ec00a0b0c.cfg"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if code, out, errOut := try(nil, append(args, "--expect", expected)...); code != want {
			t.Errorf("%q: %d %s %s", text, code, out, errOut)
		}
	}
	if code, _, errOut := try(nil, append(args, "--full", "--vary", "--maker", "mix")...); code != exitDone && !strings.Contains(errOut, "without a configuration") {
		t.Errorf("%d %s", code, errOut)
	}
}
