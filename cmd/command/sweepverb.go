package command

import (
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"slosim/scenarios"
)

func sweepCommand(app App) *cobra.Command {
	var (
		o     scenarios.SweepOptions
		sets  []string
		chunk string
		on    onCluster
	)
	cmd := &cobra.Command{
		Use:   "sweep SCENARIO",
		Short: "Run a scenario at every point of its [sweep] axes, on all cores, and merge the results",
		Long: "Runs a scenario at every point of its [sweep] axes, a cell a point, and merges the cells into tables, pictures\n" +
			"and a report. A cell's file is whole or absent: whatever stops a sweep, the same command goes on from there.\n" +
			"The profile is measured once and stays in the sweep's folder.\n\n" +
			"With --chunk I/N the argument is the folder of a sweep that was planned: the cells whose number is I modulo N are\n" +
			"run and nothing is merged, so that any scheduler can share a sweep among machines that share the folder.\n\n" +
			"With --on slurm the cells are shared out to the tasks of a job array, which is submitted and watched: tasks that fail, are\n" +
			"killed or lose their node are submitted again. It wants sbatch, squeue and scancel, and a folder that all nodes see.\n" +
			"Ctrl-C leaves the jobs running; the same command watches them again.",
		Example: "  slosim sweep sweep-load --profile fashion.profile -o load\n  slosim sweep sweep-load --set replications=5 --dry-run\n" +
			"  slosim sweep status load\n  parallel slosim sweep --chunk {}/16 load ::: $(seq 0 15) && slosim sweep merge load\n" +
			"  slosim sweep sweep-load --on slurm --slurm-option=--partition=long -o load",
		Args:              exactly("SCENARIO"),
		ValidArgsFunction: completeScenario,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := atLeast1("--jobs", o.Jobs); err != nil {
				return err
			}
			o.Console = console(cmd)
			if cmd.Flags().Changed("chunk") {
				return sweepChunk(cmd, app, o, chunk, on.Scratch, args[0])
			}
			if err := on.check(cmd); err != nil {
				return err
			}
			template, err := scenarios.LoadTemplate(args[0], app.Known(), sets...)
			if err != nil {
				return err
			}
			o.Template = template
			if on.name == onSlurm {
				return app.SweepOnSlurm(cmd.Context(), o, on.SlurmOptions)
			}
			return app.Sweep(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.Dir, "output", "o", "", "the sweep's folder; one of the same sweep is continued (default: "+scenarios.ResultsRoot+"/SCENARIO.sweep)")
	f.StringArrayVar(&sets, "set", nil, "override a key in all cells; an axis over it has that value alone; may be repeated")
	f.StringVar(&o.Profile, "profile", "", "use this measured profile as it is (default: the folder's, the cached one, or measure)")
	f.IntVar(&o.Jobs, "jobs", defaultJobs(), "simulations at a time; results do not depend on it")
	f.StringVar(&chunk, "chunk", "", "I/N: run only the missing cells whose number is I modulo N, 0 <= I < N, of the sweep in the folder SCENARIO")
	f.BoolVar(&o.DryRun, "dry-run", false, "print the axes, the cells and how long they may take; measure and write nothing")
	f.BoolVar(&o.AnyExecutable, "any-executable", false, "continue a sweep that another build of slosim planned; its cells keep the planner's name")
	on.flags(f)
	cmd.AddCommand(sweepStatusCommand(app), sweepMergeCommand(app), sweepResubmitCommand(app), sweepCancelCommand(app))
	return cmd
}

// sweepChunk runs a chunk of a planned sweep.
func sweepChunk(cmd *cobra.Command, app App, o scenarios.SweepOptions, chunk, scratch, dir string) error {
	for _, flag := range append([]string{"output", "set", "profile", "dry-run", "on"}, onlyOnCluster...) {
		if cmd.Flags().Changed(flag) {
			return scenarios.Usagef("--chunk: want the plan's folder to decide everything, got --%s too", flag)
		}
	}
	i, n, ok := parseChunk(chunk)
	if !ok {
		return scenarios.Usagef("--chunk: want I/N, whole numbers with 0 <= I < N, such as 0/16, got %q", chunk)
	}
	o.Dir = dir
	return app.SweepChunk(cmd.Context(), scenarios.ChunkOptions{SweepOptions: o, Chunk: i, Chunks: n, Scratch: scratch})
}

// parseChunk reads "I/N".
func parseChunk(text string) (i, n int, ok bool) {
	first, second, ok := strings.Cut(text, "/")
	if !ok {
		return 0, 0, false
	}
	i, err := strconv.Atoi(first)
	if err != nil {
		return 0, 0, false
	}
	n, err = strconv.Atoi(second)
	return i, n, err == nil && i >= 0 && i < n
}

func sweepStatusCommand(app App) *cobra.Command {
	return &cobra.Command{
		Use:     "status DIR",
		Short:   "Say how many cells of a sweep are done, missing and corrupt",
		Long:    "Says how many cells of a sweep are done, missing and corrupt. Every file is read and its checksum compared.",
		Example: "  slosim sweep status results/sweep-load.sweep\n  slosim sweep status load --json",
		Args:    exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.SweepStatus(cmd.Context(), scenarios.MergeOptions{Console: console(cmd), Dir: args[0]})
		},
	}
}

func sweepMergeCommand(app App) *cobra.Command {
	var partial bool
	cmd := &cobra.Command{
		Use:   "merge DIR",
		Short: "Merge the cells of a sweep into tables, pictures and a report",
		Long: "Merges the cells of a sweep that is done: sweep.parquet and sweep.csv with a row for each cell, contender, class\n" +
			"and window, replications.parquet, wins.csv, merged.json, pictures and report.html. Memory does not grow with the\n" +
			"number of cells.",
		Example: "  slosim sweep merge results/sweep-load.sweep\n  slosim sweep merge load --partial --json",
		Args:    exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.SweepMerge(cmd.Context(), scenarios.MergeOptions{Console: console(cmd), Dir: args[0], Partial: partial})
		},
	}
	cmd.Flags().BoolVar(&partial, "partial", false, "merge the cells that are done, also when others are missing")
	return cmd
}
