package command

import (
	"slices"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func breakpointCommand(app App) *cobra.Command {
	var (
		o    scenarios.BreakpointOptions
		sets []string
	)
	cmd := &cobra.Command{
		Use:   "breakpoint SCENARIO",
		Short: "Find the smallest burst, interference and profile error that break an assertion",
		Long: "Makes a scenario worse until one of its [[assert]] blocks breaks, finds the least that does it, and writes it as\n" +
			"a scenario, with that assertion and its contenders alone: NAME-burst.toml, NAME-interference.toml and\n" +
			"NAME-profile-error.toml, beside SCENARIO or in the folder of -o. They are regression tests: check is red there\n" +
			"until something gets better.",
		Example: "  slosim breakpoint ci/promises.toml --profile ci/fashion.profile\n  slosim breakpoint ci/promises.toml --by burst --by profile-error -o seeds",
		Args:    exactly("SCENARIO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkBreakpoint(&o); err != nil {
				return err
			}
			scenario, err := scenarios.Load(args[0], app.Known(), sets...)
			if err != nil {
				return err
			}
			o.Scenario, o.Console = scenario, console(cmd)
			return app.Breakpoint(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&sets, "set", nil, "override a key; may be repeated")
	f.StringArrayVar(&o.By, "by", nil, "what is made worse: burst, interference or profile-error; may be repeated (default: all)")
	profileFlag(f, &o.Profile)
	jobsFlag(f, &o.Jobs)
	f.Float64Var(&o.Alpha, "alpha", scenarios.DefaultAlpha, "as of check")
	f.Float64Var(&o.Precision, "precision", 0.05, "how much above one that holds it may be, as a share")
	f.StringVarP(&o.Out, "output", "o", "", "folder for the scenarios (default: SCENARIO's)")
	return cmd
}

// checkBreakpoint checks the flags that need no scenario.
func checkBreakpoint(o *scenarios.BreakpointOptions) error {
	for _, by := range o.By {
		if err := scenarios.OneOf("--by", "kinds", by, scenarios.Breakers()); err != nil {
			return err
		}
	}
	slices.Sort(o.By)
	o.By = slices.Compact(o.By)
	switch {
	case !(o.Alpha > 0 && o.Alpha < 1):
		return scenarios.Usagef("--alpha: want above 0 and below 1, got %g", o.Alpha)
	case !(o.Precision >= 0.001 && o.Precision <= 1):
		return scenarios.Usagef("--precision: want 0.001 to 1, got %g", o.Precision)
	}
	return atLeast1("--jobs", o.Jobs)
}
