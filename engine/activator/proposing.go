package activator

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"slosim/engine/kernel"
)

// This file holds what the tables of output nodes have in common.

// begin forgets all nodes and makes room for so many ids, of which some may come again.
func (c *Candidates) begin(room int) {
	if c.stamp++; c.stamp == 0 {
		clear(c.stamps)
		c.stamp = 1
	}
	if room > len(c.ids) {
		c.ids = make([]int32, room)
	}
}

// more adds those of ids that are new to the kept ones, and returns how many are kept then.
func (c *Candidates) more(set *kernel.Set, kept int, ids []int32) int {
	return kept + set.Union(c.ids[kept:], c.stamps, c.stamp, ids)
}

// rowImages are the rows of a matrix as the inputs of [PCA].
type rowImages struct{ rows *kernel.Matrix }

func (r rowImages) Len() int                   { return r.rows.Rows }
func (r rowImages) Input(i int, dst []float32) { copy(dst, r.rows.Row(i)) }

// unitRows returns the first cols elements of each row, scaled to length 1.
func unitRows(m *kernel.Matrix, cols int) *kernel.Matrix {
	units := kernel.NewMatrix(m.Rows, cols)
	for i := range m.Rows {
		row := units.Row(i)
		copy(row, m.Row(i))
		divide(row, length(row))
	}
	return units
}

// length returns the Euclidean length of a vector.
func length(v []float32) float32 { return float32(math.Sqrt(dot64(v, v))) }

// validExamples reports the first contradiction between the parts of examples.
func validExamples(e *Examples) error {
	if e.Inputs == nil || e.Hidden == nil || e.Rows == nil || e.Inputs.Len() == 0 {
		return errors.New("want inputs, their hidden vectors and an output layer, got a part that is missing")
	}
	if e.Hidden.Rows != e.Inputs.Len() || e.Hidden.Cols != e.Rows.Cols || len(e.Bias) != e.Rows.Rows {
		return fmt.Errorf("want %d hidden vectors of %d and %d biases, got %d of %d and %d",
			e.Inputs.Len(), e.Rows.Cols, e.Rows.Rows, e.Hidden.Rows, e.Hidden.Cols, len(e.Bias))
	}
	if e.Features < 1 || e.Nodes() < 1 || e.Hidden.Cols < 1 {
		return fmt.Errorf("want 1 or more features, hidden and output nodes, got %d, %d and %d", e.Features, e.Hidden.Cols, e.Nodes())
	}
	return nil
}

// validMatrix says whether a matrix has a shape, of at least 1 x 1, and the memory for it.
func validMatrix(m *kernel.Matrix, rows, cols int) error {
	if m == nil {
		return fmt.Errorf("want a %d x %d matrix, got none", rows, cols)
	}
	if m.Rows != rows || m.Cols != cols || m.Stride < cols || m.Stride > len(m.Data) || len(m.Data) < rows*m.Stride {
		return fmt.Errorf("want a %d x %d matrix, got %d x %d in %d numbers, %d a row", rows, cols, m.Rows, m.Cols, len(m.Data), m.Stride)
	}
	return nil
}

// validIDs says whether all ids are nodes.
func validIDs(ids []int32, nodes int) error {
	for i, id := range ids {
		if id < 0 || int(id) >= nodes {
			return fmt.Errorf("entry %d: want nodes 0..%d, got %d", i, nodes-1, id)
		}
	}
	return nil
}

// validOrder says whether ids are all nodes, each once.
func validOrder(ids []int32) error {
	seen := make([]bool, len(ids))
	for _, id := range ids {
		if id < 0 || int(id) >= len(ids) || seen[id] {
			return fmt.Errorf("want nodes 0..%d, each once, got %d", len(ids)-1, id)
		}
		seen[id] = true
	}
	return nil
}

// validStarts says whether ranges that follow each other divide total entries.
func validStarts(starts []int32, ranges, total int) error {
	if len(starts) != ranges+1 || starts[0] != 0 || int(starts[ranges]) != total {
		return fmt.Errorf("want %d ranges of %d entries, got %d bounds", ranges, total, len(starts))
	}
	if !slices.IsSorted(starts) {
		return errors.New("want ranges that follow each other, got one that ends before it starts")
	}
	return nil
}

// validSteps says whether sizes ascend within 1..most and each has a number of nodes.
func validSteps(sizes []int32, means []float32, most int) error {
	if len(sizes) == 0 || len(means) != len(sizes) {
		return fmt.Errorf("want steps with a number of nodes each, got %d with %d", len(sizes), len(means))
	}
	for i, size := range sizes {
		if size < 1 || int(size) > most || i > 0 && size <= sizes[i-1] {
			return fmt.Errorf("step %d: want a size of 1..%d above the last one, got %d", i, most, size)
		}
		if mean := float64(means[i]); !(mean >= 0) || math.IsInf(mean, 0) {
			return fmt.Errorf("step %d: want 0 or more nodes, got %v", i, mean)
		}
	}
	return nil
}

// stepsOf names steps; format has a place for the size.
func stepsOf(format string, sizes []int32, means []float32) []Step {
	steps := make([]Step, len(sizes))
	for i, size := range sizes {
		steps[i] = Step{Name: fmt.Sprintf(format, size), Size: int(size), Nodes: float64(means[i])}
	}
	return steps
}

// sizesUpTo returns 1, 2, 5, 10, 20, 50 and so on up to most, and most.
func sizesUpTo(most int) []int32 {
	var sizes []int32
	for unit := 1; unit < most; unit *= 10 {
		for _, size := range []int{unit, 2 * unit, 5 * unit} {
			if size < most {
				sizes = append(sizes, int32(size))
			}
		}
	}
	return append(sizes, int32(most))
}

// doublesUpTo returns 1, 2, 4, 8 and so on up to most, and most.
func doublesUpTo(most int) []int32 {
	var sizes []int32
	for size := 1; size < most; size *= 2 {
		sizes = append(sizes, int32(size))
	}
	return append(sizes, int32(most))
}

// meanSamples is how many examples the expected number of nodes is a mean over: its
// standard error is then a few hundredths of what queries differ by.
const meanSamples = 1024

// meanNodes returns the mean number of nodes proposed at each size, over examples spread
// evenly over all.
func meanNodes(p Proposer, e *Examples, sizes []int32) []float32 {
	means, count := make([]float32, len(sizes)), min(meanSamples, e.Inputs.Len())
	for at, size := range sizes {
		means[at] = float32(meanProposed(p, e.Inputs.Len(), count, e.query, int(size)))
	}
	return means
}

// meanProposed returns the mean number of nodes proposed at a size, over count of all
// queries, spread evenly.
func meanProposed(p Proposer, all, count int, query func(i int) Query, size int) float64 {
	sum := 0
	for i := range count {
		p.Look(query(i * all / count))
		sum += len(p.Propose(size))
	}
	return float64(sum) / float64(count)
}

// query returns example i as a query.
func (e *Examples) query(i int) Query {
	ids, values := e.Inputs.Sparse(i)
	return Query{IDs: ids, Values: values, Hidden: e.Hidden.Row(i)}
}

// likelyOverall returns all nodes by their summed probability over the examples, the
// likeliest first; of equal ones the lower first.
func likelyOverall(e *Examples) []int32 {
	sums := make([]float32, e.Nodes())
	for i := range e.Inputs.Len() {
		for _, n := range e.Inputs.Likely(i) {
			sums[n.Node] += n.Share
		}
	}
	return ranking(sums)
}

func matrixBytes(m *kernel.Matrix) int64 { return 4 * int64(len(m.Data)) }
