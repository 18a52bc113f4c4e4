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
