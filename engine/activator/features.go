package activator

import (
	"cmp"
	"fmt"
	"slices"

	"slosim/engine/kernel"
)

// FeatureLists propose output nodes for a sparse input: each feature has a list of nodes,
// best first, and an input's candidates are the union of its features' lists, or of their
// beginnings. They need no arithmetic and no labels (our design; the bucket of hashing that
// works on sparse text is the feature itself).
type FeatureLists struct {
	Features, Nodes int
	Longest         int     // nodes of each list
	IDs             []int32 // [feature*Longest]; a feature with fewer nodes repeats its last one
}

// Validate reports the first contradiction between the tables' fields.
func (l *FeatureLists) Validate() error {
	if l.Features < 1 || l.Nodes < 1 || l.Longest < 1 || len(l.IDs) != l.Features*l.Longest {
		return fmt.Errorf("feature lists: want %d x %d nodes of at least 1 x 1, got %d", l.Features, l.Longest, len(l.IDs))
	}
	for i, id := range l.IDs {
		if id < 0 || int(id) >= l.Nodes {
			return fmt.Errorf("feature lists: feature %d: want nodes 0..%d, got %d", i/l.Longest, l.Nodes-1, id)
		}
	}
	return nil
}

// Bytes returns the size of the tables.
func (l *FeatureLists) Bytes() int64 { return 4 * int64(len(l.IDs)) }

// Of returns the first n nodes of a feature's list.
func (l *FeatureLists) Of(feature int32, n int) []int32 {
	from := int(feature) * l.Longest
	return l.IDs[from : from+n]
}

// Candidates collects unions of lists. It is one worker's.
type Candidates struct {
	ids    []int32
	stamps []uint32 // [node]
	stamp  uint32
}

// NewCandidates returns memory for inputs whose lists hold up to most nodes in all, some of
// them more than once.
func NewCandidates(nodes int) *Candidates {
	return &Candidates{ids: make([]int32, nodes), stamps: make([]uint32, nodes)}
}

// Union returns the nodes in the first n entries of the features' lists, each once, in no
// order that matters. It allocates nothing once it has seen the longest input. The result
// is valid until the next call.
func (c *Candidates) Union(set *kernel.Set, l *FeatureLists, features []int32, n int) []int32 {
	if c.stamp++; c.stamp == 0 {
		clear(c.stamps)
		c.stamp = 1
	}
	// What is kept is at most the nodes there are, but a call may write all it was given.
	if room := min(len(features)*n, l.Nodes) + n; room > len(c.ids) {
		c.ids = make([]int32, room)
	}
	kept := 0
	for _, feature := range features {
		kept += set.Union(c.ids[kept:], c.stamps, c.stamp, l.Of(feature, n))
	}
	return c.ids[:kept]
}

// Scored is a node with how likely a network finds it for an input.
type Scored struct {
	Node  int32
	Share float32 // probability, above 0
}

// Inputs are what the lists are built on: sparse inputs, and for each the nodes that the
// whole network finds most likely.
type Inputs interface {
	Len() int
	Sparse(i int) (ids []int32, values []float32)
	Likely(i int) []Scored
}

// BuildFeatureLists lists for each feature the nodes with the largest sum over inputs of
// value x probability; of equal ones the lower node. A feature that no input has gets the
// nodes that are likely over all inputs.
func BuildFeatureLists(inputs Inputs, features, nodes, longest int) (*FeatureLists, error) {
	if features < 1 || nodes < 1 || longest < 1 || longest > nodes {
		return nil, fmt.Errorf("feature lists: want 1 or more features and nodes, and lists of 1..%d, got %d, %d and %d", nodes, features, nodes, longest)
	}
	l := &FeatureLists{Features: features, Nodes: nodes, Longest: longest, IDs: make([]int32, features*longest)}
	sums := &summed{of: make([]float32, nodes)}
	for i := range inputs.Len() {
		sums.add(1, inputs.Likely(i))
	}
	usual := sums.best(nil, longest)
	if len(usual) == 0 {
		return nil, fmt.Errorf("feature lists: want inputs with likely nodes, got none of %d", inputs.Len())
	}
	for feature, users := range usersOf(inputs, features) {
		for _, use := range users {
			sums.add(use.value, inputs.Likely(int(use.input)))
		}
		list := sums.best(l.IDs[feature*longest:feature*longest], longest)
		if len(list) == 0 {
			list = append(list, usual...)
		}
		for len(list) < longest {
			list = append(list, list[len(list)-1])
		}
	}
	return l, l.Validate()
}

// use is an input that has a feature.
type use struct {
	input int32
	value float32
}

// usersOf returns the inputs that have each feature.
func usersOf(inputs Inputs, features int) [][]use {
	users := make([][]use, features)
	for i := range inputs.Len() {
		ids, values := inputs.Sparse(i)
		for k, id := range ids {
			users[id] = append(users[id], use{int32(i), values[k]})
		}
	}
	return users
}

// summed adds up shares of nodes.
type summed struct {
	of      []float32 // [node]
	touched []int32
}

func (s *summed) add(weight float32, nodes []Scored) {
	for _, n := range nodes {
		if s.of[n.Node] == 0 {
			s.touched = append(s.touched, n.Node)
		}
		s.of[n.Node] += weight * n.Share
	}
}

// best appends the nodes with the largest positive sums to list and forgets all sums.
func (s *summed) best(list []int32, most int) []int32 {
	slices.SortFunc(s.touched, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.of[b], s.of[a]), cmp.Compare(a, b))
	})
	for _, node := range s.touched {
		if len(list) < most && s.of[node] > 0 && !slices.Contains(list, node) {
			list = append(list, node)
		}
	}
	for _, node := range s.touched {
		s.of[node] = 0
	}
	s.touched = s.touched[:0]
	return list
}
