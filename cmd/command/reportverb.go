package command

import (
	"os"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func reportCommand(app App) *cobra.Command {
	var o scenarios.ReportOptions
	cmd := &cobra.Command{
		Use:     "report DIR",
		Short:   "Make the HTML report of a result folder again",
		Example: "  slosim report results/quickstart-1\n  slosim report results/lcao-1 --versus slo-nn/lcao",
		Args:    exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir = args[0]
			if info, err := os.Stat(o.Dir); err != nil || !info.IsDir() {
				return scenarios.Usagef("DIR: want a result folder, got %q", o.Dir)
			}
			o.Console = console(cmd)
			return app.Report(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.Versus, "versus", "", "print this contender's paired differences to the others as well")
	cmd.Flags().StringVarP(&o.Out, "output", "o", "", "file for the report (default: report.html in DIR)")
	return cmd
}
