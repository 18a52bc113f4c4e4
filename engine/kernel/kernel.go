package kernel

import (
	"fmt"
	"math"
)

// Matrix is a dense float32 table, row-major. Rows start on 64-byte boundaries and
// are Stride floats apart (as NewMatrix makes them, a multiple of 16); the padding is zero
// and stays zero.
type Matrix struct {
	Rows, Cols, Stride int
	Data               []float32 // Rows*Stride, 64-byte aligned
}

// NewMatrix returns a zero matrix with aligned rows. It panics on sizes below 0 or beyond
// what can be addressed.
func NewMatrix(rows, cols int) *Matrix {
	if rows < 0 || cols < 0 || cols > math.MaxInt32 || rows > math.MaxInt32 {
		panic(fmt.Sprintf("kernel: matrix of %dx%d: want 0 to %d rows and columns", rows, cols, math.MaxInt32))
	}
	stride := (cols + 15) &^ 15
	return &Matrix{Rows: rows, Cols: cols, Stride: stride, Data: Aligned(rows * stride)}
}

// Corner returns the upper left part of m, rows x cols elements, as a view: what pads
// its rows is m's and need not be zero, which only kernels that stop at Cols may read. It
// panics if m is smaller.
func (m *Matrix) Corner(rows, cols int) Matrix {
	if rows < 0 || cols < 0 || rows > m.Rows || cols > m.Cols {
		panic(fmt.Sprintf("kernel: corner of %dx%d of a matrix of %dx%d", rows, cols, m.Rows, m.Cols))
	}
	return Matrix{Rows: rows, Cols: cols, Stride: m.Stride, Data: m.Data[:rows*m.Stride]}
}

// Row returns row i without its padding.
func (m *Matrix) Row(i int) []float32 { return m.Data[i*m.Stride : i*m.Stride+m.Cols] }

// Set is one variant of all kernels. All are single-threaded, allocate nothing, and
// are deterministic: the same input gives the same bits, whatever ran before.
// Vectors passed as x have the matrix's Cols elements and, for speed, should come from Aligned.
type Set struct {
	Name string // "go", "avx2" or "avx512"

	// bare is GatherMatVec without the arithmetic, with the same checks.
	bare func(y []float32, w *Matrix, ids []int32, x []float32)
	// read reads memory in some order, to measure how fast that can be; whole steps of
	// readStep bytes.
	read  []func(p *byte, bytes int)
	forms *tuned               // what Tune has measured; the kernels read it too
	run   func(w Table) runner // runs a table's products in any form; nil if they have one

	// MatVec computes y[i] = w.Row(i)·x + b[i] for all rows. b may be nil.
	MatVec func(y []float32, w *Matrix, x, b []float32)
	// GatherMatVec computes y[i] = w.Row(ids[i])·x + b[ids[i]] for i < len(ids).
	// Each y[i] has the same bits as MatVec's result for that row.
	GatherMatVec func(y []float32, w *Matrix, ids []int32, x, b []float32)
	// MatMat computes ys[i][r] = w.Row(r)·xs[i] + b[r] for all rows and all inputs xs, and
	// reads each weight from memory once for all of them. b may be nil. Each ys[i] has the
	// same bits as MatVec's result for xs[i]; no ys may overlap another or an input.
	//
	// Measured with AVX-512 on Zen 4, tables of 1024x784 and 1024x1024 in the L3 cache,
	// against MatVec for one input after another: 1.6 to 1.8 times as fast for 2 inputs, 2.2
	// for 4, 2.2 to 2.3 for 8 and 2.3 to 2.4 for 32 (AVX2: 1.6 to 1.8, 1.9, 2.1 to 2.2, 2.3).
	// MatVec itself over blocks of rows that stay in the L2 cache reaches 1.0 to 1.2 (AVX2:
	// 1.1 to 1.3), and Gemm, which has to pack the weights first, 0.25 for 2 inputs, 0.9 for 8
	// and 1.7 for 32 (AVX2: 0.4, 1.1, 1.9). With 1024 columns, inputs that lie whole pages
	// apart cost a tenth: they compete for the same lines of the L1 cache. Tables in memory
	// gain more, 205443x128 with 2 inputs 1.4, 4 inputs 2.0, 8 inputs 3.2 and 16 inputs 3.9.
	MatMat func(ys [][]float32, w *Matrix, xs [][]float32, b []float32)
	// MatVecCSR computes y[i] = m's row i · x + bias[i] for all rows of a sparse matrix, and
	// reads no other inputs than those of its elements. bias may be nil. Each y[i] depends
	// on its row alone, to the bit.
	MatVecCSR func(y []float32, m *CSR, x, bias []float32)
	// Axpy adds the rows of a feature-major table: y += sum over i of a[i]*wt.Row(ids[i]).
	Axpy func(y []float32, wt *Matrix, ids []int32, a []float32)

	// MatVecBF16, GatherBF16 and AxpyBF16 are MatVec, GatherMatVec and Axpy of a table of
	// bfloat16 numbers. All ids are checked before anything is written.
	MatVecBF16 func(y []float32, w *BF16, x, b []float32)
	GatherBF16 func(y []float32, w *BF16, ids []int32, x, b []float32)
	AxpyBF16   func(y []float32, wt *BF16, ids []int32, a []float32)
	// MatVecInt8 computes y[i] = Scale[i]*x.Scale*sum + b[i] for all rows of w, where sum
	// is that of w's integers times x's, less x.Zero. x has exactly w.Cols elements; b may
	// be nil. The sum is exact and each operation is rounded in the order written, so that
	// all variants give the same bits.
	MatVecInt8 func(y []float32, w *Int8, x *Quantised, b []float32)
	// GatherInt8 does so for chosen rows: y[i] has the bits of MatVecInt8's row ids[i].
	// All ids are checked before anything is written.
	GatherInt8 func(y []float32, w *Int8, ids []int32, x *Quantised, b []float32)
	// AxpyInt8 is Axpy of a table of integers: y += sum over i of (a[i]*Scale[ids[i]])
	// times row ids[i], where the factor is rounded first. All ids are checked before
	// anything is written.
	AxpyInt8 func(y []float32, wt *Int8, ids []int32, a []float32)
	// Quantise rounds the first q.Cols elements of x to q: the range from the smallest to
	// the largest finite one, 0 included, in 127 equal steps, one of which ends at 0, to the
	// nearest step, ties to even. Infinite elements get the end of the range on their side,
	// what is not a number counts as 0, and so does everything if the range is below
	// 1.5e-36. All variants give the same bits.
	Quantise func(q *Quantised, x []float32)
	// BlockMatVec computes, for each i < len(blocks), y[16*i:16*i+16] = sum over j of
	// x[j] times the weights of input ids[j] in block blocks[i], plus b at the block's
	// nodes. b may be nil or w.Rows long. What stands for nodes past the last is 0. The bits
	// of a block do not depend on what other blocks are chosen. All blocks and ids are
	// checked before anything is written.
	BlockMatVec     func(y []float32, w *Blocks, blocks, ids []int32, x, b []float32)
	BlockMatVecBF16 func(y []float32, w *BlocksBF16, blocks, ids []int32, x, b []float32)
	// BlockMatVecInt8 multiplies the sum by the node's scale before it adds b.
	BlockMatVecInt8 func(y []float32, w *BlocksInt8, blocks, ids []int32, x, b []float32)

	// CompressPositive writes the indices and values of y's elements above 0 to ids and
	// vals (both at least len(y) long), in order, and returns how many there were. What
	// follows them in ids and vals, up to len(y), may be overwritten.
	CompressPositive func(ids []int32, vals []float32, y []float32) int
	// Compress writes the indices and values of y's elements that are not 0, likewise.
	Compress func(ids []int32, vals []float32, y []float32) int
	// TopK writes the indices of the k largest scores to ids, in ascending order of index,
	// and returns k (or len(scores) if that is smaller), for which ids has room. Equal
	// scores: the lower index wins, so the sets are nested in k. Scores may be infinite; if
	// some are not numbers, there are still k different indices in ascending order, but any.
	TopK func(ids []int32, scores []float32, k int) int
	// AddBytes adds a table of bytes to 16-bit sums: sum[i] += table[i].
	AddBytes func(sum []uint16, table []uint8)
	// Hadamard transforms v in place by the Walsh-Hadamard matrix, whose length is a power
	// of two: sign flips first, of the elements whose word of flips has its top bit set
	// (the other bits of a word are 0), unless flips is nil. Nothing is scaled. Butterflies
	// are done in the order of steps 1, 2, 4, ..., so that all variants give the same bits.
	Hadamard func(v []float32, flips []uint32)
	// Signs sets bit i%64 of dst[i/64] if v[i] is above 0, and clears it otherwise; bits of
	// the last word beyond v are 0.
	Signs func(dst []uint64, v []float32)
	// Widen sets dst[i] to src[i].
	Widen func(dst []float32, src []uint16)
	// Union writes those of ids whose entry in stamps is not stamp to dst, in order, sets
	// their stamps, and returns how many there were: ids that come again, in this call or in
	// another with the same stamp, are left out. dst has room for all ids; what follows the
	// new ones in it may be overwritten.
	Union func(dst []int32, stamps []uint32, stamp uint32, ids []int32) int
	// Gemm computes C[m,n] = A[m,k] B[k,n] (+ C if accumulate) on strided views: element
	// (i,j) of A is a[i*aRow+j*aCol], and so on. It is for training; tiles is scratch from
	// NewTiles. The order of reduction does not depend on m or n, so that rows may be
	// split over threads without changing a bit.
	Gemm func(t *Tiles, m, n, k int, a []float32, aRow, aCol int, b []float32, bRow, bCol int, c []float32, cRow int, accumulate bool)
}
