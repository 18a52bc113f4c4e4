package activator

import (
	"errors"
	"math"
	"math/rand/v2"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// How planes are trained. On wordnet-13k more epochs, rates of 0.1 to 1 and a
// margin of 1.5 find as many nodes for as many proposed.
const (
	planeEpochs  = 4
	planeSamples = 20_000 // examples of an epoch at most
	planeRate    = 0.3
	planeMargin  = 1.0 // between the mean products of signs, of which each is -1..1
)

// planeTrainer trains planes by stochastic gradient descent.
type planeTrainer struct {
	set    *kernel.Set
	planes *kernel.Matrix
	bits   int
	steep  float32 // tanh(steep x distance) stands for the sign
	// A triplet: the query, a likely node's row and an unlikely one's, scaled to length 1,
	// and their soft signs.
	vectors [3][]float32
	soft    [3][]float32
}

// trainPlanes turns planes so that queries share their side with the rows of nodes that are
// likely for them, and not with others': the triplet loss of MONGOOSE, for each table
// max(0, margin - (agreement with the likely row - agreement with the other row)), the
// agreement being the mean product of soft signs. The other row is that of a node likely for
// another example: rows that suit everyone would crowd the buckets.
func trainPlanes(set *kernel.Set, planes *kernel.Matrix, e *Examples, space *rowSpace, o RowBucketOptions) error {
	t := &planeTrainer{set: set, planes: planes, bits: o.Bits, steep: float32(math.Sqrt(float64(planes.Cols)))}
	for i := range t.vectors {
		t.vectors[i], t.soft[i] = kernel.Aligned(planes.Cols), kernel.Aligned(planes.Rows)
	}
	random, trained := rand.New(o.Key.Source(rng.Training, 3)), 0
	for epoch := range planeEpochs {
		rate := planeRate * float32(planeEpochs-epoch) / planeEpochs
		for range min(planeSamples, e.Inputs.Len()) {
			i := random.IntN(e.Inputs.Len())
			likely, other := drawLikely(e, i, random), drawLikely(e, random.IntN(e.Inputs.Len()), random)
			if likely < 0 || other < 0 || isLikely(e, i, other) {
				continue
			}
			space.query(t.vectors[0], e.Hidden.Row(i))
			copy(t.vectors[1], space.rows.Row(int(likely)))
			copy(t.vectors[2], space.rows.Row(int(other)))
			t.step(rate)
			trained++
		}
		t.normalise()
	}
	if trained == 0 {
		return errors.New("want examples with likely nodes that others do not share, got none")
	}
	return nil
}

// drawLikely draws one of an example's likely nodes by its probability; -1 if it has none.
func drawLikely(e *Examples, i int, random *rand.Rand) int32 {
	list, total := e.Inputs.Likely(i), float32(0)
	for _, n := range list {
		total += n.Share
	}
	target, node := random.Float32()*total, int32(-1)
	for _, n := range list {
		if node = n.Node; target < n.Share {
			break
		}
		target -= n.Share
	}
	return node
}

func isLikely(e *Examples, i int, node int32) bool {
	for _, n := range e.Inputs.Likely(i) {
		if n.Node == node {
			return true
		}
	}
	return false
}

// step moves the planes down the gradient of one triplet.
func (t *planeTrainer) step(rate float32) {
	for i, v := range t.vectors {
		divide(v, length(v))
		t.set.MatVec(t.soft[i], t.planes, v, nil)
		for j, d := range t.soft[i] {
			t.soft[i][j] = float32(math.Tanh(float64(t.steep * d)))
		}
	}
	query, likely, other := t.soft[0], t.soft[1], t.soft[2]
	for from := 0; from < t.planes.Rows; from += t.bits {
		if t.lead(from) >= planeMargin {
			continue
		}
		for j := from; j < from+t.bits; j++ {
			row, by := t.planes.Row(j), rate/float32(t.bits)
			axpy(row, by*slope(query[j])*(likely[j]-other[j]), t.vectors[0])
			axpy(row, by*slope(likely[j])*query[j], t.vectors[1])
			axpy(row, -by*slope(other[j])*query[j], t.vectors[2])
		}
	}
}

// lead returns by how much the query agrees more with the likely row than with the other
// one, in the table whose planes start there.
func (t *planeTrainer) lead(from int) float32 {
	sum := float32(0)
	for j := from; j < from+t.bits; j++ {
		sum += float32(t.soft[0][j] * (t.soft[1][j] - t.soft[2][j]))
	}
	return sum / float32(t.bits)
}

// slope returns the derivative of tanh where it is y. The steepness is left to the rate.
func slope(y float32) float32 { return 1 - float32(y*y) }

// normalise scales the planes to length 1: only their directions count.
func (t *planeTrainer) normalise() {
	for i := range t.planes.Rows {
		divide(t.planes.Row(i), length(t.planes.Row(i)))
	}
}
