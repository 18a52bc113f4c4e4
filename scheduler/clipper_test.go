package scheduler

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/engine/profile"
	"slosim/workloads/rng"
)

// TestClipperLimits: the limit grows by increase after a full batch in time, stays after one that
// was not full, and is multiplied by backoff after one that was late.
func TestClipperLimits(t *testing.T) {
	model := exponentialBelief(t, []time.Duration{time.Millisecond}, []float64{0.9})
	c := newClipper(NewParams(map[string]any{"increase": 4, "target": 1.0, "batch": 10})).(*clipper)
	if err := c.Bind(Setting{Classes: oneClass(time.Second), Models: []*profile.Belief{model}, Workers: 1}); err != nil {
		t.Fatal(err)
	}
	v := NewView([]*profile.Belief{model}, nil)
	v.Workers = []Worker{{Slowdown: 1}}
	for i, step := range []struct {
		samples int
		took    time.Duration
		want    float64
	}{
		{1, time.Millisecond, 5}, {4, time.Millisecond, 5}, {5, 20 * time.Millisecond, 4.5}, {4, 10 * time.Millisecond, 8.5},
		{8, time.Millisecond, 10}, {10, time.Millisecond, 10}, {1, time.Hour, 9},
	} {
		v.Now += time.Minute
		c.begin(v, 0, flight{active: true, at: v.Now, samples: step.samples, target: 10 * time.Millisecond})
		v.Now += step.took
		c.settle(v, c)
		if diff := cmp.Diff(step.want, c.limits[0], cmpopts.EquateApprox(0, 1e-9)); diff != "" {
			t.Errorf("step %d: %s", i, diff)
		}
	}
}

func TestClipperWaitsForABatch(t *testing.T) {
	model := gainingBelief(t)
	c := newClipper(NewParams(map[string]any{"wait": "5ms"})).(*clipper)
	if err := c.Bind(Setting{Classes: oneClass(time.Second), Models: []*profile.Belief{model}, Workers: 1}); err != nil {
		t.Fatal(err)
	}
	c.limits[0] = 2
	v, plan := NewView([]*profile.Belief{model}, nil), &Plan{}
	v.Workers = []Worker{{Slowdown: 1}}
	ask := func(now time.Duration, waiting int) Command {
		v.Now, v.Waiting = now, nil
		for i := range waiting {
			v.Waiting = append(v.Waiting, Waiting{Ref: QueryRef(i + 1), ArriveAt: time.Second, Deadline: 2 * time.Second, Left: 1})
		}
		plan.Reset()
		c.Decide(v, plan)
		return plan.Commands()[0]
	}
	if got := ask(time.Second, 1); got.Kind != Wake || got.At != time.Second+5*time.Millisecond {
		t.Errorf("one of two: want a Wake when it has waited 5 ms, got %+v", got)
	}
	if got := ask(time.Second+time.Millisecond, 2); got.Kind != Start || len(got.Batch) != 2 {
		t.Errorf("two of two: want both started, got %+v", got)
	}
	if got := ask(time.Second+5*time.Millisecond, 1); got.Kind != Start {
		t.Errorf("after the wait: want it started alone, got %+v", got)
	}
}

// gainingBelief has one point of 1 ms and batches of which each further sample takes 0.1 ms.
func gainingBelief(t *testing.T) *profile.Belief {
	t.Helper()
	ms := uint32(time.Millisecond)
	half := profile.Half{Samples: 1, Outcomes: []profile.Outcome{{Right: true}}, Execute: [][][]profile.Dist{{{{ms}}}}}
	set := &profile.Set{Points: []profile.Point{{Name: "one"}}, Calibration: half, Batches: []int{2, 64}}
	set.Calibration.Batched = [][][]profile.Dist{{{{ms * 11 / 10}, {ms * 73 / 10}}}}
	b, err := profile.NewBelief(set, []profile.Level{{Slowdown: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestExp3FindsTheBestArm: of three arms that lose with probability 0.9, 0.5 and 0.1 the last is
// drawn most in the end, and again when the arms change places.
func TestExp3FindsTheBestArm(t *testing.T) {
	e := exp3{eta: 0.1, explore: 0.05, draws: rng.Key{Seed: 1}.Draws(rng.Switching)}
	e.add(3)
	world := rng.Key{Seed: 2}
	play := func(losses [3]float64, from int) (share float64) {
		for i := range 4000 {
			arm := e.draw(0)
			loss := 0.0
			if world.Float(rng.Service, uint64(from+i)) < losses[arm] {
				loss = 1
			}
			e.observe(0, arm, loss)
			if i >= 3000 && losses[arm] == 0.1 {
				share += 1.0 / 1000
			}
		}
		return share
	}
	if got := play([3]float64{0.9, 0.5, 0.1}, 0); got < 0.8 {
		t.Errorf("want the best arm drawn in 80 of 100, got %v", got)
	}
	if got := play([3]float64{0.1, 0.5, 0.9}, 1e6); got < 0.8 {
		t.Errorf("after a change: want the best arm drawn in 80 of 100, got %v", got)
	}
}

// TestClipperCountsLateAsWrong: the bandit leaves a point whose answers are right and late.
func TestClipperCountsLateAsWrong(t *testing.T) {
	model := exponentialBelief(t, []time.Duration{time.Millisecond, 100 * time.Microsecond}, []float64{0.9, 0.7})
	c := newClipper(NewParams(map[string]any{"select": "exp3"})).(*clipper)
	if err := c.Bind(Setting{Classes: oneClass(time.Second), Models: []*profile.Belief{model}, Workers: 1}); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		c.Observe(Completion{Point: 0, FinishAt: 2, Deadline: 1, Correct: true, HasCorrect: true})
		c.Observe(Completion{Point: 1, FinishAt: 1, Deadline: 1}) // not told: its error of 0.3 counts
	}
	if w := c.exp3.weights[0]; w[0] > w[1]/10 {
		t.Errorf("want the late point rare, got weights %v", w)
	}
}
