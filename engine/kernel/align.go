package kernel

import "unsafe"

// lineBytes is a cache line.
const lineBytes = 64

// manyPages is from which size on a table starts on a huge page: with less, what the
// alignment adds would outweigh what is gained.
const manyPages = 2 * hugePage

// Aligned returns n zero floats, the first on a 64-byte boundary; of a table larger than
// a few huge pages the first is on such a page, and the system is asked to use them.
// Its capacity is n too, so that appending to it cannot lose the alignment unnoticed.
func Aligned(n int) []float32 {
	boundary := lineBytes
	if 4*n >= manyPages {
		boundary = hugePage
	}
	raw := make([]float32, n+boundary/4-1)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(raw)))%uintptr(boundary)) / 4
	v := raw[skip : skip+n : skip+n]
	if boundary == hugePage {
		advise(v)
	}
	return v
}
