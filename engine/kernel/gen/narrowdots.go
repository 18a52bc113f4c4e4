package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// narrowRows writes functions that multiply narrow rows with a vector, in the forms that
// dots has. Ids are known to be in range. Offsets count elements.
type narrowRows struct {
	dots
	element
	fill VecVirtual // zeros for bf16, 16-bit ones for int8
}

const (
	bf16Signature = "(y *float32, w *uint16, stride int, ids *int32, n int, x *float32, cols int, b *float32)"
	int8Signature = "(y *float32, w *int8, stride int, ids *int32, n int, x *uint8, cols int, b, scale *float32, sum *int32, inputScale float32, zero int32)"
)

func narrowDots(v vectors) {
	for _, e := range []element{bf16s, int8s} {
		for _, form := range forms {
			d := narrowRows{dots: form.dots, element: e}
			d.vectors, d.accs = v, 2
			d.emit(form.name)
		}
	}
}

func (d *narrowRows) emit(form string) {
	signature, setUp := bf16Signature, d.setUpBF16
	if d.element == int8s {
		signature, setUp = int8Signature, d.setUpInt8
	}
	d.text(form+d.name, signature)
	d.x, d.i, d.next = Load(Param("x"), GP64()), GP64(), GP64()
	setUp()
	XORQ(d.i, d.i)
	if !d.gather {
		MOVQ(arg("w"), d.next)
	}
	d.groups(d.group)
	VZEROUPPER()
	RET()
}

func (d *narrowRows) group(n int) {
	products, finish := d.productsBF16, d.finish
	if d.element == int8s {
		products, finish = d.productsInt8, d.finishInt8
	}
	finish(d.products(n, products))
}

func (d *narrowRows) setUpBF16() {
	d.full, d.blocks, d.rest = GP64(), GP64(), GP64()
	MOVQ(arg("cols"), d.rest)
	MOVQ(d.rest, d.full)
	MOVQ(d.rest, d.blocks)
	ANDQ(I32(int32(-d.lanes)), d.full)
	SUBQ(d.full, d.rest)
	ANDQ(I32(int32(-d.lanes*d.accs)), d.blocks)
	d.tail, d.fill = d.mask(d.rest), d.reg()
	d.zero(d.fill)
}

// productsBF16 returns a register of sums for each row, of accs = 2: even and odd groups.
func (d *narrowRows) productsBF16(rows []Register) []VecVirtual {
	acc := make([][]VecVirtual, len(rows))
	for r := range rows {
		acc[r] = d.regs(d.accs)
		d.zero(acc[r]...)
	}
	off := GP64()
	XORQ(off, off)
	input := func(c int, mask Register) VecVirtual {
		x := d.reg()
		d.load(Mem{Base: d.x, Index: off, Scale: 4, Disp: c * d.bytes()}, mask, x)
		return x
	}
	loop(off, d.blocks, d.lanes*d.accs, func() {
		d.ask(Mem{Index: off, Scale: 2}, rows)
		x0, x1 := d.split(input(0, nil), input(1, nil))
		for r, row := range rows {
			w0, w1 := d.widenPair(Mem{Base: row, Index: off, Scale: 2}, d.fill)
			VFMADD231PS(w0, x0, acc[r][0])
			VFMADD231PS(w1, x1, acc[r][1])
		}
	})
	last := func(mask Register, to int) {
		d.ask(Mem{Index: off, Scale: 2}, rows)
		x := input(0, mask)
		for r, row := range rows {
			d.fma(d.vectors, Mem{Base: row, Index: off, Scale: 2}, mask, x, acc[r][to])
		}
	}
	loop(off, d.full, d.lanes, func() { last(nil, 0) })
	skip := label("whole")
	TESTQ(d.rest, d.rest)
	JZ(LabelRef(skip))
	last(d.tail, 1)
	Label(skip)
	sums := make([]VecVirtual, len(rows))
	for r := range rows {
		fold(acc[r])
		sums[r] = acc[r][0]
	}
	return sums
}

// setUpInt8 rounds the columns up to whole registers: the padding is zero.
func (d *narrowRows) setUpInt8() {
	d.full, d.fill = GP64(), d.reg()
	MOVQ(arg("cols"), d.full)
	ADDQ(I32(int32(d.bytes()-1)), d.full)
	ANDQ(I32(int32(-d.bytes())), d.full)
	d.broadcastConstant(0x00010001, d.fill)
}

// productsInt8 returns a register of 32-bit sums for each row. Pairs of products cannot
// saturate their 16 bits because inputs have 7.
func (d *narrowRows) productsInt8(rows []Register) []VecVirtual {
	sums := d.regs(len(rows))
	d.zero(sums...)
	off := GP64()
	XORQ(off, off)
	loop(off, d.full, d.bytes(), func() {
		d.ask(Mem{Index: off, Scale: 1}, rows)
		x := d.reg()
		d.loadInts(Mem{Base: d.x, Index: off, Scale: 1}, x)
		for r, row := range rows {
			p := d.reg()
			VPMADDUBSW(Mem{Base: row, Index: off, Scale: 1}, x, p)
			VPMADDWD(d.fill, p, p)
			VPADDD(p, sums[r], sums[r])
		}
	})
	return sums
}

// finishInt8 turns sums into outputs: less the zero's part, scaled, plus the bias.
func (d *narrowRows) finishInt8(s []VecVirtual) {
	for _, r := range s {
		if d.wide() {
			up := YMM()
			VEXTRACTI64X4(U8(1), r, up)
			VPADDD(up, r.AsY(), r.AsY())
		}
	}
	if len(s) == 4 {
		addTransposedInts(s)
		d.scaled(s[0], 0, 4)
		return
	}
	for k, r := range s {
		addLanesInts(r)
		d.scaled(r, k, 1)
	}
}

// scaled turns the integer sums of n rows, from the k-th of the group on, into outputs.
func (d *narrowRows) scaled(r VecVirtual, k, n int) {
	up, sum := XMM(), r.AsX()
	d.upper(r, up)
	VPADDD(up, sum, sum)

	zero, part, factor := XMM(), XMM(), XMM()
	VBROADCASTSS(arg("zero"), zero) // any 32 bits
	d.perRow("sum", k, n, part)
	VPMULLD(zero, part, part)
	VPSUBD(part, sum, sum)
	VCVTDQ2PS(sum, sum)
	VBROADCASTSS(arg("inputScale"), zero)
	d.perRow("scale", k, n, factor)
	VMULPS(zero, factor, factor)
	VMULPS(factor, sum, sum)
	d.addBias(sum, k, n)
	if n == 4 {
		VMOVUPS(sum, d.output(k))
	} else {
		VMOVSS(sum, d.output(k))
	}
}

// perRow loads the numbers of 32 bits, of whatever kind, that belong to n rows, from the
// k-th of the group on.
func (d *narrowRows) perRow(table string, k, n int, dst VecVirtual) {
	base := GP64()
	MOVQ(arg(table), base)
	if !d.gather {
		at := Mem{Base: base, Index: d.i, Scale: 4, Disp: 4 * k}
		if n == 4 {
			VMOVUPS(at, dst)
		} else {
			VMOVSS(at, dst)
		}
		return
	}
	id := GP64()
	MOVQ(arg("ids"), d.next)
	for r := range n {
		MOVL(Mem{Base: d.next, Index: d.i, Scale: 4, Disp: 4 * (k + r)}, id.As32())
		if r == 0 {
			VMOVSS(Mem{Base: base, Index: id, Scale: 4}, dst)
		} else {
			VINSERTPS(U8(r<<4), Mem{Base: base, Index: id, Scale: 4}, dst, dst)
		}
	}
}

// addTransposedInts is addTransposed for integers.
func addTransposedInts(s []VecVirtual) {
	low, high := YMM(), YMM()
	for _, p := range [][2]VecVirtual{{s[0], s[1]}, {s[2], s[3]}} {
		VPUNPCKLDQ(p[1].AsY(), p[0].AsY(), low)
		VPUNPCKHDQ(p[1].AsY(), p[0].AsY(), high)
		VPADDD(high, low, p[0].AsY())
	}
	VPUNPCKLQDQ(s[2].AsY(), s[0].AsY(), low)
	VPUNPCKHQDQ(s[2].AsY(), s[0].AsY(), high)
	VPADDD(high, low, s[0].AsY())
}

// addLanesInts is addLanes for integers.
func addLanesInts(s VecVirtual) {
	up := YMM()
	VPSHUFD(U8(0b1110), s.AsY(), up)
	VPADDD(up, s.AsY(), s.AsY())
	VPSHUFD(U8(0b01), s.AsY(), up)
	VPADDD(up, s.AsY(), s.AsY())
}
