package pgserver

import (
	"bufio"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const userEnv = "LINECARD_PG_TEST_USER"

// TestMain lets a copy of this test binary be one user of the server: it prints the URL and stays until its input ends.
func TestMain(m *testing.M) {
	if os.Getenv(userEnv) == "" {
		os.Exit(m.Run())
	}
	url, _, err := Acquire(context.Background())
	if err != nil {
		url = err.Error()
	}
	os.Stdout.WriteString(url + "\n")
	_, _ = bufio.NewReader(os.Stdin).ReadByte()
}

// oneUser starts a process that uses the server of the temporary folder tmp; its URL, and a way to kill it outright.
func oneUser(t *testing.T, tmp string) (url string, kill func()) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), userEnv+"=1", "TMPDIR="+tmp)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill = func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	t.Cleanup(kill)
	line, _ := bufio.NewReader(out).ReadString('\n')
	url = strings.TrimSpace(line)
	if !strings.HasPrefix(url, "postgres://") {
		t.Fatal("no server: ", url)
	}
	return url, kill
}

func TestOneServerIsSharedAndEndsAfterItsLastUserWasKilled(t *testing.T) {
	if _, err := findPrograms(); errors.Is(err, ErrMissing) && os.Getenv("CI") == "" {
		t.Skip(err)
	}
	tmp, err := os.MkdirTemp("", "linecard-pgserver-") // not t.TempDir: the server's account must be able to enter it
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(tmp) })
	if err := os.Chmod(tmp, 0o755); err != nil {
		t.Fatal(err)
	}
	first, killFirst := oneUser(t, tmp)
	second, killSecond := oneUser(t, tmp)
	if first != second {
		t.Fatalf("two servers: %s and %s", first, second)
	}
	killFirst()
	if !answers(t.Context(), first) {
		t.Fatal("the server ended while it had a user")
	}
	killSecond()
	deadline := time.After(linger + 20*time.Second)
	for {
		left, _ := filepath.Glob(filepath.Join(tmp, "*", "data-*"))
		if len(left) == 0 && !answers(t.Context(), first) {
			break
		}
		select {
		case <-deadline:
			t.Fatal("the server outlives its users; left: ", left)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func TestWithoutServerProgramsTheErrorSaysWhatToInstall(t *testing.T) {
	t.Setenv("LINECARD_PG_BIN", filepath.Join(t.TempDir(), "empty"))
	if _, _, err := Acquire(t.Context()); !errors.Is(err, ErrMissing) {
		t.Fatal("without programs: ", err)
	}
}
