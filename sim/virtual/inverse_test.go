package virtual_test

import (
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
)

// shares returns which part of the records met their deadline, and which of them right.
func shares(kept keep) (attainment, effective float64) {
	for i := range kept {
		if kept[i].Met() {
			attainment++
			if kept[i].Right {
				effective++
			}
		}
	}
	n := float64(len(kept))
	return attainment / n, effective / n
}

// TestInverseIsClearlyWorse: a scenario of two points that cannot tell the pathological
// policy from lcao would tell nothing. The accurate point alone is overloaded (2.4), the
// fast one is not (0.4) and wrong once in four.
func TestInverseIsClearlyWorse(t *testing.T) {
	half := newHalf([]time.Duration{ms}, []time.Duration{6 * ms})
	half.Outcomes[0].Right = false
	set := newSet(half)
	got := map[string][2]float64{}
	for _, name := range []string{"lcao", "inverse", "always-fastest"} {
		c := newConfig(set, 1)
		c.Duration = 20 * time.Second
		c.Classes[0].Latency = 20 * ms
		c.Stream = &poisson{key: c.Key, mean: 2500 * time.Microsecond, samples: 4, classes: 1}
		belief, err := profile.NewBelief(set, c.Levels)
		if err != nil {
			t.Fatal(err)
		}
		c.Belief = belief
		if c.Policy, err = scheduler.Builtin().New(name, scheduler.NewParams(nil)); err != nil {
			t.Fatal(err)
		}
		kept, _ := run(t, c)
		attainment, effective := shares(kept)
		got[name] = [2]float64{attainment, effective}
	}
	t.Logf("attainment and effective accuracy: %v", got)
	lcao, inverse := got["lcao"], got["inverse"]
	if inverse[0] > lcao[0]-0.3 || inverse[1] > lcao[1]-0.2 {
		t.Errorf("inverse: want clearly less attainment and effective accuracy than lcao's %.3f and %.3f, got %.3f and %.3f",
			lcao[0], lcao[1], inverse[0], inverse[1])
	}
}

// TestInverseServesTheLastFirst: three queries wait behind one; the accurate point is
// taken while any waits, the fast one for a query that is alone.
func TestInverseServesTheLastFirst(t *testing.T) {
	half := newHalf([]time.Duration{ms}, []time.Duration{3 * ms})
	half.Outcomes[0].Right = false
	c := newConfig(newSet(half), 1)
	c.Stream = &listed{at: []time.Duration{0, 100, 200, 300}, samples: 4}
	belief, err := profile.NewBelief(c.Set, c.Levels)
	if err != nil {
		t.Fatal(err)
	}
	c.Belief = belief
	if c.Policy, err = scheduler.Builtin().New("inverse", scheduler.NewParams(nil)); err != nil {
		t.Fatal(err)
	}
	kept, _ := run(t, c)
	for i, want := range []struct {
		start time.Duration
		point int
	}{{0, 0}, {7 * ms, 0}, {4 * ms, 1}, {ms, 1}} {
		if got := kept[i]; got.StartAt != want.start || got.Point != want.point {
			t.Errorf("query %d: want a start at %v at point %d, got %v at %d", i, want.start, want.point, got.StartAt, got.Point)
		}
	}
}
