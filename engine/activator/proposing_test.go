package activator

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"slosim/engine/kernel"
)

// wideExamples is a random network from sparse inputs to outputs, with examples of it in a
// few groups that share features.
type wideExamples struct {
	ids    [][]int32
	values [][]float32
	likely [][]Scored
}

func (w *wideExamples) Len() int                          { return len(w.ids) }
func (w *wideExamples) Sparse(i int) ([]int32, []float32) { return w.ids[i], w.values[i] }
func (w *wideExamples) Likely(i int) []Scored             { return w.likely[i] }

func newWideExamples(seed uint64, n, features, hidden, nodes int) *Examples {
	random := rand.New(rand.NewPCG(seed, 9))
	normal := func(rows, cols int) *kernel.Matrix {
		m := kernel.NewMatrix(rows, cols)
		for i := range rows {
			for j := range cols {
				m.Row(i)[j] = float32(random.NormFloat64())
			}
		}
		return m
	}
	embed, set, inputs := normal(features, hidden), kernel.Pure(), &wideExamples{}
	e := &Examples{Inputs: inputs, Hidden: kernel.NewMatrix(n, hidden), Features: features, Rows: normal(nodes, hidden), Bias: normal(1, nodes).Row(0)}
	y, best := kernel.Aligned(nodes), make([]int32, nodes)
	for i := range n {
		group := random.IntN(features / 4)
		ids := []int32{int32(4 * group), int32(4*group + 1 + random.IntN(3))}
		values := []float32{0.9, 0.2 + 0.3*random.Float32()}
		set.Axpy(e.Hidden.Row(i), embed, ids, values)
		rectify(e.Hidden.Row(i))
		set.MatVec(y, e.Rows, e.Hidden.Row(i), e.Bias)
		inputs.ids, inputs.values = append(inputs.ids, ids), append(inputs.values, values)
		inputs.likely = append(inputs.likely, likeliest(y, best[:set.TopK(best, y, 6)]))
	}
	return e
}

// likeliest returns the probabilities of nodes, the largest first.
func likeliest(y []float32, ids []int32) []Scored {
	total := 0.0
	for _, v := range y {
		total += math.Exp(float64(v))
	}
	var list []Scored
	for _, id := range ids {
		list = append(list, Scored{id, float32(math.Exp(float64(y[id])) / total)})
	}
	slices.SortFunc(list, func(a, b Scored) int {
		if a.Share > b.Share {
			return -1
		}
		return 1
	})
	return list
}

// ask begins a query and returns what is proposed.
func ask(p Proposer, q Query, size int) []int32 {
	p.Look(q)
	return p.Propose(size)
}

// checkProposer asserts what is asked of all tables: each node once and in range, steps
// that ascend, kinds in range, nothing allocated, the same from two workers and kernel sets.
func checkProposer(t *testing.T, tables OutputTables, e *Examples) {
	t.Helper()
	p, steps := tables.NewProposer(kernel.Best()), tables.Steps()
	other := tables.NewProposer(kernel.Best())
	for i := range e.Inputs.Len() {
		q, last := e.query(i), 0
		if kind := p.Look(q); kind < 0 || kind >= p.Kinds() || kind != other.Look(q) {
			t.Fatalf("example %d: want a kind of 0..%d, got %d", i, p.Kinds()-1, kind)
		}
		for _, step := range steps {
			if step.Size <= last {
				t.Fatalf("want sizes that ascend, got %v", steps)
			}
			last = step.Size
			checkOnce(t, ask(p, q, step.Size), e.Nodes())
		}
		if a, b := ask(p, q, last), ask(other, q, last); !slices.Equal(a, b) {
			t.Fatalf("example %d: two workers got %v and %v", i, a, b)
		}
	}
	i := 0
	if allocs := testing.AllocsPerRun(100, func() {
		q := e.query(i % e.Inputs.Len())
		ask(p, q, steps[i%len(steps)].Size)
		p.Look(q)
		i++
	}); allocs != 0 {
		t.Errorf("want no allocation, got %v", allocs)
	}
	if tables.Bytes() < int64(4*e.Nodes()) {
		t.Errorf("want at least a number for each node, got %d bytes", tables.Bytes())
	}
}

func checkOnce(t *testing.T, ids []int32, nodes int) {
	t.Helper()
	seen := make([]bool, nodes)
	for _, id := range ids {
		if id < 0 || int(id) >= nodes || seen[id] {
			t.Fatalf("want each of %d nodes once, got %v", nodes, ids)
		}
		seen[id] = true
	}
}

// agreement is the share of examples whose likeliest node is proposed.
func agreement(tables OutputTables, e *Examples, size int) float64 {
	p, hits := tables.NewProposer(kernel.Best()), 0
	for i := range e.Inputs.Len() {
		if slices.Contains(ask(p, e.query(i), size), e.Inputs.Likely(i)[0].Node) {
			hits++
		}
	}
	return float64(hits) / float64(e.Inputs.Len())
}
