package reports

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"
)

// evenly are k looks at equal steps.
func evenly(k int) []float64 {
	looks := make([]float64, k)
	for i := range looks {
		looks[i] = float64(i+1) / float64(k)
	}
	return looks
}

// boundaries are nominal levels as standard deviations.
func boundaries(levels []float64) []float64 {
	out := make([]float64, len(levels))
	for i, p := range levels {
		out[i] = -distuv.UnitNormal.Quantile(p)
	}
	return out
}

// Published boundaries of spending functions: ld98's (Reboussin, DeMets, Kim and Lan, Controlled Clinical
// Trials 2000), which has three decimals, and the table that SeqBounds.jl prints.
func TestBoundariesAsPublished(t *testing.T) {
	for _, c := range []struct {
		spending  Spending
		alpha     float64
		want      []float64
		tolerance float64
	}{
		{OBrienFleming, 0.025, []float64{4.877, 3.357, 2.680, 2.290, 2.031}, 6e-4},
		{Pocock, 0.025, []float64{2.438, 2.427, 2.410, 2.397, 2.386}, 6e-4},
		{OBrienFleming, 0.05, []float64{3.74955, 2.53993, 2.01604, 1.72014}, 1e-4},
	} {
		for i, got := range boundaries(nominalLevels(c.spending, c.alpha, evenly(len(c.want)))) {
			if math.Abs(got-c.want[i]) > c.tolerance {
				t.Errorf("%s, look %d of %d at %v: want %v, got %.5f", c.spending, i+1, len(c.want), c.alpha, c.want[i], got)
			}
		}
	}
}

// The recursion gives the classic boundaries their published levels: at five looks O'Brien and Fleming's
// 2.040 sqrt(5/k) (4.56, 3.23, 2.63, 2.28, 2.04) and Pocock's 2.413 cross with 0.025 (Jennison and
// Turnbull 2000, tables 2.1 and 2.3: both sides of 0.05).
func TestCrossingsOfClassicBoundaries(t *testing.T) {
	for name, bound := range map[string]func(k float64) float64{
		"O'Brien-Fleming": func(k float64) float64 { return 2.040 * math.Sqrt(5/k) },
		"Pocock":          func(float64) float64 { return 2.413 },
	} {
		var paths survivors
		crossed := 0.0
		for k, share := range evenly(5) {
			crossed += paths.crossing(share, bound(float64(k+1)))
			paths = paths.after(share, bound(float64(k+1)))
		}
		if math.Abs(crossed-0.025) > 3e-5 { // the constants have three decimals
			t.Errorf("%s: want 0.025, got %.6f", name, crossed)
		}
	}
}

// Whatever the looks and the level: one look at everything is the test itself, spending ends at the level,
// a finer grid of looks never makes the last one easier than the level, and the quadrature conserves paths.
func TestNominalLevels(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		spending := rapid.SampledFrom([]Spending{OBrienFleming, Pocock}).Draw(t, "spending")
		level := math.Pow(10, rapid.Float64Range(-5, -1).Draw(t, "log level"))
		looks := []float64{1}
		for n := rapid.IntRange(0, 5).Draw(t, "more looks"); n > 0; n-- {
			looks = append([]float64{looks[0] / rapid.Float64Range(1.2, 3).Draw(t, "step")}, looks...)
		}
		levels := nominalLevels(spending, level, looks)
		if len(looks) == 1 && math.Abs(levels[0]/level-1) > 1e-6 {
			t.Fatalf("one look: want %v, got %v", level, levels[0])
		}
		if got := spending.spent(level, 1); math.Abs(got/level-1) > 1e-9 {
			t.Fatalf("spent at the end: want %v, got %v", level, got)
		}
		var paths survivors
		crossed, sum := 0.0, 0.0
		for k, share := range looks {
			bound := -distuv.UnitNormal.Quantile(levels[k])
			if levels[k] == 0 {
				bound = farthestUp
			}
			crossed += paths.crossing(share, bound)
			paths = paths.after(share, bound)
			sum += levels[k]
			if levels[k] > level*(1+1e-9) {
				t.Fatalf("look %d: want at most %v, got %v", k, level, levels[k])
			}
		}
		left := 0.0
		for _, m := range paths.mass {
			left += m
		}
		if math.Abs(crossed+left-1) > 1e-9 || math.Abs(crossed/level-1) > 1e-5 || sum < level*(1-1e-6) {
			t.Fatalf("want paths conserved and %v crossed, got %v crossed, %v left, levels %v", level, crossed, left, levels)
		}
	})
}

// A dumb version: random walks against the boundaries.
func TestNominalLevelsOfRandomWalks(t *testing.T) {
	const level, n = 0.05, 40_000
	looks := []float64{0.125, 0.25, 0.5, 1}
	r := rand.New(rand.NewPCG(3, 4))
	for _, spending := range []Spending{OBrienFleming, Pocock} {
		bounds, crossed := boundaries(nominalLevels(spending, level, looks)), 0
		for range n {
			place, before := 0.0, 0.0
			for k, share := range looks {
				place += r.NormFloat64() * math.Sqrt(share-before)
				before = share
				if place/math.Sqrt(share) >= bounds[k] {
					crossed++
					break
				}
			}
		}
		if got := float64(crossed) / n; math.Abs(got-level) > 0.004 { // 3.7 standard errors
			t.Errorf("%s: want %v crossed, got %v", spending, level, got)
		}
	}
}
