package reports

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func smallConfig() TallyConfig {
	return TallyConfig{Classes: []string{"a", "b"}, Workers: 2, WarmUp: time.Second, Duration: 11 * time.Second,
		Interference: []Span{{4 * time.Second, 6 * time.Second}}, Bin: time.Second, Samples: 4}
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// answered is a query that met everything unless changed.
func answered(at, start, finish float64) Observation {
	return Observation{ArriveAt: seconds(at), StartAt: seconds(start), FinishAt: seconds(finish), Deadline: seconds(at + 1),
		Busy: seconds(finish - start), Right: true, Accuracy: 0.9, Density: 0.5, Slowdown: 1, Believed: 1}
}

// TestTallyByHand adds five queries whose numbers can be told by eye.
func TestTallyByHand(t *testing.T) {
	tally := NewTally(smallConfig())
	warm := answered(0.5, 0.5, 1.5) // warm-up: counts as half a second of work and one completion
	late := answered(3.9, 5, 5.5)   // arrived before the interference: quiet
	wrong := answered(4, 4, 4.5)
	wrong.Right, wrong.Class = false, 1
	dropped := Observation{ArriveAt: seconds(5), StartAt: -1, FinishAt: -1, Deadline: seconds(6)}
	after := answered(11, 11, 11.1) // beyond the window
	for _, o := range []Observation{warm, late, wrong, dropped, after} {
		tally.Add(&o)
	}
	p := tally.part(cellGroup{classes: []int{0, 1}, windows: []int{quiet, interference}})
	got := []int64{p.arrived, p.finished, p.met, p.right, p.rightMet, p.done, int64(p.latency.lost)}
	if diff := cmp.Diff([]int64{3, 2, 1, 1, 0, 3, 1}, got); diff != "" {
		t.Errorf("arrived, finished, met, right, right and met, done, lost (-want +got):\n%s", diff)
	}
	if p.busy != seconds(1.5) || p.length != seconds(10) {
		t.Errorf("want 1.5 s busy of 10 s, got %v of %v", p.busy, p.length)
	}
	quietOnly := tally.part(cellGroup{classes: []int{0, 1}, windows: []int{quiet}})
	if quietOnly.arrived != 1 || quietOnly.length != seconds(8) || quietOnly.busy != seconds(0.5) {
		t.Errorf("quiet: want 1 query in 8 s, 0.5 s busy, got %d in %v, %v", quietOnly.arrived, quietOnly.length, quietOnly.busy)
	}
	if tally.Arrived() != 3 {
		t.Errorf("Arrived: want 3, got %d", tally.Arrived())
	}
}

func TestTallyTimeline(t *testing.T) {
	tally := NewTally(smallConfig())
	met, missed := answered(2.1, 2.1, 2.2), answered(2.2, 3, 4)
	met.Queue, missed.Queue = 0, 3
	missed.Density = 1
	tally.Add(&met)
	tally.Add(&missed)
	lines, cdfs, err := DrawnSeries([]Contender{{Name: "x", Tallies: []*Tally{tally}}})
	if err != nil {
		t.Fatal(err)
	}
	line := lines[0]
	if line.Arrived[2] != 2 || line.Met[2] != 1 || line.Density[2] != 0.75 || line.Queue[2] != 1.5 || line.Density[3] != -1 {
		t.Errorf("want 2 arrived, 1 met, density 0.75, queue 1.5, and no density next to it, got %+v", line)
	}
	if diff := cmp.Diff([]float64{0.5, 1}, cdfs[0].Share); diff != "" {
		t.Errorf("distribution (-want +got):\n%s", diff)
	}
}

func TestTallyAllocatesNothing(t *testing.T) {
	config := smallConfig()
	config.Objectives = []float64{0.99, 0.9}
	tally := NewTally(config)
	o := answered(2, 2, 2.5)
	for range exactLimit + 1 {
		tally.Add(&o)
	}
	if n := testing.AllocsPerRun(1000, func() { tally.Add(&o) }); n != 0 {
		t.Errorf("want no allocation a query, got %v", n)
	}
}

func BenchmarkTallyAdd(b *testing.B) {
	tally := NewTally(smallConfig())
	o := answered(2, 2, 2.5)
	for b.Loop() {
		tally.Add(&o)
	}
}
