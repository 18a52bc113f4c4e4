package command

import (
	"runtime"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func selfcheckCommand(app App) *cobra.Command {
	o := scenarios.SelfcheckOptions{}
	cmd := &cobra.Command{
		Use:   "selfcheck",
		Short: "Compare the simulator with queueing theory",
		Long: "selfcheck simulates stations that theory has solved (M/M/1, M/M/4, M/D/1, M/G/1, M/M/4/4, slow-downs,\n" +
			"stalls) and laws that always hold, and says for each whether the simulator agrees. Exit code 1: it does not.",
		Example: "  slosim selfcheck\n  slosim selfcheck --seed 7 --json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := atLeast1("--jobs", o.Jobs); err != nil {
				return err
			}
			o.Console = console(cmd)
			return app.Selfcheck(cmd.Context(), o)
		},
	}
	cmd.Flags().Int64Var(&o.Seed, "seed", 1, "seed of all draws")
	cmd.Flags().IntVar(&o.Jobs, "jobs", runtime.GOMAXPROCS(0), "replications at a time")
	return cmd
}
