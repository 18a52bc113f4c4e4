package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

// WideTables are what techniques over a wide network propose outputs by. They are built of
// inputs without labels and the network's own probabilities.
type WideTables struct {
	Lists *activator.FeatureLists
	Order []int32 // outputs by descending mean probability
}

// SparseInputs are inputs without labels, such as *workloads.SparseSet.
type SparseInputs interface {
	Len() int
	Sparse(i int) (ids []int32, values []float32)
}

// likelyKept is how many of an input's most likely outputs count for the lists: what comes
// behind has too little probability to change a list's head.
const likelyKept = 32

// BuildWideTables builds the tables of a network on inputs, with lists of so many outputs.
func BuildWideTables(ctx context.Context, n *Wide, set *kernel.Set, inputs SparseInputs, longest int) (*WideTables, error) {
	likely := &likelyOutputs{SparseInputs: inputs, all: make([]activator.Scored, 0, inputs.Len()*likelyKept), kept: min(likelyKept, n.Out.Rows)}
	mean := make([]float64, n.Out.Rows)
	h, y := kernel.Aligned(n.Embed.Cols), kernel.Aligned(n.Out.Rows)
	ids := make([]int32, n.Out.Rows)
	for i := range inputs.Len() {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		features, values := inputs.Sparse(i)
		n.Hidden(set, h, features, values)
		n.Forward(set, y, h)
		softmax(y)
		for j, p := range y {
			mean[j] += float64(p)
		}
		likely.keep(y, ids[:set.TopK(ids, y, likely.kept)])
	}
	lists, err := activator.BuildFeatureLists(likely, n.Embed.Rows, n.Out.Rows, min(longest, n.Out.Rows))
	if err != nil {
		return nil, fmt.Errorf("network %s: %w", n.Name, err)
	}
	return &WideTables{Lists: lists, Order: descending(mean)}, nil
}

// validate says whether the tables are of the network.
func (t *WideTables) validate(n *Wide) error {
	if err := t.Lists.Validate(); err != nil {
		return err
	}
	if t.Lists.Features != n.Embed.Rows || t.Lists.Nodes != n.Out.Rows || len(t.Order) != n.Out.Rows {
		return fmt.Errorf("tables: want %d features and %d outputs, got %d, %d and an order of %d",
			n.Embed.Rows, n.Out.Rows, t.Lists.Features, t.Lists.Nodes, len(t.Order))
	}
	seen := make([]bool, n.Out.Rows)
	for _, id := range t.Order {
		if id < 0 || int(id) >= len(seen) || seen[id] {
			return fmt.Errorf("tables: order: want each output once, got %d", id)
		}
		seen[id] = true
	}
	return nil
}

// likelyOutputs are inputs with their most likely outputs.
type likelyOutputs struct {
	SparseInputs
	all  []activator.Scored // kept of each input
	kept int
}

func (l *likelyOutputs) keep(shares []float32, ids []int32) {
	for _, id := range ids {
		l.all = append(l.all, activator.Scored{Node: id, Share: max(shares[id], math.SmallestNonzeroFloat32)})
	}
}

// Likely implements [activator.Inputs].
func (l *likelyOutputs) Likely(i int) []activator.Scored { return l.all[i*l.kept : (i+1)*l.kept] }

// descending returns the indices of values, largest first; of equal ones the lower.
func descending(values []float64) []int32 {
	order := make([]int32, len(values))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(values[b], values[a]) })
	return order
}

// softmax turns logits into probabilities in place.
func softmax(y []float32) {
	most := slices.Max(y)
	sum := 0.0
	for i, v := range y {
		e := math.Exp(float64(v - most))
		y[i] = float32(e)
		sum += e
	}
	scale := float32(1 / sum)
	for i := range y {
		y[i] *= scale
	}
}

// PutWideTables stores the tables with the network.
func (n *Network) PutWideTables(t *WideTables) {
	n.put("features/lists", Indices(t.Lists.IDs, t.Lists.Features))
	n.put("features/order", Indices(t.Order, 1))
}

// WideTables returns the tables that [Network.PutWideTables] stored.
func (n *Network) WideTables() (*WideTables, error) {
	r := reader{n: n}
	stored := r.get("features/lists")
	t := &WideTables{
		Lists: &activator.FeatureLists{Features: n.Inputs(), Nodes: n.Outputs(), Longest: stored.Cols, IDs: r.indices("features/lists", n.Outputs())},
		Order: r.indices("features/order", n.Outputs()),
	}
	r.want("features/lists", stored.Rows, n.Inputs())
	r.want("features/order", len(t.Order), n.Outputs())
	return t, r.err
}
