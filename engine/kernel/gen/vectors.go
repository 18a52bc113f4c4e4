package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vectors is an instruction set as the kernels see it: how wide a register is, and the
// few operations that are written differently.
type vectors struct {
	suffix string // of function names
	lanes  int    // floats in a register
}

var (
	avx2   = vectors{"AVX2", 8}
	avx512 = vectors{"AVX512", 16}
)

func (v vectors) bytes() int { return 4 * v.lanes }

// wide says whether registers have 512 bits.
func (v vectors) wide() bool { return v.lanes == 16 }

// text starts a function.
func (v vectors) text(name, signature string, doc ...string) {
	TEXT(name+v.suffix, attrNoSplit, "func"+signature)
	Pragma("noescape")
	Doc(doc...)
}

func (v vectors) reg() VecVirtual {
	if v.wide() {
		return ZMM()
	}
	return YMM()
}

func (v vectors) regs(n int) []VecVirtual {
	r := make([]VecVirtual, n)
	for i := range r {
		r[i] = v.reg()
	}
	return r
}

func (v vectors) zero(rs ...VecVirtual) {
	for _, r := range rs {
		if v.wide() {
			VPXORD(r, r, r)
		} else {
			VXORPS(r, r, r)
		}
	}
}

// mask selects the first few lanes.
func (v vectors) mask(count Register) Register {
	if v.wide() {
		ones, k := GP32(), K()
		MOVL(I32(-1), ones)
		BZHIL(count.(GPVirtual).As32(), ones, ones)
		KMOVW(ones, k)
		return k
	}
	at, m := GP64(), YMM()
	LEAQ(laneMasks().Offset(32), at)
	neg := GP64()
	MOVQ(count, neg)
	NEGQ(neg)
	VMOVUPS(Mem{Base: at, Index: neg, Scale: 4}, m)
	return m
}

// loadMasked loads the lanes of the mask and zeroes the others, without touching their memory.
func (v vectors) loadMasked(m Mem, mask Register, dst Register) {
	if v.wide() {
		VMOVUPS_Z(m, mask, dst)
	} else {
		VMASKMOVPS(m, mask, dst)
	}
}

// load loads a whole register, or the lanes of the mask if there is one.
func (v vectors) load(m Mem, mask Register, dst Register) {
	if mask == nil {
		VMOVUPS(m, dst)
		return
	}
	v.loadMasked(m, mask, dst)
}

// store is the inverse of load.
func (v vectors) store(src, mask Register, m Mem) {
	switch {
	case mask == nil:
		VMOVUPS(src, m)
	case v.wide():
		VMOVUPS(src, mask, m)
	default:
		VMASKMOVPS(src, mask, m)
	}
}

// fold adds the registers in a tree into the first.
func fold(r []VecVirtual) {
	for n := len(r); n > 1; n = (n + 1) / 2 {
		for i := 0; i < n/2; i++ {
			VADDPS(r[i+(n+1)/2], r[i], r[i])
		}
	}
}

// narrow adds the upper half of a 512-bit register to its lower.
func narrow(r VecVirtual) {
	up := YMM()
	VEXTRACTF64X4(U8(1), r, up)
	VADDPS(up, r.AsY(), r.AsY())
}

// upper copies the upper half of a 256-bit register.
func (v vectors) upper(r VecVirtual, dst VecVirtual) {
	if v.wide() {
		VEXTRACTF32X4(U8(1), r.AsY(), dst)
	} else {
		VEXTRACTF128(U8(1), r.AsY(), dst)
	}
}

// halve adds the upper half of a 256-bit register to its lower.
func (v vectors) halve(r VecVirtual) {
	up := XMM()
	v.upper(r, up)
	VADDPS(up, r.AsX(), r.AsX())
}

// loadInts and storeInts move whole registers of integers.
func (v vectors) loadInts(m Mem, dst Register) {
	if v.wide() {
		VMOVDQU32(m, dst)
	} else {
		VMOVDQU(m, dst)
	}
}

func (v vectors) storeInts(src Register, m Mem) {
	if v.wide() {
		VMOVDQU32(src, m)
	} else {
		VMOVDQU(src, m)
	}
}

// broadcastInt copies the low 32 bits of a general register to all lanes.
func (v vectors) broadcastInt(src Register, dst VecVirtual) {
	x := XMM()
	VMOVD(src.(GPVirtual).As32(), x)
	VPBROADCASTD(x, dst)
}

var labels int

// label returns a name that no other label has.
func label(name string) string {
	labels++
	return fmt.Sprintf("%s%d", name, labels)
}

// loop runs body for at = at, at+step, ... while at < end.
func loop(at Register, end Op, step int, body func()) {
	top, out := label("loop"), label("out")
	CMPQ(at, end)
	JGE(LabelRef(out))
	Label(top)
	body()
	ADDQ(I32(int32(step)), at)
	CMPQ(at, end)
	JLT(LabelRef(top))
	Label(out)
}

func arg(name string) Mem {
	b, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}
