package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// batch writes functions that multiply rows with several vectors at a time, so that a
// register of weights is loaded once for all of them. Each product is summed in the order
// and in as many registers as dots does it, and has the same bits.
type batch struct {
	dots
	rows   []int // side by side, descending to 1
	inputs int
	acc    [][][]VecVirtual // sums: [input][row][part]
}

// batches fill the register file with sums, two registers a product, and leave one
// register for each input and one for the weights. Four inputs are too many for 16
// registers: no weights could be used twice.
func batches(v vectors) {
	shapes := []batch{{rows: []int{3, 1}, inputs: 2}, {rows: []int{2, 1}, inputs: 3}}
	if v.wide() {
		shapes = []batch{{rows: []int{4, 2, 1}, inputs: 2}, {rows: []int{4, 2, 1}, inputs: 3}, {rows: []int{3, 1}, inputs: 4}}
	}
	for _, b := range shapes {
		b.dots = dots{vectors: v, accs: 2}
		b.emit()
	}
}

func (b *batch) emit() {
	name := fmt.Sprintf("matMat%d", b.inputs)
	b.text(name, "(ys *[]float32, w *float32, stride, from, to int, xs *[]float32, cols int, b *float32)",
		fmt.Sprintf("%s multiplies rows from to to-1 with %d inputs. w is the first of all rows.", name, b.inputs))
	b.setUp()
	for _, n := range b.rows {
		last := GP64()
		end := func() {
			MOVQ(arg("to"), last)
			SUBQ(I8(int8(n-1)), last)
		}
		end()
		loop(b.i, last, n, func() {
			b.tile(b.pointers(n))
			end()
		})
	}
	VZEROUPPER()
	RET()
}

// setUp is that of dots, but starts at a row, and keeps neither an input nor a mask.
func (b *batch) setUp() {
	b.i, b.next, b.full, b.blocks = GP64(), GP64(), GP64(), GP64()
	MOVQ(arg("cols"), b.full)
	MOVQ(b.full, b.blocks)
	ANDQ(I32(int32(-b.lanes)), b.full)
	ANDQ(I32(int32(-b.lanes*b.accs)), b.blocks)
	SHLQ(U8(2), b.full)
	SHLQ(U8(2), b.blocks)
	MOVQ(arg("from"), b.i)
	MOVQ(b.i, b.next)
	IMULQ(arg("stride"), b.next)
	ADDQ(arg("w"), b.next)
	b.acc = make([][][]VecVirtual, b.inputs)
	for q := range b.acc {
		for range b.rows[0] {
			b.acc[q] = append(b.acc[q], b.regs(b.accs)) // once: avo takes a zeroed one to be in use before
		}
	}
}

// tile computes the products of some rows with all inputs.
func (b *batch) tile(rows []Register) {
	for q := range b.acc {
		for r := range rows {
			b.zero(b.acc[q][r]...)
		}
	}
	xs, off := b.vectorsAt("xs"), GP64()
	XORQ(off, off)
	loop(off, b.blocks, b.bytes()*b.accs, func() {
		for c := range b.accs {
			b.part(rows, xs, Mem{Index: off, Scale: 1, Disp: c * b.bytes()}, c)
		}
	})
	loop(off, b.full, b.bytes(), func() { b.part(rows, xs, Mem{Index: off, Scale: 1}, 0) })
	b.lastPart(rows, xs, Mem{Index: off, Scale: 1})
	for q := range b.acc {
		sums := make([]VecVirtual, len(rows))
		for r := range rows {
			fold(b.acc[q][r])
			sums[r] = b.acc[q][r][0]
		}
		b.reduce(sums, func(k int) Mem { return b.result(q, k) })
	}
}

// vectorsAt returns where the vectors of a list of slices begin.
func (b *batch) vectorsAt(list string) []Register {
	at, begin := GP64(), make([]Register, b.inputs)
	MOVQ(arg(list), at)
	for q := range begin {
		begin[q] = GP64()
		MOVQ(Mem{Base: at, Disp: sliceBytes * q}, begin[q])
	}
	return begin
}

// sliceBytes is the size of a slice, which begins with the address of its data.
const sliceBytes = 24

// part multiplies one register of each row with one of each input.
func (b *batch) part(rows, xs []Register, at Mem, c int) {
	x := b.regs(b.inputs)
	for q := range x {
		at.Base = xs[q]
		VMOVUPS(at, x[q])
	}
	for r, row := range rows {
		at.Base = row
		w := b.reg()
		VMOVUPS(at, w)
		for q := range x {
			VFMADD231PS(w, x[q], b.acc[q][r][c])
		}
	}
}

// lastPart does so for what is left of the columns.
func (b *batch) lastPart(rows, xs []Register, at Mem) {
	skip, rest := label("whole"), GP64()
	MOVQ(arg("cols"), rest)
	ANDQ(I32(int32(b.lanes-1)), rest)
	JZ(LabelRef(skip))
	tail, x, w := b.mask(rest), b.reg(), b.reg()
	for q := range xs {
		at.Base = xs[q]
		b.loadMasked(at, tail, x)
		for r, row := range rows {
			at.Base = row
			b.loadMasked(at, tail, w)
			VFMADD231PS(w, x, b.acc[q][r][1])
		}
	}
	Label(skip)
}

// result addresses what the k-th row of the tile gives for an input.
func (b *batch) result(input, k int) Mem {
	y := GP64()
	MOVQ(arg("ys"), y)
	MOVQ(Mem{Base: y, Disp: sliceBytes * input}, y)
	return Mem{Base: y, Index: b.i, Scale: 4, Disp: 4 * k}
}
