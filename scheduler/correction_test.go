package scheduler

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// ratios observes service times that are so many times as long as expected, about a mean.
func ratios(c *Correction, r *rand.Rand, mean float64, n int) {
	for range n {
		c.Observe(0, time.Duration(1e5*mean*(1+0.2*r.NormFloat64())), 1e5)
	}
}

func TestCorrectionFindsAConstantRatio(t *testing.T) {
	for _, want := range []float64{0.5, 1, 1.5, 8} {
		r := rand.New(rand.NewPCG(1, 1))
		c := NewCorrection(2)
		ratios(c, r, want, 400)
		got, deviation := c.Factor(0)
		if math.Abs(got/want-1) > 0.15 || !(deviation > 0 && deviation < 0.3*max(1, want)) {
			t.Errorf("ratio %g: want it found, got %g ± %g", want, got, deviation)
		}
		if other, _ := c.Factor(1); other != 1 {
			t.Errorf("a worker without queries: want 1, got %g", other)
		}
	}
}

// With the least noise of steps alone, the filter is the exponential mean that Kalman's gain
// converges to: g = v/(v+R) where v solves the recursion of ALERT, v = (1-g)v + Q.
func TestCorrectionConvergesToTheClosedForm(t *testing.T) {
	k := kalman{mean: 1, variance: 0.01, noise: correctionNoise, least: correctionStep, memory: correctionMemory}
	for range 5000 {
		k.update(1) // no innovation: the noise of steps stays at its least
	}
	g := k.gain
	if v := (1-g)*k.variance + correctionStep; math.Abs(v/k.variance-1) > 1e-6 || math.Abs(k.variance/(k.variance+correctionNoise)-g) > 1e-6 {
		t.Errorf("gain %g, variance %g: not the recursion's fixed point", g, k.variance)
	}
	if want := math.Sqrt(correctionStep / correctionNoise); math.Abs(g/want-1) > 0.02 { // v(v+R)... = QR for small Q
		t.Errorf("gain: want about sqrt(Q/R) = %g, got %g", want, g)
	}
}

// A stall of 100 service times must not matter for long.
func TestCorrectionOutlivesAStall(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	c := NewCorrection(1)
	ratios(c, r, 1, 300)
	before, _ := c.Factor(0)
	c.Observe(0, 1e7, 1e5)
	at, _ := c.Factor(0)
	if at > 1.35*before {
		t.Errorf("after one stall: want no jump from %g, got %g", before, at)
	}
	ratios(c, r, 1, 100)
	if after, _ := c.Factor(0); math.Abs(after-1) > 0.15 {
		t.Errorf("100 queries later: want about 1, got %g", after)
	}
	c.Observe(0, 0, 1e5)
	c.Observe(0, 1e5, 0) // nothing expected: nothing learned
}

func TestCorrectionAllocatesNothing(t *testing.T) {
	c := NewCorrection(1)
	if n := testing.AllocsPerRun(100, func() { c.Observe(0, 1e5, 1e5) }); n != 0 {
		t.Errorf("want no allocation, got %g", n)
	}
}
