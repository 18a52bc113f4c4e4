package activator

import (
	"fmt"
	"math"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// Hashed says what of a query sign lists hash.
type Hashed string

// What sign lists can hash.
const (
	HashInput  Hashed = "input"  // the sparse input, by planes through the origin
	HashHidden Hashed = "hidden" // the hidden vector's direction less the examples' mean
)

// SignLists propose the output nodes that the network found most likely for the examples
// in the query's bucket: sign hashing and a ranked list in each bucket, as the node
// activators of Mendoza and Trippel, "Dynamic Network Adaptation at Inference", arXiv
// 2204.08400, applied to the output layer. Hashing the input is the paper's literal way:
// two sparse inputs seldom share features, hence seldom a bucket. Hashing the hidden vector
// costs as little and is our variant. With several tables the proposal is the union
// of the beginnings of their lists.
type SignLists struct {
	Of           Hashed
	Bits, Tables int
	Width        int // features, or hidden nodes
	Nodes        int
	Longest      int // nodes of each list
	// Planes are a row for each feature with its part in all Tables*Bits distances, or of
	// hidden vectors a row for each of Tables*Bits planes.
	Planes *kernel.Matrix
	// Offset is -Planes·mean of the hidden vectors, each scaled to length 1: how long one is
	// says little about which nodes are likely. Nil for inputs.
	Offset []float32
	// Lists is [table][bucket][rank]: nodes, the likeliest first. Where a bucket's examples
	// have no more, the nodes that are likely overall follow.
	Lists []int32
	Sizes []int32   // of the steps: entries of each list
	Means []float32 // nodes expected at each step
}

// SignListOptions are the shape of sign lists.
type SignListOptions struct {
	Of           Hashed
	Bits, Tables int
	// PCA takes planes across the principal components of the hidden vectors instead of
	// random ones: those of the first table across the leading ones, those of further tables
	// across random mixtures of the next few too.
	PCA     bool
	Longest int     // nodes of each list
	Key     rng.Key // fixes the planes
}

// Buckets returns the number of buckets of a table.
func (l *SignLists) Buckets() int { return 1 << l.Bits }

// Validate reports the first contradiction between the tables' fields.
func (l *SignLists) Validate() error {
	if err := l.validate(); err != nil {
		return fmt.Errorf("sign lists: %w", err)
	}
	return nil
}

func (l *SignLists) validate() error {
	if err := validSigns(l.Of, l.Bits, l.Tables); err != nil {
		return err
	}
	if l.Width < 1 || l.Nodes < 1 || l.Nodes > math.MaxInt32 || l.Longest < 1 || l.Longest > l.Nodes {
		return fmt.Errorf("want 1 or more inputs and nodes, and lists of at most all nodes, got %d, %d and %d", l.Width, l.Nodes, l.Longest)
	}
	if err := l.validatePlanes(); err != nil {
		return err
	}
	if want := l.Tables * l.Buckets() * l.Longest; len(l.Lists) != want {
		return fmt.Errorf("want %d entries of lists, got %d", want, len(l.Lists))
	}
	if err := validIDs(l.Lists, l.Nodes); err != nil {
		return err
	}
	return validSteps(l.Sizes, l.Means, l.Longest)
}

func (l *SignLists) validatePlanes() error {
	planes := l.Bits * l.Tables
	if l.Of == HashInput {
		return validMatrix(l.Planes, l.Width, planes)
	}
	if len(l.Offset) != planes {
		return fmt.Errorf("want %d offsets, got %d", planes, len(l.Offset))
	}
	return validMatrix(l.Planes, planes, l.Width)
}

func validSigns(of Hashed, bits, tables int) error {
	if of != HashInput && of != HashHidden {
		return fmt.Errorf("want to hash %s or %s, got %q", HashInput, HashHidden, of)
	}
	if bits < 1 || bits > 16 || tables < 1 || tables > 64 {
		return fmt.Errorf("want 1..16 bits and 1..64 tables, got %d and %d", bits, tables)
	}
	return nil
}

// Steps implements [OutputTables].
func (l *SignLists) Steps() []Step { return stepsOf("lists of %d", l.Sizes, l.Means) }

// Bytes returns the size of the tables, planes included.
func (l *SignLists) Bytes() int64 {
	return matrixBytes(l.Planes) + 4*int64(len(l.Offset)+len(l.Lists)+len(l.Sizes)+len(l.Means))
}

// list returns the first n nodes of a bucket's list.
func (l *SignLists) list(table int, bucket int32, n int) []int32 {
	return l.Lists[(table*l.Buckets()+int(bucket))*l.Longest:][:n]
}

// NewProposer implements [OutputTables].
func (l *SignLists) NewProposer(set *kernel.Set) Proposer {
	planes := l.Bits * l.Tables
	p := &signProposer{
		lists: l, set: set,
		projected: kernel.Aligned((planes + 15) &^ 15),
		offset:    kernel.Aligned(planes),
		words:     make([]uint64, (planes+63)/64),
		buckets:   make([]int32, l.Tables),
		union:     NewCandidates(l.Nodes),
	}
	if l.Of == HashInput {
		p.hasher = &SparseHasher{Bits: l.Bits, Tables: l.Tables, Planes: l.Planes, set: set}
	}
	return p
}

// signProposer is a worker's scratch for sign lists.
type signProposer struct {
	lists     *SignLists
	set       *kernel.Set
	hasher    *SparseHasher // of inputs
	projected []float32
	offset    []float32 // of the planes, for the length of the hidden vector
	words     []uint64
	buckets   []int32
	union     *Candidates
}

// Look implements [Proposer]: the kind is the bucket of the first table.
func (p *signProposer) Look(q Query) int {
	p.hash(q, p.lists.Planes, p.buckets)
	return int(p.buckets[0])
}

// Kinds implements [Proposer].
func (p *signProposer) Kinds() int { return p.lists.Buckets() }

// Propose implements [Proposer].
func (p *signProposer) Propose(size int) []int32 {
	l := p.lists
	size = max(1, min(size, l.Longest))
	if l.Tables == 1 {
		return l.list(0, p.buckets[0], size) // has each node once
	}
	p.union.begin(min(l.Tables*size, l.Nodes) + size)
	kept := 0
	for table, bucket := range p.buckets {
		kept = p.union.more(p.set, kept, l.list(table, bucket, size))
	}
	return p.union.ids[:kept]
}

// hash writes the query's bucket of each table to buckets. planes are those of the tables
// that it is for; the sparse hasher has no use for them.
func (p *signProposer) hash(q Query, planes *kernel.Matrix, buckets []int32) {
	if p.hasher != nil {
		p.hasher.Hash(p.buckets, p.projected, p.words, q.IDs, q.Values)
		return
	}
	by := length(q.Hidden)
	for i := range planes.Rows {
		p.offset[i] = by * p.lists.Offset[i]
	}
	p.set.MatVec(p.projected, planes, q.Hidden, p.offset)
	bucketsOf(p.set, buckets, p.words, p.projected[:planes.Rows], p.lists.Bits)
}

// Guess implements [Guesser]: the first node of the first table's list.
func (p *signProposer) Guess() int32 { return p.lists.list(0, p.buckets[0], 1)[0] }

// Shape returns the features or the hidden nodes, whichever are hashed, and the output nodes of
// networks that the lists are of.
func (l *SignLists) Shape() (features, hidden, nodes int) {
	if l.Of == HashInput {
		return l.Width, 0, l.Nodes
	}
	return 0, l.Width, l.Nodes
}

// BuildSignLists hashes the examples and lists, in each bucket of each table, the nodes
// with the largest sum of the network's probabilities over the examples in it. A bucket
// without examples has the overall order. No label is read.
func BuildSignLists(set *kernel.Set, e *Examples, o SignListOptions) (*SignLists, error) {
	l, err := newSignLists(set, e, o)
	if err != nil {
		return nil, fmt.Errorf("sign lists: %w", err)
	}
	l.fill(set, e)
	l.Sizes = sizesUpTo(l.Longest)
	l.Means = meanNodes(l.NewProposer(set), e, l.Sizes)
	return l, l.Validate()
}

// newSignLists returns tables with planes and no lists.
func newSignLists(set *kernel.Set, e *Examples, o SignListOptions) (*SignLists, error) {
	if err := validExamples(e); err != nil {
		return nil, err
	}
	if err := validSigns(o.Of, o.Bits, o.Tables); err != nil {
		return nil, err
	}
	if o.Longest < 1 || o.Longest > e.Nodes() {
		return nil, fmt.Errorf("want lists of 1..%d nodes, got %d", e.Nodes(), o.Longest)
	}
	l := &SignLists{Of: o.Of, Bits: o.Bits, Tables: o.Tables, Width: e.Hidden.Cols, Nodes: e.Nodes(), Longest: o.Longest}
	if o.Of == HashHidden {
		return l, l.hiddenPlanes(e, o)
	}
	if o.PCA {
		return nil, fmt.Errorf("want principal components of hidden vectors, got them of the %s", o.Of)
	}
	l.Width = e.Features
	l.Planes = NewSparseHasher(set, e.Features, LSHSize{Bits: o.Bits, Tables: o.Tables}, o.Key).Planes
	return l, nil
}

// hiddenPlanes sets the planes across hidden vectors.
func (l *SignLists) hiddenPlanes(e *Examples, o SignListOptions) error {
	hidden := rowImages{unitRows(e.Hidden, l.Width)}
	if !o.PCA {
		l.Planes = randomPlanes(l.Bits*l.Tables, l.Width, o.Key)
		l.Offset = centredBias(l.Planes, narrow(imageMean(hidden, l.Width)))
		return nil
	}
	if l.Bits > l.Width {
		return fmt.Errorf("want at most %d principal components, got %d bits", l.Width, l.Bits)
	}
	space, err := PCA(hidden, l.Width, min(mixedComponents*l.Bits, l.Width))
	if err != nil {
		return err
	}
	l.Planes = mixedPlanes(space.Basis, l.Bits, l.Tables, o.Key)
	l.Offset = centredBias(l.Planes, space.Mean)
	return nil
}

// mixedComponents is how many principal components for each bit the planes of all tables
// but the first are across.
const mixedComponents = 4

// mixedPlanes returns the leading directions of a basis, bits of them, and for each further
// table as many random mixtures of all directions: tables that all cut the same way would
// list the same nodes.
func mixedPlanes(basis *kernel.Matrix, bits, tables int, key rng.Key) *kernel.Matrix {
	planes := kernel.NewMatrix(bits*tables, basis.Cols)
	weights := randomPlanes(bits*tables, basis.Rows, key)
	for i := range planes.Rows {
		if i < bits {
			copy(planes.Row(i), basis.Row(i))
			continue
		}
		for j, weight := range weights.Row(i) {
			axpy(planes.Row(i), weight, basis.Row(j))
		}
	}
	return planes
}

// axpy adds a times x to y.
func axpy(y []float32, a float32, x []float32) {
	for i, v := range x {
		y[i] += float32(a * v) // rounded, so that no compiler fuses it with the sum
	}
}

// fill ranks the nodes of all buckets.
func (l *SignLists) fill(set *kernel.Set, e *Examples) {
	l.Lists = make([]int32, l.Tables*l.Buckets()*l.Longest)
	overall, sums, chosen := likelyOverall(e), &summed{of: make([]float32, l.Nodes)}, NewCandidates(l.Nodes)
	for table, buckets := range l.members(set, e) {
		for bucket, members := range buckets {
			for _, i := range members {
				sums.add(1, e.Inputs.Likely(int(i)))
			}
			list := l.list(table, int32(bucket), l.Longest)
			completed(chosen, list, len(nodesOf(list[:0], sums.best(l.Longest))), overall)
		}
	}
}

// completed fills a list of n nodes up with those of the overall order that it lacks.
func completed(chosen *Candidates, list []int32, n int, overall []int32) {
	chosen.begin(0)
	for _, node := range list[:n] {
		chosen.stamps[node] = chosen.stamp
	}
	for _, node := range overall {
		if n == len(list) {
			return
		}
		if chosen.stamps[node] != chosen.stamp {
			list[n] = node
			n++
		}
	}
}

// members returns the examples in each bucket of each table.
func (l *SignLists) members(set *kernel.Set, e *Examples) [][][]int32 {
	tables := make([][][]int32, l.Tables)
	for table := range tables {
		tables[table] = make([][]int32, l.Buckets())
	}
	p := l.NewProposer(set).(*signProposer)
	for i := range e.Inputs.Len() {
		p.hash(e.query(i), l.Planes, p.buckets)
		for table, bucket := range p.buckets {
			tables[table][bucket] = append(tables[table][bucket], int32(i))
		}
	}
	return tables
}
