package live_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/live"
	"slosim/sim/virtual"
	"slosim/workloads"
	"slosim/workloads/rng"
)

const ms = time.Millisecond

// decide is a policy without optional abilities.
type decide func(v *scheduler.View, p *scheduler.Plan)

func (d decide) Decide(v *scheduler.View, p *scheduler.Plan) { d(v, p) }

// inOrder serves first come, first served, at point 0.
func inOrder(v *scheduler.View, p *scheduler.Plan) {
	if !v.Workers[0].Busy && len(v.Waiting) > 0 {
		p.Start(0, v.Waiting[0].Ref, 0, scheduler.Fixed)
	}
}

// spinning is a runner whose queries take so long; those of odd samples are answered right.
type spinning struct {
	took      time.Duration
	activated []uint32
	reused    int // executions that used what the activator had found
}

func (s *spinning) spin() {
	for began := time.Now(); time.Since(began) < s.took; {
	}
}

func (s *spinning) Activate(_ int, sample uint32) {
	s.spin()
	s.activated = append(s.activated, sample)
}

func (s *spinning) Execute(_ int, sample uint32, _ int, activated bool) bool {
	s.spin()
	if activated {
		s.reused++
	}
	return sample%2 == 1
}

func (s *spinning) ExecuteBatch(samples []uint32, _ []int, right []bool) {
	s.spin()
	for i, sample := range samples {
		right[i] = sample%2 == 1
	}
}

// kept are the records, in order of recording.
type kept []sim.Record

func (k *kept) Record(r *sim.Record) { *k = append(*k, *r) }

// schedule has n queries, one each gap, with alternating classes.
func schedule(n int, gap time.Duration) []workloads.Query {
	queries := make([]workloads.Query, n)
	for i := range queries {
		queries[i] = workloads.Query{ID: uint64(i), ArriveAt: time.Duration(i+1) * gap, Size: 1, Class: uint16(i % 2), Sample: uint32(i % 4)}
	}
	return queries
}

func config(queries []workloads.Query, took time.Duration) *live.Config {
	half := profile.Half{Samples: 4, Outcomes: make([]profile.Outcome, 4), Execute: [][][]profile.Dist{{{{uint32(took)}}, {{uint32(took)}}}}}
	return &live.Config{
		Set:     &profile.Set{Points: []profile.Point{{Name: "dense"}}, Calibration: half, Truth: half},
		Levels:  []profile.Level{{Slowdown: 1}, {Slowdown: 3}},
		Classes: []workloads.Class{{Name: "a", Target: workloads.Target{Latency: time.Hour}}, {Name: "b", Target: workloads.Target{Latency: time.Nanosecond}}},
		Queries: queries, Duration: 10 * time.Second, Policy: decide(inOrder), Key: rng.Key{Seed: 1},
		Runner: &spinning{took: took}, OnCPU: func() time.Duration { return 0 },
	}
}

func run(t *testing.T, c *live.Config) (kept, live.Stats) {
	t.Helper()
	var all kept
	stats, err := live.Run(context.Background(), c, &all)
	if err != nil {
		t.Fatal(err)
	}
	if stats.Arrived != uint64(len(c.Queries)) || stats.Arrived != stats.Finished+stats.Dropped || len(all) != len(c.Queries) {
		t.Fatalf("conservation of %d queries: %+v with %d records", len(c.Queries), stats, len(all))
	}
	return all, stats
}

// What holds on any machine, however slow or busy: nothing is lost, nothing starts before it
// arrived or before the worker was free, and response times count from intended arrivals.
func TestEveryQueryIsServedOnceInOrder(t *testing.T) {
	c := config(schedule(200, 200*time.Microsecond), 100*time.Microsecond)
	all, stats := run(t, c)
	free := time.Duration(0)
	for i, r := range all {
		if r.Query != c.Queries[i] || r.Right != (i%4%2 == 1) || r.Dropped {
			t.Fatalf("record %d: %+v", i, r)
		}
		if r.StartAt < r.Query.ArriveAt || r.StartAt < free || r.FinishAt-r.StartAt < 100*time.Microsecond {
			t.Fatalf("query %d: arrived at %v, worker free at %v, started at %v, finished at %v", i, r.Query.ArriveAt, free, r.StartAt, r.FinishAt)
		}
		if met := i%2 == 0; r.Met() != met {
			t.Fatalf("query %d: within its target: want %v, got %v", i, met, r.Met())
		}
		free = r.FinishAt
	}
	if len(stats.Served) != 200 || len(stats.Overhead) != 200 || stats.EndAt < free {
		t.Errorf("want each start accounted for, got %d and %d, end at %v", len(stats.Served), len(stats.Overhead), stats.EndAt)
	}
}

// A queue that grows: what arrives while the worker is busy is told at its own instant, and
// every query waits for all before it.
func TestOverloadIsCaughtUpWith(t *testing.T) {
	seen := map[time.Duration]bool{}
	c := config(schedule(100, 20*time.Microsecond), 200*time.Microsecond)
	c.Policy = decide(func(v *scheduler.View, p *scheduler.Plan) {
		seen[v.Now] = true
		inOrder(v, p)
	})
	all, _ := run(t, c)
	for i := 1; i < len(all); i++ {
		if all[i].FinishAt-all[i-1].FinishAt < 200*time.Microsecond {
			t.Fatalf("query %d finished %v after the one before it", i, all[i].FinishAt-all[i-1].FinishAt)
		}
	}
	told := 0
	for _, q := range c.Queries[1:] {
		if seen[q.ArriveAt] {
			told++
		}
	}
	if told < 50 {
		t.Errorf("want most arrivals seen at their own instants while the worker was busy, got %d of 99", told)
	}
}

// A policy drops what can't be in time, waits when it says so, and probes.
func TestCommands(t *testing.T) {
	c := config(schedule(4, ms), 10*time.Microsecond)
	c.Set.Activates = true
	woken := time.Duration(0)
	runner := c.Runner.(*spinning)
	c.Policy = decide(func(v *scheduler.View, p *scheduler.Plan) {
		if v.Workers[0].Busy || len(v.Waiting) == 0 {
			return
		}
		for _, q := range v.Waiting {
			if q.Class == 1 {
				p.Drop(q.Ref, scheduler.Late)
			}
		}
		q := v.Waiting[0]
		if q.Class == 1 && len(v.Waiting) > 1 {
			q = v.Waiting[1]
		}
		switch {
		case q.Class == 1:
		case !q.Probed:
			p.Probe(0, q.Ref)
		case v.Now < q.ArriveAt+5*ms:
			p.Wake(q.ArriveAt + 5*ms)
		default:
			woken = v.Now
			p.Start(0, q.Ref, 0, scheduler.Fixed)
		}
	})
	all, stats := run(t, c)
	if stats.Dropped != 2 || stats.Finished != 2 || woken < 6*ms {
		t.Errorf("want two dropped and two served after a wait, got %+v, the last at %v", stats, woken)
	}
	for _, r := range all {
		if r.Dropped == (r.Query.Class == 0) || !r.Dropped && (!r.Probed || r.StartAt < r.Query.ArriveAt+5*ms) {
			t.Errorf("record %+v", r)
		}
	}
	if len(runner.activated) != 2 || runner.reused != 2 {
		t.Errorf("want two activations, used twice, got %d and %d", len(runner.activated), runner.reused)
	}
}

// switches are antagonists that note what they were told.
type switches struct{ on, off []int }

func (s *switches) Resume(level int) error { s.on = append(s.on, level); return nil }
func (s *switches) Pause(level int) error  { s.off = append(s.off, level); return nil }

// The timeline turns antagonists on and off, and the sensor reads its levels.
func TestTimeline(t *testing.T) {
	c := config(schedule(60, 4*ms), 10*time.Microsecond)
	told := &switches{}
	c.Antagonists = told
	c.Timeline = []virtual.Interval{{From: 50 * ms, To: 100 * ms, Level: 1}, {From: 150 * ms, To: time.Hour, Level: 1}}
	c.Sensor = virtual.Sensor{Period: ms}
	var believed []float64
	c.Policy = decide(func(v *scheduler.View, p *scheduler.Plan) {
		believed = append(believed, v.Workers[0].Slowdown)
		inOrder(v, p)
	})
	all, stats := run(t, c)
	if len(told.on) != 2 || len(told.off) != 2 {
		t.Errorf("want two antagonists turned on and off, also the one that outlasts the run, got %v and %v", told.on, told.off)
	}
	highest := 0.0
	for _, b := range believed {
		highest = max(highest, b)
	}
	if highest != 3 || believed[0] != 1 {
		t.Errorf("want the sensor to read 1, then 3, got %g first and %g at most", believed[0], highest)
	}
	levels := map[float64]int{}
	for _, r := range all {
		levels[r.Slowdown]++
	}
	if levels[1] == 0 || levels[3] == 0 || len(stats.Spans) != 4 {
		t.Errorf("want queries at both levels in four spans, got %v in %+v", levels, stats.Spans)
	}
}

func TestTheContextEndsARun(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := live.Run(ctx, config(schedule(3, time.Hour/8), ms), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
}

func TestBrokenRulesEndARun(t *testing.T) {
	c := config(schedule(3, ms), ms)
	c.Policy = decide(func(v *scheduler.View, p *scheduler.Plan) { p.Start(0, 77, 0, scheduler.Fixed) })
	var broken *sim.RuleError
	if _, err := live.Run(context.Background(), c, nil); !errors.As(err, &broken) {
		t.Errorf("want a RuleError, got %v", err)
	}
}

func TestConfigErrors(t *testing.T) {
	for want, change := range map[string]func(c *live.Config){
		"want a set":           func(c *live.Config) { c.Runner = nil },
		"warm-up < duration":   func(c *live.Config) { c.Warmup = c.Duration },
		"interval 0: level":    func(c *live.Config) { c.Timeline = []virtual.Interval{{To: 2, Level: 2}} },
		"recorded slow-down":   func(c *live.Config) { c.Timeline = []virtual.Interval{{To: 2, Factor: 2}} },
		"interval 1: want 9":   func(c *live.Config) { c.Timeline = []virtual.Interval{{To: 9, Level: 1}, {From: 8, To: 10}} },
		"worker: want 0":       func(c *live.Config) { c.Timeline = []virtual.Interval{{To: 2, Worker: 1}} },
		"antagonists: want":    func(c *live.Config) { c.Timeline = []virtual.Interval{{To: 2, Level: 1}} },
		"query 1: want an":     func(c *live.Config) { c.Queries[1].ArriveAt = 0 },
		"want class 0..1":      func(c *live.Config) { c.Queries[1].Class = 2 },
		"want sample 0..3":     func(c *live.Config) { c.Queries[1].Sample = 4 },
		"nobody knows in life": func(c *live.Config) { c.Policy = clairvoyant{} },
	} {
		c := config(schedule(3, ms), ms)
		change(c)
		if _, err := live.Run(context.Background(), c, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

// clairvoyant wants the truth.
type clairvoyant struct{ decide }

func (clairvoyant) SetTruth(scheduler.Truth) {}

// What waits runs together, and large queries run whole: nothing is lost, and each has its own
// answer.
func TestBatches(t *testing.T) {
	queries := schedule(100, 50*time.Microsecond)
	for i := range queries {
		if i%10 == 0 {
			queries[i].Size = 3
		}
	}
	c := config(queries, 200*time.Microsecond)
	var batch []scheduler.Assign
	c.Policy = decide(func(v *scheduler.View, p *scheduler.Plan) {
		if v.Workers[0].Busy {
			return
		}
		batch = batch[:0]
		for _, w := range v.Waiting[:min(8, len(v.Waiting))] {
			batch = append(batch, scheduler.Assign{Query: w.Ref})
		}
		p.StartBatch(0, batch, scheduler.Fits)
	})
	all, stats := run(t, c)
	most := 0
	for _, r := range all {
		most = max(most, r.Together)
		if r.Right != (r.Query.Sample%2 == 1) || r.StartAt < r.Query.ArriveAt || r.FinishAt-r.StartAt < 200*time.Microsecond {
			t.Fatalf("query %d: %+v", r.Query.ID, r)
		}
	}
	if most < 2 || stats.Finished != 100 {
		t.Errorf("want batches of several queries, got at most %d of %d", most, stats.Finished)
	}
}
