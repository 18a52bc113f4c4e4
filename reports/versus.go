package reports

import (
	"fmt"
	"math"
	"slices"

	"slosim/reports/result"
)

// versus returns the paired differences of contender i in a cell against every
// other contender, keyed "OTHER METRIC". Both saw the same queries, images,
// draws and interference in a replication, so that the difference of one
// replication is free of what they share; the interval is Student's over those
// differences and allows, where the metric is a share of queries, for the luck of the
// images that they differ on. Each interval stands alone: nothing corrects for their
// number.
func versus(samples [][]*cellSample, runs []Contender, pairs pairing, lucks *pairLucks, i, group int) map[string]result.Against {
	against := map[string]result.Against{}
	for other := range runs {
		if other == i || !pairs[i][other] {
			continue
		}
		for m, metric := range metrics {
			if metric.better != 0 {
				against[runs[other].Name+" "+metric.name] = paired(samples[i][group], samples[other][group], m, lucks.ofMetric(metric.name, i, other))
			}
		}
	}
	return against
}

// paired compares the replications that both have.
func paired(a, b *cellSample, m int, images luck) result.Against {
	if a.batches != nil && b.batches != nil && len(a.replications) == 1 && len(b.replications) == 1 {
		return pairedBatches(a, b, m, images)
	}
	var differences []float64
	for i, replication := range a.replications {
		j, ok := slices.BinarySearch(b.replications, replication)
		if !ok {
			continue
		}
		x, y := a.values[m][i], b.values[m][j]
		if math.IsInf(x, 1) || math.IsInf(y, 1) {
			return result.Against{Metric: result.Metric{Missing: result.Infinite}}
		}
		if d := x - y; !math.IsNaN(d) {
			differences = append(differences, d)
		}
	}
	return against(images.widen(studentT(differences), len(differences)))
}

// against writes the estimate of a difference.
func against(e estimate) result.Against {
	return result.Against{Metric: toMetric(e), Significant: e.known() && (e.lo() > 0 || e.hi() < 0)}
}

// pairedBatches compares single replications, batch by batch.
func pairedBatches(a, b *cellSample, m int, images luck) result.Against {
	x, y := a.values[m][0], b.values[m][0]
	if math.IsInf(x, 1) || math.IsInf(y, 1) {
		return result.Against{Metric: result.Metric{Missing: result.Infinite}}
	}
	return a.batches.difference(b.batches, m, x-y, images)
}

// statisticalNotes are the caveats that follow from the numbers themselves.
func statisticalNotes(runs []Contender, s *result.Summary) []string {
	var notes []string
	most := 0
	for _, run := range runs {
		most = max(most, len(run.Tallies))
	}
	if most == 1 && runs[0].Batches != nil {
		notes = append(notes, batchNotes(runs)...)
	} else if most == 1 {
		notes = append(notes, "only 1 replication: no intervals, no comparisons; run at least 2, better 10")
	} else if most < 5 {
		notes = append(notes, fmt.Sprintf("only %d replications: intervals are wide (t = %.1f); better 10", most, tFactor(float64(most-1))))
	}
	for _, run := range runs {
		if len(run.Tallies) < most {
			notes = append(notes, fmt.Sprintf("%s: only %d of %d replications", run.Name, len(run.Tallies), most))
		}
	}
	if len(runs) > manyContenders {
		notes = append(notes, fmt.Sprintf("%d contenders: compared are those of one technique or one policy, and each with whoever is best in something", len(runs)))
	}
	if pooled := pooledQuantiles(s, most); len(pooled) > 0 {
		notes = append(notes, fmt.Sprintf("%s without interval, where one replication alone has too few queries: taken over all of them", joinNames(pooled)))
	}
	return notes
}

// pooledQuantiles names the quantiles that stand without an interval although
// there were several replications.
func pooledQuantiles(s *result.Summary, replications int) []string {
	var names []string
	for _, metric := range metrics {
		if metric.q == 0 || replications < 2 {
			continue
		}
		if slices.ContainsFunc(s.Cells, func(c result.Cell) bool {
			m := c.Metrics[metric.name]
			return c.Class == everyClass && m.Mean != nil && m.Lo == nil
		}) {
			names = append(names, metric.name)
		}
	}
	return names
}
