package virtual

import (
	"fmt"
	"slices"
	"time"
)

// Excess is how much longer kernels take in life than the profile says, whose calls follow one
// another: caches are as the policy, the waiting, what disturbs and strangers on the same chip left
// them. It may be below 0.
type Excess struct {
	// Edges cut idle times of a worker before a kernel, ascending: bin i is below Edges[i], and
	// one bin more has the rest.
	Edges []time.Duration
	// Quantiles are those of a kernel's execution time of which Extra tells, ascending; between
	// them it is interpolated, outside of them it stays.
	Quantiles []float64
	Extra     [][][][][]time.Duration // [level][bin][point][work class][quantile]
}

// bin returns the bin of an idle time.
func (e *Excess) bin(idle time.Duration) (bin int) {
	for bin < len(e.Edges) && idle >= e.Edges[bin] {
		bin++
	}
	return bin
}

// at returns the extra time of a kernel with the u-quantile of its execution time.
func (e *Excess) at(level, bin, point int, class uint8, u float64) time.Duration {
	extra, last := e.Extra[level][bin][point][class], len(e.Quantiles)-1
	if u <= e.Quantiles[0] {
		return extra[0]
	}
	for i := range last {
		if from, to := e.Quantiles[i], e.Quantiles[i+1]; u < to {
			part := (u - from) / (to - from)
			return extra[i] + time.Duration(part*float64(extra[i+1]-extra[i]))
		}
	}
	return extra[last]
}

// validateExcess checks the sizes.
func (c *Config) validateExcess() error {
	e := c.Excess
	if e == nil {
		return nil
	}
	if len(e.Extra) != len(c.Levels) || len(e.Quantiles) == 0 {
		return fmt.Errorf("excess: want times of %d levels at 1 or more quantiles, got %d levels and %d quantiles", len(c.Levels), len(e.Extra), len(e.Quantiles))
	}
	for level, bins := range e.Extra {
		if len(bins) != len(e.Edges)+1 {
			return fmt.Errorf("excess: level %d: want times of %d bins, got %d", level, len(e.Edges)+1, len(bins))
		}
		for bin, points := range bins {
			if err := c.validateExtra(points); err != nil {
				return fmt.Errorf("excess: level %d, bin %d: %w", level, bin, err)
			}
		}
	}
	return nil
}

// validateExtra checks the sizes of one bin.
func (c *Config) validateExtra(points [][][]time.Duration) error {
	if len(points) != len(c.Set.Points) {
		return fmt.Errorf("want times of %d points, got %d", len(c.Set.Points), len(points))
	}
	for point, classes := range points {
		want, n := len(c.truth().Execute[point][0]), len(c.Excess.Quantiles)
		if len(classes) != want || slices.ContainsFunc(classes, func(extra []time.Duration) bool { return len(extra) != n }) {
			return fmt.Errorf("point %d: want %d times of %d work classes, got others", point, n, want)
		}
	}
	return nil
}
