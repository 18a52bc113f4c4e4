package reports

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slosim/workloads/rng"
)

// Nothing is lost or counted twice: the batches add up to the whole.
func TestBatchesAddUpToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config := smallConfig()
		whole, batches := NewTally(config), NewBatches(config)
		for range rapid.IntRange(1, 60).Draw(t, "queries") {
			at := rapid.Float64Range(0, 12).Draw(t, "at")
			o := answered(at, at+rapid.Float64Range(0, 3).Draw(t, "wait"), 0)
			o.FinishAt = o.StartAt + seconds(rapid.Float64Range(0, 5).Draw(t, "service"))
			o.Busy = o.FinishAt - o.StartAt
			o.Right = rapid.Bool().Draw(t, "right")
			switch rapid.IntRange(0, 5).Draw(t, "fate") {
			case 0:
				o.StartAt, o.FinishAt, o.Busy = -1, -1, 0
			case 1: // cut off while it ran
				o.FinishAt = -1
			}
			whole.Add(&o)
			batches.Add(&o)
		}
		for _, windows := range [][]int{{quiet}, {interference}, {quiet, interference}} {
			group := cellGroup{classes: []int{0, 1}, windows: windows}
			want, got := whole.part(group), part{}
			for _, b := range batches.tallies {
				p := b.part(group)
				got.arrived += p.arrived
				got.met += p.met
				got.right += p.right
				got.rightMet += p.rightMet
				got.done += p.done
				got.busy += p.busy
				got.length += p.length
			}
			a := []int64{want.arrived, want.met, want.right, want.rightMet, want.done, int64(want.busy), int64(want.length)}
			b := []int64{got.arrived, got.met, got.right, got.rightMet, got.done, int64(got.busy), int64(got.length)}
			if diff := cmp.Diff(a, b); diff != "" {
				t.Fatalf("windows %v: arrived, met, right, right and met, done, busy, length (-whole +batches): %s", windows, diff)
			}
		}
	})
}

// Equal weights make the ratio estimator Student's t.
func TestBatchMeansOfEqualBatches(t *testing.T) {
	var values, weights []float64
	for i := range batchCount {
		values, weights = append(values, rng.Key{}.Float(1, uint64(i))), append(weights, 3)
	}
	want := studentT(values)
	got := batchMeans(want.mean, values, weights)
	if got.mean != want.mean || math.Abs(got.half/want.half-1) > 1e-12 {
		t.Errorf("want %v, got %v", want, got)
	}
	values[0], weights[1] = math.NaN(), 0 // two that say nothing
	if got := batchMeans(want.mean, values, weights); !got.known() {
		t.Errorf("want an interval of 18 batches, got %v", got)
	}
	if got := batchMeans(want.mean, values[:batchCount/2], weights); got.known() {
		t.Errorf("want no interval of 8 batches, got %v", got)
	}
}

// A single replication has intervals and comparisons, and says what they are of.
func TestSummaryOfBatches(t *testing.T) {
	runs := fixtureTallies(1)
	for i := range runs {
		runs[i].Batches = fixtureBatches(i)
	}
	summary, err := Summarise(Heading{}, runs)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := Summarise(Heading{}, fixtureTallies(1))
	if err != nil {
		t.Fatal(err)
	}
	cell, bare := summary.Cells[0], plain.Cells[0]
	for _, name := range []string{"attainment", "effective_accuracy", "accuracy", "slo_met", "goodput_qps", "capacity_qps", "mean_ms"} {
		m := cell.Metrics[name]
		if m.Lo == nil || !(*m.Lo <= *m.Mean && *m.Mean <= *m.Hi) || *m.Lo == *m.Hi {
			t.Errorf("%s: want an interval, got %v", name, m)
		}
		if name != "slo_met" && *m.Mean != *bare.Metrics[name].Mean {
			t.Errorf("%s: want the whole replication's %v, got %v", name, *bare.Metrics[name].Mean, *m.Mean)
		}
	}
	drops := 0
	for _, c := range summary.Cells {
		if m := c.Metrics["dropped"]; c.Class == everyClass && *m.Mean > 0 {
			drops++
			if m.Lo == nil || !(*m.Lo < *m.Mean && *m.Mean < *m.Hi && *m.Hi < 3**m.Mean) {
				t.Errorf("%s dropped %v in all: want an interval around it", c.Contender, *m.Mean)
			}
		}
	}
	if drops == 0 {
		t.Error("want a contender that drops")
	}
	versus := cell.Versus[summary.Cells[len(summary.Cells)-1].Contender+" attainment"]
	if versus.Lo == nil || cell.Batches != batchCount || cell.Replications != 1 {
		t.Errorf("want a difference with an interval, of 1 replication in %d batches, got %v of %d in %d", batchCount, versus, cell.Replications, cell.Batches)
	}
	if notes := strings.Join(summary.Notes, "\n"); !strings.Contains(notes, "1 replication: intervals are of 20 batches of 2.75s each") {
		t.Errorf("want a note on batches, got %s", notes)
	}
}

// Batches shorter than what the queues remember are reported.
func TestBatchesThatCorrelate(t *testing.T) {
	for wave, want := range map[time.Duration]bool{60 * time.Second: true, 50 * time.Millisecond: false} {
		config := smallConfig()
		config.Duration = 61 * time.Second
		run := Contender{Name: "x", Tallies: []*Tally{NewTally(config)}, Batches: NewBatches(config)}
		for i := range 6000 {
			at := 0.01 * float64(i)
			o := answered(at, at, at+0.1+0.05*math.Sin(2*math.Pi*at/wave.Seconds())+0.02*rng.Key{}.Float(1, uint64(i)))
			run.Tallies[0].Add(&o)
			run.Batches.Add(&o)
		}
		if got := strings.Contains(strings.Join(batchNotes([]Contender{run}), "\n"), "x: neighbouring batches correlate"); got != want {
			t.Errorf("a wave of %v: want a warning %v, got %v", wave, want, got)
		}
	}
}

func TestBatchesWithoutQueries(t *testing.T) {
	config := smallConfig()
	run := Contender{Name: "x", Tallies: []*Tally{NewTally(config)}, Batches: NewBatches(config)}
	for i := range 200 { // a burst of 2 s in 10
		o := answered(2+0.01*float64(i), 2+0.01*float64(i), 2.1+0.01*float64(i))
		run.Tallies[0].Add(&o)
		run.Batches.Add(&o)
	}
	summary, err := Summarise(Heading{}, []Contender{run})
	if err != nil {
		t.Fatal(err)
	}
	if m := summary.Cells[0].Metrics["attainment"]; m.Lo != nil || *m.Mean != 1 {
		t.Errorf("want a mean without an interval, got %v", m)
	}
	if len(summary.Notes) == 0 || !strings.Contains(summary.Notes[0], "queries in only 4 of its 20 stretches") {
		t.Errorf("want a note that says why, got %q", summary.Notes)
	}
}
