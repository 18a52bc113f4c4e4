package profile

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// TestPoolAgreesWithMinMax compares with the min-max formula of isotonic regression.
func TestPoolAgreesWithMinMax(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 9).Draw(t, "n")
		values := rapid.SliceOfN(rapid.Float64Range(-5, 5), n, n).Draw(t, "values")
		weights := rapid.SliceOfN(rapid.Float64Range(0.1, 5), n, n).Draw(t, "weights")
		want := make([]float64, n)
		for k := range n {
			want[k] = minMax(values, weights, k)
		}
		pool(values, weights)
		if diff := cmp.Diff(want, values, cmpopts.EquateApprox(1e-9, 1e-9)); diff != "" {
			t.Fatal(diff)
		}
	})
}

// minMax is max over i <= k of min over j >= k of the mean of i..j.
func minMax(values, weights []float64, k int) float64 {
	best := math.Inf(-1)
	for i := 0; i <= k; i++ {
		least := math.Inf(1)
		for j := k; j < len(values); j++ {
			sum, weight := 0.0, 0.0
			for m := i; m <= j; m++ {
				sum, weight = sum+values[m]*weights[m], weight+weights[m]
			}
			least = min(least, sum/weight)
		}
		best = max(best, least)
	}
	return best
}

func TestConfidenceIsCalibrated(t *testing.T) {
	// Raw confidence c is right with probability c squared: the map must find that.
	r := rand.New(rand.NewPCG(3, 1))
	outcomes := make([]Outcome, 20000)
	for i := range outcomes {
		c := r.Float64()
		outcomes[i] = Outcome{Confidence: float32(c), Right: r.Float64() < c*c}
	}
	m := newCalibration(outcomes)
	for _, c := range []float64{0.1, 0.3, 0.5, 0.7, 0.9} {
		got, ok := m.at(c)
		if !ok || math.Abs(got-c*c) > 0.04 {
			t.Errorf("raw %v: want about %v, got %v, %v", c, c*c, got, ok)
		}
	}
	if !slices.IsSorted(m.right) || !slices.IsSorted(m.raw) {
		t.Error("want an ascending map")
	}
}

func TestConfidenceEdges(t *testing.T) {
	nan := float32(math.NaN())
	empty := newCalibration([]Outcome{{Confidence: nan}})
	if _, ok := empty.at(0.5); ok {
		t.Error("no confidences: want ok false")
	}
	inf := float32(math.Inf(1))
	m := newCalibration([]Outcome{{Confidence: 0.2}, {Confidence: 0.2, Right: true}, {Confidence: nan}, {Confidence: inf, Right: true}})
	for raw, want := range map[float64]float64{0: 0.5, 0.2: 0.5, 0.3: 0.5, math.Inf(1): 1, math.Inf(-1): 0.5} {
		if got, ok := m.at(raw); !ok || got != want {
			t.Errorf("raw %v: want %v, got %v, %v", raw, want, got, ok)
		}
	}
	if _, ok := m.at(math.NaN()); ok {
		t.Error("NaN: want ok false")
	}
}
