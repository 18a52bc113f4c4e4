package reports

import (
	"math"
	"slices"
	"time"

	"slosim/reports/result"
)

// metric is one statistic of a replication. value returns NaN when it does not
// exist there and +Inf for an infinite quantile.
type metric struct {
	name   string
	better int     // 1: more, -1: less, 0: neither; those that are better or worse are compared
	single bool    // only of all classes together: capacity is not divided among classes
	sum    bool    // of stretches it is the sum, not a mean
	q      float64 // of a quantile of all arrived queries, else 0
	value  func(*part) float64
	weight func(*part) float64 // of a stretch in the mean over stretches
}

// part is what one replication has in one cell.
type part struct {
	counts
	done   int64
	busy   time.Duration
	length time.Duration // of the window
	worker int

	budget float64                 // queries that may miss in the whole measured window, whichever of its windows this is
	burn   [len(burnPairs)]float64 // largest rate that both windows of a pair saw
}

// metrics are the statistics that are means over replications. accuracy,
// accuracy_met and slo_met need more and are made apart.
var metrics = [...]metric{
	{name: "attainment", better: 1, value: func(p *part) float64 { return ratio(p.met, p.arrived) }, weight: byArrived},
	{name: "effective_accuracy", better: 1, value: func(p *part) float64 { return ratio(p.rightMet, p.arrived) }, weight: byArrived},
	{name: "accuracy", better: 1, value: func(p *part) float64 { return ratio(p.right, p.finished) }, weight: byFinished},
	{name: "goodput_qps", better: 1, value: func(p *part) float64 { return float64(p.met) / p.length.Seconds() }, weight: byLength},
	{name: "throughput_qps", value: func(p *part) float64 { return float64(p.done) / p.length.Seconds() }, weight: byLength},
	{name: "utilisation", single: true, weight: byLength, value: func(p *part) float64 {
		return p.busy.Seconds() / (p.length.Seconds() * float64(p.worker))
	}},
	{name: "capacity_qps", better: 1, single: true, weight: byBusy, value: func(p *part) float64 {
		return float64(p.done) / p.busy.Seconds() * float64(p.worker)
	}},
	{name: "mean_density", value: func(p *part) float64 { return p.density / float64(p.finished) }, weight: byFinished},
	{name: "mean_ms", value: func(p *part) float64 { return p.latency.sum / float64(p.finished) / 1e6 }, weight: byFinished},
	{name: "waiting_ms", value: func(p *part) float64 { return p.waiting / float64(p.finished) / 1e6 }, weight: byFinished},
	{name: "p50_ms", better: -1, q: 0.5, value: quantileOf(0.5), weight: byArrived},
	{name: "p90_ms", better: -1, q: 0.9, value: quantileOf(0.9), weight: byArrived},
	{name: "p99_ms", better: -1, q: 0.99, value: quantileOf(0.99), weight: byArrived},
	{name: "p999_ms", better: -1, q: 0.999, value: quantileOf(0.999), weight: byArrived},
	{name: "p99_served_ms", value: func(p *part) float64 { return milliseconds(p.latency.servedQuantile(0.99)) }, weight: byFinished},
	{name: "budget_spent", better: -1, value: func(p *part) float64 { return float64(p.arrived-p.met) / p.budget }, weight: byBudget},
	burnMetric(0), burnMetric(1), burnMetric(2),
	{name: "dropped", sum: true, value: func(p *part) float64 { return float64(p.arrived - p.finished) }, weight: func(*part) float64 { return 1 }},
}

func byArrived(p *part) float64  { return float64(p.arrived) }
func byFinished(p *part) float64 { return float64(p.finished) }
func byLength(p *part) float64   { return p.length.Seconds() }
func byBusy(p *part) float64     { return p.busy.Seconds() }

// indexOf finds a metric by its name.
func indexOf(name string) int {
	return slices.IndexFunc(metrics[:], func(m metric) bool { return m.name == name })
}

// ratio returns NaN for 0/0.
func ratio(part, whole int64) float64 { return float64(part) / float64(whole) }

func quantileOf(q float64) func(*part) float64 {
	return func(p *part) float64 { return milliseconds(p.latency.quantile(q)) }
}

func milliseconds(ns float64, ok bool) float64 {
	if !ok {
		return math.NaN()
	}
	return ns / 1e6
}

// cellSample is one contender's cell: each metric in each replication.
type cellSample struct {
	replications []int
	values       [len(metrics)][]float64 // [metric][replication]
	met, arrived []int64                 // [replication]
	lucks        [len(shares)]luck
	pooled       latencies // over all replications
	queries      int64
	finished     int64
	target       float64 // sum of the accuracy targets of finished queries

	batches *batchCell // of a single replication, nil without
}

func newCellSample(run *Contender, group cellGroup) *cellSample {
	s := &cellSample{}
	s.pooled.sample = []int64{}
	for _, t := range run.Tallies {
		p := t.part(group)
		s.replications = append(s.replications, t.config.Replication)
		for m := range metrics {
			s.values[m] = append(s.values[m], metrics[m].value(&p))
		}
		s.met, s.arrived = append(s.met, p.met), append(s.arrived, p.arrived)
		s.pooled.merge(&p.latency)
		s.queries += p.arrived
		s.finished += p.finished
		s.target += p.target
	}
	s.lucks = lucksOf(run.Tallies, group)
	s.batches = newBatchCell(run.Batches, group)
	return s
}

// part adds up the counters of a cell.
func (t *Tally) part(group cellGroup) part {
	p := part{counts: counts{latency: latencies{sample: []int64{}}}, worker: t.config.Workers,
		budget: t.budget(group.classes), burn: t.largestBurns(&group)}
	for _, w := range group.windows {
		p.length += t.length[w]
		p.busy += t.busy[w]
		for _, c := range group.classes {
			p.counts.merge(&t.cells[c][w])
			p.done += t.done[c][w]
		}
	}
	return p
}

// metric returns the mean over replications with its interval. One infinite
// replication makes the mean infinite. Replications in which the class had no
// query are left out of a share; a quantile for which one replication has too few
// queries is taken from all replications together, without an interval, when
// those are enough.
func (s *cellSample) metric(m int) result.Metric {
	finite := make([]float64, 0, len(s.values[m]))
	for _, v := range s.values[m] {
		if math.IsInf(v, 1) {
			return result.Metric{Missing: result.Infinite}
		}
		if !math.IsNaN(v) {
			finite = append(finite, v)
		}
	}
	if q := metrics[m].q; q > 0 && len(finite) < len(s.values[m]) {
		return s.pooledQuantile(q)
	}
	e := s.estimate(m, finite)
	out := toMetric(e)
	switch {
	case !e.known():
	case !isShare(m) && metrics[m].q == 0:
		*out.Lo = max(*out.Lo, 0) // of counts, times and rates
	case isShare(m):
		*out.Lo, *out.Hi = e.ends()
	case metrics[m].q > 0:
		*out.Lo, *out.Hi = e.positiveEnds()
	}
	return out
}

// estimate returns the mean of a metric's values in replications, or one replication's
// value with the interval of its batches.
func (s *cellSample) estimate(m int, values []float64) estimate {
	if s.batches != nil && len(values) == 1 {
		return s.batches.estimate(m, values[0])
	}
	return s.widened(m, studentT(values))
}

// isShare says whether a metric is a share of queries.
func isShare(m int) bool {
	return slices.ContainsFunc(shares[:], func(s share) bool { return s.metric == metrics[m].name })
}

// widened allows for the luck of the images where a metric is a share of queries.
func (s *cellSample) widened(m int, e estimate) estimate {
	for i := range shares {
		if shares[i].metric == metrics[m].name {
			return s.lucks[i].widen(e, len(s.replications))
		}
	}
	return e
}

func (s *cellSample) pooledQuantile(q float64) result.Metric {
	ms := milliseconds(s.pooled.quantile(q))
	if math.IsInf(ms, 1) {
		return result.Metric{Missing: result.Infinite}
	}
	return toMetric(estimate{ms, math.NaN()})
}

// accuracy returns the mean accuracy with its interval.
func (s *cellSample) accuracy() estimate {
	m := indexOf("accuracy")
	var values []float64
	for _, v := range s.values[m] {
		if !math.IsNaN(v) {
			values = append(values, v)
		}
	}
	return s.estimate(m, values)
}

// accuracyMet says whether the mean target of the answered queries lies below
// the interval of accuracy. ok is false when there is no interval.
func (s *cellSample) accuracyMet() (met, ok bool) {
	if s.finished > 0 && s.target == 0 {
		return true, true // nothing was promised
	}
	e := s.accuracy()
	lo, _ := e.ends()
	return s.target/float64(s.finished) < lo, e.known()
}

// promises gathers what the classes of a cell promised.
type promises struct {
	known        bool    // every class with queries has an interval
	broken       []int   // classes that do not keep their promise
	met, arrived []int64 // [replication], met of the classes that keep it

	batches *batchCell // of the whole group, nil without
}

// add takes a class with its cell.
func (p *promises) add(class int, s *cellSample) {
	if p.met == nil {
		p.met, p.arrived = make([]int64, len(s.met)), make([]int64, len(s.met))
	}
	met, ok := s.accuracyMet()
	p.known = p.known && (ok || s.queries == 0)
	if !met && s.queries > 0 {
		p.broken = append(p.broken, class)
	}
	for r := range p.met {
		p.arrived[r] += s.arrived[r]
		if met {
			p.met[r] += s.met[r]
		}
	}
}

// metrics returns accuracy_met (1 when every class meets its target, else 0) and slo_met:
// the share of arrived queries that finished in time and whose class keeps its accuracy
// promise. Both are null when a class has no interval.
func (p *promises) metrics(tallies []*Tally, group cellGroup) (accuracyMet, sloShare result.Metric) {
	if !p.known {
		return result.Metric{Missing: result.Few}, result.Metric{Missing: result.Few}
	}
	every := 1.0
	if len(p.broken) > 0 {
		every = 0
	}
	var values []float64
	for r := range p.met {
		if p.arrived[r] > 0 {
			values = append(values, ratio(p.met[r], p.arrived[r]))
		}
	}
	group.broken = p.broken
	if p.batches != nil && len(values) == 1 {
		return result.Metric{Mean: &every}, shareMetric(p.batches.sloMet(values[0], group))
	}
	e := luckOfShare(tallies, &group, &sloMet).widen(studentT(values), len(values))
	return result.Metric{Mean: &every}, shareMetric(e)
}

// shareMetric writes the estimate of a share.
func shareMetric(e estimate) result.Metric {
	m := toMetric(e)
	if e.known() {
		*m.Lo, *m.Hi = e.ends()
	}
	return m
}

// toMetric writes an estimate as a result; NaN, for want of samples, is null.
func toMetric(e estimate) result.Metric {
	if math.IsNaN(e.mean) {
		return result.Metric{Missing: result.Few}
	}
	m := result.Metric{Mean: &e.mean}
	if e.known() {
		lo, hi := e.lo(), e.hi()
		m.Lo, m.Hi = &lo, &hi
	}
	return m
}

// Directed says whether more, or less, of a metric is better.
func Directed(name string) bool {
	m := indexOf(name)
	return m >= 0 && metrics[m].better != 0
}

// IsShare says whether a metric lies between 0 and 1.
func IsShare(metric string) bool {
	switch metric {
	case "attainment", "accuracy", "accuracy_met", "effective_accuracy", "slo_met", "utilisation", "mean_density":
		return true
	}
	return false
}
