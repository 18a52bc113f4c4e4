package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Predicates of VCMPPS; the second is true of NaN, as != is in Go.
const (
	above    = 0x1e
	notEqual = 0x04
)

// compress writes functions that keep the lanes which compare in the given way with a limit.
type compress struct {
	vectors
	predicate uint8
	values    bool // write the values too, not only the indices

	limit, index  VecVirtual
	ids, vals     Register
	at, kept, cap Register
}

func compresses(v vectors) {
	c := compress{vectors: v, predicate: above, values: true}
	c.emitAll("compressPositive")
	c.predicate = notEqual
	c.emitAll("compress")
	c = compress{vectors: v, predicate: above}
	c.emitIndices()
}

// emitAll writes a function whose outputs are as long as its input: so whole registers
// may be stored, whose excess is overwritten or left beyond the count.
func (c *compress) emitAll(name string) {
	c.text(name, "(ids []int32, vals, y []float32) int", name+" wants ids and vals at least as long as y.")
	c.ids, c.vals = Load(Param("ids").Base(), GP64()), Load(Param("vals").Base(), GP64())
	y, n := Load(Param("y").Base(), GP64()), Load(Param("y").Len(), GP64())
	c.limit = c.reg()
	c.zero(c.limit)
	c.start(nil)
	c.overAll(y, n, func(mask Register) { c.keep(y, mask, mask != nil) })
}

// emitIndices writes indicesAbove, whose output has room for what it keeps and no more.
func (c *compress) emitIndices() {
	c.text("indicesAbove", "(ids []int32, scores []float32, t float32, base int) int",
		"indicesAbove writes base+i to ids for each score i above t, in order, until ids is full.")
	c.ids, c.cap = Load(Param("ids").Base(), GP64()), Load(Param("ids").Len(), GP64())
	scores, n := Load(Param("scores").Base(), GP64()), Load(Param("scores").Len(), GP64())
	c.limit = c.reg()
	VBROADCASTSS(arg("t"), c.limit)
	c.start(Load(Param("base"), GP64()))
	c.overAll(scores, n, func(mask Register) {
		full, next, last := label("full"), label("next"), GP64()
		LEAQ(Mem{Base: c.kept, Disp: c.lanes}, last)
		CMPQ(last, c.cap)
		JG(LabelRef(full))
		c.keep(scores, mask, false)
		JMP(LabelRef(next))
		Label(full)
		c.keep(scores, mask, true)
		Label(next)
	})
}

// start sets the lanes of index to base, base+1, ...
func (c *compress) start(base Register) {
	c.at, c.kept, c.index = GP64(), GP64(), c.reg()
	XORQ(c.at, c.at)
	XORQ(c.kept, c.kept)
	c.loadInts(counting(c.lanes), c.index)
	if base == nil {
		return
	}
	first := c.reg()
	c.broadcastInt(base, first)
	VPADDD(first, c.index, c.index)
}

// overAll runs body over all registers of the input, ends the function and returns the count.
func (c *compress) overAll(src, n Register, body func(mask Register)) {
	step, whole, rest, done := c.reg(), GP64(), GP64(), label("done")
	c.loadInts(repeated(c.lanes), step)
	MOVQ(n, whole)
	ANDQ(I32(int32(-c.lanes)), whole)
	loop(c.at, whole, c.lanes, func() {
		body(nil)
		VPADDD(step, c.index, c.index)
	})
	MOVQ(n, rest)
	SUBQ(whole, rest)
	JZ(LabelRef(done))
	body(c.mask(rest))
	Label(done)
	VZEROUPPER()
	Store(c.kept, ReturnIndex(0))
	RET()
}

// keep compresses one register of the input to the outputs. A careful one stores no
// more lanes than it keeps, and keeps no more than there is room for.
func (c *compress) keep(src, mask Register, careful bool) {
	v, chosen := c.reg(), GP64()
	c.load(Mem{Base: src, Index: c.at, Scale: 4}, mask, v)
	order := c.choose(v, mask, chosen)
	count := GP64()
	POPCNTL(chosen.As32(), count.As32())
	var lanes Register
	if careful {
		if c.cap != nil {
			room := GP64()
			MOVQ(c.cap, room)
			SUBQ(c.kept, room)
			CMPQ(count, room)
			CMOVQGT(room, count)
		}
		lanes = c.mask(count)
	}
	c.put(c.index, order, lanes, c.ids)
	if c.values {
		c.put(v, order, lanes, c.vals)
	}
	ADDQ(count, c.kept)
}

// choose compares, and returns what put needs to bring the chosen lanes together: a mask
// or a permutation.
func (c *compress) choose(v VecVirtual, mask Register, chosen GPVirtual) Register {
	if c.wide() {
		k := K()
		if mask == nil {
			VCMPPS(U8(c.predicate), c.limit, v, k)
		} else {
			VCMPPS(U8(c.predicate), c.limit, v, mask, k)
		}
		KMOVW(k, chosen.As32())
		return k
	}
	m, order, table := YMM(), YMM(), GP64()
	VCMPPS(U8(c.predicate), c.limit, v, m)
	if mask != nil {
		VANDPS(mask, m, m)
	}
	VMOVMSKPS(m, chosen.As32())
	LEAQ(permutations(), table)
	VPMOVZXBD(Mem{Base: table, Index: chosen, Scale: 8}, order)
	return order
}

func (c *compress) put(v VecVirtual, order, lanes, dst Register) {
	together := c.reg()
	if c.wide() {
		VCOMPRESSPS_Z(v, order, together)
	} else {
		VPERMPS(v, order, together)
	}
	c.store(together, lanes, Mem{Base: dst, Index: c.kept, Scale: 4})
}
