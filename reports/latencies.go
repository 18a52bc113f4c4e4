package reports

import (
	"math"
	"slices"
)

// exactLimit is the number of response times that are kept as they are; beyond
// it they go into a histogram.
const exactLimit = 4096

// latencies is a distribution of response times, ns: an exact sample while it
// is small, a histogram from then on. What it answers depends on the multiset
// of what was added alone, not on the order of adds and merges.
type latencies struct {
	sample []int64 // nil once spilled
	sorted bool
	hist   *histogram
	served uint64
	lost   uint64 // queries that never finished: +infinity
	sum    float64
}

func newLatencies() latencies { return latencies{sample: make([]int64, 0, exactLimit)} }

// add counts a finished query.
func (l *latencies) add(ns int64) {
	l.served++
	l.sum += float64(ns)
	if l.hist != nil {
		l.hist.add(ns)
		return
	}
	if len(l.sample) == exactLimit {
		l.spill()
		l.hist.add(ns)
		return
	}
	l.sample = append(l.sample, ns)
	l.sorted = false
}

// addLost counts a query that never finished.
func (l *latencies) addLost() { l.lost++ }

func (l *latencies) spill() {
	l.hist = new(histogram)
	for _, ns := range l.sample {
		l.hist.add(ns)
	}
	l.sample = nil
}

func (l *latencies) merge(other *latencies) {
	l.served += other.served
	l.lost += other.lost
	l.sum += other.sum
	if l.hist == nil && (other.hist != nil || len(l.sample)+len(other.sample) > exactLimit) {
		l.spill()
	}
	switch {
	case l.hist == nil:
		l.sample = append(l.sample, other.sample...)
		l.sorted = false
	case other.hist != nil:
		l.hist.merge(other.hist)
	default:
		for _, ns := range other.sample {
			l.hist.add(ns)
		}
	}
}

// atRank returns the r-th smallest response time of the served, ns.
func (l *latencies) atRank(r uint64) float64 {
	if l.hist != nil {
		return l.hist.rank(r)
	}
	if !l.sorted {
		slices.Sort(l.sample)
		l.sorted = true
	}
	return float64(l.sample[r-1])
}

// quantile returns the q-quantile of the response time of all queries, ns: the value at
// rank q(n + 1/3) + 1/3, between two queries if need be, which is nearly median-unbiased
// for any distribution (Hyndman and Fan, The American Statistician 1996, definition 8).
// The smallest time that a share q does not exceed would be too low by a third of the
// interval's half-width where one replication has few queries. It is +Inf when the rank
// falls among those that never finished. ok is false when fewer than 20/(1-q) queries
// were seen.
func (l *latencies) quantile(q float64) (ns float64, ok bool) {
	return l.quantileOf(q, l.served+l.lost)
}

// servedQuantile is quantile over the finished queries alone.
func (l *latencies) servedQuantile(q float64) (ns float64, ok bool) {
	return l.quantileOf(q, l.served)
}

func (l *latencies) quantileOf(q float64, n uint64) (ns float64, ok bool) {
	if n < enough(q) {
		return 0, false
	}
	rank := q*(float64(n)+1.0/3) + 1.0/3 // from 1; below n, since n is enough
	r := uint64(rank)
	if r+1 > l.served {
		return math.Inf(1), true
	}
	low, high := l.atRank(r), l.atRank(r+1)
	return low + (rank-float64(r))*(high-low), true
}

// enough returns 20/(1-q): with fewer samples a quantile is not printed.
func enough(q float64) uint64 { return uint64(math.Round(20 / (1 - q))) }
