package activator

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// KernelTreeOptions are the shape of a kernel tree.
type KernelTreeOptions struct {
	Score TreeScore // default TreeSpread: on wordnet-13k it finds most, TreeKernel least
	Rank  int       // eigenvectors of a subtree; default 8, none with TreeMean
	Leaf  int       // most nodes of a leaf; default 32
	Beam  int       // subtrees kept on a level at least; default 16
	Key   rng.Key   // fixes where the splits start
}

func (o KernelTreeOptions) filled(width int) KernelTreeOptions {
	o.Score = cmp.Or(o.Score, TreeSpread)
	if o.Score != TreeMean {
		o.Rank = cmp.Or(o.Rank, min(8, width))
	}
	o.Leaf, o.Beam = cmp.Or(o.Leaf, 32), cmp.Or(o.Beam, 16)
	return o
}

// treeSteps is the most leaves of a step.
const treeSteps = 64

// BuildKernelTree builds a tree over the output rows: recursive 2-means into halves of one
// size, then what each subtree is scored by. Of the examples it reads the rows and biases
// only, and the rest for the expected numbers of nodes.
func BuildKernelTree(set *kernel.Set, e *Examples, o KernelTreeOptions) (*KernelTree, error) {
	t, err := newKernelTree(e, o)
	if err != nil {
		return nil, fmt.Errorf("kernel tree: %w", err)
	}
	t.Means = meanNodes(t.NewProposer(set), e, t.Sizes)
	return t, t.Validate()
}

func newKernelTree(e *Examples, o KernelTreeOptions) (*KernelTree, error) {
	if err := validExamples(e); err != nil {
		return nil, err
	}
	o = o.filled(e.Rows.Cols)
	if err := validTreeScore(o.Score, o.Rank, e.Rows.Cols); err != nil {
		return nil, err
	}
	if o.Leaf < 1 || o.Beam < 1 {
		return nil, fmt.Errorf("want leaves of at least 1 node and a beam of at least 1, got %d and %d", o.Leaf, o.Beam)
	}
	t := &KernelTree{Score: o.Score, Rank: o.Rank, Beam: o.Beam, Width: e.Rows.Cols}
	for e.Nodes() > o.Leaf<<t.Levels && t.Levels < maxTreeLevels {
		t.Levels++
	}
	t.Sizes = doublesUpTo(min(treeSteps, t.Leaves()))
	points := centredRows(e)
	t.divide(unitRows(points, t.Width), rand.New(o.Key.Source(rng.Training, 2)))
	return t, t.summarise(points)
}

// centredRows returns the rows with the bias as one more element, less their mean: it adds
// the same to the logits of all nodes.
func centredRows(e *Examples) *kernel.Matrix {
	points := kernel.NewMatrix(e.Nodes(), e.Rows.Cols+1)
	for node := range e.Nodes() {
		row := points.Row(node)
		row[copy(row, e.Rows.Row(node))] = e.Bias[node]
	}
	mean := narrow(imageMean(rowImages{points}, points.Cols))
	for node := range points.Rows {
		axpy(points.Row(node), -1, mean)
	}
	return points
}

// divide orders the nodes so that similar ones lie together. points are directions: halves
// of rows as they are would part the long rows from the short ones.
func (t *KernelTree) divide(points *kernel.Matrix, random *rand.Rand) {
	t.Order = make([]int32, points.Rows)
	for i := range t.Order {
		t.Order[i] = int32(i)
	}
	t.Starts = []int32{0, int32(points.Rows)}
	for range t.Levels {
		next := []int32{0}
		for i, from := range t.Starts[:len(t.Starts)-1] {
			to := t.Starts[i+1]
			halve(t.Order[from:to], points, random)
			next = append(next, from+(to-from)/2, to)
		}
		t.Starts = next
	}
}

// halvingRounds is enough for halves of thousands of rows to all but stay the same.
const halvingRounds = 12

// halve orders ids so that the first half and the rest are two clusters: 2-means whose
// clusters have one size, from a random point and the one farthest from it.
func halve(ids []int32, points *kernel.Matrix, random *rand.Rand) {
	if len(ids) < 2 {
		return
	}
	first := points.Row(int(ids[random.IntN(len(ids))]))
	farthest := slices.MaxFunc(ids, func(a, b int32) int {
		return cmp.Or(cmp.Compare(squaredDistance(points.Row(int(a)), first), squaredDistance(points.Row(int(b)), first)), cmp.Compare(b, a))
	})
	from, to := slices.Clone(first), slices.Clone(points.Row(int(farthest)))
	along := make([]float64, points.Rows)
	for range halvingRounds {
		axpy(to, -1, from) // a point is nearer to one of two the farther it is along their difference
		for _, id := range ids {
			along[id] = dot64(points.Row(int(id)), to)
		}
		slices.SortFunc(ids, func(a, b int32) int { return cmp.Or(cmp.Compare(along[a], along[b]), cmp.Compare(a, b)) })
		from, to = meanOf(points, ids[:len(ids)/2]), meanOf(points, ids[len(ids)/2:])
	}
}

// meanOf returns the mean of chosen points.
func meanOf(points *kernel.Matrix, ids []int32) []float32 {
	sums := make([]float64, points.Cols)
	for _, id := range ids {
		for j, v := range points.Row(int(id)) {
			sums[j] += float64(v)
		}
	}
	for j := range sums {
		sums[j] /= float64(max(len(ids), 1))
	}
	return narrow(sums)
}

// summarise fills Vectors and Shifts.
func (t *KernelTree) summarise(points *kernel.Matrix) error {
	rows := 2 * t.Leaves() * t.parts()
	t.Vectors, t.Shifts = kernel.NewMatrix(rows, t.Width), make([]float32, rows)
	for subtree := 2; subtree < 2*t.Leaves(); subtree++ {
		ids, row := t.under(subtree), subtree*t.parts()
		centre := make([]float32, points.Cols)
		if t.Score != TreeKernel {
			centre = meanOf(points, ids)
			t.put(row, centre, 1)
			row++
		}
		if t.Rank == 0 || len(ids) == 0 {
			continue
		}
		moments := secondMoments(points, ids, centre)
		basis, err := leading(moments, t.Rank)
		if err != nil {
			return err
		}
		for i, vector := range toRows(basis) {
			t.put(row+i, vector, t.scale(moments, basis.RowView(i), len(ids)))
		}
	}
	return nil
}

// under returns the nodes of a subtree.
func (t *KernelTree) under(subtree int) []int32 {
	first, last := subtree, subtree
	for first < t.Leaves() {
		first, last = 2*first, 2*last+1
	}
	return t.Order[t.Starts[first-t.Leaves()]:t.Starts[last-t.Leaves()+1]]
}

// put stores a vector whose last element is the bias's, by a factor.
func (t *KernelTree) put(row int, vector []float32, factor float32) {
	axpy(t.Vectors.Row(row), factor, vector[:t.Width])
	t.Shifts[row] = factor * vector[t.Width]
}

// scale returns the factor of an eigenvector of the moments of n rows.
func (t *KernelTree) scale(moments *mat.SymDense, vector mat.Vector, n int) float32 {
	eigenvalue := max(0, mat.Inner(vector, moments, vector))
	if t.Score == TreeKernel {
		return float32(math.Sqrt(eigenvalue))
	}
	return float32(math.Sqrt(eigenvalue / float64(n) * 2 * math.Log(float64(n))))
}

// secondMoments returns the sum of the outer products of chosen points less a centre.
func secondMoments(points *kernel.Matrix, ids []int32, centre []float32) *mat.SymDense {
	columns := mat.NewDense(points.Cols, len(ids), nil)
	for i, id := range ids {
		for j, v := range points.Row(int(id)) {
			columns.Set(j, i, float64(v)-float64(centre[j]))
		}
	}
	moments := mat.NewSymDense(points.Cols, nil)
	moments.SymOuterK(1, columns)
	return moments
}

// toRows returns the rows of a matrix in single precision.
func toRows(d *mat.Dense) [][]float32 {
	rows, _ := d.Dims()
	out := make([][]float32, rows)
	for i := range out {
		out[i] = narrow(d.RawRowView(i))
	}
	return out
}
