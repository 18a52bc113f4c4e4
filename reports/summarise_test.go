package reports

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/reports/result"
)

// steady returns a tally of n queries of one class, of which met finish in time and
// right of those are right; the others finish late and wrong.
func steady(replication, n, met, right int) *Tally {
	t := NewTally(TallyConfig{Replication: replication, Classes: []string{"a"}, Workers: 1, Duration: 10 * time.Second, Samples: 50})
	for i := range n {
		at := 9.0 * float64(i) / float64(n)
		o := answered(at, at, at+0.001*float64(1+i%10))
		o.Sample, o.Right, o.Accuracy = uint32(i%50), i < right, 0.5
		if i >= met {
			o.Deadline = o.ArriveAt
		}
		t.Add(&o)
	}
	return t
}

func summarise(t *testing.T, contenders ...Contender) result.Summary {
	t.Helper()
	s, err := Summarise(Heading{Title: "test"}, contenders)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func metricOf(m result.Metric) [3]float64 { return [3]float64{*m.Mean, *m.Lo, *m.Hi} }

// TestSummariseByHand: attainments 0.8, 0.9, 1.0 have mean 0.9 and half-width
// 4.3027 * 0.1/sqrt(3) = 0.2484; the images add a little variance and with it degrees of
// freedom, which makes it 0.2396.
func TestSummariseByHand(t *testing.T) {
	s := summarise(t, Contender{Name: "x", Tallies: []*Tally{steady(0, 100, 80, 70), steady(1, 100, 90, 80), steady(2, 100, 100, 90)}})
	if len(s.Cells) != 2 || s.Cells[0].Class != "all" || s.Cells[1].Class != "a" || s.Cells[0].Window != "all" {
		t.Fatalf("want a cell for all classes and one for a, got %+v", s.Cells)
	}
	cell := s.Cells[0]
	for name, want := range map[string][3]float64{
		"attainment":         {0.9, 0.3859, 0.9923}, // of the log-odds
		"effective_accuracy": {0.8, 0.5028, 0.9406}, // the replications differ much more than the images
		"accuracy":           {0.8, 0.5028, 0.9406},
		"goodput_qps":        {9, 6.516, 11.484},
		"throughput_qps":     {10, 10, 10},
		"mean_density":       {0.5, 0.5, 0.5},
		"p50_ms":             {5.5, 5.5, 5.5}, // between 5 and 6
		"mean_ms":            {5.5, 5.5, 5.5},
		"utilisation":        {0.055, 0.055, 0.055}, // 100 * 5.5 ms in 10 s
		"dropped":            {0, 0, 0},
		"slo_met":            {0.9, 0.3859, 0.9923}, // 0.5 lies below accuracy's interval: as attainment
	} {
		if diff := cmp.Diff(want, metricOf(cell.Metrics[name]), cmpopts.EquateApprox(0, 1e-3)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if m := cell.Metrics["p99_ms"]; m.Mean != nil || m.Missing != result.Few {
		t.Errorf("p99 of 300 queries: want none, too few, got %+v", m)
	}
	if cell.Queries != 300 || cell.Replications != 3 {
		t.Errorf("want 300 queries in 3 replications, got %d in %d", cell.Queries, cell.Replications)
	}
}

// TestAccuracyClustered: equal replications have no variance among them, but they
// share 50 images, of which the first 35 are always right: the interval must not
// shrink to nothing.
func TestAccuracyClustered(t *testing.T) {
	s := summarise(t, Contender{Name: "x", Tallies: []*Tally{steady(0, 50, 50, 35), steady(1, 50, 50, 35), steady(2, 50, 50, 35)}})
	got := s.Cells[0].Metrics["accuracy"]
	// 50/49 * sum of squares / 150^2, with 35 residuals of 3*0.3 and 15 of 3*0.7: sd 0.06547; t(49) = 2.0096;
	// the ends are those of the log-odds, 0.8473 +- 0.1316/0.21
	if diff := cmp.Diff([3]float64{0.7, 0.5550, 0.8136}, metricOf(got), cmpopts.EquateApprox(0, 2e-3)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if *got.Lo <= 0.5 || *s.Cells[1].Metrics["accuracy_met"].Mean != 1 {
		t.Error("target 0.5 below the interval: want it met")
	}
}

// TestAccuracyNotMet: a target inside the interval is not shown to hold, and then
// nothing counts towards slo_met.
func TestAccuracyNotMet(t *testing.T) {
	s := summarise(t, Contender{Name: "x", Tallies: []*Tally{steady(0, 50, 50, 24), steady(1, 50, 50, 28)}})
	for _, cell := range s.Cells {
		if *cell.Metrics["accuracy_met"].Mean != 0 || *cell.Metrics["slo_met"].Mean != 0 {
			t.Errorf("class %s: want accuracy_met 0 and slo_met 0, got %v and %v", cell.Class,
				*cell.Metrics["accuracy_met"].Mean, *cell.Metrics["slo_met"].Mean)
		}
	}
}

// TestPaired: replications that differ much and contenders that differ by exactly
// 0.02 in each. The marginal intervals overlap; the paired difference has only the luck
// of the images, of which six have a residual of 0.88/300 and 44 one of -0.12/300:
// sqrt(50/49 * 5.28/300^2) = 0.007737, times t(49) = 2.0096.
func TestPaired(t *testing.T) {
	x, y := Contender{Name: "x"}, Contender{Name: "y"}
	for r, met := range []int{60, 75, 95} {
		x.Tallies = append(x.Tallies, steady(r, 100, met, met))
		y.Tallies = append(y.Tallies, steady(r, 100, met-2, met-2))
	}
	slices.Reverse(y.Tallies)
	s := summarise(t, x, y)
	against := s.Cells[0].Versus["y attainment"]
	if diff := cmp.Diff([3]float64{0.02, 0.02 - 0.01555, 0.02 + 0.01555}, metricOf(against.Metric), cmpopts.EquateApprox(0, 1e-5)); diff != "" || !against.Significant {
		t.Errorf("want 0.02, significant, got %v:\n%s", against.Significant, diff)
	}
	if back := s.Cells[2].Versus["x attainment"]; *back.Mean != -*against.Mean || !back.Significant {
		t.Errorf("want the opposite the other way round, got %v", *back.Mean)
	}
	if same := s.Cells[0].Versus["y p50_ms"]; *same.Mean != 0 || same.Significant {
		t.Errorf("equal medians: want 0, not significant, got %v, %v", *same.Mean, same.Significant)
	}
}

func TestOneReplication(t *testing.T) {
	s := summarise(t, Contender{Name: "x", Tallies: []*Tally{steady(0, 100, 80, 70)}}, Contender{Name: "y", Tallies: []*Tally{steady(0, 100, 70, 60)}})
	cell := s.Cells[0]
	if m := cell.Metrics["attainment"]; *m.Mean != 0.8 || m.Lo != nil || m.Hi != nil {
		t.Errorf("want 0.8 without an interval, got %+v", m)
	}
	if cell.Metrics["slo_met"].Mean != nil || cell.Versus["y attainment"].Significant {
		t.Error("want no verdict and no significance without an interval")
	}
	if !slices.ContainsFunc(s.Notes, func(n string) bool { return strings.Contains(n, "only 1 replication") }) {
		t.Errorf("want a note about it, got %q", s.Notes)
	}
	if text := Headline(&s); !strings.Contains(text, "no claim") {
		t.Errorf("headline: want no claim, got %q", text)
	}
}

// TestDroppedAreInfinite: more than one per cent dropped in one replication.
func TestDroppedAreInfinite(t *testing.T) {
	run := Contender{Name: "x"}
	for r := range 2 {
		tally := steady(r, 2000, 2000, 2000)
		for range 30 * r {
			tally.Add(&Observation{ArriveAt: time.Second, StartAt: -1, FinishAt: -1, Deadline: 2 * time.Second})
		}
		run.Tallies = append(run.Tallies, tally)
	}
	s := summarise(t, run)
	m := s.Cells[0].Metrics
	if m["p99_ms"].Mean != nil || m["p99_ms"].Missing != result.Infinite {
		t.Errorf("p99: want infinite, got %+v", m["p99_ms"])
	}
	if m["p99_served_ms"].Mean == nil || *m["dropped"].Mean != 15 {
		t.Errorf("want a served p99 and 15 dropped a replication, got %+v, %v", m["p99_served_ms"], *m["dropped"].Mean)
	}
	var out bytes.Buffer
	if err := Table(&out, &s, TableOptions{}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), " inf") || !strings.Contains(out.String(), " 30\n") {
		t.Errorf("table: want inf and 30 dropped, got\n%s", out.String())
	}
}

// TestSummaryIsStable wants equal bytes for any order of the tallies.
func TestSummaryIsStable(t *testing.T) {
	contenders := fixtureTallies(3)
	var first []byte
	source := rand.New(rand.NewPCG(8, 9))
	for range 3 {
		for _, run := range contenders {
			source.Shuffle(len(run.Tallies), func(i, j int) { run.Tallies[i], run.Tallies[j] = run.Tallies[j], run.Tallies[i] })
		}
		s := summarise(t, contenders...)
		var out bytes.Buffer
		if err := result.EncodeJSON(&out, &s); err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = bytes.Clone(out.Bytes())
		}
		if !bytes.Equal(first, out.Bytes()) {
			t.Fatal("want the same bytes for another order of tallies")
		}
	}
}

func TestSummariseRefuses(t *testing.T) {
	other := NewTally(smallConfig())
	for name, contenders := range map[string][]Contender{
		"at least one contender":   nil,
		"at least one replication": {{Name: "x"}},
		"different names":          {{Name: "x", Tallies: []*Tally{steady(0, 9, 9, 9)}}, {Name: "x", Tallies: []*Tally{steady(0, 9, 9, 9)}}},
		"one tally a replication":  {{Name: "x", Tallies: []*Tally{steady(1, 9, 9, 9), steady(1, 9, 9, 9)}}},
		"tallies of one scenario":  {{Name: "x", Tallies: []*Tally{steady(0, 9, 9, 9), other}}},
		"class names other than":   {{Name: "x", Tallies: []*Tally{NewTally(TallyConfig{Classes: []string{"all"}, Workers: 1, Duration: 1})}}},
	} {
		if _, err := Summarise(Heading{}, contenders); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("want an error about %q, got %v", name, err)
		}
	}
}
