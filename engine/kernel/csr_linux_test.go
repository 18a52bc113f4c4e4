package kernel_test

import (
	"syscall"
	"testing"
	"unsafe"

	"slosim/engine/kernel"
)

// atEdge returns a copy of v that ends where memory does: reading on is a fault.
func atEdge[T any](t *testing.T, v []T) []T {
	t.Helper()
	page, size := syscall.Getpagesize(), len(v)*int(unsafe.Sizeof(*new(T)))
	whole := (size/page + 1) * page
	mem, err := syscall.Mmap(-1, 0, whole+page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(mem) })
	if err := syscall.Mprotect(mem[whole:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	edge := unsafe.Slice((*T)(unsafe.Pointer(&mem[whole-size])), len(v))
	copy(edge, v)
	return edge
}

// The last step of a row loads whole registers, except where the tables end.
func TestMatVecCSRReadsNothingPastTheTables(t *testing.T) {
	d := draws(8)
	for n := range 40 {
		w := kernel.NewMatrix(2, 40)
		d.fill(w.Row(0)[40-n:])
		d.fill(w.Row(1)[40-n/2:])
		m, x := kernel.NewCSR(w), atEdge(t, d.fill(make([]float32, 40)))
		m.Start, m.Col, m.Val = atEdge(t, m.Start), atEdge(t, m.Col), atEdge(t, m.Val)
		eachSet(t, func(t *testing.T, s *kernel.Set) { checkCSR(t, s, m, x, nil, 0) })
	}
}
