package reports

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// budgetConfig measures one second a bin of the budget, after a warm-up.
func budgetConfig(objectives ...float64) TallyConfig {
	config := TallyConfig{Workers: 1, WarmUp: 100 * time.Second, Duration: (100 + budgetBins) * time.Second, Bin: 60 * time.Second, Objectives: objectives}
	for i := range objectives {
		config.Classes = append(config.Classes, string(rune('a'+i)))
	}
	return config
}

// spreadOver adds n queries of a class to each bin; missed says which of a bin's queries miss.
func spreadOver(t *Tally, class uint16, n int, missed func(bin, i int) bool) {
	for bin := range budgetBins {
		for i := range n {
			at := 100*time.Second + time.Duration(bin)*time.Second + time.Duration(2*i+1)*time.Second/time.Duration(2*n)
			o := Observation{Class: class, ArriveAt: at, StartAt: at, FinishAt: at + 1, Deadline: at + 1}
			if missed(bin, i) {
				o.FinishAt = at + 2
			}
			t.Add(&o)
		}
	}
}

// missing says that a bin is one of [from, to).
func missing(from, to int) func(bin, i int) bool {
	return func(bin, _ int) bool { return bin >= from && bin < to }
}

var everyWindow = []int{quiet, interference}

// budgetOf returns budget_spent and the burn rates of some classes and windows.
func budgetOf(t *Tally, classes, windows []int) [1 + len(burnPairs)]float64 {
	p := t.part(cellGroup{classes: classes, windows: windows})
	out := [1 + len(burnPairs)]float64{metrics[indexOf("budget_spent")].value(&p)}
	for i := range burnPairs {
		out[i+1] = metrics[indexOf(burnPairs[i].metric)].value(&p)
	}
	return out
}

// alike compares numbers, NaN being like NaN.
func alike(got, want [1 + len(burnPairs)]float64) bool {
	for i := range got {
		if math.IsNaN(got[i]) != math.IsNaN(want[i]) || math.Abs(got[i]-want[i]) > 1e-9*math.Max(1, math.Abs(want[i])) {
			return false
		}
	}
	return true
}

// Budget and burn rates whose values follow from their definition.
func TestBurnRates(t *testing.T) {
	nan := math.NaN()
	for name, c := range map[string]struct {
		objective float64
		queries   int // a bin
		missed    func(bin, i int) bool
		want      [4]float64 // budget_spent, burn_1h, burn_6h, burn_3d
	}{
		"a constant share r of misses burns at r / (1 - objective)": {0.99, 10, func(_, i int) bool { return i == 3 }, [4]float64{10, 10, 10, 10}},
		"at the objective the budget lasts exactly":                 {0.9, 10, func(_, i int) bool { return i == 3 }, [4]float64{1, 1, 1, 1}},
		"nothing missed":    {0.99, 10, missing(0, 0), [4]float64{}},
		"everything missed": {0.99, 10, missing(0, budgetBins), [4]float64{100, 100, 100, 100}},
		// Six bins are half of 1 h, a twelfth of 6 h and the whole of 30 min, a 144th of 3 d.
		"a burst of half an hour": {0.99, 10, missing(4000, 4006), [4]float64{600.0 / 8640, 50, 100.0 / 12, 100.0 / 144}},
		// The burst has left the short window before the long one is full, but for 1 h.
		"a burst at the very start": {0.99, 10, missing(0, 12), [4]float64{1200.0 / 8640, 100, 0, 0}},
		// The last instant at which all windows have it.
		"a burst at the very end":     {0.99, 10, missing(budgetBins-72, budgetBins), [4]float64{7200.0 / 8640, 100, 100, 100.0 / 12}},
		"one query misses, of enough": {0.99, 10, func(bin, i int) bool { return bin == 5000 && i == 0 }, [4]float64{1.0 / 864, 100.0 / 120, 100.0 / 720, 100.0 / 8640}},
		// A budget of less than 50, 20 and 10 queries is too small for 1 h, 6 h and 3 d: one miss would be an alert.
		"a budget of 26 queries": {0.9995, 6, missing(1000, 1001), [4]float64{6 / 25.92, nan, 1000.0 * 2 / 72, 2000.0 / 864}},
		"a budget of 5 queries":  {0.9999, 6, missing(0, 1), [4]float64{6 / 5.184, nan, nan, nan}},
	} {
		tally := NewTally(budgetConfig(c.objective))
		spreadOver(tally, 0, c.queries, c.missed)
		if got := budgetOf(tally, []int{0}, everyWindow); !alike(got, c.want) {
			t.Errorf("%s: want spent, 1 h, 6 h, 3 d %v, got %v", name, c.want, got)
		}
	}
}

// Each class has its own objective: together, misses are held against the sum of what may miss.
func TestBurnRatesOfClasses(t *testing.T) {
	tally := NewTally(budgetConfig(0.9, 0.99))
	spreadOver(tally, 0, 10, func(_, i int) bool { return i == 0 })
	spreadOver(tally, 1, 30, missing(0, 0))
	if got := budgetOf(tally, []int{0}, everyWindow); !alike(got, [4]float64{1, 1, 1, 1}) {
		t.Errorf("strict: want all of its budget, got %v", got)
	}
	if got, want := budgetOf(tally, []int{0, 1}, everyWindow), 1/(10*0.1+30*0.01); !alike(got, [4]float64{want, want, want, want}) {
		t.Errorf("all: want %v, got %v", want, got)
	}
}

// Windows divide the budget that was spent, and the instants at which it burns.
func TestBurnRatesOfWindows(t *testing.T) {
	config := budgetConfig(0.99)
	config.Interference = []Span{{4100 * time.Second, 4200 * time.Second}} // bins 4000 to 4100
	tally := NewTally(config)
	spreadOver(tally, 0, 10, func(bin, i int) bool { return bin >= 4000 && bin < 4050 || bin >= 6000 && bin < 6006 })
	all, calm, disturbed := budgetOf(tally, []int{0}, everyWindow), budgetOf(tally, []int{0}, []int{quiet}), budgetOf(tally, []int{0}, []int{interference})
	if want := 500.0 / 864; math.Abs(disturbed[0]-want) > 1e-12 || math.Abs(calm[0]+disturbed[0]-all[0]) > 1e-12 {
		t.Errorf("want %v of the budget spent under interference, and parts that add up, got %v + %v = %v", want, disturbed[0], calm[0], all[0])
	}
	// Under interference 50 bins burn at once, elsewhere six; 3 d looks back over all of them.
	want := [4]float64{calm[0], 50, 100.0 / 12, 100.0 * 6 / 864}
	want[3] = calm[3]
	if !alike(calm, want) || calm[3] < 100.0*50/864*0.1 {
		t.Errorf("quiet: want %v, got %v", want, calm)
	}
	if want := [4]float64{disturbed[0], 100, 5000.0 / 72, 5000.0 / 864}; !alike(disturbed, want) {
		t.Errorf("interference: want %v, got %v", want, disturbed)
	}
	if all[1] != max(calm[1], disturbed[1]) || all[3] != max(calm[3], disturbed[3]) {
		t.Errorf("want all the larger of both, got %v of %v and %v", all, calm, disturbed)
	}
}

// No objectives, no queries, no time to speak of: no value, and no panic.
func TestBudgetOfLittle(t *testing.T) {
	nan := math.NaN()
	bare := smallConfig()
	few := smallConfig()
	few.Objectives = []float64{0.9, 0.9}
	short := few
	short.WarmUp, short.Duration, short.Bin, short.Interference = 0, 100, 10, nil // nanoseconds: less than one a bin
	late := Observation{ArriveAt: 99, FinishAt: 120, Deadline: 110}
	for name, c := range map[string]struct {
		config TallyConfig
		add    []Observation
		want   [4]float64
	}{
		"no objectives":      {bare, []Observation{answered(2, 2, 2.5)}, [4]float64{nan, nan, nan, nan}},
		"no queries":         {few, nil, [4]float64{nan, nan, nan, nan}},
		"a few queries":      {few, []Observation{answered(2, 2, 2.5), answered(3, 3, 4.5)}, [4]float64{5, nan, nan, nan}},
		"a hundred instants": {short, []Observation{late}, [4]float64{10, nan, nan, nan}},
	} {
		tally := NewTally(c.config)
		for i := range c.add {
			tally.Add(&c.add[i])
		}
		if got := budgetOf(tally, []int{0, 1}, everyWindow); !alike(got, c.want) {
			t.Errorf("%s: want %v, got %v", name, c.want, got)
		}
		if _, _, err := DrawnSeries([]Contender{{Name: "x", Tallies: []*Tally{tally}}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A dumb version: every instant, every window, every query.
func TestBurnRatesByBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config := budgetConfig(0.9, 0.95)
		tally := NewTally(config)
		var queries []Observation
		for range rapid.IntRange(0, 60).Draw(t, "queries") {
			o := Observation{Class: uint16(rapid.IntRange(0, 1).Draw(t, "class")), FinishAt: -1, StartAt: -1,
				ArriveAt: 100*time.Second + time.Duration(rapid.IntRange(0, budgetBins-1).Draw(t, "bin"))*time.Second + time.Second/2}
			if rapid.Bool().Draw(t, "met") {
				o.FinishAt, o.Deadline = o.ArriveAt, o.ArriveAt
			}
			queries = append(queries, o)
			tally.Add(&o)
		}
		curve := tally.burnCurve([]int{0, 1})
		rate := func(bins, k int) float64 {
			end := 100*time.Second + time.Duration(k)*time.Second
			missed, budget := 0.0, 0.0
			for _, o := range queries {
				if o.ArriveAt < end && o.ArriveAt >= end-time.Duration(bins)*time.Second {
					budget += 1 - config.Objectives[o.Class]
					if !o.met() {
						missed++
					}
				}
			}
			if missed == 0 {
				return 0
			}
			return missed / budget
		}
		for i := range burnPairs {
			p := &burnPairs[i]
			k := rapid.IntRange(1, budgetBins).Draw(t, "instant")
			want := -1.0
			if k >= p.long {
				want = min(rate(p.long, k), rate(p.short, k))
			}
			if got := curve.both(p, k); math.Abs(got-want) > 1e-9 {
				t.Fatalf("%s at %d: want %v, got %v", p.metric, k, want, got)
			}
		}
	})
}

// The timeline shows where it burned, and its peak is the metric.
func TestBurnTimeline(t *testing.T) {
	var tallies []*Tally
	for replication := range 2 {
		config := budgetConfig(0.99)
		config.Replication = replication
		tally := NewTally(config)
		spreadOver(tally, 0, 10, missing(4000, 4000+6*(replication+1)))
		tallies = append(tallies, tally)
	}
	lines, _, err := DrawnSeries([]Contender{{Name: "x", Tallies: tallies}})
	if err != nil {
		t.Fatal(err)
	}
	burn := lines[0].Burn["burn_1h"]
	peak, at := 0.0, 0
	for b, rate := range burn {
		if rate > peak {
			peak, at = rate, b
		}
	}
	if len(burn) != len(lines[0].Arrived) || math.Abs(peak-75) > 1e-9 || at != 4100/60 { // 50 and 100
		t.Errorf("want a peak of 75 in bin %d of %d, got %v in %d of %d", 4100/60, len(lines[0].Arrived), peak, at, len(burn))
	}
	if three := lines[0].Burn["burn_3d"]; three[0] != -1 || three[964/60-1] != -1 || three[964/60] != 0 {
		t.Errorf("want nothing before 3 d are full, got %v", three[:18])
	}
	alerts := Alerts(budgetBins * time.Second)
	if len(alerts) != 3 || alerts[0].LongS != 12 || alerts[0].ShortS != 1 || alerts[2].LongS != 864 || alerts[1].Threshold != 6 {
		t.Errorf("want windows in seconds, got %+v", alerts)
	}
}

// A burn at the threshold for the whole of the long window spends the workbook's share of the budget: 2, 5
// and 10 %.
func TestBurnPairsSpendAsInWorkbook(t *testing.T) {
	for i, want := range []float64{0.02, 0.05, 0.10} {
		if got := burnPairs[i].threshold * float64(burnPairs[i].long) / budgetBins; math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: want %v of the budget, got %v", burnPairs[i].metric, want, got)
		}
	}
}
