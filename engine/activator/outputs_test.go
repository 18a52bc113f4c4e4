package activator

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// testInputs are inputs without features: proposing by the hidden vector needs none.
type testInputs [][]Scored

func (t testInputs) Len() int                        { return len(t) }
func (t testInputs) Sparse(int) ([]int32, []float32) { return nil, nil }
func (t testInputs) Likely(i int) []Scored           { return t[i] }

// newTestExamples returns clustered hidden vectors, a random output layer and its softmax.
func newTestExamples(set *kernel.Set, seed uint64, n, hidden, nodes, likely int) *Examples {
	random := rand.New(rand.NewPCG(seed, 3))
	e := &Examples{Hidden: newTestImages(seed, n, hidden, 12).x, Rows: kernel.NewMatrix(nodes, hidden), Bias: kernel.Aligned(nodes)}
	rectify(e.Hidden.Data)
	for i := range nodes {
		for j := range hidden {
			e.Rows.Row(i)[j] = float32(random.NormFloat64()) / 3
		}
		e.Bias[i] = float32(random.NormFloat64()) / 3
	}
	var inputs testInputs
	for i := range n {
		inputs = append(inputs, softLikely(set, e, e.Hidden.Row(i), likely))
	}
	e.Inputs = inputs
	return e
}

// softLikely returns the likeliest nodes of a hidden vector.
func softLikely(set *kernel.Set, e *Examples, hidden []float32, most int) []Scored {
	y := kernel.Aligned(e.Nodes())
	set.MatVec(y, e.Rows, hidden, e.Bias)
	order, sum := ranking(y), 0.0
	for _, v := range y {
		sum += math.Exp(float64(v - y[order[0]]))
	}
	var likely []Scored
	for _, id := range order[:most] {
		likely = append(likely, Scored{id, float32(math.Exp(float64(y[id]-y[order[0]])) / sum)})
	}
	return likely
}

// outputTables builds one of each kind that goes by the hidden vector.
func outputTables(t testing.TB, set *kernel.Set, e *Examples, seed uint64) map[string]OutputTables {
	key := rng.Key{Seed: seed}
	return map[string]OutputTables{
		"hidden": must(BuildHiddenLists(set, e, HiddenOptions{Super: 5, Leaf: 4, Beam: 2, Longest: 40, Key: key}))(t),
		"beam":   must(BuildLabelBeam(set, e, BeamOptions{Super: 5, Clusters: 3, Beam: 2, Epochs: 3, Key: key}))(t),
	}
}

func TestProposalsAreNodesOnce(t *testing.T) {
	for _, set := range kernel.All() {
		e := newTestExamples(set, 1, 300, 17, 90, 8)
		for name, tables := range outputTables(t, set, e, 1) {
			p := tables.NewProposer(set)
			sizes := []int{-1, 0, 1000}
			for _, s := range tables.Steps() {
				sizes = append(sizes, s.Size)
			}
			for i := range e.Inputs.Len() {
				for _, size := range sizes {
					ids := slices.Clone(ask(p, Query{Hidden: e.Hidden.Row(i)}, size))
					slices.Sort(ids)
					if len(slices.Compact(slices.Clone(ids))) != len(ids) || len(ids) > 0 && (ids[0] < 0 || int(ids[len(ids)-1]) >= e.Nodes()) {
						t.Fatalf("%s %s: size %d: want nodes 0..%d, each once, got %v", set.Name, name, size, e.Nodes()-1, ids)
					}
					if (size < 1) != (len(ids) == 0) {
						t.Fatalf("%s %s: size %d: got %d nodes", set.Name, name, size, len(ids))
					}
				}
				if b := p.Look(Query{Hidden: e.Hidden.Row(i)}); b < 0 || b >= p.Kinds() {
					t.Fatalf("%s %s: want a bucket 0..%d, got %d", set.Name, name, p.Kinds()-1, b)
				}
			}
		}
	}
}

func TestStepsSayWhatIsProposed(t *testing.T) {
	set := kernel.Best()
	e := newTestExamples(set, 2, 300, 17, 90, 8)
	for name, tables := range outputTables(t, set, e, 1) {
		p, last := tables.NewProposer(set), 0
		for _, step := range tables.Steps() {
			nodes := 0
			for i := range e.Inputs.Len() {
				nodes += len(ask(p, Query{Hidden: e.Hidden.Row(i)}, step.Size))
			}
			if mean := float64(nodes) / float64(e.Inputs.Len()); math.Abs(mean-step.Nodes) > 1e-9 {
				t.Errorf("%s: %s: want %g nodes, got %g", name, step.Name, step.Nodes, mean)
			}
			if step.Size <= last || step.Name == "" {
				t.Errorf("%s: want named steps by ascending size, got %+v after %d", name, step, last)
			}
			last = step.Size
		}
	}
}

// dumbScores are the scores of leaves in double precision, by the supers that score best.
func dumbScores(l *TwoLevel, hidden []float32) (supers []float64, leaves map[int]float64) {
	for s := range l.Supers.Rows {
		supers = append(supers, dot64(l.Supers.Row(s), hidden)+float64(l.SuperBias[s]))
	}
	leaves = map[int]float64{}
	for _, s := range falling(supers)[:l.Beam] {
		for leaf := int(l.First[s]); leaf < int(l.First[s+1]); leaf++ {
			leaves[leaf] = dot64(l.Leaves.Row(leaf), hidden) + float64(l.LeafBias[leaf])
		}
	}
	return supers, leaves
}

func falling(scores []float64) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
	return order
}

func bestLeaves(leaves map[int]float64) []int {
	var order []int
	for leaf := range leaves {
		order = append(order, leaf)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(leaves[b], leaves[a]), cmp.Compare(a, b)) })
	return order
}

func TestProposersFollowTheirDefinition(t *testing.T) {
	set := kernel.Best()
	e := newTestExamples(set, 3, 300, 17, 90, 8)
	tables := outputTables(t, set, e, 1)
	hidden, beam := tables["hidden"].(*HiddenLists), tables["beam"].(*LabelBeam)
	ofHidden, ofBeam := hidden.NewProposer(set), beam.NewProposer(set)
	for i := range e.Inputs.Len() {
		q := Query{Hidden: e.Hidden.Row(i)}
		_, leaves := dumbScores(&hidden.TwoLevel, q.Hidden)
		leaf := bestLeaves(leaves)[0]
		if got, want := ask(ofHidden, q, 10), hidden.IDs[leaf*hidden.Longest:][:10]; ofHidden.Look(q) != leaf || !slices.Equal(got, want) {
			t.Fatalf("hidden: example %d: want leaf %d and %v, got %d and %v", i, leaf, want, ofHidden.Look(q), got)
		}
		supers, clusters := dumbScores(&beam.TwoLevel, q.Hidden)
		var want []int32
		for _, c := range bestLeaves(clusters)[:2] {
			want = append(want, beam.IDs[beam.Start[c]:beam.Start[c+1]]...)
		}
		got := slices.Sorted(slices.Values(ask(ofBeam, q, 2)))
		if slices.Sort(want); ofBeam.Look(q) != falling(supers)[0] || !slices.Equal(got, want) {
			t.Fatalf("beam: example %d: want super %d and %v, got %d and %v", i, falling(supers)[0], want, ofBeam.Look(q), got)
		}
	}
}

// The lists of the leaves are those of the examples that are in them.
func TestHiddenListsRankTheirExamples(t *testing.T) {
	set := kernel.Best()
	e := newTestExamples(set, 4, 400, 17, 90, 8)
	o := HiddenOptions{Super: 4, Leaf: 3, Beam: 4, Longest: 90, Key: rng.Key{Seed: 1}}
	l := must(BuildHiddenLists(set, e, o))(t)
	at := 0
	for s, super := range cutHidden(set, e.Hidden, meanRow(e.Hidden), o) {
		for k, leaf := range super.leaves {
			want := fillUp(fillUp(dumbList(e, leaf.members), dumbList(e, super.members), 90), dumbList(e, nil), 90)
			for id := range int32(90) {
				want = fillUp(want, []int32{id}, 90)
			}
			if got := l.IDs[at*90:][:90]; !slices.Equal(got, want) {
				t.Fatalf("super %d leaf %d: want %v, got %v", s, k, want, got)
			}
			at++
		}
	}
	if at != l.Leaves.Rows {
		t.Errorf("want %d leaves, got %d", at, l.Leaves.Rows)
	}
}

// dumbList ranks the nodes that are likely for some examples, or for all.
func dumbList(e *Examples, members []int32) []int32 {
	sums, touched := make([]float32, e.Nodes()), []int32{}
	for i := range e.Inputs.Len() {
		if members != nil && !slices.Contains(members, int32(i)) {
			continue
		}
		for _, s := range e.Inputs.Likely(i) {
			sums[s.Node] += float32(math.Pow(float64(s.Share), temper))
		}
	}
	for _, id := range ranking(sums) {
		if sums[id] > 0 {
			touched = append(touched, id)
		}
	}
	return touched
}

func TestOutputTablesAreDeterministic(t *testing.T) {
	set := kernel.Best()
	e := newTestExamples(set, 5, 300, 17, 90, 8)
	first, again, other := outputTables(t, set, e, 1), outputTables(t, set, e, 1), outputTables(t, set, e, 2)
	for name := range first {
		if diff := gocmp.Diff(first[name], again[name]); diff != "" {
			t.Errorf("%s: two builds differ:\n%s", name, diff)
		}
		if gocmp.Equal(first[name], other[name]) {
			t.Errorf("%s: want the seed to matter, got the same tables", name)
		}
	}
}

func TestProposersDoNotAllocate(t *testing.T) {
	set := kernel.Best()
	e := newTestExamples(set, 6, 300, 17, 90, 8)
	for name, tables := range outputTables(t, set, e, 1) {
		p, i := tables.NewProposer(set), 0
		steps := tables.Steps()
		allocs := testing.AllocsPerRun(200, func() {
			q := Query{Hidden: e.Hidden.Row(i % 300)}
			ask(p, q, steps[i%len(steps)].Size)
			i++
		})
		if allocs != 0 {
			t.Errorf("%s: want no allocation, got %g", name, allocs)
		}
	}
}

// Both find what is likely far better than as many nodes drawn at random would.
func TestProposalsHoldTheTopNode(t *testing.T) {
	set := kernel.Best()
	e := newTestExamples(set, 7, 600, 17, 300, 16)
	for name, tables := range map[string]OutputTables{
		"hidden": must(BuildHiddenLists(set, e, HiddenOptions{Key: rng.Key{Seed: 1}}))(t),
		"beam":   must(BuildLabelBeam(set, e, BeamOptions{Clusters: 10, Super: 4, Beam: 2, Epochs: 30}))(t),
	} {
		p, hits := tables.NewProposer(set), 0
		step := tables.Steps()[2]
		for i := range e.Inputs.Len() {
			if slices.Contains(ask(p, Query{Hidden: e.Hidden.Row(i)}, step.Size), e.Inputs.Likely(i)[0].Node) {
				hits++
			}
		}
		if share := float64(hits) / 600; share < 0.8 {
			t.Errorf("%s: want the top node in 80 %% of proposals of %.0f of 300, got %.0f %%", name, step.Nodes, 100*share)
		}
	}
}
