package profile

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func uniformDraws(seed uint64) func(i uint64) float64 {
	return func(i uint64) float64 { return rand.New(rand.NewPCG(seed, i)).Float64() }
}

func TestResampleKeepsShapeAndPairs(t *testing.T) {
	set := testSet()
	h := &set.Truth
	r := h.Resample(uniformDraws(5))
	trial := *set
	trial.Truth = *r
	if err := trial.Validate(2); err != nil {
		t.Fatal(err)
	}
	for s := range r.Samples {
		if want := h.At(1, Resampled(uniformDraws(5), s, h.Samples)); r.At(1, s).Answer != want.Answer {
			t.Fatalf("sample %d: want answer %d, got %d", s, want.Answer, r.At(1, s).Answer)
		}
		if r.At(0, s).Answer != r.At(1, s).Answer { // Answer is the sample's number in testHalf
			t.Fatalf("sample %d: want one sample's outcomes at all points", s)
		}
	}
	for i, d := range r.Execute[1][1] {
		if len(d) != len(h.Execute[1][1][i]) {
			t.Errorf("class %d: want %d times, got %d", i, len(h.Execute[1][1][i]), len(d))
		}
		for _, v := range d {
			if !slices.Contains(h.Execute[1][1][i], v) {
				t.Fatalf("class %d: %d ns was never measured", i, v)
			}
		}
	}
	again := h.Resample(uniformDraws(5))
	if diff := cmp.Diff(r, again, cmpopts.EquateNaNs()); diff != "" {
		t.Error("want the same bootstrap for the same draws")
	}
}

// TestResampleVariesAsTheorySays compares the bootstrap's spread of a mean with sd/sqrt(n).
func TestResampleVariesAsTheorySays(t *testing.T) {
	set := testSet()
	h := &Half{Samples: 400, Outcomes: set.Truth.Outcomes[:400], Execute: set.Truth.Execute[:1]}
	d := h.Execute[0][0][0]
	var means, accuracies []float64
	for seed := range uint64(300) {
		r := h.Resample(uniformDraws(seed))
		means = append(means, float64(r.Execute[0][0][0].Mean()))
		accuracies = append(accuracies, r.Accuracy(0))
	}
	spread := 0.0
	for _, v := range d {
		spread += math.Pow(float64(v)-float64(d.Mean()), 2) / float64(len(d))
	}
	a := h.Accuracy(0)
	want := []float64{float64(d.Mean()), math.Sqrt(spread / float64(len(d))), a, math.Sqrt(a * (1 - a) / 400)}
	m, sd := meanAndSD(means)
	am, asd := meanAndSD(accuracies)
	if diff := cmp.Diff(want, []float64{m, sd, am, asd}, cmpopts.EquateApprox(0.15, 0)); diff != "" {
		t.Error(diff)
	}
	if math.Abs(m-want[0]) > 4*want[1]/math.Sqrt(300) {
		t.Errorf("bias: want a mean of %v, got %v", want[0], m)
	}
}

func meanAndSD(x []float64) (mean, sd float64) {
	for _, v := range x {
		mean += v / float64(len(x))
	}
	for _, v := range x {
		sd += (v - mean) * (v - mean) / float64(len(x)-1)
	}
	return mean, math.Sqrt(sd)
}

func TestResampleKeepsNeighbouringStalls(t *testing.T) {
	h := &Half{Samples: 1, Outcomes: make([]Outcome, 1), Execute: [][][]Dist{{{{1}}}}, Stalls: [][]Stall{nil}}
	for i := range 320 {
		h.Stalls[0] = append(h.Stalls[0], Stall{Gap: time.Duration(i + 1), Wait: 1})
	}
	r := h.Resample(uniformDraws(1))
	if len(r.Stalls[0]) != 320 {
		t.Errorf("want as many stalls, got %d", len(r.Stalls[0]))
	}
	for i := range 319 {
		if next := r.Stalls[0][i].Gap%320 + 1; (i+1)%stallBlock != 0 && r.Stalls[0][i+1].Gap != next {
			t.Fatalf("place %d: want the neighbour %d, got %d", i, next, r.Stalls[0][i+1].Gap)
		}
	}
}

func TestClassShares(t *testing.T) {
	set := testSet()
	if diff := cmp.Diff([]float64{0.75, 0.25}, set.Calibration.ClassShares(1), cmpopts.EquateApprox(0, 1e-9)); diff != "" {
		t.Error(diff)
	}
	if set.Calibration.Activation(0, 0.5) == 0 || (&Half{}).Activation(0, 0.5) != 0 {
		t.Error("want activation times only of techniques that activate")
	}
}

func BenchmarkResample(b *testing.B) {
	set := testSet()
	draw := func(i uint64) float64 { return float64((i*0x9e3779b97f4a7c15)>>11) / (1 << 53) }
	for b.Loop() {
		set.Truth.Resample(draw)
	}
}
