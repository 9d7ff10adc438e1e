// Command withpostgres runs a command while a throw-away PostgreSQL server is up, and gives it the server's URL in
// LINECARD_TEST_POSTGRES. When that variable is set already the command runs with it as it is.
//
// It ends with the command's exit code. The server ends soon after, whatever happens to either of them.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"linecard/internal/db/dbtest/pgserver"
)

const variable = "LINECARD_TEST_POSTGRES"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: withpostgres command [argument …]")
		os.Exit(2)
	}
	code, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "withpostgres:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(argv []string) (int, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv(variable) == "" {
		url, release, err := pgserver.Acquire(context.Background())
		if err != nil {
			return 1, err
		}
		defer release()
		cmd.Env = append(os.Environ(), variable+"="+url)
	}
	// ^C reaches the command by itself, being in the same process group; this program stays until it is done.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	terms := make(chan os.Signal, 1)
	signal.Notify(terms, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		return 1, err
	}
	go func() {
		for range terms {
			_ = cmd.Process.Signal(syscall.SIGTERM)
		}
	}()
	err := cmd.Wait()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() >= 0 {
		return exit.ExitCode(), nil
	}
	return 0, err
}
