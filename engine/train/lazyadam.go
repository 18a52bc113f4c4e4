package train

import "slosim/engine/kernel"

// adamTable is Adam on the rows of a table of which a batch touches few. It is the lazy
// variant (LazyAdam of TensorFlow, SparseAdam of PyTorch): a row's weights and both of its
// means move in the steps that touch it and rest in the others, where plain Adam would let
// the means decay and the weights drift on. What a step costs then follows from the
// samples, not from the size of the table. The bias corrections count all steps.
type adamTable struct {
	weights, mean, square *kernel.Matrix
}

func newAdamTable(weights *kernel.Matrix) adamTable {
	return adamTable{weights, kernel.NewMatrix(weights.Rows, weights.Cols), kernel.NewMatrix(weights.Rows, weights.Cols)}
}

// update moves a row against its gradient.
func (a *adamTable) update(row int, gradient []float32, s adamStep) {
	s.update(a.weights.Row(row), gradient, a.mean.Row(row), a.square.Row(row))
}

// adamVector is the same for a vector, each element of which counts as a row.
type adamVector struct {
	weights, mean, square []float32
}

func newAdamVector(weights []float32) adamVector {
	return adamVector{weights, make([]float32, len(weights)), make([]float32, len(weights))}
}

// update moves the elements from lo on against their gradients.
func (a *adamVector) update(lo int, gradient []float32, s adamStep) {
	hi := lo + len(gradient)
	s.update(a.weights[lo:hi], gradient, a.mean[lo:hi], a.square[lo:hi])
}
