package kernel

import "unsafe"

//go:generate go run -C gen . -isa avx2 -part narrow -out ../narrow_avx2_amd64.s -stubs ../narrow_avx2_amd64.go -pkg kernel
//go:generate go run -C gen . -isa avx512 -part narrow -out ../narrow_avx512_amd64.s -stubs ../narrow_avx512_amd64.go -pkg kernel

// bf16Func multiplies n rows, adjacent ones or those of ids, with x. The stride is in bytes.
type bf16Func func(y *float32, w *uint16, stride int, ids *int32, n int, x *float32, cols int, b *float32)

// int8Func does so with 7-bit inputs.
type int8Func func(y *float32, w *int8, stride int, ids *int32, n int, x *uint8, cols int, b, scale *float32, sum *int32, inputScale float32, zero int32)

// narrowAssembly wraps functions for narrow types and blocks, which trust their
// arguments, in ones that check them.
type narrowAssembly struct {
	denseBF16  [denseForms]bf16Func
	pickedBF16 [pickedForms]bf16Func
	denseInt8  [denseForms]int8Func
	pickedInt8 [pickedForms]int8Func
	forms      *tuned // of the set

	axpyBF16 func(y *float32, w *uint16, stride int, ids *int32, n int, a *float32, cols int)
	axpyInt8 func(y *float32, w *int8, stride int, ids *int32, n int, a *float32, cols int, scale *float32)

	blockMatVec     func(y, w *float32, rows, cols int, blocks *int32, n int, ids *int32, count int, x, b *float32)
	blockMatVecBF16 func(y *float32, w *uint16, rows, cols int, blocks *int32, n int, ids *int32, count int, x, b *float32)
	blockMatVecInt8 func(y *float32, w *int8, rows, cols int, blocks *int32, n int, ids *int32, count int, x, b, scale *float32)
}

// addNarrow adds the kernels to the set.
func (a *narrowAssembly) addNarrow(s *Set, z quantiser) *narrowAssembly {
	a.forms = s.forms
	s.MatVecBF16, s.GatherBF16, s.AxpyBF16 = a.checkedMatVecBF16, a.checkedGatherBF16, a.checkedAxpyBF16
	s.MatVecInt8, s.GatherInt8, s.AxpyInt8 = a.checkedMatVecInt8, a.checkedGatherInt8, a.checkedAxpyInt8
	s.Quantise = z.quantise
	s.BlockMatVec, s.BlockMatVecBF16, s.BlockMatVecInt8 = a.checkedBlocks, a.checkedBlocksBF16, a.checkedBlocksInt8
	return a
}

func withNarrowAVX2(s *Set) *narrowAssembly {
	a := &narrowAssembly{
		denseBF16:  [denseForms]bf16Func{matVecBF16AVX2, matVecInTurnBF16AVX2, matVecAheadBF16AVX2},
		pickedBF16: [pickedForms]bf16Func{gatherBF16AVX2, gatherNearBF16AVX2, gatherFarBF16AVX2},
		denseInt8:  [denseForms]int8Func{matVecInt8AVX2, matVecInTurnInt8AVX2, matVecAheadInt8AVX2},
		pickedInt8: [pickedForms]int8Func{gatherInt8AVX2, gatherNearInt8AVX2, gatherFarInt8AVX2},
		axpyBF16:   axpyBF16AVX2, axpyInt8: axpyInt8AVX2,
		blockMatVec: blockMatVecAVX2, blockMatVecBF16: blockMatVecBF16AVX2, blockMatVecInt8: blockMatVecInt8AVX2,
	}
	return a.addNarrow(s, quantiser{8, finiteRangeAVX2, convertAVX2})
}

func withNarrowAVX512(s *Set) *narrowAssembly {
	a := &narrowAssembly{
		denseBF16:  [denseForms]bf16Func{matVecBF16AVX512, matVecInTurnBF16AVX512, matVecAheadBF16AVX512},
		pickedBF16: [pickedForms]bf16Func{gatherBF16AVX512, gatherNearBF16AVX512, gatherFarBF16AVX512},
		denseInt8:  [denseForms]int8Func{matVecInt8AVX512, matVecInTurnInt8AVX512, matVecAheadInt8AVX512},
		pickedInt8: [pickedForms]int8Func{gatherInt8AVX512, gatherNearInt8AVX512, gatherFarInt8AVX512},
		axpyBF16:   axpyBF16AVX512, axpyInt8: axpyInt8AVX512,
		blockMatVec: blockMatVecAVX512, blockMatVecBF16: blockMatVecBF16AVX512, blockMatVecInt8: blockMatVecInt8AVX512,
	}
	return a.addNarrow(s, quantiser{16, finiteRangeAVX512, convertAVX512})
}

// runner returns what Tune measures of a narrow table.
func (a *narrowAssembly) runner(w Table) runner {
	y := Aligned(w.shape().rows)
	if w, ok := w.(*BF16); ok {
		x := Aligned(w.Cols)
		w.size().checkProduct(len(y), w.Rows, len(x), nil)
		return runner{
			func(f DenseForm) { bf16In(a.denseBF16[f], y, w, nil, w.Rows, x, nil) },
			func(f PickedForm, ids []int32) { bf16In(a.pickedBF16[f], y, w, ids, len(ids), x, nil) },
		}
	}
	m := w.(*Int8)
	x := NewQuantised(m.Cols)
	checkInt8(y, m.Rows, m, x, nil)
	return runner{
		func(f DenseForm) { int8In(a.denseInt8[f], y, m, nil, m.Rows, x, nil) },
		func(f PickedForm, ids []int32) { int8In(a.pickedInt8[f], y, m, ids, len(ids), x, nil) },
	}
}

func bf16In(f bf16Func, y []float32, w *BF16, ids []int32, n int, x, b []float32) {
	f(unsafe.SliceData(y), unsafe.SliceData(w.Data), 2*w.Stride, unsafe.SliceData(ids), n,
		unsafe.SliceData(x), w.Cols, unsafe.SliceData(b))
}

func int8In(f int8Func, y []float32, w *Int8, ids []int32, n int, x *Quantised, b []float32) {
	f(unsafe.SliceData(y), unsafe.SliceData(w.Data), w.Stride, unsafe.SliceData(ids), n, unsafe.SliceData(x.Data), w.Cols,
		unsafe.SliceData(b), unsafe.SliceData(w.Scale), unsafe.SliceData(w.Sum), x.Scale, x.Zero)
}

func (a *narrowAssembly) checkedMatVecBF16(y []float32, w *BF16, x, b []float32) {
	w.size().checkProduct(len(y), w.Rows, len(x), b)
	bf16In(a.denseBF16[a.forms.of(w.shape()).Dense], y, w, nil, w.Rows, x, b)
}

func (a *narrowAssembly) checkedGatherBF16(y []float32, w *BF16, ids []int32, x, b []float32) {
	w.size().checkProduct(len(y), len(ids), len(x), b)
	checkIDs(ids, w.Rows)
	bf16In(a.pickedBF16[a.forms.of(w.shape()).Picked], y, w, ids, len(ids), x, b)
}

func (a *narrowAssembly) checkedAxpyBF16(y []float32, wt *BF16, ids []int32, factors []float32) {
	wt.size().checkAxpy(y, ids, factors)
	a.axpyBF16(unsafe.SliceData(y), unsafe.SliceData(wt.Data), 2*wt.Stride, unsafe.SliceData(ids), len(ids),
		unsafe.SliceData(factors), wt.Cols)
}

func (a *narrowAssembly) checkedMatVecInt8(y []float32, w *Int8, x *Quantised, b []float32) {
	checkInt8(y, w.Rows, w, x, b)
	int8In(a.denseInt8[a.forms.of(w.shape()).Dense], y, w, nil, w.Rows, x, b)
}

func (a *narrowAssembly) checkedGatherInt8(y []float32, w *Int8, ids []int32, x *Quantised, b []float32) {
	checkInt8(y, len(ids), w, x, b)
	checkIDs(ids, w.Rows)
	int8In(a.pickedInt8[a.forms.of(w.shape()).Picked], y, w, ids, len(ids), x, b)
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
