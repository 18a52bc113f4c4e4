package engine

import (
	"fmt"
	"slices"

	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/engine/profile"
)

// DefaultShares are the node densities of [NewSLONNLSH].
func DefaultShares() []float64 { return []float64{0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1} }

// sloLSH is the paper's technique as we reconstruct it.
type sloLSH struct {
	base
	lsh        *activator.LSH
	keep       [][]int // per point and hidden layer: computed nodes
	confidence []int   // per point: index into the tables' shares; -1: none
}

// NewSLONNLSH returns the technique slo-nn as the paper describes it (arXiv
// 2204.08400, our reconstruction): a plain network, of whose hidden layers only the
// share of nodes that the LSH tables rank highest is computed; dropped nodes count as
// zero. Activate hashes the input. Confidences, if the tables have them, say how often
// answers at a density agreed with the full network's in the input's buckets. The
// point of share 1 is the dense network, bit for bit.
//
// The points are the densities that the tables have confidences for, or [DefaultShares].
func NewSLONNLSH(net *Network, set *kernel.Set, tables *activator.LSHTables) (Technique, error) {
	shares := tables.Shares
	if len(shares) == 0 {
		shares = DefaultShares()
	}
	t, err := newSLOLSH(net, set, tables, shares)
	if err != nil {
		return nil, err
	}
	if err := t.seal(tables); err != nil {
		return nil, err
	}
	return t, nil
}

// newSLOLSH adds the point of share 1 if it is missing.
func newSLOLSH(net *Network, set *kernel.Set, tables *activator.LSHTables, shares []float64) (*sloLSH, error) {
	b, err := single("slo-nn-lsh", net, set, len(net.Layers))
	if err != nil {
		return nil, err
	}
	if err := matches(net, tables); err != nil {
		return nil, fmt.Errorf("technique slo-nn-lsh: %w", err)
	}
	t := &sloLSH{base: b, lsh: activator.NewLSH(set, tables)}
	t.groups[0].Bytes += t.lsh.Bytes()
	for _, share := range shares {
		t.addShare(net, share, slices.Index(tables.Shares, share))
	}
	if shares[len(shares)-1] != 1 {
		t.addShare(net, 1, -1)
	}
	return t, nil
}

func matches(net *Network, tables *activator.LSHTables) error {
	sizes := net.Sizes()
	if hidden := sizes[1 : len(sizes)-1]; !slices.Equal(hidden, tables.Layers) || tables.Inputs() != sizes[0] {
		return fmt.Errorf("want tables of a network of sizes %v, got hidden layers %v and %d inputs", sizes, tables.Layers, tables.Inputs())
	}
	return tables.Validate()
}

// addShare adds the point that computes a share of each hidden layer.
func (t *sloLSH) addShare(net *Network, share float64, confidence int) {
	nodes, ops, keep := net.Outputs(), int64(0), []int{}
	for i := range net.Layers {
		computed := net.Outputs()
		if i < len(net.Layers)-1 {
			computed = shareOf(share, net.Layers[i].W.Rows)
			nodes += computed
			keep = append(keep, computed)
		}
		ops += int64(computed) * int64(net.Layers[i].W.Cols)
	}
	point := profile.Point{Name: fmt.Sprintf("k=%g", share), Density: float64(nodes) / float64(net.Nodes()), Ops: ops, Bytes: 4 * ops}
	if share == 1 {
		point.Name = "100 %"
	}
	t.addPoint(point, 1)
	t.keep = append(t.keep, keep)
	t.confidence = append(t.confidence, confidence)
}

// Activates implements [Technique].
func (t *sloLSH) Activates() bool { return true }

// HasConfidence implements [Technique].
func (t *sloLSH) HasConfidence() bool { return t.confidence[0] >= 0 }

// NewSession implements [Technique].
func (t *sloLSH) NewSession() Session {
	net := t.slots[0].current.Load().net
	s := &lshSession{t: t, ranked: t.lsh.NewScratch(), dense: net.NewScratch(), hidden: net.NewScratch().layers}
	s.ids = make([]int32, len(s.dense.ids))
	return s
}

type lshSession struct {
	t      *sloLSH
	ranked *activator.Scratch
	dense  *Scratch
	hidden [][]float32 // activations by node, zero where dropped
	ids    []int32
}

// Activate implements [Session]: it hashes x and adds up the importances.
func (s *lshSession) Activate(in Input) { s.t.lsh.Score(s.ranked, in.All) }

// Execute implements [Session]. Layers after the first read whole rows: a row's dot
// product over a vector with zeros is contiguous, and only chosen rows are computed.
func (s *lshSession) Execute(point int, in Input) Result {
	net := s.t.slots[0].current.Load().net
	result := Result{Confidence: unknown()}
	logits := s.dense.layers[len(net.Layers)-1]
	if point == len(s.t.keep)-1 {
		logits = net.Forward(s.t.set, s.dense, in.All)
		result.Nodes = net.Nodes()
	} else {
		result.Nodes = s.sparse(net, s.t.keep[point], in.All, logits) + len(logits)
	}
	if i := s.t.confidence[point]; i >= 0 {
		result.Confidence = s.t.lsh.Confidence(s.ranked, i)
	}
	result.Answer, result.Margin = top(logits)
	return result
}

// sparse computes the highest ranked nodes of each hidden layer and from them the
// logits, and returns the number of hidden nodes.
func (s *lshSession) sparse(net *Network, keep []int, x, logits []float32) int {
	level, nodes := len(net.Levels)-1, 0
	for i, k := range keep {
		l, outputs := &net.Layers[i], s.dense.layers[i]
		ids := s.ids[:s.t.lsh.TopOf(s.ids, s.ranked, i, k)]
		s.t.set.GatherMatVec(outputs, l.W, ids, x, l.Bias[level])
		kernel.Rectify(outputs[:len(ids)])
		x = s.hidden[i]
		clear(x)
		for j, id := range ids {
			x[id] = outputs[j]
		}
		nodes += len(ids)
	}
	last := &net.Layers[len(net.Layers)-1]
	s.t.set.MatVec(logits, last.W, x, last.Bias[level])
	return nodes
}
