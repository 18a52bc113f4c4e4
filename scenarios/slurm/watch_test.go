package slurm_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slosim/scenarios/slurm"
)

// fate is what becomes of a submission of a task: it waits, runs, makes pieces at its end, and leaves the queue
// in a state or without one.
type fate struct {
	waits, runs time.Duration
	stuck       bool // it is held instead of run, until it is cancelled
	makes       int
	state       slurm.State
	forgets     time.Duration // from its end until squeue says nothing of it
}

// finishes is the fate of a task that does what is left of it.
var finishes = fate{runs: time.Minute, makes: 1000, state: "COMPLETED", forgets: 5 * time.Minute}

// dies is that of one that makes nothing.
var dies = fate{runs: time.Minute, state: "FAILED", forgets: 5 * time.Minute}

// submission is one task of a job.
type submission struct {
	job   int
	index int
	at    time.Time
	fate  fate
	made  bool
	gone  bool // cancelled
}

func (s *submission) end() time.Time {
	if s.fate.stuck && !s.gone {
		return s.at.Add(1000 * time.Hour)
	}
	return s.at.Add(s.fate.waits + s.fate.runs)
}

// held says that a task is stuck.
func (c *cluster) held(s *submission) bool {
	return s.fate.stuck && !s.gone && !c.now.Before(s.at.Add(s.fate.waits))
}

// cluster is a Slurm, its files and its time, without any processes.
type cluster struct {
	now      time.Time
	fateOf   func(task, attempt int) fate
	outages  [][2]time.Duration // of squeue and sbatch, since the beginning
	rejects  func(a slurm.Array) error
	lacks    []int
	lag      time.Duration // from when a task made its pieces until they can be seen
	all      []*submission
	attempts map[int]int
	jobs     int
	notes    []string
	cancel   time.Duration // when somebody cancels; 0: never
	twice    bool          // a task was in the queue twice
	shown    []int         // missing pieces, as told
}

var begin = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newCluster(lacks []int, fateOf func(task, attempt int) fate) *cluster {
	return &cluster{now: begin, lacks: slices.Clone(lacks), fateOf: fateOf, attempts: map[int]int{}}
}

func (c *cluster) Now() time.Time { return c.now }

func (c *cluster) Sleep(ctx context.Context, d time.Duration) error {
	c.now = c.now.Add(d)
	for _, s := range c.all {
		if !s.made && !s.end().Add(c.lag).After(c.now) {
			s.made = true
			c.lacks[s.index] -= min(s.fate.makes, c.lacks[s.index])
		}
	}
	return ctx.Err()
}

var errUnreachable = slurm.CommandError{Command: "squeue", Said: "Unable to contact slurm controller (connect failure)"}

func (c *cluster) unreachable() bool {
	since := c.now.Sub(begin)
	return slices.ContainsFunc(c.outages, func(o [2]time.Duration) bool { return since >= o[0] && since < o[1] })
}

func (c *cluster) Submit(_ context.Context, a slurm.Array) (slurm.Job, error) {
	if c.unreachable() {
		return slurm.Job{}, errUnreachable
	}
	if c.rejects != nil {
		if err := c.rejects(a); err != nil {
			return slurm.Job{}, err
		}
	}
	c.jobs++
	for _, index := range a.Tasks {
		if slices.ContainsFunc(c.all, func(s *submission) bool { return s.index == index && s.end().After(c.now) }) {
			c.twice = true
		}
		c.all = append(c.all, &submission{job: c.jobs, index: index, at: c.now, fate: c.fateOf(index, c.attempts[index])})
		c.attempts[index]++
	}
	return slurm.Job{ID: strconv.Itoa(c.jobs)}, nil
}

func (c *cluster) Tasks(context.Context, string, ...string) (tasks []slurm.Task, err error) {
	if c.unreachable() {
		return nil, errUnreachable
	}
	for _, s := range c.all {
		task := slurm.Task{Index: s.index, Job: slurm.Job{ID: strconv.Itoa(s.job)}}
		switch {
		case c.held(s):
			task.State, task.Reason = "PENDING", "launch failed requeued held"
		case c.now.Before(s.at.Add(s.fate.waits)):
			task.State = "PENDING"
		case c.now.Before(s.end()):
			task.State = "RUNNING"
		case c.now.Before(s.end().Add(s.fate.forgets)):
			task.State = s.fate.state
		default:
			continue
		}
		tasks = append(tasks, task)
	}
	return tasks, nil
}

func (c *cluster) CancelTasks(_ context.Context, tasks []slurm.Task) error {
	if c.unreachable() {
		return errUnreachable
	}
	for _, t := range tasks {
		for _, s := range c.all {
			if s.index == t.Index && strconv.Itoa(s.job) == t.Job.ID {
				s.gone, s.made = true, true
			}
		}
	}
	return nil
}

func (c *cluster) Missing() ([]int, error) { return slices.Clone(c.lacks), nil }

func (c *cluster) Cancelled() (bool, error) {
	return c.cancel > 0 && c.now.Sub(begin) >= c.cancel, nil
}

func (c *cluster) Submitted(slurm.Job) error { return nil }

func (c *cluster) LastWords(task int) string { return fmt.Sprintf("last words of %d", task) }

// listener of a cluster.
type listener struct{ *cluster }

func (l listener) Missing(pieces int) { l.shown = append(l.shown, pieces) }
func (l listener) Note(sentence string) {
	l.notes = append(l.notes, fmt.Sprintf("%v: %s", l.now.Sub(begin), sentence))
}

func (c *cluster) watch(ctx context.Context, retries int) error {
	return slurm.Watch{
		Queue: c, Work: c, Clock: c, Listener: listener{c}, Retries: retries, Array: slurm.Array{Name: "n"},
	}.Run(ctx)
}

func (c *cluster) told(part string) bool {
	return slices.ContainsFunc(c.notes, func(note string) bool { return strings.Contains(note, part) })
}

func TestWatchSubmitsWhatLacksPieces(t *testing.T) {
	c := newCluster([]int{3, 0, 2}, func(int, int) fate { return finishes })
	if err := c.watch(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if c.jobs != 1 || len(c.all) != 2 || c.attempts[1] != 0 {
		t.Errorf("want one job of tasks 0 and 2, got %d jobs and %v", c.jobs, c.attempts)
	}
	if got := c.shown; got[0] != 5 || got[len(got)-1] != 0 {
		t.Errorf("told: want from 5 to 0 missing, got %v", got)
	}
}

func TestWatchOfNothingSubmitsNothing(t *testing.T) {
	c := newCluster([]int{0, 0}, nil)
	c.outages = [][2]time.Duration{{0, time.Hour}} // nobody asks it
	if err := c.watch(t.Context(), 3); err != nil || c.jobs != 0 {
		t.Errorf("want nothing, got %d jobs and %v", c.jobs, err)
	}
}

func TestWatchSubmitsAgain(t *testing.T) {
	for name, first := range map[string]fate{
		"failed":    {runs: time.Minute, state: "FAILED", forgets: time.Hour},
		"timed out": {runs: time.Minute, makes: 2, state: "TIMEOUT", forgets: time.Hour},
		"node died": {runs: time.Second, state: "NODE_FAIL", forgets: time.Hour},
		"forgotten": {runs: time.Second, state: "FAILED"},
		"a lie":     {runs: time.Second, state: "COMPLETED", forgets: time.Hour},
	} {
		c := newCluster([]int{5, 5}, func(task, attempt int) fate {
			if task == 1 && attempt == 0 {
				return first
			}
			return finishes
		})
		err := c.watch(t.Context(), 1)
		if err != nil || c.attempts[0] != 1 || c.attempts[1] != 2 || c.twice {
			t.Errorf("%s: want task 1 twice, one after the other, got %v, %v", name, c.attempts, err)
		}
		if !c.told("tasks 1 submitted again") {
			t.Errorf("%s: want that to be told, got %q", name, c.notes)
		}
	}
}

func TestWatchGivesUpAndNames(t *testing.T) {
	c := newCluster([]int{5, 5, 5}, func(task, _ int) fate {
		if task == 1 {
			return dies
		}
		return finishes
	})
	err := c.watch(t.Context(), 2)
	var failed slurm.FailedError
	if !errors.As(err, &failed) {
		t.Fatalf("want a FailedError, got %v", err)
	}
	want := []slurm.Failed{{Task: 1, Missing: 5, Attempts: 3, State: "FAILED", Words: "last words of 1"}}
	if !slices.Equal(failed.Tasks, want) {
		t.Errorf("want %v, got %v", want, failed.Tasks)
	}
	if text := err.Error(); !strings.Contains(text, "task 1: 5 missing after 3 attempts; the last one ended as FAILED\n    last words of 1") {
		t.Errorf("got %s", text)
	}
	if c.lacks[0] != 0 || c.lacks[2] != 0 {
		t.Error("want the others to be finished")
	}
}

// A task that could not be started is held by Slurm and never runs.
func TestWatchLoosensHeldTasks(t *testing.T) {
	c := newCluster([]int{5, 5}, func(task, attempt int) fate {
		if task == 1 && attempt < 2 {
			return fate{waits: time.Minute, stuck: true, state: "CANCELLED", forgets: time.Hour}
		}
		return finishes
	})
	if err := c.watch(t.Context(), 3); err != nil || c.attempts[1] != 3 || c.attempts[0] != 1 || !c.told("tasks 1 are held") {
		t.Errorf("want three attempts, got %v, %v, %q", c.attempts, err, c.notes)
	}
	c = newCluster([]int{5}, func(int, int) fate { return fate{stuck: true, state: "CANCELLED"} })
	var failed slurm.FailedError
	if err := c.watch(t.Context(), 3); !errors.As(err, &failed) || c.attempts[0] != 4 {
		t.Errorf("for ever: want it given up after 4 attempts, got %v, %v", c.attempts, err)
	}
}

// What a task wrote on another node may take a while to be seen.
func TestWatchWaitsForFiles(t *testing.T) {
	c := newCluster([]int{5}, func(int, int) fate { return finishes })
	c.lag = 12 * time.Second
	if err := c.watch(t.Context(), 3); err != nil || c.attempts[0] != 1 {
		t.Errorf("want one attempt, got %d, %v", c.attempts[0], err)
	}
}

// A task that makes a piece in each attempt is not given up.
func TestProgressIsNoFailure(t *testing.T) {
	c := newCluster([]int{20}, func(int, int) fate {
		return fate{runs: time.Minute, makes: 1, state: "TIMEOUT", forgets: time.Hour}
	})
	if err := c.watch(t.Context(), 0); err != nil || c.attempts[0] != 20 {
		t.Errorf("want 20 attempts, got %d, %v", c.attempts[0], err)
	}
}

func TestWatchEnduresOutages(t *testing.T) {
	c := newCluster([]int{5, 5}, func(task, attempt int) fate {
		if task == 0 && attempt == 0 {
			return dies
		}
		return fate{runs: time.Hour, makes: 5, state: "COMPLETED"}
	})
	c.outages = [][2]time.Duration{{time.Minute, 20 * time.Minute}}
	if err := c.watch(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	once := 0
	for _, note := range c.notes {
		if strings.Contains(note, "Unable to contact") {
			once++
		}
	}
	if once != 1 || !c.told("squeue works again") {
		t.Errorf("want the outage to be told once, and its end, got %q", c.notes)
	}
}

func TestWatchGivesUpOnAnOutage(t *testing.T) {
	c := newCluster([]int{5}, func(int, int) fate { return fate{runs: 5 * time.Hour, makes: 5} })
	c.outages = [][2]time.Duration{{time.Minute, 10 * time.Hour}}
	err := c.watch(t.Context(), 1)
	if !errors.Is(err, errUnreachable) || !strings.Contains(err.Error(), "30m") {
		t.Errorf("want one that says so after 30m, got %v", err)
	}
	if waited := c.now.Sub(begin); waited < 30*time.Minute || waited > 40*time.Minute {
		t.Errorf("want half an hour, got %v", waited)
	}
}

// Work that ends in an outage needs nobody's answer.
func TestWatchSeesTheEndInAnOutage(t *testing.T) {
	c := newCluster([]int{5}, func(int, int) fate { return finishes })
	c.outages = [][2]time.Duration{{10 * time.Second, 10 * time.Hour}}
	if err := c.watch(t.Context(), 1); err != nil || c.now.Sub(begin) > 5*time.Minute {
		t.Errorf("want the end after a minute, got %v, %v", c.now.Sub(begin), err)
	}
}

func TestFirstFailuresAreNotEndured(t *testing.T) {
	rejected := slurm.CommandError{Command: "sbatch", Said: "Invalid partition name specified"}
	c := newCluster([]int{5}, nil)
	c.rejects = func(slurm.Array) error { return rejected }
	if err := c.watch(t.Context(), 1); !errors.Is(err, rejected) || c.now != begin {
		t.Errorf("want %v at once, got %v after %v", rejected, err, c.now.Sub(begin))
	}
	c = newCluster([]int{5}, nil)
	c.outages = [][2]time.Duration{{0, time.Hour}}
	if err := c.watch(t.Context(), 1); !errors.Is(err, errUnreachable) || c.now != begin {
		t.Errorf("want %v at once, got %v after %v", errUnreachable, err, c.now.Sub(begin))
	}
}

// A limit on submitted jobs, say, is waited out, but not for ever.
func TestLaterRejectionsAreEndured(t *testing.T) {
	rejected := slurm.CommandError{Command: "sbatch", Said: "Job violates accounting/QOS policy"}
	for _, until := range []time.Duration{10 * time.Minute, 10 * time.Hour} {
		c := newCluster([]int{5, 5}, func(task, attempt int) fate {
			if attempt == 0 {
				return dies
			}
			return finishes
		})
		c.rejects = func(slurm.Array) error {
			if since := c.now.Sub(begin); since > time.Minute && since < until {
				return rejected
			}
			return nil
		}
		err := c.watch(t.Context(), 1)
		if until < time.Hour && (err != nil || !c.told("sbatch works again")) {
			t.Errorf("10 minutes: want the end, got %v, %q", err, c.notes)
		}
		if until > time.Hour && !errors.Is(err, rejected) {
			t.Errorf("10 hours: want %v, got %v", rejected, err)
		}
	}
}

func TestWatchStopsWhenCancelled(t *testing.T) {
	c := newCluster([]int{5}, func(int, int) fate { return dies })
	c.cancel = 30 * time.Second
	if err := c.watch(t.Context(), 100); !errors.Is(err, slurm.ErrCancelled) || c.jobs != 1 {
		t.Errorf("want ErrCancelled and one job, got %v, %d", err, c.jobs)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	c = newCluster([]int{5}, func(int, int) fate { return dies })
	if err := c.watch(ctx, 100); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
}

// Who watches again takes what is in the queue for submitted.
func TestWatchAgain(t *testing.T) {
	c := newCluster([]int{5, 5, 0}, func(task, _ int) fate { return finishes })
	if _, err := c.Submit(t.Context(), slurm.Array{Tasks: []int{1}}); err != nil {
		t.Fatal(err)
	}
	if err := c.watch(t.Context(), 1); err != nil || c.attempts[0] != 1 || c.attempts[1] != 1 || c.twice {
		t.Errorf("want each once, got %v, %v", c.attempts, err)
	}
}

// Whatever becomes of tasks and of Slurm, a watch ends; with everything made, or with the tasks named that
// made nothing often enough; and no task is in the queue twice.
func TestWatchEnds(t *testing.T) {
	states := []slurm.State{"COMPLETED", "FAILED", "TIMEOUT", "NODE_FAIL", "CANCELLED", "OUT_OF_MEMORY"}
	rapid.Check(t, func(t *rapid.T) {
		lacks := rapid.SliceOfN(rapid.IntRange(0, 6), 1, 8).Draw(t, "lacks")
		retries := rapid.IntRange(0, 3).Draw(t, "retries")
		c := newCluster(lacks, func(int, int) fate {
			return fate{
				waits: time.Duration(rapid.IntRange(0, 300).Draw(t, "waits")) * time.Second,
				runs:  time.Duration(rapid.IntRange(0, 600).Draw(t, "runs")) * time.Second,
				stuck: rapid.IntRange(0, 9).Draw(t, "stuck") == 0,
				makes: rapid.IntRange(0, 3).Draw(t, "makes"), state: rapid.SampledFrom(states).Draw(t, "state"),
				forgets: time.Duration(rapid.IntRange(0, 400).Draw(t, "forgets")) * time.Second,
			}
		})
		for range rapid.IntRange(0, 3).Draw(t, "outages") {
			from := time.Duration(rapid.IntRange(5, 2000).Draw(t, "from")) * time.Second
			c.outages = append(c.outages, [2]time.Duration{from, from + 15*time.Minute})
		}
		err := c.watch(t.Context(), retries)
		var failed slurm.FailedError
		errors.As(err, &failed)
		if err != nil && failed.Tasks == nil && !errors.Is(err, errUnreachable) {
			t.Fatalf("got %v", err)
		}
		if c.twice {
			t.Fatal("a task was in the queue twice")
		}
		for index, left := range c.lacks {
			named := slices.ContainsFunc(failed.Tasks, func(f slurm.Failed) bool { return f.Task == index && f.Attempts > retries })
			if left > 0 && !named && !errors.Is(err, errUnreachable) {
				t.Fatalf("task %d lacks %d and is not named: %v", index, left, err)
			}
		}
	})
}
