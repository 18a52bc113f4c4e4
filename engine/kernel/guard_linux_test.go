package kernel_test

import (
	"runtime/debug"
	"slices"
	"syscall"
	"testing"
	"unsafe"

	"slosim/engine/kernel"
)

// edges hands out slices that touch memory that nobody may read or write: beyond their
// end, or before their beginning. On their other side is what gives a kernel away that
// reads it, NaN in floats and -1 in ids, and which must not change.
type edges struct {
	draws // for the contents

	t     testing.TB
	atEnd bool

	free, used []*region

	tiles *kernel.Tiles // made when it is needed
}

// margin is how many bytes on the accessible side of a slice are watched.
const margin = 256

// smallRegion is how many bytes a region has at least, so that most slices fit any.
const smallRegion = 64 << 10

// region is memory between two pages that cannot be accessed.
type region struct {
	mem      []byte
	from, to int  // the bytes of mem that its slice has
	dirty    bool // it has had a slice, and may not be zero
}

func (e *edges) where() string {
	if e.atEnd {
		return "at the end of memory"
	}
	return "at the beginning of memory"
}

// placed returns a copy of v at the edge, which holds until the next reset.
func placed[T any](e *edges, v []T) []T {
	size := len(v) * int(unsafe.Sizeof(*new(T)))
	at := e.place(size)
	p := unsafe.Slice((*T)(at), len(v))
	copy(p, v)
	return p
}

// place returns where size zero bytes start. The pointer may be to the first byte of a
// page that cannot be accessed, if size is 0.
func (e *edges) place(size int) unsafe.Pointer {
	e.t.Helper()
	r := e.take(size)
	r.from = 0
	if e.atEnd {
		r.from = len(r.mem) - size
	}
	r.to = r.from + size
	for _, side := range r.margins() {
		for i := range side {
			side[i] = 0xff
		}
	}
	if r.dirty {
		clear(r.mem[r.from:r.to])
	}
	r.dirty = true
	return unsafe.Add(unsafe.Pointer(unsafe.SliceData(r.mem)), r.from)
}

// margins returns the accessible bytes beside the slice.
func (r *region) margins() [2][]byte {
	return [2][]byte{r.mem[max(0, r.from-margin):r.from], r.mem[r.to:min(len(r.mem), r.to+margin)]}
}

func (e *edges) take(size int) *region {
	e.t.Helper()
	at := slices.IndexFunc(e.free, func(r *region) bool { return len(r.mem) >= size })
	if at < 0 {
		e.free = append(e.free, mapRegion(e.t, size))
		at = len(e.free) - 1
	}
	r := e.free[at]
	e.free = slices.Delete(e.free, at, at+1)
	e.used = append(e.used, r)
	return r
}

func mapRegion(t testing.TB, size int) *region {
	t.Helper()
	page := syscall.Getpagesize()
	whole := (max(size, smallRegion) + page - 1) / page * page
	all, err := syscall.Mmap(-1, 0, whole+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Munmap(all) })
	for _, guard := range [][]byte{all[:page], all[page+whole:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	return &region{mem: all[page : page+whole : page+whole]}
}

// reset takes back all slices.
func (e *edges) reset() {
	e.free = append(e.free, e.used...)
	e.used = nil
}

// check fails if something beside a slice was written.
func (e *edges) check() {
	e.t.Helper()
	for _, r := range e.used {
		for side, bytes := range r.margins() {
			for i, b := range bytes {
				if b != 0xff {
					e.t.Fatalf("%s: wrote byte %d of %d, %s a slice of %d bytes", e.where(), i, len(bytes),
						[2]string{"before", "after"}[side], r.to-r.from)
				}
			}
		}
	}
}

// run calls f, and fails if it accesses what is beyond the edge or writes beside a slice.
func (e *edges) run(what string, f func()) {
	e.t.Helper()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			e.t.Fatalf("%s, %s: %v\n%s", what, e.where(), r, debug.Stack())
		}
	}()
	defer e.reset()
	f()
	e.check()
}

// matrix returns a random matrix at the edge.
func (e *edges) matrix(layout string, rows, cols int) *kernel.Matrix {
	e.t.Helper()
	m := matrixOf(layout, rows, cols)
	m.Data = placed(e, m.Data)
	for i := range rows {
		e.fill(m.Row(i))
	}
	return m
}

func (e *edges) floats(n int) []float32 { return placed(e, e.fill(make([]float32, n))) }

// bias returns n floats, or nil for every other turn.
func (e *edges) bias(n, turn int) []float32 {
	if turn%2 == 0 {
		return nil
	}
	return e.floats(n)
}
