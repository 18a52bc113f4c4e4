package sim_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slosim/scheduler"
	"slosim/sim"
)

// TestRules: what a plan may not ask. Two queries wait, worker 1 probes the first.
func TestRules(t *testing.T) {
	for name, test := range map[string]struct {
		plan func(v *scheduler.View, p *scheduler.Plan)
		want string
	}{
		"start nobody":        {func(v *scheduler.View, p *scheduler.Plan) { p.Start(0, 99, 0, 0) }, "want one that waits"},
		"start twice":         {func(v *scheduler.View, p *scheduler.Plan) { both(v, p) }, "want one that waits"},
		"start a probed one":  {func(v *scheduler.View, p *scheduler.Plan) { p.Start(0, v.Waiting[0].Ref, 0, 0) }, "its activator runs"},
		"drop a probed one":   {func(v *scheduler.View, p *scheduler.Plan) { p.Drop(v.Waiting[0].Ref, 0) }, "its activator runs"},
		"drop twice":          {func(v *scheduler.View, p *scheduler.Plan) { p.Drop(v.Waiting[1].Ref, 0); p.Drop(v.Waiting[1].Ref, 0) }, "want one that waits"},
		"worker out of range": {func(v *scheduler.View, p *scheduler.Plan) { p.Start(2, v.Waiting[1].Ref, 0, 0) }, "worker: want 0..1, got 2"},
		"worker below range":  {func(v *scheduler.View, p *scheduler.Plan) { p.Probe(-1, v.Waiting[1].Ref) }, "worker: want 0..1, got -1"},
		"worker busy":         {func(v *scheduler.View, p *scheduler.Plan) { p.Start(1, v.Waiting[1].Ref, 0, 0) }, "worker 1: want an idle one"},
		"point out of range":  {func(v *scheduler.View, p *scheduler.Plan) { p.Start(0, v.Waiting[1].Ref, 3, 0) }, "point: want 0..2, got 3"},
		"point below range":   {func(v *scheduler.View, p *scheduler.Plan) { p.Start(0, v.Waiting[1].Ref, -1, 0) }, "point: want 0..2, got -1"},
		"wake now":            {func(v *scheduler.View, p *scheduler.Plan) { p.Wake(v.Now) }, "wake: want an instant after now"},
		"too many wakes":      {wakes, "wake: want at most"},
		"panic":               {func(v *scheduler.View, p *scheduler.Plan) { _ = v.Waiting[7] }, "panic: "},
		"spoiled view":        {spoil, "changed the view"},
	} {
		s, _ := newSystem(t, 2, decide(func(v *scheduler.View, p *scheduler.Plan) {
			if v.Now == 0 {
				p.Probe(1, v.Waiting[0].Ref)
				return
			}
			test.plan(v, p)
		}), nil)
		s.Arrive(query(0, 0), 0)
		s.Arrive(query(1, 0), 0)
		step(t, s, 0)
		s.Arrive(query(2, 1*ms), 1*ms)
		_, err := s.Step(1 * ms)
		var rule *sim.RuleError
		if !errors.As(err, &rule) || !strings.Contains(rule.What, test.want) || rule.At != 1*ms {
			t.Errorf("%s: want %q at 1ms, got %v", name, test.want, err)
		}
	}
}

// both starts one query on a worker and then drops it.
func both(v *scheduler.View, p *scheduler.Plan) {
	p.Start(0, v.Waiting[1].Ref, 0, 0)
	p.Drop(v.Waiting[1].Ref, 0)
}

func wakes(v *scheduler.View, p *scheduler.Plan) {
	for i := range time.Duration(5000) {
		p.Wake(v.Now + 1 + i)
	}
}

// spoil overwrites the queue that the view shows and drops whom it does not hold.
func spoil(v *scheduler.View, p *scheduler.Plan) {
	last := v.Waiting[2].Ref
	v.Waiting[2] = v.Waiting[1]
	p.Drop(last, 0)
}

// TestNobodyCallsAgain: queries wait and no event of the system or Wake is to come.
func TestNobodyCallsAgain(t *testing.T) {
	idle := decide(func(v *scheduler.View, p *scheduler.Plan) {})
	s, _ := newSystem(t, 1, idle, nil)
	step(t, s, 0) // nobody waits
	s.Arrive(query(0, 1*ms), 1*ms)
	var rule *sim.RuleError
	if _, err := s.Step(1 * ms); !errors.As(err, &rule) {
		t.Errorf("want a rule error, got %v", err)
	}

	once := decide(func(v *scheduler.View, p *scheduler.Plan) {
		if v.Now == 1*ms {
			p.Wake(5 * ms)
			p.Wake(5 * ms)
			p.Wake(7 * ms)
		}
	})
	s, _ = newSystem(t, 1, once, nil)
	s.Arrive(query(0, 1*ms), 1*ms)
	commands := step(t, s, 1*ms)
	want := []scheduler.Command{{Kind: scheduler.Wake, At: 5 * ms}, {Kind: scheduler.Wake, At: 7 * ms}}
	if diff := cmp.Diff(want, commands); diff != "" {
		t.Errorf("a repeated wake is left out (-want +got):\n%s", diff)
	}
	s.Timer(5 * ms)
	step(t, s, 5*ms)
	s.Timer(7 * ms)
	if _, err := s.Step(7 * ms); !errors.As(err, &rule) {
		t.Errorf("want a rule error after the last wake, got %v", err)
	}
}

// TestPolicyCannotTouchWorkers: the view's workers are copies.
func TestPolicyCannotTouchWorkers(t *testing.T) {
	s, kept := newSystem(t, 1, decide(func(v *scheduler.View, p *scheduler.Plan) {
		v.Workers[0] = scheduler.Worker{Busy: true, Slowdown: 9}
		if v.Now == 0 {
			p.Start(0, v.Waiting[0].Ref, 0, 0)
		}
		v.Workers = nil
	}), nil)
	s.Arrive(query(0, 0), 0)
	step(t, s, 0)
	s.Finish(0, 1*ms, sim.Outcome{})
	step(t, s, 1*ms)
	if got := kept.records[0].Believed; got != 1 {
		t.Errorf("believed: want 1, got %v", got)
	}
}

func TestDriverBugsPanic(t *testing.T) {
	for name, f := range map[string]func(s *sim.System){
		"finish on an idle worker":   func(s *sim.System) { s.Finish(0, 1*ms, sim.Outcome{}) },
		"activated without a probe":  func(s *sim.System) { s.Activated(0, 1*ms) },
		"time runs back":             func(s *sim.System) { s.Timer(2 * ms); s.Timer(1 * ms) },
		"a class that is not there":  func(s *sim.System) { q := query(0, 0); q.Class = 7; s.Arrive(q, 0) },
		"finish instead of activate": func(s *sim.System) { s.Arrive(query(0, 0), 0); _, _ = s.Step(0); s.Activated(0, 1*ms) },
	} {
		s, _ := newSystem(t, 1, decide(greedy), nil)
		if !panics(func() { f(s) }) {
			t.Errorf("%s: want a panic", name)
		}
	}
}

func panics(f func()) (caught bool) {
	defer func() { caught = recover() != nil }()
	f()
	return false
}

// TestConservation drives the system with random events and random legal plans.
func TestConservation(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		workers := rapid.IntRange(1, 3).Draw(r, "workers")
		s, kept := newSystem(t, workers, decide(func(v *scheduler.View, p *scheduler.Plan) { randomPlan(r, v, p) }), nil)
		busy := make([]scheduler.Kind, workers)
		now, arrived := time.Duration(0), uint64(0)
		for range rapid.IntRange(1, 60).Draw(r, "steps") {
			now += time.Duration(rapid.IntRange(1, 3).Draw(r, "gap")) * ms
			for range rapid.IntRange(0, 3).Draw(r, "arrivals") {
				s.Arrive(query(arrived, now), now)
				arrived++
			}
			for i, kind := range busy {
				if kind != 0 && rapid.Bool().Draw(r, "ends") {
					end(s, i, kind, now)
					busy[i] = 0
				}
			}
			commands, err := s.Step(now)
			if err != nil {
				r.Fatal(err)
			}
			for _, c := range commands {
				if c.Kind == scheduler.Start || c.Kind == scheduler.Probe {
					busy[c.Worker] = c.Kind
				}
			}
			if err := s.Check(); err != nil {
				r.Fatal(err)
			}
		}
		s.Abandon(now + ms)
		if err := s.Check(); err != nil || uint64(len(kept.records)) != arrived {
			r.Fatalf("want %d records, got %d; %v", arrived, len(kept.records), err)
		}
	})
}

func end(s *sim.System, worker int, kind scheduler.Kind, now time.Duration) {
	if kind == scheduler.Probe {
		s.Activated(worker, now)
		return
	}
	s.Finish(worker, now, sim.Outcome{Slowdown: 1})
}

// randomPlan starts, probes and drops at random what it may.
func randomPlan(r *rapid.T, v *scheduler.View, p *scheduler.Plan) {
	idle := map[int]bool{}
	taken := map[scheduler.QueryRef]bool{}
	for i, w := range v.Workers {
		idle[i] = !w.Busy
		taken[w.Running] = taken[w.Running] || w.Probing
	}
	for _, w := range v.Waiting {
		worker := rapid.IntRange(0, len(v.Workers)-1).Draw(r, "worker")
		action := rapid.IntRange(0, 4).Draw(r, "action")
		switch free := idle[worker] && !taken[w.Ref]; {
		case action == 0 && !taken[w.Ref]:
			p.Drop(w.Ref, scheduler.Queue)
		case action == 1 && free:
			p.Start(worker, w.Ref, rapid.IntRange(0, 2).Draw(r, "point"), scheduler.Fits)
			idle[worker] = false
		case action == 2 && free && !(w.Probed && int(w.ProbedOn) == worker):
			p.Probe(worker, w.Ref)
			idle[worker] = false
		}
	}
	p.Wake(v.Now + ms)
}
