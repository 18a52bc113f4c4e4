package reports

import (
	"math"
	"sort"

	"gonum.org/v1/gonum/mathext"

	"slosim/reports/result"
)

// earlyConfidence is what MLPerf's early stopping wants: of systems that just miss the target at most a
// hundredth passes. Its tolerance, the distance below the target that would do, is 0.
const earlyConfidence = 0.99

// passingOdds is the probability that at most missed of the queries miss their deadlines, where each, on
// its own, is met with a probability of target: the binomial distribution by the regularised incomplete
// beta function, I(target; met, missed + 1). It is what MLPerf's LoadGen computes (early_stopping.cc;
// MLPerf inference rules, appendix "Early Stopping Criterion"). Numbers need not be whole.
func passingOdds(met, missed, target float64) float64 {
	if met <= 0 {
		return 1
	}
	return mathext.RegIncBeta(met, missed+1, target)
}

// failingOdds is the probability that at least missed of the queries miss.
func failingOdds(met, missed, target float64) float64 {
	if missed <= 0 {
		return 1
	}
	return mathext.RegIncBeta(missed, met+1, 1-target)
}

// minPassing is the smallest number of met queries that is enough beside so many missed ones: h of
// LoadGen's MinPassingQueriesFinder.
func minPassing(missed int64, target float64) int64 {
	enough := func(met int) bool { return passingOdds(float64(met), float64(missed), target) < 1-earlyConfidence }
	most := 1
	for !enough(most) {
		most *= 2
	}
	return int64(sort.Search(most, enough))
}

// mostQueries is where the search for enough queries ends: further on, there is no telling.
const mostQueries = 1e12

// atThisRate is how many queries in all would be enough if as large a share of them missed as so far; 0:
// no number is, or none below mostQueries.
func atThisRate(met, missed int64, target float64) int64 {
	queries := float64(met + missed)
	share := float64(missed) / queries
	enough := func(n float64) bool { return passingOdds(n*(1-share), n*share, target) < 1-earlyConfidence }
	if share >= 1-target {
		return 0
	}
	few, many := queries, 2*queries
	for ; !enough(many); many *= 2 {
		if many > mostQueries {
			return 0
		}
		few = many
	}
	for many-few > 1 {
		if middle := math.Floor((few + many) / 2); enough(middle) {
			many = middle
		} else {
			few = middle
		}
	}
	return int64(math.Ceil(many))
}

// earlyStop is the bound's evidence for an attainment of at least target: binomial p-values instead of
// those of replications, which are for queries that know nothing of each other.
func (e *evidence) earlyStop(d *seen, target float64) {
	met, missed := d.met, d.arrived-d.met
	e.P = failingOdds(float64(met), float64(missed), target)
	e.confirmed = passingOdds(float64(met), float64(missed), target)
	bound := &result.EarlyStopping{Queries: d.arrived, Missed: missed, P: e.confirmed, Level: 1 - earlyConfidence}
	if bound.Met = e.confirmed < bound.Level; !bound.Met {
		bound.MoreIfMet = max(0, minPassing(missed, target)+missed-d.arrived)
		if n := atThisRate(met, missed, target); n > 0 {
			bound.MoreAtRate = n - d.arrived
		}
	}
	e.EarlyStopping = bound
}

// settleEarly makes assertions with the bound, which holm leaves alone unless they are contradicted, hold
// only if it is met.
func settleEarly(all []result.Checked) {
	for i := range all {
		if bound := all[i].EarlyStopping; bound != nil {
			bound.Contradicted = !all[i].Holds
			all[i].Holds = all[i].Holds && bound.Met
		}
	}
}
