package kernel

import "unsafe"

//go:generate go run -C gen . -isa avx2 -part narrow -out ../narrow_avx2_amd64.s -stubs ../narrow_avx2_amd64.go -pkg kernel
//go:generate go run -C gen . -isa avx512 -part narrow -out ../narrow_avx512_amd64.s -stubs ../narrow_avx512_amd64.go -pkg kernel

// The limits of the forms for short rows from memory, in bytes. Those for float32 hold
// here too, except that asking early pays from 16 MiB on: twice as fast with 26 MiB of
// int8 rows.
const (
	shortRowBytes     = 4 * shortRow
	manyAdjacentBytes = 16 << 20
	manyPickedBytes   = 16 << 20
)

// bf16Func multiplies n rows, adjacent ones or those of ids, with x. The stride is in bytes.
type bf16Func func(y *float32, w *uint16, stride int, ids *int32, n int, x *float32, cols int, b *float32)

// int8Func does so with 7-bit inputs.
type int8Func func(y *float32, w *int8, stride int, ids *int32, n int, x *uint8, cols int, b, scale *float32, sum *int32, inputScale float32, zero int32)

// narrowAssembly wraps functions for narrow types and blocks, which trust their
// arguments, in ones that check them.
type narrowAssembly struct {
	matVecBF16, matVecInTurnBF16, gatherBF16, gatherAheadBF16 bf16Func
	matVecInt8, matVecInTurnInt8, gatherInt8, gatherAheadInt8 int8Func

	axpyBF16 func(y *float32, w *uint16, stride int, ids *int32, n int, a *float32, cols int)
	axpyInt8 func(y *float32, w *int8, stride int, ids *int32, n int, a *float32, cols int, scale *float32)

	blockMatVec     func(y, w *float32, rows, cols int, blocks *int32, n int, ids *int32, count int, x, b *float32)
	blockMatVecBF16 func(y *float32, w *uint16, rows, cols int, blocks *int32, n int, ids *int32, count int, x, b *float32)
	blockMatVecInt8 func(y *float32, w *int8, rows, cols int, blocks *int32, n int, ids *int32, count int, x, b, scale *float32)
}

// addNarrow adds the kernels to the set.
func (a *narrowAssembly) addNarrow(s *Set, z quantiser) *Set {
	s.MatVecBF16, s.GatherBF16, s.AxpyBF16 = a.checkedMatVecBF16, a.checkedGatherBF16, a.checkedAxpyBF16
	s.MatVecInt8, s.GatherInt8, s.AxpyInt8 = a.checkedMatVecInt8, a.checkedGatherInt8, a.checkedAxpyInt8
	s.Quantise = z.quantise
	s.BlockMatVec, s.BlockMatVecBF16, s.BlockMatVecInt8 = a.checkedBlocks, a.checkedBlocksBF16, a.checkedBlocksInt8
	return s
}

func withNarrowAVX2(s *Set) *Set {
	a := &narrowAssembly{
		matVecBF16: matVecBF16AVX2, matVecInTurnBF16: matVecInTurnBF16AVX2,
		gatherBF16: gatherBF16AVX2, gatherAheadBF16: gatherAheadBF16AVX2,
		matVecInt8: matVecInt8AVX2, matVecInTurnInt8: matVecInTurnInt8AVX2,
		gatherInt8: gatherInt8AVX2, gatherAheadInt8: gatherAheadInt8AVX2,
		axpyBF16: axpyBF16AVX2, axpyInt8: axpyInt8AVX2,
		blockMatVec: blockMatVecAVX2, blockMatVecBF16: blockMatVecBF16AVX2, blockMatVecInt8: blockMatVecInt8AVX2,
	}
	return a.addNarrow(s, quantiser{8, finiteRangeAVX2, convertAVX2})
}

func withNarrowAVX512(s *Set) *Set {
	a := &narrowAssembly{
		matVecBF16: matVecBF16AVX512, matVecInTurnBF16: matVecInTurnBF16AVX512,
		gatherBF16: gatherBF16AVX512, gatherAheadBF16: gatherAheadBF16AVX512,
		matVecInt8: matVecInt8AVX512, matVecInTurnInt8: matVecInTurnInt8AVX512,
		gatherInt8: gatherInt8AVX512, gatherAheadInt8: gatherAheadInt8AVX512,
		axpyBF16: axpyBF16AVX512, axpyInt8: axpyInt8AVX512,
		blockMatVec: blockMatVecAVX512, blockMatVecBF16: blockMatVecBF16AVX512, blockMatVecInt8: blockMatVecInt8AVX512,
	}
	return a.addNarrow(s, quantiser{16, finiteRangeAVX512, convertAVX512})
}

func (a *narrowAssembly) checkedMatVecBF16(y []float32, w *BF16, x, b []float32) {
	w.size().checkProduct(len(y), w.Rows, len(x), b)
	f := a.matVecBF16
	if 2*w.Stride <= shortRowBytes && w.Bytes() > manyAdjacentBytes {
		f = a.matVecInTurnBF16
	}
	f(unsafe.SliceData(y), unsafe.SliceData(w.Data), 2*w.Stride, nil, w.Rows, unsafe.SliceData(x), w.Cols, unsafe.SliceData(b))
}

func (a *narrowAssembly) checkedGatherBF16(y []float32, w *BF16, ids []int32, x, b []float32) {
	w.size().checkProduct(len(y), len(ids), len(x), b)
	checkIDs(ids, w.Rows)
	f := a.gatherBF16
	if 2*w.Stride <= shortRowBytes && w.Bytes() > manyPickedBytes {
		f = a.gatherAheadBF16
	}
	f(unsafe.SliceData(y), unsafe.SliceData(w.Data), 2*w.Stride, unsafe.SliceData(ids), len(ids),
		unsafe.SliceData(x), w.Cols, unsafe.SliceData(b))
}

func (a *narrowAssembly) checkedAxpyBF16(y []float32, wt *BF16, ids []int32, factors []float32) {
	wt.size().checkAxpy(y, ids, factors)
	a.axpyBF16(unsafe.SliceData(y), unsafe.SliceData(wt.Data), 2*wt.Stride, unsafe.SliceData(ids), len(ids),
		unsafe.SliceData(factors), wt.Cols)
}

func (a *narrowAssembly) checkedMatVecInt8(y []float32, w *Int8, x *Quantised, b []float32) {
	checkInt8(y, w.Rows, w, x, b)
	f := a.matVecInt8
	if w.Stride <= shortRowBytes && len(w.Data) > manyAdjacentBytes {
		f = a.matVecInTurnInt8
	}
	f(unsafe.SliceData(y), unsafe.SliceData(w.Data), w.Stride, nil, w.Rows, unsafe.SliceData(x.Data), w.Cols,
		unsafe.SliceData(b), unsafe.SliceData(w.Scale), unsafe.SliceData(w.Sum), x.Scale, x.Zero)
}

func (a *narrowAssembly) checkedGatherInt8(y []float32, w *Int8, ids []int32, x *Quantised, b []float32) {
	checkInt8(y, len(ids), w, x, b)
	checkIDs(ids, w.Rows)
	f := a.gatherInt8
	if w.Stride <= shortRowBytes && len(w.Data) > manyPickedBytes {
		f = a.gatherAheadInt8
	}
	f(unsafe.SliceData(y), unsafe.SliceData(w.Data), w.Stride, unsafe.SliceData(ids), len(ids), unsafe.SliceData(x.Data), w.Cols,
		unsafe.SliceData(b), unsafe.SliceData(w.Scale), unsafe.SliceData(w.Sum), x.Scale, x.Zero)
}

func (a *narrowAssembly) checkedAxpyInt8(y []float32, wt *Int8, ids []int32, factors []float32) {
	wt.size().checkAxpy(y, ids, factors)
	a.axpyInt8(unsafe.SliceData(y), unsafe.SliceData(wt.Data), wt.Stride, unsafe.SliceData(ids), len(ids),
		unsafe.SliceData(factors), wt.Cols, unsafe.SliceData(wt.Scale))
}

func (a *narrowAssembly) checkedBlocks(y []float32, w *Blocks, blocks, ids []int32, x, b []float32) {
	w.check(y, blocks, ids, x, b)
	a.blockMatVec(unsafe.SliceData(y), unsafe.SliceData(w.Data), w.Rows, w.Cols, unsafe.SliceData(blocks), len(blocks),
		unsafe.SliceData(ids), len(ids), unsafe.SliceData(x), unsafe.SliceData(b))
}

func (a *narrowAssembly) checkedBlocksBF16(y []float32, w *BlocksBF16, blocks, ids []int32, x, b []float32) {
	w.check(y, blocks, ids, x, b)
	a.blockMatVecBF16(unsafe.SliceData(y), unsafe.SliceData(w.Data), w.Rows, w.Cols, unsafe.SliceData(blocks), len(blocks),
		unsafe.SliceData(ids), len(ids), unsafe.SliceData(x), unsafe.SliceData(b))
}

func (a *narrowAssembly) checkedBlocksInt8(y []float32, w *BlocksInt8, blocks, ids []int32, x, b []float32) {
	w.check(y, blocks, ids, x, b)
	a.blockMatVecInt8(unsafe.SliceData(y), unsafe.SliceData(w.Data), w.Rows, w.Cols, unsafe.SliceData(blocks), len(blocks),
		unsafe.SliceData(ids), len(ids), unsafe.SliceData(x), unsafe.SliceData(b), unsafe.SliceData(w.Scale))
}
