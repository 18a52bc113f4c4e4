package engine

import "slosim/engine/kernel"

// Judged is a set of inputs with right answers, such as *workloads.Dataset and
// *workloads.SparseSet. Its inputs have all features or are sparse: see [Take].
type Judged interface {
	Len() int
	Right(i, answer int) bool // whether an answer about sample i is right
}

// withAll is a set whose inputs have all features.
type withAll interface {
	Input(i int, dst []float32) // writes sample i
}

// withFew is a set whose inputs are sparse.
type withFew interface {
	Sparse(i int) (ids []int32, values []float32) // features that are not zero, by ascending id
}

// Take makes sample i the input: all features are written to in.All, which has room for
// them; sparse ones stay the set's own memory.
func Take(set Judged, i int, in *Input) {
	switch set := set.(type) {
	case withFew:
		in.IDs, in.Values = set.Sparse(i)
	case withAll:
		set.Input(i, in.All)
	}
}

// Takable says whether a set has inputs that [Take] knows to take.
func Takable(set Judged) bool {
	switch set.(type) {
	case withFew, withAll:
		return true
	}
	return false
}

// eachInput calls visit with every input in order, with room for so many features. The
// input is valid during the call.
func eachInput(set Judged, features int, visit func(i int, in Input)) {
	in := Input{All: kernel.Aligned(features)}
	for i := range set.Len() {
		Take(set, i, &in)
		visit(i, in)
	}
}
