package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// narrowAxpy writes y += sum of a[i] * row ids[i] for narrow rows, in the two forms that
// axpy has. Ids are known to be in range. Offsets count elements.
type narrowAxpy struct {
	vectors
	element
	stretches []int // in registers, descending
	group     int   // rows side by side, 0 for none

	y, off, i Register
	zeros     VecVirtual
}

func narrowAxpys(v vectors, e element) {
	x := narrowAxpy{vectors: v, element: e, stretches: []int{8, 1}, group: 8}
	if v.wide() {
		x.stretches, x.group = []int{16, 8, 4, 1}, 0
	}
	x.emit()
}

func (x *narrowAxpy) emit() {
	signature := "(y *float32, w *" + x.goType + ", stride int, ids *int32, n int, a *float32, cols int"
	if x.element == int8s {
		signature += ", scale *float32"
	}
	x.text("axpy"+x.name, signature+")")
	x.y, x.off, x.i = Load(Param("y"), GP64()), GP64(), GP64()
	XORQ(x.i, x.i)
	if x.element == bf16s {
		x.zeros = x.reg()
		x.zero(x.zeros)
	}
	if x.group > 0 {
		x.groups()
	}
	x.remaining()
	VZEROUPPER()
	RET()
}

// row finds a row and a register of its factor, k after the i-th.
func (x *narrowAxpy) row(ids, a, i Register, k int) (Register, VecVirtual) {
	row, f := GP64(), x.reg()
	MOVL(Mem{Base: ids, Index: i, Scale: 4, Disp: 4 * k}, row.As32())
	VBROADCASTSS(Mem{Base: a, Index: i, Scale: 4, Disp: 4 * k}, f)
	if x.element == int8s {
		scale, s := GP64(), x.reg()
		MOVQ(arg("scale"), scale)
		VBROADCASTSS(Mem{Base: scale, Index: row, Scale: 4}, s)
		VMULPS(s, f, f)
	}
	IMULQ(arg("stride"), row)
	ADDQ(arg("w"), row)
	return row, f
}

func (x *narrowAxpy) groups() {
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
func (x *narrowAxpy) remaining() {
	ids, a, n, i := Load(Param("ids"), GP64()), Load(Param("a"), GP64()), Load(Param("n"), GP64()), GP64()
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
func (x *narrowAxpy) across(pieces []int, body func(count int, mask Register)) {
	end, rest, done := GP64(), GP64(), label("whole")
	XORQ(x.off, x.off)
	for _, count := range pieces {
		MOVQ(arg("cols"), end)
		SUBQ(I32(int32(count*x.lanes-1)), end)
		loop(x.off, end, count*x.lanes, func() { body(count, nil) })
	}
	MOVQ(arg("cols"), rest)
	ANDQ(I32(int32(x.lanes-1)), rest)
	JZ(LabelRef(done))
	body(1, x.mask(rest))
	Label(done)
}

// pairs says whether a piece of so many registers is summed in pairs of even and odd groups.
func (x *narrowAxpy) pairs(count int) bool { return x.element == bf16s && count%2 == 0 }

// sums loads a piece of y, runs body and stores it.
func (x *narrowAxpy) sums(count int, mask Register, body func([]VecVirtual)) {
	at := func(c int) Mem { return Mem{Base: x.y, Index: x.off, Scale: 4, Disp: c * x.bytes()} }
	sums := x.regs(count)
	for c, s := range sums {
		x.load(at(c), mask, s)
	}
	if x.pairs(count) {
		inPairs(sums, x.split)
	}
	body(sums)
	if x.pairs(count) {
		inPairs(sums, x.join)
	}
	for c, s := range sums {
		x.store(s, mask, at(c))
	}
}

func inPairs(r []VecVirtual, f func(a, b VecVirtual) (VecVirtual, VecVirtual)) {
	for c := 0; c < len(r); c += 2 {
		r[c], r[c+1] = f(r[c], r[c+1])
	}
}

func (x *narrowAxpy) accumulate(sums []VecVirtual, row Register, factor VecVirtual, mask Register) {
	at := func(c int) Mem {
		return Mem{Base: row, Index: x.off, Scale: uint8(x.size), Disp: c * x.lanes * x.size}
	}
	if x.pairs(len(sums)) {
		for c := 0; c < len(sums); c += 2 {
			even, odd := x.widenPair(at(c), x.zeros)
			VFMADD231PS(even, factor, sums[c])
			VFMADD231PS(odd, factor, sums[c+1])
		}
		return
	}
	for c, s := range sums {
		x.fma(x.vectors, at(c), mask, factor, s)
	}
}
