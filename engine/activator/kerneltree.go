package activator

import (
	"fmt"
	"math"

	"slosim/engine/kernel"
)

// TreeScore says how a [KernelTree] scores a subtree for a query.
type TreeScore string

// What subtrees can be scored by.
const (
	// TreeMean is the mean logit of the subtree's nodes: exact, at one product.
	TreeMean TreeScore = "mean"
	// TreeKernel is the sum of squared logits, less their mean over all nodes: Blanc and
	// Rendle's kernel alpha<h,w>^2+1, whose constants cancel between subtrees of one size. It
	// is even: a node that the network finds very unlikely scores as high as a likely one.
	TreeKernel TreeScore = "kernel"
	// TreeSpread is the mean logit plus what the best of the subtree's nodes is expected to
	// have above it, were the logits normal: their standard deviation by sqrt(2 ln n). It
	// reads the same second moments as the kernel and tells likely from unlikely (our design).
	TreeSpread TreeScore = "spread"
)

// KernelTree proposes the output nodes of the leaves that a beam finds in a balanced binary
// tree over the output rows, in which similar rows lie together: the tree of Blanc and
// Rendle, "Adaptive Sampled Softmax with Kernel Based Sampling", ICML 2018, searched
// for the best classes from the top down instead of sampled from.
//
// There, a subtree stores the sum of the outer products of its rows, a matrix of hidden x
// hidden numbers. Here it stores the Rank leading eigenvectors of that sum, each by the root
// of its eigenvalue: the squared logits along the other directions count as 0, so that
// subtrees whose rows differ in many ways score too low. Leaves of a few dozen nodes are
// proposed whole, where theirs are single classes.
type KernelTree struct {
	Score  TreeScore
	Levels int     // below the root: there are 1<<Levels leaves
	Rank   int     // eigenvectors of a subtree; 0 with TreeMean
	Beam   int     // subtrees kept on a level, if more leaves than that are not asked for
	Width  int     // hidden nodes
	Order  []int32 // all nodes, leaf by leaf
	Starts []int32 // [leaf]: its first place in Order; one more is the number of nodes
	// Vectors are some rows for each subtree: the mean row of its nodes (not with TreeKernel),
	// then the eigenvectors. Subtree 1 is the root and 2i and 2i+1 are the halves of i;
	// those of 0 and 1 are not used.
	Vectors *kernel.Matrix
	Shifts  []float32 // [row of Vectors]: what biases add to a product
	Sizes   []int32   // of the steps: leaves
	Means   []float32 // nodes expected at each step
}

// parts returns the rows of Vectors for a subtree.
func (t *KernelTree) parts() int {
	if t.Score == TreeKernel {
		return t.Rank
	}
	return 1 + t.Rank
}

// Leaves returns the number of leaves.
func (t *KernelTree) Leaves() int { return 1 << t.Levels }

// Validate reports the first contradiction between the tree's fields.
func (t *KernelTree) Validate() error {
	if err := t.validate(); err != nil {
		return fmt.Errorf("kernel tree: %w", err)
	}
	return nil
}

func (t *KernelTree) validate() error {
	if err := validTreeScore(t.Score, t.Rank, t.Width); err != nil {
		return err
	}
	if t.Levels < 0 || t.Levels > maxTreeLevels || t.Beam < 1 {
		return fmt.Errorf("want 0..%d levels and a beam of at least 1, got %d and %d", maxTreeLevels, t.Levels, t.Beam)
	}
	if err := validStarts(t.Starts, t.Leaves(), len(t.Order)); err != nil {
		return err
	}
	if err := validOrder(t.Order); err != nil {
		return err
	}
	rows := 2 * t.Leaves() * t.parts()
	if len(t.Shifts) != rows {
		return fmt.Errorf("want %d shifts, got %d", rows, len(t.Shifts))
	}
	if err := validMatrix(t.Vectors, rows, t.Width); err != nil {
		return err
	}
	return validSteps(t.Sizes, t.Means, t.Leaves())
}

// maxTreeLevels bounds the memory of a proposer.
const maxTreeLevels = 20

// validTreeScore says whether a score can be had of so many eigenvectors.
func validTreeScore(score TreeScore, rank, width int) error {
	switch score {
	case TreeMean:
		if rank != 0 {
			return fmt.Errorf("want no eigenvectors with score %s, got %d", score, rank)
		}
	case TreeKernel, TreeSpread:
		if rank < 1 || rank > width {
			return fmt.Errorf("want 1..%d eigenvectors with score %s, got %d", width, score, rank)
		}
	default:
		return fmt.Errorf("want score %s, %s or %s, got %q", TreeMean, TreeKernel, TreeSpread, score)
	}
	if width < 1 {
		return fmt.Errorf("want 1 or more hidden nodes, got %d", width)
	}
	return nil
}

// Steps implements [OutputTables].
func (t *KernelTree) Steps() []Step { return stepsOf("%d leaves", t.Sizes, t.Means) }

// Bytes returns the size of the tree.
func (t *KernelTree) Bytes() int64 {
	return matrixBytes(t.Vectors) + 4*int64(len(t.Order)+len(t.Starts)+len(t.Shifts)+len(t.Sizes)+len(t.Means))
}

// kindLevels is the level whose subtrees tell kinds of queries apart, 64 of them: so many
// kinds still get dozens of queries each of a few thousand.
const kindLevels = 6

// NewProposer implements [OutputTables].
func (t *KernelTree) NewProposer(set *kernel.Set) Proposer {
	most := t.Leaves() // a level has no more subtrees
	return &treeProposer{
		tree: t, set: set,
		kept:   make([]int32, 0, most),
		halves: make([]int32, 0, most),
		picked: make([]int32, most),
		rows:   make([]int32, 0, most*t.parts()),
		dots:   kernel.Aligned(most * t.parts()),
		scores: kernel.Aligned(most),
		nodes:  make([]int32, 0, len(t.Order)),
	}
}

// treeProposer is a worker's scratch for a tree.
type treeProposer struct {
	tree   *KernelTree
	set    *kernel.Set
	hidden []float32 // of the query
	kept   []int32   // subtrees of a level
	halves []int32   // of those
	picked []int32   // places in halves
	rows   []int32   // of Vectors
	dots   []float32
	scores []float32
	nodes  []int32
}

// Propose implements [Proposer]. The size is a number of leaves.
func (p *treeProposer) Propose(size int) []int32 {
	t := p.tree
	size = max(1, min(size, t.Leaves()))
	p.nodes = p.nodes[:0]
	for _, subtree := range p.descend(p.hidden, t.Levels, size) {
		leaf := int(subtree) - t.Leaves()
		p.nodes = append(p.nodes, t.Order[t.Starts[leaf]:t.Starts[leaf+1]]...)
	}
	return p.nodes
}

// descend returns the subtrees of a level that the beam arrives at, so many.
func (p *treeProposer) descend(hidden []float32, level, size int) []int32 {
	p.kept = append(p.kept[:0], 1)
	for at := 1; at <= level; at++ {
		p.halves = p.halves[:0]
		for _, subtree := range p.kept {
			p.halves = append(p.halves, 2*subtree, 2*subtree+1)
		}
		keep := size
		if at < level {
			keep = max(size, p.tree.Beam)
		}
		p.keep(hidden, keep)
	}
	return p.kept
}

// keep leaves the best of the halves in kept.
func (p *treeProposer) keep(hidden []float32, most int) {
	if len(p.halves) <= most {
		p.kept = append(p.kept[:0], p.halves...)
		return
	}
	p.score(hidden)
	p.kept = p.kept[:0]
	for _, at := range p.picked[:p.set.TopK(p.picked, p.scores[:len(p.halves)], most)] {
		p.kept = append(p.kept, p.halves[at])
	}
}

// score fills scores for the halves.
func (p *treeProposer) score(hidden []float32) {
	t, parts := p.tree, p.tree.parts()
	p.rows = p.rows[:0]
	for _, subtree := range p.halves {
		for part := range parts {
			p.rows = append(p.rows, subtree*int32(parts)+int32(part))
		}
	}
	p.set.GatherMatVec(p.dots, t.Vectors, p.rows, hidden, t.Shifts)
	for i := range p.halves {
		p.scores[i] = t.Score.of(p.dots[i*parts : (i+1)*parts])
	}
}

// of returns a subtree's score of its products with a query.
func (s TreeScore) of(dots []float32) float32 {
	mean := float32(0)
	if s != TreeKernel {
		mean, dots = dots[0], dots[1:]
	}
	if len(dots) == 0 {
		return mean
	}
	squares := float32(0)
	for _, d := range dots {
		squares += float32(d * d) // rounded, so that no compiler fuses it with the sum
	}
	return mean + float32(math.Sqrt(float64(squares)))
}

// Look implements [Proposer]: the kind is the best subtree of a level with 64 of them.
func (p *treeProposer) Look(q Query) int {
	p.hidden = q.Hidden
	level := min(kindLevels, p.tree.Levels)
	return int(p.descend(q.Hidden, level, 1)[0]) - 1<<level
}

// Kinds implements [Proposer].
func (p *treeProposer) Kinds() int { return 1 << min(kindLevels, p.tree.Levels) }

// Shape returns any features, the hidden nodes and the output nodes of networks that the
// tree is of.
func (t *KernelTree) Shape() (features, hidden, nodes int) { return 0, t.Width, len(t.Order) }
