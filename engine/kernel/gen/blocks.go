package main

import (
	"math/bits"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const blockNodes = 16

// blockRows writes functions that multiply chosen inputs of chosen blocks of nodes. The
// j-th input is summed in one of accs registers, the same whether a block is alone or
// beside others: so the bits of a block depend on nothing but the inputs.
type blockRows struct {
	vectors
	element
	accs int
	side int // blocks side by side

	ids, x, i Register
	zeros     VecVirtual
}

func blockDots(v vectors, e element) {
	b := blockRows{vectors: v, element: e, accs: 2, side: 2}
	if v.wide() {
		b.accs, b.side = 4, 4
	}
	b.emit()
}

func (b *blockRows) emit() {
	signature := "(y *float32, w *" + b.goType + ", rows, cols int, blocks *int32, n int, ids *int32, count int, x, b *float32"
	if b.element == int8s {
		signature += ", scale *float32"
	}
	b.text("blockMatVec"+b.name, signature+")")
	b.ids, b.x, b.i = Load(Param("ids"), GP64()), Load(Param("x"), GP64()), GP64()
	XORQ(b.i, b.i)
	if b.pairs() {
		b.zeros = b.reg()
		b.zero(b.zeros)
	}
	group, single, t := label("blocks"), label("single"), GP64()
	Label(group)
	LEAQ(Mem{Base: b.i, Disp: b.side}, t)
	CMPQ(t, arg("n"))
	JGT(LabelRef(single))
	b.group(b.side)
	ADDQ(I8(int8(b.side)), b.i)
	JMP(LabelRef(group))
	Label(single)
	loop(b.i, arg("n"), 1, func() { b.group(1) })
	VZEROUPPER()
	RET()
}

// pairs says whether a block is summed in even and odd groups.
func (b *blockRows) pairs() bool { return b.element == bf16s && b.registers() == 2 }

// registers is how many hold the sums of a block's nodes.
func (b *blockRows) registers() int { return blockNodes / b.lanes }

func (b *blockRows) group(n int) {
	bases, acc := make([]Register, n), make([][][]VecVirtual, n) // [block][part of it][accumulator]
	for r := range bases {
		bases[r] = b.block(r)
		IMULQ(arg("cols"), bases[r])
		SHLQ(U8(b.shift()), bases[r])
		ADDQ(arg("w"), bases[r])
		for range b.registers() {
			sums := b.regs(b.accs)
			b.zero(sums...)
			acc[r] = append(acc[r], sums)
		}
	}
	j, whole := GP64(), GP64()
	XORQ(j, j)
	MOVQ(arg("count"), whole)
	ANDQ(I32(int32(-b.accs)), whole)
	loop(j, whole, b.accs, func() {
		for c := range b.accs {
			b.input(bases, acc, j, c)
		}
	})
	loop(j, arg("count"), 1, func() { b.input(bases, acc, j, 0) })
	for r := range bases {
		b.finish(r, acc[r])
	}
}

// shift turns a number of inputs into the size of their weights.
func (b *blockRows) shift() int { return bits.Len(uint(blockNodes*b.size)) - 1 }

// block loads the number of a block, r after the i-th.
func (b *blockRows) block(r int) Register {
	block := GP64()
	MOVQ(arg("blocks"), block)
	MOVL(Mem{Base: block, Index: b.i, Scale: 4, Disp: 4 * r}, block.As32())
	return block
}

// input adds the products of an input, c after the j-th.
func (b *blockRows) input(bases []Register, acc [][][]VecVirtual, j Register, c int) {
	id, f := GP64(), b.reg()
	MOVL(Mem{Base: b.ids, Index: j, Scale: 4, Disp: 4 * c}, id.As32())
	SHLQ(U8(b.shift()), id)
	VBROADCASTSS(Mem{Base: b.x, Index: j, Scale: 4, Disp: 4 * c}, f)
	for r, base := range bases {
		if b.pairs() {
			even, odd := b.widenPair(Mem{Base: base, Index: id, Scale: 1}, b.zeros)
			VFMADD231PS(even, f, acc[r][0][c])
			VFMADD231PS(odd, f, acc[r][1][c])
			continue
		}
		for h, sums := range acc[r] {
			b.fma(b.vectors, Mem{Base: base, Index: id, Scale: 1, Disp: h * b.lanes * b.size}, nil, f, sums[c])
		}
	}
}

// finish scales, adds the bias of the block's nodes, clears other lanes and stores.
func (b *blockRows) finish(r int, parts [][]VecVirtual) {
	block, left, lanes := b.block(r), GP64(), b.reg()
	SHLQ(U8(4), block)
	MOVQ(arg("rows"), left)
	SUBQ(block, left)
	b.broadcastInt(left, lanes)
	for _, sums := range parts {
		fold(sums)
	}
	if b.pairs() {
		parts[0][0], parts[1][0] = b.join(parts[0][0], parts[1][0])
	}
	for h, sums := range parts {
		at := func(base Register) Mem { return Mem{Base: base, Index: block, Scale: 4, Disp: h * b.bytes()} }
		if b.element == int8s {
			scale := GP64()
			MOVQ(arg("scale"), scale)
			VMULPS(at(scale), sums[0], sums[0])
		}
		mask := b.below(lanes, h)
		none, bias, terms := label("nobias"), GP64(), b.reg()
		MOVQ(arg("b"), bias)
		TESTQ(bias, bias)
		JZ(LabelRef(none))
		b.loadMasked(at(bias), mask, terms)
		VADDPS(terms, sums[0], sums[0])
		Label(none)
		b.keep(mask, sums[0])
		y, slot := GP64(), GP64()
		MOVQ(arg("y"), y)
		MOVQ(b.i, slot)
		SHLQ(U8(6), slot)
		VMOVUPS(sums[0], Mem{Base: y, Index: slot, Scale: 1, Disp: 4*blockNodes*r + h*b.bytes()})
	}
}

// below selects the lanes whose number, counted from the h-th register, is below n.
func (v vectors) below(n VecVirtual, h int) Register {
	numbers := counting(blockNodes).Offset(h * v.bytes())
	if v.wide() {
		k := K()
		VPCMPGTD(numbers, n, k)
		return k
	}
	m := YMM()
	VPCMPGTD(numbers, n, m)
	return m
}

// keep clears the lanes outside of a mask.
func (v vectors) keep(mask Register, r VecVirtual) {
	if v.wide() {
		VMOVAPS_Z(r, mask, r)
	} else {
		VANDPS(mask, r, r)
	}
}
