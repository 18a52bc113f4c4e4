package bench

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"
)

// Ratio is the median of ratios of one run.
type Ratio struct {
	Median float64 `json:"median"`
	Lo     float64 `json:"lo"` // the median lies from Lo to Hi with 95 % confidence,
	Hi     float64 `json:"hi"` // or, with fewer than 6 rounds, as far as those tell
	Rounds int     `json:"rounds"`
}

// RatioOf orders the ratios of all rounds. The interval is that between order statistics
// (binomial with one half), which assumes nothing of the ratios but that they are alike.
func RatioOf(ratios []float64) Ratio {
	r := slices.Sorted(slices.Values(ratios))
	n := len(r)
	if n == 0 {
		return Ratio{}
	}
	low := lowRank(n)
	return Ratio{Median: (r[n/2] + r[(n-1)/2]) / 2, Lo: r[low], Hi: r[n-1-low], Rounds: n}
}

// lowRank returns how many of n values may be left out at either end: the median lies
// below the value after them if no more than they do.
func lowRank(n int) int {
	below, low := distuv.Binomial{N: float64(n), P: 0.5}, 0
	for below.CDF(float64(low+1)) <= 0.025 {
		low++
	}
	return low
}

// inverse turns a into 1/a.
func (r Ratio) inverse() Ratio {
	return Ratio{Median: 1 / r.Median, Lo: 1 / r.Hi, Hi: 1 / r.Lo, Rounds: r.Rounds}
}

// quantile returns the value that a share of the sorted values do not exceed.
func quantile(sorted []float64, share float64) float64 {
	return sorted[min(len(sorted)-1, max(0, int(math.Ceil(share*float64(len(sorted))))-1))]
}
