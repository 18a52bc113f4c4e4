package virtual_test

import (
	"context"
	"math"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/sim"
	"slosim/sim/virtual"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// exponential is the quantile function of the exponential distribution of mean 1.
func exponential(u float64) float64 { return -math.Log1p(-u) }

// exponentialDist samples it at the middles of n equal shares.
func exponentialDist(n int, mean time.Duration) profile.Dist {
	d := make(profile.Dist, n)
	for i := range d {
		d[i] = uint32(exponential((float64(i)+0.5)/float64(n)) * float64(mean))
	}
	return d
}

// moments returns the first two moments of a piecewise linear quantile function.
func moments(d profile.Dist) (first, second float64) {
	if len(d) == 1 {
		return float64(d[0]), float64(d[0]) * float64(d[0])
	}
	n := float64(len(d) - 1)
	for i := range len(d) - 1 {
		a, b := float64(d[i]), float64(d[i+1])
		first += (a + b) / 2 / n
		second += (a*a + a*b + b*b) / 3 / n
	}
	return first, second
}

// waits adds waiting times up.
type waits struct {
	warmup time.Duration
	sum    float64
	n      int
}

func (w *waits) Record(r *sim.Record) {
	if r.Query.ArriveAt >= w.warmup {
		w.sum += float64(r.StartAt - r.Query.ArriveAt)
		w.n++
	}
}

// TestWaitingTimes runs M/M/1, M/D/1 and an M/G/1 of two parts (activation and
// execution) through the whole serving system and compares with Pollaczek and
// Khinchine, W = lambda E[S^2] / 2(1 - rho): 8 replications, Student's t with 7
// degrees of freedom at 99.9 %, 5.408.
func TestWaitingTimes(t *testing.T) {
	const replications, t999 = 8, 5.408
	for name, test := range map[string]struct {
		execute, activate profile.Dist
	}{
		"M/M/1": {exponentialDist(20000, ms), nil},
		"M/D/1": {constant(ms), nil},
		"M/G/1": {exponentialDist(20000, ms/2), exponentialDist(20000, ms/2)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const gap = 1500 * time.Microsecond
			var means [replications]float64
			errs := virtual.RunAll(context.Background(), 2, replications, func(i int) error {
				var err error
				means[i], err = meanWait(test.execute, test.activate, gap, uint32(i))
				return err
			})
			for _, err := range errs {
				if err != nil {
					t.Fatal(err)
				}
			}
			mean, half := interval(means[:], t999)
			want := pollaczek(test.execute, test.activate, gap)
			if math.Abs(mean-want) > half || half > 0.06*want {
				t.Errorf("mean waiting time: want %.0f ns within an interval of at most 6 %%, got %.0f +- %.0f", want, mean, half)
			}
		})
	}
	if one, mm1 := pollaczek(exponentialDist(20000, ms), nil, 2*ms), float64(ms); math.Abs(one-mm1) > 0.002*mm1 {
		t.Errorf("the sampled exponential: want the waiting time of M/M/1, %v, got %v", mm1, one)
	}
}

// meanWait runs one replication of 40 s and returns its mean waiting time.
func meanWait(execute, activate profile.Dist, gap time.Duration, replication uint32) (float64, error) {
	half := newHalf([]time.Duration{0})
	half.Execute[0][0][0] = execute
	if activate != nil {
		half.Activate = []profile.Dist{activate}
	}
	c := newConfig(newSet(half), 1)
	c.Key = rng.Key{Seed: 3, Replication: replication}
	c.Classes[0].Target = workloads.Target{Latency: time.Hour}
	c.Duration = 60 * time.Second
	c.Stream = &poisson{key: c.Key, mean: gap, samples: 4, classes: 1}
	w := &waits{warmup: time.Second}
	_, err := virtual.Run(context.Background(), c, w)
	return w.sum / float64(w.n), err
}

// pollaczek adds independent parts of a service up: means and variances add.
func pollaczek(execute, activate profile.Dist, gap time.Duration) float64 {
	mean, second := moments(execute)
	variance := second - mean*mean
	if activate != nil {
		m, s := moments(activate)
		mean += m
		variance += s - m*m
	}
	lambda := 1 / float64(gap)
	return lambda * (variance + mean*mean) / (2 * (1 - lambda*mean))
}

// interval returns the mean of replications and its half-width.
func interval(xs []float64, t float64) (mean, half float64) {
	n := float64(len(xs))
	for _, x := range xs {
		mean += x / n
	}
	sum := 0.0
	for _, x := range xs {
		sum += (x - mean) * (x - mean)
	}
	return mean, t * math.Sqrt(sum/(n-1)/n)
}
