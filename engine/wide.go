package engine

import (
	"bytes"
	"fmt"

	"slosim/engine/kernel"
)

// Wide is a network from few of very many features to very many outputs, with one hidden
// layer: logits = Out x ReLU(sum over features of value x Embed row + HiddenBias) + OutBias.
// It is a plain [Network] of three sizes, with a row for each feature instead of a column:
// a file holds it as that. Its fields are read-only once a technique holds it.
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

// WideOf returns a plain network with one hidden layer as a wide one, which shares all but
// the features' rows with it.
func WideOf(n *Network) (*Wide, error) {
	if len(n.Layers) != 2 || n.Kind != Plain {
		return nil, fmt.Errorf("network %s: want a plain one with one hidden layer, got a %s one of sizes %v", n.Name, n.Kind, n.Sizes())
	}
	first, last := &n.Layers[0], &n.Layers[1]
	return &Wide{
		Name: n.Name, Training: n.Training, Encoding: n.Encoding,
		Embed: first.W.Transposed(), HiddenBias: first.Bias[0], Out: last.W, OutBias: last.Bias[0],
	}, nil
}

// Network returns the network as a file holds it. It shares all but the features' rows.
func (n *Wide) Network() *Network {
	return &Network{
		Name: n.Name, Kind: Plain, Levels: []Level{{Share: 1}}, Training: n.Training, Encoding: n.Encoding,
		Layers: []Layer{
			{W: n.Embed.Transposed(), Bias: [][]float32{n.HiddenBias}},
			{W: n.Out, Bias: [][]float32{n.OutBias}},
		},
	}
}

// encoded returns the network's file.
func (n *Wide) encoded() ([]byte, error) {
	var file bytes.Buffer
	err := Write(&file, n.Network())
	return file.Bytes(), err
}

// decodedWide returns the network of a file.
func decodedWide(file []byte) (*Wide, error) {
	n, err := ReadBytes(file)
	if err != nil {
		return nil, err
	}
	return WideOf(n)
}

// Hidden writes the hidden vector of a sparse input into h, which holds as many numbers as
// there are hidden nodes. ids must be features of the network.
func (n *Wide) Hidden(set *kernel.Set, h []float32, ids []int32, values []float32) {
	copy(h, n.HiddenBias)
	set.Axpy(h, n.Embed, ids, values)
	kernel.Rectify(h)
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
