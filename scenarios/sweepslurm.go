package scenarios

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"
	"time"

	"slosim/reports/result"
	"slosim/scenarios/slurm"
)

// SlurmOptions say how a sweep is shared out to a Slurm cluster.
type SlurmOptions struct {
	Tasks    int           // --tasks: of the array; 0: so many that each works for TaskTime
	TaskTime time.Duration // --task-time: how long a task should work
	CPUs     int           // --cpus: of each task, 1 or more
	Retries  int           // --retries: how often in a row a task that finishes no cell is submitted again
	Scratch  string        // --scratch: folder of the nodes; variables are replaced there; empty: none
	Options  []string      // --slurm-option: of sbatch
	Clock    slurm.Clock
}

// check lists what is wrong with the options.
func (o SlurmOptions) check() error {
	var errs []error
	for _, option := range o.Options {
		if err := slurm.CheckOption(option); err != nil {
			errs = append(errs, fmt.Errorf("--slurm-option: %w", err))
		}
	}
	if strings.ContainsAny(o.Scratch, "\n\x00") {
		errs = append(errs, fmt.Errorf("--scratch: want one line, got %q", o.Scratch))
	}
	if len(errs) > 0 {
		return UsageError{errors.Join(errs...)}
	}
	return nil
}

// SweepOnSlurm plans a sweep, or opens that of the folder, has the cells that are missing run by a Slurm
// cluster, and merges. When ctx ends, the jobs go on; another call watches them again.
func (a *App) SweepOnSlurm(ctx context.Context, o SweepOptions, cluster SlurmOptions) error {
	if err := cluster.check(); err != nil {
		return err
	}
	if o.DryRun {
		return a.drySweep(ctx, o)
	}
	if err := hasSlurm(); err != nil {
		return err
	}
	d, err := a.PlanSweep(ctx, o)
	if err != nil {
		return err
	}
	missing, err := d.Missing()
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		if err := d.runOnSlurm(ctx, o, cluster, len(missing)); err != nil {
			return err
		}
	}
	return d.Merge(ctx, o.Console, false)
}

// hasSlurm makes sure that Slurm's commands are here.
func hasSlurm() error {
	if missing := (slurm.Client{}).Missing(); len(missing) > 0 {
		return Usagef("--on slurm: want Slurm's commands on PATH, got no %s: go where jobs are submitted; slosim sweep without --on runs here, and with --chunk under any scheduler", strings.Join(missing, ", "))
	}
	return nil
}

// runOnSlurm has the missing cells run.
func (d *SweepDir) runOnSlurm(ctx context.Context, o SweepOptions, cluster SlurmOptions, missing int) error {
	unlock, err := d.lockJob()
	if err != nil {
		return err
	}
	defer unlock()
	job, err := d.planJob(ctx, o, cluster, missing)
	if err != nil {
		return err
	}
	return d.watchJob(ctx, o.Console, cluster.Clock, job)
}

// planJob decides how the sweep is shared out, and writes the files of the job. A job array that is in the queue
// keeps its tasks.
func (d *SweepDir) planJob(ctx context.Context, o SweepOptions, cluster SlurmOptions, missing int) (*result.SweepJob, error) {
	job := &result.SweepJob{
		Schema: result.Schema, CPUs: max(cluster.CPUs, 1), Retries: cluster.Retries,
		Scratch: cluster.Scratch, Options: cluster.Options, AnyExecutable: o.AnyExecutable,
	}
	before, err := d.earlierJob()
	if err != nil {
		return nil, err
	}
	if before != nil {
		live, err := liveTasks(ctx, before)
		if err != nil {
			return nil, err
		}
		if len(live) > 0 {
			job.Tasks, job.Minutes, job.Clusters, job.LastJob = before.Tasks, before.Minutes, before.Clusters, before.LastJob
		}
	}
	if job.Tasks == 0 {
		each, err := d.Estimate(ctx, o.Console)
		if err != nil {
			return nil, err
		}
		job.Tasks = d.tasksFor(cluster, missing, each)
		work := time.Duration(math.Ceil(float64(d.Cells())/float64(job.Tasks))) * each / time.Duration(job.CPUs)
		job.Minutes = int(limitFor(work) / time.Minute)
	}
	job.Name = d.jobName(job.Tasks)
	return job, d.writeJob(job)
}

// limitFor is the time limit of a task that is expected to work so long: the estimate is rough, a node may be
// slow, and a task that is stopped keeps what it finished.
func limitFor(work time.Duration) time.Duration {
	return 10*time.Minute + 4*work.Truncate(time.Minute)
}

// mostTasks is the largest array that sites allow unless they changed Slurm's MaxArraySize.
const mostTasks = 1000

// tasksFor decides on the number of tasks; a cell takes a core so long.
func (d *SweepDir) tasksFor(o SlurmOptions, missing int, cell time.Duration) int {
	if o.Tasks > 0 {
		return min(o.Tasks, d.Cells())
	}
	each := max(o.TaskTime, time.Second) * time.Duration(max(o.CPUs, 1))
	wanted := math.Ceil(float64(missing) * float64(cell) / float64(each))
	return mixing(int(min(max(wanted, 1), mostTasks)), d.Cells())
}

// mixing returns a number of chunks near n that has no divisor in common with the number of cells: neighbours
// along an axis then go to different chunks, so that none has all the points that take long.
func mixing(n, cells int) int {
	if n >= cells {
		return cells
	}
	for more := n; more < min(cells, mostTasks+1); more++ {
		if gcd(more, cells) == 1 {
			return more
		}
	}
	for less := n; less > 1; less-- {
		if gcd(less, cells) == 1 {
			return less
		}
	}
	return n
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// jobName is by which the tasks of this folder are found; the number of tasks decides what a task is.
func (d *SweepDir) jobName(tasks int) string {
	sum := sha256.Sum256([]byte(d.plan.Identity + "\n" + d.absolute()))
	return fmt.Sprintf("slosim-%x-%d", sum[:6], tasks)
}

// absolute is the folder for other machines and working folders.
func (d *SweepDir) absolute() string {
	if path, err := filepath.Abs(d.dir); err == nil {
		return path
	}
	return d.dir
}

// liveTasks lists the tasks of a job that are in the queue.
func liveTasks(ctx context.Context, job *result.SweepJob) (live []slurm.Task, err error) {
	tasks, err := slurm.Client{}.Tasks(ctx, job.Name, job.Clusters...)
	for _, t := range tasks {
		if t.State.Live() {
			live = append(live, t)
		}
	}
	return live, err
}

// watchJob submits and watches until no cell is missing.
func (d *SweepDir) watchJob(ctx context.Context, o Console, clock slurm.Clock, job *result.SweepJob) error {
	work, err := d.newJobWork(job)
	if err != nil {
		return err
	}
	if err := d.forgetCancelled(); err != nil {
		return err
	}
	shown := newJobListener(o, work.total)
	err = slurm.Watch{
		Queue: slurm.Client{}, Work: work, Array: d.array(job), Clusters: job.Clusters, Retries: job.Retries,
		Clock: clock, Listener: shown,
	}.Run(ctx)
	shown.end()
	return d.explainEnd(o, err)
}

// array is what is submitted.
func (d *SweepDir) array(job *result.SweepJob) slurm.Array {
	folder := filepath.Join(d.absolute(), result.SweepJobFolder)
	return slurm.Array{
		Name: job.Name, Script: filepath.Join(folder, result.SweepJobScript), CPUs: job.CPUs,
		Log:   slurm.LogPattern(filepath.Join(folder, result.SweepJobLogs), "%A_%a.log"),
		Limit: time.Duration(job.Minutes) * time.Minute, Options: job.Options,
	}
}

// explainEnd adds to an error of a watch what became of the sweep and what to do.
func (d *SweepDir) explainEnd(o Console, err error) error {
	var failed slurm.FailedError
	var command slurm.CommandError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		fmt.Fprintf(o.Err, "The jobs go on. Watch again: the same command. Look: slosim sweep status %[1]s. Stop them: slosim sweep cancel %[1]s\n", d.dir)
		return err
	case errors.Is(err, slurm.ErrCancelled):
		return fmt.Errorf("%s: the sweep was cancelled; finished cells are kept (the same command, or slosim sweep resubmit %s, goes on)", d.dir, d.dir)
	case errors.As(err, &failed):
		return fmt.Errorf("%s: finished cells are kept; logs are in %s; %w\nwhen the cause is gone, the same command goes on, or slosim sweep resubmit %s", d.dir, filepath.Join(d.dir, result.SweepJobFolder, result.SweepJobLogs), err, d.dir)
	case errors.As(err, &command):
		return fmt.Errorf("%s: %w; finished cells are kept, and the same command goes on", d.dir, err)
	}
	return fmt.Errorf("%s: %w", d.dir, err)
}

// jobListener shows what a watch tells.
type jobListener struct {
	console Console
	left    int
}

// newJobListener begins a piece of progress.
func newJobListener(o Console, total int) *jobListener {
	o.progress().Start(fmt.Sprintf("sweeping %d cells on Slurm", total), total)
	return &jobListener{console: o, left: total}
}

// Missing shows how many cells are finished.
func (l *jobListener) Missing(cells int) {
	if cells < l.left {
		l.console.progress().Add(l.left - cells)
		l.left = cells
	}
}

// Noter is a Progress that can show a sentence beside what it draws.
type Noter interface{ Note(sentence string) }

// Note shows a sentence.
func (l *jobListener) Note(sentence string) {
	if noter, ok := l.console.Progress.(Noter); ok {
		noter.Note(sentence)
		return
	}
	fmt.Fprintln(l.console.Err, sentence)
}

func (l *jobListener) end() { l.console.progress().Done() }

// JobOptions are those of the verbs that are about the job of a sweep's folder.
type JobOptions struct {
	Console
	Dir           string
	Options       []string // --slurm-option of resubmit: in the place of those of the job; nil: the job's
	Watch         bool     // --watch of resubmit: and merge in the end
	AnyExecutable bool
	Clock         slurm.Clock
}

// openJob opens a sweep's folder and its job.
func (a *App) openJob(o JobOptions) (*SweepDir, *result.SweepJob, error) {
	if err := hasSlurm(); err != nil {
		return nil, nil, err
	}
	plan, err := readPlan(o.Dir)
	if err != nil {
		return nil, nil, err
	}
	d := &SweepDir{app: a, dir: o.Dir, plan: plan, store: result.NewSweepStore(o.Dir)}
	job, err := d.earlierJob()
	if err == nil && job == nil {
		err = Usagef("%s: want a sweep with a job, got one that was never submitted (slosim sweep SCENARIO --on slurm -o %s submits)", o.Dir, o.Dir)
	}
	return d, job, err
}

// SweepResubmit submits the tasks that lack cells and are in no queue.
func (a *App) SweepResubmit(ctx context.Context, o JobOptions) error {
	if err := (SlurmOptions{Options: o.Options}).check(); err != nil {
		return err
	}
	_, job, err := a.openJob(o)
	if err != nil {
		return err
	}
	job.AnyExecutable = job.AnyExecutable || o.AnyExecutable
	d, err := a.OpenSweep(o.Dir, job.AnyExecutable)
	if err != nil {
		return err
	}
	unlock, err := d.lockJob()
	if err != nil {
		return err
	}
	defer unlock()
	if o.Options != nil {
		job.Options = o.Options
	}
	if err := d.writeJob(job); err != nil {
		return err
	}
	if o.Watch {
		if err := d.watchJob(ctx, o.Console, o.Clock, job); err != nil {
			return err
		}
		return d.Merge(ctx, o.Console, false)
	}
	return d.submitOnce(ctx, o.Console, job)
}

// submitOnce submits what is due and does not watch.
func (d *SweepDir) submitOnce(ctx context.Context, o Console, job *result.SweepJob) error {
	work, err := d.newJobWork(job)
	if err != nil {
		return err
	}
	live, err := liveTasks(ctx, job)
	if err != nil {
		return err
	}
	array := d.array(job)
	array.Tasks = work.due(live)
	if len(array.Tasks) == 0 {
		return d.tellResubmitted(o, slurm.Job{}, array, len(live))
	}
	if err := d.forgetCancelled(); err != nil {
		return err
	}
	submitted, err := slurm.Client{}.Submit(ctx, array)
	if err != nil {
		return err
	}
	return errors.Join(work.Submitted(submitted), d.tellResubmitted(o, submitted, array, len(live)))
}

// tellResubmitted prints what was submitted.
func (d *SweepDir) tellResubmitted(o Console, job slurm.Job, array slurm.Array, live int) error {
	told := result.SweepResubmitted{Schema: result.Schema, Dir: d.dir, Job: job.ID, Tasks: array.Tasks, Live: live}
	switch {
	case o.JSON:
		return result.EncodeJSON(o.Out, &told)
	case len(array.Tasks) == 0:
		return printLine(o.Out, "%s: nothing to submit: every task is done or in the queue (%d)", d.dir, live)
	}
	return printLine(o.Out, "%s: job %s: tasks %s submitted, %d in the queue already", d.dir, job.ID, slurm.Ranges(array.Tasks), live)
}

func printLine(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(w, format+"\n", args...)
	return err
}
