package main

import (
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// dots writes functions that multiply rows with a vector. A row is summed in accs
// registers, register c%accs for the c-th part of it, the same in all forms: so the
// bits of a result depend on its row alone.
type dots struct {
	vectors
	accs   int
	gather bool // rows are chosen by ids, not adjacent
	inTurn bool // one row after another instead of side by side
	// ahead is the distance at which rows that come later are asked for, 0 for none: in
	// rows if they are chosen, in bytes if they are adjacent.
	ahead int
	near  bool // ask for them in the first-level cache, not the second
	bare  bool // load the rows and do nothing with them

	x, full, blocks, rest, i, next Register
	tail                           Register
	later                          []Register // rows that are asked for while others are read
}

// form is a function that dots writes.
type form struct {
	name string
	dots
}

// forms are the ways to the same results. Which is best depends on where the table lies
// and on how long its rows are; the package measures it.
var forms = []form{
	{"matVec", dots{}},
	{"matVecInTurn", dots{inTurn: true}},
	{"matVecAhead", dots{inTurn: true, ahead: 4096}},
	{"gather", dots{gather: true}},
	{"gatherNear", dots{gather: true, ahead: 16, near: true}},
	{"gatherFar", dots{gather: true, ahead: 32}},
}

func matVecs(v vectors) {
	for _, form := range forms {
		d := form.dots
		d.vectors, d.accs = v, 2
		d.emit(form.name)
	}
	maxID(v)
}

// bareRows writes the forms of picked rows without the arithmetic: what those kernels
// could reach at most.
func bareRows(v vectors) {
	for _, form := range forms {
		d := form.dots
		if rest, picks := strings.CutPrefix(form.name, "gather"); picks {
			d.vectors, d.accs, d.bare = v, 2, true
			d.emit("readRows" + rest)
		}
	}
}

func (d *dots) emit(name string) {
	d.text(name, "(y, w *float32, stride int, ids *int32, n int, x *float32, cols int, b *float32)")
	d.setUp()
	d.groups(d.group)
	VZEROUPPER()
	RET()
}

// groups runs group for all rows: four at a time, and at the end two and one.
func (d *dots) groups(group func(n int)) {
	for _, n := range []int{4, 2, 1} {
		last := GP64()
		end := func() {
			MOVQ(arg("n"), last)
			SUBQ(I8(int8(n-1)), last)
		}
		end()
		loop(d.i, last, n, func() {
			group(n)
			end()
		})
	}
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

func (d *dots) group(n int) { d.finish(d.products(n, d.sums)) }

// products returns a register of sums for each of the next n rows. sum does so for rows
// side by side.
func (d *dots) products(n int, sum func(rows []Register) []VecVirtual) (sums []VecVirtual) {
	d.later = nil
	if d.gather && d.ahead > 0 && n > 1 {
		d.later = d.laterRows(n)
	}
	rows := d.pointers(n)
	if !d.inTurn {
		return sum(rows)
	}
	for _, row := range rows {
		sums = append(sums, sum([]Register{row})...)
	}
	return sums
}

// pointers returns the addresses of the next n rows.
func (d *dots) pointers(n int) []Register {
	if d.gather {
		return d.chosen(n, d.i)
	}
	rows := make([]Register, n)
	for r := range rows {
		rows[r] = GP64()
		MOVQ(d.next, rows[r])
		ADDQ(arg("stride"), d.next)
	}
	return rows
}

// chosen returns the addresses of the rows of n ids from the i-th on.
func (d *dots) chosen(n int, i Register) []Register {
	rows := make([]Register, n)
	MOVQ(arg("ids"), d.next)
	for r := range rows {
		rows[r] = GP64()
		MOVL(Mem{Base: d.next, Index: i, Scale: 4, Disp: 4 * r}, rows[r].(GPVirtual).As32())
		IMULQ(arg("stride"), rows[r])
		ADDQ(arg("w"), rows[r])
	}
	return rows
}

// laterRows returns the addresses of the rows to ask for: those of the running group
// again, which costs nothing, where the ids end before.
func (d *dots) laterRows(n int) []Register {
	at, end := GP64(), GP64()
	LEAQ(Mem{Base: d.i, Disp: d.ahead}, at)
	LEAQ(Mem{Base: d.i, Disp: d.ahead + n}, end)
	CMPQ(end, arg("n"))
	CMOVQGT(d.i, at)
	return d.chosen(n, at)
}

// ask asks for the line at a place of the rows that come later.
func (d *dots) ask(at Mem, rows []Register) {
	if !d.gather && d.ahead > 0 {
		at.Base = rows[0]
		PREFETCHT1(at.Offset(d.ahead))
	}
	for _, row := range d.later {
		at.Base = row
		if d.near {
			PREFETCHT0(at)
		} else {
			PREFETCHT1(at)
		}
	}
}

// sums returns a register of sums for each row.
func (d *dots) sums(rows []Register) []VecVirtual {
	acc := make([][]VecVirtual, len(rows))
	for r := range rows {
		acc[r] = d.regs(d.accs)
		d.zero(acc[r]...)
	}
	off := GP64()
	XORQ(off, off)
	loop(off, d.blocks, d.bytes()*d.accs, func() {
		for c := range d.accs {
			if c*d.bytes()%64 == 0 {
				d.ask(Mem{Index: off, Scale: 1, Disp: c * d.bytes()}, rows)
			}
			x := d.reg()
			VMOVUPS(Mem{Base: d.x, Index: off, Scale: 1, Disp: c * d.bytes()}, x)
			for r, row := range rows {
				d.multiply(Mem{Base: row, Index: off, Scale: 1, Disp: c * d.bytes()}, x, acc[r][c])
			}
		}
	})
	loop(off, d.full, d.bytes(), func() {
		d.ask(Mem{Index: off, Scale: 1}, rows)
		x := d.reg()
		VMOVUPS(Mem{Base: d.x, Index: off, Scale: 1}, x)
		for r, row := range rows {
			d.multiply(Mem{Base: row, Index: off, Scale: 1}, x, acc[r][0])
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

func (d *dots) multiply(row Mem, x, sum VecVirtual) {
	if d.bare {
		VMOVUPS(row, d.reg())
	} else {
		VFMADD231PS(row, x, sum)
	}
}

func (d *dots) lastPart(rows []Register, acc [][]VecVirtual, off Register) {
	skip := label("whole")
	TESTQ(d.rest, d.rest)
	JZ(LabelRef(skip))
	d.ask(Mem{Index: off, Scale: 1}, rows)
	x, w := d.reg(), d.reg()
	d.loadMasked(Mem{Base: d.x, Index: off, Scale: 1}, d.tail, x)
	for r, row := range rows {
		d.loadMasked(Mem{Base: row, Index: off, Scale: 1}, d.tail, w)
		VFMADD231PS(w, x, acc[r][1])
	}
	Label(skip)
}

// finish reduces each register of sums to a number, adds the bias and stores.
func (d *dots) finish(s []VecVirtual) { d.reduce(s, d.output) }

// reduce does so to where output says for the k-th.
func (d *dots) reduce(s []VecVirtual, output func(k int) Mem) {
	for _, r := range s {
		if d.wide() {
			narrow(r)
		}
	}
	if len(s) == 4 {
		addTransposed(s)
		d.halve(s[0])
		d.addBias(s[0].AsX(), 0, 4)
		VMOVUPS(s[0].AsX(), output(0))
		return
	}
	for k, r := range s { // in the order of additions that the four have
		addLanes(r)
		d.halve(r)
		d.addBias(r.AsX(), k, 1)
		VMOVSS(r.AsX(), output(k))
	}
}

// output addresses the k-th result of the group.
func (d *dots) output(k int) Mem {
	y := GP64()
	MOVQ(arg("y"), y)
	return Mem{Base: y, Index: d.i, Scale: 4, Disp: 4 * k}
}

// addBias adds the biases of n rows from the k-th of the group on.
func (d *dots) addBias(sum Register, k, n int) {
	none, b, bias := label("nobias"), GP64(), XMM()
	MOVQ(arg("b"), b)
	TESTQ(b, b)
	JZ(LabelRef(none))
	at := Mem{Base: b, Index: d.i, Scale: 4, Disp: 4 * k}
	switch {
	case d.gather:
		id := GP64()
		MOVQ(arg("ids"), d.next)
		for r := range n {
			MOVL(Mem{Base: d.next, Index: d.i, Scale: 4, Disp: 4 * (k + r)}, id.As32())
			if r == 0 {
				VMOVSS(Mem{Base: b, Index: id, Scale: 4}, bias)
			} else {
				VINSERTPS(U8(r<<4), Mem{Base: b, Index: id, Scale: 4}, bias, bias)
			}
		}
		VADDPS(bias, sum, sum)
	case n == 4:
		VADDPS(at, sum, sum)
	default:
		VADDSS(at, sum, sum)
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
