package kernel_test

import (
	"strings"
	"testing"
	"unsafe"

	"slosim/engine/kernel"
)

func TestAligned(t *testing.T) {
	for n := range 200 {
		v := kernel.Aligned(n)
		if len(v) != n || cap(v) != n {
			t.Fatalf("Aligned(%d): len %d, cap %d", n, len(v), cap(v))
		}
		if past := uintptr(unsafe.Pointer(unsafe.SliceData(v))) % 64; n > 0 && past != 0 {
			t.Fatalf("Aligned(%d): %d bytes past a boundary", n, past)
		}
	}
}

func TestNewMatrix(t *testing.T) {
	m := kernel.NewMatrix(3, 17)
	if m.Stride != 32 || len(m.Data) != 96 || len(m.Row(2)) != 17 {
		t.Errorf("got stride %d, %d floats, row of %d", m.Stride, len(m.Data), len(m.Row(2)))
	}
}

func TestVariants(t *testing.T) {
	all := kernel.All()
	if all[0].Name != "go" || kernel.Best().Name != all[len(all)-1].Name {
		t.Errorf("got first %q, best %q", all[0].Name, kernel.Best().Name)
	}
	for _, s := range all {
		if got, err := kernel.ByName(s.Name); err != nil || got.Name != s.Name {
			t.Errorf("ByName(%q): got %v, %v", s.Name, got, err)
		}
	}
	if _, err := kernel.ByName("mmx"); err == nil || !strings.Contains(err.Error(), `"mmx"`) {
		t.Errorf(`ByName("mmx"): got %v`, err)
	}
}

func TestNothingAllocates(t *testing.T) {
	d := draws(1)
	w, x, y := d.matrix(64, 100), d.fill(kernel.Aligned(100)), make([]float32, 100)
	ids, vals, a := d.ids(100, 64), make([]float32, 100), d.fill(make([]float32, 100))
	sum, table := make([]uint16, 100), make([]uint8, 100)
	sparse := kernel.NewCSR(w)
	pow, words, stamps := make([]float32, 64), make([]uint64, 2), make([]uint32, 64)
	xs, ys := [][]float32{x, x, x, x, x}, [][]float32{y, vals, make([]float32, 64), make([]float32, 64), make([]float32, 64)}
	kept, tiles := make([]int32, 100), kernel.NewTiles()
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for name, f := range map[string]func(){
			"MatVec":           func() { s.MatVec(y, w, x, nil) },
			"GatherMatVec":     func() { s.GatherMatVec(y, w, ids[:20], x, nil) },
			"MatMat":           func() { s.MatMat(ys, w, xs, nil) },
			"MatVecCSR":        func() { s.MatVecCSR(y, sparse, x, nil) },
			"Axpy":             func() { s.Axpy(y, w, ids[:20], a) },
			"AddBytes":         func() { s.AddBytes(sum, table) },
			"Gemm":             func() { s.Gemm(tiles, 5, 10, 7, a, 10, 1, w.Data, 10, 1, vals, 10, false) },
			"Hadamard":         func() { s.Hadamard(pow, nil) },
			"Signs":            func() { s.Signs(words, x) },
			"Widen":            func() { s.Widen(vals, sum) },
			"Union":            func() { s.Union(kept, stamps, 1, ids) },
			"PickMatVec":       func() { s.PickMatVec(y, vals, w, ids[:20], x, nil) },
			"TopK":             func() { s.TopK(kept, x, 10) },
			"Compress":         func() { s.Compress(kept, vals, x) },
			"CompressPositive": func() { s.CompressPositive(kept, vals, x) },
		} {
			if n := testing.AllocsPerRun(10, f); n > 0 {
				t.Errorf("%s: %v allocations a run, want 0", name, n)
			}
		}
	})
}
