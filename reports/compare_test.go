package reports

import (
	"bytes"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"slosim/reports/result"
)

// replicated is what the file of a run would hold once read.
func replicated(t testing.TB, contenders []Contender) *result.Replications {
	t.Helper()
	r, err := Replications(contenders)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := result.EncodeJSON(&out, &r); err != nil {
		t.Fatal(err)
	}
	read, err := result.ParseReplications(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// everything compares all that two results have.
func everything(r *result.Replications, pairs ...Pair) Choice {
	choice := Choice{Pairs: pairs, Metrics: ReplicatedMetrics(), Windows: windowNames[:]}
	seen := map[string]bool{}
	for i := range r.Contenders {
		for _, cell := range r.Contenders[i].Cells {
			if !seen[cell.Class] {
				seen[cell.Class] = true
				choice.Classes = append(choice.Classes, cell.Class)
			}
		}
		if len(pairs) == 0 {
			name := r.Contenders[i].Contender
			choice.Pairs = append(choice.Pairs, Pair{name, name})
		}
	}
	return choice
}

func comparedOf(t testing.TB, a, b *result.Replications, choice Choice) result.Comparison {
	t.Helper()
	c, err := Compare(a, b, choice)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// series is a result with one contender, class and metric.
func series(metric string, replications []int, values ...float64) *result.Replications {
	queries := make([]int64, len(values))
	return &result.Replications{Schema: 1, Replications: replications, Contenders: []result.Replicated{{Contender: "x", Cells: []result.ReplicatedCell{{
		Class: "all", Window: "all", Queries: queries, Metrics: map[string]result.Series{metric: result.NewSeries(values)}}}}}}
}

func only(t testing.TB, a, b *result.Replications, metric string) result.Difference {
	t.Helper()
	c := comparedOf(t, a, b, Choice{[]Pair{{"x", "x"}}, []string{"all"}, []string{"all"}, []string{metric}})
	if len(c.Differences) != 1 {
		t.Fatalf("want one difference, got %d", len(c.Differences))
	}
	return c.Differences[0]
}

// TestCompareAgainstVersus: contenders of one result, compared as if they were of two, differ as
// the run itself says. Intervals of times and rates are the same; those of shares take groups
// of images for images, whose variance is uncertain: 32 groups give it to a quarter.
func TestCompareAgainstVersus(t *testing.T) {
	contenders := fixtureTallies(6)
	s := summarise(t, contenders...)
	r := replicated(t, contenders)
	const a, b = "dense/shed", "slo-nn/lcao"
	c := comparedOf(t, r, r, everything(r, Pair{a, b}))
	checked, ofShares, wider := 0, 0.0, 0.0
	for i := range c.Differences {
		d := &c.Differences[i]
		if metrics[indexOf(d.Metric)].better == 0 {
			continue
		}
		var want result.Against
		for _, cell := range s.Cells {
			if cell.Contender == b && cell.Class == d.Class && cell.Window == d.Window {
				want = cell.Versus[a+" "+d.Metric]
			}
		}
		if d.Verdict == result.Same || want.Mean == nil || want.Lo == nil {
			if d.Verdict != result.Same && d.Difference.Missing != want.Missing {
				t.Errorf("%s %s %s: want missing %q, got %+v", d.Class, d.Window, d.Metric, want.Missing, d)
			}
			continue
		}
		half, wantHalf := *d.Difference.Hi-*d.Difference.Mean, *want.Hi-*want.Mean
		if math.Abs(*d.Difference.Mean-*want.Mean) > 1e-5*(math.Abs(*d.MeanA)+math.Abs(*d.MeanB)) { // six digits
			t.Errorf("%s %s %s: want %v, got %v", d.Class, d.Window, d.Metric, *want.Mean, *d.Difference.Mean)
		}
		tolerance := 1.001
		if isShare(indexOf(d.Metric)) {
			tolerance = 1.75
			wider, ofShares = wider+math.Log(half/wantHalf), ofShares+1
		}
		if ratio := half / wantHalf; ratio > tolerance || ratio < 1/tolerance {
			t.Errorf("%s %s %s: want a half-width of %v, got %v", d.Class, d.Window, d.Metric, wantHalf, half)
		}
		checked++
	}
	if checked < 36 {
		t.Errorf("want 36 differences compared, got %d", checked)
	}
	if ratio := math.Exp(wider / ofShares); ratio < 0.85 || ratio > 1.2 {
		t.Errorf("half-widths of shares: want those of the run on average, got %.2f of them", ratio)
	}
}

// TestIntervalsAllowForTheImages: two techniques that are right equally often in truth, on ever
// new data sets. The intervals hold 0 in 95 of 100, and would not without the luck of the images:
// ten replications resample the same data set.
func TestIntervalsAllowForTheImages(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	const trials, images, replications, queries = 400, 1000, 10, 1500
	plain, whole := 0, 0
	for range trials {
		gain := make([]int, images) // of B over A on an image: -1, 0, 1
		for i := range gain {
			gain[i] = [...]int{-1, 1, 0, 0}[random.IntN(4)]
		}
		x, y := make([][]imageCount, replications), make([][]imageCount, replications)
		var differences []float64
		for r := range replications {
			x[r], y[r] = make([]imageCount, imageGroups), make([]imageCount, imageGroups)
			sample := make([]int, images)
			for i := range sample {
				sample[i] = random.IntN(images)
			}
			sum := 0
			for range queries {
				image := sample[random.IntN(images)]
				g := groupOf(image)
				before := 1 - max(0, gain[image]) // A is wrong where B gains
				x[r][g].merge(imageCount{arrived: 1, answered: 1, right: uint32(before)})
				y[r][g].merge(imageCount{arrived: 1, answered: 1, right: uint32(before + gain[image])})
				sum += gain[image]
			}
			differences = append(differences, float64(sum)/queries)
		}
		e := studentT(differences)
		plain += one(e.lo() <= 0 && e.hi() >= 0)
		l := luckOfGroups(x, y, &shares[2])
		wide := l.widen(e, replications)
		holds := wide.lo() <= 0 && wide.hi() >= 0
		if p := l.pValue(differences); holds != (p >= 1-level) {
			t.Errorf("p = %v of an interval from %v to %v", p, wide.lo(), wide.hi())
		}
		whole += one(holds)
	}
	if share := float64(whole) / trials; share < 0.92 || share > 0.985 {
		t.Errorf("want 0 in 92 to 98.5 %% of intervals, got %.1f %%", 100*share)
	}
	if share := float64(plain) / trials; share > 0.75 {
		t.Errorf("Student's alone: want it too narrow, got 0 in %.1f %%", 100*share)
	}
}

// TestCompareByHand: differences 1, 2, 3 have mean 2 and standard error 1/sqrt(3), t = 3.4641 with
// 2 degrees of freedom: p = 1 - t/sqrt(2+t^2) = 0.0742, half-width 4.3027/sqrt(3).
func TestCompareByHand(t *testing.T) {
	d := only(t, series("p50_ms", []int{0, 1, 2}, 10, 10, 20), series("p50_ms", []int{0, 1, 2}, 11, 12, 23), "p50_ms")
	got := []float64{*d.MeanA, *d.MeanB, *d.Difference.Mean, *d.Difference.Hi - 2, *d.P, *d.PHolm}
	want := []float64{40. / 3, 46. / 3, 2, 4.302653 / math.Sqrt(3), 1 - math.Sqrt(12)/math.Sqrt(14), 1 - math.Sqrt(12)/math.Sqrt(14)}
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-5, 0)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if d.Verdict != result.Unclear || d.Significant || d.Replications != 3 {
		t.Errorf("want not significant, n = 3, got %+v", d)
	}
}

func TestVerdicts(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	three := []int{0, 1, 2}
	for name, c := range map[string]struct {
		metric string
		a, b   []float64
		want   result.Verdict
	}{
		"same":                          {"p99_ms", []float64{1, 2, 3}, []float64{1, 2, 3}, result.Same},
		"same with infinite ones":       {"p99_ms", []float64{1, inf, 3}, []float64{1, inf, 3}, result.Same},
		"same where there is a value":   {"p99_ms", []float64{1, nan, 3}, []float64{1, nan, 3}, result.Same},
		"no values":                     {"p99_ms", []float64{nan, nan, nan}, []float64{nan, nan, nan}, result.Untested},
		"infinite in one":               {"p99_ms", []float64{1, 2, 3}, []float64{1, inf, 3}, result.Untested},
		"a value in one":                {"p99_ms", []float64{1, 2, 3}, []float64{1.1, nan, nan}, result.Untested},
		"a constant gain":               {"attainment", []float64{.25, .5, .75}, []float64{.375, .625, .875}, result.Better},
		"less is better":                {"p99_ms", []float64{10, 20, 30}, []float64{5, 15.1, 24.9}, result.Better},
		"more is worse":                 {"p99_ms", []float64{5, 15.1, 24.9}, []float64{10, 20, 30}, result.Worse},
		"neither":                       {"mean_density", []float64{.5, .6, .7}, []float64{.4, .5, .59}, result.Lower},
		"missing in one of three pairs": {"p99_ms", []float64{10, 20, nan}, []float64{5, 15.0001, 3}, result.Better},
	} {
		d := only(t, series(c.metric, three, c.a...), series(c.metric, three, c.b...), c.metric)
		if d.Verdict != c.want {
			t.Errorf("%s: want %s, got %+v", name, c.want, d)
		}
	}
	d := only(t, series("p99_ms", three, 1, 2, inf), series("p99_ms", three, inf, inf, 3), "p99_ms")
	if d.InfiniteA != 1 || d.InfiniteB != 2 || d.MeanA != nil || d.MeanB != nil || d.Difference.Missing != result.Infinite || d.P != nil {
		t.Errorf("want infinite in 1 and 2 and no p-value, got %+v", d)
	}
}

// TestPairsByNumber: an interrupted run lacks replications; those that both have are paired by
// their numbers, not by their places.
func TestPairsByNumber(t *testing.T) {
	a := series("attainment", []int{0, 1, 2, 3}, 0.1, 0.5, 0.9, 0.3)
	b := series("attainment", []int{1, 3, 7}, 0.5, 0.3, 0.9)
	if d := only(t, a, b, "attainment"); d.Verdict != result.Same || math.Abs(*d.MeanA-0.4) > 1e-12 {
		t.Errorf("want the same in replications 1 and 3, got %+v", d)
	}
	if d := only(t, a, series("attainment", []int{2}, 0.5), "attainment"); d.Replications != 1 || d.P != nil || d.Verdict != result.Untested {
		t.Errorf("want one pair without a test, got %+v", d)
	}
}

// TestCompareIsAntisymmetric: B minus A is A minus B the other way round, with the same p-value.
func TestCompareIsAntisymmetric(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 8).Draw(t, "n")
		value := rapid.OneOf(rapid.Float64Range(0, 1), rapid.SampledFrom([]float64{0, 0.5, 1, math.Inf(1), math.NaN()}))
		numbers := make([]int, n)
		x, y := make([]float64, n), make([]float64, n)
		for i := range n {
			numbers[i], x[i], y[i] = i, value.Draw(t, "x"), value.Draw(t, "y")
		}
		choice := Choice{[]Pair{{"x", "x"}}, []string{"all"}, []string{"all"}, []string{"p50_ms"}}
		a, b := series("p50_ms", numbers, x...), series("p50_ms", numbers, y...)
		forth, _ := Compare(a, b, choice)
		back, _ := Compare(b, a, choice)
		f, g := forth.Differences[0], back.Differences[0]
		opposite := map[result.Verdict]result.Verdict{result.Better: result.Worse, result.Worse: result.Better,
			result.MaybeBetter: result.MaybeWorse, result.MaybeWorse: result.MaybeBetter}
		if want, ok := opposite[f.Verdict]; ok && g.Verdict != want || !ok && g.Verdict != f.Verdict {
			t.Fatalf("%+v and %+v", f, g)
		}
		if f.P != nil && (*f.P != *g.P || *f.Difference.Mean != -*g.Difference.Mean) || (f.P == nil) != (g.P == nil) {
			t.Fatalf("%+v and %+v", f, g)
		}
		if f.P != nil && f.Significant != (*f.P < 1-level) && math.Abs(*f.P-0.05) > 1e-6 {
			t.Fatalf("significant %t with p = %v", f.Significant, *f.P)
		}
	})
}

// TestHolmDecidesAsAssertions: the corrected p-values are at most alpha just where the decisions of
// check's own correction say so.
func TestHolmDecidesAsAssertions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ps := rapid.SliceOfN(rapid.OneOf(rapid.Float64Range(0, 1), rapid.Float64Range(0, 0.01)), 1, 20).Draw(t, "p")
		alpha := rapid.Float64Range(0.001, 0.5).Draw(t, "alpha")
		differences, asserted := make([]result.Difference, len(ps)), make([]result.Checked, len(ps))
		for i := range ps {
			differences[i].P, asserted[i].P = &ps[i], ps[i]
		}
		holm(asserted, alpha)
		if n := correct(differences); n != len(ps) {
			t.Fatalf("want %d tests, got %d", len(ps), n)
		}
		for i := range ps {
			if p := *differences[i].PHolm; math.Abs(p-alpha) > 1e-12 && (p <= alpha) == asserted[i].Holds {
				t.Fatalf("p = %v, corrected %v: want it to decide as check, got another", ps[i], p)
			}
		}
	})
}

// slowed is the fixture's run after a change: one contender keeps less slack.
func slowed() []Contender {
	changed := fixtureTallies(6)
	for i, c := range fixtureContenders() {
		if c.name == "slo-nn/lcao" {
			c.choose = fixtureContenders()[0].choose
			for r := range changed[i].Tallies {
				changed[i].Tallies[r] = fixtureTally(&c, r)
			}
		}
	}
	return changed
}

func TestGoldenComparison(t *testing.T) {
	a, b := replicated(t, fixtureTallies(6)), replicated(t, slowed())
	choice := everything(a)
	choice.Metrics, choice.Windows = ComparedMetrics(), []string{"all", "interference"}
	c := comparedOf(t, a, b, choice)
	c.A, c.B, c.Notes = "results/noisy-1", "results/noisy-2", []string{"slo-nn/lcao: policy is \"lcao\" in A, \"full\" in B"}
	var out, lines, bench bytes.Buffer
	if err := PrintComparison(&out, &c, false); err != nil {
		t.Fatal(err)
	}
	golden(t, "comparison.txt", out.Bytes())
	if err := result.WriteComparisonCSV(&lines, &c); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(lines.String(), "\n"); got != 1+len(c.Differences) {
		t.Errorf("CSV: want a line a difference and a header, got %d of %d", got, len(c.Differences))
	}
	choice.Pairs, choice.Classes = []Pair{{"dense/full", "slo-nn/lcao"}}, []string{"all"}
	if err := WriteBenchmarks(&bench, a, b, c.A, c.B, choice); err != nil {
		t.Fatal(err)
	}
	golden(t, "comparison-bench.txt", bench.Bytes())
}

// TestComparisonColours: only what is sure is coloured, and only if asked.
func TestComparisonColours(t *testing.T) {
	three := []int{0, 1, 2}
	a, b := series("p50_ms", three, 10, 20, 30), series("p50_ms", three, 5, 15.1, 24.9)
	c := comparedOf(t, a, b, Choice{[]Pair{{"x", "x"}}, []string{"all"}, []string{"all"}, []string{"p50_ms"}})
	var plain, coloured bytes.Buffer
	if err := PrintComparison(&plain, &c, false); err != nil {
		t.Fatal(err)
	}
	if err := PrintComparison(&coloured, &c, true); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(plain.String(), "\x1b") || !strings.Contains(coloured.String(), "\x1b[32mbetter\x1b[0m") {
		t.Errorf("want better in green if asked, got\n%s\n%s", plain.String(), coloured.String())
	}
}

// TestSameMetricsTakeALine: a metric that is the same of all contenders is no table, and one that
// only some have changed is.
func TestSameMetricsTakeALine(t *testing.T) {
	three := []int{0, 1, 2}
	a, b := series("p50_ms", three, 1, 2, 3), series("p50_ms", three, 1, 2, 3)
	a.Contenders[0].Cells[0].Metrics["mean_density"] = result.NewSeries([]float64{.1, .2, .3})
	b.Contenders[0].Cells[0].Metrics["mean_density"] = result.NewSeries([]float64{.1, .2, .4})
	c := comparedOf(t, a, b, Choice{[]Pair{{"x", "x"}}, []string{"all"}, []string{"all"}, []string{"p50_ms", "mean_density"}})
	var out bytes.Buffer
	if err := PrintComparison(&out, &c, false); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if !strings.Contains(text, "\nthe same in every replication, of all contenders: p50\n") || strings.Contains(text, "\np50 ms\n") || !strings.Contains(text, "\ndensity %\n") {
		t.Errorf("want p50 in a line and a table of densities, got\n%s", text)
	}
}

// TestBenchNames: what the format cannot hold is replaced, and no two contenders become one.
func TestBenchNames(t *testing.T) {
	got := benchNames([]Pair{{"a/b", "a/b"}, {"a b", "a b"}, {"A=b", "A=b"}, {"ä", "ä"}, {"zoo", "x y"}})
	want := []string{"A_b", "A_b_2", "A_b_3", "_", "Zoo:x_y"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReplicationsWantsThemAlike(t *testing.T) {
	a := Contender{Name: "a", Tallies: []*Tally{steady(0, 10, 5, 5), steady(1, 10, 5, 5)}}
	b := Contender{Name: "b", Tallies: []*Tally{steady(0, 10, 5, 5)}}
	if _, err := Replications([]Contender{a, b}); err == nil || !strings.Contains(err.Error(), `contender "b": want [0 1]`) {
		t.Errorf("want an error about the replications of b, got %v", err)
	}
}

// TestGroupsAreEven: every image is in a group for good, and groups are of a size.
func TestGroupsAreEven(t *testing.T) {
	var sizes [imageGroups]int
	for i := range 10_000 {
		sizes[groupOf(i)]++
	}
	for g, n := range sizes { // 312.5 in the mean, standard deviation 17.4
		if n < 240 || n > 385 {
			t.Errorf("group %d: want some 312 images, got %d", g, n)
		}
	}
	// SplitMix64 from 0: e220a8397b1dcdaf, 6e789e6aa1b965f4, 06c45d188009454f. Older results have these groups.
	if got := []int{groupOf(0), groupOf(1), groupOf(2)}; !slices.Equal(got, []int{15, 20, 15}) {
		t.Errorf("want groups 15, 20, 15, got %v", got)
	}
}

// FuzzCompare: whatever can be read can be compared with itself, which is the same.
func FuzzCompare(f *testing.F) {
	real, err := os.ReadFile(filepath.Join("result", "testdata", result.ReplicationsFile))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(real)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := result.ParseReplications(data)
		if err != nil {
			return
		}
		choice := everything(r)
		c, err := Compare(r, r, choice)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range c.Differences {
			if d.Verdict != result.Same && d.Verdict != result.Untested {
				t.Fatalf("want the same, got %+v", d)
			}
		}
		var out bytes.Buffer
		if err := PrintComparison(&out, &c, false); err != nil {
			t.Fatal(err)
		}
		if err := WriteBenchmarks(&out, r, r, "a", "b", choice); err != nil {
			t.Fatal(err)
		}
	})
}

// TestCompareWantsTheSameGroups: counts of other groups of images would give wrong intervals.
func TestCompareWantsTheSameGroups(t *testing.T) {
	a, b := replicated(t, fixtureTallies(2)), replicated(t, fixtureTallies(2))
	for i := range b.Contenders[0].Images {
		counts := &b.Contenders[0].Images[i]
		for _, lists := range [][][]int64{counts.Arrived, counts.Answered, counts.Right, counts.Met, counts.RightMet} {
			for r := range lists {
				lists[r] = lists[r][1:]
			}
		}
	}
	choice := everything(a)
	if _, err := Compare(a, b, choice); err == nil || !strings.Contains(err.Error(), "same groups of images") {
		t.Errorf("want it refused, got %v", err)
	}
	choice.Metrics = []string{"p50_ms"} // has nothing to do with them
	if _, err := Compare(a, b, choice); err != nil {
		t.Error(err)
	}
}
