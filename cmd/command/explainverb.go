package command

import (
	"strconv"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func explainCommand(app App) *cobra.Command {
	var o scenarios.ExplainOptions
	cmd := &cobra.Command{
		Use:   "explain DIR [QUERY]",
		Short: "Say why queries of a result missed: one query's story, or blame for all misses",
		Long: "Simulates the scenario of a result folder again, with its profile, and looks closer. With a query's number (its\n" +
			"place in the order of arrival, from 0, as queries.parquet has it) it tells what became of it, why, and what each\n" +
			"operating point would have given. With --misses it simulates the scenario again without each of interference,\n" +
			"queueing, activator cost, confidence error and stale belief, and says how many misses each is to blame for.",
		Example: "  slosim explain results/lcao-1 --misses\n  slosim explain results/lcao-1 20514 --contender slo-nn/full --replication 3",
		Args:    cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Dir, o.Console = args[0], console(cmd)
			if err := explained(&o, args[1:]); err != nil {
				return err
			}
			return app.Explain(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.Misses, "misses", false, "blame for all misses, instead of one query")
	f.BoolVar(&o.Wrong, "wrong", false, "with --misses: an answer in time that is wrong is a miss too")
	f.StringArrayVar(&o.Contenders, "contender", nil, "of this contender; may be repeated (default: all)")
	f.IntVar(&o.Replication, "replication", 0, "the query's, from 0")
	f.StringVar(&o.Profile, "profile", "", "file of the profile that the result is of (default: where it came from)")
	f.BoolVar(&o.RunPrograms, "run-programs", false, "let contenders that are programs (exec:) run, as slosim run did")
	jobsFlag(f, &o.Jobs)
	return cmd
}

// explained checks what needs no result.
func explained(o *scenarios.ExplainOptions, query []string) error {
	switch {
	case o.Misses == (len(query) > 0):
		return scenarios.Usagef("QUERY: want a query's number, or --misses, one of them")
	case o.Misses && o.Replication != 0:
		return scenarios.Usagef("--replication: want it with a query's number; --misses is of all replications")
	case o.Wrong && !o.Misses:
		return scenarios.Usagef("--wrong: want --misses with it")
	case o.Replication < 0:
		return scenarios.Usagef("--replication: want 0 or more, got %d", o.Replication)
	}
	if len(query) > 0 {
		n, err := strconv.ParseUint(query[0], 10, 64)
		if err != nil {
			return scenarios.Usagef("QUERY: want a number, got %q", query[0])
		}
		o.Query = &n
	}
	return atLeast1("--jobs", o.Jobs)
}
