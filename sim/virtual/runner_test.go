package virtual_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/sim/virtual"
	"slosim/workloads"
)

// scripted is a runner that takes 3 ms for each query, times the level's number plus one, and
// answers even samples right.
type scripted struct {
	level  int
	levels []int
	ran    []uint32
	fails  bool
}

func (s *scripted) Disturb(level int) error {
	if s.fails {
		return errors.New("no antagonist")
	}
	s.level, s.levels = level, append(s.levels, level)
	return nil
}

func (s *scripted) Run(q *workloads.Query, _ int) virtual.Ran {
	s.ran = append(s.ran, q.Sample)
	return virtual.Ran{Execute: time.Duration(s.level+1) * 3 * ms, Right: q.Sample%2 == 0}
}

// RunBatch takes 1 ms less than one after another for each sample but the first.
func (s *scripted) RunBatch(samples []uint32, _ []int, right []bool) (sum virtual.Ran) {
	for i, sample := range samples {
		ran := s.Run(&workloads.Query{Sample: sample}, 0)
		right[i] = ran.Right
		sum.Execute += ran.Execute - ms
	}
	sum.Execute += ms
	return sum
}

// In kernel mode the measured time advances the clock: the profile's 10 ms are nowhere.
func TestKernelModeTakesMeasuredTimes(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{10 * ms, 10 * ms})), 1, 2)
	runner := &scripted{}
	c.Runner = runner
	c.Stream = &listed{at: []time.Duration{0, 1 * ms, 20 * ms, 30 * ms}, samples: 4}
	// Query 2 is served at level 1; 3 of its 6 ms pass before level 0 comes back.
	c.Timeline = []virtual.Interval{{From: 15 * ms, To: 23 * ms, Level: 1}}
	kept, _ := run(t, c)
	var finish []time.Duration
	for i, r := range kept {
		finish = append(finish, r.FinishAt)
		if r.Right != (i%2 == 0) {
			t.Errorf("query %d: want the runner's answer, got %v", i, r.Right)
		}
	}
	want := []time.Duration{3 * ms, 6 * ms, 24*ms + ms/2, 33 * ms}
	if diff := cmp.Diff(want, finish); diff != "" {
		t.Errorf("finished at (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]uint32{0, 1, 2, 2, 3}, runner.ran); diff != "" {
		t.Errorf("ran, the third again as the level changed (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{0, 1, 0}, runner.levels); diff != "" {
		t.Errorf("levels (-want +got):\n%s", diff)
	}
}

func TestKernelModeErrors(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{1})), 1)
	c.Stream, c.Runner = &listed{at: []time.Duration{0}, samples: 4}, &scripted{fails: true}
	if _, err := virtual.Run(context.Background(), c, nil); err == nil || !strings.Contains(err.Error(), "level 0: no antagonist") {
		t.Errorf("want the antagonist's error, got %v", err)
	}
	c.Workers = 2
	if _, err := virtual.Run(context.Background(), c, nil); err == nil || !strings.Contains(err.Error(), "workers: want 1") {
		t.Errorf("want an error about workers, got %v", err)
	}
}

// A start's overhead holds the worker: every query takes so much longer, as in an M/D/1 queue
// whose service is longer by it.
func TestOverheadHoldsTheWorker(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{3 * ms})), 1)
	c.Overhead = profile.Dist{500_000}
	c.Stream = &listed{at: []time.Duration{0, 1 * ms, 20 * ms}, samples: 4}
	kept, _ := run(t, c)
	for i, want := range []time.Duration{3500 * time.Microsecond, 7 * ms, 23500 * time.Microsecond} {
		if kept[i].FinishAt != want {
			t.Errorf("query %d: want its end at %v, got %v", i, want, kept[i].FinishAt)
		}
	}
}

// Excess lengthens a point's kernels, or shortens them to nothing, beside the overhead.
func TestExcessIsOfAPoint(t *testing.T) {
	for excess, want := range map[time.Duration]time.Duration{2 * ms: 5500 * time.Microsecond, -9 * ms: 500 * time.Microsecond, -1 * ms: 2500 * time.Microsecond} {
		c := newConfig(newSet(newHalf([]time.Duration{3 * ms})), 1)
		c.Overhead, c.Excess = profile.Dist{500_000}, &virtual.Excess{Quantiles: []float64{0.5}, Extra: [][][][][]time.Duration{{{{{excess}}}}}}
		c.Stream = &listed{at: []time.Duration{0}, samples: 4}
		if kept, _ := run(t, c); kept[0].FinishAt != want {
			t.Errorf("excess %v: want the end at %v, got %v", excess, want, kept[0].FinishAt)
		}
	}
}

// Excess is of the time for which the worker idled: the second query finds it busy, the third
// after 1 ms, the fourth after 13 ms.
func TestExcessIsOfTheIdleTime(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{3 * ms})), 1)
	c.Excess = &virtual.Excess{Edges: []time.Duration{ms, 10 * ms}, Quantiles: []float64{0.5}, Extra: [][][][][]time.Duration{{{{{0}}}, {{{1 * ms}}}, {{{2 * ms}}}}}}
	c.Stream = &listed{at: []time.Duration{0, 1 * ms, 7 * ms, 24 * ms}, samples: 4}
	kept, _ := run(t, c)
	for i, want := range []time.Duration{3 * ms, 6 * ms, 11 * ms, 29 * ms} {
		if kept[i].FinishAt != want {
			t.Errorf("query %d: want its end at %v, got %v", i, want, kept[i].FinishAt)
		}
	}
	c.Excess.Extra[0] = c.Excess.Extra[0][:2]
	if _, err := virtual.Run(context.Background(), c, nil); err == nil || !strings.Contains(err.Error(), "level 0: want times of 3 bins, got 2") {
		t.Errorf("want bins that fit, got %v", err)
	}
}

// Batches run for real too: two after another take 3 + 2 ms, and each query has its own answer.
func TestRunnerServesBatches(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{time.Hour})), 1)
	runner := &scripted{}
	c.Runner, c.Policy = runner, batches(2)
	c.Stream = &listed{at: []time.Duration{0, 0}, samples: 4}
	kept, _ := run(t, c)
	for i, r := range kept {
		if r.FinishAt != 5*ms || r.Right != (i%2 == 0) {
			t.Errorf("query %d: want its end at 5ms, right %v, got %v, %v", i, i%2 == 0, r.FinishAt, r.Right)
		}
	}
}

// What a decision is said to take holds the worker before each start.
func TestDecisionCost(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{3 * ms})), 1)
	c.Overhead, c.DecisionCost = profile.Dist{500_000}, 2*ms
	c.Stream = &listed{at: []time.Duration{0, 0}, samples: 4}
	kept, _ := run(t, c)
	for i, want := range []time.Duration{5500 * time.Microsecond, 11 * ms} {
		if kept[i].FinishAt != want {
			t.Errorf("query %d: want its end at %v, got %v", i, want, kept[i].FinishAt)
		}
	}
}
