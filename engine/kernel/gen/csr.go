package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// csr writes the product of compressed sparse rows with a vector.
//
// Inputs are loaded one by one and put together in registers of eight, four columns a
// load. On Zen 4 that takes half the time of VGATHERDPS, in registers of 8 or 16;
// assembling 16 at a time gains nothing in the loop, which waits for loads, and loses in
// the last step, which always does a whole register's work. That last step has no
// branch on how much of it counts, because the ends of rows cannot be predicted: it
// computes with the elements of the next row too, and masks them away.
type csr struct {
	vectors

	col, val, x, i, at, end Register
	inputs                  Mem // on the stack, followed by as many values
}

// csrLanes is how many elements are summed side by side. csrUnroll such steps are taken
// at once where a row is long enough.
const (
	csrLanes  = 8
	csrUnroll = 2
)

func sparseRows(v vectors) {
	c := csr{vectors: v}
	c.emit()
}

func (c *csr) emit() {
	c.text("matVecCSR", "(y *float32, start *int32, col *uint16, val *float32, rows, n int, x, b *float32)",
		"matVecCSR wants a start more than rows, and n columns and values.")
	c.inputs = AllocLocal(2 * 4 * csrLanes)
	start := Load(Param("start"), GP64())
	c.col, c.val, c.x = Load(Param("col"), GP64()), Load(Param("val"), GP64()), Load(Param("x"), GP64())
	c.i, c.at, c.end = GP64(), GP64(), GP64()
	XORQ(c.i, c.i)
	MOVLQSX(Mem{Base: start}, c.at)
	loop(c.i, arg("rows"), 1, func() {
		MOVLQSX(Mem{Base: start, Index: c.i, Scale: 4, Disp: 4}, c.end)
		c.finish(c.row())
	})
	VZEROUPPER()
	RET()
}

// row sums the row that starts at c.at, and leaves c.at at its end.
func (c *csr) row() VecVirtual {
	sum := YMM()
	VXORPS(sum, sum, sum)
	for _, steps := range []int{csrUnroll, 1} {
		most := GP64()
		LEAQ(Mem{Base: c.end, Disp: 1 - steps*csrLanes}, most)
		loop(c.at, most, steps*csrLanes, func() {
			for s := range steps {
				VFMADD231PS(c.value(s*csrLanes), c.eight(s*csrLanes), sum)
			}
		})
	}
	c.lastStep(sum)
	return sum
}

// lastStep adds the elements, fewer than a register holds, up to c.end.
func (c *csr) lastStep(sum VecVirtual) {
	alone, add := label("alone"), label("add")
	rest, after, inputs, values := GP64(), GP64(), YMM(), YMM()
	MOVQ(c.end, rest)
	SUBQ(c.at, rest)
	mask := c.mask(rest)
	LEAQ(Mem{Base: c.at, Disp: csrLanes}, after)
	CMPQ(after, arg("n"))
	JGT(LabelRef(alone))
	VMOVAPS(c.eight(0), inputs)
	VMOVUPS(c.value(0), values)
	MOVQ(c.end, c.at)
	JMP(LabelRef(add))
	Label(alone)
	c.copyRest(inputs, values)
	Label(add)
	if c.wide() {
		VFMADD231PS(values, inputs, mask, sum)
		return
	}
	VANDPS(mask, inputs, inputs) // both, because 0 times NaN is not 0
	VANDPS(mask, values, values)
	VFMADD231PS(values, inputs, sum)
}

// copyRest loads the elements from c.at to c.end where nothing may follow them in the
// tables, and leaves c.at at c.end.
func (c *csr) copyRest(inputs, values Register) {
	k, j, f := GP64(), GP64(), XMM()
	XORQ(k, k)
	VXORPS(inputs, inputs, inputs)
	VMOVUPS(inputs, c.inputs)
	VMOVUPS(inputs, c.inputs.Offset(4*csrLanes))
	loop(c.at, c.end, 1, func() {
		MOVWLZX(Mem{Base: c.col, Index: c.at, Scale: 2}, j.As32())
		VMOVSS(Mem{Base: c.x, Index: j, Scale: 4}, f)
		VMOVSS(f, c.inputs.Idx(k, 4))
		VMOVSS(c.value(0), f)
		VMOVSS(f, c.inputs.Offset(4*csrLanes).Idx(k, 4))
		INCQ(k)
	})
	VMOVUPS(c.inputs, inputs)
	VMOVUPS(c.inputs.Offset(4*csrLanes), values)
}

// value addresses the value k after c.at.
func (c *csr) value(k int) Mem {
	return Mem{Base: c.val, Index: c.at, Scale: 4, Disp: 4 * k}
}

// eight returns the inputs of the columns from k after c.at on.
func (c *csr) eight(k int) Register {
	low, high := c.four(k), c.four(k+4)
	VINSERTF128(U8(1), high, low.AsY(), low.AsY())
	return low.AsY()
}

func (c *csr) four(k int) VecVirtual {
	columns, v := GP64(), XMM()
	MOVQ(Mem{Base: c.col, Index: c.at, Scale: 2, Disp: 2 * k}, columns)
	for lane := range 4 {
		j := columns
		if lane < 3 {
			j = GP64()
			MOVWLZX(columns.As16(), j.As32())
			SHRQ(U8(16), columns)
		}
		from := Mem{Base: c.x, Index: j, Scale: 4}
		if lane == 0 {
			VMOVSS(from, v)
		} else {
			VINSERTPS(U8(lane<<4), from, v, v)
		}
	}
	return v
}

// finish reduces the sums to a number, adds the bias and stores.
func (c *csr) finish(sum VecVirtual) {
	none, b, y := label("nobias"), GP64(), GP64()
	addLanes(sum)
	c.halve(sum)
	MOVQ(arg("b"), b)
	TESTQ(b, b)
	JZ(LabelRef(none))
	VADDSS(Mem{Base: b, Index: c.i, Scale: 4}, sum.AsX(), sum.AsX())
	Label(none)
	MOVQ(arg("y"), y)
	VMOVSS(sum.AsX(), Mem{Base: y, Index: c.i, Scale: 4})
}
