package engine

import (
	"fmt"
	"math"
	"slices"

	"slosim/engine/kernel"
)

// Storages lists the types that [NewNarrow] can keep weights in, widest first.
func Storages() []string { return []string{"float32", "bf16", "int8"} }

// Narrow computes a network's dense passes, at the level that keeps everything, with
// weights kept in a narrower type. It is there to tell what the type does to the answers:
// inputs, biases and activations stay float32, except that those that int8 weights are
// multiplied with are quantised to 7 bits, layer by layer and query by query
// ([kernel.Quantised]). It keeps tables of its own and leaves the network as it is.
type Narrow struct {
	net     *Network
	storage string
	bf16    []*kernel.BF16 // of each layer, or nil
	int8    []*kernel.Int8
}

// NewNarrow converts the weights of all layers to a storage type, one of [Storages]. It
// reports an unknown type, and layers that int8 cannot keep: weights that are not
// finite, or more than 131,072 inputs.
func NewNarrow(net *Network, storage string) (*Narrow, error) {
	if !slices.Contains(Storages(), storage) {
		return nil, fmt.Errorf("network %s: storage %q: want one of %q", net.Name, storage, Storages())
	}
	n := &Narrow{net: net, storage: storage}
	for i := range net.Layers {
		if err := n.add(net.Layers[i].W); err != nil {
			return nil, fmt.Errorf("network %s: layer %d: %w", net.Name, i, err)
		}
	}
	return n, nil
}

func (n *Narrow) add(w *kernel.Matrix) error {
	switch n.storage {
	case "bf16":
		n.bf16 = append(n.bf16, kernel.NewBF16(w))
	case "int8":
		if err := fitsInt8(w); err != nil {
			return err
		}
		n.int8 = append(n.int8, kernel.NewInt8(w))
	}
	return nil
}

// fitsInt8 reports what [kernel.NewInt8] would panic at.
func fitsInt8(w *kernel.Matrix) error {
	if w.Cols > kernel.MaxInt8Cols {
		return fmt.Errorf("want at most %d inputs for int8, got %d", kernel.MaxInt8Cols, w.Cols)
	}
	for i := range w.Rows {
		for j, v := range w.Row(i) {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("want finite weights for int8, got %v from input %d to node %d", v, j, i)
			}
		}
	}
	return nil
}

// Bytes returns the size of the weight tables, without biases.
func (n *Narrow) Bytes() int64 {
	bytes := int64(0)
	for i := range n.net.Layers {
		switch n.storage {
		case "bf16":
			bytes += n.bf16[i].Bytes()
		case "int8":
			bytes += n.int8[i].Bytes()
		default:
			bytes += 4 * int64(len(n.net.Layers[i].W.Data))
		}
	}
	return bytes
}

// Tune measures the forms of the kernels for the tables, as techniques do for theirs.
func (n *Narrow) Tune(set *kernel.Set) {
	for _, w := range n.bf16 {
		set.Tune(w)
	}
	for _, w := range n.int8 {
		set.Tune(w)
	}
}

// NarrowScratch is the memory of one narrow pass. It belongs to one worker.
type NarrowScratch struct {
	layers [][]float32
	inputs []*kernel.Quantised // of each layer
}

// NewScratch returns scratch memory that fits the network.
func (n *Narrow) NewScratch() *NarrowScratch {
	s := &NarrowScratch{}
	for i := range n.net.Layers {
		w := n.net.Layers[i].W
		s.layers = append(s.layers, kernel.Aligned(w.Rows))
		s.inputs = append(s.inputs, kernel.NewQuantised(w.Cols))
	}
	return s
}

// Forward computes the logits of x. The result lives in scratch until the next pass. It
// allocates nothing.
func (n *Narrow) Forward(set *kernel.Set, s *NarrowScratch, x []float32) []float32 {
	last := len(n.net.Levels) - 1
	for i := range n.net.Layers {
		y, b := s.layers[i], n.net.Layers[i].Bias[last]
		switch n.storage {
		case "bf16":
			set.MatVecBF16(y, n.bf16[i], x, b)
		case "int8":
			set.Quantise(s.inputs[i], x)
			set.MatVecInt8(y, n.int8[i], s.inputs[i], b)
		default:
			set.MatVec(y, n.net.Layers[i].W, x, b)
		}
		if i < len(n.net.Layers)-1 {
			kernel.Rectify(y)
		}
		x = y
	}
	return x
}

// Answer returns the index of the largest logit of x.
func (n *Narrow) Answer(set *kernel.Set, s *NarrowScratch, x []float32) int {
	answer, _ := top(n.Forward(set, s, x))
	return answer
}

// Answers returns the answer to each sample.
func (n *Narrow) Answers(set *kernel.Set, samples Samples) []int {
	scratch, answers := n.NewScratch(), make([]int, samples.Len())
	eachSample(samples, n.net.Inputs(), func(i int, x []float32) { answers[i] = n.Answer(set, scratch, x) })
	return answers
}
