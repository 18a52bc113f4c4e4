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
	// Earlier are the values by replication behind Baseline, if they were under the same draws: what is
	// tested then is the paired difference. nil: they are not known, or under other draws.
	Earlier []float64

	// EarlyStopping decides an attainment of at least Min, alone, by MLPerf's bound over the queries of
	// all replications, as if they were uncorrelated: it holds only if the bound is met.
	EarlyStopping bool
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
		if a.EarlyStopping {
			what[0] += " by MLPerf's early-stopping bound"
		}
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
// most a share alpha is red. What a mean contradicts, but not beyond chance, holds and is Unsure. With
// one replication, or values that do not vary, the value itself decides. What has no value at all, as of a class without queries, does not hold.
func Check(contenders []Contender, asserts []Assertion, alpha float64) ([]result.Checked, error) {
	runs, err := sortRuns(contenders)
	if err != nil {
		return nil, err
	}
	out := make([]result.Checked, len(asserts))
	for i := range asserts {
		seen, err := asserts[i].see(runs)
		if err != nil {
			return nil, err
		}
		out[i] = asserts[i].test(&seen).Checked
	}
	holm(out, alpha)
	settleEarly(out)
	doubt(out)
	return out, nil
}

// doubt marks what holds only for want of data: its mean is beyond the limit, by no more than chance allows.
// MLPerf's bound has words of its own for that.
func doubt(all []result.Checked) {
	for i := range all {
		all[i].Unsure = all[i].Holds && all[i].Margin < 0 && all[i].EarlyStopping == nil
	}
}

// seen is what an assertion is about, by replication.
type seen struct {
	values []float64
	gains  []float64 // over the contender of not_worse_than, above 0 where this one is better

	met, arrived int64 // queries of all replications
}

func (d *seen) add(more seen) {
	d.values = append(d.values, more.values...)
	d.gains = append(d.gains, more.gains...)
	d.met += more.met
	d.arrived += more.arrived
}

// evidence is what replications say of an assertion.
type evidence struct {
	result.Checked
	// confirmed is the p-value of the assertion's opposite: small if the values confirm it. An
	// assertion of several conditions is confirmed by the weakest (Berger, Technometrics 1982), which
	// for a baseline is Schuirmann's pair of one-sided tests of equivalence (1987).
	confirmed float64
}

// test computes an assertion's evidence.
func (a *Assertion) test(d *seen) evidence {
	values := d.values
	mean := studentT(finiteOf(values)).mean
	e := evidence{result.Checked{What: a.String(), Value: a.interval(values), P: 1, Replications: len(values)}, 0}
	if len(finiteOf(values)) < len(values) && !slices.Contains(values, math.Inf(1)) || len(values) == 0 {
		e.P, e.Why, e.confirmed = 0, "no value: were there (enough) queries?", 1
		return e
	}
	e.Margin = math.Inf(1)
	consider := func(values []float64, limit, sides, margin float64) {
		e.P = min(e.P, sides*below(values, limit))
		e.Margin = min(e.Margin, margin)
		e.confirmed = max(e.confirmed, above(values, limit))
	}
	if a.Min != nil {
		consider(values, *a.Min, 1, mean-*a.Min)
	}
	if a.Max != nil {
		consider(negated(values), -*a.Max, 1, *a.Max-mean)
	}
	if a.Baseline != nil { // from either side
		moved, by := a.moved(values), 0.0
		at := studentT(moved).mean
		if moved == nil {
			moved, by, at = values, *a.Baseline, mean
		} else {
			e.Paired = &result.Paired{Replications: len(moved), Moved: at}
		}
		consider(moved, by-a.Within, 2, at-by+a.Within)
		consider(negated(moved), -by-a.Within, 2, a.Within-at+by)
	}
	if a.NotWorseThan != "" {
		margin := math.Inf(1)
		if len(finiteOf(d.gains)) == len(d.gains) {
			margin = studentT(d.gains).mean
		}
		consider(d.gains, 0, 1, margin)
	}
	if slices.Contains(values, math.Inf(1)) || math.IsInf(e.Margin, 1) {
		e.Margin = 0 // nothing to measure it in
	}
	if a.EarlyStopping {
		e.earlyStop(d, *a.Min)
	}
	return e
}

// interval is the mean over replications with an interval that has no impossible values: shares lie between
// 0 and 1, quantiles of response times above 0, and everything else not below 0.
func (a *Assertion) interval(values []float64) result.Metric {
	out := plainMetric(values)
	if out.Lo == nil {
		return out
	}
	e := studentT(finiteOf(values))
	switch m := indexOf(a.Metric); {
	case IsShare(a.Metric):
		*out.Lo, *out.Hi = e.ends()
	case m >= 0 && metrics[m].q > 0:
		*out.Lo, *out.Hi = e.positiveEnds()
	default:
		*out.Lo = max(*out.Lo, 0)
	}
	return out
}

// moved are the differences to the values of an earlier run under the same draws; nil if there are none.
func (a *Assertion) moved(values []float64) (by []float64) {
	if len(a.Earlier) < 2 || len(values) < 2 {
		return nil
	}
	for i := range min(len(values), len(a.Earlier)) {
		by = append(by, values[i]-a.Earlier[i])
	}
	if len(finiteOf(by)) < len(by) {
		return nil
	}
	return by
}

// see takes what an assertion is about from replications.
func (a *Assertion) see(runs []Contender) (d seen, err error) {
	parts, err := a.parts(runs, a.Contender)
	if err != nil {
		return d, err
	}
	for i := range parts {
		d.met += parts[i].met
		d.arrived += parts[i].arrived
	}
	if d.values, err = a.valuesOf(parts); err != nil || a.NotWorseThan == "" {
		return d, err
	}
	d.gains, err = a.gains(runs, d.values)
	return d, err
}

// values are the metric's values by replication.
func (a *Assertion) values(runs []Contender, name string) ([]float64, error) {
	parts, err := a.parts(runs, name)
	if err != nil {
		return nil, err
	}
	return a.valuesOf(parts)
}

func (a *Assertion) valuesOf(parts []part) ([]float64, error) {
	m := indexOf(a.Metric)
	if m < 0 {
		return nil, fmt.Errorf("check: want a metric with a value in each replication, got %q", a.Metric)
	}
	values := make([]float64, len(parts))
	for i := range parts {
		values[i] = metrics[m].value(&parts[i])
	}
	return values, nil
}

// parts are what a contender has in the assertion's class and window, by replication.
func (a *Assertion) parts(runs []Contender, name string) (parts []part, err error) {
	i := slices.IndexFunc(runs, func(c Contender) bool { return c.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("check: want a contender that ran, got %q", name)
	}
	groups := cellGroups(runs[i].Tallies[0])
	g := slices.IndexFunc(groups, func(g cellGroup) bool { return g.class == a.Class && g.window == a.Window })
	if g < 0 {
		return nil, fmt.Errorf("check: want a class and a window that the run has, got %q and %q", a.Class, a.Window)
	}
	for _, t := range runs[i].Tallies {
		parts = append(parts, t.part(groups[g]))
	}
	return parts, nil
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

// above is the p-value of "the mean is below the limit": small if the values contradict that.
func above(values []float64, limit float64) float64 {
	if slices.ContainsFunc(values, math.IsNaN) {
		return 1
	}
	p := below(values, limit)
	if p > 0 && p < 1 {
		return below(negated(values), -limit) // not 1 - p, which is 0 long before it is small
	}
	return 1 - p
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

// ValuesOf returns the values by replication of what an assertion is about, which have a mean.
func ValuesOf(contenders []Contender, a Assertion) (values []float64, mean float64, err error) {
	runs, err := sortRuns(contenders)
	if err != nil {
		return nil, 0, err
	}
	if values, err = a.values(runs, a.Contender); err != nil {
		return nil, 0, err
	}
	mean = meanOf(values)
	if math.IsNaN(mean) || math.IsInf(mean, 0) {
		return nil, 0, fmt.Errorf("check: want a value of %s for a baseline, got %v", a.Metric, mean)
	}
	return values, mean, nil
}
