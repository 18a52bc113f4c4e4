package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run -C gen . -isa avx2 -part float32 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernel
//go:generate go run -C gen . -isa avx512 -part float32 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg kernel
//go:generate go run -C gen . -isa avx2 -part read -out ../read_avx2_amd64.s -stubs ../read_avx2_amd64.go -pkg kernel
//go:generate go run -C gen . -isa avx512 -part read -out ../read_avx512_amd64.s -stubs ../read_avx512_amd64.go -pkg kernel

// native returns the variants in assembly that this CPU can run, slowest first.
func native() []*Set {
	var sets []*Set
	x := cpu.X86
	if x.HasAVX2 && x.HasFMA && x.HasBMI2 && x.HasPOPCNT {
		sets = append(sets, setAVX2())
	}
	if len(sets) > 0 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL {
		sets = append(sets, setAVX512())
	}
	return sets
}

func setAVX2() *Set {
	a := &assembly{
		bare:   [pickedForms]rowsFunc{readRowsAVX2, readRowsNearAVX2, readRowsFarAVX2},
		read:   []func(*byte, int){readAVX2, readAheadAVX2, readFourAVX2},
		dense:  [denseForms]rowsFunc{matVecAVX2, matVecInTurnAVX2, matVecAheadAVX2},
		picked: [pickedForms]rowsFunc{gatherAVX2, gatherNearAVX2, gatherFarAVX2},
		axpy:   axpyAVX2, compress: compressAVX2, compressPositive: compressPositiveAVX2,
		maxID: maxIDAVX2, addBytes: addBytesAVX2, matVecCSR: matVecCSRAVX2,
	}
	s := a.set("avx2", selector{extremesAVX2, countAboveAVX2, indicesAboveAVX2}, blocking{
		mr: 6, nr: 16, mc: 96, kc: 256, nc: 1024, micro: microAVX2,
		packA: packer{packRows6AVX2, packColumns6AVX2},
		packB: packer{packRows16AVX2, packColumns16AVX2},
	})
	a.narrow = withNarrowAVX2(s)
	withHashAVX2(s, a)
	withBatchAVX2(s)
	return s
}

func setAVX512() *Set {
	a := &assembly{
		bare:   [pickedForms]rowsFunc{readRowsAVX512, readRowsNearAVX512, readRowsFarAVX512},
		read:   []func(*byte, int){readAVX512, readAheadAVX512, readFourAVX512},
		dense:  [denseForms]rowsFunc{matVecAVX512, matVecInTurnAVX512, matVecAheadAVX512},
		picked: [pickedForms]rowsFunc{gatherAVX512, gatherNearAVX512, gatherFarAVX512},
		axpy:   axpyAVX512, compress: compressAVX512, compressPositive: compressPositiveAVX512,
		maxID: maxIDAVX512, addBytes: addBytesAVX512, matVecCSR: matVecCSRAVX512,
	}
	s := a.set("avx512", selector{extremesAVX512, countAboveAVX512, indicesAboveAVX512}, blocking{
		mr: 12, nr: 32, mc: 192, kc: 256, nc: 1024, micro: microAVX512,
		packA: packer{packRows12AVX512, packColumns12AVX512},
		packB: packer{packRows32AVX512, packColumns32AVX512},
	})
	a.narrow = withNarrowAVX512(s)
	withHashAVX512(s, a)
	withBatchAVX512(s)
	return s
}

// rowsFunc multiplies n rows, adjacent ones or those of ids, with x. The stride is in bytes.
type rowsFunc func(y, w *float32, stride int, ids *int32, n int, x *float32, cols int, b *float32)

// assembly wraps functions that trust their arguments in ones that check them.
type assembly struct {
	dense  [denseForms]rowsFunc
	picked [pickedForms]rowsFunc
	forms  tuned
	bare   [pickedForms]rowsFunc
	narrow *narrowAssembly
	read   []func(p *byte, bytes int)

	matVecCSR                  func(y *float32, start *int32, col *uint16, val *float32, rows, n int, x, b *float32)
	axpy                       func(y, w *float32, stride int, ids *int32, n int, a *float32, cols int)
	maxID                      func(ids []int32) uint32
	compress, compressPositive func(ids []int32, vals, y []float32) int
	addBytes                   func(sum []uint16, table []uint8)
}

func (a *assembly) set(name string, s selector, g blocking) *Set {
	return &Set{
		forms:            &a.forms,
		run:              a.runner,
		bare:             a.checkedBare,
		read:             a.read,
		Name:             name,
		MatVec:           a.checkedMatVec,
		GatherMatVec:     a.checkedGather,
		MatVecCSR:        a.checkedMatVecCSR,
		Axpy:             a.checkedAxpy,
		CompressPositive: a.checkedCompressPositive,
		Compress:         a.checkedCompress,
		TopK:             s.topK,
		AddBytes:         a.checkedAddBytes,
		Gemm:             g.gemm,
	}
}

func (a *assembly) checkedMatVec(y []float32, w *Matrix, x, b []float32) {
	checkMatVec(y, w, x, b)
	a.denseIn(a.forms.of(w.shape()).Dense, y, w, x, b)
}

// runner returns what Tune measures.
func (a *assembly) runner(w Table) runner {
	m, ok := w.(*Matrix)
	if !ok {
		return a.narrow.runner(w)
	}
	x, y := Aligned(m.Cols), Aligned(m.Rows)
	checkMatVec(y, m, x, nil)
	return runner{
		func(f DenseForm) { a.denseIn(f, y, m, x, nil) },
		func(f PickedForm, ids []int32) { a.pickedIn(f, y, m, ids, x, nil) },
	}
}

func (a *assembly) denseIn(f DenseForm, y []float32, w *Matrix, x, b []float32) {
	a.dense[f](unsafe.SliceData(y), unsafe.SliceData(w.Data), 4*w.Stride, nil, w.Rows,
		unsafe.SliceData(x), w.Cols, unsafe.SliceData(b))
}

func (a *assembly) checkedGather(y []float32, w *Matrix, ids []int32, x, b []float32) {
	checkGather(y, w, ids, x, b)
	a.checkIDs(ids, w.Rows)
	a.pickedIn(a.forms.of(w.shape()).Picked, y, w, ids, x, b)
}

func (a *assembly) pickedIn(f PickedForm, y []float32, w *Matrix, ids []int32, x, b []float32) {
	a.picked[f](unsafe.SliceData(y), unsafe.SliceData(w.Data), 4*w.Stride,
		unsafe.SliceData(ids), len(ids), unsafe.SliceData(x), w.Cols, unsafe.SliceData(b))
}

func (a *assembly) checkedBare(y []float32, w *Matrix, ids []int32, x []float32) {
	checkGather(y, w, ids, x, nil)
	a.checkIDs(ids, w.Rows)
	a.bare[a.forms.of(w.shape()).Picked](unsafe.SliceData(y), unsafe.SliceData(w.Data), 4*w.Stride,
		unsafe.SliceData(ids), len(ids), unsafe.SliceData(x), w.Cols, nil)
}

func (a *assembly) checkedMatVecCSR(y []float32, m *CSR, x, bias []float32) {
	checkMatVecCSR(y, m, x, bias)
	if m.Rows > 0 {
		a.matVecCSR(unsafe.SliceData(y), unsafe.SliceData(m.Start), unsafe.SliceData(m.Col), unsafe.SliceData(m.Val),
			m.Rows, len(m.Val), unsafe.SliceData(x), unsafe.SliceData(bias))
	}
}

func (a *assembly) checkedAxpy(y []float32, wt *Matrix, ids []int32, factors []float32) {
	checkAxpy(y, wt, ids, factors)
	a.checkIDs(ids, wt.Rows)
	a.axpy(unsafe.SliceData(y), unsafe.SliceData(wt.Data), 4*wt.Stride,
		unsafe.SliceData(ids), len(ids), unsafe.SliceData(factors), wt.Cols)
}

// checkIDs panics if an id is not in 0..rows-1, before any row is read or sum written.
func (a *assembly) checkIDs(ids []int32, rows int) {
	if len(ids) > 0 && int64(a.maxID(ids)) >= int64(rows) {
		badID(ids, rows)
	}
}

func (a *assembly) checkedCompress(ids []int32, vals, y []float32) int {
	checkCompress(ids, vals, y)
	return a.compress(ids, vals, y)
}

func (a *assembly) checkedCompressPositive(ids []int32, vals, y []float32) int {
	checkCompress(ids, vals, y)
	return a.compressPositive(ids, vals, y)
}

func (a *assembly) checkedAddBytes(sum []uint16, table []uint8) {
	checkAddBytes(sum, table)
	a.addBytes(sum, table)
}
