package slurm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Queue is what Watch wants of a Slurm; Client is one.
type Queue interface {
	Submit(ctx context.Context, a Array) (Job, error)
	Tasks(ctx context.Context, name string, clusters ...string) ([]Task, error)
	CancelTasks(ctx context.Context, tasks []Task) error
}

// Work is what the tasks of an array are to get done.
type Work interface {
	// Missing returns the number of pieces that each task, by its index, has still to make.
	Missing() ([]int, error)
	// Cancelled says that somebody stopped the work: nothing is submitted any more.
	Cancelled() (bool, error)
	// Submitted keeps a job.
	Submitted(Job) error
	// LastWords returns what a task last wrote to its log; empty: nothing is known.
	LastWords(task int) string
}

// Clock tells the time and passes it.
type Clock interface {
	Now() time.Time
	// Sleep returns ctx's error when it ends before.
	Sleep(ctx context.Context, d time.Duration) error
}

// Listener is told what happens.
type Listener interface {
	Missing(pieces int)   // pieces that all tasks together have still to make, after each look
	Note(sentence string) // something that is worth a line
}

// Watch gets the work of an array done.
type Watch struct {
	Queue    Queue
	Work     Work
	Array    Array    // its Tasks are Watch's to choose
	Clusters []string // where earlier submissions went; empty: the default one
	// Retries is how often in a row a task is submitted again without having made a piece.
	Retries  int
	Settle   time.Duration // from when a task is in no queue until what it wrote can be seen; doubled with each of the first two retries in a row. 0: DefaultSettle
	Patience time.Duration // how long Slurm may not answer; 0: DefaultPatience
	Clock    Clock
	Listener Listener // nil: nobody
}

const (
	// DefaultSettle is longer than network file systems take to show a new file, as a rule. One that takes
	// longer costs a submission that finds nothing to do.
	DefaultSettle = 15 * time.Second
	// DefaultPatience is longer than a controller takes to be moved.
	DefaultPatience = 30 * time.Minute

	shortestLook, longestLook = 2 * time.Second, 30 * time.Second
)

// ErrCancelled says that the work was cancelled while it was watched.
var ErrCancelled = errors.New("cancelled")

// Failed is a task that was given up.
type Failed struct {
	Task     int
	Missing  int    // pieces
	Attempts int    // submissions in this watch
	State    State  // how the last one ended; empty: Slurm forgot it
	Reason   string // Slurm's; may be empty
	Words    string // the last ones of its log; may be empty
}

// String returns one line and a line for each of the log's.
func (f Failed) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "task %d: %d missing after %d attempts", f.Task, f.Missing, f.Attempts)
	if f.State != "" {
		fmt.Fprintf(&b, "; the last one %s", ended(f.State, f.Reason))
	}
	if f.Words == "" {
		b.WriteString("; its log is empty")
	}
	for line := range strings.Lines(f.Words) {
		b.WriteString("\n    " + strings.TrimRight(line, "\n"))
	}
	return b.String()
}

// ended says how a task ended.
func ended(state State, reason string) string {
	if reason == "" {
		return fmt.Sprintf("ended as %s", state)
	}
	return fmt.Sprintf("ended as %s (%s)", state, reason)
}

// FailedError lists the tasks that were given up, in order.
type FailedError struct{ Tasks []Failed }

// Error names the first ten.
func (e FailedError) Error() string {
	const most = 10
	lines := []string{fmt.Sprintf("%d tasks were given up", len(e.Tasks))}
	for i, f := range e.Tasks {
		if i == most {
			lines = append(lines, fmt.Sprintf("  and %d more", len(e.Tasks)-most))
			break
		}
		lines = append(lines, "  "+f.String())
	}
	return strings.Join(lines, "\n")
}

// Run submits the tasks that lack pieces and are in no queue, and returns when no task lacks any. What is in
// the queue under the array's name already counts as submitted. The error is a FailedError when tasks were
// given up and all others are done; ErrCancelled; ctx's, and then the jobs go on; what Work says; or Slurm's,
// when it refused the first submission or did not answer for Patience.
func (w Watch) Run(ctx context.Context) error {
	w.Settle = orElse(w.Settle, DefaultSettle)
	w.Patience = orElse(w.Patience, DefaultPatience)
	if w.Listener == nil {
		w.Listener = nobody{}
	}
	r := &round{Watch: w, began: w.Clock.Now(), tasks: map[int]*progress{}}
	for {
		before := r.Clock.Now()
		done, err := r.look(ctx)
		if done || err != nil {
			return err
		}
		if err := r.Clock.Sleep(ctx, r.pause(before)); err != nil {
			return err
		}
	}
}

func orElse(d, otherwise time.Duration) time.Duration {
	if d == 0 {
		return otherwise
	}
	return d
}

// nobody is the Listener of nobody.
type nobody struct{}

func (nobody) Missing(int) {}
func (nobody) Note(string) {}

// round is the state of a Watch under way.
type round struct {
	Watch
	began   time.Time
	tasks   map[int]*progress
	engaged bool   // a task was in a queue
	waits   string // the reason for waiting that was told last

	squeue, sbatch, scancel outage
}

// progress is what Watch knows of a task.
type progress struct {
	attempts  int       // submissions in this watch
	fruitless int       // ends in a row without a new piece
	missing   int       // when it was submitted
	gone      time.Time // first seen in no queue; zero: it is in one
	seen      bool      // in a queue, in this watch
	last      Task      // what squeue last said
	failed    bool
}

// task returns what is known of a task.
func (r *round) task(index int) *progress {
	if r.tasks[index] == nil {
		r.tasks[index] = &progress{}
	}
	return r.tasks[index]
}

// look looks once, and submits what has to be. It says whether all is done.
func (r *round) look(ctx context.Context) (done bool, err error) {
	// First the queue, then the files: what ends between the two is seen to be done.
	listed, unanswered := r.Queue.Tasks(ctx, r.Array.Name, r.Clusters...)
	missing, err := r.Work.Missing()
	if err != nil {
		return false, err
	}
	total := sum(missing)
	r.Listener.Missing(total)
	if total == 0 {
		_ = r.loosen(ctx, Latest(listed)) // not to leave them in the queue for ever
		return true, nil
	}
	if cancelled, err := r.Work.Cancelled(); cancelled || err != nil {
		return false, errors.Join(err, cancelledError(cancelled))
	}
	if unanswered != nil {
		return false, r.endure(ctx, &r.squeue, unanswered)
	}
	r.over(&r.squeue, "squeue")
	latest := Latest(listed)
	if err := r.loosen(ctx, latest); err != nil {
		return false, err
	}
	return r.act(ctx, latest, missing)
}

// loosen cancels the tasks that Slurm holds and will not start: those that lack pieces are submitted again once
// they are gone.
func (r *round) loosen(ctx context.Context, listed map[int]Task) error {
	var stuck []Task
	var indices []int
	for _, index := range slices.Sorted(maps.Keys(listed)) {
		if t := listed[index]; t.Stuck() {
			stuck = append(stuck, t)
			indices = append(indices, index)
		}
	}
	if len(stuck) == 0 {
		return nil
	}
	r.engaged = true
	if err := r.Queue.CancelTasks(ctx, stuck); err != nil {
		return r.endure(ctx, &r.scancel, err)
	}
	r.over(&r.scancel, "scancel")
	r.Listener.Note(fmt.Sprintf("tasks %s are held (%s): cancelled, and submitted again if they lack something", Ranges(indices), stuck[0].Reason))
	return nil
}

func cancelledError(cancelled bool) error {
	if cancelled {
		return ErrCancelled
	}
	return nil
}

func sum(counts []int) (total int) {
	for _, n := range counts {
		total += n
	}
	return total
}

// outage is a time in which one of Slurm's commands fails.
type outage struct {
	since time.Time // zero: there is none
	fails int       // in a row
}

// endure waits an outage out, unless nothing is under way yet: then who called can do better.
func (r *round) endure(ctx context.Context, o *outage, why error) error {
	now := r.Clock.Now()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !r.engaged:
		return why
	case o.since.IsZero():
		o.since = now
		r.Listener.Note(fmt.Sprintf("%v; trying again for up to %v, while the jobs go on", why, r.Patience))
	case now.Sub(o.since) >= r.Patience:
		return fmt.Errorf("%w; given up after %v, while the jobs may go on", why, r.Patience)
	}
	o.fails++
	return nil
}

// over ends an outage.
func (r *round) over(o *outage, command string) {
	if !o.since.IsZero() {
		r.Listener.Note(command + " works again")
	}
	*o = outage{}
}

// act judges all tasks that lack pieces and submits those that have to be. All is done, with tasks that were
// given up, when nothing is left to wait for.
func (r *round) act(ctx context.Context, listed map[int]Task, missing []int) (done bool, err error) {
	var due []int
	waiting := false
	for index, lacks := range missing {
		if lacks == 0 {
			continue
		}
		submit, wait := r.judge(index, lacks, listed)
		if submit {
			due = append(due, index)
		}
		waiting = waiting || wait
	}
	r.tellWhyWaiting(listed)
	if len(due) > 0 {
		return false, r.submit(ctx, due, missing)
	}
	if !waiting {
		return true, FailedError{r.failures(missing)}
	}
	return false, nil
}

// judge says whether to submit a task that lacks pieces, and whether there is something to wait for.
func (r *round) judge(index, lacks int, listed map[int]Task) (submit, wait bool) {
	p := r.task(index)
	task, known := listed[index]
	if known {
		p.last = task
	}
	now := r.Clock.Now()
	switch {
	case known && task.State.Live():
		r.engaged = true
		if !p.seen {
			p.seen, p.missing = true, lacks
		}
		p.gone = time.Time{}
		return false, true
	case p.failed:
		return false, false
	case !p.seen:
		return true, false // never submitted, or by an earlier watch and over
	case p.gone.IsZero():
		p.gone = now
		return false, true
	case now.Sub(p.gone) < r.Settle<<min(p.fruitless, 2):
		return false, true
	}
	return r.retry(index, lacks, p)
}

// retry decides about a task that ended and lacks pieces.
func (r *round) retry(index, lacks int, p *progress) (submit, wait bool) {
	p.fruitless++
	if lacks < p.missing {
		p.fruitless = 0
	}
	if p.fruitless > r.Retries {
		p.failed = true
		r.Listener.Note(fmt.Sprintf("task %d is given up after %d attempts", index, max(p.attempts, 1)))
		return false, false
	}
	// Not to be counted twice when the submission has to wait.
	p.missing = lacks
	p.seen, p.gone = false, time.Time{}
	return true, false
}

// submit hands in the tasks that are due.
func (r *round) submit(ctx context.Context, due, missing []int) error {
	array := r.Array
	array.Tasks = due
	job, err := r.Queue.Submit(ctx, array)
	if err != nil {
		return r.endure(ctx, &r.sbatch, err)
	}
	r.engaged = true
	r.over(&r.sbatch, "sbatch")
	if err := r.Work.Submitted(job); err != nil {
		return fmt.Errorf("job %s is submitted and goes on: %w", job.ID, err)
	}
	if job.Cluster != "" && !slices.Contains(r.Clusters, job.Cluster) {
		r.Clusters = append(r.Clusters, job.Cluster)
	}
	r.tellSubmitted(job, due)
	for _, index := range due {
		p := r.task(index)
		p.attempts++
		p.seen, p.missing, p.gone = true, missing[index], time.Time{}
		p.last = Task{}
	}
	return nil
}

// again counts the tasks that were submitted before in this watch.
func (r *round) again(due []int) (n int) {
	for _, index := range due {
		if p := r.task(index); p.attempts > 0 || p.last.Job.ID != "" {
			n++
		}
	}
	return n
}

// tellSubmitted tells of a submission, and of how the tasks ended that are submitted again.
func (r *round) tellSubmitted(job Job, due []int) {
	if r.again(due) == 0 {
		r.Listener.Note(fmt.Sprintf("job %s: %d tasks submitted", job.ID, len(due)))
		return
	}
	ends := map[string]int{}
	for _, index := range due {
		if p := r.task(index); p.last.State != "" {
			ends[ended(p.last.State, p.last.Reason)]++
		} else {
			ends["left the queue"]++
		}
	}
	var parts []string
	for _, end := range slices.Sorted(maps.Keys(ends)) {
		parts = append(parts, fmt.Sprintf("%d %s", ends[end], end))
	}
	r.Listener.Note(fmt.Sprintf("job %s: tasks %s submitted again: %s", job.ID, Ranges(due), strings.Join(parts, ", ")))
}

// tellWhyWaiting tells why nothing runs, when it is more than that others are before.
func (r *round) tellWhyWaiting(listed map[int]Task) {
	reason := ""
	for _, index := range slices.Sorted(maps.Keys(listed)) {
		switch t := listed[index]; {
		case t.State.Running():
			return
		case t.State.Waiting() && !t.Stuck() && !ordinary(t.Reason):
			reason = t.Reason
		}
	}
	if reason != "" && reason != r.waits {
		r.waits = reason
		r.Listener.Note("nothing runs yet: " + reason)
	}
}

// ordinary says that a reason to wait is how every queue works.
func ordinary(reason string) bool {
	return slices.Contains([]string{"", "Priority", "Resources", "BeginTime", "JobArrayTaskLimit"}, reason)
}

// failures lists what was given up.
func (r *round) failures(missing []int) (all []Failed) {
	for _, index := range slices.Sorted(maps.Keys(r.tasks)) {
		p := r.tasks[index]
		if !p.failed || missing[index] == 0 {
			continue
		}
		all = append(all, Failed{
			Task: index, Missing: missing[index], Attempts: max(p.attempts, 1),
			State: p.last.State, Reason: p.last.Reason, Words: r.Work.LastWords(index),
		})
	}
	return all
}

// pause is how long to wait until the next look: the longer the work takes already, the longer; doubled with
// each failure in a row; and at least ten times as long as the look took, so that files and controller have rest.
func (r *round) pause(before time.Time) time.Duration {
	now := r.Clock.Now()
	wait := min(max(now.Sub(r.began)/20, shortestLook), longestLook)
	if fails := max(r.squeue.fails, r.sbatch.fails, r.scancel.fails); fails > 0 {
		wait = min(shortestLook<<min(fails, 5), time.Minute)
	}
	return max(wait, 10*now.Sub(before))
}
