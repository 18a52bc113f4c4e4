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
func Aligned(n int) []float32 { return alignedOf[float32](n) }

// alignedOf is Aligned for any type whose size divides a line.
func alignedOf[T any](n int) []T {
	size, boundary := int(unsafe.Sizeof(*new(T))), lineBytes
	if size*n >= manyPages {
		boundary = hugePage
	}
	raw := make([]T, n+boundary/size-1)
	skip := int(-uintptr(unsafe.Pointer(unsafe.SliceData(raw)))%uintptr(boundary)) / size
	v := raw[skip : skip+n : skip+n]
	if boundary == hugePage {
		advise(unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(v))), size*n))
	}
	return v
}
