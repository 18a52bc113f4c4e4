package bench

import (
	"github.com/viterin/vek/vek32"
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"slosim/engine/kernel"
)

// product multiplies a table with a vector: y = w x + b.
type product func(y []float32, w *kernel.Matrix, x, b []float32)

// baseline is another library's dense product.
type baseline struct {
	name string
	product
}

// baselines are what a Go program would use otherwise.
func baselines() []baseline {
	return []baseline{{"gonum blas32.Gemv", gonumGemv}, {"vek32.Dot", vekDots}}
}

func gonumGemv(y []float32, w *kernel.Matrix, x, b []float32) {
	copy(y, b[:w.Rows])
	a := blas32.General{Rows: w.Rows, Cols: w.Cols, Stride: w.Stride, Data: w.Data}
	blas32.Gemv(blas.NoTrans, 1, a, blas32.Vector{N: w.Cols, Inc: 1, Data: x}, 1, blas32.Vector{N: w.Rows, Inc: 1, Data: y})
}

func vekDots(y []float32, w *kernel.Matrix, x, b []float32) {
	for i := range w.Rows {
		y[i] = vek32.Dot(w.Row(i), x) + b[i]
	}
}
