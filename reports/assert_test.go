package reports

import (
	"bytes"
	"encoding/xml"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"slosim/reports/result"
)

func number(x float64) *float64 { return &x }

// The p-value is that of a one-sided t-test: uniform where the mean is the limit, so that a share alpha
// of true assertions on the edge is red.
func TestBelowIsATest(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	red, n := 0, 4000
	for range n {
		values := make([]float64, 5)
		for i := range values {
			values[i] = 10 + r.NormFloat64()
		}
		if below(values, 10) <= 0.05 {
			red++
		}
	}
	if share := float64(red) / float64(n); share < 0.04 || share > 0.06 {
		t.Errorf("want 5 %% red on the edge, got %.3f", share)
	}
	for _, c := range []struct {
		values []float64
		limit  float64
		want   float64
	}{
		{[]float64{1, 1, 1}, 0.9, 1}, {[]float64{1, 1, 1}, 1.1, 0}, {[]float64{1}, 1.1, 0}, {[]float64{1}, 1, 1},
		{[]float64{1, math.Inf(1)}, 5, 1}, {[]float64{1, math.Inf(-1)}, 0, 0},
	} {
		if got := below(c.values, c.limit); got != c.want {
			t.Errorf("%v at least %v: want p = %v, got %v", c.values, c.limit, c.want, got)
		}
	}
}

// Holm: the smallest p-value is held against alpha over all, the next against alpha over the rest.
func TestHolm(t *testing.T) {
	all := []result.Checked{{P: 0.03}, {P: 0.001}, {P: 0.5}, {P: 0.012}}
	holm(all, 0.05)
	for i, want := range []bool{true, false, true, false} {
		if all[i].Holds != want {
			t.Errorf("assertion %d: want %v, got %v", i, want, all[i].Holds)
		}
	}
}

func TestCheck(t *testing.T) {
	contenders := fixtureTallies(4)
	first := contenders[0].Name
	_, mean, err := ValuesOf(contenders, Assertion{Contender: first, Class: "all", Window: "all", Metric: "attainment"})
	if err != nil {
		t.Fatal(err)
	}
	at := func(a Assertion) Assertion {
		a.Contender, a.Class, a.Window, a.Metric = first, "all", "all", "attainment"
		return a
	}
	checked, err := Check(contenders, []Assertion{
		at(Assertion{Min: number(mean - 0.5)}), at(Assertion{Min: number(mean + 0.5)}), at(Assertion{Max: number(mean + 0.5)}),
		at(Assertion{Max: number(mean - 0.5)}), at(Assertion{NotWorseThan: first}), at(Assertion{Baseline: &mean, Within: 0.01}),
		at(Assertion{Baseline: number(mean + 0.5), Within: 0.01}),
	}, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []bool{true, false, true, false, true, true, false} {
		if checked[i].Holds != want {
			t.Errorf("%s: want %v, got %+v", checked[i].What, want, checked[i])
		}
	}
	if _, err := Check(contenders, []Assertion{{Contender: "nobody", Metric: "attainment"}}, 0.05); err == nil {
		t.Error("want an unknown contender refused")
	}
	var out bytes.Buffer
	if err := result.EncodeJUnit(&out, checked); err != nil {
		t.Fatal(err)
	}
	var any struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
	}
	if err := xml.Unmarshal(out.Bytes(), &any); err != nil || any.Tests != 7 || any.Failures != 3 || !strings.Contains(out.String(), "at least") {
		t.Errorf("want 7 tests with 3 failures, got %+v, %v\n%s", any, err, out.String())
	}
}

// A baseline under the same draws is compared replication by replication: a shift that is small beside what
// replications differ by is seen, and an unchanged run is never red, however little it is allowed.
func TestBaselinesArePaired(t *testing.T) {
	earlier := []float64{10, 14, 9, 13, 11, 15}
	var slower []float64
	for _, v := range earlier {
		slower = append(slower, 1.08*v)
	}
	mean := meanOf(earlier)
	a := Assertion{Contender: "x", Class: "all", Window: "all", Metric: "p50_ms", Baseline: &mean, Within: 0.03 * mean, Earlier: earlier}
	alone := a
	alone.Earlier = nil
	if p := a.test(&seen{values: slower}).P; p > 0.01 {
		t.Errorf("8 %% slower, within 3 %%: want it contradicted, got p = %v", p)
	}
	if p := alone.test(&seen{values: slower}).P; p < 0.2 {
		t.Errorf("unpaired: want it not to be seen, got p = %v", p)
	}
	e := a.test(&seen{values: slower[:4]})
	if want := "moved by 0.92 from 4 replications of the baseline with the same draws, margin -0.56"; !strings.Contains(e.Found(), want) {
		t.Errorf("want %q, got %s", want, e.Found())
	}
	if got := alone.test(&seen{values: slower}); got.Paired != nil {
		t.Errorf("unpaired: want nothing said of pairs, got %s", got.Found())
	}
	if e := a.test(&seen{values: earlier}); e.P < 1 || e.Margin != a.Within {
		t.Errorf("unchanged: want nothing against it, got %+v", e)
	}
	if p := a.test(&seen{values: append(slices.Clone(slower), 1)}).P; p > 0.01 {
		t.Errorf("more replications than the baseline has: want the pairs tested, got p = %v", p)
	}
}

// A mean on the wrong side that chance can explain holds and is unsure, in every form; what is beyond chance
// fails, and what is on the right side is neither.
func TestUnsure(t *testing.T) {
	contenders := fixtureTallies(4)
	at := Assertion{Contender: contenders[0].Name, Class: "all", Window: "all", Metric: "attainment"}
	_, mean, err := ValuesOf(contenders, at)
	if err != nil {
		t.Fatal(err)
	}
	asserts := []Assertion{at, at, at}
	for i, off := range []float64{1e-5, -0.1, 0.5} {
		asserts[i].Min = number(mean + off)
	}
	checked, err := Check(contenders, asserts, 0.01)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"UNSURE", "PASS", "FAIL"} {
		if got := checked[i]; got.Mark() != want || got.Unsure != (i == 0) || !strings.HasPrefix(got.Line(), want+"  ") {
			t.Errorf("want %s, got %s", want, got.Line())
		}
	}
	if got, want := checked[0].Found(), "violated by its mean, not beyond chance at n = 4: more replications decide"; !strings.HasSuffix(got, want) {
		t.Errorf("want %q, got %q", want, got)
	}
	if got := result.CheckedSummary(checked); got != "1 hold, 1 unsure, 1 fail" {
		t.Errorf("got %q", got)
	}
	var out bytes.Buffer
	if err := result.EncodeJSON(&out, result.CheckedAll{Assertions: checked}); err != nil || strings.Count(out.String(), `"unsure": true`) != 1 {
		t.Errorf("want one unsure, got %v\n%s", err, out.String())
	}
	unsureInJUnit(t, checked)
}

// Infinitely much better than the other is no margin, and hides none of another condition.
func TestMarginOfInfiniteGains(t *testing.T) {
	d := seen{values: []float64{3, 4, 6}, gains: []float64{math.Inf(1), math.Inf(1), -1}}
	a := Assertion{Contender: "x", Class: "all", Window: "all", Metric: "p99_ms", NotWorseThan: "y"}
	if e := a.test(&d); e.Margin != 0 || e.P < 1 {
		t.Errorf("want nothing against it, got %+v", e)
	}
	a.Max = number(4)
	if e := a.test(&d); math.Abs(e.Margin+1.0/3) > 1e-12 {
		t.Errorf("want the margin to the maximum, got %+v", e)
	}
}

// unsureInJUnit wants the first skipped and the last failed, each with its reason in words and its whole line.
func unsureInJUnit(t *testing.T, checked []result.Checked) {
	t.Helper()
	var out bytes.Buffer
	if err := result.EncodeJUnit(&out, checked); err != nil {
		t.Fatal(err)
	}
	type reason struct {
		Message string `xml:"message,attr"`
		Line    string `xml:",chardata"`
	}
	var all struct {
		Skipped  int `xml:"skipped,attr"`
		Failures int `xml:"failures,attr"`
		Cases    []struct {
			Failure, Skipped *reason
		} `xml:"testsuite>testcase"`
	}
	text := strings.NewReplacer("<failure", "<Failure", "</failure", "</Failure", "<skipped", "<Skipped", "</skipped", "</Skipped").Replace(out.String())
	if err := xml.Unmarshal([]byte(text), &all); err != nil || all.Skipped != 1 || all.Failures != 1 || len(all.Cases) != 3 {
		t.Fatalf("want one skipped and one failed of three, got %+v, %v\n%s", all, err, out.String())
	}
	skipped, failed := all.Cases[0].Skipped, all.Cases[2].Failure
	if skipped == nil || !strings.HasPrefix(skipped.Message, "unsure: ") || skipped.Line != checked[0].Line() {
		t.Errorf("want a reason for skipping, got %+v", skipped)
	}
	if failed == nil || !strings.HasPrefix(failed.Message, "does not hold: ") || failed.Line != checked[2].Line() {
		t.Errorf("want a reason for failing, got %+v", failed)
	}
}

// Intervals have no values that the metric cannot have.
func TestIntervalsArePossible(t *testing.T) {
	for _, c := range []struct {
		metric string
		values []float64
		most   float64
	}{
		{"attainment", []float64{0.45, 0.97, 0.99}, 1}, {"utilisation", []float64{0.7, 0.999, 0.999}, 1},
		{"budget_spent", []float64{0, 0.5, 12}, math.Inf(1)}, {"p99_ms", []float64{1, 1, 40}, math.Inf(1)},
	} {
		a := Assertion{Contender: "x", Class: "all", Window: "all", Metric: c.metric, Min: number(0)}
		v := a.test(&seen{values: c.values}).Value
		if *v.Lo < 0 || *v.Hi > c.most || *v.Lo >= *v.Mean || *v.Hi <= *v.Mean {
			t.Errorf("%s: want an interval from 0 to %v around %v, got %v to %v", c.metric, c.most, *v.Mean, *v.Lo, *v.Hi)
		}
		if c.metric == "p99_ms" && *v.Lo == 0 {
			t.Error("want a quantile's interval above 0")
		}
	}
}
