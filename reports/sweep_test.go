package reports

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"

	"slosim/reports/result"
	"slosim/workloads/rng"
)

// The made-up sweep has two axes and three contenders. What a contender has in a cell and a
// replication is a sum of what the cell, the replication and chance do to it.

func madePlan(loads, noises int) *result.SweepPlan {
	axis := func(name string, n int, choice bool) result.SweepAxis {
		a := result.SweepAxis{Name: name, Key: name, Choice: choice}
		for i := range n {
			text := fmt.Sprint(i + 1)
			a.Values, a.Labels, a.Numbers = append(a.Values, text), append(a.Labels, text), append(a.Numbers, float64(i+1))
		}
		return a
	}
	return &result.SweepPlan{Schema: 1, Scenario: "made", Axes: []result.SweepAxis{axis("load", loads, false), axis("margin", noises, true)}, Cells: loads * noises}
}

var madeContenders = []struct{ name, technique, policy string }{{"good/a", "good", "a"}, {"bad/b", "bad", "b"}, {"good/clairvoyant", "good", "clairvoyant"}}

// madeShare is a contender's effective accuracy in a cell and a replication.
func madeShare(contender, cell, replication int) float64 {
	key := rng.Key{Seed: 1, Replication: uint32(replication)}
	common := 0.05 * key.Float(rng.Bootstrap, 0) // the replication, in all cells
	chance := 0.002 * key.Float(rng.Bootstrap, uint64(100+cell*3+contender))
	return 0.8 - 0.02*float64(contender) + 0.1*float64(contender/2) + common + chance - 0.005*float64(cell%3)
}

// madeCell is a cell over replications, with the intervals of Student's t alone, or widened.
func madeCell(plan *result.SweepPlan, index, replications int, widen float64) *result.SweepCell {
	cell := &result.SweepCell{Queries: 100}
	var all [][]float64
	for c, contender := range madeContenders {
		values := make(result.CellValues, replications)
		for r := range values {
			values[r] = madeShare(c, index, r)
		}
		own := result.Cell{Contender: contender.name, Technique: contender.technique, Policy: contender.policy, Class: "all", Window: "all",
			Replications: replications, Queries: 100, Metrics: map[string]result.Metric{}, Versus: map[string]result.Against{}}
		e := studentT(values)
		e.half = math.Hypot(e.half, widen)
		metrics := map[string]result.CellValues{}
		for _, name := range sweepMetrics {
			own.Metrics[name], metrics[name] = shareMetric(e), values
			for other, before := range all {
				d := studentT(gains(values, before))
				d.half = math.Hypot(d.half, widen/10)
				own.Versus[madeContenders[other].name+" "+name] = against(d)
			}
		}
		all = append(all, values)
		cell.Cells = append(cell.Cells, own)
		cell.Values = append(cell.Values, result.SweepValues{Contender: contender.name, Window: "all", Metrics: metrics})
	}
	return cell
}

func madeMerge(t *testing.T, plan *result.SweepPlan, replications int, widen float64) *result.SweepMerged {
	t.Helper()
	m := NewSweepMerge(plan)
	for i := range plan.Cells {
		if best := m.Add(i, madeCell(plan, i, replications, widen)); len(best) != len(comparedMetrics) {
			t.Fatalf("cell %d: want a best in each metric, got %v", i, best)
		}
	}
	return m.Merged()
}

// TestSweepAverages compares with the plain formula over all cells, and with a single cell's own.
func TestSweepAverages(t *testing.T) {
	const replications, widen = 8, 0.01
	plan := madePlan(4, 3)
	m := madeMerge(t, plan, replications, widen)
	for c, contender := range madeContenders {
		means := make([]float64, replications)
		for r := range means {
			for i := range plan.Cells {
				means[r] += madeShare(c, i, r) / float64(plan.Cells)
			}
		}
		mean, deviation := stat.MeanStdDev(means, nil)
		e := estimate{mean, math.Hypot(tFactor(replications-1)*deviation/math.Sqrt(replications), widen)}
		want := shareMetric(e)
		got := m.Overall[c].Metrics["effective_accuracy"]
		closeTo(t, contender.name+" mean", *want.Mean, *got.Mean)
		closeTo(t, contender.name+" lo", *want.Lo, *got.Lo)
		closeTo(t, contender.name+" hi", *want.Hi, *got.Hi)
	}
	place := m.Maps[0].Cells[2][1] // load 2, margin 3: cell 1*3+2
	own := madeCell(plan, 5, replications, widen).Cells[1].Metrics["effective_accuracy"]
	got := place.Averages[1].Metrics["effective_accuracy"]
	closeTo(t, "a single cell's lo", *own.Lo, *got.Lo)
}

func closeTo(t *testing.T, what string, want, got float64) {
	t.Helper()
	if !(math.Abs(want-got) < 1e-9) {
		t.Errorf("%s: want %v, got %v", what, want, got)
	}
}

// TestSweepBest: paired differences tell contenders apart whose intervals overlap, clairvoyants do
// not compete, and what the images add to the differences counts.
func TestSweepBest(t *testing.T) {
	m := madeMerge(t, madePlan(4, 3), 8, 0)
	best := bestOf(m.Lines[0].Bins[0].Best, "effective_accuracy")
	if best.Contender != "good/a" || len(best.Tied) > 0 || best.RunnerUp != "bad/b" || !best.Difference.Significant {
		t.Errorf("want good/a best beyond chance, got %+v", best)
	}
	if d := *best.Difference.Mean; d < 0.017 || d > 0.023 {
		t.Errorf("want a lead of about 0.02, got %v", d)
	}
	a, b := m.Overall[0].Metrics["effective_accuracy"], m.Overall[1].Metrics["effective_accuracy"]
	if *a.Lo > *b.Hi {
		t.Errorf("want overlapping intervals, or this test shows nothing: %v and %v", *a.Lo, *b.Hi)
	}
	for _, w := range m.Wins {
		want := map[string]int{"good/a": 12, "bad/b": 0}[w.Contender]
		if w.Outright != want || w.Cells != 12 || strings.Contains(w.Contender, "clairvoyant") {
			t.Errorf("wins: want %d of 12, got %+v", want, w)
		}
	}
	lucky := madeMerge(t, madePlan(4, 3), 8, 0.5) // differences are lost in the luck of the images
	if best := bestOf(lucky.Lines[0].Bins[0].Best, "effective_accuracy"); len(best.Tied) != 1 || best.Difference.Significant {
		t.Errorf("want a tie, got %+v", best)
	}
}

// TestSweepFronts compares with a look at every pair.
func TestSweepFronts(t *testing.T) {
	m := madeMerge(t, madePlan(4, 3), 8, 0)
	if len(m.Fronts) != 6 { // two competitors, three margins
		t.Fatalf("want 6 choices, got %d", len(m.Fronts))
	}
	for i := range m.Fronts {
		f, beaten := &m.Fronts[i], false
		for j := range m.Fronts {
			g := &m.Fronts[j]
			x, y := *g.Metrics["attainment"].Mean-*f.Metrics["attainment"].Mean, *g.Metrics["accuracy"].Mean-*f.Metrics["accuracy"].Mean
			beaten = beaten || i != j && x >= 0 && y >= 0 && x+y > 0
		}
		if f.Undominated == beaten || f.Cells != 4 || f.Choice["margin"] == "" {
			t.Errorf("%+v: undominated is wrong", f)
		}
	}
}

// TestSweepMergeOfParts: missing cells and failed contenders are said, and averages are over what is there.
func TestSweepMergeOfParts(t *testing.T) {
	plan := madePlan(2, 2)
	merge := NewSweepMerge(plan)
	cell := madeCell(plan, 0, 3, 0)
	cell.Cells, cell.Values = cell.Cells[1:], cell.Values[1:]
	cell.Failed = []result.SweepFailed{{Contender: "good/a", Why: "broke the rules"}}
	cell.Cells[0].Versus = nil
	merge.Add(0, cell)
	merge.Add(3, madeCell(plan, 3, 3, 0))
	m := merge.Merged()
	var out bytes.Buffer
	if err := PrintSweep(&out, m); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"only 2 of 4 cells", "failed: good/a in 1 cell, first in cell 0: broke the rules"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("want %q, got\n%s", want, out.String())
		}
	}
	for _, a := range m.Overall {
		if want := map[string]int{"good/a": 1, "bad/b": 2, "good/clairvoyant": 2}[a.Contender]; a.Cells != want {
			t.Errorf("%s: want %d cells, got %d", a.Contender, want, a.Cells)
		}
	}
	if d := merge.overall.difference(merge.numbers["good/a"], merge.numbers["bad/b"], 0); d.Mean != nil {
		t.Errorf("want no difference of contenders that were not in the same cells, got %v", *d.Mean)
	}
}

// TestSweepBinning: few values have bins of their own in order of their numbers, many and samples share.
func TestSweepBinning(t *testing.T) {
	a := &result.SweepAxis{Name: "x", Values: []string{"3", "1", "2"}, Labels: []string{"3", "1", "2"}, Numbers: []float64{3, 1, 2}}
	if b := newBinning(a); fmt.Sprint(b.of) != "[2 0 1]" || b.bins[0].Label != "1" || *b.bins[2].At != 3 {
		t.Errorf("want bins by number, got %v", b.of)
	}
	many := &result.SweepAxis{Name: "y", Group: 1, Unit: "ms"}
	for i := range 100 {
		v := float64((i * 37) % 100)
		many.Values, many.Labels, many.Numbers = append(many.Values, fmt.Sprint(v)), append(many.Labels, fmt.Sprint(v)), append(many.Numbers, v)
	}
	b := newBinning(many)
	if len(b.bins) != 10 {
		t.Fatalf("want 10 bins of 100 samples, got %d", len(b.bins))
	}
	size := make([]int, len(b.bins))
	for i, bin := range b.of {
		size[bin]++
		if bin > 0 && many.Numbers[i] < *b.bins[bin-1].At {
			t.Errorf("%v in bin %d (%s)", many.Numbers[i], bin, b.bins[bin].Label)
		}
	}
	for bin, n := range size {
		if n != 10 {
			t.Errorf("bin %d: want 10 of 100 values, got %d", bin, n)
		}
	}
}

// TestSweepMergeMemory: what is kept does not grow with the number of cells.
func TestSweepMergeMemory(t *testing.T) {
	kept := func(samples int) uint64 {
		plan := madePlan(samples, 1)
		plan.Axes[0].Group = 1
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		m := NewSweepMerge(plan)
		for i := range plan.Cells {
			m.Add(i, madeCell(plan, i, 5, 0.01))
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(m)
		return after.HeapAlloc - min(after.HeapAlloc, before.HeapAlloc)
	}
	few, many := kept(200), kept(4000)
	if grown := int64(many) - int64(few); grown > 3800*32 { // a number or two a cell are the axis's own values
		t.Errorf("want about as much for 4000 cells as for 200, got %d bytes more", grown)
	}
}

// TestSweepPictures: every picture is drawn, in every format, the same each time, and the page holds
// nothing that reaches out.
func TestSweepPictures(t *testing.T) {
	m := madeMerge(t, madePlan(3, 3), 4, 0.01)
	m.Title = "<made & up>"
	first, second := t.TempDir(), t.TempDir()
	for _, dir := range []string{first, second} {
		if err := os.Mkdir(filepath.Join(dir, result.PlotsFolder), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := WriteSweepPlots(dir, m); err != nil {
			t.Fatal(err)
		}
	}
	files, _ := filepath.Glob(filepath.Join(first, result.PlotsFolder, "*"))
	if len(files) != 3*8 { // a best, two maps, four lines and a front
		t.Errorf("want 8 pictures in 3 formats, got %d files", len(files))
	}
	for _, file := range files {
		a, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(second, result.PlotsFolder, filepath.Base(file)))
		if err != nil || !bytes.Equal(a, b) || len(a) < 1000 {
			t.Errorf("%s: want the same picture again, got %d and %d bytes (%v)", filepath.Base(file), len(a), len(b), err)
		}
	}
	var page bytes.Buffer
	if err := SweepHTML(&page, madePlan(3, 3), m); err != nil {
		t.Fatal(err)
	}
	if text := page.String(); strings.Contains(text, "http") && !strings.Contains(text, "http-equiv") || strings.Contains(text, "<made") || strings.Contains(text, "<script") {
		t.Error("want a page without addresses, scripts or what a scenario says taken as HTML")
	}
}
