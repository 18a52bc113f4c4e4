package main

import (
	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func benchCommand(app App) *cobra.Command {
	var o scenarios.BenchOptions
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "This machine's limits and the kernels against them, as ratios",
		Long: "bench measures how fast one core reads from each level of the memory, and then our kernels,\n" +
			"gonum's and vek's beside them. Every ratio is of times measured right after one another.",
		Example: "  slosim bench\n  slosim bench --group 1024x1024 --rounds 31 --json",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Rounds < 5 || o.Rounds > 10_000 {
				return scenarios.Usagef("--rounds: want 5 to 10000, got %d", o.Rounds)
			}
			for _, g := range o.Groups {
				if err := scenarios.OneOf("--group", "groups", g, scenarios.Entries(scenarios.BenchGroups()...)); err != nil {
					return err
				}
			}
			o.Console = console(cmd)
			return app.Bench(cmd.Context(), o)
		},
	}
	cmd.Flags().StringArrayVar(&o.Groups, "group", nil, "network or table to measure; may be repeated (default: all)")
	cmd.Flags().IntVar(&o.Rounds, "rounds", 21, "rounds, in each of which every case is measured once")
	return cmd
}
