package virtual_test

import (
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim/virtual"
	"slosim/workloads"
)

// batches starts up to n of what waits together, at point 0.
func batches(n int) decide {
	var batch []scheduler.Assign
	return func(v *scheduler.View, p *scheduler.Plan) {
		if v.Workers[0].Busy {
			return
		}
		batch = batch[:0]
		for _, w := range v.Waiting[:min(n, len(v.Waiting))] {
			batch = append(batch, scheduler.Assign{Query: w.Ref})
		}
		p.StartBatch(0, batch, scheduler.Fits)
	}
}

// batched gives a set measured batches: times by size, at each level.
func batched(set *profile.Set, sizes []int, times ...[]time.Duration) *profile.Set {
	set.Batches = sizes
	var levels [][]profile.Dist
	for _, row := range times {
		var dists []profile.Dist
		for _, d := range row {
			dists = append(dists, constant(d))
		}
		levels = append(levels, dists)
	}
	set.Truth.Batched, set.Calibration.Batched = [][][]profile.Dist{levels}, [][][]profile.Dist{levels}
	return set
}

// One query starts at 0; the four that come meanwhile run together after it.
func TestBatchTakesWhatWasMeasured(t *testing.T) {
	four := []time.Duration{0, 1 * ms, 1 * ms, 2 * ms, 2 * ms}
	for name, test := range map[string]struct {
		set  *profile.Set
		want time.Duration
	}{
		"one after another": {newSet(newHalf([]time.Duration{3 * ms})), 3*ms + 12*ms},
		"as measured":       {batched(newSet(newHalf([]time.Duration{3 * ms})), []int{2, 4}, []time.Duration{4 * ms, 5 * ms}), 3*ms + 5*ms},
		"between":           {batched(newSet(newHalf([]time.Duration{3 * ms})), []int{2, 6}, []time.Duration{4 * ms, 8 * ms}), 3*ms + 6*ms},
		"beyond":            {batched(newSet(newHalf([]time.Duration{3 * ms})), []int{2}, []time.Duration{4 * ms}), 3*ms + 8*ms},
	} {
		c := newConfig(test.set, 1)
		c.Policy, c.Stream = batches(8), &listed{at: four, samples: 4}
		kept, stats := run(t, c)
		for i, r := range kept {
			want, together := test.want, 4
			if i == 0 {
				want, together = 3*ms, 1
			}
			if r.FinishAt != want || r.Together != together {
				t.Errorf("%s: query %d: want its end at %v with %d, got %v with %d", name, i, want, together, r.FinishAt, r.Together)
			}
		}
		if stats.Busy[0] != test.want {
			t.Errorf("%s: busy: want %v, got %v", name, test.want, stats.Busy[0])
		}
	}
}

// Half of a batch is done when the machine slows down by the factor that was measured of batches.
func TestBatchIsSlowedDown(t *testing.T) {
	set := batched(newSet(newHalf([]time.Duration{3 * ms, 6 * ms})), []int{2}, []time.Duration{4 * ms}, []time.Duration{12 * ms})
	c := newConfig(set, 1, 2)
	c.Timeline = []virtual.Interval{{From: 2 * ms, To: time.Second, Level: 1}}
	c.Policy, c.Stream = batches(2), &listed{at: []time.Duration{0, 0}, samples: 4}
	kept, _ := run(t, c)
	for i, r := range kept {
		if r.FinishAt != 8*ms {
			t.Errorf("query %d: want its end at 8ms, got %v", i, r.FinishAt)
		}
	}
}

// large is a stream of one query of 6 samples.
type large struct{ done bool }

func (l *large) Next(q *workloads.Query) bool {
	*q = workloads.Query{Size: 6, Sample: 3}
	first := !l.done
	l.done = true
	return first
}

// A large query of 6 samples takes 6 times as long, or a third of it on three workers.
func TestLargeQueriesAreSplit(t *testing.T) {
	split := decide(func(v *scheduler.View, p *scheduler.Plan) {
		left := 0
		if len(v.Waiting) > 0 {
			left = v.Waiting[0].Left
		}
		for w := range v.Workers {
			if !v.Workers[w].Busy && left > 0 {
				p.Split(w, v.Waiting[0].Ref, 0, 2, scheduler.Fits)
				left -= 2
			}
		}
	})
	for name, test := range map[string]struct {
		policy  decide
		workers int
		parts   int
		want    time.Duration
	}{"whole": {fixed(0), 3, 1, 18 * ms}, "split": {split, 3, 3, 6 * ms}, "split on one": {split, 1, 3, 18 * ms}} {
		half := newHalf([]time.Duration{3 * ms})
		half.Outcomes[3].Right = false // the first sample, which judges it
		c := newConfig(newSet(half), 1)
		c.Workers, c.Policy, c.Stream = test.workers, test.policy, &large{}
		kept, stats := run(t, c)
		busy := time.Duration(0)
		for _, b := range stats.Busy {
			busy += b
		}
		if r := kept[0]; r.FinishAt != test.want || r.Parts != test.parts || r.Right || busy != 18*ms || r.Busy != 18*ms {
			t.Errorf("%s: want its end at %v in %d parts, wrong, 18ms of work; got %+v, %v", name, test.want, test.parts, r, busy)
		}
	}
}

// Kernels that take twice as long in life do so in batches.
func TestBatchTakesLongerInLife(t *testing.T) {
	set := batched(newSet(newHalf([]time.Duration{3 * ms})), []int{2}, []time.Duration{4 * ms})
	c := newConfig(set, 1)
	c.Excess = &virtual.Excess{Quantiles: []float64{0.5}, Extra: [][][][][]time.Duration{{{{{3 * ms}}}}}}
	c.Policy, c.Stream = batches(2), &listed{at: []time.Duration{0, 0}, samples: 4}
	kept, _ := run(t, c)
	if kept[0].FinishAt != 8*ms {
		t.Errorf("want the batch's end at 8ms, got %v", kept[0].FinishAt)
	}
}
