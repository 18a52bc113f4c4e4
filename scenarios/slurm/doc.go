// Package slurm runs a job array on a Slurm cluster and sees to it that every task gets its work done.
// It knows sbatch, squeue, scancel and text, and nothing of what the tasks do.
//
// It is no second scheduler: it submits, looks and submits again. It wants no accounting (sacct), no
// rights beyond a user's and no service of its own, since not every site has them.
//
//  1. [Script] is what each task runs, POSIX sh. The caller writes it where all nodes can read it.
//  2. [Client.Submit] hands in an [Array], [Client.Tasks] lists what became of its tasks under the name
//     of the array, [Client.Cancel] stops jobs. Each command has a time limit, and its failure is one
//     [CommandError] with the command's own words.
//  3. [Watch] does all of it: it submits the tasks that lack work and are in no queue, looks now and
//     then, submits again what ended without its work, and in the end names what it gave up.
//
// Whether a task did its work is never asked of Slurm: a [Work] says so, from files. Slurm forgets a job
// some minutes after its end, a controller that is restarted may forget more, and a task may be killed
// between its last file and its exit code. So a task that is in no queue and lacks nothing is done,
// however it ended, and one that lacks something is submitted again.
//
// Jobs are found by the name of their array, not by their numbers. A submission whose answer was lost
// (the program was killed, the network went) is therefore found, and not made twice:
//
//	array := slurm.Array{Name: "slosim-3f9a", Script: "/home/me/sweep/slurm/array.sh", CPUs: 1}
//	watch := slurm.Watch{Queue: slurm.Client{}, Work: cells, Array: array, Retries: 3, Clock: clock}
//	err := watch.Run(ctx)
package slurm
