package virtual_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// randomConfig draws a small scenario: up to 3 workers, 4 levels (the last shares the
// core), 3 points in 3 groups, memory for one or two of them or all.
func randomConfig(r *rapid.T) *virtual.Config {
	levels := []float64{1, 1.5, 3, 2}
	half := randomHalf(r, len(levels))
	set := newSet(half)
	set.Groups = nil
	for i := range set.Points {
		set.Points[i].Group = i
		set.Groups = append(set.Groups, profile.Group{Name: set.Points[i].Name, Bytes: int64(30 + 10*i), Load: randomDist(r, 5*ms)})
		set.Switch = append(set.Switch, []profile.Dist{randomDist(r, ms), randomDist(r, ms), randomDist(r, ms)})
	}
	c := newConfig(set, levels...)
	c.Key = rng.Key{Seed: rapid.Uint64().Draw(r, "seed"), Replication: rapid.Uint32Range(0, 9).Draw(r, "replication")}
	c.Workers = rapid.IntRange(1, 3).Draw(r, "workers")
	c.Memory = rapid.SampledFrom([]int64{0, 50, 100}).Draw(r, "memory")
	c.Duration = 100 * ms
	c.Warmup = time.Duration(rapid.IntRange(0, 99).Draw(r, "warm-up")) * ms
	c.Classes = append(c.Classes, workloads.Class{Name: "hurried", Target: workloads.Target{Latency: 3 * ms}})
	c.Timeline = randomTimeline(r, c.Workers)
	c.Sensor = virtual.Sensor{Period: 7 * ms, Lag: time.Duration(rapid.IntRange(0, 9).Draw(r, "lag")) * ms, Noise: 0.3}
	c.Stream = randomStream(r, c)
	return c
}

func randomStream(r *rapid.T, c *virtual.Config) *poisson {
	mean := time.Duration(rapid.IntRange(1, 6).Draw(r, "mean gap")) * ms
	return &poisson{key: c.Key, mean: mean, samples: uint64(c.Set.Truth.Samples), classes: 2}
}

func randomHalf(r *rapid.T, levels int) profile.Half {
	half := newHalf(make([]time.Duration, levels), make([]time.Duration, levels), make([]time.Duration, levels))
	for p := range half.Execute {
		for l := range levels {
			half.Execute[p][l][0] = randomDist(r, time.Duration(1+p)*2*ms)
		}
	}
	for range levels {
		half.Activate = append(half.Activate, randomDist(r, ms))
	}
	half.Stalls = make([][]profile.Stall, levels)
	half.Stalls[levels-1] = []profile.Stall{{Gap: ms, Wait: 2 * ms}, {Gap: 3 * ms, Wait: ms}, {Wait: ms / 2}}
	return half
}

// randomDist draws one to three samples; some are 0 or odd numbers of nanoseconds.
func randomDist(r *rapid.T, most time.Duration) profile.Dist {
	d := profile.Dist{uint32(rapid.Int64Range(0, int64(most)).Draw(r, "time"))}
	for range rapid.IntRange(0, 2).Draw(r, "samples") {
		d = append(d, d[len(d)-1]+uint32(rapid.Int64Range(0, int64(most)).Draw(r, "more")))
	}
	return d
}

// randomTimeline draws intervals that do not overlap.
func randomTimeline(r *rapid.T, workers int) []virtual.Interval {
	var all []virtual.Interval
	for worker := range workers {
		at := time.Duration(0)
		for range rapid.IntRange(0, 6).Draw(r, "intervals") {
			from := at + time.Duration(rapid.IntRange(0, 20).Draw(r, "quiet"))*ms
			at = from + time.Duration(rapid.IntRange(1, 30_000_000).Draw(r, "length"))
			all = append(all, virtual.Interval{
				From: from, To: at, Worker: worker, Level: rapid.IntRange(0, 3).Draw(r, "level"),
				Factor: rapid.SampledFrom([]float64{0, 1, 1.3}).Draw(r, "factor"),
			})
		}
	}
	return all
}

// anything is a policy that starts, probes and drops at random what it may, and
// checks the truth's predictions.
type anything struct {
	key     rng.Key
	calls   uint64
	truth   scheduler.Truth
	expects map[time.Duration][][2]time.Duration // arrival: start and predicted finish
}

func (a *anything) SetTruth(t scheduler.Truth) { a.truth = t }

func (a *anything) draw(n uint64) int {
	a.calls++
	return int(a.key.Index(rng.Training, a.calls, n))
}

func (a *anything) Decide(v *scheduler.View, p *scheduler.Plan) {
	idle := map[int]bool{}
	taken := map[scheduler.QueryRef]bool{}
	for i, w := range v.Workers {
		idle[i] = !w.Busy
		taken[w.Running] = taken[w.Running] || w.Busy && w.Probing
	}
	for _, w := range v.Waiting {
		worker := a.draw(uint64(len(v.Workers)))
		switch action := a.draw(8); {
		case taken[w.Ref]:
		case action == 0:
			p.Drop(w.Ref, scheduler.Queue)
		case action <= 4 && idle[worker]:
			a.start(v, p, w, worker)
			idle[worker] = false
			return // a later prediction in this instant would not know of this start's load
		case action == 5 && idle[worker] && !(w.Probed && int(w.ProbedOn) == worker):
			p.Probe(worker, w.Ref)
			idle[worker] = false
		}
	}
	p.Wake(v.Now + ms)
}

func (a *anything) start(v *scheduler.View, p *scheduler.Plan, w scheduler.Waiting, worker int) {
	point := a.draw(3)
	a.expects[w.ArriveAt] = append(a.expects[w.ArriveAt], [2]time.Duration{v.Now, a.truth.Finish(w.Ref, worker, point)})
	p.Start(worker, w.Ref, point, scheduler.Known)
	p.Wake(v.Now + ms)
}

// monotone is a tracer that checks that time does not run back.
type monotone struct {
	last time.Duration
	err  error
}

func (m *monotone) Trace(e virtual.Event) {
	if e.At < m.last {
		m.err = fmt.Errorf("time runs back from %v: %v", m.last, e)
	}
	m.last = e.At
}

// TestRandomScenarios: whatever a legal policy does, queries are conserved, time does
// not run back, workers are not busier than there is time, and the truth comes true.
func TestRandomScenarios(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		c := randomConfig(r)
		policy := &anything{key: c.Key, expects: map[time.Duration][][2]time.Duration{}}
		seen := &monotone{}
		c.Policy, c.Clairvoyant, c.Tracer = policy, true, seen
		var kept keep
		stats, err := virtual.Run(context.Background(), c, &kept)
		if err != nil || seen.err != nil {
			r.Fatal(err, seen.err)
		}
		if stats.Arrived != uint64(len(kept)) || stats.Arrived != stats.Finished+stats.Dropped {
			r.Fatalf("conservation: %d records, %+v", len(kept), stats)
		}
		for _, busy := range stats.Busy {
			if busy < 0 || busy > c.Duration-c.Warmup {
				r.Fatalf("busy %v in a window of %v", busy, c.Duration-c.Warmup)
			}
		}
		for i := range kept {
			checkRecord(r, &kept[i], uint64(i), policy.expects[kept[i].Query.ArriveAt])
		}
	})
}

func checkRecord(r *rapid.T, one *sim.Record, id uint64, expect [][2]time.Duration) {
	if one.Query.ID != id {
		r.Fatalf("query %d has no record", id)
	}
	if one.Dropped {
		if one.FinishAt != sim.Never || one.Right {
			r.Fatalf("dropped, yet answered: %+v", one)
		}
		return
	}
	if one.StartAt < one.Query.ArriveAt || one.FinishAt <= one.StartAt || one.Busy < one.FinishAt-one.StartAt {
		r.Fatalf("instants out of order: %+v", one)
	}
	if !slices.Contains(expect, [2]time.Duration{one.StartAt, one.FinishAt}) { // of all that arrived in that nanosecond
		r.Fatalf("the truth said start and finish at %v: %+v", expect, one)
	}
}

// TestSameBytes: the same configuration gives the same trace, run alone or beside others.
func TestSameBytes(t *testing.T) {
	const n = 6
	traces := func(jobs int) []string {
		out := make([]string, n)
		errs := virtual.RunAll(context.Background(), jobs, n, func(i int) error {
			c := rapid.Custom(randomConfig).Example(i)
			policy := &anything{key: c.Key, expects: map[time.Duration][][2]time.Duration{}}
			var trace text
			c.Policy, c.Clairvoyant, c.Tracer = policy, true, &trace
			_, err := virtual.Run(context.Background(), c, nil)
			out[i] = trace.String()
			return err
		})
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	one, four := traces(1), traces(4)
	for i := range one {
		if one[i] != four[i] || len(one[i]) == 0 {
			t.Errorf("run %d differs between 1 and 4 jobs, or is empty", i)
		}
	}
}
