package policytest

import (
	"strings"
	"testing"
	"time"

	"slosim/scheduler"
)

// decide makes a policy of a function.
type decide func(v *scheduler.View, p *scheduler.Plan)

func (f decide) Decide(v *scheduler.View, p *scheduler.Plan) { f(v, p) }

// correct starts queries in order on idle workers that may take them.
func correct(v *scheduler.View, p *scheduler.Plan) {
	taken := map[int]bool{}
	for w := range v.Workers {
		for i := range v.Waiting {
			if !v.Workers[w].Busy && !taken[i] && v.May(&v.Waiting[i], w) {
				p.Start(w, v.Waiting[i].Ref, 0, scheduler.Fixed)
				taken[i] = true
				break
			}
		}
	}
}

func TestRunAcceptsACorrectPolicy(t *testing.T) {
	for _, w := range Worlds() {
		if err := w.Check(func() scheduler.Policy { return decide(correct) }); err != nil {
			t.Errorf("%s: %v", w.Name, err)
		}
	}
}

// breaker is a policy and what is wrong with it.
type breaker struct {
	policy decide
	want   string
}

// TestDriveRefusesRuleBreakers is the oracle of the oracle: pathological policies must fail.
func TestDriveRefusesRuleBreakers(t *testing.T) {
	first := func(v *scheduler.View, f func(ref scheduler.QueryRef)) {
		if len(v.Waiting) > 0 && !v.Workers[0].Busy {
			f(v.Waiting[0].Ref)
		}
	}
	cases := map[string]breaker{
		"idles": {func(*scheduler.View, *scheduler.Plan) {}, "no worker idle"},
		"point out of range": {func(v *scheduler.View, p *scheduler.Plan) {
			first(v, func(ref scheduler.QueryRef) { p.Start(0, ref, 1, scheduler.Fixed) })
		}, "want a point"},
		"starts twice": {func(v *scheduler.View, p *scheduler.Plan) {
			first(v, func(ref scheduler.QueryRef) {
				p.Start(0, ref, 0, scheduler.Fixed)
				p.Start(0, ref, 0, scheduler.Fixed)
			})
		}, "want a waiting query"},
		"busy worker": {func(v *scheduler.View, p *scheduler.Plan) {
			for i := range v.Waiting {
				p.Start(0, v.Waiting[i].Ref, 0, scheduler.Fixed)
			}
		}, "want an idle worker"},
		"wakes in the past": {func(v *scheduler.View, p *scheduler.Plan) { p.Wake(v.Now) }, "in the future"},
		"wakes for ever":    {func(v *scheduler.View, p *scheduler.Plan) { p.Wake(v.Now + time.Nanosecond) }, "want an end"},
		"unknown query":     {func(_ *scheduler.View, p *scheduler.Plan) { p.Drop(4711, scheduler.Late) }, "want a waiting query"},
	}
	refused(t, Worlds()[1], cases)
}

// refused drives a world with each policy, which must fail.
func refused(t *testing.T, world World, cases map[string]breaker) {
	t.Helper()
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if _, err := world.Drive(c.policy); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("want an error with %q, got %v", c.want, err)
			}
		})
	}
}

func TestDriveRefusesBreakersOfBatchesAndSplits(t *testing.T) {
	two := func(v *scheduler.View, f func(a, b scheduler.QueryRef)) {
		switch {
		case len(v.Waiting) == 1:
			f(v.Waiting[0].Ref, v.Waiting[0].Ref)
		case len(v.Waiting) > 1:
			f(v.Waiting[0].Ref, v.Waiting[1].Ref)
		}
	}
	batch := func(p *scheduler.Plan, point int, refs ...scheduler.QueryRef) {
		var all []scheduler.Assign
		for _, ref := range refs {
			all = append(all, scheduler.Assign{Query: ref, Point: point})
		}
		p.StartBatch(0, all, scheduler.Fixed)
	}
	world := Worlds()[6] // of two models
	world.Sizes = []int{3}
	refused(t, world, map[string]breaker{
		"a query twice": {func(v *scheduler.View, p *scheduler.Plan) {
			two(v, func(a, _ scheduler.QueryRef) { batch(p, 0, a, a) })
		}, "want a waiting query"},
		"a point out of range": {func(v *scheduler.View, p *scheduler.Plan) {
			two(v, func(a, _ scheduler.QueryRef) { batch(p, 9, a, a) })
		}, "want a point"},
		"two models": {func(v *scheduler.View, p *scheduler.Plan) {
			if p.Wake(v.Now + time.Second); len(v.Waiting) > 1 {
				batch(p, 0, v.Waiting[0].Ref, v.Waiting[1].Ref)
			}
		}, "want a batch of one model"},
		"too many samples": {func(v *scheduler.View, p *scheduler.Plan) {
			two(v, func(a, _ scheduler.QueryRef) { p.Split(0, a, 0, 4, scheduler.Fixed) })
		}, "want 1..3 samples"},
		"no samples": {func(v *scheduler.View, p *scheduler.Plan) {
			two(v, func(a, _ scheduler.QueryRef) { p.Split(0, a, 0, -1, scheduler.Fixed) })
		}, "want 1..3 samples"},
		"drops what runs": {func(v *scheduler.View, p *scheduler.Plan) {
			two(v, func(a, _ scheduler.QueryRef) {
				p.Split(0, a, 0, 1, scheduler.Fixed)
				p.Drop(a, scheduler.Late)
			})
		}, "want a query that waits, but samples"},
	})
}

func TestDriveRefusesAnotherWorkersQueue(t *testing.T) {
	first := decide(func(v *scheduler.View, p *scheduler.Plan) {
		for w := range v.Workers {
			if len(v.Waiting) > 0 && !v.Workers[w].Busy {
				p.Start(w, v.Waiting[0].Ref, 0, scheduler.Fixed)
				return
			}
		}
	})
	world := Worlds()[1]
	world.Workers, world.Queues = 2, PerWorker
	refused(t, world, map[string]breaker{"the first idle worker": {first, "want a worker that may take query 1"}})
	world.Queues = Stealing
	if _, err := world.Drive(first); err != nil {
		t.Errorf("stealing: want it allowed, got %v", err)
	}
}

// TestDriveCarriesOutBatchesAndSplits: three samples of one query on three workers, and the
// others together.
func TestDriveCarriesOutBatchesAndSplits(t *testing.T) {
	world := World{
		Models:  Worlds()[1].Models,
		Classes: Worlds()[1].Classes, Workers: 3, Rate: 1e9, Queries: 3, Sizes: []int{3},
	}
	tally, err := world.Drive(decide(func(v *scheduler.View, p *scheduler.Plan) {
		switch {
		case len(v.Waiting) == 0:
		case v.Arrived == 1:
			for w := range 3 {
				p.Split(w, v.Waiting[0].Ref, 0, 1, scheduler.Fixed)
			}
		case !v.Workers[0].Busy && len(v.Waiting) > 1:
			p.StartBatch(0, []scheduler.Assign{{Query: v.Waiting[0].Ref}, {Query: v.Waiting[1].Ref}}, scheduler.Fixed)
		}
	}))
	if err != nil || tally.Finished != 3 || len(tally.Log) != 4 {
		t.Fatalf("want 3 finished by 4 commands, got %+v, %v", tally, err)
	}
	// The parts take 1 ms side by side, then the batch of 6 samples 6 ms: too late for 5 ms.
	if tally.InTime != 1 {
		t.Errorf("want 1 in time, got %d", tally.InTime)
	}
	if took := tally.Log[3].Now; took < time.Millisecond || took > 1001*time.Microsecond {
		t.Errorf("want the batch to start when the first part is done, at 1 ms, got %v", took)
	}
}

// hoarder acts on the queue that it was shown last time.
type hoarder struct{ kept []scheduler.Waiting }

func (h *hoarder) Decide(v *scheduler.View, p *scheduler.Plan) {
	if len(h.kept) > 0 && h.kept[0].Deadline < 0 {
		p.Drop(h.kept[0].Ref, scheduler.Late)
	}
	if len(v.Waiting) > 0 {
		h.kept = v.Waiting
	}
	correct(v, p)
}

func TestPoisonShowsRetention(t *testing.T) {
	world := Worlds()[1]
	if _, err := world.Drive(&hoarder{}); err != nil {
		t.Fatal(err)
	}
	world.Poison = true
	if _, err := world.Drive(&hoarder{}); err == nil {
		t.Error("want retention of the view to be noticed, got no error")
	}
}
