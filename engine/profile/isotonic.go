package profile

import (
	"math"
	"slices"
	"sort"
)

// pool makes values ascend by averaging adjacent violators (Ayer et al. 1955): the
// least-squares ascending fit with the given weights. It works in place.
func pool(values, weights []float64) {
	blocks := make([]poolBlock, 0, len(values))
	for i, v := range values {
		b := poolBlock{value: v, weight: weights[i], count: 1}
		for len(blocks) > 0 && blocks[len(blocks)-1].value >= b.value {
			b = blocks[len(blocks)-1].join(b)
			blocks = blocks[:len(blocks)-1]
		}
		blocks = append(blocks, b)
	}
	i := 0
	for _, b := range blocks {
		for range b.count {
			values[i] = b.value
			i++
		}
	}
}

// poolBlock is a run of neighbours that share one fitted value.
type poolBlock struct {
	value, weight float64
	count         int
}

// join returns the block of both runs.
func (b poolBlock) join(c poolBlock) poolBlock {
	weight := b.weight + c.weight
	if weight == 0 {
		return poolBlock{value: max(b.value, c.value), count: b.count + c.count}
	}
	return poolBlock{
		value:  (b.value*b.weight + c.value*c.weight) / weight,
		weight: weight,
		count:  b.count + c.count,
	}
}

// calibration maps a raw confidence to the share of right answers: an ascending
// function, flat within bins of calibration samples, linear between them.
type calibration struct {
	raw   []float64 // ascending knots: least and greatest raw confidence of each bin
	right []float64 // fitted share of right answers at the knot
}

// calibrationBins limits how fine the map is. A bin of a hundredth of the samples
// keeps one lucky sample at an end from promising certainty.
const calibrationBins = 100

// newCalibration fits the map of one point. It is empty when no outcome has a confidence.
func newCalibration(outcomes []Outcome) calibration {
	known := make([]Outcome, 0, len(outcomes))
	for _, o := range outcomes {
		if !math.IsNaN(float64(o.Confidence)) {
			known = append(known, o)
		}
	}
	slices.SortStableFunc(known, func(a, b Outcome) int {
		switch {
		case a.Confidence < b.Confidence:
			return -1
		case a.Confidence > b.Confidence:
			return 1
		}
		return 0
	})
	return fitBins(known)
}

// fitBins cuts sorted outcomes into bins and fits the ascending share of right answers.
func fitBins(known []Outcome) calibration {
	size := max(1, len(known)/calibrationBins)
	var lows, highs, shares, weights []float64
	for from := 0; from < len(known); {
		to := binEnd(known, from, size)
		lows = append(lows, float64(known[from].Confidence))
		highs = append(highs, float64(known[to-1].Confidence))
		shares = append(shares, shareRight(known[from:to]))
		weights = append(weights, float64(to-from))
		from = to
	}
	pool(shares, weights)
	c := calibration{}
	for i, share := range shares {
		c.raw = append(c.raw, lows[i], highs[i])
		c.right = append(c.right, share, share)
	}
	return c
}

// binEnd returns where the bin that starts at from ends. Equal confidences stay
// together, and a remainder that is too small for a bin joins the last one.
func binEnd(known []Outcome, from, size int) int {
	to := min(from+size, len(known))
	for to < len(known) && known[to].Confidence == known[to-1].Confidence {
		to++
	}
	if len(known)-to < size {
		return len(known)
	}
	return to
}

// shareRight returns the share of right answers, 0 without any.
func shareRight(outcomes []Outcome) float64 {
	if len(outcomes) == 0 {
		return 0
	}
	right := 0
	for _, o := range outcomes {
		if o.Right {
			right++
		}
	}
	return float64(right) / float64(len(outcomes))
}

// at returns the calibrated probability of a right answer.
func (c *calibration) at(raw float64) (right float64, ok bool) {
	if len(c.raw) == 0 || math.IsNaN(raw) {
		return 0, false
	}
	i := sort.SearchFloat64s(c.raw, raw) // first knot at or above raw
	switch {
	case i == len(c.raw):
		return c.right[i-1], true
	case i == 0 || raw == c.raw[i]:
		return c.right[i], true
	}
	span := c.raw[i] - c.raw[i-1]
	if !(span > 0) || math.IsInf(span, 0) {
		return c.right[i-1], true
	}
	f := (raw - c.raw[i-1]) / span
	return c.right[i-1]*(1-f) + c.right[i]*f, true
}
