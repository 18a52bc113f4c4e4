package sim_test

import (
	"testing"
	"time"

	"slosim/scheduler"
	"slosim/sim"
)

// discard is a recorder that keeps nothing.
type discard struct{}

func (discard) Record(*sim.Record) {}

// watching is greedy and observes.
type watching struct{}

func (watching) Decide(v *scheduler.View, p *scheduler.Plan) { greedy(v, p) }
func (watching) Observe(scheduler.Completion)                {}

// cycle lets one query arrive and another finish, with a queue of 20 standing.
func cycle(tb testing.TB) (one func()) {
	s, _ := newSystem(tb, 1, watching{}, func(c *sim.Config) {
		c.Recorder = discard{}
		c.Feedback = sim.Feedback{Granted: true, Delay: 5 * ms}
	})
	now, id := time.Duration(0), uint64(0)
	for ; id < 20; id++ {
		s.Arrive(query(id, 0), 0)
	}
	if _, err := s.Step(now); err != nil {
		tb.Fatal(err)
	}
	return func() {
		now += ms
		s.Arrive(query(id, now), now)
		id++
		s.Finish(0, now, sim.Outcome{Slowdown: 1})
		if _, err := s.Step(now); err != nil {
			tb.Fatal(err)
		}
	}
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	one := cycle(t)
	for range 1000 {
		one()
	}
	if allocs := testing.AllocsPerRun(1000, one); allocs != 0 {
		t.Errorf("allocations a query: want 0, got %v", allocs)
	}
}

func BenchmarkQuery(b *testing.B) {
	one := cycle(b)
	b.ReportAllocs()
	for b.Loop() {
		one()
	}
}
