package virtual_test

import (
	"context"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
)

// count is a recorder that keeps nothing but a number.
type count int

func (n *count) Record(*sim.Record) { *n++ }

// steady is a loaded worker with interference, a sensor and probes.
func steady(queries int) *virtual.Config {
	set := confidentSet()
	for point, dist := range []profile.Dist{exponentialDist(1000, ms), exponentialDist(1000, 2*ms)} {
		set.Truth.Execute[point][0][0], set.Truth.Execute[point][1][0] = dist, dist
	}
	c := newConfig(set, 1, 2)
	c.Duration = time.Duration(queries) * 4 * ms
	for at := time.Duration(0); at < c.Duration; at += c.Duration / 20 {
		c.Timeline = append(c.Timeline, virtual.Interval{From: at, To: at + c.Duration/40, Level: 1})
	}
	c.Sensor = virtual.Sensor{Period: 50 * ms, Lag: 100 * ms, Noise: 0.1}
	c.Stream = &poisson{key: c.Key, mean: 4 * ms, samples: 100, classes: 1}
	c.Policy = trivial{}
	return c
}

// trivial serves at point 1, or 0 when others wait behind.
type trivial struct{}

func (trivial) Decide(v *scheduler.View, p *scheduler.Plan) {
	if len(v.Waiting) == 0 || v.Workers[0].Busy {
		return
	}
	point := 1
	if len(v.Waiting) > 1 {
		point = 0
	}
	p.Start(0, v.Waiting[0].Ref, point, scheduler.LoadRule)
}

// TestRunAllocatesNothingPerQuery compares a run with one of ten times the queries:
// what a run allocates at its start does not grow with them.
func TestRunAllocatesNothingPerQuery(t *testing.T) {
	allocs := func(queries int) float64 {
		c := steady(queries)
		return testing.AllocsPerRun(1, func() {
			c.Stream = &poisson{key: c.Key, mean: 4 * ms, samples: 100, classes: 1}
			var n count
			if _, err := virtual.Run(context.Background(), c, &n); err != nil {
				t.Fatal(err)
			}
		})
	}
	short, long := allocs(2_000), allocs(20_000)
	if perQuery := (long - short) / 18_000; perQuery > 0.001 {
		t.Errorf("allocations a query: want 0, got %v (%v and %v a run)", perQuery, short, long)
	}
}

// BenchmarkRun reports simulated queries per second with a trivial policy.
func BenchmarkRun(b *testing.B) {
	const queries = 100_000
	c := steady(queries)
	b.ReportAllocs()
	var n count
	for b.Loop() {
		c.Stream = &poisson{key: c.Key, mean: 4 * ms, samples: 100, classes: 1}
		if _, err := virtual.Run(context.Background(), c, &n); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "queries/s")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/query")
}
