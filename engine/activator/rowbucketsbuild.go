package activator

import (
	"cmp"
	"fmt"
	"math"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// RowHash says how output rows are hashed and by which planes.
type RowHash string

// How rows can be hashed. In all of them the mean over nodes is taken off the rows and the
// mean over examples off the queries, which adds the same to the logits of all nodes, and
// the bias is one more coordinate.
//
// On wordnet-13k, as many nodes that are likely overall hold the likeliest one more often
// than those that SimHash or MIPS propose, at nearly all sizes and caps tried. Learned
// planes beat them clearly with 16 or 48 nodes a bucket, barely or not with 128, and not
// with 1,024: much of what row buckets find is owed to which nodes a full bucket keeps.
const (
	// RowSimHash is SLIDE's: signs of random planes, hence by angle, blind to how long a row
	// is. SLIDE leaves the bias out; with it, 65 instead of 51 of 100 likeliest nodes are
	// among 7 % of wordnet-13k's.
	RowSimHash RowHash = "simhash"
	// RowMIPS is for inner products: all rows are scaled so that none is longer than 1, and
	// get sqrt(1-|x|^2) as a last coordinate, which is 0 in queries; then signs of random
	// planes. That is Simple-LSH of Neyshabur and Srebro ("On Symmetric and Asymmetric LSHs
	// for Inner Product Search", ICML 2015): one coordinate where the transforms of
	// Shrivastava and Li (NIPS 2014, UAI 2015), which Spring and Shrivastava (KDD 2017) choose
	// a layer's nodes by, need some, and a scale of 1 where theirs is U = 0.83.
	RowMIPS RowHash = "mips"
	// RowLearned is MONGOOSE's (Chen et al., ICLR 2021): planes trained by a triplet loss so
	// that a hidden vector falls on the side of its likely nodes' rows. A trained network
	// needs none of its rebuilding.
	RowLearned RowHash = "learned"
)

// RowBucketOptions are the shape of row buckets.
type RowBucketOptions struct {
	Hash         RowHash
	Bits, Tables int // of 5, 6 and 8 bits, 5 or 6 find most for 13,723 nodes
	Probes       int // buckets read in each table; default 1
	// Cap is the most nodes of a bucket; default 128, as in SLIDE. There, the node that came
	// first leaves a full bucket: nodes come by ascending probability over the examples, so
	// that the likeliest stay (our order).
	Cap int
	Key rng.Key // fixes the planes and their training
}

func (o RowBucketOptions) filled() RowBucketOptions {
	o.Probes, o.Cap = cmp.Or(o.Probes, 1), cmp.Or(o.Cap, 128)
	return o
}

// BuildRowBuckets hashes the output rows. Of the examples, all kinds read the mean hidden
// vector and what is likely overall, the learned planes what is likely for each.
func BuildRowBuckets(set *kernel.Set, e *Examples, o RowBucketOptions) (*RowBuckets, error) {
	b, err := newRowBuckets(set, e, o.filled())
	if err != nil {
		return nil, fmt.Errorf("row buckets: %w", err)
	}
	b.Sizes = doublesUpTo(b.Tables)
	b.Means = meanNodes(b.NewProposer(set), e, b.Sizes)
	return b, b.Validate()
}

func newRowBuckets(set *kernel.Set, e *Examples, o RowBucketOptions) (*RowBuckets, error) {
	if err := validExamples(e); err != nil {
		return nil, err
	}
	if err := validRowSize(o.Bits, o.Tables, o.Probes); err != nil {
		return nil, err
	}
	if o.Cap < 1 {
		return nil, fmt.Errorf("want at least 1 node in a bucket, got %d", o.Cap)
	}
	b := &RowBuckets{Bits: o.Bits, Tables: o.Tables, Probes: o.Probes, Width: e.Hidden.Cols, Nodes: e.Nodes()}
	space, planes := newRowSpace(e), randomPlanes(o.Bits*o.Tables, e.Hidden.Cols+2, o.Key)
	switch o.Hash {
	case RowSimHash:
	case RowMIPS:
		space.lengthen()
	case RowLearned:
		if err := trainPlanes(set, planes, e, space, o); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("want hash %s, %s or %s, got %q", RowSimHash, RowMIPS, RowLearned, o.Hash)
	}
	b.ask(planes, space)
	b.fill(set, planes, space, likelyOverall(e), o.Cap)
	return b, nil
}

// rowSpace is the space in which rows and queries meet: a coordinate for each hidden node,
// one for the bias and one that only rows have.
type rowSpace struct {
	rows *kernel.Matrix // of nodes, less their mean
	mean []float32      // of the hidden vectors
	bias float32        // every query's coordinate that the rows' biases meet
}

// biasShare is the query's bias coordinate in units of the root mean square length of centred
// hidden vectors: at 1, half of a query's square length would say nothing of it. On
// wordnet-13k 0.5 finds more than 0.3 and 1 do.
const biasShare = 0.5

// newRowSpace returns the rows such that a product of a row and a query is a logit less the
// mean over nodes.
func newRowSpace(e *Examples) *rowSpace {
	hidden := e.Hidden.Cols
	s := &rowSpace{rows: kernel.NewMatrix(e.Nodes(), hidden+2), mean: narrow(imageMean(rowImages{e.Hidden}, hidden))}
	for node := range e.Nodes() {
		row := s.rows.Row(node)
		copy(row, e.Rows.Row(node))
		row[hidden] = e.Bias[node] + float32(dot64(e.Rows.Row(node), s.mean))
	}
	mean := narrow(imageMean(rowImages{s.rows}, hidden+2))
	for node := range s.rows.Rows {
		axpy(s.rows.Row(node), -1, mean)
	}
	squares := 0.0
	for i := range e.Hidden.Rows {
		squares += squaredDistance(e.Hidden.Row(i), s.mean)
	}
	s.bias = max(biasShare*float32(math.Sqrt(squares/float64(e.Hidden.Rows))), 1e-6)
	for node := range s.rows.Rows {
		s.rows.Row(node)[hidden] /= s.bias
	}
	return s
}

// lengthen scales the rows so that none is longer than 1, and sets their last coordinate so
// that all have length 1: angles then order as products do.
func (s *rowSpace) lengthen() {
	longest := float32(0)
	for node := range s.rows.Rows {
		longest = max(longest, length(s.rows.Row(node)))
	}
	for node := range s.rows.Rows {
		row := s.rows.Row(node)
		divide(row, longest)
		row[len(row)-1] = float32(math.Sqrt(max(0, 1-dot64(row, row))))
	}
}

// query writes a hidden vector as a query of the space.
func (s *rowSpace) query(dst, hidden []float32) {
	for j, mean := range s.mean {
		dst[j] = hidden[j] - mean
	}
	dst[len(s.mean)], dst[len(s.mean)+1] = s.bias, 0
}

// ask sets what queries are hashed by.
func (b *RowBuckets) ask(planes *kernel.Matrix, space *rowSpace) {
	b.Planes, b.Offset = kernel.NewMatrix(planes.Rows, b.Width), make([]float32, planes.Rows)
	origin := make([]float32, planes.Cols)
	space.query(origin, make([]float32, b.Width))
	for i := range planes.Rows {
		copy(b.Planes.Row(i), planes.Row(i))
		b.Offset[i] = float32(dot64(planes.Row(i), origin))
	}
}

// fill hashes the rows, the likeliest node first, into buckets of most nodes.
func (b *RowBuckets) fill(set *kernel.Set, planes *kernel.Matrix, space *rowSpace, order []int32, most int) {
	all := make([][]int32, b.Tables*b.Buckets())
	projected, words := kernel.Aligned(planes.Rows), make([]uint64, (planes.Rows+63)/64)
	buckets := make([]int32, b.Tables)
	for _, node := range order {
		set.MatVec(projected, planes, space.rows.Row(int(node)), nil)
		bucketsOf(set, buckets, words, projected, b.Bits)
		for table, bucket := range buckets {
			if at := table*b.Buckets() + int(bucket); len(all[at]) < most {
				all[at] = append(all[at], node)
			}
		}
	}
	b.Starts = []int32{0}
	for _, nodes := range all {
		b.IDs = append(b.IDs, nodes...)
		b.Starts = append(b.Starts, int32(len(b.IDs)))
	}
}
