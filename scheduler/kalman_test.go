package scheduler

import (
	"math"
	"math/rand/v2"
	"testing"
)

// Without noise of steps the filter is the batch estimate: the posterior mean of a constant with
// a normal prior, weighed by inverse variances.
func TestKalmanIsTheBatchEstimate(t *testing.T) {
	const prior, variance, noise = 1.0, 0.3, 0.04
	r := rand.New(rand.NewPCG(1, 1))
	k := kalman{mean: prior, variance: variance, noise: noise, memory: 1}
	sum, weight := prior/variance, 1/variance
	for n := range 500 {
		observed := 1.5 + 0.2*r.NormFloat64()
		k.update(observed)
		sum, weight = sum+observed/noise, weight+1/noise
		if want := sum / weight; math.Abs(k.mean-want) > 1e-9 {
			t.Fatalf("after %d observations: want %g, got %g", n+1, want, k.mean)
		}
	}
}

// With constant noise of steps Q the variance solves v = (1-g)v + Q with g = v/(v+R), hence
// v = (Q + sqrt(Q^2 + 4QR))/2.
func TestKalmanConvergesToTheClosedForm(t *testing.T) {
	const noise, step = 0.04, 1e-5
	k := kalman{mean: 1, variance: 0.01, noise: noise, least: step, memory: 0.9}
	for range 5000 {
		k.update(1) // no innovation: the noise of steps stays at its least
	}
	v := (step + math.Sqrt(step*step+4*step*noise)) / 2
	if math.Abs(k.variance/v-1) > 1e-6 || math.Abs(k.gain/(v/(v+noise))-1) > 1e-6 {
		t.Errorf("want variance %g and gain %g, got %g and %g", v, v/(v+noise), k.variance, k.gain)
	}
}

func TestModelSwitchingCorrectsTheLoad(t *testing.T) {
	v := &View{Workers: []Worker{{Slowdown: 2}, {Slowdown: 2, Correction: 1.5}}}
	if got := meanSlowdown(v); math.Abs(got-2.5) > 1e-12 {
		t.Errorf("want (2 + 2 x 1.5)/2 = 2.5, got %g", got)
	}
}
