package profile

import (
	"math"
	"slices"
	"time"
)

// Batch returns the u-quantile, 0 <= u <= 1, of the on-CPU time of executing n samples together at
// a point and level, without activations; ok is false where that was not measured or queries one
// after another take less. Between the measured sizes it is interpolated, and beyond the largest
// in proportion to n.
func (s *Set) Batch(h *Half, point, level, n int, u float64) (t time.Duration, ok bool) {
	if n < 2 || len(h.Batched) == 0 {
		return 0, false
	}
	return at(s.Batches, n, func(i int) (float64, bool) {
		dist := h.Batched[point][level][i]
		if len(dist) == 0 {
			return 0, false
		}
		return float64(dist.Quantile(u)), true
	})
}

// at interpolates what is known of sizes.
func at(sizes []int, n int, of func(i int) (float64, bool)) (time.Duration, bool) {
	above, exact := slices.BinarySearch(sizes, n)
	last := len(sizes) - 1
	switch {
	case exact || above == 0:
		v, ok := of(above)
		return time.Duration(v * float64(n) / float64(sizes[above])), ok
	case above > last:
		v, ok := of(last)
		return time.Duration(v * float64(n) / float64(sizes[last])), ok
	}
	high, ok := of(above)
	low, also := of(above - 1)
	part := float64(n-sizes[above-1]) / float64(sizes[above]-sizes[above-1])
	return time.Duration(low + part*(high-low)), ok && also
}

// batches are what a belief knows of batches on the undisturbed machine, activations included.
type batches struct {
	sizes    []int
	activate float64       // mean, nanoseconds
	times    [][]batchTime // [point][size]
}

// batchTime is that of one size; known is false where queries one after another take less.
type batchTime struct {
	known     bool
	mean      float64
	quantiles Dist
}

// newBatches reads the calibration half.
func newBatches(set *Set) batches {
	h := &set.Calibration
	b := batches{sizes: set.Batches}
	if len(h.Activate) > 0 {
		b.activate = float64(h.Activate[0].Mean())
	}
	for _, levels := range h.Batched {
		row := make([]batchTime, len(set.Batches))
		for i, dist := range levels[0] {
			row[i] = batchTime{len(dist) > 0, float64(dist.Mean()) + float64(set.Batches[i])*b.activate, dist}
		}
		b.times = append(b.times, row)
	}
	return b
}

// mean returns the mean time of a batch, ok as Set.Batch has it.
func (b *batches) mean(point, n int) (t time.Duration, ok bool) {
	if n < 2 || len(b.times) == 0 {
		return 0, false
	}
	return at(b.sizes, n, func(i int) (float64, bool) { return b.times[point][i].mean, b.times[point][i].known })
}

// quantile returns the q-quantile of the time of a batch, in which activations take their mean.
func (b *batches) quantile(point, n int, q float64) (t time.Duration, ok bool) {
	if n < 2 || len(b.times) == 0 {
		return 0, false
	}
	return at(b.sizes, n, func(i int) (float64, bool) {
		one := &b.times[point][i]
		if !one.known {
			return 0, false
		}
		return float64(one.quantiles.Quantile(min(max(q, 0), 1))) + float64(b.sizes[i])*b.activate, true
	})
}

// BatchMean returns the mean time of n samples together at a point at a believed slow-down,
// activations and stalls included. Batches were measured undisturbed; a slow-down makes them as
// much slower as it makes single queries.
func (b *Belief) BatchMean(point, n int, slowdown float64) time.Duration {
	alone := b.Mean(point, slowdown)
	if n < 2 {
		return alone
	}
	if together, ok := b.batches.mean(point, n); ok {
		return time.Duration(float64(together) * b.slower(point, slowdown))
	}
	return time.Duration(n) * alone
}

// BatchQuantile returns the q-quantile of the time of n samples together, likewise. Of queries one
// after another the deviation of the sum grows with the root of n.
func (b *Belief) BatchQuantile(point, n int, q, slowdown float64) time.Duration {
	alone := b.Quantile(point, q, slowdown)
	if n < 2 {
		return alone
	}
	if together, ok := b.batches.quantile(point, n, q); ok {
		slower := b.slower(point, slowdown)
		stalls := float64(alone) - slower*float64(b.Quantile(point, q, 1)) // what the slow-down adds beyond its mean
		return time.Duration(slower*float64(together) + max(stalls, 0))
	}
	mean := b.Mean(point, slowdown)
	return time.Duration(n)*mean + time.Duration(math.Sqrt(float64(n))*float64(alone-mean))
}

// slower is how many times as long a point takes on average at a slow-down.
func (b *Belief) slower(point int, slowdown float64) float64 {
	return float64(b.Mean(point, slowdown)) / float64(max(b.Mean(point, 1), 1))
}
