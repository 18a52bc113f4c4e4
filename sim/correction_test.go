package sim_test

import (
	"math"
	"testing"
	"time"

	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/sim"
)

// corrected changes a configuration to one with beliefs and a correction.
func corrected(c *sim.Config) {
	c.Models = []sim.Model{{Belief: policytest.Belief(false, policytest.Front()...), Points: 4}}
	c.Recorder = discard{}
	c.Feedback = sim.Feedback{Granted: true, Delay: 5 * ms}
	c.Correction = true
}

// serve lets n queries of 150 us, for which the belief has about 100, run one after another on
// worker 0, and returns the instant of the last.
func serve(t *testing.T, s *sim.System, n int) (now time.Duration) {
	for id := range n {
		s.Arrive(query(uint64(id), now), now)
		step(t, s, now)
		now += 150 * time.Microsecond
		s.Finish(0, now, sim.Outcome{Slowdown: 1})
		step(t, s, now)
	}
	return now
}

// The policy's view carries what was learned of a worker, not before the feedback's delay, and
// the policy needs no ability for it.
func TestCorrectionReachesTheView(t *testing.T) {
	var seen [2]float64
	s, _ := newSystem(t, 2, decide(func(v *scheduler.View, p *scheduler.Plan) {
		seen = [2]float64{v.Workers[0].Correction, v.Workers[1].Correction}
		greedy(v, p)
	}), corrected)
	if serve(t, s, 10); seen != [2]float64{} {
		t.Errorf("before the delay: want no correction, got %v", seen)
	}
	s, _ = newSystem(t, 2, decide(func(v *scheduler.View, p *scheduler.Plan) {
		seen = [2]float64{v.Workers[0].Correction, v.Workers[1].Correction}
		greedy(v, p)
	}), corrected)
	if serve(t, s, 500); math.Abs(seen[0]-1.5) > 0.05 || seen[1] != 0 {
		t.Errorf("want 1.5 on worker 0 and nothing of worker 1, got %v", seen)
	}
}

// Of a query whose activator ran ahead only the rest ran: its time says nothing.
func TestCorrectionLeavesProbedQueriesOut(t *testing.T) {
	var seen float64
	s, _ := newSystem(t, 1, decide(func(v *scheduler.View, p *scheduler.Plan) {
		seen = v.Workers[0].Correction
		if len(v.Waiting) == 0 || v.Workers[0].Busy {
			return
		}
		if q := &v.Waiting[0]; q.Probed {
			p.Start(0, q.Ref, 0, scheduler.Fixed)
		} else {
			p.Probe(0, q.Ref)
		}
	}), corrected)
	now := time.Duration(0)
	for id := range 50 {
		s.Arrive(query(uint64(id), now), now)
		step(t, s, now)
		now += ms
		s.Activated(0, now)
		step(t, s, now)
		now += ms
		s.Finish(0, now, sim.Outcome{Slowdown: 1})
		step(t, s, now)
	}
	if seen != 0 {
		t.Errorf("want nothing learned, got %g", seen)
	}
}

func TestCorrectedSteadyStateAllocatesNothing(t *testing.T) {
	s, _ := newSystem(t, 1, decide(greedy), corrected)
	now, id := time.Duration(0), uint64(0)
	one := func() {
		s.Arrive(query(id, now), now)
		id++
		for range 2 {
			if _, err := s.Step(now); err != nil {
				t.Fatal(err)
			}
			now += 50 * time.Microsecond
		}
		s.Finish(0, now, sim.Outcome{Slowdown: 1})
	}
	for range 1000 {
		one()
	}
	if allocs := testing.AllocsPerRun(1000, one); allocs != 0 {
		t.Errorf("allocations a query: want 0, got %v", allocs)
	}
}
