package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// pieces cuts width floats into powers of two, 8 at most, which a move can handle.
func pieces(width int) []int {
	var p []int
	for _, n := range []int{8, 4, 2} {
		for ; width >= n; width -= n {
			p = append(p, n)
		}
	}
	return p
}

// packRows writes a function that copies depth rows of width floats from src, which are
// step floats apart, to dst, where they follow each other.
func packRows(v vectors, width int) {
	v.text(fmt.Sprintf("packRows%d", width), "(dst, src []float32, depth, step int)")
	dst, src := Load(Param("dst").Base(), GP64()), Load(Param("src").Base(), GP64())
	depth, step, p := Load(Param("depth"), GP64()), Load(Param("step"), GP64()), GP64()
	SHLQ(U8(2), step)
	XORQ(p, p)
	loop(p, depth, 1, func() {
		at := 0
		for _, n := range pieces(width) {
			r := YMM()
			move(n, Mem{Base: src, Disp: 4 * at}, r)
			moveBack(n, r, Mem{Base: dst, Disp: 4 * at})
			at += n
		}
		ADDQ(step, src)
		ADDQ(I32(int32(4*width)), dst)
	})
	VZEROUPPER()
	RET()
}

func move(n int, m Mem, r VecVirtual) {
	switch n {
	case 8:
		VMOVUPS(m, r)
	case 4:
		VMOVUPS(m, r.AsX())
	case 2:
		VMOVSD(m, r.AsX())
	}
}

func moveBack(n int, r VecVirtual, m Mem) {
	switch n {
	case 8:
		VMOVUPS(r, m)
	case 4:
		VMOVUPS(r.AsX(), m)
	case 2:
		VMOVSD(r.AsX(), m)
	}
}

// columns is how many terms packColumns transposes at a time.
const columns = 8

// packColumns writes a function that transposes width lines of depth floats, which are
// line floats apart, to depth rows of width floats.
func packColumns(v vectors, width int) {
	v.text(fmt.Sprintf("packColumns%d", width), "(dst, src []float32, depth, line int)",
		fmt.Sprintf("packColumns%d wants a depth that divides by %d.", width, columns))
	src, line := Load(Param("src").Base(), GP64()), Load(Param("line"), GP64())
	SHLQ(U8(2), line)
	at := 0
	for _, n := range pieces(width) {
		transposeLines(src, line, at, n, width)
		at += n
	}
	VZEROUPPER()
	RET()
}

// transposeLines handles the lines at to at+n-1 of width and leaves src n lines further.
func transposeLines(src, line Register, at, n, width int) {
	dst, depth := Load(Param("dst").Base(), GP64()), Load(Param("depth"), GP64())
	lines, p := make([]Register, n), GP64()
	for l := range lines {
		lines[l] = GP64()
		MOVQ(src, lines[l])
		ADDQ(line, src)
	}
	XORQ(p, p)
	loop(p, depth, columns, func() {
		rows := make([]VecVirtual, n)
		for l := range rows {
			rows[l] = YMM()
			VMOVUPS(Mem{Base: lines[l], Index: p, Scale: 4}, rows[l])
		}
		term := func(t int) Mem { return Mem{Base: dst, Disp: 4 * (t*width + at)} }
		switch n {
		case 8:
			transpose8(rows, term)
		case 4:
			transpose4(rows, term)
		case 2:
			transpose2(rows, term)
		}
		ADDQ(I32(int32(4*columns*width)), dst)
	})
}

// quads returns, for four lines, registers whose halves are the terms t and t+4.
func quads(l []VecVirtual) []VecVirtual {
	low, high := make([]VecVirtual, 2), make([]VecVirtual, 2)
	for i := range 2 {
		low[i], high[i] = YMM(), YMM()
		VUNPCKLPS(l[2*i+1], l[2*i], low[i])
		VUNPCKHPS(l[2*i+1], l[2*i], high[i])
	}
	q := []VecVirtual{YMM(), YMM(), YMM(), YMM()}
	VUNPCKLPD(low[1], low[0], q[0])
	VUNPCKHPD(low[1], low[0], q[1])
	VUNPCKLPD(high[1], high[0], q[2])
	VUNPCKHPD(high[1], high[0], q[3])
	return q
}

func transpose8(l []VecVirtual, term func(int) Mem) {
	first, second := quads(l[:4]), quads(l[4:])
	for t := range 4 {
		r := YMM()
		VPERM2F128(U8(0x20), second[t], first[t], r)
		VMOVUPS(r, term(t))
		VPERM2F128(U8(0x31), second[t], first[t], r)
		VMOVUPS(r, term(t+4))
	}
}

func transpose4(l []VecVirtual, term func(int) Mem) {
	for t, q := range quads(l) {
		VMOVUPS(q.AsX(), term(t))
		VEXTRACTF128(U8(1), q, term(t+4))
	}
}

func transpose2(l []VecVirtual, term func(int) Mem) {
	low, high := YMM(), YMM()
	VUNPCKLPS(l[1], l[0], low)
	VUNPCKHPS(l[1], l[0], high)
	for _, from := range []int{0, 4} {
		for i, r := range []VecVirtual{low, high} {
			VMOVLPS(r.AsX(), term(from+2*i))
			VMOVHPS(r.AsX(), term(from+2*i+1))
			VEXTRACTF128(U8(1), r, r.AsX())
		}
	}
}
