package command

import (
	"github.com/spf13/cobra"

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
	root.PersistentFlags().Bool("json", false, "results as JSON")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return scenarios.Usagef("%w%s (see %s --help)", err, suggestFlag(cmd, err), cmd.CommandPath())
	})
	root.AddCommand(runCommand(app), checkCommand(app), capacityCommand(app), sweepCommand(app), explainCommand(app), measureCommand(app), validateCommand(app), dataCommand(app), trainCommand(app), tradeoffCommand(app),
		reportCommand(app), listCommand(app), initCommand(app), benchCommand(app), selfcheckCommand(app), policytestCommand(app), antagonistCommand())
	noteStarts(root, started)
	return root
}

// noteStarts does so for all verbs below a command.
func noteStarts(cmd *cobra.Command, started *bool) {
	for _, verb := range cmd.Commands() {
		noteStart(verb, started)
		noteStarts(verb, started)
	}
}

// noteStart sets started when the verb itself runs: after the checks of arguments and
// of required flags.
func noteStart(cmd *cobra.Command, started *bool) {
	verb := cmd.RunE
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		*started = true
		return verb(cmd, args)
	}
}
