package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
)

// addBytes writes sum[i] += table[i] with bytes widened to 16 bits.
func addBytes(v vectors) {
	v.text("addBytes", "(sum []uint16, table []uint8)", "addBytes wants sum at least as long as table.")
	sum := Mem{Base: Load(Param("sum").Base(), GP64()), Scale: 2}
	table := Mem{Base: Load(Param("table").Base(), GP64()), Scale: 1}
	n, at, end := Load(Param("table").Len(), GP64()), GP64(), GP64()
	XORQ(at, at)
	sum.Index, table.Index = at, at
	step := 2 * v.lanes
	LEAQ(Mem{Base: n, Disp: 1 - step}, end)
	loop(at, end, step, func() {
		w := v.reg()
		VPMOVZXBW(table, w)
		VPADDW(sum, w, w)
		v.storeInts(w, sum)
	})
	loop(at, n, 1, func() {
		b := GP64()
		MOVBLZX(table, b.As32())
		ADDW(b.As16(), sum)
	})
	VZEROUPPER()
	RET()
}
