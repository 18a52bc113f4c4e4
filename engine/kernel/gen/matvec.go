package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dots writes functions that multiply rows with a vector. A row is summed in accs
// registers, register c%accs for the c-th part of it, the same in all forms: so the
// bits of a result depend on its row alone.
type dots struct {
	vectors
	accs     int
	gather   bool // rows are chosen by ids, not adjacent
	inTurn   bool // one row after another instead of side by side
	prefetch int  // distance in rows, 0 for none

	x, full, blocks, rest, i, next Register
	tail                           Register
}

func matVecs(v vectors) {
	d := dots{vectors: v, accs: 2}
	d.emit("matVec")
	d.inTurn = true
	d.emit("matVecInTurn")
	d.inTurn, d.gather = false, true
	d.emit("gather")
	d.prefetch = 32
	d.emit("gatherAhead")
}

func (d *dots) emit(name string) {
	d.text(name, "(y, w *float32, stride, rows int, ids *int32, n int, x *float32, cols int, b *float32) (done int)")
	d.setUp()
	done, rows, bad, ret := label("done"), label("rows"), label("bad"), label("ret")
	Label(rows)
	t := GP64()
	LEAQ(Mem{Base: d.i, Disp: 4}, t)
	CMPQ(t, arg("n"))
	JGT(LabelRef(done))
	d.group(4, bad)
	ADDQ(I8(4), d.i)
	JMP(LabelRef(rows))
	Label(done)
	loop(d.i, arg("n"), 1, func() { d.group(1, bad) })
	Label(bad)
	Label(ret)
	VZEROUPPER()
	Store(d.i, Return("done"))
	RET()
}

// setUp finds the byte offsets at which a row's blocks and full registers end.
func (d *dots) setUp() {
	d.x, d.i, d.next = Load(Param("x"), GP64()), GP64(), GP64()
	d.full, d.blocks, d.rest = GP64(), GP64(), GP64()
	MOVQ(arg("cols"), d.rest)
	MOVQ(d.rest, d.full)
	MOVQ(d.rest, d.blocks)
	ANDQ(I32(int32(-d.lanes)), d.full)
	SUBQ(d.full, d.rest)
	ANDQ(I32(int32(-d.lanes*d.accs)), d.blocks)
	SHLQ(U8(2), d.full)
	SHLQ(U8(2), d.blocks)
	d.tail = d.mask(d.rest)
	XORQ(d.i, d.i)
	if !d.gather {
		MOVQ(arg("w"), d.next)
	}
}

func (d *dots) group(n int, bad string) {
	if d.prefetch > 0 {
		d.prefetchRows(n)
	}
	rows := d.pointers(n, bad)
	var sums []VecVirtual
	if d.inTurn {
		for _, row := range rows {
			sums = append(sums, d.products([]Register{row})...)
		}
	} else {
		sums = d.products(rows)
	}
	d.finish(sums)
}

// pointers returns the addresses of the next n rows.
func (d *dots) pointers(n int, bad string) []Register {
	rows := make([]Register, n)
	for r := range rows {
		rows[r] = GP64()
		if !d.gather {
			MOVQ(d.next, rows[r])
			ADDQ(arg("stride"), d.next)
			continue
		}
		if r == 0 {
			MOVQ(arg("ids"), d.next)
		}
		MOVL(Mem{Base: d.next, Index: d.i, Scale: 4, Disp: 4 * r}, rows[r].(GPVirtual).As32())
		CMPQ(rows[r], arg("rows"))
		JAE(LabelRef(bad))
		IMULQ(arg("stride"), rows[r])
		ADDQ(arg("w"), rows[r])
	}
	return rows
}

// prefetchRows asks for the rows that come d.prefetch rows later.
func (d *dots) prefetchRows(n int) {
	skip, at := label("noprefetch"), GP64()
	LEAQ(Mem{Base: d.i, Disp: d.prefetch + n}, at)
	CMPQ(at, arg("n"))
	JGT(LabelRef(skip))
	MOVQ(arg("ids"), d.next)
	for r := range n {
		row, end := GP64(), GP64()
		MOVL(Mem{Base: d.next, Index: d.i, Scale: 4, Disp: 4 * (d.prefetch + r)}, row.As32())
		IMULQ(arg("stride"), row)
		ADDQ(arg("w"), row)
		MOVQ(row, end)
		ADDQ(arg("stride"), end)
		loop(row, end, 64, func() { PREFETCHT1(Mem{Base: row}) })
	}
	Label(skip)
}

// products returns a register of sums for each row.
func (d *dots) products(rows []Register) []VecVirtual {
	acc := make([][]VecVirtual, len(rows))
	for r := range rows {
		acc[r] = d.regs(d.accs)
		d.zero(acc[r]...)
	}
	off := GP64()
	XORQ(off, off)
	loop(off, d.blocks, d.bytes()*d.accs, func() {
		for c := range d.accs {
			x := d.reg()
			VMOVUPS(Mem{Base: d.x, Index: off, Scale: 1, Disp: c * d.bytes()}, x)
			for r, row := range rows {
				VFMADD231PS(Mem{Base: row, Index: off, Scale: 1, Disp: c * d.bytes()}, x, acc[r][c])
			}
		}
	})
	loop(off, d.full, d.bytes(), func() {
		x := d.reg()
		VMOVUPS(Mem{Base: d.x, Index: off, Scale: 1}, x)
		for r, row := range rows {
			VFMADD231PS(Mem{Base: row, Index: off, Scale: 1}, x, acc[r][0])
		}
	})
	d.lastPart(rows, acc, off)
	sums := make([]VecVirtual, len(rows))
	for r := range rows {
		fold(acc[r])
		sums[r] = acc[r][0]
	}
	return sums
}

func (d *dots) lastPart(rows []Register, acc [][]VecVirtual, off Register) {
	skip := label("whole")
	TESTQ(d.rest, d.rest)
	JZ(LabelRef(skip))
	x, w := d.reg(), d.reg()
	d.loadMasked(Mem{Base: d.x, Index: off, Scale: 1}, d.tail, x)
	for r, row := range rows {
		d.loadMasked(Mem{Base: row, Index: off, Scale: 1}, d.tail, w)
		VFMADD231PS(w, x, acc[r][1])
	}
	Label(skip)
}

// finish reduces each register of sums to a number, adds the bias and stores.
func (d *dots) finish(s []VecVirtual) {
	for _, r := range s {
		if d.wide() {
			narrow(r)
		}
	}
	if len(s) == 4 {
		addTransposed(s)
	} else {
		addLanes(s[0])
	}
	d.halve(s[0])
	d.addBias(s[0].AsX(), len(s))
	y := GP64()
	MOVQ(arg("y"), y)
	to := Mem{Base: y, Index: d.i, Scale: 4}
	if len(s) == 4 {
		VMOVUPS(s[0].AsX(), to)
	} else {
		VMOVSS(s[0].AsX(), to)
	}
}

func (d *dots) addBias(sum Register, n int) {
	none, b, bias := label("nobias"), GP64(), XMM()
	MOVQ(arg("b"), b)
	TESTQ(b, b)
	JZ(LabelRef(none))
	switch {
	case d.gather:
		id := GP64()
		MOVQ(arg("ids"), d.next)
		for r := range n {
			MOVL(Mem{Base: d.next, Index: d.i, Scale: 4, Disp: 4 * r}, id.As32())
			if r == 0 {
				VMOVSS(Mem{Base: b, Index: id, Scale: 4}, bias)
			} else {
				VINSERTPS(U8(r<<4), Mem{Base: b, Index: id, Scale: 4}, bias, bias)
			}
		}
		VADDPS(bias, sum, sum)
	case n == 4:
		VADDPS(Mem{Base: b, Index: d.i, Scale: 4}, sum, sum)
	default:
		VADDSS(Mem{Base: b, Index: d.i, Scale: 4}, sum, sum)
	}
	Label(none)
}

// addTransposed leaves in each half of s[0] the sums over that half of s[0] to s[3].
func addTransposed(s []VecVirtual) {
	low, high := YMM(), YMM()
	for _, p := range [][2]VecVirtual{{s[0], s[1]}, {s[2], s[3]}} {
		VUNPCKLPS(p[1].AsY(), p[0].AsY(), low)
		VUNPCKHPS(p[1].AsY(), p[0].AsY(), high)
		VADDPS(high, low, p[0].AsY())
	}
	VUNPCKLPD(s[2].AsY(), s[0].AsY(), low)
	VUNPCKHPD(s[2].AsY(), s[0].AsY(), high)
	VADDPS(high, low, s[0].AsY())
}

// addLanes does for one register what addTransposed does for four, in the same order.
func addLanes(s VecVirtual) {
	up := YMM()
	VPERMILPS(U8(0b1110), s.AsY(), up)
	VADDPS(up, s.AsY(), s.AsY())
	VPERMILPS(U8(0b01), s.AsY(), up)
	VADDPS(up, s.AsY(), s.AsY())
}
