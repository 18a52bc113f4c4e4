package kernel

import (
	"unsafe"

	"golang.org/x/sys/cpu"
)

//go:generate go run -C gen . -isa avx2 -part float32 -out ../avx2_amd64.s -stubs ../avx2_amd64.go -pkg kernel
//go:generate go run -C gen . -isa avx512 -part float32 -out ../avx512_amd64.s -stubs ../avx512_amd64.go -pkg kernel

// Tables that come from memory in short rows have forms of their own, because a short
// row ends before the hardware has noticed that it is read in sequence: adjacent rows
// are best read one after another instead of four at a time (1.5 times as fast), and
// rows picked by id are worth asking for early (up to twice as fast). In the caches, or
// with longer rows, both lose. The limits, in floats, come from measurements on Zen 4
// and 5, whose L3 has 32 MiB.
const (
	shortRow     = 256
	manyAdjacent = 4 << 20 // 16 MiB
	manyPicked   = 8 << 20
)

// native returns the variants in assembly that this CPU can run, slowest first.
func native() []*Set {
	var sets []*Set
	x := cpu.X86
	if x.HasAVX2 && x.HasFMA && x.HasBMI2 && x.HasPOPCNT {
		sets = append(sets, withNarrowAVX2(setAVX2()))
	}
	if len(sets) > 0 && x.HasAVX512F && x.HasAVX512BW && x.HasAVX512VL {
		sets = append(sets, withNarrowAVX512(setAVX512()))
	}
	return sets
}

func setAVX2() *Set {
	a := &assembly{
		matVec: matVecAVX2, matVecInTurn: matVecInTurnAVX2,
		gather: gatherAVX2, gatherAhead: gatherAheadAVX2,
		axpy: axpyAVX2, compress: compressAVX2, compressPositive: compressPositiveAVX2,
		addBytes: addBytesAVX2, matVecCSR: matVecCSRAVX2,
	}
	return a.set("avx2", selector{extremesAVX2, countAboveAVX2, indicesAboveAVX2}, blocking{
		mr: 6, nr: 16, mc: 96, kc: 256, nc: 1024, micro: microAVX2,
		packA: packer{packRows6AVX2, packColumns6AVX2},
		packB: packer{packRows16AVX2, packColumns16AVX2},
	})
}

func setAVX512() *Set {
	a := &assembly{
		matVec: matVecAVX512, matVecInTurn: matVecInTurnAVX512,
		gather: gatherAVX512, gatherAhead: gatherAheadAVX512,
		axpy: axpyAVX512, compress: compressAVX512, compressPositive: compressPositiveAVX512,
		addBytes: addBytesAVX512, matVecCSR: matVecCSRAVX512,
	}
	return a.set("avx512", selector{extremesAVX512, countAboveAVX512, indicesAboveAVX512}, blocking{
		mr: 12, nr: 32, mc: 192, kc: 256, nc: 1024, micro: microAVX512,
		packA: packer{packRows12AVX512, packColumns12AVX512},
		packB: packer{packRows32AVX512, packColumns32AVX512},
	})
}

// rowsFunc multiplies n rows, adjacent ones or those of ids, with x, and returns how
// many it did before it met an id outside of 0..rows-1. Strides are in bytes.
type rowsFunc func(y, w *float32, stride, rows int, ids *int32, n int, x *float32, cols int, b *float32) int

// assembly wraps functions that trust their arguments in ones that check them.
type assembly struct {
	matVec, matVecInTurn, gather, gatherAhead rowsFunc

	matVecCSR                  func(y *float32, start *int32, col *uint16, val *float32, rows, n int, x, b *float32)
	axpy                       func(y, w *float32, stride, rows int, ids *int32, n int, a *float32, cols int) bool
	compress, compressPositive func(ids []int32, vals, y []float32) int
	addBytes                   func(sum []uint16, table []uint8)
}

func (a *assembly) set(name string, s selector, g blocking) *Set {
	return &Set{
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
	f := a.matVec
	if w.Stride <= shortRow && len(w.Data) > manyAdjacent {
		f = a.matVecInTurn
	}
	f(unsafe.SliceData(y), unsafe.SliceData(w.Data), 4*w.Stride, w.Rows, nil, w.Rows,
		unsafe.SliceData(x), w.Cols, unsafe.SliceData(b))
}

func (a *assembly) checkedGather(y []float32, w *Matrix, ids []int32, x, b []float32) {
	checkGather(y, w, ids, x, b)
	f := a.gather
	if w.Stride <= shortRow && len(w.Data) > manyPicked {
		f = a.gatherAhead
	}
	done := f(unsafe.SliceData(y), unsafe.SliceData(w.Data), 4*w.Stride, w.Rows,
		unsafe.SliceData(ids), len(ids), unsafe.SliceData(x), w.Cols, unsafe.SliceData(b))
	if done < len(ids) {
		badID(ids, w.Rows)
	}
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
	if !a.axpy(unsafe.SliceData(y), unsafe.SliceData(wt.Data), 4*wt.Stride, wt.Rows,
		unsafe.SliceData(ids), len(ids), unsafe.SliceData(factors), wt.Cols) {
		badID(ids, wt.Rows)
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
