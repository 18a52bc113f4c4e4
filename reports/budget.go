package reports

import (
	"math"
	"time"

	"slosim/reports/result"
)

// An error budget is what an objective leaves: of a class that promises a share (its objective) of
// answers in time, 1 - objective of the queries may miss. The burn rate over a stretch of time is the
// share of its queries that missed, over that: at 1 the budget lasts as long as the period that it is for,
// at 10 a tenth of it (Beyer et al., The Site Reliability Workbook, 2018, chapter 5).
//
// The workbook alerts on two windows at once, a long one so that the alert means something and a short
// one so that it ends when the trouble does, of a period of 30 days. A simulation is shorter: the measured
// window stands for the 30 days, and all windows shrink with it, so that the same share of the budget is
// at stake.

// budgetBins is how many bins the measured window is cut into: the workbook's shortest window, 5 minutes of 30
// days, is one.
const budgetBins = 8640

// burnPair is a pair of windows with the burn rate at which both together raise an alert.
type burnPair struct {
	metric      string
	long, short int // bins
	threshold   float64
	severity    string
}

// burnPairs are those of the workbook, table 5-8: 2 % of the budget in 1 hour (beside 5 minutes), 5 % in 6
// hours (30 minutes) and 10 % in 3 days (6 hours).
var burnPairs = [...]burnPair{
	{"burn_1h", 12, 1, 14.4, "page"},
	{"burn_6h", 72, 6, 6, "page"},
	{"burn_3d", 864, 72, 1, "ticket"},
}

// Alerts describes the pairs of windows, scaled to a measured window.
func Alerts(measured time.Duration) (alerts []result.Alert) {
	bin := measured.Seconds() / budgetBins
	for _, p := range burnPairs {
		alerts = append(alerts, result.Alert{Metric: p.metric, Severity: p.severity, Threshold: p.threshold,
			LongS: float64(p.long) * bin, ShortS: float64(p.short) * bin})
	}
	return alerts
}

// burnMetric is the metric of the i-th pair.
func burnMetric(i int) metric {
	return metric{name: burnPairs[i].metric, better: -1, value: func(p *part) float64 { return p.burn[i] }, weight: none}
}

// none is the weight of what is not a mean over stretches: batches give it no interval.
func none(*part) float64 { return math.NaN() }

func byBudget(p *part) float64 { return p.budget }

// burnBin counts the queries of a class that arrived in a bin.
type burnBin struct{ arrived, missed uint32 }

// newBurns returns the empty bins of each class; nil without objectives or a timeline.
func newBurns(config *TallyConfig) [][]burnBin {
	if len(config.Objectives) == 0 || config.Bin <= 0 {
		return nil
	}
	bins := make([][]burnBin, len(config.Classes))
	for c := range bins {
		bins[c] = make([]burnBin, budgetBins)
	}
	return bins
}

// addBurn counts a query of the measured window.
func (t *Tally) addBurn(o *Observation) {
	if t.burns == nil {
		return
	}
	i := int(float64(o.ArriveAt-t.config.WarmUp) * t.burnBinsPerNS)
	b := &t.burns[o.Class][min(i, budgetBins-1)]
	b.arrived++
	if !o.met() {
		b.missed++
	}
}

// budget is how many queries of some classes may miss over the whole measured window: each class has its
// own objective. NaN without objectives.
func (t *Tally) budget(classes []int) (sum float64) {
	if len(t.config.Objectives) == 0 {
		return math.NaN()
	}
	for _, c := range classes {
		sum += t.allowed(c) * float64(t.cells[c][quiet].arrived+t.cells[c][interference].arrived)
	}
	return sum
}

// allowed is the share of a class's queries that may miss.
func (t *Tally) allowed(class int) float64 { return 1 - t.config.Objectives[class] }

// burnCurve holds the misses and the budget of some classes before the end of each bin, added up.
type burnCurve struct{ missed, budget [budgetBins + 1]float64 }

// burnCurve adds the bins of classes up; nil without.
func (t *Tally) burnCurve(classes []int) *burnCurve {
	if t.burns == nil {
		return nil
	}
	curve := &burnCurve{}
	for k := range budgetBins {
		curve.missed[k+1], curve.budget[k+1] = curve.missed[k], curve.budget[k]
		for _, c := range classes {
			b := t.burns[c][k]
			curve.missed[k+1] += float64(b.missed)
			curve.budget[k+1] += t.allowed(c) * float64(b.arrived)
		}
	}
	return curve
}

// over is the burn rate of the last bins before the end of the k-th (from 1). Nothing burns where no
// query arrived.
func (c *burnCurve) over(bins, k int) float64 {
	missed := c.missed[k] - c.missed[k-bins]
	if missed == 0 {
		return 0
	}
	return missed / (c.budget[k] - c.budget[k-bins])
}

// both is the burn rate that both windows of a pair have at the end of the k-th bin, that is at least; -1
// where the long one would begin before the measured window.
func (c *burnCurve) both(p *burnPair, k int) float64 {
	if k < p.long {
		return -1
	}
	return min(c.over(p.long, k), c.over(p.short, k))
}

// tells says whether there are enough queries for a pair: one miss alone must not be an alert.
func (c *burnCurve) tells(p *burnPair) bool {
	return c.budget[budgetBins]*float64(p.long)/budgetBins*p.threshold > 1
}

// binEnd is the end of the k-th bin (from 1), as an instant that is still inside.
func (t *Tally) binEnd(k int) time.Duration {
	return t.config.WarmUp + time.Duration(float64(k)/t.burnBinsPerNS) - 1
}

// largestBurns returns, for each pair, the largest burn rate that both windows saw at an instant within
// some windows of the tally; NaN where there are none, or too few queries.
func (t *Tally) largestBurns(group *cellGroup) (largest [len(burnPairs)]float64) {
	curve := t.burnCurve(group.classes)
	for i := range burnPairs {
		largest[i] = math.NaN()
		if curve == nil || !curve.tells(&burnPairs[i]) {
			continue
		}
		for k := burnPairs[i].long; k <= budgetBins; k++ {
			if group.holds(t.windowOf(t.binEnd(k))) && !(largest[i] >= curve.both(&burnPairs[i], k)) {
				largest[i] = curve.both(&burnPairs[i], k)
			}
		}
	}
	return largest
}

// burnTimeline returns, for each pair, the largest burn rate of all classes that both windows saw within
// each bin of the timeline, its mean over replications; -1 where the long window is not full, or for want
// of queries. nil without.
func burnTimeline(tallies []*Tally) map[string][]float64 {
	if tallies[0].burns == nil {
		return nil
	}
	out := map[string][]float64{}
	for i := range burnPairs {
		sums, n := make([]float64, len(tallies[0].bins)), make([]int64, len(tallies[0].bins))
		for _, t := range tallies {
			for b, rate := range t.burnsByBin(&burnPairs[i]) {
				if rate >= 0 {
					sums[b] += rate
					n[b]++
				}
			}
		}
		for b := range sums {
			sums[b] = meanOr(sums[b], n[b], -1)
		}
		out[burnPairs[i].metric] = sums
	}
	return out
}

// burnsByBin returns the largest rate of a pair within each bin of the timeline, -1 without one.
func (t *Tally) burnsByBin(p *burnPair) []float64 {
	rates := make([]float64, len(t.bins))
	for b := range rates {
		rates[b] = -1
	}
	curve := t.burnCurve(indexes(len(t.config.Classes)))
	if !curve.tells(p) {
		return rates
	}
	for k := p.long; k <= budgetBins; k++ {
		b := min(int(t.binEnd(k)/t.config.Bin), len(rates)-1)
		rates[b] = max(rates[b], curve.both(p, k))
	}
	return rates
}
