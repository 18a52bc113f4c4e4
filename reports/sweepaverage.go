package reports

import (
	"math"

	"slosim/reports/result"
)

// sweepMetrics are the metrics that are averaged over cells: shares of queries, which are on one
// scale everywhere. A mean of quantiles would mean nothing.
var sweepMetrics = [...]string{"attainment", "effective_accuracy", "accuracy"}

// comparedMetrics are those in which cells have a best.
var comparedMetrics = sweepMetrics[:2]

// average adds up a metric over cells, replication by replication.
//
// Cells of one seed see the same draws, so that their values go up and down together: what is
// independent are replications. The interval is Student's over the means, over cells, of each
// replication; cells of several seeds are averaged likewise. The images are the same in all cells:
// what they add to a cell's interval beyond Student's is averaged over cells, as if it were the
// same luck in each, which it is at most, and added in squares. A single cell keeps the interval
// that it has.
type average struct {
	cells int
	sums  []float64     // [replication]
	luck  float64       // half-widths that the images add
	only  result.Metric // of the first cell
}

// add takes a cell's values of the replications, and its metric. It returns false for a cell that
// does not have them all.
func (a *average) add(values []float64, m result.Metric, luck float64) bool {
	for _, v := range values {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return false
		}
	}
	if len(values) == 0 || m.Mean == nil {
		return false
	}
	if a.cells == 0 {
		a.sums, a.only = make([]float64, len(values)), m
	}
	if len(values) < len(a.sums) { // an axis over their number: those that all cells have
		a.sums = a.sums[:len(values)]
	}
	for r := range a.sums {
		a.sums[r] += values[r]
	}
	a.cells++
	a.luck += luck
	return true
}

// estimate returns the mean over cells with its interval.
func (a *average) estimate() estimate {
	if a.cells == 0 {
		return estimate{math.NaN(), math.NaN()}
	}
	e := studentT(a.means())
	e.half = math.Hypot(e.half, a.luck/float64(a.cells))
	return e
}

// means are those over cells, a replication each.
func (a *average) means() []float64 {
	out := make([]float64, len(a.sums))
	for r := range out {
		out[r] = a.sums[r] / float64(a.cells)
	}
	return out
}

func (a *average) metric() result.Metric {
	switch a.cells {
	case 0:
		return result.Metric{Missing: result.Few}
	case 1:
		return a.only
	}
	return shareMetric(a.estimate())
}

// imageHalf is what the images add to the half-width of a share's interval, whose ends are those
// of estimate.ends.
func imageHalf(m result.Metric, values []float64) float64 {
	if m.Mean == nil || m.Lo == nil || m.Hi == nil || len(values) < 2 {
		return 0
	}
	half := (*m.Hi - *m.Lo) / 2
	if p := *m.Mean; p > 0 && p < 1 && *m.Lo > 0 && *m.Hi < 1 {
		half = (logit(*m.Hi) - logit(*m.Lo)) / 2 * p * (1 - p)
	}
	return beyond(half, studentT(values).half)
}

func logit(p float64) float64 { return math.Log(p / (1 - p)) }

// beyond is what must be added in squares to get from one half-width to a larger one.
func beyond(whole, part float64) float64 {
	if !(whole > part) {
		return 0
	}
	return math.Sqrt(whole*whole - part*part)
}

// group averages the contenders of some cells and compares them.
type group struct {
	averages [][len(sweepMetrics)]average // [contender]
	// Of a contender and an earlier one: half-widths that the images add to their difference, and
	// the difference itself in the first cell.
	lucks map[[2]int]*[len(sweepMetrics)]float64
	only  map[[2]int][len(sweepMetrics)]result.Against
}

func newGroup() *group {
	return &group{lucks: map[[2]int]*[len(sweepMetrics)]float64{}, only: map[[2]int][len(sweepMetrics)]result.Against{}}
}

// sweepSample is a cell as groups take it, worked out once.
type sweepSample struct {
	contenders []int // of the sweep, in order of the cell
	values     [][len(sweepMetrics)][]float64
	metrics    [][len(sweepMetrics)]result.Metric
	lucks      [][len(sweepMetrics)]float64
	pairs      []samplePair
}

// samplePair is the difference of two contenders of a cell, by their numbers in the sweep, a > b.
type samplePair struct {
	a, b    int
	against [len(sweepMetrics)]result.Against
	lucks   [len(sweepMetrics)]float64
}

func (g *group) add(s *sweepSample) {
	for i, contender := range s.contenders {
		for len(g.averages) <= contender {
			g.averages = append(g.averages, [len(sweepMetrics)]average{})
		}
		for m := range sweepMetrics {
			g.averages[contender][m].add(s.values[i][m], s.metrics[i][m], s.lucks[i][m])
		}
	}
	for i := range s.pairs {
		p := &s.pairs[i]
		key := [2]int{p.a, p.b}
		if g.lucks[key] == nil {
			g.lucks[key], g.only[key] = &[len(sweepMetrics)]float64{}, p.against
		}
		for m := range sweepMetrics {
			g.lucks[key][m] += p.lucks[m]
		}
	}
}

// difference is what contender i gains over j; none where they were not in the same cells.
func (g *group) difference(i, j, m int) result.Against {
	a, b := &g.averages[i][m], &g.averages[j][m]
	sign, key := 1.0, [2]int{i, j}
	if i < j {
		sign, key = -1, [2]int{j, i}
	}
	lucks := g.lucks[key]
	if a.cells == 0 || a.cells != b.cells || len(a.sums) != len(b.sums) || lucks == nil {
		return result.Against{Metric: result.Metric{Missing: result.Few}}
	}
	if a.cells == 1 {
		return signed(g.only[key][m], sign)
	}
	x, y := a.means(), b.means()
	for r := range x {
		x[r] -= y[r]
	}
	e := studentT(x)
	e.half = math.Hypot(e.half, lucks[m]/float64(a.cells))
	return against(e)
}

// signed turns a difference around.
func signed(a result.Against, sign float64) result.Against {
	if sign > 0 || a.Mean == nil {
		return a
	}
	mean := -*a.Mean
	out := result.Against{Metric: result.Metric{Mean: &mean}, Significant: a.Significant}
	if a.Lo != nil && a.Hi != nil {
		lo, hi := -*a.Hi, -*a.Lo
		out.Lo, out.Hi = &lo, &hi
	}
	return out
}

// best says who is best in a metric; ok is false without one.
func (g *group) best(names []sweepContender, m int) (best result.SweepBest, ok bool) {
	top, second := -1, -1
	value := func(i int) float64 { return g.averages[i][m].mean() }
	for i := range g.averages {
		if g.averages[i][m].cells == 0 || names[i].bound() {
			continue
		}
		switch {
		case top < 0 || value(i) > value(top):
			top, second = i, top
		case second < 0 || value(i) > value(second):
			second = i
		}
	}
	if top < 0 {
		return best, false
	}
	best = result.SweepBest{Metric: sweepMetrics[m], Contender: names[top].name, Difference: result.Against{Metric: result.Metric{Missing: result.Few}}}
	if second < 0 {
		return best, true
	}
	best.RunnerUp, best.Difference = names[second].name, g.difference(top, second, m)
	for i := range g.averages {
		if i == top || g.averages[i][m].cells == 0 || names[i].bound() {
			continue
		}
		if d := g.difference(top, i, m); !d.Significant {
			best.Tied = append(best.Tied, names[i].name)
		}
	}
	return best, true
}

// mean is that over cells and replications.
func (a *average) mean() float64 {
	if a.cells == 1 {
		return *a.only.Mean
	}
	return studentT(a.means()).mean
}

// sweepContender is a contender of any cell.
type sweepContender struct{ name, technique, policy string }

func (c *sweepContender) bound() bool { return isClairvoyant(c.policy) }

// place returns what a group holds as results.
func (g *group) place(names []sweepContender) (averages []result.SweepAverage, best []result.SweepBest) {
	for i := range g.averages {
		if g.averages[i][0].cells == 0 {
			continue
		}
		one := result.SweepAverage{Contender: names[i].name, Technique: names[i].technique, Policy: names[i].policy,
			Cells: g.averages[i][0].cells, Metrics: map[string]result.Metric{}}
		for m, name := range sweepMetrics {
			one.Metrics[name] = g.averages[i][m].metric()
		}
		averages = append(averages, one)
	}
	for m := range comparedMetrics {
		if b, ok := g.best(names, m); ok {
			best = append(best, b)
		}
	}
	return averages, best
}
