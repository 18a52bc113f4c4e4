package activator

import (
	"fmt"

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
	Layers       []int          // nodes of each hidden layer
	Planes       *kernel.Matrix // Tables*Bits x inputs
	Offset       []float32      // -Planes·mean: inputs are centred
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
	if t.Planes.Rows != t.Tables*t.Bits || len(t.Offset) != t.Planes.Rows || len(t.Importance) != rows*t.Nodes() {
		return fmt.Errorf("lsh tables: want %d planes and %d importances, got %d and %d",
			t.Tables*t.Bits, rows*t.Nodes(), t.Planes.Rows, len(t.Importance))
	}
	if len(t.Shares) > 0 && (len(t.Images) != rows || t.Agreement.Rows != rows+1 || t.Agreement.Cols != len(t.Shares)) {
		return fmt.Errorf("lsh tables: want confidences of %d buckets, got %d", rows, len(t.Images))
	}
	return nil
}

// LSH ranks the nodes of all hidden layers by the importances that the input's
// buckets add up to. It is the paper-faithful activator, and the weakest here: a
// bucket cannot tell apart the inputs that share it.
type LSH struct {
	tables *LSHTables
	set    *kernel.Set
}

// NewLSH binds tables to kernels.
func NewLSH(set *kernel.Set, tables *LSHTables) *LSH { return &LSH{tables, set} }

// NewScratch implements [Activator].
func (l *LSH) NewScratch() *Scratch {
	nodes := l.tables.Nodes()
	return &Scratch{
		projected: kernel.Aligned(l.tables.Planes.Rows),
		scores:    kernel.Aligned(nodes),
		sums:      make([]uint16, nodes),
		buckets:   make([]int32, l.tables.Tables),
	}
}

// Score implements [Activator], for all hidden layers at once.
func (l *LSH) Score(s *Scratch, x []float32) {
	l.hash(s, x)
	clear(s.sums)
	nodes := len(s.sums)
	for table, bucket := range s.buckets {
		l.set.AddBytes(s.sums, l.tables.Importance[l.row(table, bucket)*nodes:][:nodes])
	}
	for i, sum := range s.sums {
		s.scores[i] = float32(sum)
	}
}

// Ops returns the multiply-adds of Score, and a quarter for each addition of a byte.
func (l *LSH) Ops() int64 {
	return int64(len(l.tables.Planes.Data) + l.tables.Tables*l.tables.Nodes()/4)
}

// Tables returns what decides the ranking, a *LSHTables.
func (l *LSH) Tables() any { return l.tables }

// Bytes returns the size of the tables in memory, confidences included.
func (l *LSH) Bytes() int64 {
	bytes := 4*len(l.tables.Planes.Data) + len(l.tables.Importance) + 2*len(l.tables.Images)
	if l.tables.Agreement != nil {
		bytes += 4 * len(l.tables.Agreement.Data)
	}
	return int64(bytes)
}

// hash leaves the input's bucket of each table in s.
func (l *LSH) hash(s *Scratch, x []float32) {
	l.set.MatVec(s.projected, l.tables.Planes, x, l.tables.Offset)
	for table := range s.buckets {
		bucket := int32(0)
		for _, v := range s.projected[table*l.tables.Bits:][:l.tables.Bits] {
			bucket <<= 1
			if v > 0 {
				bucket |= 1
			}
		}
		s.buckets[table] = bucket
	}
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
