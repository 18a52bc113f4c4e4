package activator

import (
	"fmt"
	"math"
	"slices"

	"slosim/engine/kernel"
)

// HiddenLists propose output nodes by the direction in which the hidden vector lies from
// the mean one: it is compared with super-centroids, then with the leaf centroids of the
// nearest few, and the leaf with the smallest angle has a list of nodes, best first (our
// design: spherical k-means in two levels instead of the planes of sign hashing).
//
// A centroid c has length 1, and is compared by c·(h - mean): its bias is -c·mean.
type HiddenLists struct {
	Nodes    int
	TwoLevel         // centroids, relative to the mean hidden vector
	Longest  int     // nodes of each list
	IDs      []int32 // [leaf*Longest], none twice in a list
}

// Validate reports the first contradiction between the tables' fields.
func (l *HiddenLists) Validate() error {
	if err := l.TwoLevel.validate(); err != nil {
		return fmt.Errorf("hidden lists: %w", err)
	}
	if l.Longest < 1 || l.Longest > l.Nodes || l.Nodes > math.MaxInt32 || len(l.IDs) != l.Leaves.Rows*l.Longest {
		return fmt.Errorf("hidden lists: want %d lists of 1..%d nodes, got lists of %d and %d nodes in all", l.Leaves.Rows, l.Nodes, l.Longest, len(l.IDs))
	}
	list := make([]int32, l.Longest)
	for leaf := range l.Leaves.Rows {
		copy(list, l.IDs[leaf*l.Longest:])
		slices.Sort(list)
		if list[0] < 0 || int(list[l.Longest-1]) >= l.Nodes {
			return fmt.Errorf("hidden lists: leaf %d: want nodes 0..%d, got %d..%d", leaf, l.Nodes-1, list[0], list[l.Longest-1])
		}
		for k := 1; k < l.Longest; k++ {
			if list[k] == list[k-1] {
				return fmt.Errorf("hidden lists: leaf %d: want each node once, got %d twice", leaf, list[k])
			}
		}
	}
	return nil
}

// Bytes implements [OutputTables].
func (l *HiddenLists) Bytes() int64 { return l.TwoLevel.bytes() + 4*int64(len(l.IDs)) }

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
	return &hiddenProposer{tables: l, search: newSearch(&l.TwoLevel, set)}
}

type hiddenProposer struct {
	tables *HiddenLists
	search search
	leaf   int // the nearest of the last search
}

// Look implements [Proposer]: the kind is the number of the leaf.
func (p *hiddenProposer) Look(q Query) int {
	s := &p.search
	s.run(q.Hidden)
	p.leaf = int(s.found[argmax(s.scores[:len(s.found)])])
	return p.leaf
}

// Kinds implements [Proposer].
func (p *hiddenProposer) Kinds() int { return p.tables.Leaves.Rows }

// Propose implements [Proposer].
func (p *hiddenProposer) Propose(size int) []int32 {
	size = min(max(size, 0), p.tables.Longest)
	return p.tables.IDs[p.leaf*p.tables.Longest:][:size]
}

// Guess implements [Guesser]: the first node of the leaf's list.
func (p *hiddenProposer) Guess() int32 { return p.Propose(1)[0] }

// Shape returns any features, the hidden nodes and the output nodes of networks that the
// lists are of.
func (l *HiddenLists) Shape() (features, hidden, nodes int) { return 0, l.Supers.Cols, l.Nodes }
