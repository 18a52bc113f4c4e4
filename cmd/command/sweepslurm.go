package command

import (
	"context"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slosim/scenarios"
)

// onSlurm is the value of --on for a Slurm cluster.
const onSlurm = "slurm"

// onCluster are the flags that say where a sweep runs.
type onCluster struct {
	name string
	scenarios.SlurmOptions
}

// onlyOnCluster are the flags that mean nothing elsewhere.
var onlyOnCluster = []string{"slurm-option", "tasks", "task-time", "cpus", "retries"}

// flags declares them.
func (on *onCluster) flags(f *pflag.FlagSet) {
	f.StringVar(&on.name, "on", "", "where cells are run: slurm (default: here)")
	f.StringArrayVar(&on.Options, "slurm-option", nil, "an option of sbatch, such as --slurm-option=--partition=long; may be repeated")
	f.IntVar(&on.Tasks, "tasks", 0, "with --on slurm: tasks of the job array (default: as many as keep each busy for --task-time, at most 1000)")
	f.DurationVar(&on.TaskTime, "task-time", 5*time.Minute, "with --on slurm: how long a task is meant to work")
	f.IntVar(&on.CPUs, "cpus", 1, "with --on slurm: CPUs of each task")
	f.IntVar(&on.Retries, "retries", 3, "with --on slurm: how often in a row a task that finishes no cell is submitted again")
	f.StringVar(&on.Scratch, "scratch", "", "with --on slurm or --chunk: a folder of the node where cells are written first, such as '$TMPDIR' (replaced there)")
}

// check checks them.
func (on *onCluster) check(cmd *cobra.Command) error {
	switch on.name {
	case onSlurm:
	case "":
		for _, flag := range append([]string{"scratch"}, onlyOnCluster...) {
			if cmd.Flags().Changed(flag) {
				return scenarios.Usagef("--%s: want --on slurm with it, got a sweep of this machine", flag)
			}
		}
	default:
		return scenarios.Usagef("--on: want slurm, or nothing for this machine, got %q", on.name)
	}
	switch {
	case on.Tasks < 0 || cmd.Flags().Changed("tasks") && on.Tasks < 1:
		return scenarios.Usagef("--tasks: want 1 or more, got %d", on.Tasks)
	case on.TaskTime < time.Second:
		return scenarios.Usagef("--task-time: want 1s or more, got %v", on.TaskTime)
	case on.Retries < 0:
		return scenarios.Usagef("--retries: want 0 or more, got %d", on.Retries)
	}
	on.Clock = wallClock{}
	return atLeast1("--cpus", on.CPUs)
}

// wallClock is the time of the day.
type wallClock struct{}

// Now returns it.
func (wallClock) Now() time.Time { return time.Now() }

// Sleep waits until d is over or ctx ends, whose error it returns.
func (wallClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func sweepResubmitCommand(app App) *cobra.Command {
	var o scenarios.JobOptions
	cmd := &cobra.Command{
		Use:   "resubmit DIR",
		Short: "Submit the tasks of a sweep again that lack cells and are in no queue",
		Long: "Submits the tasks of a sweep's job array that lack cells and are in no queue, with the options that the job had or\n" +
			"with those given here in their place.",
		Example: "  slosim sweep resubmit load\n  slosim sweep resubmit load --watch --slurm-option=--partition=long --slurm-option=--mem=8G",
		Args:    exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Console, o.Dir, o.Clock = console(cmd), args[0], wallClock{}
			return app.SweepResubmit(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringArrayVar(&o.Options, "slurm-option", nil, "an option of sbatch in the place of all that the job had; may be repeated")
	f.BoolVar(&o.Watch, "watch", false, "watch the tasks until no cell is missing, and merge")
	f.BoolVar(&o.AnyExecutable, "any-executable", false, "run this build of slosim, though another one planned the sweep")
	return cmd
}

func sweepCancelCommand(app App) *cobra.Command {
	return &cobra.Command{
		Use:   "cancel DIR",
		Short: "Cancel the tasks of a sweep that are in the queue",
		Long: "Cancels the tasks of a sweep's job array, and ends a slosim sweep that watches them. Finished cells are kept: the\n" +
			"same slosim sweep, or slosim sweep resubmit, goes on.",
		Example: "  slosim sweep cancel results/sweep-load.sweep\n  slosim sweep cancel load --json",
		Args:    exactly("DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return app.SweepCancel(cmd.Context(), scenarios.JobOptions{Console: console(cmd), Dir: args[0], Clock: wallClock{}})
		},
	}
}
