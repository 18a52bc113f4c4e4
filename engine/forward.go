package engine

import (
	"math"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

// Scratch is the memory of one forward pass. It belongs to one worker.
type Scratch struct {
	layers [][]float32 // outputs of each layer
	ids    []int32
	values []float32
	corner kernel.Matrix // of the layer being computed
}

// NewScratch returns scratch memory that fits the network.
func (n *Network) NewScratch() *Scratch {
	s := &Scratch{}
	widest := n.Inputs()
	for i := range n.Layers {
		width := n.Layers[i].W.Rows
		s.layers = append(s.layers, kernel.Aligned(width))
		widest = max(widest, width)
	}
	s.ids = make([]int32, widest)
	s.values = kernel.Aligned(widest)
	return s
}

// Hidden returns the activations that the last pass left in hidden layer i, after
// ReLU and, in a masked layer, after dropping. The next pass overwrites them.
func (s *Scratch) Hidden(i int) []float32 { return s.layers[i] }

// Forward computes the logits of x densely at the level that keeps everything. The
// result lives in scratch until the next pass.
func (n *Network) Forward(set *kernel.Set, s *Scratch, x []float32) []float32 {
	return n.ForwardLevel(set, s, len(n.Levels)-1, x)
}

// ForwardLevel computes the logits of x at a level, every node first and the choice
// of the largest after: the reference for what a sparse technique computes. A node
// survives in a masked layer if it is among the level's largest activations and
// positive; of equal ones the lower index stays. A slimmable network computes the first
// nodes only.
func (n *Network) ForwardLevel(set *kernel.Set, s *Scratch, level int, x []float32) []float32 {
	last := len(n.Layers) - 1
	for i := range n.Layers {
		l, width := &n.Layers[i], n.Width(level, i)
		y := s.layers[i][:width]
		s.corner = l.W.Corner(width, n.Width(level, i-1))
		set.MatVec(y, &s.corner, x, l.Bias[level][:width])
		if i < last {
			kernel.Rectify(y)
		}
		if i < n.Masked && n.Levels[level].Share < 1 {
			s.keepLargest(set, y, n.Keep(level, len(y)))
		}
		x = y
	}
	return x
}

// keepLargest zeroes all but the keep largest elements of y.
func (s *Scratch) keepLargest(set *kernel.Set, y []float32, keep int) {
	kept := s.ids[:set.TopK(s.ids, y, keep)]
	for i, id := range kept {
		s.values[i] = y[id]
	}
	clear(y)
	for i, id := range kept {
		y[id] = s.values[i]
	}
}

// top returns the index of the largest logit (of equal ones the first) and its
// distance to the second. With one logit the margin is infinite.
func top(logits []float32) (answer int, margin float32) {
	first, second := float32(math.Inf(-1)), float32(math.Inf(-1))
	for i, v := range logits {
		switch {
		case v > first:
			answer, first, second = i, v, first
		case v > second:
			second = v
		}
	}
	return answer, first - second
}

// eachSample calls visit with every input in order. x is valid during the call.
func eachSample(samples activator.Images, inputs int, visit func(i int, x []float32)) {
	x := kernel.Aligned(inputs)
	for i := range samples.Len() {
		samples.Input(i, x)
		visit(i, x)
	}
}

// Accuracy returns the share of samples that the network answers right at a level,
// 0 to 1, computed densely ([Network.ForwardLevel]).
func (n *Network) Accuracy(set *kernel.Set, samples Samples, level int) float64 {
	scratch, right := n.NewScratch(), 0
	eachSample(samples, n.Inputs(), func(i int, x []float32) {
		if answer, _ := top(n.ForwardLevel(set, scratch, level, x)); answer == samples.Label(i) {
			right++
		}
	})
	return float64(right) / float64(max(samples.Len(), 1))
}
