package train

import (
	"math"
	"math/rand/v2"

	"slosim/workloads/rng"
)

// thinned are the inputs of a batch without the features that they lost at random. What is
// left of an input has the length of the whole (its Euclidean norm), so that the hidden layer
// sees inputs of the usual size. Losing words keeps a network from learning samples by heart
// (word dropout: Iyyer et al., ACL 2015).
type thinned struct {
	starts []int // of each row, and the end
	ids    []int32
	values []float32
}

// of returns what is left of a row.
func (t *thinned) of(row int) ([]int32, []float32) {
	lo, hi := t.starts[row], t.starts[row+1]
	return t.ids[lo:hi], t.values[lo:hi]
}

// fill replaces the inputs by those of samples, each of whose features is lost with a probability.
func (t *thinned) fill(from SparseSamples, samples []int, probability float64, key rng.Key) {
	t.starts, t.ids, t.values = append(t.starts[:0], 0), t.ids[:0], t.values[:0]
	for row, sample := range samples {
		ids, values := from.Sparse(sample)
		if probability == 0 {
			t.ids, t.values = append(t.ids, ids...), append(t.values, values...)
		} else {
			t.lose(ids, values, probability, rand.New(key.Source(rng.Training, uint64(row))))
		}
		t.starts = append(t.starts, len(t.ids))
	}
}

// lose appends what is left of an input.
func (t *thinned) lose(ids []int32, values []float32, probability float64, r *rand.Rand) {
	first := len(t.ids)
	whole, left := 0.0, 0.0
	for k, id := range ids {
		square := float64(values[k]) * float64(values[k])
		whole += square
		if r.Float64() >= probability {
			t.ids, t.values = append(t.ids, id), append(t.values, values[k])
			left += square
		}
	}
	if left > 0 {
		scale := float32(math.Sqrt(whole / left))
		for k := range t.values[first:] {
			t.values[first+k] *= scale
		}
	}
}
