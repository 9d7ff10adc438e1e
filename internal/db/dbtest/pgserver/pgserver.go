// Package pgserver owns the throw-away PostgreSQL server that tests run on: it finds the programs, starts one server for
// all test binaries of a person on this computer, and ends it when the last of them has gone.
//
// It knows nothing of Linecard's tables and must not be linked into the product.
//
// How it ends without anybody remembering to end it: every user of the server holds a shared file lock until its process
// dies, and a supervisor (this very program, started again) waits for the exclusive one. The kernel gives locks back
// whatever way a process ends, so no server survives its users, and the server itself dies with its supervisor.
package pgserver

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// ErrMissing says that this computer has no PostgreSQL server programs, or no account they could run under.
var ErrMissing = errors.New("no PostgreSQL server programs (install the package postgresql, or set LINECARD_PG_BIN to the folder that holds initdb and postgres)")

const (
	supervisorEnv = "LINECARD_PG_SUPERVISOR" // folder to supervise; set only in the supervisor
	linger        = 3 * time.Second          // between two test binaries of one run there is a moment without any user
	startWithin   = 60 * time.Second
)

// init turns a copy of this program into the supervisor, before anything else of it runs.
func init() {
	if dir := os.Getenv(supervisorEnv); dir != "" {
		supervise(dir)
		os.Exit(0)
	}
}

// Acquire returns the URL of the shared server, database "postgres", starting the server when it does not run.
// It stays up until the calling process ends or release is called. Without server programs the error is ErrMissing.
func Acquire(ctx context.Context) (url string, release func(), err error) {
	bin, err := findPrograms()
	if err != nil {
		return "", nil, err
	}
	dir, err := sharedDir()
	if err != nil {
		return "", nil, err
	}
	start, err := lockFile(filepath.Join(dir, "start.lock"), syscall.LOCK_EX)
	if err != nil {
		return "", nil, err
	}
	defer start.Close()
	users, err := lockFile(filepath.Join(dir, "users.lock"), syscall.LOCK_SH)
	if err != nil {
		return "", nil, err
	}
	release = func() { users.Close() }
	if b, err := os.ReadFile(filepath.Join(dir, "url")); err == nil && answers(ctx, string(b)) {
		return string(b), release, nil
	}
	url, err = startSupervisor(dir, bin)
	if err != nil {
		release()
		return "", nil, err
	}
	return url, release, nil
}

// findPrograms returns the folder of initdb and postgres: LINECARD_PG_BIN, else Debian's newest, else the one in PATH.
func findPrograms() (string, error) {
	var candidates []string
	if dir := os.Getenv("LINECARD_PG_BIN"); dir != "" {
		candidates = []string{dir}
	} else {
		candidates, _ = filepath.Glob("/usr/lib/postgresql/*/bin")
		version := func(i int) int {
			n, _ := strconv.Atoi(filepath.Base(filepath.Dir(candidates[i])))
			return n
		}
		sort.Slice(candidates, func(i, j int) bool { return version(i) > version(j) })
		if p, err := exec.LookPath("initdb"); err == nil {
			candidates = append(candidates, filepath.Dir(p))
		}
	}
	for _, dir := range candidates {
		if executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", ErrMissing
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// sharedDir is the folder all test binaries of this person agree on. One that belongs to somebody else is refused:
// names in a shared temporary folder can be taken by anybody.
func sharedDir() (string, error) {
	dir := filepath.Join(os.TempDir(), "linecard-postgres-"+strconv.Itoa(os.Getuid()))
	if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !info.IsDir() || (ok && int(st.Uid) != os.Getuid()) {
		return "", fmt.Errorf("%s belongs to somebody else; remove it or set TMPDIR", dir)
	}
	return dir, os.Chmod(dir, 0o755)
}

// lockFile opens path and waits for the lock. Closing the file, or the end of the process, gives the lock back.
func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, err
		}
	}
}

func answers(ctx context.Context, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, url)
	if err != nil {
		return false
	}
	return c.Close(ctx) == nil
}

// startSupervisor starts this program again as the supervisor of dir and waits for the server's URL.
func startSupervisor(dir, bin string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	r, w, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer r.Close()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), supervisorEnv+"="+dir, "LINECARD_PG_BIN="+bin)
	cmd.ExtraFiles = []*os.File{w}                       // fd 3; no other stream, or `go test` would wait for the supervisor
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // ^C in the terminal ends the users; the supervisor follows in order
	err = cmd.Start()
	w.Close()
	if err != nil {
		return "", err
	}
	_ = r.SetReadDeadline(time.Now().Add(startWithin + 5*time.Second))
	line, err := bufio.NewReader(r).ReadString('\n')
	line = strings.TrimSpace(line)
	switch {
	case err != nil && line == "":
		return "", fmt.Errorf("the PostgreSQL supervisor ended without a word: %w", err)
	case !strings.HasPrefix(line, "postgres://"):
		return "", errors.New("PostgreSQL did not start: " + line)
	}
	go func() { _ = cmd.Wait() }() // reap it, should it end before us
	return line, nil
}

// account is the account the server runs under: ours, or `postgres` when we are root, which PostgreSQL refuses to be.
// The credential is nil when nothing has to change.
func account() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("%w: PostgreSQL does not run as root and there is no account named postgres", ErrMissing)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

// command prepares a server program to run under the right account and to die with the thread that starts it.
func command(dir, bin, program string, cred *syscall.Credential, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(bin, program), args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + bin + ":/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC", "HOME=" + dir}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: cred, Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	return cmd
}
