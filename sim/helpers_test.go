package sim_test

import (
	"testing"
	"time"

	"slosim/scheduler"
	"slosim/sim"
	"slosim/workloads"
)

// ms is a millisecond, so that timelines read like text.
const ms = time.Millisecond

// decide is a policy without optional abilities.
type decide func(v *scheduler.View, p *scheduler.Plan)

func (d decide) Decide(v *scheduler.View, p *scheduler.Plan) { d(v, p) }

// greedy starts the head of the queue on the first idle worker at point 0.
func greedy(v *scheduler.View, p *scheduler.Plan) {
	next := 0
	for i := range v.Workers {
		if !v.Workers[i].Busy && next < len(v.Waiting) {
			p.Start(i, v.Waiting[next].Ref, 0, scheduler.Fixed)
			next++
		}
	}
}

// keep is a recorder that copies.
type keep struct{ records []sim.Record }

func (k *keep) Record(r *sim.Record) { k.records = append(k.records, *r) }

// oneClass has a latency target of 10 ms, 20 ms from 100 ms on.
func oneClass() []workloads.Class {
	return []workloads.Class{{
		Name: "only", Share: 1, Target: workloads.Target{Latency: 10 * ms, Accuracy: 0.9},
		Changes: []workloads.Change{{At: 100 * ms, Target: workloads.Target{Latency: 20 * ms, Accuracy: 0.5}}},
	}}
}

// newSystem returns a system with 3 points and the recorder's records.
func newSystem(t testing.TB, workers int, policy scheduler.Policy, change func(*sim.Config)) (*sim.System, *keep) {
	t.Helper()
	kept := &keep{}
	cfg := sim.Config{
		Classes: oneClass(), Models: []sim.Model{{Points: 3}}, Workers: workers, Policy: policy, Recorder: kept,
	}
	if change != nil {
		change(&cfg)
	}
	s, err := sim.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s, kept
}

// step fails the test when the policy breaks a rule or the books do not balance.
func step(t testing.TB, s *sim.System, at time.Duration) []scheduler.Command {
	t.Helper()
	commands, err := s.Step(at)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	return commands
}

func query(id uint64, at time.Duration) *workloads.Query {
	return &workloads.Query{ID: id, ArriveAt: at, Size: 1, Sample: uint32(id) + 100}
}
