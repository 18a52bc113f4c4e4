package virtual_test

import (
	"testing"
	"time"

	"slosim/scheduler"
	"slosim/sim/virtual"
)

// Two workers; beside a busy one a query takes twice as long. The first runs alone for 2 of its 4
// ms, then both are busy: its other half takes 4 ms. The second has done half of its work by then,
// and does the rest alone, in 2 ms.
func TestBusySiblingsSlowEachOtherDown(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{4 * ms, 8 * ms})), 1, 2)
	c.Workers, c.Siblings = 2, []int{0, 1}
	c.Stream = &listed{at: []time.Duration{0, 2 * ms}, samples: 4}
	kept, _ := run(t, c)
	for i, want := range []time.Duration{6 * ms, 8 * ms} {
		if kept[i].FinishAt != want {
			t.Errorf("query %d: want its end at %v, got %v", i, want, kept[i].FinishAt)
		}
	}
	if kept[0].Slowdown != 1 || kept[1].Slowdown != 2 {
		t.Errorf("slow-down at the start: want 1 and 2, got %v and %v", kept[0].Slowdown, kept[1].Slowdown)
	}
}

// Beside an antagonist, siblings are left out.
func TestSiblingsDoNotCountBesideAnAntagonist(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{4 * ms, 8 * ms, 12 * ms})), 1, 2, 3)
	c.Workers, c.Siblings = 2, []int{0, 1}
	c.Timeline = []virtual.Interval{{From: 0, To: time.Second, Level: 2, Worker: 1}}
	c.Stream = &listed{at: []time.Duration{0, 0}, samples: 4}
	kept, _ := run(t, c)
	for i, want := range []time.Duration{8 * ms, 12 * ms} {
		if kept[i].FinishAt != want {
			t.Errorf("query %d: want its end at %v, got %v", i, want, kept[i].FinishAt)
		}
	}
}

// The sensor reads the mean over its period: 5 of 10 ms beside a busy sibling, at twice the time.
func TestTheSensorReadsSiblings(t *testing.T) {
	var read []float64
	c := newConfig(newSet(newHalf([]time.Duration{5 * ms, 5 * ms})), 1, 2)
	c.Workers, c.Siblings, c.Sensor = 2, []int{0, 1}, virtual.Sensor{Period: 10 * ms}
	c.Stream = &listed{at: []time.Duration{0, 100 * ms}, samples: 4}
	serve := fixed(0)
	c.Policy = decide(func(v *scheduler.View, p *scheduler.Plan) {
		if v.Now == 10*ms {
			read = append(read, v.Workers[0].Slowdown, v.Workers[1].Slowdown)
		}
		serve(v, p)
	})
	run(t, c)
	if len(read) != 2 || read[0] != 1 || read[1] != 1.5 {
		t.Errorf("want readings of 1 and 1.5, got %v", read)
	}
}
