package command

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slosim/scenarios"
)

// newRoot builds the commands. started is set when a verb begins: errors before that
// are about how it was called.
func newRoot(app App, std streams, started *bool) *cobra.Command {
	root := &cobra.Command{
		Use:   "slosim",
		Short: "Which way of trading accuracy for time keeps the promise?",
		Long: "slosim replays real traffic and interference in virtual time against measured sparse-inference\n" +
			"kernels, and compares ways to keep latency and accuracy promises.",
		Example:                    "  slosim init\n  slosim run scenario.toml\n  slosim list policies",
		RunE:                       func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
		SilenceErrors:              true,
		SilenceUsage:               true,
		SuggestionsMinimumDistance: 2,
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), "FlagUsages ", "FlagUsagesWrapped 100 "))
	root.PersistentFlags().Bool("json", false, "results as JSON")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return scenarios.Usagef("%w%s (see %s --help)", err, suggestFlag(cmd, err), cmd.CommandPath())
	})
	root.AddCommand(
		runCommand(app),
		checkCommand(app),
		compareCommand(app),
		capacityCommand(app),
		explainCommand(app),
		breakpointCommand(app),
		sweepCommand(app),
		measureCommand(app),
		validateCommand(app),
		dataCommand(app),
		trainCommand(app),
		tradeoffCommand(app),
		reportCommand(app),
		listCommand(app),
		initCommand(app),
		benchCommand(app),
		selfcheckCommand(app),
		policytestCommand(app),
		antagonistCommand(),
	)
	noteStarts(root, started)
	completeTree(root, app)
	refuseShells(root)
	wrapTree(root)
	return root
}

// refuseShells makes the library's own verb say that it does not know a shell, where it would show its help.
func refuseShells(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, verb := range root.Commands() {
		if verb.Name() != "completion" {
			continue
		}
		verb.Args = cobra.ArbitraryArgs // whether they are shells, the verb itself says
		verb.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			var shells []string
			for _, shell := range cmd.Commands() {
				shells = append(shells, shell.Name())
			}
			return scenarios.Usagef("completion: want one of %s, got %q", strings.Join(shells, ", "), args[0])
		}
	}
}

// noteStarts does so for all verbs below a command.
func noteStarts(cmd *cobra.Command, started *bool) {
	for _, verb := range cmd.Commands() {
		noteStart(verb, started)
		noteStarts(verb, started)
	}
}

// notEmpty refuses flags that are given without a value, as -o "$UNSET" does: silently, a result would
// go where nobody said.
func notEmpty(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(f *pflag.Flag) {
		if err == nil && f.Value.Type() == "string" && f.Value.String() == "" {
			err = scenarios.Usagef("--%s: want a value, got an empty one", f.Name)
		}
	})
	return err
}

// noteStart sets started when the verb itself runs: after the checks of arguments and
// of required flags.
func noteStart(cmd *cobra.Command, started *bool) {
	verb := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		*started = true
		if err := notEmpty(cmd); err != nil {
			return err
		}
		return verb(cmd, args)
	}
}
