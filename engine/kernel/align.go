package kernel

import "unsafe"

// lineFloats is a cache line, and the alignment of Aligned, in floats.
const lineFloats = 16

// Aligned returns n zero floats, the first on a 64-byte boundary.
// Its capacity is n too, so that appending to it cannot lose the alignment unnoticed.
func Aligned(n int) []float32 {
	raw := make([]float32, n+lineFloats-1)
	skip := 0
	if past := uintptr(unsafe.Pointer(unsafe.SliceData(raw))) % (4 * lineFloats); past != 0 {
		skip = lineFloats - int(past/4)
	}
	return raw[skip : skip+n : skip+n]
}
