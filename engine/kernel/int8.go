package kernel

import (
	"fmt"
	"math"
)

// MaxInt8Cols is how many columns an [Int8] may have: the sum of so many products of 7
// and 8 bits, 127*127 each, fits 32 bits.
const MaxInt8Cols = 1 << 17

// Int8 is a dense table of integers with a scale a row: a weight is Scale[row] times its
// integer. Rows start on 64-byte boundaries and are Stride bytes apart (a multiple of
// 64). Kernels read the padding, which is zero and stays zero.
//
// The numbers are those of Jacob et al., "Quantization and training of neural networks
// for efficient integer-arithmetic-only inference" (CVPR 2018), with symmetric weights.
type Int8 struct {
	Rows, Cols, Stride int
	Data               []int8    // Rows*Stride, 64-byte aligned, -127..127
	Scale              []float32 // of each row
	Sum                []int32   // of each row's integers
}

// NewInt8 rounds each row of a matrix to 255 levels between its largest magnitude and
// the negative of it, to the nearest level and to an even one of two equally near. A
// row whose magnitudes are all below 1e-43 becomes zero. It panics if a weight is not
// finite, if m has more than 131,072 columns or if it is short of elements.
func NewInt8(m *Matrix) *Int8 {
	if m.Cols > MaxInt8Cols {
		panic(fmt.Sprintf("kernel: int8 table of %d columns: want at most %d, or sums may not fit 32 bits", m.Cols, MaxInt8Cols))
	}
	return roundInt8(m)
}

func roundInt8(m *Matrix) *Int8 {
	mustHold("int8", m)
	w := &Int8{Rows: m.Rows, Cols: m.Cols, Stride: roundUp(m.Cols, int8Stride)}
	w.Data, w.Scale, w.Sum = alignedOf[int8](w.Rows*w.Stride), make([]float32, w.Rows), make([]int32, w.Rows)
	for i := range w.Rows {
		w.roundRow(i, m.Row(i))
	}
	return w
}

func (w *Int8) roundRow(i int, row []float32) {
	var largest float64
	for j, v := range row {
		a := math.Abs(float64(v))
		if !(a <= math.MaxFloat32) {
			panic(fmt.Sprintf("kernel: int8 table: weight %d of row %d is %v: want finite weights", j, i, v))
		}
		largest = max(largest, a)
	}
	scale := float32(largest / 127)
	if scale == 0 {
		return
	}
	w.Scale[i] = scale
	out := w.Row(i)
	for j, v := range row {
		// The scale of tiny weights is coarsely rounded, hence the limits.
		q := min(max(math.RoundToEven(float64(v)/float64(scale)), -127), 127)
		out[j] = int8(q)
		w.Sum[i] += int32(q)
	}
}

// Row returns row i without its padding.
func (w *Int8) Row(i int) []int8 { return w.Data[i*w.Stride : i*w.Stride+w.Cols] }

// Bytes returns the size of the tables.
func (w *Int8) Bytes() int64 {
	return int64(len(w.Data)) + 4*int64(len(w.Scale)) + 4*int64(len(w.Sum))
}

// Dense returns the weights that the table stands for, each within half a scale of the
// one that it was made from; next to the largest float32, it may round to infinity.
func (w *Int8) Dense() *Matrix {
	m := NewMatrix(w.Rows, w.Cols)
	for i := range w.Rows {
		out := m.Row(i)
		for j, q := range w.Row(i) {
			out[j] = w.Scale[i] * float32(q)
		}
	}
	return m
}

func (w *Int8) size() tableSize {
	whole := holdsRows(w.Rows, w.Cols, w.Stride, len(w.Data), int8Stride) && len(w.Scale) >= w.Rows && len(w.Sum) >= w.Rows
	return tableSize{"int8", w.Rows, w.Cols, w.Stride, whole}
}

func checkInt8(y []float32, want int, w *Int8, x *Quantised, b []float32) {
	w.size().checkProduct(len(y), want, len(x.Data), b)
	if x.Cols != w.Cols || w.Cols > MaxInt8Cols || len(x.Data) < roundUp(w.Cols, int8Stride) {
		panic(fmt.Sprintf("kernel: %dx%d int8 table times %d quantised inputs (%d bytes): want as many inputs as columns, at most %d, in whole lines",
			w.Rows, w.Cols, x.Cols, len(x.Data), MaxInt8Cols))
	}
}

func matVecInt8Go(y []float32, w *Int8, x *Quantised, b []float32) {
	checkInt8(y, w.Rows, w, x, b)
	for i := range w.Rows {
		y[i] = rowInt8Go(w, i, x, b)
	}
}

func gatherInt8Go(y []float32, w *Int8, ids []int32, x *Quantised, b []float32) {
	checkInt8(y, len(ids), w, x, b)
	checkIDs(ids, w.Rows)
	for i, id := range ids {
		y[i] = rowInt8Go(w, int(id), x, b)
	}
}

// rowInt8Go rounds after each operation, in the order of the assembly.
func rowInt8Go(w *Int8, i int, x *Quantised, b []float32) float32 {
	sum := dotInt8Go(w.Row(i), x.Data) - x.Zero*w.Sum[i]
	scale := float32(w.Scale[i] * x.Scale)
	y := float32(scale * float32(sum))
	if b != nil {
		y += b[i]
	}
	return y
}

func dotInt8Go(row []int8, q []uint8) int32 {
	q = q[:len(row)]
	var sum int32
	for j, v := range row {
		sum += int32(v) * int32(q[j])
	}
	return sum
}

func axpyInt8Go(y []float32, wt *Int8, ids []int32, a []float32) {
	wt.size().checkAxpy(y, ids, a)
	for j, id := range ids {
		row, f := wt.Row(int(id)), float32(a[j]*wt.Scale[id])
		out := y[:len(row)]
		for i, q := range row {
			out[i] += float32(f * float32(q))
		}
	}
}
