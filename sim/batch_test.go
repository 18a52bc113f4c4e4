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
	"slosim/workloads"
)

// sized returns a query of so many samples.
func sized(id uint64, at time.Duration, size uint16) *workloads.Query {
	q := query(id, at)
	q.Size = size
	return q
}

// together starts all that waits as one batch, the i-th query at point i.
func together(v *scheduler.View, p *scheduler.Plan) {
	if v.Workers[0].Busy {
		return
	}
	var batch []scheduler.Assign
	for i, w := range v.Waiting {
		batch = append(batch, scheduler.Assign{Query: w.Ref, Point: i})
	}
	p.StartBatch(0, batch, scheduler.Fits)
}

// A batch starts and ends as one; each query has its own point and answer, and a share of the
// worker's time.
func TestBatch(t *testing.T) {
	s, kept := newSystem(t, 1, decide(together), nil)
	for i := range 3 {
		s.Arrive(query(uint64(i), 0), 0)
	}
	commands := step(t, s, 0)
	if len(commands) != 1 || len(commands[0].Batch) != 3 {
		t.Fatalf("want one command for 3 queries, got %+v", commands)
	}
	s.Arrive(query(3, 2*ms), 2*ms)
	step(t, s, 2*ms)
	if c := s.Counts(); c.Running != 3 || c.Waiting != 1 {
		t.Fatalf("want 3 running and 1 waiting, got %+v", c)
	}
	s.Finish(0, 10*ms, sim.Outcome{Right: true}, sim.Outcome{}, sim.Outcome{Right: true})
	step(t, s, 10*ms)
	var busy time.Duration
	for i, r := range kept.records {
		busy += r.Busy
		if r.Query.ID != uint64(i) || r.FinishAt != 10*ms || r.Point != i || r.Right != (i != 1) || r.Together != 3 || r.Parts != 1 {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	if len(kept.records) != 3 || busy != 10*ms {
		t.Errorf("want 3 records that share 10 ms, got %d and %v", len(kept.records), busy)
	}
}

// A large query that is split waits with the rest in its place, and ends with its last part; its
// answer is that of its first samples.
func TestSplit(t *testing.T) {
	var lefts []int
	s, kept := newSystem(t, 2, decide(func(v *scheduler.View, p *scheduler.Plan) {
		for i := range v.Workers {
			if !v.Workers[i].Busy && len(v.Waiting) > 0 && i < 2 {
				lefts = append(lefts, v.Waiting[0].Left)
				if v.Waiting[0].Left > 3 {
					p.Split(i, v.Waiting[0].Ref, 1, 3, scheduler.Queue)
				} else {
					p.Start(i, v.Waiting[0].Ref, 2, scheduler.Fits)
				}
				return
			}
		}
	}), nil)
	s.Arrive(sized(0, 0, 7), 0)
	step(t, s, 0)
	if c := s.Counts(); c.Waiting != 1 || c.Running != 0 {
		t.Fatalf("want the query to wait for its rest, got %+v", c)
	}
	step(t, s, 1*ms)
	s.Finish(0, 4*ms, sim.Outcome{Right: true, Slowdown: 2})
	step(t, s, 4*ms) // the last sample starts
	s.Finish(0, 5*ms, sim.Outcome{})
	step(t, s, 5*ms)
	if len(kept.records) != 0 {
		t.Fatal("want no record before the last part has ended")
	}
	s.Finish(1, 9*ms, sim.Outcome{})
	step(t, s, 9*ms)
	if diff := cmp.Diff([]int{7, 4, 1}, lefts); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	want := sim.Record{Query: *sized(0, 0, 7), Deadline: 10 * ms, AccuracyTarget: 0.9, FinishAt: 9 * ms, Point: 1, Right: true,
		Why: scheduler.Queue, Busy: 4*ms + 1*ms + 8*ms, Slowdown: 2, Believed: 1, Together: 1, Parts: 3}
	if diff := cmp.Diff([]sim.Record{want}, kept.records); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// What a plan may not ask of batches and parts. Three queries wait, the last of size 4, of which
// two samples run on worker 1.
func TestBatchRules(t *testing.T) {
	pair := func(a, b scheduler.QueryRef, point int) []scheduler.Assign {
		return []scheduler.Assign{{Query: a}, {Query: b, Point: point}}
	}
	for name, test := range map[string]struct {
		plan func(v *scheduler.View, p *scheduler.Plan)
		want string
	}{
		"twice": {func(v *scheduler.View, p *scheduler.Plan) {
			p.StartBatch(0, pair(v.Waiting[0].Ref, v.Waiting[0].Ref, 0), 0)
		}, "want one that waits"},
		"nobody": {func(v *scheduler.View, p *scheduler.Plan) { p.StartBatch(0, pair(v.Waiting[0].Ref, 99, 0), 0) }, "want one that waits"},
		"point": {func(v *scheduler.View, p *scheduler.Plan) {
			p.StartBatch(0, pair(v.Waiting[0].Ref, v.Waiting[1].Ref, 3), 0)
		}, "point: want 0..2, got 3"},
		"busy": {func(v *scheduler.View, p *scheduler.Plan) {
			p.StartBatch(1, pair(v.Waiting[0].Ref, v.Waiting[1].Ref, 0), 0)
		}, "want an idle one"},
		"split": {func(v *scheduler.View, p *scheduler.Plan) {
			p.StartBatch(0, pair(v.Waiting[0].Ref, v.Waiting[2].Ref, 0), 0)
		}, "want whole queries"},
		"too many":     {func(v *scheduler.View, p *scheduler.Plan) { p.Split(0, v.Waiting[2].Ref, 0, 3, 0) }, "samples: want 1..2"},
		"below one":    {func(v *scheduler.View, p *scheduler.Plan) { p.Split(0, v.Waiting[2].Ref, 0, -1, 0) }, "samples: want 1..2"},
		"drop of part": {func(v *scheduler.View, p *scheduler.Plan) { p.Drop(v.Waiting[2].Ref, 0) }, "some of its samples run"},
	} {
		s, _ := newSystem(t, 2, decide(func(v *scheduler.View, p *scheduler.Plan) {
			if v.Now == 0 {
				p.Split(1, v.Waiting[2].Ref, 0, 2, 0)
				p.Wake(1 * ms)
				return
			}
			test.plan(v, p)
		}), nil)
		s.Arrive(query(0, 0), 0)
		s.Arrive(query(1, 0), 0)
		s.Arrive(sized(2, 0, 4), 0)
		step(t, s, 0)
		_, err := s.Step(1 * ms)
		var rule *sim.RuleError
		if !errors.As(err, &rule) || !strings.Contains(rule.What, test.want) {
			t.Errorf("%s: want %q, got %v", name, test.want, err)
		}
	}
}

// Whatever is batched and split, no query is lost, every sample runs once, and the books balance
// after every step.
func TestRandomBatchesAndParts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workers := rapid.IntRange(1, 3).Draw(t, "workers")
		started := map[uint64]int{}
		s, kept := newRandom(workers, decide(func(v *scheduler.View, p *scheduler.Plan) { anyhow(t, v, p) }))
		now, next := time.Duration(0), uint64(0)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now += ms
			for range rapid.IntRange(0, 3).Draw(t, "arrivals") {
				s.Arrive(sized(next, now, uint16(rapid.IntRange(1, 6).Draw(t, "size"))), now)
				next++
			}
			stepRandom(t, s, now, started)
		}
		for s.Counts().Waiting+s.Counts().Running > 0 {
			now += ms
			stepRandom(t, s, now, started)
		}
		if uint64(len(kept.records)) != next {
			t.Fatalf("want %d records, got %d", next, len(kept.records))
		}
	})
}

func newRandom(workers int, policy scheduler.Policy) (*sim.System, *keep) {
	kept := &keep{}
	s, err := sim.New(sim.Config{Classes: oneClass(), Models: []sim.Model{{Points: 3}}, Workers: workers, Policy: policy, Recorder: kept})
	if err != nil {
		panic(err)
	}
	return s, kept
}

// anyhow starts what waits in batches and parts as they come.
func anyhow(t *rapid.T, v *scheduler.View, p *scheduler.Plan) {
	next := 0
	for w := range v.Workers {
		if v.Workers[w].Busy || next == len(v.Waiting) {
			continue
		}
		head := v.Waiting[next]
		if head.Left > 1 && rapid.Bool().Draw(t, "split") {
			p.Split(w, head.Ref, 0, rapid.IntRange(1, head.Left-1).Draw(t, "count"), 0)
			next = len(v.Waiting) // its rest waits for another instant
			continue
		}
		batch := []scheduler.Assign{{Query: head.Ref}}
		next++
		for next < len(v.Waiting) && v.Waiting[next].Left == 1 && head.Left == 1 && rapid.Bool().Draw(t, "more") {
			batch = append(batch, scheduler.Assign{Query: v.Waiting[next].Ref, Point: 1})
			next++
		}
		p.StartBatch(w, batch, 0)
	}
	if len(v.Waiting) > 0 {
		p.Wake(v.Now + 1)
	}
}

// stepRandom finishes what was started before and steps.
func stepRandom(t *rapid.T, s *sim.System, now time.Duration, running map[uint64]int) {
	for w, n := range running {
		s.Finish(int(w), now, make([]sim.Outcome, n)...)
		delete(running, w)
	}
	commands, err := s.Step(now)
	if err == nil {
		err = s.Check()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range commands {
		if c.Kind == scheduler.Start {
			running[uint64(c.Worker)] = max(1, len(c.Batch))
		}
	}
}

// A query joins the shortest queue, what runs counted, and no other worker may take it unless idle
// ones steal.
func TestQueuesOfWorkers(t *testing.T) {
	var queues []int32
	look := decide(func(v *scheduler.View, p *scheduler.Plan) {
		for _, w := range v.Waiting {
			queues = append(queues, w.Queue)
		}
		if v.Now == 0 {
			p.Start(0, v.Waiting[0].Ref, 0, 0)
			p.Start(1, v.Waiting[1].Ref, 0, 0)
			return
		}
		p.Start(1, v.Waiting[0].Ref, 0, 0)
	})
	for kind, want := range map[sim.Queues]string{sim.PerWorker: "waits in the queue of worker 0", sim.Stealing: ""} {
		queues = nil
		s, _ := newSystem(t, 2, look, func(c *sim.Config) { c.Queues = kind })
		for i := range 4 {
			s.Arrive(query(uint64(i), 0), 0)
		}
		step(t, s, 0)
		s.Finish(1, ms, sim.Outcome{})
		_, err := s.Step(ms)
		if diff := cmp.Diff([]int32{1, 2, 1, 2, 1, 2}, queues); diff != "" {
			t.Errorf("queues (-want +got):\n%s", diff)
		}
		if (want == "") != (err == nil) || want != "" && !strings.Contains(err.Error(), want) {
			t.Errorf("kind %d: want %q, got %v", kind, want, err)
		}
	}
}
