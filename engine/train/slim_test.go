package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"slosim/engine"
	"slosim/workloads/rng"
)

// newSlim returns a slimmable network with drawn weights and biases.
func newSlim(t *testing.T) *engine.Network {
	t.Helper()
	return newNetOf(t, engine.Slimmable, []int{5, 16, 12, 3}, 0, 3, 0.25, 0.5, 0.75, 1)
}

// narrow copies a level of a slimmable network into a plain one.
func narrow(t *testing.T, n *engine.Network, level int) *engine.Network {
	t.Helper()
	sizes := []int{n.Inputs()}
	for i := range n.Layers {
		sizes = append(sizes, n.Width(level, i))
	}
	plain, err := engine.NewNetwork("narrow", engine.Plain, sizes, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i := range plain.Layers {
		to := &plain.Layers[i]
		for j := range to.W.Rows {
			copy(to.W.Row(j), n.Layers[i].W.Row(j))
		}
		copy(to.Bias[0], n.Layers[i].Bias[level])
	}
	return plain
}

// At each width, values and gradients must be those of a network of that width.
func TestWidthsAreNetworksOfTheirOwn(t *testing.T) {
	n := newSlim(t)
	for level := range n.Levels {
		plain := narrow(t, n, level)
		b, alone := randomBatch(n, 7, 4), randomBatch(plain, 7, 4)
		for row := range b.size {
			b.levels[row] = level
			copy(b.values[0].Row(row), alone.values[0].Row(row))
			b.labels[row] = alone.labels[row]
		}
		got := gradientsOf(&pass{set: pure(), net: n}, b)
		want := gradientsOf(&pass{set: pure(), net: plain}, alone)
		for l := range n.Layers {
			for j := range n.Layers[l].W.Rows {
				compareCorner(t, want, got, level, l, j)
			}
		}
	}
}

func compareCorner(t *testing.T, want, got *engine.Network, level, l, j int) {
	t.Helper()
	inside := j < want.Layers[l].W.Rows
	for i, g := range got.Layers[l].W.Row(j) {
		expected := float32(0)
		if inside && i < want.Layers[l].W.Cols {
			expected = want.Layers[l].W.Row(j)[i]
		}
		if math.Abs(float64(g-expected)) > 1e-6 {
			t.Errorf("level %d, layer %d, weight %d of node %d: want %g, got %g", level, l, i, j, expected, g)
		}
	}
	for other, bias := range got.Layers[l].Bias {
		expected := float32(0)
		if inside && other == level {
			expected = want.Layers[l].Bias[0][j]
		}
		if math.Abs(float64(bias[j]-expected)) > 1e-6 {
			t.Errorf("level %d, layer %d, bias %d of node %d: want %g, got %g", level, l, other, j, expected, bias[j])
		}
	}
}

// Distillation against a one-hot answer is cross-entropy against that label; against the
// network's own answer it has no gradient.
func TestDistilAgreesWithCrossEntropy(t *testing.T) {
	logits := []float32{0.3, -1.2, 2}
	want, got := make([]float32, 3), make([]float32, 3)
	loss, _ := crossEntropy(want, logits, 1, 0, 4)
	if other := distil(got, logits, []float64{0, 1, 0}, 4); math.Abs(loss-other) > 1e-12 || !slices.Equal(want, got) {
		t.Errorf("want loss %g and gradient %v, got %g and %v", loss, want, other, got)
	}
	own := make([]float64, 3)
	softmax(own, logits)
	distil(got, logits, own, 4)
	for i, g := range got {
		if math.Abs(float64(g)) > 1e-7 {
			t.Errorf("gradient %d towards the network's own answer: want 0, got %g", i, g)
		}
	}
}

func TestNarrowerLevelsAreTheNarrowestAndTwoBetween(t *testing.T) {
	f := &fitting{net: newSlim(t), key: rng.Key{Seed: 1}}
	seen := map[int]bool{}
	for f.step = range 50 {
		levels := f.narrower()
		if len(levels) != 3 || levels[0] != 0 {
			t.Fatalf("step %d: want level 0 and two more, got %v", f.step, levels)
		}
		for _, level := range levels[1:] {
			seen[level] = true
		}
	}
	if !seen[1] || !seen[2] || len(seen) != 2 {
		t.Errorf("want levels 1 and 2 to be drawn, got %v", seen)
	}
}

func TestSlimmableLearnsAtEveryWidth(t *testing.T) {
	data := cloudData()
	data.Calibration = newClouds(200, 12, 4, 3)
	hyper := smallHyper(0)
	hyper.Epochs = 12
	r := Recipe{Name: "clouds.slim", Kind: engine.Slimmable, Sizes: []int{12, 48, 40, 4}, Shares: []float64{0.2, 0.35, 0.5, 1}, Hyper: hyper}
	_, report, err := TrainRecipe(context.Background(), r, data, Options{Seed: 5, Set: pure()})
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Calibration) != 4 || slices.Min(report.Calibration) < 0.8 || report.Calibration[3] < 0.95 { // chance gives 0.25
		t.Errorf("want four accuracies of 0.8 or more, the last 0.95, got %v", report.Calibration)
	}
}
