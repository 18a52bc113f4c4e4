package profile

import (
	"fmt"
	"math"
	"slices"
	"time"
)

// Belief answers what a policy may ask about a technique: the calibration half
// only, at a scalar slow-down. It is immutable, safe for concurrent use, and its
// look-ups allocate nothing.
//
// Service time is activation plus execution, drawn independently of each other,
// execution being the mixture of the work classes as often as they occur in the
// calibration outcomes. Where the core is shared, stalls are composed in, for the
// two questions that policies ask in two ways:
//
//   - Quantile asks when a query that is handed over now will be finished. The instant
//     is uniform over the wall time of the measured (gap, wait) sequence: the core may
//     be away at that moment, and then the query waits for it too.
//   - Mean asks how much of a worker's time a query takes of a worker that has always
//     something to do, hence the on-CPU mean times wall time over on-CPU time. (It
//     is also the mean wall time of a query that starts while the worker has the
//     core, as after a completion.)
//
// Between the calibrated levels, sorted by Level.Slowdown, times are interpolated
// linearly in the slow-down; levels of equal slow-down are averaged; a time that
// falls as the slow-down rises is repaired by isotonic regression. Below the least
// level (or 1, or for NaN) the least holds; above the highest, times grow in
// proportion to the slow-down.
type Belief struct {
	points     []Point
	accuracy   []float64
	confidence []calibration
	has        bool
	knots      []float64 // slow-downs, ascending, at least 1
	mean       []float64 // [point][knot], nanoseconds
	table      []float64 // [point][knot][grid], nanoseconds
	batches    batches
}

// NewBelief compiles the calibration half of a set. levels are the profile's; those
// named unseen are as if nobody had calibrated them. It refuses a half that is not
// consistent, or has no samples where a query may need them.
func NewBelief(set *Set, levels []Level, unseen ...int) (*Belief, error) {
	if err := set.checkHalf("calibration", &set.Calibration, len(levels)); err != nil {
		return nil, err
	}
	b := &Belief{points: set.Points, batches: newBatches(set)}
	for p := range set.Points {
		outcomes := set.Calibration.point(p)
		b.accuracy = append(b.accuracy, shareRight(outcomes))
		b.confidence = append(b.confidence, confidenceOf(set, outcomes))
		b.has = b.has || len(b.confidence[p].raw) > 0
	}
	if err := b.compile(set, levels, unseen); err != nil {
		return nil, err
	}
	return b, nil
}

// confidenceOf fits a point's confidence map, an empty one for a set without confidences.
func confidenceOf(set *Set, outcomes []Outcome) calibration {
	if !set.HasConfidence {
		return calibration{}
	}
	return newCalibration(outcomes)
}

// Points returns the operating points. They must not be changed.
func (b *Belief) Points() []Point { return b.points }

// Accuracy returns the calibrated accuracy of a point: the share of right answers
// over the calibration half.
func (b *Belief) Accuracy(point int) float64 { return b.accuracy[point] }

// HasConfidence says whether a probe tells anything about a query.
func (b *Belief) HasConfidence() bool { return b.has }

// Mean returns the mean service time at a believed slow-down, activation and stalls
// included: the time that a query takes of a worker that is never idle.
func (b *Belief) Mean(point int, slowdown float64) time.Duration {
	i, f, scale := b.locate(slowdown)
	row := b.mean[point*len(b.knots)+i:]
	v := row[0]
	if f > 0 {
		v += f * (row[1] - v)
	}
	return time.Duration(v * scale)
}

// Quantile returns the q-quantile of the service time at a believed slow-down,
// activation and stalls included: the time from handing a query over, at an instant
// that knows nothing of the core's absences, until it is finished. q is clamped to 0 to 1.
func (b *Belief) Quantile(point int, q, slowdown float64) time.Duration {
	i, f, scale := b.locate(slowdown)
	row := b.table[(point*len(b.knots)+i)*gridSize:]
	position := gridPosition(q)
	v := interpolate(row[:gridSize], position)
	if f > 0 {
		v += f * (interpolate(row[gridSize:2*gridSize], position) - v)
	}
	return time.Duration(v * scale)
}

// Within returns the share of queries, 0 to 1, whose service time at a believed
// slow-down is at most limit: the inverse of Quantile.
func (b *Belief) Within(point int, limit time.Duration, slowdown float64) float64 {
	i, f, scale := b.locate(slowdown)
	row := b.table[(point*len(b.knots)+i)*gridSize:]
	low, high := row[:gridSize], row[:gridSize]
	if f > 0 {
		high = row[gridSize : 2*gridSize]
	}
	at := func(g int) float64 { return low[g] + f*(high[g]-low[g]) }
	want := float64(limit) / scale
	if want < at(0) {
		return 0
	}
	below, above := 0, gridSize // at(below) <= want < at(above), were there one more
	for above-below > 1 {
		if middle := (below + above) / 2; at(middle) <= want {
			below = middle
		} else {
			above = middle
		}
	}
	if above == gridSize {
		return 1
	}
	part := (want - at(below)) / (at(above) - at(below))
	return gridQuantile(below) + part*(gridQuantile(above)-gridQuantile(below))
}

// Confidence maps an activator's raw confidence at a point to the probability of a
// right answer (isotonic, fitted on calibration labels). ok is false for a NaN and
// for points without confidences.
func (b *Belief) Confidence(point int, raw float32) (c float64, ok bool) {
	return b.confidence[point].at(float64(raw))
}

// maxScale bounds extrapolation, so that an absurd slow-down stays a valid duration.
const maxScale = 1e6

// locate finds the knots around a slow-down: times are those of knot i, a fraction
// f of the way to knot i+1 (0 when there is none), times scale.
func (b *Belief) locate(slowdown float64) (i int, f, scale float64) {
	last := len(b.knots) - 1
	switch {
	case !(slowdown > b.knots[0]): // NaN too
		return 0, 0, 1
	case slowdown >= b.knots[last]:
		return last, 0, min(slowdown/b.knots[last], maxScale)
	}
	for b.knots[i+1] <= slowdown {
		i++
	}
	return i, (slowdown - b.knots[i]) / (b.knots[i+1] - b.knots[i]), 1
}

// compile fills the tables.
func (b *Belief) compile(set *Set, levels []Level, unseen []int) error {
	groups, err := b.sortLevels(levels, unseen)
	if err != nil {
		return err
	}
	b.mean = make([]float64, len(b.points)*len(b.knots))
	b.table = make([]float64, len(b.mean)*gridSize)
	c := newComposer(set)
	for l := range levels {
		if groups.knot[l] < 0 {
			continue
		}
		share := 1 / float64(groups.size[groups.knot[l]])
		if err := c.setLevel(l); err != nil {
			return err
		}
		for p := range b.points {
			row := p*len(b.knots) + groups.knot[l]
			b.mean[row] += share * c.mean(p)
			c.quantiles(p, share, b.table[row*gridSize:(row+1)*gridSize])
		}
	}
	b.repair(groups.size)
	return nil
}

// levelGroups says which knot a level belongs to, and how many levels a knot has.
type levelGroups struct {
	knot []int // [level]; -1: unseen
	size []int // [knot]
}

// sortLevels fills the knots: the distinct slow-downs, ascending.
func (b *Belief) sortLevels(levels []Level, unseen []int) (levelGroups, error) {
	for i, level := range levels {
		if !(level.Slowdown > 0) || math.IsInf(level.Slowdown, 0) {
			return levelGroups{}, fmt.Errorf("profile: level %d: slow-down: want a positive number, got %v", i, level.Slowdown)
		}
		if !slices.Contains(unseen, i) {
			b.knots = append(b.knots, max(1, level.Slowdown))
		}
	}
	if len(b.knots) == 0 {
		return levelGroups{}, fmt.Errorf("profile: want a level that is not unseen, got none")
	}
	b.knots = distinct(b.knots)
	g := levelGroups{knot: make([]int, len(levels)), size: make([]int, len(b.knots))}
	for i, level := range levels {
		g.knot[i] = -1
		if !slices.Contains(unseen, i) {
			g.knot[i] = slices.Index(b.knots, max(1, level.Slowdown))
			g.size[g.knot[i]]++
		}
	}
	return g, nil
}

// repair makes every time ascend with the slow-down. Isotonic regression keeps the
// order of its inputs, so quantiles of one knot stay ascending as well.
func (b *Belief) repair(sizes []int) {
	n := len(b.knots)
	weights, values := make([]float64, n), make([]float64, n)
	for k, size := range sizes {
		weights[k] = float64(size)
	}
	for p := range b.points {
		poolColumn(b.mean[p*n:], 1, values, weights)
		for g := range gridSize {
			poolColumn(b.table[p*n*gridSize+g:], gridSize, values, weights)
		}
	}
}

// poolColumn repairs len(values) numbers that lie stride apart.
func poolColumn(column []float64, stride int, values, weights []float64) {
	for k := range values {
		values[k] = column[k*stride]
	}
	pool(values, weights)
	for k, v := range values {
		column[k*stride] = v
	}
}
