package command

import (
	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func validateCommand(app App) *cobra.Command {
	var (
		o    scenarios.ValidateOptions
		sets []string
	)
	cmd := &cobra.Command{
		Use:   "validate SCENARIO",
		Short: "Compare the simulation of a scenario with live runs of it",
		Long: "Runs a scenario on the wall clock, with real kernels in virtual time, and from its profile, with the\n" +
			"same queries, and says how far the three are apart. The verdict is pass, fail or, of a machine that\n" +
			"something else disturbed, void; exit code 1 unless it is pass.",
		Example: "  slosim validate validate-quiet\n  slosim validate scenario.toml --set validate.repetitions=3 -o found",
		Args:    exactly("SCENARIO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			scenario, err := scenarios.Load(args[0], app.Known(), sets...)
			if err != nil {
				return err
			}
			o.Scenario, o.Console = scenario, console(cmd)
			return app.Validate(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Dir, "output", "o", "", "folder for validation.json and the distributions as pictures")
	f.StringArrayVar(&sets, "set", nil, "override a key, e.g. validate.repetitions=3; may be repeated")
	profileFlag(f, &o.Profile)
	return cmd
}
