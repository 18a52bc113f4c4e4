package profile

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// batchSet has one point of 100 us, half as slow again at slow-down 1.5; batches of 2 take 150 us and
// of 4 take 200 us; activation takes 10 us a query.
func batchSet() (*Set, []Level) {
	us := func(n uint32) Dist { return Dist{n * 1000} }
	half := Half{
		Samples: 1, Outcomes: []Outcome{{}}, Activate: []Dist{us(10), us(15)},
		Execute: [][][]Dist{{{us(100)}, {us(150)}}},
		Batched: [][][]Dist{{{us(150), us(200)}, {us(225), us(300)}}},
	}
	set := &Set{Points: []Point{{Name: "a"}}, Batches: []int{2, 4}, Activates: true, Calibration: half, Truth: half}
	return set, []Level{{Slowdown: 1}, {Slowdown: 1.5}}
}

func TestBatch(t *testing.T) {
	set, levels := batchSet()
	for n, want := range map[int]time.Duration{2: 150, 3: 175, 4: 200, 8: 400} {
		if got, ok := set.Batch(&set.Truth, 0, 0, n, 0.5); !ok || got != want*time.Microsecond {
			t.Errorf("%d samples: want %v us, got %v, %v", n, want, got, ok)
		}
	}
	if _, ok := set.Batch(&set.Truth, 0, 0, 1, 0.5); ok {
		t.Error("1 sample: want no batch")
	}
	belief, err := NewBelief(set, levels)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		n        int
		slowdown float64
		want     time.Duration
	}{{1, 1, 110}, {2, 1, 170}, {4, 1, 240}, {4, 1.5, 360}} {
		mean, most := belief.BatchMean(0, c.n, c.slowdown), belief.BatchQuantile(0, c.n, 0.99, c.slowdown)
		if (mean-c.want*time.Microsecond).Abs() > 10 || (most-c.want*time.Microsecond).Abs() > 10 {
			t.Errorf("%d samples at %v: want %v us, got mean %v and quantile %v", c.n, c.slowdown, c.want, mean, most)
		}
	}
}

// Without measured batches the mean grows with n, and the deviation with its root.
func TestBatchOfSingles(t *testing.T) {
	set, levels := batchSet()
	set.Batches, set.Calibration.Batched, set.Truth.Batched = nil, nil, nil
	set.Calibration.Execute[0][0][0] = Dist{50_000, 150_000}
	belief, err := NewBelief(set, levels)
	if err != nil {
		t.Fatal(err)
	}
	mean, most := belief.Mean(0, 1), belief.Quantile(0, 1, 1)
	if got := belief.BatchMean(0, 9, 1); got != 9*mean {
		t.Errorf("mean: want %v, got %v", 9*mean, got)
	}
	if got, want := belief.BatchQuantile(0, 9, 1, 1), 9*mean+3*(most-mean); (got - want).Abs() > 10 {
		t.Errorf("quantile: want %v, got %v", want, got)
	}
}

func TestBatchesAreKeptAndChecked(t *testing.T) {
	set, levels := batchSet()
	p := &Profile{Schema: SchemaBatches, Levels: levels, Sets: []Set{*set}}
	p.Levels[1].Antagonists = []Antagonist{{Kind: "cpu", Intensity: 1}}
	p.Sets[0].Groups = []Group{{Name: "all"}}
	p.Sets[0].Technique = "test"
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := p.Write(&file); err != nil {
		t.Fatal(err)
	}
	read, err := Read(&file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(p.Sets[0].Truth.Batched, read.Sets[0].Truth.Batched); diff != "" || !cmp.Equal(p.Sets[0].Batches, read.Sets[0].Batches) {
		t.Errorf("-want +got:\n%s", diff)
	}
	p.Sets[0].Batches = []int{4, 2}
	if err := p.Validate(); err == nil {
		t.Error("want sizes that do not ascend refused")
	}
	p.Sets[0].Batches = []int{2}
	if err := p.Validate(); err == nil {
		t.Error("want times of other sizes refused")
	}
}
