package train

import (
	"math"

	"slosim/engine"
)

// The constants of Adam (Kingma and Ba, ICLR 2015), at their usual values.
const (
	adamBeta1   = 0.9
	adamBeta2   = 0.999
	adamEpsilon = 1e-8
)

// adam is the optimiser's memory: running means of the gradient and of its square.
// Both have the shape of the network.
type adam struct {
	mean, square *engine.Network
}

func newAdam(n *engine.Network) *adam { return &adam{mean: like(n), square: like(n)} }

// updateNode moves the weights and biases of one node against their gradients.
func (a *adam) updateNode(n, gradient *engine.Network, layer, node int, s adamStep) {
	w, g := &n.Layers[layer], &gradient.Layers[layer]
	m, v := &a.mean.Layers[layer], &a.square.Layers[layer]
	s.update(w.W.Row(node), g.W.Row(node), m.W.Row(node), v.W.Row(node))
	for level := range w.Bias {
		one := func(b [][]float32) []float32 { return b[level][node : node+1] }
		s.undecayed().update(one(w.Bias), one(g.Bias), one(m.Bias), one(v.Bias))
	}
}

// adamStep holds the factors of one step, bias corrections included.
type adamStep struct {
	rate    float32
	epsilon float32
	keep    float32 // factor on the weights: decoupled weight decay (Loshchilov and Hutter, ICLR 2019)
}

// newAdamStep returns the factors of step number t, counted from 1.
func newAdamStep(rate, decay float64, t int) adamStep {
	root := math.Sqrt(1 - math.Pow(adamBeta2, float64(t)))
	return adamStep{
		rate:    float32(rate * root / (1 - math.Pow(adamBeta1, float64(t)))),
		epsilon: float32(adamEpsilon * root),
		keep:    float32(1 - rate*decay),
	}
}

// undecayed returns the same step without weight decay, which biases are spared.
func (s adamStep) undecayed() adamStep {
	s.keep = 1
	return s
}

// update moves weights against their gradient. The conversions to float32 keep the
// compiler from fusing multiply and add, whose bits differ between architectures.
func (s adamStep) update(w, g, mean, square []float32) {
	n := len(w)
	g, mean, square = g[:n], mean[:n], square[:n]
	const b1, b2 = float32(adamBeta1), float32(adamBeta2)
	const a1, a2 = float32(1 - adamBeta1), float32(1 - adamBeta2)
	for i, gi := range g {
		m := float32(b1*mean[i]) + float32(a1*gi)
		v := float32(b2*square[i]) + float32(a2*float32(gi*gi))
		mean[i], square[i] = m, v
		step := float32(s.rate*m) / (float32(math.Sqrt(float64(v))) + s.epsilon)
		w[i] = float32(w[i]*s.keep) - step
	}
}

// linearRate is the learning rate of a step: it falls from rate to 0 in a line.
func linearRate(rate float64, step, steps int) float64 {
	return rate * (1 - float64(step)/float64(steps))
}
