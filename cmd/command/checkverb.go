package command

import (
	"errors"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func checkCommand(app App) *cobra.Command {
	var (
		o          scenarios.CheckOptions
		sets       []string
		sequential bool
		until      scenarios.Sequential
	)
	cmd := &cobra.Command{
		Use:   "check SCENARIO...",
		Short: "Run scenarios and test their [[assert]] blocks: a regression test on SLO attainment",
		Long: "Runs scenarios and tests their [[assert]] blocks, a line each. An assertion does not hold if the replications\n" +
			"contradict it, at level --alpha for all assertions of a scenario together. With a committed profile\n" +
			"(slosim measure, then --profile) the result is the same on every machine of an architecture. Exit code 1 when\n" +
			"one does not hold. UNSURE is what the mean violates, but not beyond chance: more replications, or --sequential,\n" +
			"decide it; it fails with --strict alone. Intervals and tests are over replications, for the images of the profile;\n" +
			"those of attainment and accuracies that slosim run prints allow for the luck of the images too.\n\n" +
			"With --sequential a scenario's replications are doubled until each assertion is contradicted (red) or confirmed\n" +
			"(green), to --most at the highest; what is undecided then does not hold. Of runs in which everything asserted is\n" +
			"true at most a share --alpha is red, and of runs in which something is false at most as many are green, however\n" +
			"often it looks: looks share alpha by a spending function (Lan and DeMets).",
		Example: "  slosim check ci/promises.toml\n  slosim check ci/*.toml --profile ci/fashion.profile --junit slosim.xml\n" +
			"  slosim check ci/promises.toml --profile ci/fashion.profile --sequential --most 80",
		Args: atLeastOne("SCENARIO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if sequential {
				o.Sequential = &until
			}
			if err := errors.Join(checkFlags(cmd, o), loadAll(app, &o, args, sets)); err != nil {
				return errors.Join(err, o.Mistakes())
			}
			o.Console = console(cmd)
			return app.Check(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&sets, "set", nil, "override a key in every scenario; may be repeated")
	profileFlag(f, &o.Profile)
	f.StringVar(&o.JUnit, "junit", "", "write JUnit XML to this file")
	jobsFlag(f, &o.Jobs)
	f.Float64Var(&o.Alpha, "alpha", scenarios.DefaultAlpha, "share of runs that may be red though every assertion is true")
	f.BoolVar(&o.Strict, "strict", false, "fail what is UNSURE too: a mean on the wrong side of its limit, though not beyond chance")
	f.BoolVar(&sequential, "sequential", false, "run replications until every assertion is contradicted or confirmed")
	f.IntVar(&until.Most, "most", 0, "with --sequential: replications at which to give up (default 8 times the scenario's)")
	f.StringVar((*string)(&until.Spending), "spending", "", "with --sequential: obrien-fleming (default) or pocock, which stops clear cases sooner")
	f.BoolVar(&o.Update, "update", false, "write the baselines that within refers to, beside the scenarios, instead of testing")
	return cmd
}

// checkFlags is what is wrong with flags that need no scenario.
func checkFlags(cmd *cobra.Command, o scenarios.CheckOptions) error {
	errs := []error{atLeast1("--jobs", o.Jobs)}
	if !(o.Alpha > 0 && o.Alpha < 1) {
		errs = append(errs, scenarios.Usagef("--alpha: want above 0 and below 1, got %g", o.Alpha))
	}
	if o.Sequential == nil && (cmd.Flags().Changed("most") || cmd.Flags().Changed("spending")) {
		errs = append(errs, scenarios.Usagef("--most, --spending: want them with --sequential, got them without"))
	}
	return errors.Join(errs...)
}

// loadAll loads scenarios, and returns what is wrong with any of them.
func loadAll(app App, o *scenarios.CheckOptions, paths, sets []string) error {
	var errs []error
	for _, path := range paths {
		scenario, err := scenarios.Load(path, app.Known(), sets...)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		o.Scenarios = append(o.Scenarios, scenario)
	}
	return errors.Join(errs...)
}
