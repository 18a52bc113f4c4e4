package reports

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"slosim/reports/result"
)

// Pair names the contender of one result that is compared with one of another.
type Pair struct{ A, B string }

// String is the name that both have, or "A=B".
func (p Pair) String() string {
	if p.A == p.B {
		return p.A
	}
	return p.A + "=" + p.B
}

// Choice says what of two results is compared.
type Choice struct {
	Pairs                     []Pair
	Classes, Windows, Metrics []string
}

// ReplicatedMetrics lists the metrics that have a value in each replication, sorted.
func ReplicatedMetrics() (names []string) {
	for _, m := range metrics {
		names = append(names, m.name)
	}
	slices.Sort(names)
	return names
}

// ComparedMetrics lists those that are compared by default, in order: the columns of a run's
// table of which more or less is better.
func ComparedMetrics() (names []string) {
	for _, c := range comparisonColumns {
		if metrics[indexOf(c.metric)].better != 0 {
			names = append(names, c.metric)
		}
	}
	return names
}

// Compare returns the differences between two results of the same queries, images, draws and
// interference, B minus A, paired by replication, in the order of metrics, pairs, classes and
// windows. What a result does not have (the capacity of a class) is left out.
//
// Intervals are Student's over replications. Those of attainment, effective accuracy and
// accuracy allow for the luck of the images too, as in a run's own differences (luck.go), but
// take groups of images in the place of images (Wolter, Introduction to Variance Estimation,
// chapter 2): a result keeps no more. They stand alone; p-values are given both alone and after
// Holm's correction (1979) over all differences but those that are the same in every
// replication, to the six digits that a result keeps. Of these there is nothing to test: common
// draws make a contender that does not change the same, not nearly the same.
func Compare(a, b *result.Replications, choice Choice) (result.Comparison, error) {
	out := result.Comparison{Schema: result.Schema}
	places := sharedPlaces(a.Replications, b.Replications)
	out.Shared = len(places)
	for _, metric := range choice.Metrics {
		m := indexOf(metric)
		if m < 0 {
			return out, fmt.Errorf("compare: want one of %q, got %q", ReplicatedMetrics(), metric)
		}
		for _, pair := range choice.Pairs {
			x, y := a.Of(pair.A), b.Of(pair.B)
			if x == nil || y == nil {
				return out, fmt.Errorf("compare: want contenders that the results have, got %q and %q", pair.A, pair.B)
			}
			for _, class := range choice.Classes {
				for _, window := range choice.Windows {
					d, ok, err := compared{x, y, places}.in(class, window, m)
					if err != nil {
						return out, err
					}
					if ok {
						out.Differences = append(out.Differences, d)
					}
				}
			}
		}
	}
	out.Tests = correct(out.Differences)
	for i := range out.Differences {
		out.Differences[i].Verdict = verdictOn(&out.Differences[i])
	}
	return out, nil
}

// place is where a replication stands in the lists of two results.
type place struct{ a, b int }

func sharedPlaces(a, b []int) (places []place) {
	for i, n := range a {
		if j, ok := slices.BinarySearch(b, n); ok {
			places = append(places, place{i, j})
		}
	}
	return places
}

// compared is a contender of each result.
type compared struct {
	a, b   *result.Replicated
	places []place
}

// in compares a metric in a cell; ok is false if one of them does not have it.
func (c compared) in(class, window string, m int) (d result.Difference, ok bool, err error) {
	x, y := c.a.Cell(class, window), c.b.Cell(class, window)
	if x == nil || y == nil {
		return d, false, nil
	}
	one, ok1 := x.Metrics[metrics[m].name]
	other, ok2 := y.Metrics[metrics[m].name]
	if !ok1 || !ok2 {
		return d, false, nil
	}
	d = result.Difference{Contender: c.a.Contender, Other: c.b.Contender, Class: class, Window: window, Metric: metrics[m].name}
	images, err := c.luck(class, window, metrics[m].name)
	if err != nil {
		return d, false, err
	}
	c.fill(&d, one.Floats(), other.Floats(), images)
	return d, true, nil
}

// fill compares two lists of values.
func (c compared) fill(d *result.Difference, x, y []float64, images luck) {
	var left, right, differences []float64
	same := len(c.places) > 0
	for _, at := range c.places {
		p, q := x[at.a], y[at.b]
		d.InfiniteA, d.InfiniteB = d.InfiniteA+one(math.IsInf(p, 1)), d.InfiniteB+one(math.IsInf(q, 1))
		same = same && (p == q || math.IsNaN(p) && math.IsNaN(q))
		if finite(p) && finite(q) {
			left, right, differences = append(left, p), append(right, q), append(differences, q-p)
		}
	}
	d.Replications = len(differences)
	d.MeanA, d.MeanB = meanUnless(d.InfiniteA > 0, left), meanUnless(d.InfiniteB > 0, right)
	switch infinite := d.InfiniteA+d.InfiniteB > 0; {
	case same && (infinite || len(differences) > 0):
		d.Verdict = result.Same
		d.Difference = toMetric(estimate{0, math.NaN()})
		return
	case infinite:
		d.Difference = result.Metric{Missing: result.Infinite}
		return
	}
	e := images.widen(studentT(differences), len(differences))
	d.Difference = toMetric(e)
	if e.known() {
		p := images.pValue(differences)
		d.P, d.Significant = &p, e.lo() > 0 || e.hi() < 0
	}
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func meanUnless(infinite bool, values []float64) *float64 {
	if infinite || len(values) == 0 {
		return nil
	}
	mean := stat.Mean(values, nil)
	return &mean
}

// pValue returns the two-sided p-value of differences whose mean is 0 in truth: the largest
// of those of spreads, so that it is at most 0.05 where the interval leaves 0 out. What does
// not vary at all is certain.
func (l luck) pValue(differences []float64) float64 {
	mean, deviation := stat.MeanStdDev(differences, nil)
	if mean == 0 {
		return 1
	}
	p, n := 0.0, len(differences)
	for _, s := range l.spreads(deviation*deviation/float64(n), n) {
		if s.variance > 0 {
			t := distuv.StudentsT{Sigma: 1, Nu: s.freedom}
			p = max(p, 2*t.CDF(-math.Abs(mean)/math.Sqrt(s.variance)))
		}
	}
	return p
}

// luck returns the luck of the images in the difference of a share of queries; none of other
// metrics.
func (c compared) luck(class, window, metric string) (luck, error) {
	at := slices.IndexFunc(shares[:], func(s share) bool { return s.metric == metric })
	if at < 0 || len(c.places) == 0 {
		return luck{}, nil
	}
	first, second := make([]int, len(c.places)), make([]int, len(c.places))
	for i, p := range c.places {
		first[i], second[i] = p.a, p.b
	}
	x, y := groupCounts(c.a.Images, class, window, first), groupCounts(c.b.Images, class, window, second)
	if len(x) != len(y) || len(x) > 0 && len(x[0]) != len(y[0]) {
		return luck{}, fmt.Errorf("%s, %s: want counts of the same groups of images, got other ones", c.a.Contender, c.b.Contender)
	}
	if len(x) == 0 {
		return luck{}, nil
	}
	return luckOfGroups(x, y, &shares[at]), nil
}

// groupCounts adds up the counts of a cell, [replication][group].
func groupCounts(images []result.ImageCounts, class, window string, places []int) [][]imageCount {
	var sums [][]imageCount
	for i := range images {
		counts := &images[i]
		if class != everyClass && counts.Class != class || window != windowNames[0] && counts.Window != window {
			continue
		}
		if sums == nil {
			sums = make([][]imageCount, len(places))
			for r := range sums {
				sums[r] = make([]imageCount, len(counts.Arrived[0]))
			}
		}
		for r, at := range places {
			for g := range sums[r] {
				sums[r][g].merge(imageCount{
					arrived: uint32(counts.Arrived[at][g]), answered: uint32(counts.Answered[at][g]), right: uint32(counts.Right[at][g]),
					met: uint32(counts.Met[at][g]), rightMet: uint32(counts.RightMet[at][g]),
				})
			}
		}
	}
	return sums
}

// luckOfGroups is the luck of luck.go with groups in the place of images and the difference
// of the residuals of two contenders in the place of one's own.
func luckOfGroups(x, y [][]imageCount, s *share) luck {
	p, q := groupTotal(x, s), groupTotal(y, s)
	sums := newResiduals(len(x[0]))
	for r := range x {
		for g := range x[r] {
			if x[r][g].arrived+y[r][g].arrived == 0 {
				continue
			}
			sums.add(g, q.residual(s.count(y[r][g]))-p.residual(s.count(x[r][g])))
		}
	}
	return sums.luck()
}

func groupTotal(counts [][]imageCount, s *share) (whole total) {
	for r := range counts {
		for g := range counts[r] {
			hits, of := s.count(counts[r][g])
			whole.p += float64(hits)
			whole.of += float64(of)
		}
	}
	whole.p /= whole.of
	return whole
}

// correct fills in the p-values after Holm's correction and returns how many it is over.
func correct(all []result.Difference) int {
	var order []int
	for i := range all {
		if all[i].P != nil {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(*all[i].P, *all[j].P) })
	highest := 0.0
	for rank, i := range order {
		highest = max(highest, min(1, *all[i].P*float64(len(order)-rank)))
		corrected := highest
		all[i].PHolm = &corrected
	}
	return len(order)
}

// verdictOn says what a difference means.
func verdictOn(d *result.Difference) result.Verdict {
	switch {
	case d.Verdict != "":
		return d.Verdict
	case d.P == nil:
		return result.Untested
	case !d.Significant:
		return result.Unclear
	}
	words := map[int][]result.Verdict{ // less, maybe less, more, maybe more
		1:  {result.Worse, result.MaybeWorse, result.Better, result.MaybeBetter},
		-1: {result.Better, result.MaybeBetter, result.Worse, result.MaybeWorse},
		0:  {result.Lower, result.MaybeLower, result.Higher, result.MaybeHigher},
	}[metrics[indexOf(d.Metric)].better]
	return words[2*one(*d.Difference.Mean > 0)+one(*d.PHolm > 1-level)]
}
