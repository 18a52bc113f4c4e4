package profile

import (
	"math"
	"slices"
	"testing"
)

// Asking takes whatever Quantile takes, and more: it changes nothing and never fails.
func TestAskTakesWhatQuantileTakes(t *testing.T) {
	for _, d := range []Dist{nil, {7}, {1, 2}, {1, 2, 3, 4, 5}} {
		before := slices.Clone(d)
		for _, u := range []float64{0, 0.25, 0.5, math.Nextafter(1, 0), 1} {
			d.Ask(u)
		}
		if !slices.Equal(before, d) {
			t.Errorf("want %v, got %v", before, d)
		}
	}
	(&Half{}).AskActivation(3, 0.5) // a technique that does not activate
}
