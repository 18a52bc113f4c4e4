package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// axpy writes y += sum of a[i] * row ids[i]. Each element of y takes the products in
// the order of ids, in both of its forms:
//
//   - stretches of y stay in registers while all rows pass, so that y is read and written once;
//   - groups of rows pass side by side over all of y, which reads rows from end to end:
//     better for the caches, and what 16 small registers do best.
type axpy struct {
	vectors
	stretches []int // in registers, descending
	group     int   // rows side by side, 0 for none

	y, off, i Register
}

func axpys(v vectors) {
	x := axpy{vectors: v, stretches: []int{8, 1}, group: 8}
	if v.wide() {
		x.stretches, x.group = []int{16, 8, 4, 1}, 0
	}
	x.emit()
}

func (x *axpy) emit() {
	x.text("axpy", "(y, w *float32, stride int, ids *int32, n int, a *float32, cols int)")
	x.y, x.off, x.i = Load(Param("y"), GP64()), GP64(), GP64()
	XORQ(x.i, x.i)
	if x.group > 0 {
		x.groups()
	}
	x.remaining()
	VZEROUPPER()
	RET()
}

// part addresses register c of the current place in y or in a row.
func (x *axpy) part(base Register, c int) Mem {
	return Mem{Base: base, Index: x.off, Scale: 1, Disp: c * x.bytes()}
}

// row finds a row and a register of its factor, k after the i-th.
func (x *axpy) row(ids, a, i Register, k int) (Register, VecVirtual) {
	row, f := GP64(), x.reg()
	MOVL(Mem{Base: ids, Index: i, Scale: 4, Disp: 4 * k}, row.As32())
	IMULQ(arg("stride"), row)
	ADDQ(arg("w"), row)
	VBROADCASTSS(Mem{Base: a, Index: i, Scale: 4, Disp: 4 * k}, f)
	return row, f
}

func (x *axpy) groups() {
	next, done, t := label("group"), label("groupsdone"), GP64()
	Label(next)
	LEAQ(Mem{Base: x.i, Disp: x.group}, t)
	CMPQ(t, arg("n"))
	JGT(LabelRef(done))
	rows, factors := make([]Register, x.group), make([]VecVirtual, x.group)
	ids, a := Load(Param("ids"), GP64()), Load(Param("a"), GP64())
	for k := range rows {
		rows[k], factors[k] = x.row(ids, a, x.i, k)
	}
	XORQ(x.off, x.off)
	x.across([]int{4, 1}, func(count int, mask Register) {
		x.sums(count, mask, func(sums []VecVirtual) {
			for k, row := range rows {
				x.accumulate(sums, row, factors[k], mask)
			}
		})
	})
	ADDQ(I8(int8(x.group)), x.i)
	JMP(LabelRef(next))
	Label(done)
}

// remaining takes all rows from the i-th on, for one stretch of y after another.
func (x *axpy) remaining() {
	ids, a, n, i := Load(Param("ids"), GP64()), Load(Param("a"), GP64()), Load(Param("n"), GP64()), GP64()
	XORQ(x.off, x.off)
	x.across(x.stretches, func(count int, mask Register) {
		x.sums(count, mask, func(sums []VecVirtual) {
			MOVQ(x.i, i)
			loop(i, n, 1, func() {
				row, f := x.row(ids, a, i, 0)
				x.accumulate(sums, row, f, mask)
			})
		})
	})
}

// across runs body over all of y, in pieces of so many registers, largest first, and
// then with a mask for what is left.
func (x *axpy) across(pieces []int, body func(count int, mask Register)) {
	end, rest, done := GP64(), GP64(), label("whole")
	for _, count := range pieces {
		MOVQ(arg("cols"), end)
		SHLQ(U8(2), end)
		SUBQ(I32(int32(count*x.bytes()-1)), end)
		loop(x.off, end, count*x.bytes(), func() { body(count, nil) })
	}
	MOVQ(arg("cols"), rest)
	ANDQ(I32(int32(x.lanes-1)), rest)
	JZ(LabelRef(done))
	body(1, x.mask(rest))
	Label(done)
}

// sums loads a piece of y, runs body and stores it.
func (x *axpy) sums(count int, mask Register, body func([]VecVirtual)) {
	sums := x.regs(count)
	for c, s := range sums {
		x.load(x.part(x.y, c), mask, s)
	}
	body(sums)
	for c, s := range sums {
		x.store(s, mask, x.part(x.y, c))
	}
}

func (x *axpy) accumulate(sums []VecVirtual, row Register, factor VecVirtual, mask Register) {
	for c, s := range sums {
		if mask == nil {
			VFMADD231PS(x.part(row, c), factor, s)
			continue
		}
		w := x.reg()
		x.loadMasked(x.part(row, c), mask, w)
		VFMADD231PS(w, factor, s)
	}
}
