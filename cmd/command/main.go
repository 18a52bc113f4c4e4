package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"slosim/scenarios"
	"slosim/scheduler"
)

// Main runs the command line of the process and returns its exit code. policies are known beside
// those that ship; a name of theirs is an error. Call it first in main: a process that was started to
// disturb becomes that antagonist and does not return.
func Main(policies scheduler.Registry) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	std := streams{os.Stdin, os.Stdout, os.Stderr}
	app, err := scenarios.NewApp()
	if err == nil {
		app.Policies, err = app.Policies.Merge(policies)
	}
	if err != nil {
		return report(std, err)
	}
	return run(ctx, app, std, os.Args[1:])
}

// streams are the standard ones.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, app App, std streams, args []string) int {
	started := false
	root := newRoot(app, std, &started)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err != nil && !started {
		// What cobra finds before a verb begins: unknown verbs and flags, wrong arguments.
		err = scenarios.UsageError{Err: err}
	}
	return report(std, err)
}

// report prints an error, if there is one, and returns the exit code.
func report(std streams, err error) int {
	var (
		problems scenarios.Problems
		code     exitCode
	)
	switch {
	case err == nil:
	case errors.As(err, &code):
		return int(code)
	case errors.As(err, &problems):
		fmt.Fprintln(std.err, err) // file:line first, for editors
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(std.err, "slosim: interrupted")
	default:
		fmt.Fprintln(std.err, "slosim:", err)
	}
	return scenarios.ExitCode(err)
}

// exitCode is an exit code whose reason is already printed.
type exitCode int

// Error returns the code as text.
func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }
