package sim_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/workloads"
)

// TestRecords follows three queries over one worker: one is served at once, one
// waits, one is dropped.
func TestRecords(t *testing.T) {
	policy := decide(func(v *scheduler.View, p *scheduler.Plan) {
		for i := range v.Waiting {
			if v.Waiting[i].Slack(v.Now) < 0 {
				p.Drop(v.Waiting[i].Ref, scheduler.Late)
				return
			}
		}
		if len(v.Waiting) > 0 && !v.Workers[0].Busy {
			p.Start(0, v.Waiting[0].Ref, int(v.Arrived)%3, scheduler.Fits)
		}
	})
	s, kept := newSystem(t, 1, policy, nil)
	s.Arrive(query(0, 0), 0)
	step(t, s, 0)
	s.Sense(0, 1.5, 2*ms)
	s.Arrive(query(1, 2*ms), 2*ms)
	step(t, s, 2*ms)
	s.Arrive(query(2, 3*ms), 3*ms)
	step(t, s, 3*ms)
	s.Finish(0, 9*ms, sim.Outcome{Right: true, Slowdown: 1})
	step(t, s, 9*ms)
	s.Sense(0, 3, 14*ms)
	step(t, s, 14*ms)
	s.Finish(0, 19*ms, sim.Outcome{Right: false, Slowdown: 2})
	step(t, s, 19*ms)
	want := []sim.Record{
		{Query: *query(0, 0), Deadline: 10 * ms, AccuracyTarget: 0.9, StartAt: 0, FinishAt: 9 * ms,
			Worker: 0, Point: 1, Right: true, Why: scheduler.Fits, Busy: 9 * ms, Slowdown: 1, Believed: 1, Together: 1, Parts: 1},
		{Query: *query(2, 3*ms), Deadline: 13 * ms, AccuracyTarget: 0.9, StartAt: sim.Never, FinishAt: sim.Never,
			Dropped: true, Worker: -1, Point: -1, Why: scheduler.Late, Queue: 1},
		{Query: *query(1, 2*ms), Deadline: 12 * ms, AccuracyTarget: 0.9, StartAt: 9 * ms, FinishAt: 19 * ms,
			Worker: 0, Point: 0, Why: scheduler.Fits, Busy: 10 * ms, Slowdown: 2, Believed: 1.5, Together: 1, Parts: 1},
	}
	if diff := cmp.Diff(want, kept.records); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	wantCounts := sim.Counts{Arrived: 3, Finished: 2, Dropped: 1}
	if diff := cmp.Diff(wantCounts, s.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	for i, met := range []bool{true, false, false} {
		if kept.records[i].Met() != met {
			t.Errorf("record %d: met: want %v", i, met)
		}
	}
}

// TestTargetIsFixedAtArrival: a class changes at 100 ms; who came before keeps the
// old target, and a late delivery (live driver) does not move the deadline.
func TestTargetIsFixedAtArrival(t *testing.T) {
	var shown []scheduler.Waiting
	s, _ := newSystem(t, 1, decide(func(v *scheduler.View, p *scheduler.Plan) {
		shown = append(shown[:0], v.Waiting...)
		p.Wake(v.Now + 1)
	}), nil)
	s.Arrive(query(0, 99*ms), 101*ms)
	s.Arrive(query(1, 100*ms), 101*ms)
	step(t, s, 150*ms)
	want := []scheduler.Waiting{
		{Ref: shown[0].Ref, ArriveAt: 99 * ms, Deadline: 109 * ms, Accuracy: 0.9, ProbedOn: -1, Left: 1},
		{Ref: shown[1].Ref, ArriveAt: 100 * ms, Deadline: 120 * ms, Accuracy: 0.5, ProbedOn: -1, Left: 1},
	}
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// keyed orders by the class, and remembers whether it saw a sample.
type keyed struct {
	decide
	sample uint32
}

func (k *keyed) Key(q *workloads.Query, deadline time.Duration) int64 {
	k.sample |= q.Sample
	return int64(q.Class)
}

// TestKeyerOrdersTheQueue: by (key, arrival), and the sample stays hidden.
func TestKeyerOrdersTheQueue(t *testing.T) {
	var order []uint16
	policy := &keyed{decide: func(v *scheduler.View, p *scheduler.Plan) {
		order = order[:0]
		for _, w := range v.Waiting {
			order = append(order, w.Class*10+uint16(w.ArriveAt/ms))
		}
		p.Wake(v.Now + 1)
	}}
	s, _ := newSystem(t, 1, policy, func(c *sim.Config) {
		c.Classes = []workloads.Class{{Name: "a"}, {Name: "b"}, {Name: "c"}}
	})
	for i, class := range []uint16{1, 2, 0, 1, 0, 2, 1} {
		q := query(uint64(i), time.Duration(i)*ms)
		q.Class = class
		s.Arrive(q, q.ArriveAt)
	}
	step(t, s, 10*ms)
	if diff := cmp.Diff([]uint16{2, 4, 10, 13, 16, 21, 25}, order); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if policy.sample != 0 {
		t.Errorf("a keyer saw sample %d", policy.sample)
	}
}

// rawIsPoint gives a query's confidence as its point, except for point 2.
type rawIsPoint struct{}

func (rawIsPoint) Raw(q *workloads.Query, point int) float32 {
	if point == 2 {
		return float32(math.NaN())
	}
	return float32(point)
}

// confident is a belief in which raw confidence 0 is always wrong and 1 always right.
func confident(t *testing.T) *profile.Belief {
	half := profile.Half{Samples: 200, Activate: []profile.Dist{{1}}}
	for range 3 {
		half.Execute = append(half.Execute, [][]profile.Dist{{{1}}})
		for i := range half.Samples {
			half.Outcomes = append(half.Outcomes, profile.Outcome{Right: i%2 == 1, Confidence: float32(i % 2)})
		}
	}
	set := &profile.Set{
		Technique: "t", Activates: true, HasConfidence: true, Calibration: half,
		Points: []profile.Point{{Name: "a"}, {Name: "b"}, {Name: "c"}},
	}
	belief, err := profile.NewBelief(set, []profile.Level{{Slowdown: 1}})
	if err != nil {
		t.Fatal(err)
	}
	return belief
}

// TestProbe: the worker is occupied, the query keeps its place, its confidence is
// known after Activated and not before, and the time counts as busy.
func TestProbe(t *testing.T) {
	var view scheduler.View
	var known [3]bool
	todo := "probe"
	s, kept := newSystem(t, 2, decide(func(v *scheduler.View, p *scheduler.Plan) {
		view = *v
		view.Waiting = append([]scheduler.Waiting(nil), v.Waiting...)
		view.Workers = append([]scheduler.Worker(nil), v.Workers...)
		for i := range known {
			_, known[i] = v.Confidence(v.Waiting[0].Ref, i)
		}
		switch todo {
		case "probe":
			p.Probe(1, v.Waiting[0].Ref)
		case "start":
			p.Start(1, v.Waiting[0].Ref, 1, scheduler.Accurate)
		}
		todo = ""
	}), func(c *sim.Config) {
		c.Models[0].Belief, c.Confidences = confident(t), rawIsPoint{}
	})
	s.Arrive(query(0, 0), 0)
	step(t, s, 0)
	s.Arrive(query(1, 1*ms), 1*ms)
	step(t, s, 1*ms)
	if w := view.Workers[1]; !w.Busy || !w.Probing || w.Running != view.Waiting[0].Ref || view.Waiting[0].Probed || known[0] {
		t.Errorf("while probing: worker %+v, head %+v, confidence known %v", w, view.Waiting[0], known)
	}
	s.Activated(1, 3*ms)
	todo = "start"
	step(t, s, 3*ms)
	if head := view.Waiting[0]; !head.Probed || head.ProbedOn != 1 || head.ArriveAt != 0 || view.Workers[1].Busy {
		t.Errorf("after activation: head %+v, worker %+v", head, view.Workers[1])
	}
	if known != [3]bool{true, true, false} {
		t.Errorf("after activation: want confidences at points 0 and 1, got %v", known)
	}
	s.Finish(1, 9*ms, sim.Outcome{Right: true, Slowdown: 1})
	if r := kept.records[0]; r.Busy != 9*ms || r.StartAt != 3*ms || !r.Probed || r.Query.ID != 0 {
		t.Errorf("record: want 3 ms of probe and 6 ms of service, probed; got %+v", r)
	}
}

// TestAbandon: whatever is left is dropped, Late, with what is known of it.
func TestAbandon(t *testing.T) {
	s, kept := newSystem(t, 2, decide(func(v *scheduler.View, p *scheduler.Plan) {
		if v.Now > 0 {
			return
		}
		p.Start(0, v.Waiting[0].Ref, 2, scheduler.Fits)
		p.Probe(1, v.Waiting[1].Ref)
	}), nil)
	for i := range uint64(3) {
		s.Arrive(query(i, 0), 0)
	}
	step(t, s, 0)
	s.Abandon(10 * ms)
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(sim.Counts{Arrived: 3, Dropped: 3}, s.Counts()); diff != "" {
		t.Errorf("counts (-want +got):\n%s", diff)
	}
	for i, busy := range []time.Duration{10 * ms, 10 * ms, 0} {
		r := kept.records[i]
		if !r.Dropped || r.Why != scheduler.Late || r.Busy != busy || r.FinishAt != sim.Never || r.Query.ID != uint64(i) {
			t.Errorf("record %d: want dropped, late, busy %v; got %+v", i, busy, r)
		}
	}
	if r := kept.records[0]; r.StartAt != 0 || r.Worker != 0 || r.Point != 2 {
		t.Errorf("the query that ran: want its start kept, got %+v", r)
	}
}

// observer collects completions.
type observer struct {
	decide
	seen []scheduler.Completion
}

func (o *observer) Observe(c scheduler.Completion) { o.seen = append(o.seen, c) }

// TestFeedback: nothing ungranted, nothing early, correctness only where labelled.
func TestFeedback(t *testing.T) {
	run := func(f sim.Feedback, at time.Duration) []scheduler.Completion {
		policy := &observer{decide: greedy}
		s, _ := newSystem(t, 1, policy, func(c *sim.Config) { c.Feedback = f })
		for i := range uint64(2) {
			q := query(i, time.Duration(i)*20*ms)
			s.Arrive(q, q.ArriveAt)
			step(t, s, q.ArriveAt)
			s.Finish(0, q.ArriveAt+5*ms, sim.Outcome{Right: true, Labelled: i == 1, Slowdown: 1})
			step(t, s, q.ArriveAt+5*ms)
		}
		step(t, s, at)
		return policy.seen
	}
	first := scheduler.Completion{FinishAt: 5 * ms, Deadline: 10 * ms, Samples: 1}
	second := scheduler.Completion{ArriveAt: 20 * ms, StartAt: 20 * ms, FinishAt: 25 * ms, Deadline: 30 * ms, Samples: 1, Correct: true, HasCorrect: true}
	for name, test := range map[string]struct {
		feedback sim.Feedback
		at       time.Duration
		want     []scheduler.Completion
	}{
		"not granted": {sim.Feedback{Share: 1}, 100 * ms, nil},
		"at once":     {sim.Feedback{Granted: true}, 25 * ms, []scheduler.Completion{first, second}},
		"delayed":     {sim.Feedback{Granted: true, Delay: 30 * ms}, 54 * ms, []scheduler.Completion{first}},
		"all":         {sim.Feedback{Granted: true, Delay: 30 * ms}, 55 * ms, []scheduler.Completion{first, second}},
	} {
		if diff := cmp.Diff(test.want, run(test.feedback, test.at)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// refuses is a policy that does not like its setting.
type refuses struct{ decide }

func (refuses) Bind(s scheduler.Setting) error {
	if s.Workers == 2 && len(s.Models) == 1 && len(s.Classes) == 1 {
		return errRefused
	}
	return nil
}

var errRefused = errors.New("refused")

func TestNewRefuses(t *testing.T) {
	good := sim.Config{Classes: oneClass(), Models: []sim.Model{{Points: 1}}, Workers: 2, Policy: decide(greedy)}
	if _, err := sim.New(good); err != nil {
		t.Fatalf("a good configuration: %v", err)
	}
	for name, change := range map[string]func(*sim.Config){
		"classes":  func(c *sim.Config) { c.Classes = nil },
		"models":   func(c *sim.Config) { c.Models = nil },
		"points":   func(c *sim.Config) { c.Models = []sim.Model{{}} },
		"workers":  func(c *sim.Config) { c.Workers = 0 },
		"policy":   func(c *sim.Config) { c.Policy = nil },
		"delay":    func(c *sim.Config) { c.Feedback.Delay = -1 },
		"share":    func(c *sim.Config) { c.Feedback.Share = math.NaN() },
		"its bind": func(c *sim.Config) { c.Policy = refuses{} },
	} {
		bad := good
		change(&bad)
		if _, err := sim.New(bad); err == nil {
			t.Errorf("%s: want an error", name)
		}
	}
}
