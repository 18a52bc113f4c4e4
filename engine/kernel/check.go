package kernel

import (
	"fmt"
	"math"
	"math/bits"
)

// The checks below cost a few nanoseconds a call and are what stands between a wrong
// length and assembly that reads or writes past the end of a slice.

func checkMatVec(y []float32, w *Matrix, x, b []float32) {
	if w == nil || len(y) < w.Rows || len(x) < w.Cols || b != nil && len(b) < w.Rows || !holds(w) {
		badMatVec(len(y), w, len(x), len(b))
	}
}

func checkGather(y []float32, w *Matrix, ids []int32, x, b []float32) {
	if w == nil || len(y) < len(ids) || len(x) < w.Cols || b != nil && len(b) < w.Rows || !holds(w) {
		badMatVec(len(y), w, len(x), len(b))
	}
}

func checkAxpy(y []float32, wt *Matrix, ids []int32, a []float32) {
	if wt == nil || len(y) < wt.Cols || len(a) < len(ids) || !holds(wt) {
		if wt == nil {
			panic("kernel: want a matrix, got nil")
		}
		panic(fmt.Sprintf("kernel: axpy of %d ids, %d factors and a %dx%d matrix into %d sums",
			len(ids), len(a), wt.Rows, wt.Cols, len(y)))
	}
}

func checkCompress(ids []int32, vals, y []float32) {
	if len(ids) < len(y) || len(vals) < len(y) {
		panic(fmt.Sprintf("kernel: compress %d values into %d ids and %d values: want as many", len(y), len(ids), len(vals)))
	}
}

func holds(w *Matrix) bool {
	return w.Rows >= 0 && w.Cols >= 0 && w.Cols <= w.Stride && len(w.Data) >= times(w.Rows, w.Stride)
}

// times multiplies numbers that are not negative. Products above the largest int, which
// wrapped around could pass for small ones, are half of it: the sum of two is above any length.
func times(a, b int) int {
	if high, low := bits.Mul64(uint64(a), uint64(b)); high == 0 && low < math.MaxInt/2 {
		return int(low)
	}
	return math.MaxInt / 2
}

func badMatVec(y int, w *Matrix, x, b int) {
	if w == nil {
		panic("kernel: want a matrix, got nil")
	}
	panic(fmt.Sprintf("kernel: %dx%d matrix (stride %d, %d floats) times %d inputs plus %d biases into %d outputs: a slice is too short",
		w.Rows, w.Cols, w.Stride, len(w.Data), x, b, y))
}

func checkAddBytes(sum []uint16, table []uint8) {
	if len(sum) < len(table) {
		panic(fmt.Sprintf("kernel: add %d bytes to %d sums: want as many", len(table), len(sum)))
	}
}

// checkIDs panics at an id outside of 0..rows-1. It looks at all of them without a branch
// on any, so that it costs about a cycle an id.
func checkIDs(ids []int32, rows int) {
	last := min(int64(rows), math.MaxInt32+1) - 1 // an id has 31 bits, so that -1 becomes too large
	var wrong int64
	for _, id := range ids {
		wrong |= last - int64(uint32(id))
	}
	if wrong < 0 {
		badID(ids, rows)
	}
}

func checkTopK(ids []int32, scores []float32, k int) {
	if k = min(k, len(scores)); len(ids) < k {
		panic(fmt.Sprintf("kernel: top %d of %d scores into %d ids: want as many", k, len(scores), len(ids)))
	}
}

// badID panics with the first id outside of 0..rows-1, of which there must be one.
func badID(ids []int32, rows int) {
	for i, id := range ids {
		if id < 0 || int(id) >= rows {
			panic(fmt.Sprintf("kernel: ids[%d] = %d: want 0..%d", i, id, rows-1))
		}
	}
	panic("kernel: an id was refused, but all are in range")
}

// checkView panics unless a rows x cols view with these steps lies inside n floats.
func checkView(name string, n, rows, cols, rowStep, colStep int) {
	if rowStep < 0 || colStep < 0 || times(rows-1, rowStep)+times(cols-1, colStep) >= n {
		panic(fmt.Sprintf("kernel: gemm: a %dx%d view with steps %d and %d does not fit %s of %d floats",
			rows, cols, rowStep, colStep, name, n))
	}
}
