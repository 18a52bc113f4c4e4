package activator

import (
	"math/rand/v2"
	"testing"

	"slosim/engine/kernel"
)

// testImages are inputs in a few clusters.
type testImages struct{ x *kernel.Matrix }

func newTestImages(seed uint64, n, inputs, clusters int) *testImages {
	random := rand.New(rand.NewPCG(seed, 1))
	centres := kernel.NewMatrix(clusters, inputs)
	for c := range clusters {
		for j := range inputs {
			centres.Row(c)[j] = 3 * float32(random.NormFloat64())
		}
	}
	images := &testImages{kernel.NewMatrix(n, inputs)}
	for i := range n {
		centre := centres.Row(random.IntN(clusters))
		for j := range inputs {
			images.x.Row(i)[j] = centre[j] + float32(random.NormFloat64())
		}
	}
	return images
}

func (t *testImages) Len() int                   { return t.x.Rows }
func (t *testImages) Input(i int, dst []float32) { copy(dst, t.x.Row(i)) }

// testNetwork is two layers with ReLU.
type testNetwork struct {
	set           *kernel.Set
	first, second *kernel.Matrix
	bias          []float32
	hidden        [][]float32
}

func newTestNetwork(seed uint64, set *kernel.Set, inputs, first, second int) *testNetwork {
	random := rand.New(rand.NewPCG(seed, 2))
	n := &testNetwork{set: set, first: kernel.NewMatrix(first, inputs), second: kernel.NewMatrix(second, first), bias: kernel.Aligned(first)}
	for _, m := range []*kernel.Matrix{n.first, n.second} {
		for i := range m.Rows {
			for j := range m.Row(i) {
				m.Row(i)[j] = float32(random.NormFloat64())
			}
		}
	}
	for i := range n.bias {
		n.bias[i] = float32(random.NormFloat64())
	}
	n.hidden = [][]float32{kernel.Aligned(first), kernel.Aligned(second)}
	return n
}

func (n *testNetwork) Hidden(x []float32) [][]float32 {
	n.set.MatVec(n.hidden[0], n.first, x, n.bias)
	rectify(n.hidden[0])
	n.set.MatVec(n.hidden[1], n.second, n.hidden[0], nil)
	rectify(n.hidden[1])
	return n.hidden
}

func rectify(y []float32) {
	for i, v := range y {
		y[i] = max(v, 0)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
