package bench

import (
	"fmt"

	"slosim/engine"
	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// Shares of the first layer's nodes that activators list.
const (
	proposed = 0.30 // by the linear and the clustered one, as slo-nn uses them
	selected = 0.10
)

// queries are inputs that take turns, so that no branch is learned by heart.
type queries struct {
	inputs [][]float32
	turn   int
}

func newQueries(samples engine.Samples, inputs int) *queries {
	q := &queries{}
	for i := range min(64, samples.Len()) {
		x := kernel.Aligned(inputs)
		samples.Input(i, x)
		q.inputs = append(q.inputs, x)
	}
	return q
}

func (q *queries) next() []float32 {
	q.turn = (q.turn + 1) % len(q.inputs)
	return q.inputs[q.turn]
}

// Sizes of the ranked lists that are measured: one table is all that a hash gives for
// nothing, and four are merged.
const (
	hashBits  = 8
	mergedOf  = 4
	hashShare = 0.05  // of the nodes are listed
	hashFit   = 1_000 // samples fill the lists: their contents do not change the time
)

// addActivators adds what choosing nodes costs, beside the dense network of which it may
// be a small share only: activators of the sparse network, lists by hashing, and the
// selection of the largest scores alone.
func (m *mlp) addActivators(sparse *engine.Network, samples engine.Samples, q *queries) error {
	for _, name := range []string{engine.LinearActivator, engine.ClusteredActivator} {
		a, err := engine.OpenActivator(sparse, name, m.set)
		if err != nil {
			return err
		}
		figure := ""
		if name == engine.LinearActivator {
			figure = "activator.linear"
		}
		m.addActivator("activator "+name, figure, "score, list", a, sparse.Layers[0].W.Rows, proposed, q)
	}
	if err := m.addShippedLSH(q); err != nil {
		return err
	}
	if err := m.addHashed(samples, q); err != nil {
		return err
	}
	m.addSelection(sparse, q)
	return nil
}

// addShippedLSH adds what slo-nn-lsh does with the tables that the plain network carries.
func (m *mlp) addShippedLSH(q *queries) error {
	a, err := engine.OpenActivator(m.net, engine.LSHActivator, m.set)
	if err != nil {
		return err
	}
	m.addActivator("activator slo-nn-lsh", "activator.slo-nn-lsh", "hash, add tables up, select", a, m.net.Layers[0].W.Rows, hashShare, q)
	return nil
}

// addHashed adds ranked lists of one table and of several.
func (m *mlp) addHashed(samples engine.Samples, q *queries) error {
	observer := engine.NewObserver(m.net, m.set, 0)
	for _, tables := range []int{1, mergedOf} {
		size := activator.LSHSize{Bits: hashBits, Tables: tables}
		nodes := m.net.Layers[0].W.Rows
		t, err := activator.BuildRanked(m.set, observer, firstOf{samples, hashFit}, m.net.Inputs(), size, nodes/4, rng.Key{Seed: 1})
		if err != nil {
			return err
		}
		figure, variant := "", fmt.Sprintf("hash, merge %d lists", tables)
		if tables == 1 {
			figure, variant = fmt.Sprintf("activator.%d", m.net.Inputs()), "hash, look up"
		}
		m.addActivator("activator ranked lists", figure, variant, activator.NewRanked(m.set, t, 1), nodes, hashShare, q)
	}
	return nil
}

// firstOf are some of the samples.
type firstOf struct {
	engine.Samples
	most int
}

// Len returns the number of samples.
func (f firstOf) Len() int { return min(f.most, f.Samples.Len()) }

func (m *mlp) addActivator(kernelName, figure, variant string, a activator.Activator, nodes int, share float64, q *queries) {
	scratch, ids := a.NewScratch(), make([]int32, nodes)
	k := int(share*float64(nodes) + 0.5)
	m.add(Case{Kernel: kernelName, Type: "float32", Density: share, State: Warm, Variant: variant, Figure: figure,
		Call: func() {
			a.Score(scratch, q.next())
			a.Top(ids, scratch, k)
		}})
}

// addSelection selects among the pre-activations of the first layer.
func (m *mlp) addSelection(net *engine.Network, q *queries) {
	l := &net.Layers[0]
	var scores [][]float32
	for _, x := range q.inputs {
		y := kernel.Aligned(l.W.Rows)
		m.set.MatVec(y, l.W, x, l.Bias[0])
		scores = append(scores, y)
	}
	ids, turn := make([]int32, l.W.Rows), 0
	m.add(Case{Kernel: "select", Type: "float32", Density: selected, State: Warm, Variant: "bisection, compress",
		Figure: "select.1024.top10pct", Call: func() {
			turn = (turn + 1) % len(scores)
			m.set.TopK(ids, scores[turn], int(selected*float64(len(ids))+0.5))
		}})
}
