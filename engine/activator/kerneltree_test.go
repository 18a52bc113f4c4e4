package activator

import (
	"cmp"
	"math"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

func treeOptions() map[string]KernelTreeOptions {
	key := rng.Key{Seed: 5}
	return map[string]KernelTreeOptions{
		"default":  {Leaf: 6, Key: key},
		"mean":     {Score: TreeMean, Leaf: 6, Beam: 1, Key: key},
		"kernel":   {Score: TreeKernel, Rank: 3, Leaf: 6, Beam: 2, Key: key},
		"spread":   {Score: TreeSpread, Rank: 1, Leaf: 6, Beam: 3, Key: key},
		"one leaf": {Score: TreeMean, Leaf: 1000, Key: key},
		"no leaf":  {Score: TreeSpread, Rank: 2, Leaf: 1, Beam: 4, Key: key},
	}
}

func TestKernelTreesPropose(t *testing.T) {
	e := newWideExamples(1, 100, 24, 10, 77)
	for name, o := range treeOptions() {
		t.Run(name, func(t *testing.T) {
			tree := must(BuildKernelTree(kernel.Best(), e, o))(t)
			checkProposer(t, tree, e)
			if diff := gocmp.Diff(tree, must(BuildKernelTree(kernel.Best(), e, o))(t)); diff != "" {
				t.Errorf("two builds differ:\n%s", diff)
			}
			if got := ask(tree.NewProposer(kernel.Best()), e.query(0), tree.Leaves()); len(got) != e.Nodes() {
				t.Errorf("want all %d nodes of all leaves, got %d", e.Nodes(), len(got))
			}
			for leaf := range tree.Leaves() {
				if n := int(tree.Starts[leaf+1] - tree.Starts[leaf]); n > max(o.Leaf, 1) || n < 77>>tree.Levels {
					t.Errorf("leaf %d: want halves of one size, got %d nodes", leaf, n)
				}
			}
		})
	}
}

// dumbTreeScores scores the subtrees of a level by their nodes' logits themselves.
func dumbTreeScores(tree *KernelTree, e *Examples, hidden []float32, level int) []float64 {
	logits, mean := make([]float64, e.Nodes()), 0.0
	for j := range logits {
		logits[j] = dot64(e.Rows.Row(j), hidden) + float64(e.Bias[j])
		mean += logits[j] / float64(e.Nodes())
	}
	scores := make([]float64, 1<<level)
	for i := range scores {
		sum, squares, ids := 0.0, 0.0, tree.under(1<<level+i)
		for _, id := range ids {
			sum += logits[id] - mean
			squares += (logits[id] - mean) * (logits[id] - mean)
		}
		n := float64(len(ids))
		switch tree.Score {
		case TreeMean:
			scores[i] = sum / n
		case TreeKernel:
			scores[i] = math.Sqrt(squares)
		case TreeSpread:
			scores[i] = sum/n + math.Sqrt(max(0, squares/n-sum/n*sum/n)*2*math.Log(n))
		}
	}
	return scores
}

// With all eigenvectors, the scores are what the nodes' logits say: with biases one more
// direction than a row has numbers, so that the bias is left out here.
func TestKernelTreeScoresAreTheirDefinition(t *testing.T) {
	e := newWideExamples(2, 20, 24, 10, 77)
	clear(e.Bias)
	for _, o := range []KernelTreeOptions{{Score: TreeMean}, {Score: TreeKernel, Rank: 10}, {Score: TreeSpread, Rank: 10}} {
		o.Leaf = 10
		tree := must(BuildKernelTree(kernel.Best(), e, o))(t)
		p := tree.NewProposer(kernel.Best()).(*treeProposer)
		for i := range e.Inputs.Len() {
			p.halves = p.halves[:0]
			for subtree := range 4 {
				p.halves = append(p.halves, int32(4+subtree))
			}
			p.score(e.Hidden.Row(i))
			for at, want := range dumbTreeScores(tree, e, e.Hidden.Row(i), 2) {
				// all scores have the mean logit over all nodes in common, which the tree leaves out
				if got := float64(p.scores[at]); math.Abs(got-want) > 1e-3*(1+math.Abs(want)) {
					t.Fatalf("%s, example %d, subtree %d: want %v, got %v", o.Score, i, at, want, got)
				}
			}
		}
	}
}

// A beam as wide as the tree finds the leaves with the best scores of all.
func TestWideBeamFindsTheBestLeaves(t *testing.T) {
	e := newWideExamples(3, 50, 24, 10, 77)
	tree := must(BuildKernelTree(kernel.Best(), e, KernelTreeOptions{Score: TreeMean, Leaf: 6, Beam: 1000}))(t)
	p := tree.NewProposer(kernel.Best())
	for i := range e.Inputs.Len() {
		scores := dumbTreeScores(tree, e, e.Hidden.Row(i), tree.Levels)
		order := make([]int, len(scores))
		for leaf := range order {
			order[leaf] = leaf
		}
		slices.SortFunc(order, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
		var want []int32
		for _, leaf := range order[:3] {
			want = append(want, tree.under(tree.Leaves()+leaf)...)
		}
		got := slices.Sorted(slices.Values(ask(p, e.query(i), 3)))
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Fatalf("example %d: want %v, got %v", i, want, got)
		}
	}
}

func TestKernelTreesFindLikelyNodes(t *testing.T) {
	e := newWideExamples(4, 200, 24, 10, 300)
	for score, want := range map[TreeScore]float64{TreeMean: 0.6, TreeSpread: 0.6, TreeKernel: 0.3} {
		tree := must(BuildKernelTree(kernel.Best(), e, KernelTreeOptions{Score: score, Leaf: 8}))(t)
		if got := agreement(tree, e, 8); got < want {
			t.Errorf("%s: want the likeliest node for %v of the queries, got %.2f", score, want, got)
		}
	}
}

func TestKernelTreeValidate(t *testing.T) {
	e := newWideExamples(1, 100, 24, 10, 77)
	for name, damage := range map[string]func(*KernelTree){
		"score":    func(l *KernelTree) { l.Score = "best" },
		"mean":     func(l *KernelTree) { l.Score = TreeMean },
		"kernel":   func(l *KernelTree) { l.Score = TreeKernel },
		"rank":     func(l *KernelTree) { l.Rank = 0 },
		"levels":   func(l *KernelTree) { l.Levels++ },
		"many":     func(l *KernelTree) { l.Levels = 60 },
		"negative": func(l *KernelTree) { l.Levels = -1 },
		"beam":     func(l *KernelTree) { l.Beam = 0 },
		"width":    func(l *KernelTree) { l.Width++ },
		"order":    func(l *KernelTree) { l.Order[1] = l.Order[0] },
		"id":       func(l *KernelTree) { l.Order[1] = 77 },
		"starts":   func(l *KernelTree) { l.Starts[2], l.Starts[3] = l.Starts[3], l.Starts[2] },
		"start":    func(l *KernelTree) { l.Starts[0] = 1 },
		"end":      func(l *KernelTree) { l.Starts[len(l.Starts)-1]-- },
		"vectors":  func(l *KernelTree) { l.Vectors = nil },
		"rows":     func(l *KernelTree) { l.Vectors.Rows-- },
		"shifts":   func(l *KernelTree) { l.Shifts = l.Shifts[1:] },
		"sizes":    func(l *KernelTree) { l.Sizes[0] = 0 },
		"means":    func(l *KernelTree) { l.Means[0] = float32(math.NaN()) },
	} {
		l := must(BuildKernelTree(kernel.Best(), e, KernelTreeOptions{Leaf: 6}))(t)
		if damage(l); l.Validate() == nil {
			t.Errorf("%s: want an error, got none", name)
		}
	}
}

func TestBadKernelTrees(t *testing.T) {
	for name, change := range map[string]func(*KernelTreeOptions, *Examples){
		"score":    func(o *KernelTreeOptions, _ *Examples) { o.Score = "best" },
		"rank":     func(o *KernelTreeOptions, _ *Examples) { o.Rank = 11 },
		"negative": func(o *KernelTreeOptions, _ *Examples) { o.Rank = -1 },
		"mean":     func(o *KernelTreeOptions, _ *Examples) { o.Score, o.Rank = TreeMean, 2 },
		"leaf":     func(o *KernelTreeOptions, _ *Examples) { o.Leaf = -1 },
		"beam":     func(o *KernelTreeOptions, _ *Examples) { o.Beam = -1 },
		"bias":     func(_ *KernelTreeOptions, e *Examples) { e.Bias = nil },
		"none":     func(_ *KernelTreeOptions, e *Examples) { e.Inputs = nil },
	} {
		o, e := KernelTreeOptions{}, newWideExamples(1, 50, 24, 10, 40)
		change(&o, e)
		if _, err := BuildKernelTree(kernel.Best(), e, o); err == nil {
			t.Errorf("%s: want an error, got none", name)
		}
	}
}
