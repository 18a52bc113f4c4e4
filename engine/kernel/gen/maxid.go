package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// maxID writes a function that returns the largest of some ids as unsigned numbers: a
// negative one is larger than all others, so one comparison checks the range of all.
func maxID(v vectors) {
	v.text("maxID", "(ids []int32) uint32", "maxID returns 0 for no ids.")
	ids, n := Load(Param("ids").Base(), GP64()), Load(Param("ids").Len(), GP64())
	largest := v.regs(unrolled)
	v.zero(largest...)
	v.sweep(ids, n, func(c int, m Mem, mask Register) {
		id := v.reg()
		v.load(m, mask, id)
		VPMAXUD(id, largest[c], largest[c])
	})
	for c := 1; c < unrolled; c++ {
		VPMAXUD(largest[c], largest[0], largest[0])
	}
	v.combine(largest[0], func(a, b, dst Op) { VPMAXUD(a, b, dst) })
	result := GP32()
	VMOVD(largest[0].AsX(), result)
	VZEROUPPER()
	Store(result, ReturnIndex(0))
	RET()
}
