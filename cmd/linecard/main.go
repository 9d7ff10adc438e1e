// Command linecard is the whole product: the server, its demo, simulated phones, and the tools that keep it running.
//
// It holds flags and what a terminal shows; everything else is in internal/app.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"linecard/internal/errs"
)

// Exit codes that scripts hold on to.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

type commands struct {
	Config string `name:"config" placeholder:"FILE" help:"YAML file with settings; flags and LINECARD_… in the environment win over it."`

	Demo    demoCommand    `cmd:"" help:"Try it: one process with everything embedded, a seeded world and simulated phones."`
	Serve   serveCommand   `cmd:"" help:"Run the product."`
	Sim     simCommand     `cmd:"" help:"Simulated phones against any server."`
	Compare compareCommand `cmd:"" help:"What each phone gets today from another server against what it would get from here."`
	Admin   adminCommand   `cmd:"" help:"First operator account, machine tokens, rescue."`
	Backup  backupCommand  `cmd:"" help:"Copy a running SQLite installation into one file."`
	Restore restoreCommand `cmd:"" help:"Put a backup onto an empty machine."`
	Migrate migrateCommand `cmd:"" help:"Bring the database up to this version and stop."`
	Audit   auditCommand   `cmd:"" help:"Prove that the record of what happened is whole."`
	OpenAPI openAPICommand `cmd:"" name:"openapi" help:"Print the description of the API (OpenAPI 3.1)."`
	Version versionCommand `cmd:"" help:"Print the version."`
}

// terminal is what commands write to.
type terminal struct {
	out, err io.Writer
	tty      bool // a person looks: progress bars instead of lines
}

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr, os.LookupEnv)) }

func run(args []string, out, errOut io.Writer, env func(string) (string, bool)) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	file, err := readConfig(configFile(args, env))
	if err != nil {
		fmt.Fprintln(errOut, "linecard:", err)
		return exitUsage
	}
	var cmd commands
	exited := -1
	parser, err := kong.New(&cmd, kong.Name("linecard"), kong.Description("Open back office for unified-communications providers."),
		kong.UsageOnError(), kong.Writers(out, errOut), kong.Exit(func(code int) { exited = code }),
		kong.Resolvers(settingsFrom{env: env, file: file}), kong.ConfigureHelp(kong.HelpOptions{Compact: true}))
	if err != nil {
		fmt.Fprintln(errOut, "linecard:", err)
		return exitFailed
	}
	k, err := parser.Parse(args)
	if exited >= 0 { // --help has been printed
		return exitDone
	}
	if err != nil {
		fmt.Fprintln(errOut, "linecard:", err)
		return exitUsage
	}
	k.BindTo(ctx, (*context.Context)(nil))
	k.Bind(&terminal{out: out, err: errOut, tty: isTerminal(out)})
	return report(errOut, k.Run())
}

// report prints what went wrong, with every fault of the settings, and gives the exit code.
func report(w io.Writer, err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, context.Canceled) {
		return exitDone
	}
	var e *errs.Error
	if !errors.As(err, &e) {
		fmt.Fprintln(w, "linecard:", err)
		return exitFailed
	}
	fmt.Fprintln(w, "linecard:", e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(w, "  --%s: %s\n", f.Name, f.Message)
	}
	if e.Kind == errs.Invalid {
		return exitUsage
	}
	if cause := errors.Unwrap(e); cause != nil {
		fmt.Fprintln(w, "  because:", cause)
	}
	return exitFailed
}

// configFile finds --config before the flags are parsed, because the file gives values to them.
func configFile(args []string, env func(string) (string, bool)) string {
	for i, a := range args {
		if a == "--config" && i+1 < len(args) {
			return args[i+1]
		}
		if len(a) > 9 && a[:9] == "--config=" {
			return a[9:]
		}
	}
	v, _ := env("LINECARD_CONFIG")
	return v
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	i, err := f.Stat()
	return err == nil && i.Mode()&os.ModeCharDevice != 0
}
