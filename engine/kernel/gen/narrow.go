package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// element is how weights are stored.
type element struct {
	name   string // in function names
	goType string
	size   int // bytes
}

var (
	float32s = element{"", "float32", 4}
	bf16s    = element{"BF16", "uint16", 2}
	int8s    = element{"Int8", "int8", 1}
)

// narrowKernels writes those of narrow types, and of blocks of all types.
func narrowKernels(v vectors) {
	narrowDots(v)
	for _, e := range []element{bf16s, int8s} {
		narrowAxpys(v, e)
	}
	quantises(v)
	for _, e := range []element{float32s, bf16s, int8s} {
		blockDots(v, e)
	}
}

// widen loads weights as floats. With a mask, the lanes outside of it become zero; what
// they are in memory may be read.
func (e element) widen(v vectors, m Mem, mask Register, dst VecVirtual) {
	if e == float32s {
		v.load(m, mask, dst)
		return
	}
	switch {
	case e == bf16s && mask != nil && v.wide():
		VPMOVZXWD_Z(m, mask, dst)
	case e == bf16s:
		VPMOVZXWD(m, dst)
	case mask != nil && v.wide():
		VPMOVSXBD_Z(m, mask, dst)
	default:
		VPMOVSXBD(m, dst)
	}
	if mask != nil && !v.wide() {
		VPAND(mask, dst, dst)
	}
	if e == bf16s {
		VPSLLD(U8(16), dst, dst)
	} else {
		VCVTDQ2PS(dst, dst)
	}
}

// fma adds weights times factor to sum.
func (e element) fma(v vectors, m Mem, mask Register, factor, sum VecVirtual) {
	if e == float32s && mask == nil {
		VFMADD231PS(m, factor, sum)
		return
	}
	w := v.reg()
	e.widen(v, m, mask, w)
	VFMADD231PS(w, factor, sum)
}

// broadcastConstant fills a register with a 32-bit constant.
func (v vectors) broadcastConstant(c uint32, dst VecVirtual) {
	r := GP64()
	MOVL(U32(c), r.As32())
	v.broadcastInt(r, dst)
}

// widenPair loads two registers' worth of bfloat16 numbers, interleaved with a register
// of zeros: that is one instruction a register, but leaves the numbers in even and odd
// groups of four.
func (v vectors) widenPair(m Mem, zeros VecVirtual) (even, odd VecVirtual) {
	even, odd = v.reg(), v.reg()
	v.loadInts(m, odd)
	VPUNPCKLWD(odd, zeros, even)
	VPUNPCKHWD(odd, zeros, odd)
	return even, odd
}

// split puts the even groups of four floats of two registers into one, and the odd ones
// into another.
func (v vectors) split(a, b VecVirtual) (even, odd VecVirtual) {
	even, odd = v.reg(), v.reg()
	if v.wide() {
		VSHUFF32X4(U8(0b10_00_10_00), b, a, even)
		VSHUFF32X4(U8(0b11_01_11_01), b, a, odd)
	} else {
		VPERM2F128(U8(0x20), b, a, even)
		VPERM2F128(U8(0x31), b, a, odd)
	}
	return even, odd
}

// join is the inverse of split.
func (v vectors) join(even, odd VecVirtual) (a, b VecVirtual) {
	a, b = v.reg(), v.reg()
	if !v.wide() {
		VPERM2F128(U8(0x20), odd, even, a)
		VPERM2F128(U8(0x31), odd, even, b)
		return a, b
	}
	VSHUFF32X4(U8(0b01_00_01_00), odd, even, a)
	VSHUFF32X4(U8(0b11_01_10_00), a, a, a)
	VSHUFF32X4(U8(0b11_10_11_10), odd, even, b)
	VSHUFF32X4(U8(0b11_01_10_00), b, b, b)
	return a, b
}
