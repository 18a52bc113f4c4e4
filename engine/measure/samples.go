package measure

// Samples is a labelled set of inputs. It is a DenseSamples or a SparseSamples.
type Samples interface {
	Len() int
	Right(i, answer int) bool // whether an answer about sample i is right
}

// DenseSamples are inputs with all their features.
type DenseSamples interface {
	Samples
	Input(i int, dst []float32) // writes sample i
}

// SparseSamples are inputs with few of very many features.
type SparseSamples interface {
	Samples
	Sparse(i int) (ids []int32, values []float32) // those that are not zero, by ascending id
}

// take makes sample i of a set the present input.
func (c *campaign) take(set Samples, i int) {
	switch set := set.(type) {
	case SparseSamples:
		c.input.IDs, c.input.Values = set.Sparse(i)
	case DenseSamples:
		set.Input(i, c.input.All)
	}
}

// takable says whether a set's inputs can be taken.
func takable(set Samples) bool {
	switch set.(type) {
	case SparseSamples, DenseSamples:
		return true
	}
	return false
}
