package reports

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"slosim/reports/result"
)

// normalSequence runs a sequence of assertions "at least 0" over normal data with these means and
// deviation 1.
func normalSequence(r *rand.Rand, plan Plan, levels map[float64][]float64, means ...float64) *Sequence {
	asserts := make([]Assertion, len(means))
	for i := range asserts {
		asserts[i] = Assertion{Contender: fmt.Sprint(i), Class: "all", Window: "all", Metric: "attainment", Min: number(0)}
	}
	s, drawn := NewSequence(asserts, plan), 0
	s.levels = levels // computed once for all runs of a plan
	for _, n := range plan.Looks {
		for ; drawn < n; drawn++ {
			for i, mean := range means {
				s.seen[i].values = append(s.seen[i].values, mean+r.NormFloat64())
			}
		}
		if s.weigh(); len(s.Wants()) == 0 {
			break
		}
	}
	return s
}

// verdicts counts sequences over normal data in which every assertion is confirmed, and in which one is
// contradicted, and the mean number of replications to the last decision.
func verdicts(plan Plan, n int, means ...float64) (green, red, replications float64) {
	r, levels := rand.New(rand.NewPCG(11, 12)), map[float64][]float64{}
	for range n {
		every, any := true, false
		s := normalSequence(r, plan, levels, means...)
		for _, c := range s.Found() {
			every = every && c.Holds
			any = any || c.Sequential.Verdict == result.Contradicted
		}
		if every {
			green += 1 / float64(n)
		}
		if any {
			red += 1 / float64(n)
		}
		replications += float64(plan.Looks[s.look-1]) / float64(n)
	}
	return green, red, replications
}

// On the edge, where an error is most likely, runs are red and green with at most alpha, and by nearly as
// much: of one assertion, and of several, of which those that are true by far or false by far do not count.
func TestSequenceKeepsItsErrors(t *testing.T) {
	const alpha, n = 0.05, 2500
	for _, spending := range Spendings() {
		plan := Plan{Looks: Doubling(5, 40), Alpha: alpha, Spending: Spending(spending)}
		for _, c := range []struct {
			name                     string
			means                    []float64
			reddest, greenest, least float64 // least: what one of them should reach
		}{
			{"one on the edge", []float64{0}, alpha, alpha, alpha},
			{"four on the edge", []float64{0, 0, 0, 0}, alpha, alpha, alpha},
			{"one on the edge, others true", []float64{0, 5, 5, 5}, alpha, alpha, alpha},
			{"one on the edge, others false", []float64{0, -5, -5, -5}, 1, 0, 0},
		} {
			green, red, _ := verdicts(plan, n, c.means...)
			if slack := 0.014; red > c.reddest+slack || green > c.greenest+slack || max(green, red) < c.least-slack { // 3.2 standard errors
				t.Errorf("%s, %s: want at most %v red and %v green, one at least %v, got %v and %v", spending, c.name, c.reddest, c.greenest, c.least, red, green)
			}
		}
	}
}

// Holm's step: an assertion that others have left their part to is held against all of alpha, so that it
// is red as often as if it stood alone.
func TestSequencePassesAlphaOn(t *testing.T) {
	plan := Plan{Looks: Doubling(5, 40), Alpha: 0.05, Spending: Pocock}
	r := rand.New(rand.NewPCG(5, 6))
	red, levels := 0.0, map[float64][]float64{}
	for range 6000 {
		if normalSequence(r, plan, levels, 0, -5, -5, -5).Found()[0].Sequential.Verdict == result.Contradicted {
			red += 1.0 / 6000
		}
	}
	if math.Abs(red-0.05) > 0.009 {
		t.Errorf("want 0.05 red, got %v", red)
	}
}

// What is clear stops early, what is close goes on, and power at the cap is that of a test without looks.
func TestSequenceStopsEarly(t *testing.T) {
	for _, spending := range Spendings() {
		plan := Plan{Looks: Doubling(5, 40), Alpha: 0.01, Spending: Spending(spending)}
		for _, c := range []struct {
			mean      float64
			greenest  bool
			at, least float64
		}{{3, true, 20, 0.999}, {-3, false, 20, 0.999}, {0.8, true, 35, 0.95}, {-0.8, false, 35, 0.95}} {
			green, red, replications := verdicts(plan, 1500, c.mean)
			right, wrong := green, red
			if !c.greenest {
				right, wrong = red, green
			}
			if right < c.least || wrong > 0 || replications > c.at {
				t.Errorf("%s, mean %v: want %v decided right after at most %v replications, got %v (wrong %v) after %.1f", spending, c.mean, c.least, c.at, right, wrong, replications)
			}
		}
	}
}

// A sequence over real tallies: it takes the replications of each look once, wants only contenders that
// still matter, says what is undecided, and what it cannot test is red.
func TestSequenceOfTallies(t *testing.T) {
	all := fixtureTallies(8)
	between := func(from, to int, names []string) (some []Contender) {
		for _, c := range all {
			if slices.Contains(names, c.Name) {
				c.Tallies = c.Tallies[from:to]
				some = append(some, c)
			}
		}
		return some
	}
	first, second, third := all[0].Name, all[2].Name, all[3].Name
	at := func(name string, a Assertion) Assertion {
		a.Contender, a.Class, a.Window, a.Metric = name, "all", "all", "attainment"
		return a
	}
	_, mean, err := ValuesOf(all, at(second, Assertion{}))
	if err != nil {
		t.Fatal(err)
	}
	asserts := []Assertion{at(first, Assertion{Min: number(0.999)}), at(second, Assertion{Min: &mean}), at(third, Assertion{NotWorseThan: first}), at(first, Assertion{Min: number(0.01)})}
	s := NewSequence(asserts, Plan{Looks: []int{2, 4, 8}, Alpha: 0.05, Spending: Pocock})
	last := 0
	for _, n := range s.plan.Looks {
		if err := s.Look(between(last, n, s.Wants())); err != nil {
			t.Fatal(err)
		}
		last = n
	}
	for i, want := range []string{result.Contradicted, result.Undecided, result.Confirmed, result.Confirmed} {
		c := s.Found()[i]
		if c.Sequential == nil || c.Sequential.Verdict != want || c.Holds != (want == result.Confirmed) || !strings.Contains(c.Found(), want) {
			t.Errorf("%s: want %s, got %s", c.What, want, c.Found())
		}
	}
	if c := s.Found()[1]; c.Replications != 8 || len(s.Wants()) > 0 {
		t.Errorf("want all 8 replications seen and nothing more wanted, got %+v, %v", c, s.Wants())
	}
	broken := NewSequence(asserts, s.plan)
	broken.Fail(first, "it crashed")
	if want := []string{second}; !slices.Equal(broken.Wants(), want) {
		t.Errorf("want %q left, got %q", want, broken.Wants())
	}
	if c := broken.Found()[2]; c.Holds || c.Why != "it crashed" {
		t.Errorf("want an assertion against a failed contender red, got %+v", c)
	}
	if err := NewSequence([]Assertion{at("nobody", Assertion{Min: number(0)})}, s.plan).Look(all); err == nil {
		t.Error("want an unknown contender refused")
	}
}

// Values that do not vary decide at the first look, either way; a quantile that is infinite contradicts.
func TestSequenceWithoutVariance(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   string
	}{
		{[]float64{1, 1}, result.Confirmed}, {[]float64{0.5, 0.5}, result.Contradicted}, {[]float64{1, math.Inf(-1)}, result.Contradicted},
		{[]float64{0.8, 1}, ""},
	} {
		s := NewSequence([]Assertion{{Contender: "x", Class: "all", Window: "all", Metric: "attainment", Min: number(0.9)}}, Plan{Looks: []int{2, 4}, Alpha: 0.01, Spending: OBrienFleming})
		s.seen[0].values = c.values
		s.weigh()
		if got := s.Found()[0].Sequential; (got == nil) != (c.want == "") || got != nil && got.Verdict != c.want {
			t.Errorf("%v: want %q, got %+v", c.values, c.want, got)
		}
	}
}

func TestDoubling(t *testing.T) {
	for _, c := range []struct {
		first, most int
		want        []int
	}{{5, 40, []int{5, 10, 20, 40}}, {5, 30, []int{5, 10, 20, 30}}, {5, 5, []int{5}}, {2, 3, []int{2, 3}}} {
		if got := Doubling(c.first, c.most); !slices.Equal(got, c.want) {
			t.Errorf("%d to %d: want %v, got %v", c.first, c.most, c.want, got)
		}
	}
}
