package kernel

import "fmt"

func matMatGo(ys [][]float32, w *Matrix, xs [][]float32, b []float32) {
	checkMatMat(ys, w, xs, b)
	for r := range w.Rows {
		row, bias := w.Row(r), biasAt(b, r)
		for i, x := range xs {
			ys[i][r] = dotGo(row, x) + bias
		}
	}
}

// checkMatMat panics unless every input and every result has its place.
func checkMatMat(ys [][]float32, w *Matrix, xs [][]float32, b []float32) {
	if len(ys) < len(xs) {
		panic(fmt.Sprintf("kernel: product of %d inputs into %d outputs: want as many", len(xs), len(ys)))
	}
	for i, x := range xs {
		checkMatVec(ys[i], w, x, b)
	}
}
