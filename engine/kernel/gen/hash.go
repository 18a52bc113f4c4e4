package main

import (
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func hashing(v vectors) {
	hadamards(v)
	signs(v)
	widen(v)
	union(v)
}

// hadamard writes the Walsh-Hadamard transform, in the order of its definition: the
// butterflies of lanes first, then those of registers, so that all variants round alike.
type hadamard struct {
	vectors
	block int          // registers that the first pass works on at a time
	ones  []VecVirtual // per level inside a register, -1 in the lanes that are subtracted

	p, flips Register
}

func hadamards(v vectors) {
	h := hadamard{vectors: v, block: v.lanes}
	h.text("hadamard", "(v *float32, n int, flips *uint32)",
		"hadamard wants a power of two, at least a register, and flips or nil.")
	h.p, h.flips = Load(Param("v"), GP64()), Load(Param("flips"), GP64())
	h.constants()
	done := label("done")
	for count := h.block; count >= 1; count /= 2 {
		next := label("smaller")
		CMPQ(arg("n"), I32(int32(count*h.lanes)))
		JLT(LabelRef(next))
		h.first(count)
		if count < h.block {
			JMP(LabelRef(done))
		} else {
			h.rest(done)
		}
		Label(next)
	}
	Label(done)
	VZEROUPPER()
	RET()
}

// constants loads a register of 1 and -1 for each level inside a register.
func (h *hadamard) constants() {
	for step := 1; step < h.lanes; step *= 2 {
		r := h.reg()
		m := table("butterfly"+string(rune('0'+bits.Len(uint(step)))), h.lanes, func(i int) uint32 {
			if i&step != 0 {
				return 0xbf800000 // -1
			}
			return 0x3f800000
		})
		VMOVUPS(m, r)
		h.ones = append(h.ones, r)
	}
}

// first transforms blocks of so many registers each, after flipping signs.
func (h *hadamard) first(count int) {
	at, plain, top := GP64(), label("plain"), label("flipped")
	XORQ(at, at)
	TESTQ(h.flips, h.flips)
	JZ(LabelRef(plain))
	_ = top
	out := label("out")
	loop(at, arg("n"), count*h.lanes, func() { h.blockAt(at, count, true) })
	JMP(LabelRef(out))
	Label(plain)
	loop(at, arg("n"), count*h.lanes, func() { h.blockAt(at, count, false) })
	Label(out)
}

func (h *hadamard) blockAt(at Register, count int, flip bool) {
	r := h.regs(count)
	for c := range r {
		m := Mem{Base: h.p, Index: at, Scale: 4, Disp: c * h.bytes()}
		VMOVUPS(m, r[c])
		if flip {
			m.Base = h.flips
			if h.wide() {
				VPXORD(m, r[c], r[c])
			} else {
				VXORPS(m, r[c], r[c])
			}
		}
		h.lanesOf(r[c])
	}
	butterflies(h.vectors, r)
	for c := range r {
		VMOVUPS(r[c], Mem{Base: h.p, Index: at, Scale: 4, Disp: c * h.bytes()})
	}
}

// lanesOf does the levels inside a register: each lane is multiplied by 1 or -1, which is
// exact, and its partner is added.
func (h *hadamard) lanesOf(r VecVirtual) {
	for level, step := 0, 1; step < h.lanes; level, step = level+1, step*2 {
		partner := h.reg()
		switch {
		case step == 1:
			VPERMILPS(U8(0xb1), r, partner)
		case step == 2:
			VPERMILPS(U8(0x4e), r, partner)
		case step == 4 && h.wide():
			VSHUFF32X4(U8(0xb1), r, r, partner)
		case step == 4:
			VPERM2F128(U8(0x01), r, r, partner)
		case step == 8:
			VSHUFF32X4(U8(0x4e), r, r, partner)
		}
		VFMADD213PS(partner, h.ones[level], r)
	}
}

// butterflies does the levels between registers whose number is a power of two.
func butterflies(v vectors, r []VecVirtual) {
	for step := 1; step < len(r); step *= 2 {
		for i := range r {
			if i&step == 0 {
				sum := v.reg()
				VADDPS(r[i+step], r[i], sum)
				VSUBPS(r[i+step], r[i], r[i+step])
				r[i] = sum
			}
		}
	}
}

// rest does the levels beyond a block: two at a time, and one if one is left.
func (h *hadamard) rest(done string) {
	step, four, two := GP64(), label("four"), label("two")
	MOVQ(U32(uint32(h.block*h.lanes)), step)
	Label(four)
	limit := GP64()
	MOVQ(arg("n"), limit)
	SHRQ(U8(2), limit)
	CMPQ(step, limit)
	JG(LabelRef(two))
	h.pass(step, 4)
	SHLQ(U8(2), step)
	JMP(LabelRef(four))
	Label(two)
	CMPQ(step, arg("n"))
	JGE(LabelRef(done))
	h.pass(step, 2)
	JMP(LabelRef(done))
}

// pass does the levels of step and, with four, of twice the step.
func (h *hadamard) pass(step Register, count int) {
	at, from, bytes, all := GP64(), GP64(), GP64(), GP64()
	MOVQ(h.p, from)
	MOVQ(step, bytes)
	SHLQ(U8(2), bytes)
	MOVQ(arg("n"), all)
	LEAQ(Mem{Base: h.p, Index: all, Scale: 4}, all)
	part := make([]Register, count)
	outer, end := label("outer"), label("end")
	Label(outer)
	CMPQ(from, all)
	JGE(LabelRef(end))
	for c := range part {
		part[c] = GP64()
		if c == 0 {
			MOVQ(from, part[c])
		} else {
			MOVQ(part[c-1], part[c])
			ADDQ(bytes, part[c])
		}
	}
	MOVQ(part[count-1], from)
	ADDQ(bytes, from)
	XORQ(at, at)
	loop(at, bytes, h.bytes(), func() {
		r := h.regs(count)
		for c := range r {
			VMOVUPS(Mem{Base: part[c], Index: at, Scale: 1}, r[c])
		}
		butterflies(h.vectors, r)
		for c := range r {
			VMOVUPS(r[c], Mem{Base: part[c], Index: at, Scale: 1})
		}
	})
	JMP(LabelRef(outer))
	Label(end)
}

// signs packs which floats are above zero, 64 at a time.
func signs(v vectors) {
	v.text("signs", "(dst *uint64, v *float32, words int)", "signs reads 64 floats a word.")
	dst, p, n, at := Load(Param("dst"), GP64()), Load(Param("v"), GP64()), Load(Param("words"), GP64()), GP64()
	zero := v.reg()
	v.zero(zero)
	XORQ(at, at)
	loop(at, n, 1, func() {
		word := GP64()
		XORQ(word, word)
		for c := 64/v.lanes - 1; c >= 0; c-- {
			r, some := v.reg(), GP64()
			VMOVUPS(Mem{Base: p, Disp: c * v.bytes()}, r)
			if v.wide() {
				k := K()
				VCMPPS(U8(above), zero, r, k)
				KMOVW(k, some.As32())
			} else {
				VCMPPS(U8(above), zero, r, r)
				VMOVMSKPS(r, some.As32())
			}
			SHLQ(U8(v.lanes), word)
			ORQ(some, word)
		}
		MOVQ(word, Mem{Base: dst, Index: at, Scale: 8})
		ADDQ(I32(256), p)
	})
	VZEROUPPER()
	RET()
}

// widen turns 16-bit numbers into floats.
func widen(v vectors) {
	v.text("widen", "(dst []float32, src []uint16)", "widen wants dst at least as long as src.")
	dst, src := Load(Param("dst").Base(), GP64()), Load(Param("src").Base(), GP64())
	n, at, end := Load(Param("src").Len(), GP64()), GP64(), GP64()
	XORQ(at, at)
	LEAQ(Mem{Base: n, Disp: 1 - v.lanes}, end)
	loop(at, end, v.lanes, func() {
		r := v.reg()
		VPMOVZXWD(Mem{Base: src, Index: at, Scale: 2}, r)
		VCVTDQ2PS(r, r)
		VMOVUPS(r, Mem{Base: dst, Index: at, Scale: 4})
	})
	loop(at, n, 1, func() {
		w, f := GP32(), XMM()
		MOVWLZX(Mem{Base: src, Index: at, Scale: 2}, w)
		VXORPS(f, f, f)
		VCVTSI2SSL(w, f, f)
		VMOVSS(f, Mem{Base: dst, Index: at, Scale: 4})
	})
	VZEROUPPER()
	RET()
}

// unionAhead is how many ids before its turn a stamp is asked for.
const unionAhead = 24

// union appends the ids whose stamp is not the running one, without a branch on that: it
// would be mispredicted at every other id.
func union(v vectors) {
	v.text("union", "(dst *int32, stamps *uint32, stamp uint32, ids *int32, n int) int",
		"union wants room for n ids.")
	dst, stamps := Load(Param("dst"), GP64()), Load(Param("stamps"), GP64())
	stamp, ids, n := Load(Param("stamp"), GP32()), Load(Param("ids"), GP64()), Load(Param("n"), GP64())
	at, kept, ahead := GP64(), GP64(), GP64()
	XORQ(at, at)
	XORQ(kept, kept)
	take := func() {
		id, old, isNew := GP64(), GP32(), GP64()
		MOVL(Mem{Base: ids, Index: at, Scale: 4}, id.As32())
		MOVL(Mem{Base: stamps, Index: id, Scale: 4}, old)
		MOVL(stamp, Mem{Base: stamps, Index: id, Scale: 4})
		MOVL(id.As32(), Mem{Base: dst, Index: kept, Scale: 4})
		XORQ(isNew, isNew)
		CMPL(old, stamp)
		SETNE(isNew.As8())
		ADDQ(isNew, kept)
	}
	LEAQ(Mem{Base: n, Disp: -unionAhead}, ahead)
	loop(at, ahead, 1, func() {
		later := GP64()
		MOVL(Mem{Base: ids, Index: at, Scale: 4, Disp: 4 * unionAhead}, later.As32())
		PREFETCHT0(Mem{Base: stamps, Index: later, Scale: 4})
		take()
	})
	loop(at, n, 1, take)
	Store(kept, ReturnIndex(0))
	RET()
}
