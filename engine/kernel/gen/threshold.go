package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unrolled is how many registers the passes of top-k work on at a time.
const unrolled = 4

func thresholds(v vectors) {
	countAbove(v)
	extremes(v)
}

// sweep runs body over the floats at src: on four registers at a time, one at a time,
// and what is left with a mask.
func (v vectors) sweep(src, n Register, body func(c int, m Mem, mask Register)) {
	at, end, rest, done := GP64(), GP64(), GP64(), label("whole")
	XORQ(at, at)
	for _, count := range []int{unrolled, 1} {
		LEAQ(Mem{Base: n, Disp: 1 - count*v.lanes}, end)
		loop(at, end, count*v.lanes, func() {
			for c := range count {
				body(c, Mem{Base: src, Index: at, Scale: 4, Disp: c * v.bytes()}, nil)
			}
		})
	}
	MOVQ(n, rest)
	ANDQ(I32(int32(v.lanes-1)), rest)
	JZ(LabelRef(done))
	body(0, Mem{Base: src, Index: at, Scale: 4}, v.mask(rest))
	Label(done)
}

func countAbove(v vectors) {
	v.text("countAbove", "(scores []float32, t float32) int", "countAbove returns how many scores are greater than t.")
	scores, n := Load(Param("scores").Base(), GP64()), Load(Param("scores").Len(), GP64())
	limit, ones, sums := v.reg(), v.reg(), v.regs(unrolled)
	VBROADCASTSS(arg("t"), limit)
	v.zero(sums...)
	if v.wide() {
		VPTERNLOGD(U8(0xff), ones, ones, ones)
	}
	v.sweep(scores, n, func(c int, m Mem, mask Register) { v.countLanes(m, mask, limit, ones, sums[c]) })
	for c := 1; c < unrolled; c++ {
		VPADDD(sums[c], sums[0], sums[0])
	}
	v.combine(sums[0], func(a, b, dst Op) { VPADDD(a, b, dst) })
	total := GP64()
	VMOVD(sums[0].AsX(), total.As32())
	VZEROUPPER()
	Store(total, ReturnIndex(0))
	RET()
}

// countLanes adds 1 to the lanes of sum whose score exceeds the limit.
func (v vectors) countLanes(m Mem, mask Register, limit, ones, sum VecVirtual) {
	s := v.reg()
	v.load(m, mask, s)
	if v.wide() {
		k := K()
		if mask == nil {
			VCMPPS(U8(above), limit, s, k)
		} else {
			VCMPPS(U8(above), limit, s, mask, k)
		}
		VPSUBD(ones, sum, k, sum)
		return
	}
	VCMPPS(U8(above), limit, s, s)
	if mask != nil {
		VANDPS(mask, s, s)
	}
	VPSUBD(s, sum, sum)
}

func extremes(v vectors) {
	v.text("extremes", "(scores []float32) (lo, hi float32)", "extremes returns the smallest and the largest of one or more scores.")
	scores, n := Load(Param("scores").Base(), GP64()), Load(Param("scores").Len(), GP64())
	lo, hi, first := v.regs(unrolled), v.regs(unrolled), v.reg()
	VBROADCASTSS(Mem{Base: scores}, first)
	for c := range unrolled {
		VMOVAPS(first, lo[c])
		VMOVAPS(first, hi[c])
	}
	v.sweep(scores, n, func(c int, m Mem, mask Register) {
		s := v.reg()
		v.loadOver(m, mask, first, s)
		VMINPS(s, lo[c], lo[c])
		VMAXPS(s, hi[c], hi[c])
	})
	for c := 1; c < unrolled; c++ {
		VMINPS(lo[c], lo[0], lo[0])
		VMAXPS(hi[c], hi[0], hi[0])
	}
	v.combine(lo[0], func(a, b, dst Op) { VMINPS(a, b, dst) })
	v.combine(hi[0], func(a, b, dst Op) { VMAXPS(a, b, dst) })
	VZEROUPPER()
	Store(lo[0].AsX(), Return("lo"))
	Store(hi[0].AsX(), Return("hi"))
	RET()
}

// loadOver loads as load does, but takes the lanes outside of the mask from other.
func (v vectors) loadOver(m Mem, mask Register, other, dst VecVirtual) {
	switch {
	case mask == nil:
		VMOVUPS(m, dst)
	case v.wide():
		VMOVAPS(other, dst)
		VMOVUPS(m, mask, dst)
	default:
		VMASKMOVPS(m, mask, dst)
		VBLENDVPS(mask, dst, other, dst)
	}
}

// combine leaves the combination of all lanes in the lowest lane.
func (v vectors) combine(r VecVirtual, op func(a, b, dst Op)) {
	if v.wide() {
		up := YMM()
		VEXTRACTF64X4(U8(1), r, up)
		op(up, r.AsY(), r.AsY())
	}
	up := XMM()
	v.upper(r, up)
	op(up, r.AsX(), r.AsX())
	for _, order := range []uint8{0b1110, 0b01} {
		VPERMILPS(U8(order), r.AsX(), up)
		op(up, r.AsX(), r.AsX())
	}
}
