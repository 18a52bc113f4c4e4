package train

import (
	"math"
	"math/rand/v2"
	"testing"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// clouds are samples around random centres, one class a centre.
type clouds struct {
	x      [][]float32
	labels []int
}

func (c *clouds) Len() int                   { return len(c.x) }
func (c *clouds) Input(i int, dst []float32) { copy(dst, c.x[i]) }
func (c *clouds) Label(i int) int            { return c.labels[i] }

// newClouds draws n samples. Clouds of one space but different seeds share centres.
func newClouds(n, features, classes int, seed uint64) *clouds {
	c := &clouds{}
	key := rng.Key{Seed: seed}
	for i := range n {
		source := rand.New(key.Source(rng.Training, uint64(i)))
		label := source.IntN(classes)
		x := make([]float32, features)
		for j := range x {
			centre := rng.Key{Seed: 77}.Float(rng.Training, uint64(label*features+j))
			x[j] = float32(centre + 0.2*source.NormFloat64())
		}
		c.x, c.labels = append(c.x, x), append(c.labels, label)
	}
	return c
}

// cloudData has 300 samples of 12 features in 4 classes to fit and 200 held out.
func cloudData() Data {
	return Data{Fit: newClouds(300, 12, 4, 1), Confidence: newClouds(200, 12, 4, 2), Features: 12, Classes: 4}
}

// newNet returns a network with drawn weights and biases.
func newNet(t *testing.T, sizes []int, masked int, seed uint64, shares ...float64) *engine.Network {
	t.Helper()
	kind := engine.Plain
	if masked > 0 {
		kind = engine.WinnerTakeAll
	}
	return newNetOf(t, kind, sizes, masked, seed, shares...)
}

func newNetOf(t *testing.T, kind engine.Kind, sizes []int, masked int, seed uint64, shares ...float64) *engine.Network {
	t.Helper()
	n, err := engine.NewNetwork("test", kind, sizes, shares...)
	if err != nil {
		t.Fatal(err)
	}
	n.Masked = masked
	initialise(n, rng.Key{Seed: seed})
	source := rand.New(rng.Key{Seed: seed}.Source(rng.Training, math.MaxUint64))
	for l := range n.Layers {
		for _, bias := range n.Layers[l].Bias {
			for j := range bias {
				bias[j] = float32(0.3 * source.NormFloat64())
			}
		}
	}
	return n
}

// randomBatch fills a batch with drawn inputs, labels and levels.
func randomBatch(n *engine.Network, rows int, seed uint64) *batch {
	b := newBatch(n, rows)
	b.size = rows
	source := rand.New(rng.Key{Seed: seed}.Source(rng.Training, 0))
	for row := range rows {
		for i, x := 0, b.values[0].Row(row); i < len(x); i++ {
			x[i] = float32(source.NormFloat64())
		}
		b.labels[row] = source.IntN(n.Outputs())
		b.levels[row] = source.IntN(len(n.Levels))
		b.draws[row] = uint64(row)
	}
	return b
}

// gradientsOf runs a batch forward and back and returns the gradients.
func gradientsOf(p *pass, b *batch) *engine.Network {
	s := newScratch(p.net)
	p.forward(b, s, 0, b.size)
	p.backward(b, s, 0, b.size)
	gradient := like(p.net)
	for l := range p.net.Layers {
		p.gradients(gradient, b, s, l, 0, p.net.Layers[l].W.Rows, true)
	}
	return gradient
}

// sameBits reports whether two networks have equal weights and biases.
func sameBits(a, b *engine.Network) bool {
	equal := func(x, y []float32) bool {
		for i := range x {
			if math.Float32bits(x[i]) != math.Float32bits(y[i]) {
				return false
			}
		}
		return len(x) == len(y)
	}
	for l := range a.Layers {
		if !equal(a.Layers[l].W.Data, b.Layers[l].W.Data) {
			return false
		}
		for v := range a.Layers[l].Bias {
			if !equal(a.Layers[l].Bias[v], b.Layers[l].Bias[v]) {
				return false
			}
		}
	}
	return true
}

func pure() *kernel.Set { return kernel.Pure() }
