package virtual_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim/virtual"
	"slosim/workloads/rng"
)

// finishes returns the instants of finish.
func finishes(k keep) []time.Duration {
	var at []time.Duration
	for i := range k {
		at = append(at, k[i].FinishAt)
	}
	return at
}

// TestLevelChanges has timelines worked out by hand: 10 ms alone, 20 ms at level 1,
// 40 ms at level 2.
func TestLevelChanges(t *testing.T) {
	for name, test := range map[string]struct {
		timeline []virtual.Interval
		arrivals []time.Duration
		want     []time.Duration
	}{
		"alone": {nil, []time.Duration{0, 3 * ms}, []time.Duration{10 * ms, 20 * ms}},
		// 0.4 done by 4 ms, the other 0.6 takes 12 ms.
		"slower from 4": {[]virtual.Interval{{From: 4 * ms, To: 100 * ms, Level: 1}}, []time.Duration{0}, []time.Duration{16 * ms}},
		// 0.4 by 4 ms, 0.3 more by 10 ms, the last 0.3 takes 3 ms.
		"there and back": {[]virtual.Interval{{From: 4 * ms, To: 10 * ms, Level: 1}}, []time.Duration{0}, []time.Duration{13 * ms}},
		// 0.4 by 4 ms, 0.3 by 10 ms, 0.2 by 18 ms, 0.1 in 1 ms. Intervals out of order.
		"three levels": {
			[]virtual.Interval{{From: 10 * ms, To: 18 * ms, Level: 2}, {From: 4 * ms, To: 10 * ms, Level: 1}},
			[]time.Duration{0}, []time.Duration{19 * ms},
		},
		// The query ends in the instant in which the level changes: it is done.
		"ends with the level":   {[]virtual.Interval{{From: 10 * ms, To: 90 * ms, Level: 2}}, []time.Duration{0}, []time.Duration{10 * ms}},
		"starts with the level": {[]virtual.Interval{{From: 5 * ms, To: 90 * ms, Level: 1}}, []time.Duration{5 * ms}, []time.Duration{25 * ms}},
		// 0.5 by 5 ms; a factor of 1.5 on level 1 makes 30 ms: 15 ms for the rest.
		"factor": {[]virtual.Interval{{From: 5 * ms, To: 90 * ms, Level: 1, Factor: 1.5}}, []time.Duration{0}, []time.Duration{20 * ms}},
		// Interference on another worker is none of ours.
		"elsewhere": {[]virtual.Interval{{From: 0, To: 90 * ms, Level: 1, Worker: 1}}, []time.Duration{0}, []time.Duration{10 * ms}},
		"every worker": {
			[]virtual.Interval{{From: 0, To: 90 * ms, Level: 1, Worker: virtual.EveryWorker}},
			[]time.Duration{0, 0}, []time.Duration{20 * ms, 20 * ms},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newConfig(newSet(newHalf([]time.Duration{10 * ms, 20 * ms, 40 * ms})), 1, 2, 4)
			c.Timeline = test.timeline
			c.Stream = &listed{at: test.arrivals, samples: 4}
			if name == "elsewhere" || name == "every worker" {
				c.Workers = 2
			}
			kept, _ := run(t, c)
			if diff := cmp.Diff(test.want, finishes(kept)); diff != "" {
				t.Errorf("finishes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestLevelsAreNotTold: a policy decides at events that it can know of. A change of
// level is none, nor is the end that was predicted before it; but an instant that has
// both a change and a finish is.
func TestLevelsAreNotTold(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{10 * ms, 20 * ms})), 1, 2)
	c.Timeline = []virtual.Interval{{From: 4 * ms, To: 12 * ms, Level: 1}, {From: 14 * ms, To: 34 * ms, Level: 1}}
	c.Stream = &listed{at: []time.Duration{0, 0, 0}, samples: 4}
	var decided []time.Duration
	c.Policy = decide(func(v *scheduler.View, p *scheduler.Plan) {
		decided = append(decided, v.Now)
		fixed(0)(v, p)
	})
	run(t, c)
	// 0.4 by 4 ms, 0.8 by 12 ms, done at 14 ms as level 1 begins; the next fills it.
	if diff := cmp.Diff([]time.Duration{0, 14 * ms, 34 * ms, 44 * ms}, decided); diff != "" {
		t.Errorf("instants of Decide (-want +got):\n%s", diff)
	}
}

// TestParts: load, cold caches, activation and execution follow one another, and the
// level changes the share of each part that is left. 2 ms of activation (4 at level
// 1), 10 ms of execution (30 at level 1).
func TestParts(t *testing.T) {
	half := newHalf([]time.Duration{10 * ms, 30 * ms})
	half.Activate = []profile.Dist{constant(2 * ms), constant(4 * ms)}
	for from, want := range map[time.Duration]time.Duration{
		0:       34 * ms, // all at level 1
		1 * ms:  33 * ms, // half of the activation is left: 2 + 30
		2 * ms:  32 * ms, // activation is done
		7 * ms:  22 * ms, // half of the execution is left
		12 * ms: 12 * ms,
	} {
		c := newConfig(newSet(half), 1, 2)
		c.Timeline = []virtual.Interval{{From: from, To: 90 * ms, Level: 1}}
		c.Stream = &listed{at: []time.Duration{0}, samples: 4}
		kept, _ := run(t, c)
		if got := kept[0].FinishAt; got != want {
			t.Errorf("level 1 from %v: want a finish at %v, got %v", from, want, got)
		}
	}
}

// stalled returns a configuration in which level 1 shares the core: it is there for
// 3 ms, away for 2, there for 1, away for 4; 5 ms alone and also on the shared core.
// The interval starts at 20 ms, at a known offset of the sequence.
func stalled() (c *virtual.Config, offset time.Duration) {
	half := newHalf([]time.Duration{5 * ms, 5 * ms})
	half.Stalls = [][]profile.Stall{nil, {{Gap: 3 * ms, Wait: 2 * ms}, {Gap: 1 * ms, Wait: 4 * ms}}}
	c = newConfig(newSet(half), 1, 2)
	c.Timeline = []virtual.Interval{{From: 20 * ms, To: 520 * ms, Level: 1}}
	return c, time.Duration(c.Key.Float(rng.Stall, 1<<32) * float64(10*ms))
}

// TestStalls places queries on the (gap, wait) sequence by hand. Instants are
// relative to the start of a period of the sequence.
func TestStalls(t *testing.T) {
	for start, want := range map[time.Duration]time.Duration{
		0:      11 * ms, // 3 by 3, 1 by 6, 1 by 11
		1 * ms: 12 * ms, // 2 by 3, 1 by 6, 2 by 12
		3 * ms: 16 * ms, // nothing until 5, 1 by 6, 3 by 13, 1 by 16
		4 * ms: 16 * ms, // still away: the same
		5 * ms: 16 * ms, // 1 by 6, 3 by 13, 1 by 16
		9 * ms: 21 * ms, // nothing until 10, 3 by 13, 1 by 16, 1 by 21
	} {
		c, offset := stalled()
		period := 20*ms - offset + 50*ms // a start of the sequence, inside the interval
		c.Stream = &listed{at: []time.Duration{period + start}, samples: 4}
		kept, _ := run(t, c)
		if got := kept[0].FinishAt - period; got != want {
			t.Errorf("start at %v: want a finish at %v, got %v", start, want, got)
		}
	}
}

// TestStallsBeginAndEnd: a query that runs into the shared core, and one that runs out.
func TestStallsBeginAndEnd(t *testing.T) {
	c, _ := stalled()
	for seed := uint64(0); seed < 50; seed++ {
		c.Key.Seed = seed
		offset := time.Duration(c.Key.Float(rng.Stall, 1<<32) * float64(10*ms))
		// From the origin of the sequence to the two instants, on-CPU time by hand.
		onCPU := func(at time.Duration) time.Duration { return handOnCPU(at - (20*ms - offset)) }
		into := &listed{at: []time.Duration{18 * ms, 518 * ms}, samples: 4}
		kept, _ := run(t, clone(c, into, fixed(0)))
		// 2 ms are done by 20 ms; 3 ms of core time are left.
		if got := onCPU(kept[0].FinishAt) - onCPU(20*ms); got != 3*ms {
			t.Fatalf("seed %d: want 3ms of core time after 20ms, got %v", seed, got)
		}
		// What was done on the core by 520 ms is done, the rest runs undisturbed.
		done := onCPU(520*ms) - onCPU(518*ms)
		if got, want := kept[1].FinishAt, 520*ms+5*ms-done; got != want {
			t.Fatalf("seed %d: want a finish at %v, got %v", seed, want, got)
		}
	}
}

// TestQuietStalls: quiet time whose level shares the core has one sequence for all of
// it; an interval without stalls in between does not start it anew.
func TestQuietStalls(t *testing.T) {
	c, _ := stalled()
	c.Quiet, c.Timeline = 1, []virtual.Interval{{From: 53 * ms, To: 97 * ms, Level: 0}}
	c.Stream = &listed{at: []time.Duration{20 * ms, 60 * ms, 110 * ms}, samples: 4}
	kept, _ := run(t, c)
	origin := -time.Duration(c.Key.Float(rng.Stall, 0) * float64(10*ms))
	for _, i := range []int{0, 2} {
		if got := handOnCPU(kept[i].FinishAt-origin) - handOnCPU(kept[i].StartAt-origin); got != 5*ms {
			t.Errorf("query %d, from %v to %v: want 5ms of core time, got %v", i, kept[i].StartAt, kept[i].FinishAt, got)
		}
	}
	if got := kept[1].Busy; got != 5*ms {
		t.Errorf("query 1, alone: want 5ms, got %v", got)
	}
}

// handOnCPU is the core time of the sequence of stalled until an instant, counted
// from its start.
func handOnCPU(at time.Duration) time.Duration {
	periods, rest := at/(10*ms), at%(10*ms)
	first := min(rest, 3*ms)
	second := min(max(rest-5*ms, 0), 1*ms)
	return periods*4*ms + first + second
}

// TestGroups: a machine with room for two of three groups. The first two are resident
// at the start; loads take 7 ms, switches 1 ms, queries 2 ms.
func TestGroups(t *testing.T) {
	set := newSet(newHalf([]time.Duration{2 * ms}, []time.Duration{2 * ms}, []time.Duration{2 * ms}))
	set.Groups = nil
	set.Switch = make([][]profile.Dist, 3)
	for i := range set.Points {
		set.Points[i].Group = i
		set.Groups = append(set.Groups, profile.Group{Name: set.Points[i].Name, Bytes: 40, Load: constant(7 * ms)})
		set.Switch[i] = []profile.Dist{constant(ms), constant(ms), constant(ms)}
	}
	points := []int{0, 0, 1, 2, 1, 0}
	// 0 and 1 are resident; 2 evicts 0; 1 is still there; 0 comes back and evicts 2.
	want := []time.Duration{2 * ms, 2 * ms, 3 * ms, 10 * ms, 3 * ms, 10 * ms}
	c := newConfig(set, 1)
	c.Memory = 100
	var arrivals []time.Duration
	for i := range points {
		arrivals = append(arrivals, time.Duration(i)*20*ms)
	}
	c.Stream = &listed{at: arrivals, samples: 4}
	c.Policy = inTurn(points)
	kept, stats := run(t, c)
	var busy []time.Duration
	for i := range kept {
		busy = append(busy, kept[i].Busy)
	}
	if diff := cmp.Diff(want, busy); diff != "" {
		t.Errorf("busy (-want +got):\n%s", diff)
	}
	if stats.Loads != 2 || stats.Switches != 4 {
		t.Errorf("want 2 loads and 4 switches, got %d and %d", stats.Loads, stats.Switches)
	}
	c = clone(c, &listed{at: arrivals, samples: 4}, inTurn(points))
	c.Memory = 0
	if _, stats := run(t, c); stats.Loads != 0 {
		t.Errorf("with room for all: want no load, got %d", stats.Loads)
	}
}

// TestBusyAndWindow: utilisation counts the measured window alone.
func TestBusyAndWindow(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{8 * ms})), 1)
	c.Warmup, c.Duration = 5*ms, 30*ms
	c.Stream = &listed{at: []time.Duration{0, 10 * ms, 25 * ms, 30 * ms}, samples: 4}
	kept, stats := run(t, c)
	if len(kept) != 3 {
		t.Errorf("an arrival at the end of the duration: want 3 records, got %d", len(kept))
	}
	// [5, 8), [10, 18), [25, 30)
	if diff := cmp.Diff([]time.Duration{16 * ms}, stats.Busy); diff != "" {
		t.Errorf("busy (-want +got):\n%s", diff)
	}
	if stats.EndAt != 33*ms {
		t.Errorf("end: want 33ms, got %v", stats.EndAt)
	}
}

// TestDrainEndsAtTheLastDeadline: what is unfinished then is dropped, Late.
func TestDrainEndsAtTheLastDeadline(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{6 * ms})), 1)
	c.Duration, c.Classes[0].Latency = 2*ms, 10*ms
	c.Stream = &listed{at: []time.Duration{0, 0, 1 * ms, 1 * ms}, samples: 4}
	kept, stats := run(t, c)
	// Finish at 6, then 12 lies beyond the last deadline, 11 ms.
	if stats.Finished != 1 || stats.Unfinished != 3 || stats.EndAt != 11*ms {
		t.Errorf("want 1 finished, 3 unfinished at 11ms, got %+v", stats)
	}
	if r := kept[1]; !r.Dropped || r.StartAt != 6*ms || r.Busy != 5*ms {
		t.Errorf("the query that ran: want it dropped after 5ms, got %+v", r)
	}
}
