package activator

import (
	"fmt"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// RankedTables hold, for each bucket of each hash table, a list of the nodes of the first
// hidden layer that matter most for the inputs in it: the paper's ranked lists.
type RankedTables struct {
	Bits, Tables int
	Nodes        int // of the layer
	Depth        int // nodes in a list
	Rotation     *Rotation
	// Lists is [table][bucket][rank]: nodes, most important first.
	Lists []int32
	All   []int32 // all nodes by their importance over all inputs
}

// Buckets returns the number of buckets of a table.
func (t *RankedTables) Buckets() int { return 1 << t.Bits }

// list returns the ranked nodes of a bucket.
func (t *RankedTables) list(table int, bucket int32) []int32 {
	return t.Lists[(table*t.Buckets()+int(bucket))*t.Depth:][:t.Depth]
}

// Ranked lists the nodes of the input's buckets. With one table and one probe a list is
// read as it is: then the hash is all that the activator costs. Several lists are merged
// by rank, a few ranks of each in turn, without the nodes that were there before; where
// lists are exhausted, the nodes that matter most over all inputs follow.
type Ranked struct {
	tables *RankedTables
	set    *kernel.Set
	probes int
}

// mergeRanks is how many ranks of a list are taken before the next list's turn.
const mergeRanks = 16

// NewRanked binds tables to kernels. probes is the number of buckets that are read in
// each table, at least 1, see [Probes].
func NewRanked(set *kernel.Set, tables *RankedTables, probes int) *Ranked {
	return &Ranked{tables, set, max(1, min(probes, tables.Buckets()))}
}

// NewScratch implements [Activator].
func (r *Ranked) NewScratch() *Scratch {
	t := r.tables
	return &Scratch{
		projected: kernel.Aligned(t.Rotation.Size()),
		words:     make([]uint64, (t.Bits*t.Tables+63)/64),
		buckets:   make([]int32, t.Tables),
		probed:    make([]int32, t.Tables*r.probes),
		probes:    NewProbes(t.Bits, r.probes),
		stamps:    make([]uint32, t.Nodes),
		merged:    make([]int32, t.Nodes+mergeRanks),
	}
}

// Score implements [Activator]: it hashes the input.
func (r *Ranked) Score(s *Scratch, x []float32) {
	t := r.tables
	t.Rotation.Project(r.set, s.projected, x)
	bucketsOf(r.set, s.buckets, s.words, s.projected[:t.Bits*t.Tables], t.Bits)
	if r.probes == 1 {
		copy(s.probed, s.buckets)
		return
	}
	for table, bucket := range s.buckets {
		s.probes.List(s.probed[table*r.probes:][:r.probes], bucket, s.projected[table*t.Bits:][:t.Bits])
	}
}

// Top implements [Activator].
func (r *Ranked) Top(ids []int32, s *Scratch, k int) int {
	t := r.tables
	k = max(0, min(k, t.Nodes))
	if len(s.probed) == 1 && k <= t.Depth {
		return copy(ids, t.list(0, s.probed[0])[:k])
	}
	return copy(ids, s.merged[:r.merge(s, k)][:k])
}

// merge leaves at least k nodes in s.merged and returns their number.
func (r *Ranked) merge(s *Scratch, k int) int {
	t, n := r.tables, 0
	s.nextStamp()
	for rank := 0; rank < t.Depth; rank += mergeRanks {
		for probe := range r.probes {
			for table := range t.Tables {
				list := t.list(table, s.probed[table*r.probes+probe])
				n += r.set.Union(s.merged[n:], s.stamps, s.stamp, list[rank:min(rank+mergeRanks, t.Depth)])
				if n >= k {
					return n
				}
			}
		}
	}
	for rank := 0; n < k; rank += mergeRanks {
		n += r.set.Union(s.merged[n:], s.stamps, s.stamp, t.All[rank:min(rank+mergeRanks, t.Nodes)])
	}
	return n
}

// nextStamp forgets which nodes were seen.
func (s *Scratch) nextStamp() {
	if s.stamp++; s.stamp == 0 {
		clear(s.stamps)
		s.stamp = 1
	}
}

// Ops returns the multiply-adds that Score costs as much as: the additions of the transforms.
func (r *Ranked) Ops() int64 {
	return r.tables.Rotation.ops()
}

// Tables returns what decides the ranking, a *RankedTables.
func (r *Ranked) Tables() any { return r.tables }

// Bytes returns the size of the tables in memory.
func (r *Ranked) Bytes() int64 {
	rotation := r.tables.Rotation
	return 4 * int64(len(r.tables.Lists)+len(r.tables.All)+len(rotation.Offset)+len(rotation.Flips)*rotation.Size())
}

// BuildRanked hashes the images and ranks, in each bucket, the nodes of the network's
// first hidden layer by their summed activation; depth of them are kept, 1 to all. No
// label is read. The key fixes the planes. Buckets without images rank as all images do.
func BuildRanked(set *kernel.Set, net Network, images Images, inputs int, size LSHSize, depth int, key rng.Key) (*RankedTables, error) {
	if images.Len() == 0 || size.Bits < 1 || size.Bits > 15 || size.Tables < 1 || size.Tables > 64 {
		return nil, fmt.Errorf("ranked lists: want images, 1..15 bits and 1..64 tables, got %d, %d, %d", images.Len(), size.Bits, size.Tables)
	}
	nodes := len(net.Hidden(make([]float32, inputs))[0])
	if depth < 1 || depth > nodes {
		return nil, fmt.Errorf("ranked lists: want a depth of 1..%d, got %d", nodes, depth)
	}
	t := &RankedTables{Bits: size.Bits, Tables: size.Tables, Nodes: nodes, Depth: depth,
		Rotation: NewRotation(inputs, size.Bits*size.Tables, key)}
	t.Rotation.centre(set, narrow(imageMean(images, inputs)))
	t.rank(set, net, images)
	return t, nil
}

// rank fills the lists.
func (t *RankedTables) rank(set *kernel.Set, net Network, images Images) {
	rows := t.Tables * t.Buckets()
	sums, counts := make([]float32, (rows+1)*t.Nodes), make([]int, rows+1)
	t.Lists = make([]int32, rows*t.Depth)
	r := NewRanked(set, t, 1)
	s := r.NewScratch()
	each(images, t.Rotation.Inputs, func(_ int, x []float32) {
		r.Score(s, x)
		hidden := net.Hidden(x)[0]
		for table, bucket := range s.buckets {
			row := table*t.Buckets() + int(bucket)
			add(sums[row*t.Nodes:], hidden)
			counts[row]++
		}
		add(sums[rows*t.Nodes:], hidden)
	})
	t.All = ranking(sums[rows*t.Nodes:])
	for row := range rows {
		list := t.All
		if counts[row] > 0 {
			list = ranking(sums[row*t.Nodes:][:t.Nodes])
		}
		copy(t.Lists[row*t.Depth:][:t.Depth], list)
	}
}
