package command

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func compareCommand(app App) *cobra.Command {
	var o scenarios.CompareOptions
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Say what one result gains over another under the same queries, with intervals",
		Long: "Compares two result folders of the same scenario whose contenders, code or parameters have changed: B minus A,\n" +
			"paired by replication under common draws, with 95 % intervals and p-values after Holm's correction. What the\n" +
			"contenders see must be the same in both: results of other traces, seeds, classes, machines or profiles are\n" +
			"refused with all reasons. The same folder twice compares its contenders, with --contender.\n\n" +
			"--format benchstat writes a line a replication for `benchstat -col result`, which does not know of pairs.",
		Example: "  slosim compare results/lcao-1 results/lcao-2\n" +
			"  slosim compare results/lcao-1 results/lcao-2 --contender slo-nn/lcao --window interference\n" +
			"  slosim compare results/shootout-1 results/shootout-2 --contender zoo/lcao=zoo/mine\n" +
			"  slosim compare old new --format benchstat >bench.txt && benchstat -col result bench.txt",
		Args: exactly("A", "B"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.A, o.B, o.Console = args[0], args[1], console(cmd)
			if err := checkFormat(&o); err != nil {
				return err
			}
			return app.Compare(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Contenders, "contender", nil, "this contender of both, or X=Y: X of A with Y of B; may be repeated (default: all that both have)")
	f.StringArrayVar(&o.Metrics, "metric", nil, "this metric; may be repeated (default: those of run's table that can be better)")
	f.StringArrayVar(&o.Classes, "class", nil, "this class, or all for all together; may be repeated (default: all, and each)")
	f.StringArrayVar(&o.Windows, "window", nil, "all, quiet or interference; may be repeated (default: all, and interference if there is some)")
	f.StringVar(&o.Format, "format", scenarios.CompareFormats()[0], strings.Join(scenarios.CompareFormats(), ", "))
	return cmd
}

func checkFormat(o *scenarios.CompareOptions) error {
	switch formats := scenarios.CompareFormats(); {
	case !slices.Contains(formats, o.Format):
		return scenarios.Usagef("--format: want one of %s, got %q", strings.Join(formats, ", "), o.Format)
	case o.JSON && o.Format != formats[0]:
		return scenarios.Usagef("--json: want no --format with it, got %s", o.Format)
	}
	return nil
}
