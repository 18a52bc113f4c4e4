package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"slosim/reports/result"
)

// Assertion is a condition on a metric of a contender, in a class and a window.
type Assertion struct {
	Contender, Class, Window, Metric string

	Min, Max     *float64
	NotWorseThan string   // a contender under the same draws; empty: none
	Baseline     *float64 // the mean of an earlier run, with Within; nil: none
	Within       float64  // of Baseline, in the metric's unit
}

// String says what is asserted, without the values that were found.
func (a *Assertion) String() string {
	where := a.Contender + ": " + a.Metric
	if a.Class != everyClass {
		where += " of class " + a.Class
	}
	if a.Window != windowNames[0] {
		where += " while " + a.Window
	}
	var what []string
	if a.Min != nil {
		what = append(what, "at least "+result.FormatFloat(*a.Min))
	}
	if a.Max != nil {
		what = append(what, "at most "+result.FormatFloat(*a.Max))
	}
	if a.NotWorseThan != "" {
		what = append(what, "not worse than of "+a.NotWorseThan)
	}
	if a.Baseline != nil {
		what = append(what, fmt.Sprintf("within %s of %s", result.FormatFloat(a.Within), result.FormatFloat(*a.Baseline)))
	}
	return where + ": " + strings.Join(what, ", ")
}

// Check decides assertions over the replications of contenders. One does not hold if the data
// contradict it: a one-sided t-test over replications (paired, against another contender), at level
// alpha for all assertions together (Holm 1979), so that of runs in which all of them are true at
// most a share alpha is red. With one replication, or values that do not vary, the value itself
// decides. What has no value at all, as of a class without queries, does not hold.
func Check(contenders []Contender, asserts []Assertion, alpha float64) ([]result.Checked, error) {
	runs, err := sortRuns(contenders)
	if err != nil {
		return nil, err
	}
	out := make([]result.Checked, len(asserts))
	for i := range asserts {
		if out[i], err = asserts[i].test(runs); err != nil {
			return nil, err
		}
	}
	holm(out, alpha)
	return out, nil
}

// test computes an assertion's evidence.
func (a *Assertion) test(runs []Contender) (result.Checked, error) {
	values, err := a.values(runs, a.Contender)
	if err != nil {
		return result.Checked{}, err
	}
	e := studentT(finiteOf(values))
	c := result.Checked{What: a.String(), Value: plainMetric(values), P: 1, Replications: len(values)}
	if len(finiteOf(values)) < len(values) && !slices.Contains(values, math.Inf(1)) || len(values) == 0 {
		c.P, c.Why = 0, "no value: were there queries?"
		return c, nil
	}
	c.Margin = math.Inf(1)
	consider := func(p, margin float64) {
		c.P, c.Margin = min(c.P, p), min(c.Margin, margin)
	}
	if a.Min != nil {
		consider(below(values, *a.Min), e.mean-*a.Min)
	}
	if a.Max != nil {
		consider(below(negated(values), -*a.Max), *a.Max-e.mean)
	}
	if a.Baseline != nil { // from either side
		consider(2*below(values, *a.Baseline-a.Within), e.mean-(*a.Baseline-a.Within))
		consider(2*below(negated(values), -(*a.Baseline+a.Within)), *a.Baseline+a.Within-e.mean)
	}
	if a.NotWorseThan != "" {
		better, err := a.gains(runs, values)
		if err != nil {
			return c, err
		}
		consider(below(better, 0), studentT(finiteOf(better)).mean)
	}
	if slices.Contains(values, math.Inf(1)) {
		c.Margin = 0 // nothing to measure it in
	}
	c.P = min(c.P, 1)
	return c, nil
}

// values are the metric's values by replication.
func (a *Assertion) values(runs []Contender, name string) ([]float64, error) {
	i := slices.IndexFunc(runs, func(c Contender) bool { return c.Name == name })
	m := indexOf(a.Metric)
	if i < 0 || m < 0 {
		return nil, fmt.Errorf("check: want a contender and a metric with a value in each replication, got %q and %q", name, a.Metric)
	}
	for _, group := range cellGroups(runs[i].Tallies[0]) {
		if group.class == a.Class && group.window == a.Window {
			return newCellSample(&runs[i], group).values[m], nil
		}
	}
	return nil, fmt.Errorf("check: want a class and a window that the run has, got %q and %q", a.Class, a.Window)
}

// gains are the differences to another contender by replication, above 0 where this one is better.
func (a *Assertion) gains(runs []Contender, values []float64) ([]float64, error) {
	others, err := a.values(runs, a.NotWorseThan)
	if err != nil {
		return nil, err
	}
	better := metrics[indexOf(a.Metric)].better
	if better == 0 {
		return nil, fmt.Errorf("check: not_worse_than: want a metric of which more or less is better, got %q", a.Metric)
	}
	out := make([]float64, len(values))
	for i := range out {
		if values[i] != others[i] { // infinite ones too
			out[i] = float64(better) * (values[i] - others[i])
		}
	}
	return out, nil
}

// below is the p-value of "the mean is at least the limit": small if the values contradict it.
func below(values []float64, limit float64) float64 {
	if slices.Contains(values, math.Inf(-1)) {
		return 0
	}
	finite := finiteOf(values)
	if len(finite) < len(values) { // infinitely far above
		return 1
	}
	mean, deviation := stat.MeanStdDev(finite, nil)
	if n := float64(len(finite)); n > 1 && deviation > 1e-12*math.Abs(mean) {
		t := (mean - limit) / (deviation / math.Sqrt(n))
		return distuv.StudentsT{Sigma: 1, Nu: n - 1}.CDF(t)
	}
	if mean < limit {
		return 0
	}
	return 1
}

func negated(values []float64) []float64 {
	out := make([]float64, len(values))
	for i, v := range values {
		out[i] = -v
	}
	return out
}

func finiteOf(values []float64) (finite []float64) {
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			finite = append(finite, v)
		}
	}
	return finite
}

// holm decides all assertions at a common level.
func holm(all []result.Checked, alpha float64) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(all[a].P, all[b].P) })
	rejecting := true
	for rank, i := range order {
		rejecting = rejecting && all[i].P <= alpha/float64(len(all)-rank)
		all[i].Holds = !rejecting
	}
}

// MeanOf returns the mean of what an assertion is about.
func MeanOf(contenders []Contender, a Assertion) (float64, error) {
	runs, err := sortRuns(contenders)
	if err != nil {
		return 0, err
	}
	values, err := a.values(runs, a.Contender)
	if err != nil {
		return 0, err
	}
	mean := meanOf(values)
	if math.IsNaN(mean) || math.IsInf(mean, 0) {
		return 0, fmt.Errorf("check: want a value of %s for a baseline, got %v", a.Metric, mean)
	}
	return mean, nil
}
