package engine

import (
	"fmt"

	"slosim/engine/kernel"
)

// Wide is a network from few of very many features to very many outputs, with one hidden
// layer: logits = Out x ReLU(sum over features of value x Embed row + HiddenBias) + OutBias.
// Its fields are read-only once a technique holds it.
type Wide struct {
	Name       string
	Embed      *kernel.Matrix // features x hidden: a row for each feature
	HiddenBias []float32
	Out        *kernel.Matrix // outputs x hidden
	OutBias    []float32
	Training   Training
	Encoding   Type // of the weights in a file: Float32 or BFloat16; biases are always Float32
}

// NewWide returns a network of zero weights.
func NewWide(name string, features, hidden, outputs int) (*Wide, error) {
	if features < 1 || hidden < 1 || outputs < 2 {
		return nil, fmt.Errorf("network %s: want 1 or more features and hidden nodes and 2 or more outputs, got %d, %d and %d", name, features, hidden, outputs)
	}
	return &Wide{
		Name: name, Encoding: BFloat16,
		Embed: kernel.NewMatrix(features, hidden), HiddenBias: kernel.Aligned(hidden),
		Out: kernel.NewMatrix(outputs, hidden), OutBias: kernel.Aligned(outputs),
	}, nil
}

// Hidden writes the hidden vector of a sparse input into h, which holds as many numbers as
// there are hidden nodes. ids must be features of the network.
func (n *Wide) Hidden(set *kernel.Set, h []float32, ids []int32, values []float32) {
	copy(h, n.HiddenBias)
	set.Axpy(h, n.Embed, ids, values)
	for i, v := range h {
		h[i] = max(v, 0)
	}
}

// Forward writes all logits for a hidden vector into y.
func (n *Wide) Forward(set *kernel.Set, y, h []float32) {
	set.MatVec(y, n.Out, h, n.OutBias)
}

// Nodes returns the number of hidden and output nodes.
func (n *Wide) Nodes() int { return n.Embed.Cols + n.Out.Rows }

// WeightBytes returns the bytes of all weights and biases in memory.
func (n *Wide) WeightBytes() int64 {
	return matrixBytes(n.Embed) + matrixBytes(n.Out) + 4*int64(len(n.HiddenBias)+len(n.OutBias))
}
