package virtual_test

import (
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim/virtual"
	"slosim/workloads/rng"
)

// busyConfig is a loaded worker with interference of both kinds; all times are
// multiplied by scale. Even the odd nanosecond of a quantile scales: the samples are
// so few and far apart that the draws are rounded at most by one in a million.
func busyConfig(scale time.Duration) *virtual.Config {
	half := newHalf(make([]time.Duration, 3))
	for l := range half.Execute[0] {
		d := profile.Dist{}
		for i := range 100 {
			d = append(d, uint32(time.Duration(200+10*i)*time.Microsecond*time.Duration(l+1)*scale))
		}
		half.Execute[0][l][0] = d
	}
	half.Stalls = [][]profile.Stall{nil, nil, {{Gap: 5 * ms * scale, Wait: 3 * ms * scale}}}
	c := newConfig(newSet(half), 1, 2, 4.8)
	c.Duration = time.Second * scale
	c.Classes[0].Latency = 5 * ms * scale
	c.Timeline = []virtual.Interval{
		{From: 100 * ms * scale, To: 300 * ms * scale, Level: 1}, {From: 500 * ms * scale, To: 600 * ms * scale, Level: 2},
	}
	c.Stream = &poisson{key: c.Key, mean: ms * scale, samples: 4, classes: 1}
	return c
}

func attainment(k keep) float64 {
	met := 0
	for i := range k {
		if k[i].Met() {
			met++
		}
	}
	return float64(met) / float64(len(k))
}

// TestDoubledTimes: doubling every time of a scenario changes no attainment.
func TestDoubledTimes(t *testing.T) {
	one, _ := run(t, busyConfig(1))
	two, _ := run(t, busyConfig(2))
	if a, b := attainment(one), attainment(two); a != b || a < 0.2 || a > 0.8 {
		t.Errorf("attainment: want the same, between 0.2 and 0.8, got %v and %v", a, b)
	}
}

// TestSlowdownOfOne: a level like the quiet one is no interference, whatever the
// number of changes in mid-service.
func TestSlowdownOfOne(t *testing.T) {
	quiet := busyConfig(1)
	for _, level := range quiet.Set.Truth.Execute[0][1:] {
		level[0] = quiet.Set.Truth.Execute[0][0][0]
	}
	quiet.Stalls = make([][]profile.Stall, 3)
	quiet.Levels = []profile.Level{{Slowdown: 1}, {Slowdown: 1}, {Slowdown: 1}}
	quiet.Timeline = nil
	want, _ := run(t, quiet)
	changing := clone(quiet, &poisson{key: quiet.Key, mean: ms, samples: 4, classes: 1}, fixed(0))
	for at := time.Duration(0); at < time.Second; at += 100_003 {
		changing.Timeline = append(changing.Timeline, virtual.Interval{From: at, To: at + 100_003, Level: int(at) % 3})
	}
	got, _ := run(t, changing)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-without +with interference of 1.0:\n%s", diff)
	}
}

// TestMoreSlackNeverHurts: of a policy that does not look at deadlines.
func TestMoreSlackNeverHurts(t *testing.T) {
	last := -1.0
	for _, latency := range []time.Duration{ms, 2 * ms, 5 * ms, 20 * ms, 100 * ms} {
		c := busyConfig(1)
		c.Classes[0].Latency = latency
		kept, _ := run(t, c)
		if a := attainment(kept); a < last {
			t.Errorf("latency target %v: attainment falls from %v to %v", latency, last, a)
		} else {
			last = a
		}
	}
}

// TestCommonDraws: what a contender decides moves nobody's draws. A policy that starts
// in another order and drops half gives the queries it serves the same service.
func TestCommonDraws(t *testing.T) {
	set := newSet(newHalf([]time.Duration{0}))
	set.Truth.Execute[0][0][0] = exponentialDist(1000, ms)
	c := newConfig(set, 1)
	c.Duration = 200 * ms
	stream := func() *poisson { return &poisson{key: c.Key, mean: 2 * ms, samples: 4, classes: 1} }
	all, _ := run(t, clone(c, stream(), fixed(0)))
	odd, _ := run(t, clone(c, stream(), decide(func(v *scheduler.View, p *scheduler.Plan) {
		last := len(v.Waiting) - 1
		if last < 0 || v.Workers[0].Busy {
			return
		}
		if v.Arrived%2 == 0 {
			p.Drop(v.Waiting[last].Ref, scheduler.Queue)
			p.Wake(v.Now + 1)
			return
		}
		p.Start(0, v.Waiting[last].Ref, 0, scheduler.Fixed)
	})))
	served := 0
	for i := range odd {
		if !odd[i].Dropped {
			served++
			if odd[i].Busy != all[i].Busy {
				t.Errorf("query %d: service %v or %v, by who asks", i, all[i].Busy, odd[i].Busy)
			}
		}
	}
	if served < 10 || served == len(odd) {
		t.Errorf("want some of %d queries served, got %d", len(odd), served)
	}
}

// TestSensor: the readings are the truth of Lag ago, and their noise is lognormal:
// its logarithm has mean 0 and deviation sigma.
func TestSensor(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{ms, 2 * ms})), 1, 2)
	c.Timeline = []virtual.Interval{{From: 20 * ms, To: 50 * ms, Level: 1}}
	c.Sensor = virtual.Sensor{Period: 10 * ms, Lag: 15 * ms}
	var believed []float64
	c.Policy = decide(func(v *scheduler.View, p *scheduler.Plan) {
		if v.Now%(10*ms) == 5*ms && v.Now < 100*ms {
			believed = append(believed, v.Workers[0].Slowdown)
		}
		if v.Now < 100*ms {
			p.Wake(v.Now + ms)
			return
		}
		fixed(0)(v, p)
	})
	c.Stream = &listed{at: []time.Duration{0, 95 * ms}, samples: 4}
	c.Classes[0].Latency = time.Second
	run(t, c)
	// At 5 and 15 nothing was told; at 25 the reading of 10 ms, at 35 that of 20 ms.
	want := []float64{1, 1, 1, 2, 2, 2, 1, 1, 1, 1}
	if diff := cmp.Diff(want, believed); diff != "" {
		t.Errorf("believed (-want +got):\n%s", diff)
	}

	const sigma, n = 0.25, 4000
	var sum, squares float64
	c.Sensor = virtual.Sensor{Period: ms, Noise: sigma}
	c.Timeline = nil
	c.Duration, c.Classes[0].Latency = n*ms, time.Hour
	c.Stream = &listed{at: []time.Duration{(n - 1) * ms}, samples: 4}
	c.Key = rng.Key{Seed: 5}
	c.Tracer = tracer(func(e virtual.Event) {
		if e.What == virtual.Sensed {
			sum += math.Log(e.Slowdown)
			squares += math.Log(e.Slowdown) * math.Log(e.Slowdown)
		}
	})
	run(t, clone(c, c.Stream, fixed(0)))
	mean, deviation := sum/n, math.Sqrt(squares/n)
	if math.Abs(mean) > 4*sigma/math.Sqrt(n) || math.Abs(deviation-sigma) > 4*sigma/math.Sqrt(2*n) {
		t.Errorf("log of the noise: want mean 0 and deviation %v, got %v and %v", sigma, mean, deviation)
	}
}

// tracer calls a function.
type tracer func(e virtual.Event)

func (f tracer) Trace(e virtual.Event) { f(e) }
