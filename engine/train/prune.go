package train

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// Pruning says how a network is made from a larger one: trained as a whole for some
// epochs, cut, and trained again for the rest of the recipe's epochs. Exactly one of
// Width and Weights is given.
type Pruning struct {
	Base   string  // name of the network to cut, for its shape and settings
	Epochs int     // of the recipe's, that train the whole network
	Rate   float64 // learning rate of the epochs after
	// Width is the nodes that stay in each hidden layer: those whose incoming weights have
	// the largest L1 norm (after Li et al., "Pruning Filters", ICLR 2017).
	Width int
	// Weights is the share of weights that stay: the largest of the whole network. The
	// others go gradually (Zhu and Gupta, "To prune, or not to prune", 2017).
	Weights float64
}

// Memory keeps networks that several recipes are cut from, so that they are trained
// once. It belongs to one goroutine; the zero value is empty.
type Memory struct{ nets map[string]*engine.Network }

// fitPruned trains the recipe's network from a part of the larger one.
func (r *Recipe) fitPruned(ctx context.Context, n *engine.Network, data Data, opt Options, tell func(Event)) (float64, error) {
	key := rng.Key{Seed: opt.Seed}
	whole, err := r.whole(ctx, data, opt, tell)
	if err != nil {
		return 0, err
	}
	r.cut(n, whole)
	hyper := r.Hyper
	hyper.Epochs, hyper.Rate = r.Hyper.Epochs-r.Prune.Epochs, r.Prune.Rate
	f := newFitting(n, data, hyper, draw(key, drawAfterPruning), opt.Set)
	if r.Prune.Weights > 0 {
		f.sparse = &sparsity{keep: r.Prune.Weights, until: f.steps / 2}
	}
	return f.finish(ctx, r.Prune.Epochs, tell)
}

// whole returns the larger network, trained on inputs minus their mean, from memory if
// it is there.
func (r *Recipe) whole(ctx context.Context, data Data, opt Options, tell func(Event)) (*engine.Network, error) {
	matched, err := Match(r.Prune.Base)
	if err != nil || len(matched) != 1 {
		return nil, fmt.Errorf("training %s: want one network to cut, got %q: %w", r.Name, r.Prune.Base, err)
	}
	base := matched[0]
	base.Hyper.Epochs = r.Prune.Epochs
	name := wholeName(base.Name, base.Hyper.Epochs, opt.Seed)
	if opt.Memory != nil && opt.Memory.nets[name] != nil {
		return opt.Memory.nets[name], nil
	}
	n, err := base.network()
	if err != nil {
		return nil, err
	}
	key := rng.Key{Seed: opt.Seed}
	f := newFitting(n, data, base.Hyper, key, opt.Set)
	initialise(n, draw(key, drawWeights))
	if _, err := fit(ctx, f, epochsFrom(0, tell)); err != nil {
		return nil, err
	}
	opt.Memory.put(name, n)
	return n, nil
}

// wholeName names what Memory keeps.
func wholeName(base string, epochs int, seed uint64) string {
	return fmt.Sprintf("%s for %d epochs from seed %d", base, epochs, seed)
}

func (m *Memory) put(name string, n *engine.Network) {
	if m == nil {
		return
	}
	if m.nets == nil {
		m.nets = map[string]*engine.Network{}
	}
	m.nets[name] = n
}

// cut copies the nodes of whole that stay into n.
func (r *Recipe) cut(n, whole *engine.Network) {
	inputs := allNodes(whole.Inputs())
	for i := range n.Layers {
		from, to := &whole.Layers[i], &n.Layers[i]
		nodes := allNodes(from.W.Rows)
		if r.Prune.Width > 0 && i < len(n.Layers)-1 {
			nodes = heaviest(from.W, r.Prune.Width)
		}
		for at, node := range nodes {
			row := to.W.Row(at)
			for j, input := range inputs {
				row[j] = from.W.Row(node)[input]
			}
			to.Bias[0][at] = from.Bias[0][node]
		}
		inputs = nodes
	}
}

func allNodes(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = i
	}
	return list
}

// heaviest returns the keep rows with the largest L1 norms, in order; of equal ones the first.
func heaviest(w *kernel.Matrix, keep int) []int {
	norms := make([]float64, w.Rows)
	for i := range norms {
		for _, v := range w.Row(i) {
			norms[i] += math.Abs(float64(v))
		}
	}
	nodes := allNodes(w.Rows)
	slices.SortStableFunc(nodes, func(a, b int) int { return cmp.Compare(norms[b], norms[a]) })
	nodes = nodes[:min(keep, len(nodes))]
	slices.Sort(nodes)
	return nodes
}

// sparsity takes the smallest weights away, more and more of them, and keeps them away.
type sparsity struct {
	keep       float64  // share of the weights at the end
	until      int      // step at which the last ones go
	stay       [][]bool // per layer, of its table's elements; nil before the first cut
	magnitudes []float32
}

// sparsitySteps is the number of steps between two cuts.
const sparsitySteps = 32

// after cuts if it is time to, and zeroes what was cut before, since Adam's memory still
// moves it.
func (s *sparsity) after(n *engine.Network, step int) {
	if step <= s.until && (step%sparsitySteps == 0 || step == s.until) {
		s.cut(n, s.share(step))
	}
	for i := range s.stay {
		data := n.Layers[i].W.Data
		for j, stays := range s.stay[i] {
			if !stays {
				data[j] = 0
			}
		}
	}
}

// share returns the share of weights that stay at a step: it falls fast at first, when
// there are many to choose from (Zhu and Gupta, equation 1).
func (s *sparsity) share(step int) float64 {
	left := 1 - float64(step)/float64(s.until)
	return s.keep + (1-s.keep)*left*left*left
}

// cut keeps the share of weights that are largest; what went before does not come back.
func (s *sparsity) cut(n *engine.Network, share float64) {
	s.magnitudes = s.magnitudes[:0]
	total := 0
	for i := range n.Layers {
		w := n.Layers[i].W
		total += w.Rows * w.Cols
		for _, v := range w.Data {
			if v != 0 {
				s.magnitudes = append(s.magnitudes, magnitude(v))
			}
		}
	}
	slices.Sort(s.magnitudes)
	gone := len(s.magnitudes) - int(math.Round(share*float64(total)))
	if gone <= 0 {
		return
	}
	least := s.magnitudes[min(gone, len(s.magnitudes)-1)]
	s.stay = s.stay[:0]
	for i := range n.Layers {
		data := n.Layers[i].W.Data
		stay := make([]bool, len(data))
		for j, v := range data {
			stay[j] = v != 0 && magnitude(v) >= least
		}
		s.stay = append(s.stay, stay)
	}
}

func magnitude(v float32) float32 { return max(v, -v) }
