package slurm

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Client calls the commands of the Slurm of this machine: those that PATH finds.
type Client struct {
	Timeout time.Duration // of one command; 0: a minute
}

// Job is a submission that Slurm accepted.
type Job struct {
	ID      string `json:"id"`                // a number
	Cluster string `json:"cluster,omitempty"` // empty: the default one
}

// number is the job's number, for what came later.
func (j Job) number() int {
	n, _ := strconv.Atoi(j.ID)
	return n
}

// Array is a job array to submit.
type Array struct {
	Name    string        // by which its tasks are found again: no comma, not used for anything else
	Script  string        // path of the script
	Log     string        // path of the logs; empty: none. %A and %a stand for the job and the index
	Tasks   []int         // indices
	CPUs    int           // of each task; 0: 1
	Limit   time.Duration // of each task's run, rounded up to minutes; 0: the site's
	Options []string      // of sbatch, in the user's words: they win over the above
}

// CommandError is a command of Slurm that failed.
type CommandError struct {
	Command string // sbatch, squeue or scancel
	Said    string // what it wrote, one line; may be empty
	Err     error  // exit code, time limit
}

// Error returns the command and its own words, or how it ended when it had none.
func (e CommandError) Error() string {
	if e.Said != "" {
		return e.Command + ": " + e.Said
	}
	return fmt.Sprintf("%s: %v", e.Command, e.Err)
}

// Unwrap returns how the command ended.
func (e CommandError) Unwrap() error { return e.Err }

// Missing returns the commands that are not here.
func (c Client) Missing() (names []string) {
	for _, name := range []string{"sbatch", "squeue", "scancel"} {
		if _, err := exec.LookPath(name); err != nil {
			names = append(names, name)
		}
	}
	return names
}

// Submit hands in an array. It does not stop halfway when ctx ends: nobody would know whether there is
// a job. The error is a CommandError.
func (c Client) Submit(ctx context.Context, a Array) (Job, error) {
	out, err := c.call(context.WithoutCancel(ctx), "sbatch", a.arguments()...)
	if err != nil {
		return Job{}, err
	}
	// A site's own messages may stand above.
	lines := strings.Split(strings.TrimSpace(out), "\n")
	id, cluster, _ := strings.Cut(strings.TrimSpace(lines[len(lines)-1]), ";")
	if !isNumber(id) {
		return Job{}, CommandError{"sbatch", fmt.Sprintf("want the number of a job, got %.200q", out), nil}
	}
	return Job{ID: id, Cluster: cluster}, nil
}

// arguments are those of sbatch.
func (a Array) arguments() []string {
	args := []string{
		"--parsable", "--job-name=" + a.Name, "--array=" + Ranges(a.Tasks),
		"--nodes=1", "--ntasks=1", "--cpus-per-task=" + strconv.Itoa(max(a.CPUs, 1)),
		"--requeue", "--open-mode=append", "--output=" + cmp.Or(a.Log, os.DevNull),
	}
	if a.Limit > 0 {
		args = append(args, "--time="+strconv.Itoa(int((a.Limit+time.Minute-1)/time.Minute)))
	}
	return append(append(args, a.Options...), a.Script)
}

// Tasks lists the tasks of all arrays of a name, on the default cluster and those named. Tasks that
// ended may be listed or not: Slurm forgets them. The error is a CommandError, or says what line cannot
// be read.
func (c Client) Tasks(ctx context.Context, name string, clusters ...string) (tasks []Task, err error) {
	if len(clusters) == 0 {
		clusters = []string{""}
	}
	for _, cluster := range clusters {
		args := []string{"--noheader", "--array", "--all", "--states=all", "--name=" + name, "--format=" + taskFormat}
		out, err := c.call(ctx, "squeue", append(args, onCluster(cluster)...)...)
		if err != nil {
			return nil, err
		}
		some, err := parseTasks(out, cluster)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, some...)
	}
	return tasks, nil
}

// Cancel stops all tasks of jobs. The error is a CommandError; a job that ended before is one.
func (c Client) Cancel(ctx context.Context, jobs ...Job) error {
	var errs []error
	for _, job := range jobs {
		_, err := c.call(ctx, "scancel", append(onCluster(job.Cluster), job.ID)...)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// CancelTasks stops single tasks. Errors are as of Cancel.
func (c Client) CancelTasks(ctx context.Context, tasks []Task) error {
	indices := map[Job][]int{}
	var jobs []Job
	for _, t := range tasks {
		if indices[t.Job] == nil {
			jobs = append(jobs, t.Job)
		}
		indices[t.Job] = append(indices[t.Job], t.Index)
	}
	var errs []error
	for _, job := range jobs {
		_, err := c.call(ctx, "scancel", append(onCluster(job.Cluster), job.ID+"_["+Ranges(indices[job])+"]")...)
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// onCluster is the option that chooses a cluster.
func onCluster(cluster string) []string {
	if cluster == "" {
		return nil
	}
	return []string{"--clusters=" + cluster}
}

// call runs a command and returns what it wrote to its standard output.
func (c Client) call(ctx context.Context, name string, args ...string) (string, error) {
	limit := c.Timeout
	if limit == 0 {
		limit = time.Minute
	}
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(limited, name, args...)
	cmd.Env = environment(os.Environ())
	// Ctrl-C is for this program to answer: sbatch must not stop in the middle.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	switch {
	case err == nil:
		return out.String(), nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case limited.Err() != nil:
		fmt.Fprintf(&said, "\nno answer in %v", limit)
	}
	return "", CommandError{name, words(name, said.String()), err}
}

// words makes one line of what a command wrote, without its own name in front of each.
func words(name, said string) string {
	var lines []string
	for line := range strings.Lines(said) {
		line = strings.TrimSpace(line)
		for _, prefix := range []string{name + ": ", "slurm_load_jobs ", "error: ", "fatal: "} {
			line = strings.TrimPrefix(line, prefix)
		}
		if line != "" && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	const most = 1000
	text := strings.Join(lines, "; ")
	if len(text) > most {
		text = text[:most] + "..."
	}
	return text
}

// stray are beginnings of variables that would change what the commands do: filter or format what
// squeue lists, make sbatch wait for the end or scancel ask back. SLURM_RESTART_COUNT and SLURM_ARRAY_
// are those of the job in which this program itself may run.
var stray = []string{
	"SQUEUE_", "SCANCEL_", "SBATCH_WAIT=", "SBATCH_ARRAY_INX=", "SBATCH_OUTPUT=", "SBATCH_ERROR=",
	"SLURM_RESTART_COUNT=", "SLURM_ARRAY_",
}

// environment is what a command gets of a process's variables.
func environment(all []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(v string) bool {
		return slices.ContainsFunc(stray, func(prefix string) bool { return strings.HasPrefix(v, prefix) })
	})
}
