package engine

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/engine/kernel"
)

func TestValidate(t *testing.T) {
	for want, breakIt := range map[string]func(*Network){
		"at least one layer": func(n *Network) { n.Layers = nil },
		"encoding":           func(n *Network) { n.Encoding = Uint8 },
		"kind":               func(n *Network) { n.Kind = "odd" },
		"plain network":      func(n *Network) { n.Kind = Plain },
		"masked":             func(n *Network) { n.Masked = 3 },
		"ascending":          func(n *Network) { n.Levels[1].Share = math.NaN() },
		"share 1":            func(n *Network) { n.Levels[3].Share = 2 },
		"no weights":         func(n *Network) { n.Layers[1].W = nil },
		"inputs":             func(n *Network) { n.Layers[1].W = kernel.NewMatrix(7, 5) },
		"bias vectors":       func(n *Network) { n.Layers[0].Bias = n.Layers[0].Bias[:2] },
		"biases":             func(n *Network) { n.Layers[0].Bias[1] = n.Layers[0].Bias[1][:3] },
	} {
		n := newTestNetwork(t, 1, WinnerTakeAll, 9, 8, 7, 3)
		breakIt(n)
		if err := n.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error that says %q, got %v", want, err)
		}
	}
	if _, err := NewNetwork("n", Plain, []int{3}, 1); err == nil {
		t.Error("a network of one size passed")
	}
}

func TestSizesAndShares(t *testing.T) {
	n := newTestNetwork(t, 1, WinnerTakeAll, 9, 8, 7, 3)
	if diff := cmp.Diff([]int{9, 8, 7, 3}, n.Sizes()); diff != "" {
		t.Error(diff)
	}
	if n.Nodes() != 18 || n.Ops() != 9*8+8*7+7*3 || n.Inputs() != 9 || n.Outputs() != 3 {
		t.Errorf("got %d nodes, %d ops, %d inputs, %d outputs", n.Nodes(), n.Ops(), n.Inputs(), n.Outputs())
	}
	for _, test := range []struct {
		share float64
		n     int
		want  int
	}{{0.1, 1024, 103}, {0.3, 10, 3}, {0.07, 100, 7}, {0.001, 10, 1}, {1, 1024, 1024}, {0.5, 7, 4}} {
		if got := shareOf(test.share, test.n); got != test.want {
			t.Errorf("%g of %d nodes: want %d, got %d", test.share, test.n, test.want, got)
		}
	}
	for share, want := range map[float64]int{0: 0, 0.11: 0, 0.3: 1, 0.9: 3, 5: 3} {
		if got := n.Level(share); got != want {
			t.Errorf("level of share %g: want %d, got %d", share, want, got)
		}
	}
}

// naiveForward is ForwardLevel in float64.
func naiveForward(n *Network, level int, x []float64) []float64 {
	last := len(n.Layers) - 1
	for i := range n.Layers {
		x = naiveLayer(&n.Layers[i], level, x)
		if i < last {
			keep := len(x)
			if i < n.Masked {
				keep = n.Keep(level, len(x))
			}
			naiveKeep(x, nil, keep)
		}
	}
	return x
}

func TestForwardMatchesNaive(t *testing.T) {
	for _, kind := range []Kind{Plain, WinnerTakeAll} {
		n := newTestNetwork(t, 7, kind, 50, 40, 37, 10)
		samples := newTestSamples(3, 20, n.Inputs(), 10)
		for _, set := range kernel.All() {
			scratch := n.NewScratch()
			for level := range n.Levels {
				for i := range samples.Len() {
					got := widen(n.ForwardLevel(set, scratch, level, samples.x.Row(i)))
					want := naiveForward(n, level, widen(samples.x.Row(i)))
					if diff := cmp.Diff(want, got, cmpopts.EquateApprox(1e-4, 1e-4)); diff != "" {
						t.Fatalf("%s, %s, level %d, sample %d (-want +got):\n%s", set.Name, kind, level, i, diff)
					}
				}
			}
		}
	}
}

func TestTop(t *testing.T) {
	for _, test := range []struct {
		logits []float32
		answer int
		margin float32
	}{
		{[]float32{1, 3, 2.5}, 1, 0.5},
		{[]float32{2, 2, 1}, 0, 0},
		{[]float32{-3, -5}, 0, 2},
		{[]float32{4}, 0, float32(math.Inf(1))},
	} {
		if answer, margin := top(test.logits); answer != test.answer || margin != test.margin {
			t.Errorf("%v: want %d and %g, got %d and %g", test.logits, test.answer, test.margin, answer, margin)
		}
	}
}

func TestTranspose(t *testing.T) {
	m := kernel.NewMatrix(45, 70)
	for i := range m.Rows {
		for j := range m.Row(i) {
			m.Row(i)[j] = float32(100*i + j)
		}
	}
	w := m.Transposed()
	for i := range m.Rows {
		for j, want := range m.Row(i) {
			if w.Row(j)[i] != want {
				t.Fatalf("element (%d,%d): want %g, got %g", j, i, want, w.Row(j)[i])
			}
		}
	}
	if diff := cmp.Diff(m, w.Transposed()); diff != "" {
		t.Error("transposed twice differs")
	}
}

func TestAccuracyCountsRightAnswers(t *testing.T) {
	n := newTestNetwork(t, 8, Plain, 30, 20, 4)
	samples := newTestSamples(5, 60, 30, 4)
	scratch, right := n.NewScratch(), 0
	for i := range samples.Len() {
		if answer, _ := top(n.Forward(kernel.Pure(), scratch, samples.x.Row(i))); answer == samples.Label(i) {
			right++
		}
	}
	if got, want := n.Accuracy(kernel.Pure(), samples, 0), float64(right)/60; math.Abs(got-want) > 1e-12 {
		t.Errorf("want %g, got %g", want, got)
	}
}
