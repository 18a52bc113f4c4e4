package engine

import (
	"fmt"
	"math/bits"

	"slosim/engine/kernel"
)

// maskSuffix is added to the name of a pruned layer's weights.
const maskSuffix = "/mask"

// sparseTensors stores the elements of m that are not zero once they are rounded to t: a
// bit for each element, and the values. A table of zeros keeps its first element, since
// no tensor is empty.
func sparseTensors(m *kernel.Matrix, t Type) (mask, values Tensor) {
	bitmap := make([]uint8, (m.Rows*m.Cols+7)/8)
	var kept []float32
	for i := range m.Rows {
		for j, v := range m.Row(i) {
			if t == BFloat16 {
				v = RoundBFloat16(v)
			}
			if at := i*m.Cols + j; v != 0 {
				bitmap[at/8] |= 1 << (at % 8)
				kept = append(kept, v)
			}
		}
	}
	if len(kept) == 0 {
		bitmap[0] |= 1
		kept = append(kept, 0)
	}
	values = Tensor{Type: t, Rows: 1, Cols: len(kept), Data: make([]byte, len(kept)*t.size())}
	encodeFloats(values.Data, kept, t)
	return Bytes(bitmap, 1), values
}

// unmask marks, with ones, the elements of m that a mask says are there.
func unmask(m *kernel.Matrix, mask []byte) error {
	elements := m.Rows * m.Cols
	if extra := elements % 8; extra > 0 && mask[len(mask)-1]>>extra != 0 {
		return fmt.Errorf("want a mask of %d bits, got more", elements)
	}
	for at, b := range mask {
		for ; b != 0; b &= b - 1 {
			element := 8*at + bits.TrailingZeros8(b)
			m.Row(element / m.Cols)[element%m.Cols] = 1
		}
	}
	return nil
}

// fillMasked replaces the marks by values.
func fillMasked(m *kernel.Matrix, values []float32) error {
	wanted := len(values)
	for i := range m.Rows {
		row := m.Row(i)
		for j := range row {
			switch {
			case row[j] == 0:
			case len(values) == 0:
				return fmt.Errorf("want a value for each bit of the mask, got %d", wanted)
			default:
				row[j], values = values[0], values[1:]
			}
		}
	}
	if len(values) > 0 {
		return fmt.Errorf("want a bit in the mask for each of %d values, got %d fewer", wanted, len(values))
	}
	return nil
}
