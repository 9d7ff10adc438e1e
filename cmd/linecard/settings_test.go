package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"linecard/internal/db"
	"linecard/internal/db/dbtest"
)

// try runs the program in this process with an environment of its own; commands that end at once only.
func try(env map[string]string, args ...string) (code int, out, errOut string) {
	var o, e bytes.Buffer
	code = run(args, &o, &e, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	return code, o.String(), e.String()
}

func TestAllFaultsOfAConfigurationAreReportedAtOnce(t *testing.T) {
	code, _, errOut := try(nil, "serve", "--http", "nowhere", "--phones", "8443", "--public-url", "linecard.example", "--smtp", "mail.example",
		"--mail-from", "nobody", "--tls-cert", "a.pem", "--trusted-proxies", "10.0.0.0/99", "--drain", "1h")
	if code != exitUsage {
		t.Errorf("exit code %d", code)
	}
	for _, flag := range []string{"--http", "--phones", "--public-url", "--smtp", "--mail-from", "--tls-cert", "--trusted-proxies", "--drain"} {
		if !strings.Contains(errOut, flag+":") {
			t.Errorf("%s is not named in:\n%s", flag, errOut)
		}
	}
}

func TestFlagsWinOverTheEnvironmentAndTheEnvironmentOverTheFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "linecard.yaml")
	if err := os.WriteFile(file, []byte("db: mysql://from-file\nkey_file: "+filepath.Join(dir, "keys.json")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(dir, "db")
	if err := os.WriteFile(secret, []byte("sqlite://"+filepath.Join(dir, "secret.db")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	good := "sqlite://" + filepath.Join(dir, "linecard.db")
	for name, c := range map[string]struct {
		env  map[string]string
		args []string
		code int
		made string
	}{
		"the file alone":                 {nil, nil, exitUsage, ""},
		"the environment over the file":  {map[string]string{"LINECARD_DB": good}, nil, exitDone, "linecard.db"},
		"a flag over the environment":    {map[string]string{"LINECARD_DB": "mysql://env"}, []string{"--db", "sqlite://" + filepath.Join(dir, "flag.db")}, exitDone, "flag.db"},
		"a secret's file":                {map[string]string{"LINECARD_DB_FILE": secret}, nil, exitDone, "secret.db"},
		"a secret's file that is absent": {map[string]string{"LINECARD_DB_FILE": secret + "x"}, nil, exitUsage, ""},
	} {
		code, _, errOut := try(c.env, append([]string{"migrate", "--config", file}, c.args...)...)
		if code != c.code {
			t.Errorf("%s: exit code %d, want %d: %s", name, code, c.code, errOut)
		}
		if c.made != "" {
			if _, err := os.Stat(filepath.Join(dir, c.made)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestWrongUsageIsExitCodeTwoAndNamesWhatIsWrong(t *testing.T) {
	bad := filepath.Join(t.TempDir(), "bad.yaml")
	if err := os.WriteFile(bad, []byte("databse: x\nport: 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"unknown flag": {"serve", "--nonsense"}, "databse": {"serve", "--config", bad}, "port": {"serve", "--config", bad},
		"cannot be read": {"serve", "--config", bad + "x"}, "unexpected argument": {"dance"}, "mysql": {"migrate", "--db", "sqlite"},
	} {
		code, _, errOut := try(nil, args...)
		if want == "mysql" {
			want = "sqlite://"
		}
		if code != exitUsage || !strings.Contains(errOut, want) {
			t.Errorf("%v: exit code %d: %s", args, code, errOut)
		}
	}
	if code, out, _ := try(nil, "--help"); code != exitDone || !strings.Contains(out, "serve") {
		t.Errorf("help: %d %s", code, out)
	}
	if code, out, _ := try(nil, "version"); code != exitDone || !strings.HasPrefix(out, "linecard 0.") {
		t.Errorf("version: %d %s", code, out)
	}
}

func TestAuditVerifyFindsWhatSomebodyChangedInTheDatabase(t *testing.T) {
	s := newSite(t, "")
	operator := s.bootstrap(t)
	n := s.serve(t)
	for _, name := range []string{"One", "Two", "Three"} {
		operator.must(t, "POST", "/api/v1/partners", map[string]any{"name": name, "email": name + "@audit.example", "contact": name})
	}
	dbtest.Eventually(t, "the events have their place", func() bool { return events(t, operator) >= 3 })
	n.stop()
	verify := append([]string{"audit", "verify", "--json"}, s.stores()...)
	if code := exitCode(t, verify...); code != exitDone {
		t.Fatalf("an untouched record: exit code %d", code)
	}
	d, err := db.Open(t.Context(), s.db, db.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Exec(t.Context(), `UPDATE journal_entries SET actor_name = 'Somebody else' WHERE position = 2`); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	c := command(t, verify...)
	out, err := c.Output()
	var report struct {
		Whole bool `json:"whole"`
		Fault struct {
			Position int64  `json:"position"`
			What     string `json:"what"`
		} `json:"fault"`
	}
	if err == nil || json.Unmarshal(out, &report) != nil || report.Whole || report.Fault.Position != 2 || report.Fault.What != "altered" {
		t.Errorf("audit verify said %s (%v)", out, err)
	}
}
