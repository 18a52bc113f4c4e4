package policytest

import (
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/workloads"
)

// Run checks a policy; fresh makes a new one with the parameters to be tested.
func Run(t *testing.T, fresh func() scheduler.Policy) {
	t.Helper()
	for _, w := range Worlds() {
		t.Run(w.Name, func(t *testing.T) {
			if err := w.Check(fresh); err != nil {
				t.Fatal(err)
			}
		})
	}
	t.Run("nothing to do", func(t *testing.T) { checkNothingToDo(t, fresh()) })
	t.Run("monotone in slack", func(t *testing.T) { checkMonotone(t, fresh) })
	t.Run("allocates nothing", func(t *testing.T) { checkAllocations(t, fresh(), 0) })
	t.Run("allocates nothing corrected", func(t *testing.T) { checkAllocations(t, fresh(), 1.5) })
}

// Replanner is an optional ability of policies that plan now and then, and allocate when they do:
// Replans counts how often they did. Only a Decide during which it grows may allocate.
type Replanner interface {
	Replans() int
}

// Monotone is an optional ability of policies that claim, when MonotoneInSlack returns true, that
// a query that waits alone is never served at a less accurate point because it has more slack.
type Monotone interface {
	MonotoneInSlack() bool
}

// Worlds returns the worlds that Run uses.
func Worlds() []World {
	front := Belief(false, Front()...)
	cascade := Belief(false, append(Front(), Spec{Name: "cascade", Density: 0.2, Accuracy: 0.89, Mean: 200 * time.Microsecond, Spread: 0.1, Tail: 9})...)
	confident := Belief(true, Front()...)
	single := Belief(false, Spec{Name: "10%", Density: 1, Accuracy: 1, Mean: time.Millisecond})
	slowing := func(now time.Duration) float64 { return 1 + float64(now/(20*time.Millisecond)%4) }
	batched := BatchedBelief(0.2, false, Front()...)
	one := []workloads.Class{class("all", 1, 5*time.Millisecond, 0.85)}
	patient := []workloads.Class{class("all", 1, 24*time.Hour, 0.85)}
	two := []workloads.Class{class("tight", 0.5, time.Millisecond, 0.6), class("loose", 0.5, 50*time.Millisecond, 0.95)}
	return []World{
		{Name: "one query", Models: []*profile.Belief{single}, Classes: one, Workers: 1, Rate: 1, Queries: 1},
		{Name: "one point", Models: []*profile.Belief{single}, Classes: one, Workers: 1, Rate: 700, Queries: 300},
		{Name: "light load", Models: []*profile.Belief{front}, Classes: one, Workers: 1, Rate: 300, Queries: 300},
		{Name: "overload", Models: []*profile.Belief{front}, Classes: one, Workers: 1, Rate: 15000, Queries: 600},
		{Name: "cascade", Models: []*profile.Belief{cascade}, Classes: one, Workers: 2, Rate: 3000, Queries: 300},
		{Name: "classes", Models: []*profile.Belief{front}, Classes: two, Workers: 3, Rate: 6000, Queries: 400},
		{Name: "models", Models: []*profile.Belief{front, cascade}, Classes: two, Workers: 2, Rate: 3000, Queries: 300},
		{Name: "confidences", Models: []*profile.Belief{confident}, Classes: two, Workers: 2, Rate: 3000, Queries: 300},
		{Name: "slowing", Models: []*profile.Belief{confident}, Classes: one, Workers: 2, Rate: 3000, Queries: 400, Slowdown: slowing},
		{Name: "impossible target", Models: []*profile.Belief{front}, Classes: []workloads.Class{class("all", 1, time.Microsecond, 1)}, Workers: 1, Rate: 1000, Queries: 200},
		{Name: "stale", Models: []*profile.Belief{front, confident}, Classes: two, Workers: 2, Rate: 2500, Queries: 400, Slowdown: slowing, Stale: 1.5},
		{Name: "batches", Models: []*profile.Belief{batched}, Classes: one, Workers: 2, Rate: 6000, Queries: 600},
		{Name: "batches of models", Models: []*profile.Belief{batched, cascade}, Classes: two, Workers: 2, Rate: 8000, Queries: 500, Slowdown: slowing},
		{Name: "large queries", Models: []*profile.Belief{batched}, Classes: two, Workers: 3, Rate: 300, Queries: 300, Sizes: []int{1, 1, 3, 50}},
		{Name: "large queries, overload", Models: []*profile.Belief{front}, Classes: one, Workers: 2, Rate: 1500, Queries: 300, Sizes: []int{1, 1, 40}},
		{Name: "queues of workers", Models: []*profile.Belief{batched}, Classes: two, Workers: 3, Rate: 9000, Queries: 400, Queues: PerWorker},
		{Name: "stolen queries", Models: []*profile.Belief{batched, cascade}, Classes: two, Workers: 3, Rate: 6000, Queries: 400, Sizes: []int{1, 1, 5}, Queues: Stealing},
		{Name: "no slack", Models: []*profile.Belief{batched}, Classes: []workloads.Class{class("all", 1, 0, 0.85)}, Workers: 2, Rate: 3000, Queries: 200},
		{Name: "infinite slack", Models: []*profile.Belief{batched}, Classes: patient, Workers: 2, Rate: 9000, Queries: 300},
	}
}

func class(name string, share float64, latency time.Duration, accuracy float64) workloads.Class {
	return workloads.Class{Name: name, Share: share, Target: workloads.Target{Latency: latency, Accuracy: accuracy}}
}
