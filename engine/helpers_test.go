package engine

import (
	"math"
	"math/rand/v2"
	"testing"

	"slosim/engine/kernel"
)

// testShares are the levels of the winner-take-all networks of these tests.
var testShares = []float64{0.1, 0.25, 0.5, 1}

// newTestNetwork returns a network of random weights and biases, without tables.
func newTestNetwork(t testing.TB, seed uint64, kind Kind, sizes ...int) *Network {
	t.Helper()
	shares := []float64{1}
	if kind == WinnerTakeAll || kind == Slimmable {
		shares = testShares
	}
	n, err := NewNetwork("test."+string(kind), kind, sizes, shares...)
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(seed, 1))
	for i := range n.Layers {
		w := n.Layers[i].W
		for r := range w.Rows {
			fillNormal(w.Row(r), random, 1.5/float32(math.Sqrt(float64(w.Cols))))
		}
		for _, b := range n.Layers[i].Bias {
			fillNormal(b, random, 0.1)
		}
	}
	n.Training = Training{Dataset: "random", Seed: seed, Epochs: 3, Calibration: 0.5}
	n.Round()
	return n
}

func fillNormal(v []float32, random *rand.Rand, scale float32) {
	for i := range v {
		v[i] = scale * float32(random.NormFloat64())
	}
}

// testSamples are inputs in a few clusters, about half of their elements zero.
type testSamples struct {
	x      *kernel.Matrix
	labels []int
}

func newTestSamples(seed uint64, n, inputs, classes int) *testSamples {
	random := rand.New(rand.NewPCG(seed, 2))
	centres := kernel.NewMatrix(classes, inputs)
	for c := range classes {
		fillNormal(centres.Row(c), random, 1)
	}
	s := &testSamples{x: kernel.NewMatrix(n, inputs), labels: make([]int, n)}
	for i := range n {
		s.labels[i] = random.IntN(classes)
		for j := range s.x.Row(i) {
			s.x.Row(i)[j] = max(0, centres.Row(s.labels[i])[j]+0.7*float32(random.NormFloat64()))
		}
	}
	return s
}

func (s *testSamples) Len() int                   { return len(s.labels) }
func (s *testSamples) Label(i int) int            { return s.labels[i] }
func (s *testSamples) Right(i, answer int) bool   { return s.labels[i] == answer }
func (s *testSamples) Input(i int, dst []float32) { copy(dst, s.x.Row(i)) }

// must stops a test at an error.
func must[T any](t testing.TB, v T, err error) T {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// naiveLayer is a dense layer in float64, before ReLU.
func naiveLayer(l *Layer, level int, x []float64) []float64 {
	y := make([]float64, l.W.Rows)
	for i := range y {
		y[i] = float64(l.Bias[level][i])
		for j, w := range l.W.Row(i) {
			y[i] += float64(w) * x[j]
		}
	}
	return y
}

func widen(v []float32) []float64 {
	out := make([]float64, len(v))
	for i, f := range v {
		out[i] = float64(f)
	}
	return out
}

// naiveKeep applies ReLU, and zeroes what is not among the keep largest of the allowed
// nodes (nil: all). A sort of the whole vector, as dumb as can be.
func naiveKeep(y []float64, allowed map[int]bool, keep int) {
	rank := func(i int) int { // nodes that beat node i
		n := 0
		for j := range y {
			if (allowed == nil || allowed[j]) && (y[j] > y[i] || y[j] == y[i] && j < i) {
				n++
			}
		}
		return n
	}
	drop := []int{}
	for i, v := range y {
		if v <= 0 || allowed != nil && !allowed[i] || rank(i) >= keep {
			drop = append(drop, i)
		}
	}
	for _, i := range drop {
		y[i] = 0
	}
}
