package scenarios

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// The exit codes of the command.
const (
	ExitOK          = 0
	ExitAssertion   = 1   // an assertion failed
	ExitUsage       = 2   // bad usage or scenario
	ExitInternal    = 3   // internal, or input and output
	ExitContender   = 4   // a contender failed; the others' results are kept
	ExitInterrupted = 130 // partial results stay valid
)

// UsageError is a mistake in how the command was called.
type UsageError struct{ Err error }

// Error returns the message.
func (e UsageError) Error() string { return e.Err.Error() }

// Unwrap returns what was wrong.
func (e UsageError) Unwrap() error { return e.Err }

// Usagef returns a UsageError.
func Usagef(format string, args ...any) error { return UsageError{fmt.Errorf(format, args...)} }

// ContenderError is a contender that broke the rules of a policy or crashed.
type ContenderError struct {
	Contender string
	Err       error
}

// Error returns "contender "name": reason".
func (e ContenderError) Error() string { return fmt.Sprintf("contender %q: %v", e.Contender, e.Err) }

// Unwrap returns the reason.
func (e ContenderError) Unwrap() error { return e.Err }

// AssertionError lists the assertions that do not hold, one line each.
type AssertionError struct{ Failed []string }

// Error returns one line an assertion.
func (e AssertionError) Error() string { return strings.Join(e.Failed, "\n") }

// ExitCode maps the kind of an error to the command's exit code. Being interrupted
// goes before everything that it may have caused; a failed contender goes before the
// assertions that it fails.
func ExitCode(err error) int {
	var (
		problems  Problems
		usage     UsageError
		contender ContenderError
		assertion AssertionError
	)
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, context.Canceled):
		return ExitInterrupted
	case errors.As(err, &problems), errors.As(err, &usage):
		return ExitUsage
	case errors.As(err, &contender):
		return ExitContender
	case errors.As(err, &assertion):
		return ExitAssertion
	}
	return ExitInternal
}
