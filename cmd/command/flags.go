package command

import (
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slosim/scenarios"
)

// suggestFlag returns a hint when an unknown flag resembles a known one.
func suggestFlag(cmd *cobra.Command, err error) string {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return ""
	}
	var known []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			known = append(known, f.Name)
		}
	})
	if name := scenarios.Nearest(unknown.GetSpecifiedName(), known); name != "" {
		return fmt.Sprintf(" (did you mean --%s?)", name)
	}
	return ""
}

// exactly wants a number of arguments and says which.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		return fmt.Errorf("%s: want %d argument(s) %v, got %d (see %s --help)",
			cmd.Name(), len(names), names, len(args), cmd.CommandPath())
	}
}

// atMost wants one argument or none.
func atMost(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) <= 1 {
			return nil
		}
		return fmt.Errorf("%s: want at most 1 argument [%s], got %d (see %s --help)", cmd.Name(), name, len(args), cmd.CommandPath())
	}
}

// atLeastOne wants arguments.
func atLeastOne(name string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return nil
		}
		return fmt.Errorf("%s: want 1 argument or more [%s...], got 0 (see %s --help)", cmd.Name(), name, cmd.CommandPath())
	}
}

// console is where a verb writes.
func console(cmd *cobra.Command) scenarios.Console {
	json, _ := cmd.Flags().GetBool("json")
	return scenarios.Console{
		Out:      cmd.OutOrStdout(),
		Err:      cmd.ErrOrStderr(),
		JSON:     json,
		Color:    colorful(cmd.OutOrStdout()),
		Progress: newProgress(cmd.ErrOrStderr()),
	}
}

// colorful reports whether text may have colours: on a terminal that has them, unless
// NO_COLOR (no-color.org) is set.
func colorful(w io.Writer) bool {
	return os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && isTerminal(w)
}

// profileFlag is --profile of the verbs that run scenarios.
func profileFlag(f *pflag.FlagSet, file *string) {
	f.StringVar(file, "profile", "", "use this measured profile as it is (default: the cached one, or measure)")
}

// jobsFlag is --jobs of the verbs that simulate replications.
func jobsFlag(f *pflag.FlagSet, jobs *int) {
	f.IntVar(jobs, "jobs", defaultJobs(), "replications at a time; results do not depend on it")
}

// defaultJobs are all cores.
func defaultJobs() int { return runtime.GOMAXPROCS(0) }

// atLeast1 checks a count given as a flag.
func atLeast1(flag string, n int) error {
	if n < 1 {
		return scenarios.Usagef("%s: want 1 or more, got %d", flag, n)
	}
	return nil
}
