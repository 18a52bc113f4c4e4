package command

import (
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slosim/scenarios"
)

func runCommand(app App) *cobra.Command {
	var (
		o              scenarios.RunOptions
		sets, policies []string
	)
	cmd := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Run all contenders and replications of a scenario and compare them",
		Long: "Runs all contenders and replications of a scenario, prints the comparison and writes a result\n" +
			"folder. SCENARIO is a TOML file, or one that ships (slosim list scenarios).",
		Example: "  slosim run quickstart --dry-run\n  slosim run scenario.toml --set 'class[0].latency=20ms' --set seed=7 -o results/strict\n  slosim run shootout --policy file:mine.star",
		Args:    exactly("SCENARIO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkRun(o); err != nil {
				return err
			}
			scenario, err := scenarios.Load(args[0], app.Known(), sets...)
			if err == nil {
				scenario, err = scenario.With(app.Known(), policies)
			}
			if err != nil {
				return err
			}
			o.Scenario, o.Console, o.Command = scenario, console(cmd), commandLine(cmd, args)
			return app.Run(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Dir, "output", "o", "", "result folder; made if missing, files in it are replaced (default: the first free "+
		scenarios.ResultsRoot+"/SCENARIO-N)")
	f.StringArrayVar(&sets, "set", nil, "override a key, e.g. class[0].latency=20ms; may be repeated")
	f.StringArrayVar(&policies, "policy", nil, "let this policy take part too, on every technique: a name, file:SCRIPT.star or exec:COMMAND; may be repeated")
	profileFlag(f, &o.Profile)
	f.StringVar(&o.SaveProfile, "save-profile", "", "write the profile that was used to this file")
	f.StringVar(&o.Service, "service", "profile", "where service times come from: profile, or kernel: each query runs its own sample for real, under real antagonists")
	f.BoolVar(&o.DryRun, "dry-run", false, "print the resolved scenario and what would run; measure and write nothing")
	jobsFlag(f, &o.Jobs)
	f.BoolVar(&o.Records, "records", false, "write queries.parquet, a row a query")
	f.BoolVar(&o.Trace, "trace", false, "write schedule.json of the first replication, which opens in Perfetto")
	f.DurationVar(&o.TraceFrom, "trace-from", -1, "with --trace: trace queries that arrive from this instant of virtual time (default: the end of the warm-up)")
	f.IntVar(&o.TraceQueries, "trace-queries", scenarios.TraceQueries, "with --trace: how many queries of each contender")
	f.Lookup("trace-from").DefValue = "0s" // the text says it
	return cmd
}

// commandLine returns the command as it was given, quoted for a shell.
func commandLine(cmd *cobra.Command, args []string) string {
	words := append([]string{cmd.CommandPath()}, args...)
	cmd.Flags().Visit(func(f *pflag.Flag) {
		values := []string{f.Value.String()}
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			words = append(words, "--"+f.Name+"="+quoted(value))
		}
	})
	return strings.Join(words, " ")
}

// quoted quotes a word for a shell if it needs that.
func quoted(word string) string {
	plain := func(r rune) bool {
		return r == '.' || r == '/' || r == '-' || r == '_' || r == '=' || unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	if word != "" && strings.IndexFunc(word, func(r rune) bool { return !plain(r) }) < 0 {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// checkRun checks the flags that need no scenario.
func checkRun(o scenarios.RunOptions) error {
	if o.Service != "profile" && o.Service != scenarios.KernelService {
		return scenarios.Usagef("--service: want profile or kernel (slosim validate runs live), got %q", o.Service)
	}
	if err := atLeast1("--trace-queries", o.TraceQueries); err != nil {
		return err
	}
	return atLeast1("--jobs", o.Jobs)
}
