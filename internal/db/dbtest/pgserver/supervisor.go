package pgserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// supervise runs one server until nobody uses it any more. It reports the URL, or one line of what went wrong, on fd 3.
func supervise(dir string) {
	runtime.LockOSThread() // the server dies with the thread that started it, so that thread must be the process's own
	report := os.NewFile(3, "report")
	s, err := startServer(dir, os.Getenv("LINECARD_PG_BIN"))
	if err != nil {
		fmt.Fprintln(report, strings.ReplaceAll(err.Error(), "\n", " | "))
		report.Close()
		return
	}
	defer s.stop()
	if err := writeWhole(filepath.Join(dir, "url"), s.url); err != nil {
		fmt.Fprintln(report, err)
		return
	}
	fmt.Fprintln(report, s.url)
	report.Close()

	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	unused := make(chan struct{})
	go func() {
		waitUntilUnused(dir, s.url)
		close(unused)
	}()
	select {
	case <-unused:
	case <-asked:
	case <-s.ended: // killed from outside; the next user starts another
	}
}

// waitUntilUnused comes back when no process holds the users' lock, and has then withdrawn the URL so that none begins.
func waitUntilUnused(dir, url string) {
	for {
		all, err := lockFile(filepath.Join(dir, "users.lock"), syscall.LOCK_EX)
		if err != nil {
			return
		}
		all.Close()
		<-time.After(linger)
		start, err := lockFile(filepath.Join(dir, "start.lock"), syscall.LOCK_EX)
		if err != nil {
			return
		}
		all, err = lockFile(filepath.Join(dir, "users.lock"), syscall.LOCK_EX|syscall.LOCK_NB)
		if err != nil { // somebody came meanwhile
			start.Close()
			continue
		}
		withdraw(dir, url)
		all.Close()
		start.Close()
		return
	}
}

// withdraw removes the URL unless it is another server's by now.
func withdraw(dir, url string) {
	path := filepath.Join(dir, "url")
	if b, err := os.ReadFile(path); err == nil && string(b) == url {
		_ = os.Remove(path)
	}
}

// server is one running PostgreSQL with a data folder of its own.
type server struct {
	dir, data, url string
	cmd            *exec.Cmd
	ended          chan struct{}
}

// startServer makes a data folder and starts a server on it that answers on loopback and on a socket in that folder.
// Nothing waits for a disk: what a power cut would cost here is a test run.
func startServer(dir, bin string) (_ *server, err error) {
	cred, err := account()
	if err != nil {
		return nil, err
	}
	removeLeftovers(dir)
	s := &server{dir: dir, data: filepath.Join(dir, "data-"+strconv.Itoa(os.Getpid())), ended: make(chan struct{})}
	if err := os.Mkdir(s.data, 0o700); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if cred != nil {
		if err := os.Chown(s.data, int(cred.Uid), int(cred.Gid)); err != nil {
			return nil, err
		}
	}
	initdb := command(s.data, bin, "initdb", cred, "-D", filepath.Join(s.data, "pg"), "-U", "postgres", "-A", "trust",
		"--locale=C.UTF-8", "-E", "UTF8", "--no-sync", "--no-instructions")
	if out, err := initdb.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	s.cmd = command(s.data, bin, "postgres", cred, serverArgs(s.data, port)...)
	logFile, err := os.Create(filepath.Join(dir, "server.log"))
	if err != nil {
		return nil, err
	}
	defer logFile.Close()
	s.cmd.Stdout, s.cmd.Stderr = logFile, logFile
	if err := s.cmd.Start(); err != nil {
		s.cmd = nil
		return nil, err
	}
	go func() {
		_ = s.cmd.Wait()
		close(s.ended)
	}()
	s.url = fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	return s, s.ready()
}

func serverArgs(data string, port int) []string {
	args := []string{"-D", filepath.Join(data, "pg"), "-p", strconv.Itoa(port), "-h", "127.0.0.1"}
	// A socket's path may have about a hundred characters; where the temporary folder's name is longer, loopback must do.
	socket := data
	if len(socket) > 80 {
		socket = ""
	}
	for _, setting := range []string{"unix_socket_directories=" + socket, "fsync=off", "synchronous_commit=off", "full_page_writes=off",
		"wal_level=minimal", "max_wal_senders=0", "max_connections=300", "shared_buffers=64MB", "log_min_messages=fatal"} {
		args = append(args, "-c", setting)
	}
	return args
}

// ready waits until the server answers.
func (s *server) ready() error {
	deadline := time.After(startWithin)
	for {
		if answers(context.Background(), s.url) {
			return nil
		}
		select {
		case <-s.ended:
			log, _ := os.ReadFile(filepath.Join(s.dir, "server.log"))
			return fmt.Errorf("the server ended: %s", log)
		case <-deadline:
			return errors.New("the server does not answer")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// stop ends the server at once and removes what it wrote.
func (s *server) stop() {
	if s.cmd != nil {
		_ = s.cmd.Process.Signal(syscall.SIGINT) // fast shutdown: sessions are cut, children are collected
		select {
		case <-s.ended:
		case <-time.After(10 * time.Second):
			_ = s.cmd.Process.Signal(syscall.SIGQUIT)
			select {
			case <-s.ended:
			case <-time.After(5 * time.Second):
			}
		}
	}
	withdraw(s.dir, s.url)
	_ = os.RemoveAll(s.data)
}

// removeLeftovers removes data folders whose supervisor is gone, for example after a power cut.
func removeLeftovers(dir string) {
	old, _ := filepath.Glob(filepath.Join(dir, "data-*"))
	for _, path := range old {
		pid, err := strconv.Atoi(strings.TrimPrefix(filepath.Base(path), "data-"))
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			_ = os.RemoveAll(path)
		}
	}
}

// freePort asks the kernel for a port nobody uses now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// writeWhole writes a file that is there completely or not at all.
func writeWhole(path, text string) error {
	if err := os.WriteFile(path+".new", []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}
