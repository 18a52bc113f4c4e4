package activator

import (
	"fmt"
	"math"

	"slosim/engine/kernel"
)

// LSHTables are the two kinds of tables of the paper's node activators, as we
// reconstruct them: what matters in a bucket, and how often the answer survives.
//
// A bucket's number is the signs of Bits planes; there are Tables independent ones.
// One hash of the input serves all hidden layers: a row of Importance holds the nodes
// of all of them, one layer after the other.
type LSHTables struct {
	Bits, Tables int
	Layers       []int // nodes of each hidden layer
	// Planes are Tables*Bits x inputs, and Offset is -Planes·mean: inputs are centred. With a
	// Rotation, which makes planes of its own, both are nil.
	Planes   *kernel.Matrix
	Offset   []float32
	Rotation *Rotation
	// Importance is [table][bucket][node]: the mean activation in the bucket, scaled
	// per bucket and layer so that the largest is 63.
	Importance []uint8

	// Shares are the densities that the confidences below are for, ascending; none
	// until [LSHTables.FitConfidence].
	Shares []float64
	// Images is how many confidence images fell into [table*buckets+bucket].
	Images []uint16
	// Agreement is [table*buckets+bucket][share]: the share of those images whose
	// answer at that density is the full network's. Its last row is over all images.
	Agreement *kernel.Matrix
}

// Buckets returns the number of buckets of a table.
func (t *LSHTables) Buckets() int { return 1 << t.Bits }

// Nodes returns the number of nodes of all hidden layers.
func (t *LSHTables) Nodes() int {
	sum := 0
	for _, n := range t.Layers {
		sum += n
	}
	return sum
}

// Validate reports a part whose size contradicts the others.
func (t *LSHTables) Validate() error {
	if t.Bits < 1 || t.Bits > 15 || t.Tables < 1 || t.Tables > 64 || len(t.Layers) == 0 {
		return fmt.Errorf("lsh tables: want 1..15 bits, 1..64 tables and a layer, got %d, %d, %d", t.Bits, t.Tables, len(t.Layers))
	}
	rows := t.Tables * t.Buckets()
	if len(t.Importance) != rows*t.Nodes() {
		return fmt.Errorf("lsh tables: want %d importances, got %d", rows*t.Nodes(), len(t.Importance))
	}
	if err := t.validatePlanes(); err != nil {
		return fmt.Errorf("lsh tables: %w", err)
	}
	if len(t.Shares) > 0 && (len(t.Images) != rows || t.Agreement.Rows != rows+1 || t.Agreement.Cols != len(t.Shares)) {
		return fmt.Errorf("lsh tables: want confidences of %d buckets, got %d", rows, len(t.Images))
	}
	return nil
}

func (t *LSHTables) validatePlanes() error {
	planes := t.Tables * t.Bits
	if t.Rotation != nil {
		return t.Rotation.validate(t.Rotation.Inputs, planes)
	}
	if t.Planes.Rows != planes || len(t.Offset) != planes {
		return fmt.Errorf("want %d planes, got %d with %d offsets", planes, t.Planes.Rows, len(t.Offset))
	}
	return nil
}

// Inputs returns how many inputs the tables hash.
func (t *LSHTables) Inputs() int {
	if t.Rotation != nil {
		return t.Rotation.Inputs
	}
	return t.Planes.Cols
}

// LSH ranks the nodes of all hidden layers by the importances that the input's
// buckets add up to. It is the paper-faithful activator, and the weakest here: a
// bucket cannot tell apart the inputs that share it.
type LSH struct {
	tables *LSHTables
	set    *kernel.Set
	probes int
}

// NewLSH binds tables to kernels.
func NewLSH(set *kernel.Set, tables *LSHTables) *LSH { return NewMultiProbeLSH(set, tables, 1) }

// NewMultiProbeLSH adds up the importances of several buckets of each table, those that
// the input nearly fell into ([Probes]), at least 1.
func NewMultiProbeLSH(set *kernel.Set, tables *LSHTables, probes int) *LSH {
	most := math.MaxUint16 / (math.MaxUint8 * tables.Tables) // sums have 16 bits
	return &LSH{tables, set, max(1, min(probes, tables.Buckets(), most))}
}

// NewScratch implements [Activator].
func (l *LSH) NewScratch() *Scratch {
	t, nodes := l.tables, l.tables.Nodes()
	planes := t.Tables * t.Bits
	s := &Scratch{
		projected: kernel.Aligned(planes),
		scores:    kernel.Aligned(nodes),
		sums:      make([]uint16, nodes),
		words:     make([]uint64, (planes+63)/64),
		buckets:   make([]int32, t.Tables),
		probed:    make([]int32, l.probes),
		probes:    NewProbes(t.Bits, l.probes),
	}
	if t.Rotation != nil {
		s.projected = kernel.Aligned(t.Rotation.Size())
	}
	return s
}

// Score implements [Activator], for all hidden layers at once.
func (l *LSH) Score(s *Scratch, x []float32) {
	l.hash(s, x)
	clear(s.sums)
	nodes := len(s.sums)
	for table, bucket := range s.buckets {
		for _, probed := range l.probe(s, table, bucket) {
			l.set.AddBytes(s.sums, l.tables.Importance[l.row(table, probed)*nodes:][:nodes])
		}
	}
	l.set.Widen(s.scores, s.sums)
}

// probe returns the buckets of a table to read.
func (l *LSH) probe(s *Scratch, table int, bucket int32) []int32 {
	if l.probes == 1 {
		s.probed[0] = bucket
		return s.probed
	}
	n := s.probes.List(s.probed, bucket, s.projected[table*l.tables.Bits:][:l.tables.Bits])
	return s.probed[:n]
}

// Ops returns the multiply-adds of Score, and a quarter for each addition of a byte.
func (l *LSH) Ops() int64 {
	return l.hashOps() + int64(l.probes*l.tables.Tables*l.tables.Nodes()/4)
}

func (l *LSH) hashOps() int64 {
	if r := l.tables.Rotation; r != nil {
		return r.ops()
	}
	return int64(len(l.tables.Planes.Data))
}

// Tables returns what decides the ranking, a *LSHTables.
func (l *LSH) Tables() any { return l.tables }

// Bytes returns the size of the tables in memory, confidences included.
func (l *LSH) Bytes() int64 {
	bytes := len(l.tables.Importance) + 2*len(l.tables.Images)
	if r := l.tables.Rotation; r != nil {
		bytes += 4 * (len(r.Flips)*r.Size() + len(r.Offset))
	} else {
		bytes += 4 * len(l.tables.Planes.Data)
	}
	if l.tables.Agreement != nil {
		bytes += 4 * len(l.tables.Agreement.Data)
	}
	return int64(bytes)
}

// hash leaves the input's bucket of each table in s.
func (l *LSH) hash(s *Scratch, x []float32) {
	t := l.tables
	if t.Rotation != nil {
		t.Rotation.Project(l.set, s.projected, x)
	} else {
		l.set.MatVec(s.projected, t.Planes, x, t.Offset)
	}
	bucketsOf(l.set, s.buckets, s.words, s.projected[:t.Tables*t.Bits], t.Bits)
}

// row numbers the buckets of all tables.
func (l *LSH) row(table int, bucket int32) int { return table*l.tables.Buckets() + int(bucket) }

// Top implements [Activator] for the first hidden layer.
func (l *LSH) Top(ids []int32, s *Scratch, k int) int { return l.TopOf(ids, s, 0, k) }

// TopOf writes the k highest nodes of a hidden layer to ids, ascending, and returns
// their number.
func (l *LSH) TopOf(ids []int32, s *Scratch, layer, k int) int {
	from := 0
	for _, n := range l.tables.Layers[:layer] {
		from += n
	}
	return l.set.TopK(ids, s.scores[from:from+l.tables.Layers[layer]], k)
}

// Confidence returns the share of confidence images in the last scored input's
// buckets whose answer survived at density Shares[i]; over all images if the buckets
// hold none. The tables must have confidences.
func (l *LSH) Confidence(s *Scratch, i int) float32 {
	agreement, images := float32(0), float32(0)
	for table, bucket := range s.buckets {
		row := l.row(table, bucket)
		n := float32(l.tables.Images[row])
		agreement += float32(n * l.tables.Agreement.Row(row)[i]) // rounded, so that no compiler fuses it with the sum
		images += n
	}
	if images == 0 {
		return l.tables.Agreement.Row(l.tables.Agreement.Rows - 1)[i]
	}
	return agreement / images
}
