package kernel

import (
	"fmt"
	"math"
)

// Quantised is a vector of 7-bit integers for the int8 kernels: element i is about
// Scale*(Data[i]-Zero). Seven bits, because the sum of two products with weights of
// -127..127 then fits the 16 bits that the vector instruction has for it.
// [Set.Quantise] writes one.
type Quantised struct {
	Cols  int
	Data  []uint8 // Cols in 0..127, and zeros up to a multiple of 64
	Scale float32
	Zero  int32 // what stands for 0, in 0..127
}

// NewQuantised returns a vector of zeros. It panics if cols is negative.
func NewQuantised(cols int) *Quantised {
	if cols < 0 {
		panic(fmt.Sprintf("kernel: %d quantised inputs: want 0 or more", cols))
	}
	return &Quantised{Cols: cols, Data: alignedOf[uint8](roundUp(cols, int8Stride))}
}

// Dense writes the numbers that q stands for to x, which has at least Cols elements.
func (q *Quantised) Dense(x []float32) {
	x = x[:q.Cols]
	for i := range x {
		x[i] = q.Scale * float32(int32(q.Data[i])-q.Zero)
	}
}

// quantiser is what Quantise needs of a variant: passes over a multiple of step floats.
// The rest, everything if step is 0, is done in Go, with the same result.
type quantiser struct {
	step int
	// finiteRange returns the smallest and the largest finite element, or 0 if that is
	// further out.
	finiteRange func(x *float32, n int) (lo, hi float32)
	convert     func(q *uint8, x *float32, n int, inverse, lowest, highest float32, zero int32)
}

func (z quantiser) quantise(q *Quantised, x []float32) {
	if q.Cols < 0 || len(x) < q.Cols || len(q.Data) < roundUp(q.Cols, int8Stride) {
		panic(fmt.Sprintf("kernel: quantise %d floats to %d inputs (%d bytes): a slice is too short", len(x), q.Cols, len(q.Data)))
	}
	whole := 0
	if z.step > 0 {
		whole = q.Cols / z.step * z.step
	}
	rest := x[whole:q.Cols]
	lo, hi := finiteRangeGo(rest)
	if whole > 0 {
		l, h := z.finiteRange(&x[0], whole)
		lo, hi = min(lo, l), max(hi, h)
	}
	inverse := q.setRange(lo, hi)
	lowest, highest := float32(-q.Zero), float32(127-q.Zero)
	if whole > 0 {
		z.convert(&q.Data[0], &x[0], whole, inverse, lowest, highest, q.Zero)
	}
	quantiseGo(q.Data[whole:], rest, inverse, lowest, highest, q.Zero)
}

// smallestScale is the smallest normal float: below it, inverses would overflow.
const smallestScale = 0x1p-126

// setRange chooses scale and zero for numbers from lo, at most 0, to hi, at least 0, and
// returns the inverse of the scale, or 0 where all numbers count as 0.
func (q *Quantised) setRange(lo, hi float32) (inverse float32) {
	// Each half is divided on its own because their difference may overflow.
	q.Scale, q.Zero = float32(hi/127)-float32(lo/127), 0
	if q.Scale < smallestScale {
		q.Scale = 0
		return 0
	}
	inverse = 1 / q.Scale
	q.Zero = int32(min(math.RoundToEven(float64(float32(-lo*inverse))), 127))
	return inverse
}

func finiteRangeGo(x []float32) (lo, hi float32) {
	for _, v := range x {
		if math.Abs(float64(v)) <= math.MaxFloat32 {
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	return lo, hi
}

func quantiseGo(q []uint8, x []float32, inverse, lowest, highest float32, zero int32) {
	for i, v := range x {
		u := float32(v * inverse)
		if u != u {
			u = 0
		}
		u = max(min(u, highest), lowest)
		q[i] = uint8(int32(math.RoundToEven(float64(u))) + zero)
	}
}
