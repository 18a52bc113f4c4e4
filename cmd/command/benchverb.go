package command

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
			"gonum's and vek's beside them. Every ratio is of times measured right after one another.\n" +
			"With --sim: how many events and queries a second are simulated.",
		Example: "  slosim bench\n  slosim bench --group 1024x1024 --rounds 31 --json\n  slosim bench --sim",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.Rounds < 6 || o.Rounds > 10_000 {
				return scenarios.Usagef("--rounds: want 6 to 10000, got %d", o.Rounds)
			}
			for _, g := range o.Groups {
				if err := scenarios.OneOf("--group", "groups", g, scenarios.Entries(scenarios.BenchGroups()...)); err != nil {
					return err
				}
			}
			if o.Sim && len(o.Groups) > 0 {
				return scenarios.Usagef("--group: want none with --sim, got %q", o.Groups)
			}
			if !o.Sim && o.Profile != "" {
				return scenarios.Usagef("--profile: want none without --sim, got %s", o.Profile)
			}
			if !o.Sim && o.CPUProfile != "" {
				return scenarios.Usagef("--cpuprofile: want none without --sim, got %s", o.CPUProfile)
			}
			o.Console = console(cmd)
			if o.Sim {
				return app.BenchSim(cmd.Context(), o)
			}
			return app.Bench(cmd.Context(), o)
		},
	}
	cmd.Flags().StringArrayVar(&o.Groups, "group", nil, "network or table to measure; may be repeated (default: all)")
	cmd.Flags().IntVar(&o.Rounds, "rounds", 21, "rounds, in each of which every case is measured once")
	cmd.Flags().BoolVar(&o.Sim, "sim", false, "how fast simulations run, instead of kernels")
	cmd.Flags().StringVar(&o.Profile, "profile", "", "profile for --sim (default: from the cache, or measured)")
	cmd.Flags().StringVar(&o.CPUProfile, "cpuprofile", "", "file to write for go tool pprof: where --sim spends its time in the sim.lcao rounds")
	return cmd
}
