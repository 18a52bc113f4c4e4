package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile writes the inner loop of Gemm: mr rows of nr registers of sums, which stay in
// registers for all k. The sizes fill the register file and leave two for B and two
// for the elements of A, which are broadcast.
type tile struct {
	vectors
	mr, nr int
}

func gemms(v vectors) {
	t := tile{v, 6, 2}
	if v.wide() {
		t.mr = 12
	}
	t.emit()
	for _, width := range []int{t.mr, t.nr * v.lanes} {
		packRows(v, width)
		packColumns(v, width)
	}
}

func (t tile) emit() {
	t.text("micro", "(k int, a, b, c []float32, stride int, add bool)",
		fmt.Sprintf("micro computes a %dx%d tile from packed a and b and stores it to c or adds it.", t.mr, t.nr*t.lanes))
	a, b, k := Load(Param("a").Base(), GP64()), Load(Param("b").Base(), GP64()), Load(Param("k"), GP64())
	sums := make([][]VecVirtual, t.mr)
	for i := range sums {
		sums[i] = t.regs(t.nr)
		t.zero(sums[i]...)
	}
	for _, terms := range []int{4, 1} {
		last, at := GP64(), GP64()
		XORQ(at, at)
		LEAQ(Mem{Base: k, Disp: 1 - terms}, last)
		loop(at, last, terms, func() {
			for p := range terms {
				t.term(a, b, p, sums)
			}
			ADDQ(I32(int32(terms*t.mr*4)), a)
			ADDQ(I32(int32(terms*t.nr*t.bytes())), b)
		})
		SUBQ(at, k)
	}
	t.output(sums)
}

// term adds the products of the p-th column of A and the p-th row of B.
func (t tile) term(a, b Register, p int, sums [][]VecVirtual) {
	bs := t.regs(t.nr)
	for j := range bs {
		VMOVUPS(Mem{Base: b, Disp: (p*t.nr + j) * t.bytes()}, bs[j])
	}
	for i, row := range sums {
		f := t.reg()
		VBROADCASTSS(Mem{Base: a, Disp: (p*t.mr + i) * 4}, f)
		for j := range bs {
			VFMADD231PS(bs[j], f, row[j])
		}
	}
}

func (t tile) output(sums [][]VecVirtual) {
	c, stride, add, store := Load(Param("c").Base(), GP64()), Load(Param("stride"), GP64()), GP64(), label("store")
	SHLQ(U8(2), stride)
	MOVBLZX(arg("add"), add.As32())
	TESTL(add.As32(), add.As32())
	JZ(LabelRef(store))
	t.eachRow(c, stride, sums, func(s VecVirtual, m Mem) {
		VADDPS(m, s, s)
		VMOVUPS(s, m)
	})
	VZEROUPPER()
	RET()
	Label(store)
	t.eachRow(c, stride, sums, func(s VecVirtual, m Mem) { VMOVUPS(s, m) })
	VZEROUPPER()
	RET()
}

func (t tile) eachRow(c, stride Register, sums [][]VecVirtual, f func(s VecVirtual, m Mem)) {
	for _, row := range sums {
		for j, s := range row {
			f(s, Mem{Base: c, Disp: j * t.bytes()})
		}
		ADDQ(stride, c)
	}
}
