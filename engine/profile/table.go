package profile

import (
	"math"
	"slices"
)

// gridSize is the number of quantiles in a table: every half per cent up to 0.99,
// every 0.0005 up to 0.999, every 0.0001 up to 1. The quantiles that people ask for
// are knots, so they are not interpolated.
const gridSize = 227

// gridPosition returns where the q-quantile lies in a table, 0 to gridSize-1.
func gridPosition(q float64) float64 {
	switch {
	case !(q > 0):
		return 0
	case q < 0.99:
		return q * 200
	case q < 0.999:
		return 198 + (q-0.99)*2000
	case q < 1:
		return 216 + (q-0.999)*10000
	}
	return gridSize - 1
}

// gridQuantile is the inverse of gridPosition at a knot.
func gridQuantile(i int) float64 {
	switch {
	case i < 198:
		return float64(i) / 200
	case i < 216:
		return 0.99 + float64(i-198)/2000
	}
	return 0.999 + float64(i-216)/10000
}

// interpolate reads a table between its entries.
func interpolate(table []float64, position float64) float64 {
	i := int(position)
	if i >= len(table)-1 {
		return table[len(table)-1]
	}
	return table[i] + (position-float64(i))*(table[i+1]-table[i])
}

// distinct sorts and removes duplicates, in place.
func distinct(values []float64) []float64 {
	slices.Sort(values)
	return slices.Compact(values)
}

// A table is made of so many quasi-random (execution, activation, start) triples: 4,096
// put four beyond the 0.999-quantile; starts over a rough stall sequence need more.
// Probabilities are then right within about 0.002.
const (
	plainTriples = 4096
	stallTriples = 16384
)

// Steps of the Kronecker sequence that, with i/n, covers the cube evenly: the powers of
// the inverse of the plastic number (Roberts 2018, "R2").
const (
	activationStep = 0.7548776662466927
	startStep      = 0.5698402909980532
)

// composer convolves activation, execution and stalls of the calibration half.
type composer struct {
	half     *Half
	level    int
	activate Dist        // of the level; nil without activation
	timeline *Timeline   // of the level; nil unless the core is shared
	weights  [][]float64 // [point][class], from the calibration outcomes
	times    []float64   // scratch, nanoseconds
}

func newComposer(set *Set) *composer {
	c := &composer{half: &set.Calibration, times: make([]float64, plainTriples)}
	for p := range set.Points {
		c.weights = append(c.weights, c.half.ClassShares(p))
	}
	return c
}

// setLevel turns the composer to a level.
func (c *composer) setLevel(level int) error {
	c.level, c.activate, c.timeline = level, nil, nil
	c.times = c.times[:plainTriples]
	if len(c.half.Activate) > 0 {
		c.activate = c.half.Activate[level]
	}
	if len(c.half.Stalls) == 0 || len(c.half.Stalls[level]) == 0 {
		return nil
	}
	timeline, err := NewTimeline(c.half.Stalls[level])
	c.timeline, c.times = timeline, make([]float64, stallTriples)
	return err
}

// mean returns a point's mean time on a worker that is never idle, in nanoseconds.
func (c *composer) mean(point int) float64 {
	m := float64(c.activate.Mean())
	for class, w := range c.weights[point] {
		m += w * float64(c.half.Execute[point][c.level][class].Mean())
	}
	if c.timeline != nil {
		m *= float64(c.timeline.Period()) / float64(c.timeline.OnCPU())
	}
	return m
}

// quantiles adds share times the quantiles of a point's service time to a table.
func (c *composer) quantiles(point int, share float64, table []float64) {
	for i := range c.times {
		c.times[i] = c.time(point, i)
	}
	slices.Sort(c.times)
	for g := range table {
		table[g] += share * interpolate(c.times, gridQuantile(g)*float64(len(c.times)-1))
	}
}

// time returns the service time of the i-th triple, in nanoseconds.
func (c *composer) time(point, i int) float64 {
	service := c.execution(point, (float64(i)+0.5)/float64(len(c.times)))
	if len(c.activate) > 0 {
		service += float64(c.activate.Quantile(fraction(0.5 + float64(i)*activationStep)))
	}
	if c.timeline == nil {
		return service
	}
	at := durationOf(fraction(0.5+float64(i)*startStep) * float64(c.timeline.Period()))
	return float64(c.timeline.Finish(at, durationOf(service)) - at)
}

// execution draws from the mixture of the work classes with one uniform number: which
// class's part of the unit interval u falls into, and where in that part.
func (c *composer) execution(point int, u float64) float64 {
	last := 0
	for class, w := range c.weights[point] {
		if w == 0 {
			continue
		}
		last = class
		if u < w {
			return float64(c.half.Execute[point][c.level][class].Quantile(u / w))
		}
		u -= w
	}
	return float64(c.half.Execute[point][c.level][last].Quantile(1))
}

func fraction(x float64) float64 { return x - math.Floor(x) }
