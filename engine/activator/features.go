package activator

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"slosim/engine/kernel"
)

// FeatureLists propose output nodes for a sparse input: each feature has a list of nodes,
// best first, and an input's candidates are the union of its features' lists, or of their
// beginnings. They need no arithmetic and no labels (our design; the bucket of hashing that
// works on sparse text is the feature itself).
type FeatureLists struct {
	Features, Nodes int
	Longest         int       // nodes of each list
	IDs             []int32   // [feature*Longest]; a feature with fewer nodes repeats its last one
	Shares          []float32 // like IDs: mean probability of the node where the feature is, weighted by values; 0 where it repeats; only guesses read them
	Usual           []int32   // [Longest]: the nodes that are likely over all inputs
	Rarity          []uint8   // [feature]: log2 of 1 more than the inputs that had it, at most 15
	Sizes           []Step
}

// Validate reports the first contradiction between the tables' fields.
func (l *FeatureLists) Validate() error {
	if l.Features < 1 || l.Nodes < 1 || l.Longest < 1 || len(l.IDs) != l.Features*l.Longest {
		return fmt.Errorf("feature lists: want %d x %d nodes of at least 1 x 1, got %d", l.Features, l.Longest, len(l.IDs))
	}
	if len(l.Shares) != len(l.IDs) || len(l.Usual) != l.Longest || len(l.Rarity) != l.Features {
		return fmt.Errorf("feature lists: want %d shares, %d usual nodes and %d features' rarity, got %d, %d and %d",
			len(l.IDs), l.Longest, l.Features, len(l.Shares), len(l.Usual), len(l.Rarity))
	}
	for i, id := range slices.Concat(l.IDs, l.Usual) {
		if id < 0 || int(id) >= l.Nodes {
			return fmt.Errorf("feature lists: entry %d: want nodes 0..%d, got %d", i, l.Nodes-1, id)
		}
	}
	for feature, r := range l.Rarity {
		if r >= rarities {
			return fmt.Errorf("feature lists: feature %d: want a rarity below %d, got %d", feature, rarities, r)
		}
	}
	for _, s := range l.Sizes {
		if s.Size < 1 || s.Size > l.Longest {
			return fmt.Errorf("feature lists: want steps of 1..%d nodes, got %d", l.Longest, s.Size)
		}
	}
	return nil
}

// Steps implements [OutputTables]: the size is that of a list.
func (l *FeatureLists) Steps() []Step { return l.Sizes }

// Bytes implements [OutputTables]. Shares are not counted: no proposal reads them.
func (l *FeatureLists) Bytes() int64 { return 4*int64(len(l.IDs)) + int64(len(l.Rarity)) }

// Shape returns the features, 0 for any hidden layer, and the output nodes of networks that
// the lists are of.
func (l *FeatureLists) Shape() (features, hidden, nodes int) { return l.Features, 0, l.Nodes }

// Of returns the first n nodes of a feature's list.
func (l *FeatureLists) Of(feature int32, n int) []int32 {
	from := int(feature) * l.Longest
	return l.IDs[from : from+n]
}

// NewProposer implements [OutputTables].
func (l *FeatureLists) NewProposer(set *kernel.Set) Proposer {
	return &featureProposer{lists: l, set: set, union: NewCandidates(l.Nodes)}
}

const (
	rarities = 16 // values of Rarity
	crowds   = 16 // numbers of features that are told apart
)

// featureProposer is one worker's.
type featureProposer struct {
	lists *FeatureLists
	set   *kernel.Set
	query Query
	union *Candidates
}

// Kinds implements [Proposer]: how many features an input has, by how rare the rarest is.
func (p *featureProposer) Kinds() int { return rarities * crowds }

// Look implements [Proposer].
func (p *featureProposer) Look(q Query) int {
	p.query = q
	rarest := uint8(rarities - 1)
	for _, id := range q.IDs {
		rarest = min(rarest, p.lists.Rarity[id])
	}
	return int(rarest)*crowds + min(len(q.IDs), crowds-1)
}

// Propose implements [Proposer]. An input without features gets the usual nodes.
func (p *featureProposer) Propose(size int) []int32 {
	if len(p.query.IDs) == 0 {
		return p.lists.Usual[:size]
	}
	return p.union.Union(p.set, p.lists, p.query.IDs, size)
}

// Guess implements [Guesser]: the node with the largest sum of value x share.
func (p *featureProposer) Guess() int32 {
	l, sums := p.lists, map[int32]float32{}
	best := l.Usual[0]
	for k, id := range p.query.IDs {
		from := int(id) * l.Longest
		for i, node := range l.Of(id, l.Longest) {
			sums[node] += p.query.Values[k] * l.Shares[from+i]
			if sum := sums[node]; sum > sums[best] || sum == sums[best] && node < best {
				best = node
			}
		}
	}
	return best
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
	l := &FeatureLists{Features: features, Nodes: nodes, Longest: longest, Rarity: make([]uint8, features)}
	sums := &summed{of: make([]float32, nodes)}
	for i := range inputs.Len() {
		sums.add(1, inputs.Likely(i))
	}
	usual := sums.best(longest)
	if len(usual) == 0 {
		return nil, fmt.Errorf("feature lists: want inputs with likely nodes, got none of %d", inputs.Len())
	}
	l.Usual = make([]int32, longest)
	for i := range l.Usual {
		l.Usual[i] = usual[min(i, len(usual)-1)].Node
	}
	for feature, users := range usersOf(inputs, features) {
		l.Rarity[feature] = uint8(min(bits.Len(uint(len(users))), rarities-1))
		total := float32(0)
		for _, use := range users {
			total += use.value
			sums.add(use.value, inputs.Likely(int(use.input)))
		}
		list := sums.best(longest)
		if len(list) == 0 {
			list, total = usual, float32(inputs.Len())
		}
		for i := range longest {
			entry := list[min(i, len(list)-1)]
			if i >= len(list) {
				entry.Share = 0
			}
			l.IDs, l.Shares = append(l.IDs, entry.Node), append(l.Shares, entry.Share/total)
		}
	}
	l.measure(inputs)
	return l, l.Validate()
}

// measure lists the steps with how many nodes they propose for some of the inputs.
func (l *FeatureLists) measure(inputs Inputs) {
	p, count := l.NewProposer(kernel.Pure()), min(inputs.Len(), measured)
	query := func(i int) Query {
		ids, values := inputs.Sparse(i)
		return Query{IDs: ids, Values: values}
	}
	for _, size := range []int{1, 2, 3, 5, 7, 10, 20, 50, 100} {
		if size > l.Longest {
			break
		}
		l.Sizes = append(l.Sizes, Step{Name: fmt.Sprintf("lists of %d", size), Size: size, Nodes: meanProposed(p, inputs.Len(), count, query, size)})
	}
}

// measured is how many inputs tell how many nodes a step proposes.
const measured = 1000

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

// best returns the nodes with the largest positive sums, and forgets all sums.
func (s *summed) best(most int) (list []Scored) {
	slices.SortFunc(s.touched, func(a, b int32) int {
		return cmp.Or(cmp.Compare(s.of[b], s.of[a]), cmp.Compare(a, b))
	})
	s.touched = slices.Compact(s.touched) // a sum that was 0 for a while
	for _, node := range s.touched {
		if len(list) < most && s.of[node] > 0 {
			list = append(list, Scored{node, s.of[node]})
		}
	}
	for _, node := range s.touched {
		s.of[node] = 0
	}
	s.touched = s.touched[:0]
	return list
}
