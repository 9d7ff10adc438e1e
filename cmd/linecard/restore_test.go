package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"linecard/internal/db/dbtest"
)

// TestABackupOfARunningInstallationWorksOnAnEmptyMachine backs up while the server runs, brings backup and key file to an
// empty folder, and finds everything again: data, sealed secrets, the proof of the record.
func TestABackupOfARunningInstallationWorksOnAnEmptyMachine(t *testing.T) {
	old := newSite(t, "")
	operator := old.bootstrap(t)
	n := old.serve(t)
	partner := operator.must(t, "POST", "/api/v1/partners", map[string]any{"name": "Before", "email": "b@before.example", "contact": "B"}).text("id")
	customer := operator.must(t, "POST", "/api/v1/customers", map[string]any{"owner_id": partner, "name": "Harbour", "email": "h@before.example", "contact": "H", "permission_types": []string{"DMP"}})
	id, host := customer.text("id"), customer.text("host")
	operator.must(t, "PATCH", "/api/v1/customers/"+id+"/provisioning", map[string]any{"account": map[string]any{"user": "phones", "password": "correct-horse-battery"}})
	operator.must(t, "POST", "/api/v1/customers/"+id+"/devices", map[string]any{"mac": "64167f0a0b0c", "maker": "poly", "name": "Reception"})
	dbtest.Eventually(t, "the record has a head outside the database", func() bool {
		_, err := os.Stat(filepath.Join(old.dir, "files", "journal", "head.json"))
		return err == nil
	})

	backup := filepath.Join(t.TempDir(), "linecard.backup")
	output(t, append([]string{"backup", backup}, old.stores()...)...)
	operator.must(t, "POST", "/api/v1/partners", map[string]any{"name": "After", "email": "a@after.example", "contact": "A"})
	n.kill()

	fresh := newSite(t, "")
	output(t, append([]string{"restore", backup}, fresh.stores()...)...)
	key, err := os.ReadFile(filepath.Join(old.dir, "keys.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(fresh.dir, "keys.json"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	again := fresh.serve(t)
	there := &caller{base: again.portal, token: operator.token, http: operator.http}
	if got := there.must(t, "GET", "/api/v1/customers/"+id, nil); got.text("name") != "Harbour" {
		t.Errorf("the customer came back as %s", got.raw)
	}
	if masterFile(t, fresh.phoneClient(t), again.phones, host, "phones", "correct-horse-battery") == "" {
		t.Error("the phones' sealed password did not come back")
	}
	again.kill()
	var whole struct {
		Whole bool `json:"whole"`
	}
	if out := output(t, append([]string{"audit", "verify", "--json"}, fresh.stores()...)...); json.Unmarshal([]byte(out), &whole) != nil || !whole.Whole {
		t.Errorf("audit verify after the restore: %s", out)
	}
}

// TestADamagedBackupOrAnOccupiedMachineIsRefusedAndNothingChanges covers the ways a restore goes wrong.
func TestADamagedBackupOrAnOccupiedMachineIsRefusedAndNothingChanges(t *testing.T) {
	old := newSite(t, "")
	old.bootstrap(t)
	backup := filepath.Join(t.TempDir(), "linecard.backup")
	output(t, append([]string{"backup", backup}, old.stores()...)...)
	whole, err := os.ReadFile(backup)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string][]byte{"cut": whole[:len(whole)*2/3], "flipped": flipped(whole), "empty": {}} {
		file := filepath.Join(t.TempDir(), "broken")
		if err := os.WriteFile(file, broken, 0o600); err != nil {
			t.Fatal(err)
		}
		fresh := newSite(t, "")
		if code := exitCode(t, append([]string{"restore", file}, fresh.stores()...)...); code == 0 {
			t.Errorf("a %s backup was restored", name)
		}
		if _, err := os.Stat(filepath.Join(fresh.dir, "linecard.db")); err == nil {
			t.Errorf("a %s backup left a database behind", name)
		}
	}
	if code := exitCode(t, append([]string{"restore", backup}, old.stores()...)...); code != 1 {
		t.Errorf("a restore over an installation ended with %d", code)
	}
	if code := exitCode(t, append([]string{"backup", backup}, old.stores()...)...); code != 1 {
		t.Errorf("a backup over an older one ended with %d", code)
	}
}

func flipped(b []byte) []byte {
	out := append([]byte(nil), b...)
	out[len(out)/2] ^= 0xff
	return out
}

// exitCode runs the program to its end.
func exitCode(t testing.TB, args ...string) int {
	t.Helper()
	c := command(t, args...)
	if err := c.Run(); err != nil {
		if _, ended := err.(*exec.ExitError); !ended { //nolint:errorlint // Run returns it unwrapped
			t.Fatal(err)
		}
	}
	return c.ProcessState.ExitCode()
}
