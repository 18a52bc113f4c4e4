package reports

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"slosim/reports/result"
)

// The numbers of queries that LoadGen's own early_stopping.cc (MLPerf inference, 2026) gives at 99 %
// confidence and no tolerance. 459 is ceil(ln 0.01 / ln 0.99); 661 + 1 and 63 + 1 are the well-known least
// numbers of queries for a 99th and a 90th percentile.
func TestMinPassingAsLoadGen(t *testing.T) {
	for _, c := range []struct {
		target     float64
		missed, to int64
	}{
		{0.5, 0, 7}, {0.5, 1, 10}, {0.5, 2, 12}, {0.5, 5, 17}, {0.5, 10, 25}, {0.5, 100, 137}, {0.5, 1000, 1108},
		{0.9, 0, 44}, {0.9, 1, 63}, {0.9, 2, 79}, {0.9, 5, 122}, {0.9, 10, 187}, {0.9, 100, 1146}, {0.9, 1000, 9722},
		{0.95, 0, 90}, {0.95, 1, 129}, {0.95, 2, 163}, {0.95, 5, 254}, {0.95, 10, 388}, {0.95, 100, 2404}, {0.95, 1000, 20483},
		{0.99, 0, 459}, {0.99, 1, 661}, {0.99, 2, 836}, {0.99, 5, 1302}, {0.99, 10, 2000}, {0.99, 100, 12471}, {0.99, 1000, 106569},
		{0.999, 0, 4603}, {0.999, 1, 6635}, {0.999, 2, 8401}, {0.999, 5, 13100}, {0.999, 10, 20130}, {0.999, 100, 125726},
	} {
		if got := minPassing(c.missed, c.target); got != c.to {
			t.Errorf("%d missed of %v: want %d met, got %d", c.missed, c.target, c.to, got)
		}
	}
}

// A dumb version: the binomial distribution, added up.
func TestOddsAreBinomial(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		met, missed := rapid.IntRange(0, 3000).Draw(t, "met"), rapid.IntRange(0, 300).Draw(t, "missed")
		target := rapid.Float64Range(0.05, 0.999).Draw(t, "target")
		n, sum, before := met+missed, 0.0, 0.0
		for k := 0; k <= missed; k++ {
			lgamma := func(x int) float64 { y, _ := math.Lgamma(float64(x + 1)); return y }
			before = sum
			sum += math.Exp(lgamma(n) - lgamma(k) - lgamma(n-k) + float64(k)*math.Log(1-target) + float64(n-k)*math.Log(target))
		}
		if got := passingOdds(float64(met), float64(missed), target); math.Abs(got-sum) > 1e-9 {
			t.Fatalf("want %v, got %v", sum, got)
		}
		if got := failingOdds(float64(met), float64(missed), target); math.Abs(got-(1-before)) > 1e-9 {
			t.Fatalf("want %v, got %v", 1-before, got)
		}
	})
}

// As many queries as a long campaign has are not too many: the bound agrees with the normal approximation.
func TestOddsOfManyQueries(t *testing.T) {
	for _, n := range []float64{1e6, 1e8, 1e10} {
		for _, z := range []float64{-2.5, -1, 0.5, 2.5} {
			missed := 0.01*n + z*math.Sqrt(n*0.01*0.99)
			want, slack := 1-upperTail(z), 1/math.Sqrt(n*0.01)
			if got := passingOdds(n-missed, missed, 0.99); math.Abs(got-want) > slack {
				t.Errorf("%g queries, %v deviations: want %v, got %v", n, z, want, got)
			}
		}
	}
}

// What is said to be needed is enough, and less is not.
func TestMoreQueries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		met, missed := rapid.Int64Range(1, 5000).Draw(t, "met"), rapid.Int64Range(0, 50).Draw(t, "missed")
		target := rapid.SampledFrom([]float64{0.5, 0.9, 0.99, 0.999}).Draw(t, "target")
		var e evidence
		e.earlyStop(&seen{met: met, arrived: met + missed}, target)
		b := e.EarlyStopping
		if b.Met {
			if b.MoreAtRate != 0 || b.MoreIfMet != 0 || met < minPassing(missed, target) {
				t.Fatalf("want it met only by enough, and nothing more needed, got %+v", b)
			}
			return
		}
		if odds := passingOdds(float64(met+b.MoreIfMet), float64(missed), target); odds >= 0.01 || b.MoreIfMet < 1 {
			t.Fatalf("want %d more to be enough, got %v", b.MoreIfMet, odds)
		}
		if odds := passingOdds(float64(met+b.MoreIfMet-1), float64(missed), target); odds < 0.01 {
			t.Fatalf("want fewer than %d more not to be enough, got %v", b.MoreIfMet, odds)
		}
		share := float64(missed) / float64(met+missed)
		if b.MoreAtRate == 0 {
			if share < 1-target-1e-4 {
				t.Fatalf("want a number at a share %v of misses below %v, got none", share, 1-target)
			}
			return
		}
		n := float64(met + missed + b.MoreAtRate)
		if n > 1e8 { // so near the target that the last digits of its odds decide
			return
		}
		if passingOdds(n*(1-share), n*share, target) >= 0.01 || passingOdds((n-2)*(1-share), (n-2)*share, target) < 0.01 {
			t.Fatalf("want about %v in all to be just enough, got another number", n)
		}
	})
}

// Of systems that just miss the target one in a hundred passes at most; of good ones most do.
func TestEarlyStoppingErrors(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	passes := func(attainment float64) (share float64) {
		a := Assertion{Contender: "x", Class: "all", Window: "all", Metric: "attainment", Min: number(0.9), EarlyStopping: true}
		for range 5000 {
			d := seen{values: []float64{0.9}, arrived: 400}
			for range d.arrived {
				if r.Float64() < attainment {
					d.met++
				}
			}
			if a.test(&d).EarlyStopping.Met {
				share += 1.0 / 5000
			}
		}
		return share
	}
	if got := passes(0.9); got > 0.01+0.0042 || got < 0.002 {
		t.Errorf("on the edge: want up to 0.01 to pass, got %v", got)
	}
	if got := passes(0.97); got < 0.99 {
		t.Errorf("far above: want nearly all to pass, got %v", got)
	}
}

// The three ends of an assertion with the bound, at a fixed number of replications and sequentially.
func TestCheckEarlyStopping(t *testing.T) {
	contenders := fixtureTallies(4)
	name := contenders[3].Name // meets most
	_, mean, err := ValuesOf(contenders, Assertion{Contender: name, Class: "all", Window: "all", Metric: "attainment"})
	if err != nil || mean < 0.9 {
		t.Fatal(mean, err)
	}
	at := func(minimum float64) Assertion {
		return Assertion{Contender: name, Class: "all", Window: "all", Metric: "attainment", Min: &minimum, EarlyStopping: true}
	}
	asserts := []Assertion{at(mean - 0.02), at(mean - 0.003), at((1 + mean) / 2)}
	checked, err := Check(contenders, asserts, 0.01)
	if err != nil {
		t.Fatal(err)
	}
	sequence := NewSequence(asserts, Plan{Looks: []int{4}, Alpha: 0.01, Spending: OBrienFleming})
	if err := sequence.Look(contenders); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"bound met", "more queries needed at this rate", "contradicted"} {
		for _, c := range []result.Checked{checked[i], sequence.Found()[i]} {
			if text := c.Found(); c.Holds != (i == 0) || !strings.Contains(text, want) || !strings.Contains(text, "uncorrelated") || !strings.Contains(c.What, "early-stopping bound") {
				t.Errorf("%s: want %q, got %s", c.What, want, text)
			}
		}
	}
}
