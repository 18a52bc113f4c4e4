package train

import (
	"math"
	"slices"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/workloads/rng"
)

// Adam on one weight against the formulas of the paper, in float64.
func TestAdamFollowsThePaper(t *testing.T) {
	const rate, decay = 0.01, 0.1
	w, m, v := []float32{0.5}, []float32{0}, []float32{0}
	wantW, wantM, wantV := 0.5, 0.0, 0.0
	for step := 1; step <= 50; step++ {
		g := math.Sin(float64(step))
		newAdamStep(rate, decay, step).update(w, []float32{float32(g)}, m, v)
		wantM = 0.9*wantM + 0.1*g
		wantV = 0.999*wantV + 0.001*g*g
		meanHat := wantM / (1 - math.Pow(0.9, float64(step)))
		squareHat := wantV / (1 - math.Pow(0.999, float64(step)))
		wantW -= rate*decay*wantW + rate*meanHat/(math.Sqrt(squareHat)+1e-8)
	}
	if diff := cmp.Diff(wantW, float64(w[0]), cmpopts.EquateApprox(1e-5, 0)); diff != "" {
		t.Errorf("weight after 50 steps (-want +got):\n%s", diff)
	}
}

func TestLinearRateFallsToZero(t *testing.T) {
	got := []float64{linearRate(2, 0, 4), linearRate(2, 1, 4), linearRate(2, 3, 4), linearRate(2, 4, 4)}
	if diff := cmp.Diff([]float64{2, 1.5, 0.5, 0}, got); diff != "" {
		t.Error(diff)
	}
}

func TestInitialisationHasHeVariance(t *testing.T) {
	n := newNet(t, []int{200, 300, 10}, 0, 1, 1)
	sum, square, count := 0.0, 0.0, 0.0
	for j := range 300 {
		for _, w := range n.Layers[0].W.Row(j) {
			sum, square, count = sum+float64(w), square+float64(w)*float64(w), count+1
		}
	}
	// The standard error of the variance is its sqrt(2/60000), about 0.6 %.
	if variance := square / count; math.Abs(variance-0.01) > 3e-4 || math.Abs(sum/count) > 2e-3 {
		t.Errorf("want mean 0 and variance 0.01, got %g and %g", sum/count, variance)
	}
}

func TestVariations(t *testing.T) {
	image := &clouds{x: [][]float32{{1, 2, 3, 4, 5, 6}}, labels: []int{0}} // 3 wide, 2 high
	data := Data{Fit: image, Features: 6, Width: 3}
	for _, test := range []struct {
		name string
		v    variation
		want []float32
	}{
		{"none", variation{}, []float32{1, 2, 3, 4, 5, 6}},
		{"right", variation{right: 1}, []float32{0, 1, 2, 0, 4, 5}},
		{"left and down", variation{right: -2, down: 1}, []float32{0, 0, 0, 3, 0, 0}},
		{"up", variation{down: -1}, []float32{4, 5, 6, 0, 0, 0}},
		{"mirror", variation{mirror: true}, []float32{3, 2, 1, 6, 5, 4}},
		{"mirror and right", variation{mirror: true, right: 1}, []float32{0, 3, 2, 0, 6, 5}},
	} {
		got := []float32{9, 9, 9, 9, 9, 9}
		test.v.apply(data, 0, got, make([]float32, 6))
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func TestVariationsAreEvenlySpread(t *testing.T) {
	hyper := Hyper{Shift: 1, Mirror: true}
	counts := map[variation]int{}
	for i := range uint64(9000) {
		counts[hyper.variation(rng.Key{Seed: 1}.Uint64(rng.Training, i))]++
	}
	if len(counts) != 18 {
		t.Fatalf("want 18 variations, got %d", len(counts))
	}
	for v, n := range counts {
		if n < 400 || n > 600 {
			t.Errorf("%+v: want about 500 of 9000, got %d", v, n)
		}
	}
}

func TestLevelsFollowTheOdds(t *testing.T) {
	hyper := Hyper{Odds: []float64{0.2, 0.5, 0.3}}
	for draw, want := range map[float64]int{0: 0, 0.19: 0, 0.21: 1, 0.69: 1, 0.71: 2, 0.999999: 2} {
		if got := hyper.level(draw); got != want {
			t.Errorf("draw %g: want level %d, got %d", draw, want, got)
		}
	}
	if got := (&Hyper{}).level(0.9); got != 0 {
		t.Errorf("plain: want level 0, got %d", got)
	}
}

func TestShuffleIsAPermutationOfItsOwn(t *testing.T) {
	key := rng.Key{Seed: 3}
	first, second := shuffled(100, key, 0), shuffled(100, key, 1)
	if slices.Equal(first, second) {
		t.Error("two epochs have the same order")
	}
	slices.Sort(first)
	for i, v := range first {
		if i != v {
			t.Fatalf("want every number once, got %v", first)
		}
	}
}

func TestParallelDoesEachPartOnce(t *testing.T) {
	for _, workers := range []int{1, 3, 20} {
		var done [10]atomic.Int32
		parallel(len(done), workers, func(part, _ int) { done[part].Add(1) })
		for part := range done {
			if n := done[part].Load(); n != 1 {
				t.Errorf("%d workers: part %d ran %d times", workers, part, n)
			}
		}
	}
}

func TestSpansCoverWithoutOverlap(t *testing.T) {
	for _, n := range []int{1, 10, 16, 100, 1024} {
		next := 0
		for _, s := range spans(0, n, 40) {
			if s.lo != next || s.hi <= s.lo || s.hi-s.lo > 48 {
				t.Errorf("%d: unexpected part %+v after %d", n, s, next)
			}
			next = s.hi
		}
		if next != n {
			t.Errorf("want parts up to %d, got %d", n, next)
		}
	}
}

// A network trained on centred inputs must give the same for plain ones after its
// biases are moved.
func TestShiftInputs(t *testing.T) {
	n := newNet(t, []int{6, 8, 3}, 0, 1, 1)
	mean := []float32{0.1, 0.5, -0.2, 0.9, 0, 0.3}
	x := []float32{1, 0.2, 0.7, -0.4, 0.5, 0.6}
	centred := make([]float32, len(x))
	for i := range x {
		centred[i] = x[i] - mean[i]
	}
	s := n.NewScratch()
	want := slices.Clone(n.Forward(pure(), s, centred))
	shiftInputs(n, mean, -1)
	got := n.Forward(pure(), s, x)
	if diff := cmp.Diff(want, got, cmpopts.EquateApprox(0, 1e-5)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The batched pass of training and the engine's own must agree at every level.
func TestForwardAgreesWithEngine(t *testing.T) {
	n := newNet(t, []int{6, 40, 30, 4}, 2, 5, 0.1, 0.4, 1)
	b := randomBatch(n, 20, 6)
	p := &pass{set: pure(), net: n}
	p.forward(b, newScratch(n), 0, b.size)
	s := n.NewScratch()
	for row := range b.size {
		want := n.ForwardLevel(pure(), s, b.levels[row], b.values[0].Row(row))
		got := b.values[3].Row(row)
		if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-4, 1e-5)); diff != "" {
			t.Errorf("row %d, level %d (-want +got):\n%s", row, b.levels[row], diff)
		}
	}
}
