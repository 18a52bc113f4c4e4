package reports

import (
	"fmt"
	"math"
	"slices"
	"time"

	"slosim/reports/result"
)

// batchCount is the number of batches of a single replication: more would be shorter and
// tell no more about their own spread (Schmeiser, Operations Research 1982: 10 to 30).
const batchCount = 20

// Batches are the tallies of a single long replication's batches: equal stretches of its
// measured window. Stretches that are long against the memory of the queues are nearly
// independent, so that what differs between them gives an interval where there is no
// second replication (the method of batch means; Law, Simulation Modeling and Analysis,
// section 9.5.3).
type Batches struct {
	tallies []*Tally
	from    time.Duration // of the first
	length  time.Duration // of each but the last, which takes the rest
}

// NewBatches returns empty batches of the replication that a configuration describes; nil
// if its window is too short to be cut.
func NewBatches(config TallyConfig) *Batches {
	b := &Batches{from: config.WarmUp, length: (config.Duration - config.WarmUp) / batchCount}
	if b.length < 1 {
		return nil
	}
	for i := range batchCount {
		one := config
		one.Replication, one.Bin = i, 0
		one.WarmUp = config.WarmUp + time.Duration(i)*b.length
		if i < batchCount-1 {
			one.Duration = one.WarmUp + b.length
		}
		b.tallies = append(b.tallies, NewTally(one))
	}
	return b
}

// Add counts one query, in any order: in the batch of its arrival, and in those in which
// it kept a worker busy or finished.
func (b *Batches) Add(o *Observation) {
	last := o.ArriveAt
	if o.finished() {
		last = o.FinishAt
	} else if o.Busy > 0 {
		last = o.service().To
	}
	for i := b.at(o.ArriveAt); i <= b.at(last); i++ {
		b.tallies[i].Add(o)
	}
}

// at returns the batch of an instant, the nearest for one outside of all.
func (b *Batches) at(instant time.Duration) int {
	if instant < b.from {
		return 0
	}
	return min(int((instant-b.from)/b.length), batchCount-1)
}

// batchMeans returns an estimate from the whole replication with the interval that its
// batches give. The whole is a ratio, sum(weight x value)/sum(weight) over batches, which
// need not be equally busy; its variance is n/(n-1) x sum((weight x (value - whole))^2) /
// sum(weight)^2 (Cochran, Sampling Techniques, section 6.3). Batches without a value count
// for nothing; less than half of them leave no interval.
func batchMeans(whole float64, values, weights []float64) estimate {
	n, sum, squares := 0.0, 0.0, 0.0
	for i, v := range values {
		if math.IsNaN(v) || !(weights[i] > 0) {
			continue
		}
		n++
		sum += weights[i]
		squares += math.Pow(weights[i]*(v-whole), 2)
	}
	if n < batchCount/2 || math.IsInf(squares, 1) || math.IsNaN(whole) {
		return estimate{whole, math.NaN()}
	}
	return estimate{whole, tFactor(n-1) * math.Sqrt(n/(n-1)*squares) / sum}
}

// batchCell is a cell in each batch of a single replication.
type batchCell struct {
	tallies []*Tally
	parts   []part
	lucks   [len(shares)]luck
}

func newBatchCell(b *Batches, group cellGroup) *batchCell {
	if b == nil {
		return nil
	}
	c := &batchCell{tallies: b.tallies, lucks: lucksOf(b.tallies, group)}
	for _, t := range b.tallies {
		c.parts = append(c.parts, t.part(group))
	}
	return c
}

// values returns a metric in each batch, and how much the batch weighs in it.
func (c *batchCell) values(m int) (values, weights []float64) {
	for i := range c.parts {
		values = append(values, metrics[m].value(&c.parts[i]))
		weights = append(weights, metrics[m].weight(&c.parts[i]))
	}
	return values, weights
}

// estimate returns a metric of the whole replication with its interval.
func (c *batchCell) estimate(m int, whole float64) estimate {
	values, weights := c.values(m)
	e := batchMeans(whole, values, weights)
	if metrics[m].sum { // of the batches' values, not their mean
		e = batchMeans(whole/batchCount, values, weights)
		e = estimate{whole, e.half * batchCount}
	}
	for s := range shares {
		if shares[s].metric == metrics[m].name {
			return c.lucks[s].widen(e, batchCount)
		}
	}
	return e
}

// difference returns what a gains over b in a metric, batch by batch.
func (c *batchCell) difference(other *batchCell, m int, whole float64, images luck) result.Against {
	x, weights := c.values(m)
	y, _ := other.values(m)
	for i := range x {
		x[i] -= y[i]
	}
	return against(images.widen(batchMeans(whole, x, weights), batchCount))
}

// lagOne returns the correlation of a metric between neighbouring batches, NaN without.
func (c *batchCell) lagOne(m int) float64 {
	values, _ := c.values(m)
	mean := studentT(values).mean
	product, squares := 0.0, 0.0
	for i, v := range values {
		squares += (v - mean) * (v - mean)
		if i > 0 {
			product += (v - mean) * (values[i-1] - mean)
		}
	}
	return product / squares
}

// sloMet returns slo_met of the whole replication with its interval.
func (c *batchCell) sloMet(whole float64, group cellGroup) estimate {
	var values, weights []float64
	for _, t := range c.tallies {
		hits, of := int64(0), int64(0)
		for _, class := range group.classes {
			for _, w := range group.windows {
				of += t.cells[class][w].arrived
				if !slices.Contains(group.broken, class) {
					hits += t.cells[class][w].met
				}
			}
		}
		values, weights = append(values, ratio(hits, of)), append(weights, float64(of))
	}
	return luckOfShare(c.tallies, &group, &sloMet).widen(batchMeans(whole, values, weights), batchCount)
}

// count returns how many batches there are.
func (b *Batches) count() int {
	if b == nil {
		return 0
	}
	return len(b.tallies)
}

// rounded returns a length with three digits or so.
func rounded(length time.Duration) time.Duration {
	unit := time.Duration(1)
	for length/unit >= 10_000 {
		unit *= 10
	}
	return length.Round(unit)
}

// busy returns how many batches had an arrival.
func (b *Batches) busy() (n int) {
	for _, t := range b.tallies {
		if t.Arrived() > 0 {
			n++
		}
	}
	return n
}

// batched returns the contenders with their batches, where they have them, in the place of
// replications.
func batched(runs []Contender) []Contender {
	out := slices.Clone(runs)
	for i := range out {
		if out[i].Batches != nil {
			out[i].Tallies = out[i].Batches.tallies
		}
	}
	return out
}

// batchNotes are the caveats of intervals from batches.
func batchNotes(runs []Contender) []string {
	notes := []string{fmt.Sprintf("1 replication: intervals are of %d batches of %v each, and take the profile as exact; better 10 replications",
		batchCount, rounded(runs[0].Batches.length))}
	groups := cellGroups(runs[0].Tallies[0])
	if busy := runs[0].Batches.busy(); busy < batchCount/2 {
		return []string{fmt.Sprintf("1 replication, and queries in only %d of its %d stretches of %v: no intervals, no comparisons; run longer, or at least 2 replications, better 10",
			busy, batchCount, rounded(runs[0].Batches.length))}
	}
	for _, run := range runs {
		if r := newBatchCell(run.Batches, groups[0]).lagOne(indexOf("mean_ms")); r > correlated {
			notes = append(notes, fmt.Sprintf("%s: neighbouring batches correlate (%.2f in mean response time): its intervals are too narrow; run longer, or several replications", printable(run.Name), r))
		}
	}
	return notes
}

// correlated is what the lag-1 correlation of independent batches exceeds once in a hundred
// runs: 2.33 deviations of about 1/sqrt(batches).
const correlated = 0.52
