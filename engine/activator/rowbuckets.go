package activator

import (
	"fmt"
	"math"
	"math/bits"

	"slosim/engine/kernel"
)

// RowBuckets propose the output nodes whose rows fell into the query's buckets: here the
// rows are hashed, and the hidden vector asks. Each of Tables hash tables has a bucket for
// the signs of Bits planes; a query takes the union of its buckets in the first tables, as
// many as the size says, as SLIDE does to sample a layer (Chen et al., MLSys 2020). How rows
// and planes come about is the builder's, see [RowHash]; what queries need is the same.
type RowBuckets struct {
	Bits, Tables int
	Probes       int // buckets read in each table, the query's own first
	Width        int // hidden nodes
	Nodes        int
	Planes       *kernel.Matrix // Tables*Bits x hidden nodes
	// Offset is [plane]: minus the plane's product with the mean of the hidden vectors, plus
	// that with the coordinate of the query that meets the biases.
	Offset []float32
	Starts []int32   // [table*buckets+bucket]: its first place in IDs; one more is their number
	IDs    []int32   // nodes, bucket by bucket, each once in a table
	Sizes  []int32   // of the steps: tables
	Means  []float32 // nodes expected at each step
}

// Buckets returns the number of buckets of a table.
func (b *RowBuckets) Buckets() int { return 1 << b.Bits }

// Validate reports the first contradiction between the tables' fields.
func (b *RowBuckets) Validate() error {
	if err := b.validate(); err != nil {
		return fmt.Errorf("row buckets: %w", err)
	}
	return nil
}

func (b *RowBuckets) validate() error {
	if err := validRowSize(b.Bits, b.Tables, b.Probes); err != nil {
		return err
	}
	if b.Width < 1 || b.Nodes < 1 || b.Nodes > math.MaxInt32 {
		return fmt.Errorf("want 1 or more hidden and output nodes, got %d and %d", b.Width, b.Nodes)
	}
	planes := b.Bits * b.Tables
	if err := validMatrix(b.Planes, planes, b.Width); err != nil {
		return err
	}
	if len(b.Offset) != planes {
		return fmt.Errorf("want %d offsets, got %d", planes, len(b.Offset))
	}
	if err := validStarts(b.Starts, b.Tables*b.Buckets(), len(b.IDs)); err != nil {
		return err
	}
	if err := b.validateTables(); err != nil {
		return err
	}
	return validSteps(b.Sizes, b.Means, b.Tables)
}

// validateTables says whether each table has nodes, each at most once.
func (b *RowBuckets) validateTables() error {
	if err := validIDs(b.IDs, b.Nodes); err != nil {
		return err
	}
	last := make([]int, b.Nodes)
	for table := range b.Tables {
		for _, id := range b.IDs[b.Starts[table*b.Buckets()]:b.Starts[(table+1)*b.Buckets()]] {
			if last[id] == table+1 {
				return fmt.Errorf("table %d: want each node once, got %d again", table, id)
			}
			last[id] = table + 1
		}
	}
	return nil
}

func validRowSize(bits, tables, probes int) error {
	if bits < 1 || bits > 16 || tables < 1 || tables > 64 {
		return fmt.Errorf("want 1..16 bits and 1..64 tables, got %d and %d", bits, tables)
	}
	if probes < 1 || probes > 1<<bits {
		return fmt.Errorf("want 1..%d buckets read in a table, got %d", 1<<bits, probes)
	}
	return nil
}

// Steps implements [OutputTables].
func (b *RowBuckets) Steps() []Step { return stepsOf("%d tables", b.Sizes, b.Means) }

// Bytes returns the size of the tables, planes included.
func (b *RowBuckets) Bytes() int64 {
	return matrixBytes(b.Planes) + 4*int64(len(b.Offset)+len(b.Starts)+len(b.IDs)+len(b.Sizes)+len(b.Means))
}

// in returns the nodes in a bucket.
func (b *RowBuckets) in(table int, bucket int32) []int32 {
	at := table*b.Buckets() + int(bucket)
	return b.IDs[b.Starts[at]:b.Starts[at+1]]
}

// longest returns the number of nodes in the fullest bucket of the first tables.
func (b *RowBuckets) longest(tables int) int {
	most := int32(0)
	for at := range tables * b.Buckets() {
		most = max(most, b.Starts[at+1]-b.Starts[at])
	}
	return int(most)
}

// NewProposer implements [OutputTables].
func (b *RowBuckets) NewProposer(set *kernel.Set) Proposer {
	planes := b.Bits * b.Tables
	p := &rowProposer{
		rows: b, set: set, kinds: bits.Len(uint(b.longest(1))) + 1,
		projected: kernel.Aligned((planes + 15) &^ 15),
		words:     make([]uint64, (planes+63)/64),
		buckets:   make([]int32, b.Tables),
		probed:    make([]int32, b.Probes),
		probes:    NewProbes(b.Bits, b.Probes),
		union:     NewCandidates(b.Nodes),
	}
	p.union.begin(b.Nodes + b.longest(b.Tables)) // room for any query
	return p
}

// rowProposer is a worker's scratch for row buckets.
type rowProposer struct {
	rows      *RowBuckets
	set       *kernel.Set
	kinds     int
	hidden    []float32     // of the query
	planes    kernel.Matrix // of the tables that are asked
	projected []float32
	words     []uint64
	buckets   []int32
	probed    []int32 // buckets of a table
	probes    *Probes
	union     *Candidates
}

// Look implements [Proposer]. The kind is the number of binary digits of how many nodes are in
// the query's bucket of the first table: where rows crowd, more of them compete.
func (p *rowProposer) Look(q Query) int {
	p.hidden = q.Hidden
	p.hash(q.Hidden, 1)
	return bits.Len(uint(len(p.rows.in(0, p.buckets[0]))))
}

// Kinds implements [Proposer].
func (p *rowProposer) Kinds() int { return p.kinds }

// Propose implements [Proposer]. The size is a number of tables.
func (p *rowProposer) Propose(size int) []int32 {
	b := p.rows
	size = max(1, min(size, b.Tables))
	p.hash(p.hidden, size)
	p.union.begin(0)
	kept := 0
	for table, bucket := range p.buckets[:size] {
		for _, probed := range p.probe(table, bucket) {
			kept = p.union.more(p.set, kept, b.in(table, probed))
		}
	}
	return p.union.ids[:kept]
}

// hash leaves the query's bucket of each of the first tables in buckets.
func (p *rowProposer) hash(hidden []float32, tables int) {
	b := p.rows
	p.planes = b.Planes.Corner(tables*b.Bits, b.Width)
	p.set.MatVec(p.projected, &p.planes, hidden, b.Offset)
	bucketsOf(p.set, p.buckets[:tables], p.words, p.projected[:tables*b.Bits], b.Bits)
}

// probe returns the buckets of a table to read.
func (p *rowProposer) probe(table int, bucket int32) []int32 {
	if p.rows.Probes == 1 {
		p.probed[0] = bucket
		return p.probed
	}
	bits := p.rows.Bits
	return p.probed[:p.probes.List(p.probed, bucket, p.projected[table*bits:][:bits])]
}

// Shape returns any features, the hidden nodes and the output nodes of networks that the
// buckets are of.
func (b *RowBuckets) Shape() (features, hidden, nodes int) { return 0, b.Width, b.Nodes }
