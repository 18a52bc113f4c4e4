package command

import (
	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func capacityCommand(app App) *cobra.Command {
	var (
		o    scenarios.CapacityOptions
		sets []string
	)
	cmd := &cobra.Command{
		Use:   "capacity SCENARIO",
		Short: "Find the highest rate (or fewest workers) at which each contender keeps its promises",
		Long: "Finds, for each contender, the highest rate of arrivals at which every class keeps a share of its deadlines (and\n" +
			"its answers an accuracy, if asked), by bisection under the same draws; with --workers the smallest number of\n" +
			"workers at the scenario's rate. As long as an interval has the target in it, replications are doubled, twice at\n" +
			"most, so that a rate may be decided by more of them than the scenario has: n says by how many.",
		Example: "  slosim capacity quickstart --target 0.99\n  slosim capacity lcao --target 0.95 --accuracy 0.88\n  slosim capacity lcao --workers",
		Args:    exactly("SCENARIO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkCapacity(o); err != nil {
				return err
			}
			scenario, err := scenarios.Load(args[0], app.Known(), sets...)
			if err != nil {
				return err
			}
			o.Scenario, o.Console = scenario, console(cmd)
			return app.Capacity(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&sets, "set", nil, "override a key; may be repeated")
	profileFlag(f, &o.Profile)
	jobsFlag(f, &o.Jobs)
	f.StringArrayVar(&o.Contenders, "contender", nil, "of this contender; may be repeated (default: all)")
	f.Float64Var(&o.Target, "target", 0.99, "SLO attainment that every class must keep")
	f.Float64Var(&o.Accuracy, "accuracy", 0, "accuracy of answered queries that every class must keep; 0: any")
	f.Float64Var(&o.Precision, "precision", 0.02, "how much higher the lowest rate that fails may be, as a share")
	f.BoolVar(&o.Workers, "workers", false, "find the smallest number of workers instead")
	return cmd
}

// checkCapacity checks the flags that need no scenario.
func checkCapacity(o scenarios.CapacityOptions) error {
	switch {
	case !(o.Target > 0 && o.Target < 1):
		return scenarios.Usagef("--target: want above 0 and below 1, got %g", o.Target)
	case !(o.Accuracy >= 0 && o.Accuracy < 1):
		return scenarios.Usagef("--accuracy: want 0 or more and below 1, got %g", o.Accuracy)
	case !(o.Precision >= 0.001 && o.Precision <= 1):
		return scenarios.Usagef("--precision: want 0.001 to 1, got %g", o.Precision)
	}
	return atLeast1("--jobs", o.Jobs)
}
