package train

import (
	"math"
	"slices"
	"testing"

	"slosim/engine"
)

// reference is the loss of a batch in float64, written without regard for speed.
func reference(n *engine.Network, b *batch, smooth float64) float64 {
	loss := 0.0
	for row := range b.size {
		x := widen(b.values[0].Row(row))
		for l := range n.Layers {
			x = referenceLayer(n, l, b.levels[row], x)
		}
		loss += referenceLoss(x, b.labels[row], smooth)
	}
	return loss / float64(b.size)
}

func referenceLayer(n *engine.Network, l, level int, x []float64) []float64 {
	w := n.Layers[l].W
	y := make([]float64, w.Rows)
	for j := range y {
		y[j] = float64(n.Layers[l].Bias[level][j])
		for i, weight := range w.Row(j) {
			y[j] += float64(weight) * x[i]
		}
	}
	if l == len(n.Layers)-1 {
		return y
	}
	limit := math.Inf(-1)
	if l < n.Masked {
		sorted := slices.Sorted(slices.Values(y))
		limit = sorted[len(y)-n.Keep(level, len(y))]
	}
	for j := range y {
		if y[j] < limit || y[j] < 0 {
			y[j] = 0
		}
	}
	return y
}

func referenceLoss(logits []float64, label int, smooth float64) float64 {
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(v)
	}
	loss := 0.0
	for i, v := range logits {
		target := smooth / float64(len(logits))
		if i == label {
			target += 1 - smooth
		}
		loss -= target * (v - math.Log(sum))
	}
	return loss
}

func widen(x []float32) []float64 {
	wide := make([]float64, len(x))
	for i, v := range x {
		wide[i] = float64(v)
	}
	return wide
}

// The gradients must be those of finite differences of an independent forward pass.
func TestGradientsAgreeWithFiniteDifferences(t *testing.T) {
	for _, test := range []struct {
		name   string
		masked int
		smooth float64
		shares []float64
	}{
		{"plain", 0, 0, []float64{1}},
		{"smoothed", 0, 0.1, []float64{1}},
		{"winner take all, first layer", 1, 0, []float64{0.3, 0.6, 1}},
		{"winner take all, both layers", 2, 0.1, []float64{0.3, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := newNet(t, []int{5, 9, 7, 3}, test.masked, 3, test.shares...)
			b := randomBatch(n, 11, 4)
			gradient := gradientsOf(&pass{set: pure(), net: n, smooth: test.smooth}, b)
			loss := 0.0
			for _, l := range b.losses {
				loss += l / float64(b.size)
			}
			if want := reference(n, b, test.smooth); math.Abs(loss-want) > 1e-5 {
				t.Errorf("loss: want %g, got %g", want, loss)
			}
			for l := range n.Layers {
				for j := range n.Layers[l].W.Rows {
					compareNode(t, n, gradient, b, test.smooth, l, j)
				}
			}
		})
	}
}

// compareNode checks a node's first weight, last weight and biases.
func compareNode(t *testing.T, n, gradient *engine.Network, b *batch, smooth float64, l, j int) {
	t.Helper()
	row, got := n.Layers[l].W.Row(j), gradient.Layers[l].W.Row(j)
	for _, i := range []int{0, len(row) - 1} {
		want := difference(n, b, smooth, &row[i])
		if math.Abs(want-float64(got[i])) > 2e-4 {
			t.Errorf("layer %d, weight %d of node %d: want %g, got %g", l, i, j, want, got[i])
		}
	}
	for level, bias := range n.Layers[l].Bias {
		want, got := difference(n, b, smooth, &bias[j]), float64(gradient.Layers[l].Bias[level][j])
		if math.Abs(want-got) > 2e-4 {
			t.Errorf("layer %d, level %d, bias of node %d: want %g, got %g", l, level, j, want, got)
		}
	}
}

// difference is the central difference of the loss by one number.
func difference(n *engine.Network, b *batch, smooth float64, at *float32) float64 {
	old := *at
	const h = 1.0 / (1 << 12)
	*at = old + h
	above, high := reference(n, b, smooth), float64(*at)
	*at = old - h
	below, low := reference(n, b, smooth), float64(*at)
	*at = old
	return (above - below) / (high - low)
}

// A node that a sample dropped must learn nothing from it.
func TestGradientsPassOnlyThroughKeptNodes(t *testing.T) {
	n := newNet(t, []int{6, 40, 30, 4}, 1, 5, 0.1, 1)
	b := randomBatch(n, 1, 6)
	b.levels[0] = 0
	gradient := gradientsOf(&pass{set: pure(), net: n}, b)
	kept := 0
	for j, value := range b.values[1].Row(0) {
		moved := false
		for _, g := range gradient.Layers[0].W.Row(j) {
			moved = moved || g != 0
		}
		if value > 0 {
			kept++
		}
		if moved != (value > 0) {
			t.Errorf("node %d has value %g: a gradient is there: %v", j, value, moved)
		}
		if bias := gradient.Layers[0].Bias[1][j]; bias != 0 {
			t.Errorf("node %d: the bias of the level that was not used has gradient %g", j, bias)
		}
	}
	if want := n.Keep(0, 40); kept != want {
		t.Errorf("want %d kept nodes, got %d", want, kept)
	}
}

// Dropped nodes and the scale of the others must agree between the two directions.
func TestDropoutGradients(t *testing.T) {
	n := newNet(t, []int{6, 64, 32, 4}, 0, 7, 1)
	b := randomBatch(n, 4, 8)
	p := &pass{set: pure(), net: n, dropout: 0.25}
	gradientsOf(p, b)
	zeros, scale := 0, float64(dropScale(0.25))
	for row := range b.size {
		plain := referenceLayer(n, 0, 0, widen(b.values[0].Row(row)))
		for j, value := range b.values[1].Row(row) {
			if value == 0 && plain[j] > 0 {
				zeros++
				if b.deltas[0].Row(row)[j] != 0 {
					t.Errorf("row %d: dropped node %d has a gradient", row, j)
				}
			} else if math.Abs(float64(value)-scale*plain[j]) > 1e-5 {
				t.Errorf("row %d, node %d: want %g, got %g", row, j, scale*plain[j], value)
			}
		}
	}
	if zeros < 10 || zeros > 60 {
		t.Errorf("want about 32 of 128 positive values dropped, got %d", zeros)
	}
}
