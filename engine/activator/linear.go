package activator

import (
	"fmt"

	"gonum.org/v1/gonum/mat"

	"slosim/engine/kernel"
)

// LinearTables predict a layer's pre-activations through a small space:
//
//	scores = Map (Basis x + Offset) + Bias
type LinearTables struct {
	Basis  *kernel.Matrix // dimensions x inputs
	Offset []float32      // dimensions
	Map    *kernel.Matrix // nodes x dimensions
	Bias   []float32      // nodes
}

// Linear ranks nodes by predicted pre-activation, after the predictors of contextual
// sparsity (DejaVu, ICML 2023), but without training: the predictor is the layer
// itself, projected.
type Linear struct {
	tables *LinearTables
	set    *kernel.Set
}

// NewLinear binds tables to kernels.
func NewLinear(set *kernel.Set, tables *LinearTables) *Linear { return &Linear{tables, set} }

// NewScratch implements [Activator].
func (l *Linear) NewScratch() *Scratch {
	return &Scratch{projected: kernel.Aligned(l.tables.Basis.Rows), scores: kernel.Aligned(l.tables.Map.Rows)}
}

// Score implements [Activator].
func (l *Linear) Score(s *Scratch, x []float32) {
	l.set.MatVec(s.projected, l.tables.Basis, x, l.tables.Offset)
	l.set.MatVec(s.scores, l.tables.Map, s.projected, l.tables.Bias)
}

// Top implements [Activator].
func (l *Linear) Top(ids []int32, s *Scratch, k int) int { return l.set.TopK(ids, s.scores, k) }

// Ops returns the multiply-adds of Score.
func (l *Linear) Ops() int64 { return int64(len(l.tables.Basis.Data) + len(l.tables.Map.Data)) }

// Tables returns what decides the ranking, a *LinearTables.
func (l *Linear) Tables() any { return l.tables }

// Bytes returns the size of the tables in memory.
func (l *Linear) Bytes() int64 { return 4 * l.Ops() }

// BuildLinear projects the layer w x + bias on a subspace of the inputs:
//
//	scores = w P'P (x - mean) + w mean + bias
//
// with P the basis. It needs nothing of the network but this layer.
func BuildLinear(space *Subspace, w *kernel.Matrix, bias []float32) (*LinearTables, error) {
	if err := checkLayer(space.Basis.Cols, w, bias); err != nil {
		return nil, err
	}
	var through mat.Dense
	through.Mul(toDense(w), toDense(space.Basis).T())
	return &LinearTables{
		Basis:  space.Basis,
		Offset: centredBias(space.Basis, space.Mean),
		Map:    toMatrix(&through),
		Bias:   meanResponse(w, space.Mean, bias),
	}, nil
}

// BuildReducedRank gives the best prediction of that form in mean square over the
// images: instead of the directions in which the inputs vary most it keeps those in
// which the layer's outputs do. With U the leading eigenvectors of w C w', C being
// the covariance of the images (reduced-rank regression, Izenman 1975):
//
//	scores = U U' w (x - mean) + w mean + bias
func BuildReducedRank(images Images, dimensions int, w *kernel.Matrix, bias []float32) (*LinearTables, error) {
	if err := checkLayer(w.Cols, w, bias); err != nil {
		return nil, err
	}
	mean, covariance, err := moments(images, w.Cols)
	if err != nil {
		return nil, err
	}
	layer := toDense(w)
	outputs, err := leading(responseCovariance(layer, covariance), dimensions)
	if err != nil {
		return nil, err
	}
	var basis mat.Dense
	basis.Mul(outputs, layer)
	t := &LinearTables{Basis: toMatrix(&basis), Map: toMatrix(mat.DenseCopyOf(outputs.T()))}
	t.Offset = centredBias(t.Basis, narrow(mean))
	t.Bias = meanResponse(w, narrow(mean), bias)
	return t, nil
}

// responseCovariance returns w C w'.
func responseCovariance(w *mat.Dense, c *mat.SymDense) *mat.SymDense {
	var half, full mat.Dense
	half.Mul(w, c)
	full.Mul(&half, w.T())
	nodes, _ := full.Dims()
	sym := mat.NewSymDense(nodes, nil)
	for i := range nodes {
		for j := i; j < nodes; j++ {
			sym.SetSym(i, j, (full.At(i, j)+full.At(j, i))/2)
		}
	}
	return sym
}

// meanResponse returns w mean + bias.
func meanResponse(w *kernel.Matrix, mean, bias []float32) []float32 {
	out := kernel.Aligned(w.Rows)
	for i := range out {
		out[i] = float32(dot64(w.Row(i), mean) + float64(bias[i]))
	}
	return out
}

func checkLayer(inputs int, w *kernel.Matrix, bias []float32) error {
	if w.Cols != inputs || len(bias) != w.Rows {
		return fmt.Errorf("linear activator: want a layer of %d inputs and %d biases, got %d and %d", inputs, w.Rows, w.Cols, len(bias))
	}
	return nil
}
