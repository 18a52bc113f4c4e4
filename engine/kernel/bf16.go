package kernel

import (
	"fmt"
	"math"
)

// BF16 is a dense table of bfloat16 numbers, row-major: each is the upper half of a
// float32, so it has the same range and 8 bits of precision. Rows start on 64-byte
// boundaries and are Stride elements apart (a multiple of 32). Kernels may read the
// padding but never use it.
type BF16 struct {
	Rows, Cols, Stride int
	Data               []uint16 // Rows*Stride, 64-byte aligned
}

// NewBF16 rounds a matrix to bfloat16: to the nearest, of two equally near ones to the
// one with an even last bit. What is larger than the largest bfloat16 becomes infinite,
// and what is not a number stays none. It panics if m is short of elements.
func NewBF16(m *Matrix) *BF16 {
	mustHold("bf16", m)
	w := &BF16{Rows: m.Rows, Cols: m.Cols, Stride: roundUp(m.Cols, bf16Stride)}
	w.Data = alignedOf[uint16](w.Rows * w.Stride)
	for i := range m.Rows {
		out := w.Row(i)
		for j, v := range m.Row(i) {
			out[j] = toBF16(v)
		}
	}
	return w
}

// Row returns row i without its padding.
func (w *BF16) Row(i int) []uint16 { return w.Data[i*w.Stride : i*w.Stride+w.Cols] }

// Bytes returns the size of the table.
func (w *BF16) Bytes() int64 { return 2 * int64(len(w.Data)) }

// Dense returns the numbers of the table as a matrix: NewBF16 of it is the table again.
func (w *BF16) Dense() *Matrix {
	m := NewMatrix(w.Rows, w.Cols)
	for i := range w.Rows {
		out := m.Row(i)
		for j, h := range w.Row(i) {
			out[j] = fromBF16(h)
		}
	}
	return m
}

func toBF16(v float32) uint16 {
	bits := math.Float32bits(v)
	if v != v {
		return uint16(bits>>16) | 0x40 // a NaN whatever its low bits were
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

func fromBF16(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

func mustHold(kind string, m *Matrix) {
	if !holds(m) {
		panic(fmt.Sprintf("kernel: %s table of a %dx%d matrix (stride %d, %d floats): want whole rows",
			kind, m.Rows, m.Cols, m.Stride, len(m.Data)))
	}
}

func (w *BF16) size() tableSize {
	return tableSize{"bf16", w.Rows, w.Cols, w.Stride, holdsRows(w.Rows, w.Cols, w.Stride, len(w.Data), bf16Stride)}
}

func matVecBF16Go(y []float32, w *BF16, x, b []float32) {
	w.size().checkProduct(len(y), w.Rows, len(x), b)
	for i := range w.Rows {
		y[i] = dotBF16Go(w.Row(i), x) + biasAt(b, i)
	}
}

func gatherBF16Go(y []float32, w *BF16, ids []int32, x, b []float32) {
	w.size().checkProduct(len(y), len(ids), len(x), b)
	checkIDs(ids, w.Rows)
	for i, id := range ids {
		y[i] = dotBF16Go(w.Row(int(id)), x) + biasAt(b, int(id))
	}
}

// dotBF16Go keeps four sums for the reason that dotGo does.
func dotBF16Go(row []uint16, x []float32) float32 {
	x = x[:len(row)]
	var s0, s1, s2, s3 float32
	i := 0
	for ; i+4 <= len(row); i += 4 {
		r, v := row[i:i+4:i+4], x[i:i+4:i+4]
		s0 += float32(fromBF16(r[0]) * v[0])
		s1 += float32(fromBF16(r[1]) * v[1])
		s2 += float32(fromBF16(r[2]) * v[2])
		s3 += float32(fromBF16(r[3]) * v[3])
	}
	for ; i < len(row); i++ {
		s0 += float32(fromBF16(row[i]) * x[i])
	}
	return (s0 + s1) + (s2 + s3)
}

func axpyBF16Go(y []float32, wt *BF16, ids []int32, a []float32) {
	wt.size().checkAxpy(y, ids, a)
	for j, id := range ids {
		row, f := wt.Row(int(id)), a[j]
		out := y[:len(row)]
		for i, h := range row {
			out[i] += float32(f * fromBF16(h))
		}
	}
}
