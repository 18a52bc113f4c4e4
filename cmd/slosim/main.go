package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"slosim/scenarios"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	std := streams{os.Stdin, os.Stdout, os.Stderr}
	app, err := scenarios.NewApp()
	if err != nil {
		os.Exit(report(std, err))
	}
	os.Exit(run(ctx, app, std, os.Args[1:]))
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
