package virtual_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// ms is a millisecond, so that timelines read like text.
const ms = time.Millisecond

// decide is a policy without optional abilities.
type decide func(v *scheduler.View, p *scheduler.Plan)

func (d decide) Decide(v *scheduler.View, p *scheduler.Plan) { d(v, p) }

// fixed serves first come, first served, always at one point.
func fixed(point int) decide {
	return func(v *scheduler.View, p *scheduler.Plan) {
		next := 0
		for i := range v.Workers {
			if !v.Workers[i].Busy && next < len(v.Waiting) {
				p.Start(i, v.Waiting[next].Ref, point, scheduler.Fixed)
				next++
			}
		}
	}
}

// listed is a stream of arrivals given by hand. Query i carries sample i, modulo n.
type listed struct {
	at      []time.Duration
	samples int
	next    int
}

func (l *listed) Next(q *workloads.Query) bool {
	if l.next == len(l.at) {
		return false
	}
	i := l.next
	l.next++
	*q = workloads.Query{ID: uint64(i), ArriveAt: l.at[i], Size: 1, Sample: uint32(i % l.samples)}
	return true
}

// poisson is an endless stream; every class is as likely as the others.
type poisson struct {
	key     rng.Key
	mean    time.Duration
	samples uint64
	classes uint64
	now     time.Duration
	id      uint64
}

func (p *poisson) Next(q *workloads.Query) bool {
	p.now += time.Duration(float64(p.mean) * exponential(p.key.Float(rng.Arrival, p.id)))
	*q = workloads.Query{
		ID: p.id, ArriveAt: p.now, Size: 1, Class: uint16(p.key.Index(rng.ClassOf, p.id, p.classes)),
		Sample: uint32(p.key.Index(rng.SampleOf, p.id, p.samples)),
	}
	p.id++
	return true
}

// constant returns the distribution of one duration.
func constant(d time.Duration) profile.Dist { return profile.Dist{uint32(d)} }

// newHalf returns a half whose times are constant: times[point][level]. Every answer
// is right.
func newHalf(times ...[]time.Duration) profile.Half {
	h := profile.Half{Samples: 4}
	for _, levels := range times {
		var row [][]profile.Dist
		for _, d := range levels {
			row = append(row, []profile.Dist{constant(d)})
		}
		h.Execute = append(h.Execute, row)
		h.Outcomes = append(h.Outcomes, slices.Repeat([]profile.Outcome{{Right: true}}, h.Samples)...)
	}
	return h
}

// newSet returns a set of one group with both halves alike.
func newSet(half profile.Half) *profile.Set {
	set := &profile.Set{Technique: "test", Groups: []profile.Group{{Name: "all"}}, Calibration: half, Truth: half}
	for i := range half.Execute {
		set.Points = append(set.Points, profile.Point{Name: string(rune('a' + i))})
	}
	set.Activates = len(half.Activate) > 0
	return set
}

// newConfig returns a run of one second, one worker and a latency target of 50 ms
// over the levels with the given slow-downs.
func newConfig(set *profile.Set, slowdowns ...float64) *virtual.Config {
	c := &virtual.Config{
		Set: set, Workers: 1, Duration: time.Second, Policy: fixed(0),
		Classes: []workloads.Class{{Name: "only", Share: 1, Target: workloads.Target{Latency: 50 * ms}}},
		Key:     rng.Key{Seed: 1},
	}
	for _, s := range slowdowns {
		c.Levels = append(c.Levels, profile.Level{Slowdown: s})
	}
	return c
}

// keep is a recorder that copies, in order of the queries' IDs.
type keep []sim.Record

func (k *keep) Record(r *sim.Record) {
	for len(*k) <= int(r.Query.ID) {
		*k = append(*k, sim.Record{})
	}
	(*k)[r.Query.ID] = *r
}

// run fails the test on an error.
func run(t testing.TB, c *virtual.Config) (keep, virtual.Stats) {
	t.Helper()
	var kept keep
	stats, err := virtual.Run(context.Background(), c, &kept)
	if err != nil {
		t.Fatal(err)
	}
	if stats.Arrived != stats.Finished+stats.Dropped || stats.Arrived != uint64(len(kept)) {
		t.Fatalf("conservation: %+v with %d records", stats, len(kept))
	}
	return kept, stats
}

// clone copies a configuration for another run from its start: streams and policies
// have state of their own.
func clone(c *virtual.Config, stream virtual.Stream, policy scheduler.Policy) *virtual.Config {
	copied := *c
	copied.Stream, copied.Policy = stream, policy
	return &copied
}
