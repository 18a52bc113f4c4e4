package activator

import (
	"fmt"
	"math"
	"slices"

	"slosim/engine/kernel"
)

// HiddenLists propose output nodes by where the hidden vector lies: it is compared with
// super-centroids, then with the leaf centroids of the nearest one, and the nearest leaf
// has a list of nodes, best first. Two levels cost the square root of what one flat level
// of as many leaves costs (our design; hashing by k-means instead of by planes).
//
// A centroid is compared by c·h + bias with bias = -c·mean - |c|²/2, which is largest for
// the centroid nearest to h - mean.
type HiddenLists struct {
	Nodes     int
	Supers    *kernel.Matrix // super-centroids x hidden, relative to the mean hidden vector
	SuperBias []float32      // [super]
	Leaves    *kernel.Matrix // leaves x hidden, relative to the mean; a super-cluster's are adjacent
	LeafBias  []float32      // [leaf]
	First     []int32        // [super+1]: leaves First[s]..First[s+1]-1 are of super-cluster s
	Longest   int            // nodes of each list
	IDs       []int32        // [leaf*Longest], none twice in a list
}

// Validate reports the first contradiction between the tables' fields.
func (l *HiddenLists) Validate() error {
	if err := l.validateSearch(); err != nil {
		return fmt.Errorf("hidden lists: %w", err)
	}
	if l.Longest < 1 || l.Longest > l.Nodes || l.Longest > math.MaxInt32 || len(l.IDs) != l.Leaves.Rows*l.Longest {
		return fmt.Errorf("hidden lists: want %d lists of 1..%d nodes, got lists of %d and %d nodes in all", l.Leaves.Rows, l.Nodes, l.Longest, len(l.IDs))
	}
	last := make([]int, l.Nodes) // leaf that last listed a node, from 1
	for i, id := range l.IDs {
		leaf := i/l.Longest + 1
		if id < 0 || int(id) >= l.Nodes || last[id] == leaf {
			return fmt.Errorf("hidden lists: leaf %d: want nodes 0..%d, each once, got %d", leaf-1, l.Nodes-1, id)
		}
		last[id] = leaf
	}
	return nil
}

func (l *HiddenLists) validateSearch() error {
	if err := validateScorer("super-centroids", l.Supers, l.SuperBias); err != nil {
		return err
	}
	if err := validateScorer("leaves", l.Leaves, l.LeafBias); err != nil {
		return err
	}
	if l.Supers.Cols != l.Leaves.Cols {
		return fmt.Errorf("leaves: want %d numbers each, as super-centroids have, got %d", l.Supers.Cols, l.Leaves.Cols)
	}
	return validateParts("leaves of super-clusters", l.First, l.Supers.Rows, l.Leaves.Rows)
}

// Bytes implements [OutputTables].
func (l *HiddenLists) Bytes() int64 {
	floats := len(l.Supers.Data) + len(l.SuperBias) + len(l.Leaves.Data) + len(l.LeafBias)
	return 4 * int64(floats+len(l.First)+len(l.IDs))
}

// Steps implements [OutputTables]: a size is in nodes.
func (l *HiddenLists) Steps() []Step {
	var steps []Step
	for _, size := range listSizes(l.Longest) {
		steps = append(steps, Step{Name: fmt.Sprintf("lists of %d", size), Size: size, Nodes: float64(size)})
	}
	return steps
}

// listSizes returns sizes of lists up to most, which is the last, each about twice the one
// before.
func listSizes(most int) []int {
	sizes := []int{5, 10, 20}
	for size := 35; size < most; size *= 2 {
		sizes = append(sizes, size)
	}
	sizes = slices.DeleteFunc(sizes, func(size int) bool { return size >= most })
	return append(sizes, most)
}

// NewProposer implements [OutputTables].
func (l *HiddenLists) NewProposer(set *kernel.Set) Proposer {
	return &hiddenProposer{
		tables: l, set: set, last: newLastSearch(l.Supers.Cols),
		supers: kernel.Aligned(l.Supers.Rows), leaves: kernel.Aligned(largestPart(l.First)),
	}
}

type hiddenProposer struct {
	tables         *HiddenLists
	set            *kernel.Set
	supers, leaves []float32     // nearness
	some           kernel.Matrix // leaves of one super-cluster
	last           lastSearch
	leaf           int // that of last
}

// Propose implements [Proposer].
func (p *hiddenProposer) Propose(q Query, size int) []int32 {
	if !p.last.serves(q.Hidden, &p.last.proposed) {
		p.search(q.Hidden)
	}
	size = min(max(size, 0), p.tables.Longest)
	return p.tables.IDs[p.leaf*p.tables.Longest:][:size]
}

// Bucket implements [Proposer]: the number of the leaf.
func (p *hiddenProposer) Bucket(q Query) int {
	if !p.last.serves(q.Hidden, &p.last.bucketed) {
		p.search(q.Hidden)
	}
	return p.leaf
}

// Buckets implements [Proposer].
func (p *hiddenProposer) Buckets() int { return p.tables.Leaves.Rows }

func (p *hiddenProposer) search(hidden []float32) {
	t := p.tables
	p.set.MatVec(p.supers, t.Supers, hidden, t.SuperBias)
	super := argmax(p.supers)
	from, to := int(t.First[super]), int(t.First[super+1])
	showRows(&p.some, t.Leaves, from, to)
	p.set.MatVec(p.leaves, &p.some, hidden, t.LeafBias[from:to])
	p.leaf = from + argmax(p.leaves[:to-from])
}
