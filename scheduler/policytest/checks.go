package policytest

import (
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/workloads"
)

// prepare binds a policy to a small system whose queue the checks fill by hand.
func prepare(t *testing.T, policy scheduler.Policy, w World) *driver {
	t.Helper()
	d := newDriver(w, policy)
	if binder, ok := policy.(scheduler.Binder); ok {
		if err := binder.Bind(scheduler.Setting{Classes: w.Classes, Models: w.Models, Workers: w.Workers}); err != nil {
			t.Fatal(err)
		}
	}
	if user, ok := policy.(scheduler.TruthUser); ok {
		user.SetTruth(d)
	}
	return d
}

// checkNothingToDo asks about an empty queue, and about workers that are all busy.
func checkNothingToDo(t *testing.T, policy scheduler.Policy) {
	t.Helper()
	w := Worlds()[2]
	w.Workers = 2
	d := prepare(t, policy, w)
	d.view.Workers = d.workers
	ask := func(state string) {
		for range 3 {
			d.now += time.Millisecond
			d.view.Now = d.now
			d.plan.Reset()
			policy.Decide(d.view, d.plan)
			for _, c := range d.plan.Commands() {
				if c.Kind == scheduler.Start || c.Kind == scheduler.Probe || (c.Kind == scheduler.Drop && len(d.view.Waiting) == 0) {
					t.Errorf("%s: want nothing started, got %v", state, c)
				}
			}
		}
	}
	ask("an empty queue")
	for i := range d.workers {
		d.workers[i].Busy, d.workers[i].Running, d.workers[i].Point, d.workers[i].Samples = true, scheduler.QueryRef(90+i), 0, 1
	}
	for i := range 5 {
		d.admit(workloads.Query{ID: uint64(i), ArriveAt: d.now, Size: 1})
	}
	d.view.Waiting, d.view.Arrived = d.waiting, 5
	ask("busy workers")
}

// checkMonotone gives a query that waits alone more and more slack.
func checkMonotone(t *testing.T, fresh func() scheduler.Policy) {
	t.Helper()
	if claims, ok := fresh().(Monotone); !ok || !claims.MonotoneInSlack() {
		t.Skip("not claimed")
	}
	w := Worlds()[2]
	last := -1.0
	for slack := time.Duration(0); slack < 3*time.Millisecond; slack += 25 * time.Microsecond {
		policy := fresh()
		d := prepare(t, policy, w)
		d.view.Workers, d.view.Arrived = d.workers, 1
		d.admit(workloads.Query{ID: 0, Size: 1})
		d.waiting[0].Deadline = slack
		d.view.Waiting = d.waiting
		policy.Decide(d.view, d.plan)
		accuracy := 0.0
		for _, c := range d.plan.Commands() {
			if c.Kind == scheduler.Start {
				accuracy = w.Models[0].Accuracy(c.Point)
			}
		}
		if accuracy < last {
			t.Errorf("slack %v: want an accuracy of at least %v, as with less, got %v", slack, last, accuracy)
		}
		last = accuracy
	}
	if last <= 0 {
		t.Error("want the query started when it has all the time, got none")
	}
}

// checkAllocations calls Decide on a long queue whose deadlines move along with time, on
// workers with a correction. Some of the queries are large.
func checkAllocations(t *testing.T, policy scheduler.Policy, correction float64) {
	t.Helper()
	w := World{Models: []*profile.Belief{BatchedBelief(0.3, true, Front()...)}, Classes: []workloads.Class{class("all", 1, 5*time.Millisecond, 0.85)}, Workers: 4, Rate: 1, Queries: 40}
	d := prepare(t, policy, w)
	for i := range w.Queries {
		d.admit(workloads.Query{ID: uint64(i), ArriveAt: time.Duration(i) * 100 * time.Microsecond, Size: uint16(1 + i%8/7*20)})
	}
	for i := range d.workers {
		d.workers[i].Correction = correction
	}
	d.view.Waiting, d.view.Workers = d.waiting, d.workers
	step := func() {
		d.now += time.Millisecond
		d.view.Now, d.view.Arrived = d.now, d.view.Arrived+10
		for i := range d.waiting {
			d.waiting[i].Deadline += time.Millisecond
		}
		d.plan.Reset()
		policy.Decide(d.view, d.plan)
	}
	for range 50 {
		step()
	}
	if n := allocations(policy, step); n != 0 {
		t.Errorf("allocation: want none in a warm Decide, got %v", n)
	}
}

// allocations returns the mean over steps, without those in which a Replanner replans.
func allocations(policy scheduler.Policy, step func()) float64 {
	planner, ok := policy.(Replanner)
	if !ok {
		return testing.AllocsPerRun(100, step)
	}
	sum := 0.0
	for range 100 {
		before := planner.Replans()
		if n := testing.AllocsPerRun(1, step); planner.Replans() == before {
			sum += n
		}
	}
	return sum / 100
}
