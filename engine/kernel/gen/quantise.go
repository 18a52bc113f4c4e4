package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// ordered is true of lanes that are numbers.
const ordered = 7 // ORD_Q

func quantises(v vectors) {
	finiteRange(v)
	convert(v)
}

func finiteRange(v vectors) {
	v.text("finiteRange", "(x *float32, n int) (lo, hi float32)",
		"finiteRange returns the extremes of 0 and the finite elements. n divides by the lanes.")
	x, n, at := Load(Param("x"), GP64()), Load(Param("n"), GP64()), GP64()
	lo, hi, magnitude, infinite := v.reg(), v.reg(), v.reg(), v.reg()
	v.zero(lo, hi)
	v.broadcastConstant(0x7fffffff, magnitude)
	v.broadcastConstant(0x7f800000, infinite)
	XORQ(at, at)
	loop(at, n, v.lanes, func() {
		s, a := v.reg(), v.reg()
		VMOVUPS(Mem{Base: x, Index: at, Scale: 4}, s)
		if v.wide() {
			VPANDD(magnitude, s, a)
		} else {
			VPAND(magnitude, s, a)
		}
		v.keep(v.greater(infinite, a), s)
		VMINPS(s, lo, lo)
		VMAXPS(s, hi, hi)
	})
	v.combine(lo, func(a, b, dst Op) { VMINPS(a, b, dst) })
	v.combine(hi, func(a, b, dst Op) { VMAXPS(a, b, dst) })
	VZEROUPPER()
	Store(lo.AsX(), Return("lo"))
	Store(hi.AsX(), Return("hi"))
	RET()
}

// greater selects the lanes in which a is greater than b, as integers.
func (v vectors) greater(a, b VecVirtual) Register {
	if v.wide() {
		k := K()
		VPCMPGTD(b, a, k)
		return k
	}
	m := YMM()
	VPCMPGTD(b, a, m)
	return m
}

// numbers selects the lanes that are not NaN.
func (v vectors) numbers(r VecVirtual) Register {
	if v.wide() {
		k := K()
		VCMPPS(U8(ordered), r, r, k)
		return k
	}
	m := YMM()
	VCMPPS(U8(ordered), r, r, m)
	return m
}

func convert(v vectors) {
	v.text("convert", "(q *uint8, x *float32, n int, inverse, lowest, highest float32, zero int32)",
		"convert quantises n elements. n divides by the lanes.")
	q, x, n, at := Load(Param("q"), GP64()), Load(Param("x"), GP64()), Load(Param("n"), GP64()), GP64()
	inverse, lowest, highest, zero := v.reg(), v.reg(), v.reg(), v.reg()
	VBROADCASTSS(arg("inverse"), inverse)
	VBROADCASTSS(arg("lowest"), lowest)
	VBROADCASTSS(arg("highest"), highest)
	VBROADCASTSS(arg("zero"), zero) // any 32 bits
	XORQ(at, at)
	loop(at, n, v.lanes, func() {
		u := v.reg()
		VMULPS(Mem{Base: x, Index: at, Scale: 4}, inverse, u)
		v.keep(v.numbers(u), u)
		VMINPS(highest, u, u)
		VMAXPS(lowest, u, u)
		VCVTPS2DQ(u, u) // to nearest, ties to even
		VPADDD(zero, u, u)
		v.storeBytes(u, Mem{Base: q, Index: at, Scale: 1})
	})
	VZEROUPPER()
	RET()
}

// storeBytes stores the lanes, which are in 0..127, as bytes.
func (v vectors) storeBytes(r VecVirtual, m Mem) {
	if v.wide() {
		VPMOVDB(r, m)
		return
	}
	up := XMM()
	VEXTRACTI128(U8(1), r, up)
	VPACKSSDW(up, r.AsX(), up)
	VPACKUSWB(up, up, up)
	VMOVQ(up, m)
}
