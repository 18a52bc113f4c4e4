package engine

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

// SparseInputs are inputs without labels, such as *workloads.SparseSet.
type SparseInputs interface {
	Len() int
	Sparse(i int) (ids []int32, values []float32)
}

// WideTables are orders of a wide network's outputs, for static pruning.
type WideTables struct {
	Likely   []int32 // by descending mean probability on the inputs that were surveyed
	Frequent []int32 // by how many samples have them as a label: the only table that needs labels
}

// validate says whether the tables are of the network.
func (t *WideTables) validate(n *Wide) error {
	for name, order := range map[string][]int32{"likely": t.Likely, "frequent": t.Frequent} {
		if len(order) != n.Out.Rows {
			return fmt.Errorf("order %s: want %d outputs, got %d", name, n.Out.Rows, len(order))
		}
		seen := make([]bool, n.Out.Rows)
		for _, id := range order {
			if id < 0 || int(id) >= len(seen) || seen[id] {
				return fmt.Errorf("order %s: want each output once, got %d", name, id)
			}
			seen[id] = true
		}
	}
	return nil
}

// PutWideTables stores the tables with the network.
func (n *Network) PutWideTables(t *WideTables) {
	n.put("outputs/likely", Indices(t.Likely, 1))
	n.put("outputs/frequent", Indices(t.Frequent, 1))
}

// WideTables returns the tables that [Network.PutWideTables] stored.
func (n *Network) WideTables() (*WideTables, error) {
	r := reader{n: n}
	t := &WideTables{Likely: r.indices("outputs/likely", n.Outputs()), Frequent: r.indices("outputs/frequent", n.Outputs())}
	r.want("outputs/likely", len(t.Likely), n.Outputs())
	r.want("outputs/frequent", len(t.Frequent), n.Outputs())
	return t, r.err
}

// likelyKept is how many of an input's most likely outputs a survey keeps: what comes behind
// has too little probability to change what activators list.
// Of few outputs a quarter is kept: those that are likely for all tell nothing apart.
const likelyKept = 32

// Survey is what a whole network makes of inputs without labels.
type Survey struct {
	Examples activator.Examples
	Mean     []float64 // probability of each output
}

// surveyed is how many inputs a worker takes at a time. It decides the order of sums.
const surveyed = 512

// NewSurvey runs the whole network over inputs, on all cores. The same inputs and kernel
// variant give the same survey.
func NewSurvey(ctx context.Context, n *Wide, set *kernel.Set, inputs SparseInputs) (*Survey, error) {
	likely := &likelyOutputs{SparseInputs: inputs, kept: min(likelyKept, (n.Out.Rows+3)/4)}
	likely.all = make([]activator.Scored, inputs.Len()*likely.kept)
	s := &Survey{Mean: make([]float64, n.Out.Rows), Examples: activator.Examples{
		Inputs: likely, Hidden: kernel.NewMatrix(inputs.Len(), n.Embed.Cols), Features: n.Embed.Rows, Rows: n.Out, Bias: n.OutBias,
	}}
	parts := (inputs.Len() + surveyed - 1) / surveyed
	means := make(chan chan []float64, 2*runtime.GOMAXPROCS(0)) // in the order of the parts
	var workers sync.WaitGroup
	go func() {
		defer close(means)
		for part := range parts {
			mean := make(chan []float64, 1)
			means <- mean
			workers.Go(func() { mean <- s.part(ctx, n, set, likely, part) })
		}
	}()
	for mean := range means {
		for j, p := range <-mean {
			s.Mean[j] += p
		}
	}
	workers.Wait()
	return s, ctx.Err()
}

// part surveys the inputs of a part and returns the sums of their probabilities.
func (s *Survey) part(ctx context.Context, n *Wide, set *kernel.Set, likely *likelyOutputs, part int) []float64 {
	mean := make([]float64, n.Out.Rows)
	y, ids := kernel.Aligned(n.Out.Rows), make([]int32, n.Out.Rows)
	for i := part * surveyed; i < min((part+1)*surveyed, likely.Len()) && ctx.Err() == nil; i++ {
		features, values := likely.Sparse(i)
		h := s.Examples.Hidden.Row(i)
		n.Hidden(set, h, features, values)
		n.Forward(set, y, h)
		softmax(y)
		for j, p := range y {
			mean[j] += float64(p)
		}
		likely.keep(i, y, ids[:set.TopK(ids, y, likely.kept)])
	}
	return mean
}

// Likely returns all outputs by descending mean probability.
func (s *Survey) Likely() []int32 { return descending(s.Mean) }

// Some returns a survey of every so-many-th input, so that at most the given number is left:
// not every activator learns more from more.
func (s *Survey) Some(most int) *activator.Examples {
	e := s.Examples
	if e.Hidden.Rows <= most {
		return &e
	}
	likely := e.Inputs.(*likelyOutputs)
	few := &likelyOutputs{kept: likely.kept}
	chosen := make([]int, most)
	e.Hidden = kernel.NewMatrix(most, e.Hidden.Cols)
	for k := range chosen {
		chosen[k] = k * likely.Len() / most
		few.all = append(few.all, likely.Likely(chosen[k])...)
		copy(e.Hidden.Row(k), s.Examples.Hidden.Row(chosen[k]))
	}
	few.SparseInputs = someInputs{likely.SparseInputs, chosen}
	e.Inputs = few
	return &e
}

// someInputs are chosen inputs of more.
type someInputs struct {
	SparseInputs
	chosen []int
}

func (s someInputs) Len() int                          { return len(s.chosen) }
func (s someInputs) Sparse(i int) ([]int32, []float32) { return s.SparseInputs.Sparse(s.chosen[i]) }

// likelyOutputs are inputs with their most likely outputs.
type likelyOutputs struct {
	SparseInputs
	all  []activator.Scored // kept of each input
	kept int
}

// keep stores an input's most likely outputs, the first one first.
func (l *likelyOutputs) keep(i int, shares []float32, ids []int32) {
	slices.SortFunc(ids, func(a, b int32) int { return cmp.Or(cmp.Compare(shares[b], shares[a]), cmp.Compare(a, b)) })
	for k, id := range ids {
		l.all[i*l.kept+k] = activator.Scored{Node: id, Share: max(shares[id], math.SmallestNonzeroFloat32)}
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
