package engine

import (
	"fmt"
	"slices"

	"slosim/engine/kernel"
)

// Kind says how a network was trained to lose nodes.
type Kind string

const (
	// Plain networks were trained without any dropout of nodes.
	Plain Kind = "plain"
	// WinnerTakeAll networks keep, in their masked hidden layers, only the largest
	// activations: the share of a level, with that level's bias vectors (our design,
	// after the per-sample densities of slimmable training).
	WinnerTakeAll Kind = "winner-take-all"
	// Slimmable networks can run at several widths: a level computes the first nodes of
	// each hidden layer, the level's share of them, with bias vectors of its own (Yu et
	// al., ICLR 2019).
	Slimmable Kind = "slimmable"
	// Pruned networks have lost most of their weights, which are zero; a file holds the
	// others only.
	Pruned Kind = "pruned"
)

// Network is a multi-layer perceptron with ReLU between its layers, as a plain
// network or one that is trained for several densities. Its fields are read-only
// once a technique holds it.
type Network struct {
	Name     string
	Kind     Kind
	Layers   []Layer  // the last one yields the logits
	Levels   []Level  // densities by ascending share; the last one keeps everything
	Masked   int      // hidden layers, counted from the first, that drop nodes below 100 %
	Training Training // how the weights came about
	Encoding Type     // of the weights in a file: Float32 or BFloat16; biases are always Float32

	// Frozen holds per technique ("slo-nn", "zoo") the operating points and thresholds that
	// were chosen on the calibration images.
	Frozen map[string]Frozen
	// Extra holds the tables of activators by name, such as "linear/basis".
	Extra map[string]Tensor
}

// Layer is one fully connected layer.
type Layer struct {
	W    *kernel.Matrix // node-major: outputs x inputs
	Bias [][]float32    // [level][output]
}

// Level is a density that a network was trained for. A plain network has the one
// level of share 1.
type Level struct {
	Share    float64 // of a masked layer's nodes that stay, 0 < share <= 1
	Accuracy float64 // on the calibration images, with the weights as a file holds them; 0 if unknown
}

// Training states how a network was trained.
type Training struct {
	Dataset     string
	Seed        uint64
	Epochs      int
	Calibration float64 // accuracy of the last level on the calibration images, 0 to 1, after rounding to Encoding
	Note        string  `json:",omitempty"`
}

// Frozen is what the calibration chose for a technique. Empty parts mean the
// technique's defaults.
type Frozen struct {
	Activator string        `json:",omitempty"` // that the thresholds were calibrated with
	Probe     string        `json:",omitempty"` // point of slo-nn-probe's Activate
	Points    []SparsePoint `json:",omitempty"`
	Cascades  []CascadeSpec `json:",omitempty"`
}

// NewNetwork returns a network of zero weights with the given layer sizes, inputs
// first, and one level per share. Shares ascend and end with 1.
func NewNetwork(name string, kind Kind, sizes []int, shares ...float64) (*Network, error) {
	if len(sizes) < 2 || slices.Min(sizes) < 1 {
		return nil, fmt.Errorf("network %s: want at least two sizes of 1 or more, got %v", name, sizes)
	}
	n := &Network{Name: name, Kind: kind, Encoding: BFloat16}
	for _, share := range shares {
		n.Levels = append(n.Levels, Level{Share: share})
	}
	if kind == WinnerTakeAll {
		n.Masked = len(sizes) - 2
	}
	for i, outputs := range sizes[1:] {
		n.Layers = append(n.Layers, newLayer(outputs, sizes[i], len(shares)))
	}
	return n, n.Validate()
}

func newLayer(outputs, inputs, levels int) Layer {
	l := Layer{W: kernel.NewMatrix(outputs, inputs), Bias: make([][]float32, levels)}
	for i := range l.Bias {
		l.Bias[i] = kernel.Aligned(outputs)
	}
	return l
}

// Validate reports the first contradiction between a network's fields.
func (n *Network) Validate() error {
	if len(n.Layers) == 0 {
		return fmt.Errorf("network %s: want at least one layer, got none", n.Name)
	}
	if n.Encoding != Float32 && n.Encoding != BFloat16 {
		return fmt.Errorf("network %s: encoding: want %s or %s, got %q", n.Name, Float32, BFloat16, n.Encoding)
	}
	if err := n.validateLevels(); err != nil {
		return err
	}
	for i := range n.Layers {
		if err := n.validateLayer(i); err != nil {
			return err
		}
	}
	return nil
}

func (n *Network) validateLevels() error {
	if !slices.Contains([]Kind{Plain, WinnerTakeAll, Slimmable, Pruned}, n.Kind) {
		return fmt.Errorf("network %s: kind: want %s, %s, %s or %s, got %q", n.Name, Plain, WinnerTakeAll, Slimmable, Pruned, n.Kind)
	}
	if (n.Kind == Plain || n.Kind == Pruned) && len(n.Levels) != 1 {
		return fmt.Errorf("network %s: want one level in a %s network, got %d", n.Name, n.Kind, len(n.Levels))
	}
	if n.Kind != WinnerTakeAll && n.Masked != 0 {
		return fmt.Errorf("network %s: want no masked layer in a %s network, got %d", n.Name, n.Kind, n.Masked)
	}
	if n.Masked < 0 || n.Masked >= len(n.Layers) {
		return fmt.Errorf("network %s: masked layers: want 0..%d, got %d", n.Name, len(n.Layers)-1, n.Masked)
	}
	previous := 0.0
	for _, level := range n.Levels {
		if !(level.Share > previous) {
			return fmt.Errorf("network %s: want ascending shares above 0, got %g after %g", n.Name, level.Share, previous)
		}
		previous = level.Share
	}
	if previous != 1 {
		return fmt.Errorf("network %s: want a last level of share 1, got %g", n.Name, previous)
	}
	return nil
}

func (n *Network) validateLayer(i int) error {
	l := &n.Layers[i]
	if l.W == nil {
		return fmt.Errorf("network %s: layer %d has no weights", n.Name, i)
	}
	if i > 0 && l.W.Cols != n.Layers[i-1].W.Rows {
		return fmt.Errorf("network %s: layer %d: want %d inputs, got %d", n.Name, i, n.Layers[i-1].W.Rows, l.W.Cols)
	}
	if len(l.Bias) != len(n.Levels) {
		return fmt.Errorf("network %s: layer %d: want %d bias vectors, got %d", n.Name, i, len(n.Levels), len(l.Bias))
	}
	for level, b := range l.Bias {
		if len(b) != l.W.Rows {
			return fmt.Errorf("network %s: layer %d, level %d: want %d biases, got %d", n.Name, i, level, l.W.Rows, len(b))
		}
	}
	return nil
}

// Sizes returns the sizes of all layers, inputs first.
func (n *Network) Sizes() []int {
	sizes := []int{n.Inputs()}
	for i := range n.Layers {
		sizes = append(sizes, n.Layers[i].W.Rows)
	}
	return sizes
}

// Inputs returns the number of inputs.
func (n *Network) Inputs() int { return n.Layers[0].W.Cols }

// Outputs returns the number of logits.
func (n *Network) Outputs() int { return n.Layers[len(n.Layers)-1].W.Rows }

// Nodes returns the number of hidden and output nodes.
func (n *Network) Nodes() int {
	nodes := 0
	for i := range n.Layers {
		nodes += n.Layers[i].W.Rows
	}
	return nodes
}

// Ops returns the multiply-adds of a dense pass.
func (n *Network) Ops() int64 {
	ops := int64(0)
	for i := range n.Layers {
		ops += int64(n.Layers[i].W.Rows) * int64(n.Layers[i].W.Cols)
	}
	return ops
}

// WeightBytes returns the bytes of all weights and biases in memory.
func (n *Network) WeightBytes() int64 {
	bytes := int64(0)
	for i := range n.Layers {
		bytes += matrixBytes(n.Layers[i].W)
		for _, b := range n.Layers[i].Bias {
			bytes += 4 * int64(len(b))
		}
	}
	return bytes
}

// Level returns the index of the level whose share is nearest to share; of two
// equally near ones the lower.
func (n *Network) Level(share float64) int {
	best := 0
	for i, level := range n.Levels {
		if distance(level.Share, share) < distance(n.Levels[best].Share, share) {
			best = i
		}
	}
	return best
}

// Keep returns how many of size nodes a level keeps: its share rounded up, at least 1.
func (n *Network) Keep(level, size int) int { return shareOf(n.Levels[level].Share, size) }

// Width returns how many nodes of layer i a level has: all of them, but for the hidden
// layers of a slimmable network. Layer -1 stands for the inputs.
func (n *Network) Width(level, i int) int {
	switch {
	case i < 0:
		return n.Inputs()
	case n.Kind != Slimmable || i == len(n.Layers)-1:
		return n.Layers[i].W.Rows
	}
	return n.Keep(level, n.Layers[i].W.Rows)
}

// LevelOps returns the multiply-adds of a dense pass at a level's width, and its nodes.
func (n *Network) LevelOps(level int) (ops int64, nodes int) {
	for i := range n.Layers {
		width := n.Width(level, i)
		ops += int64(width) * int64(n.Width(level, i-1))
		nodes += width
	}
	return ops, nodes
}

// shareOf is the count behind a share of n nodes. The small term keeps a share that
// was meant to give a whole number from being rounded up by its binary error.
func shareOf(share float64, n int) int {
	count := int(share*float64(n) + 1 - 1e-9)
	return min(max(count, 1), n)
}

func distance(a, b float64) float64 { return max(a-b, b-a) }

func matrixBytes(m *kernel.Matrix) int64 { return 4 * int64(len(m.Data)) }
