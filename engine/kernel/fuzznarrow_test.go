package kernel_test

import (
	"math"
	"slices"
	"testing"

	"slosim/engine/kernel"
)

// FuzzNarrowRows compares the row kernels of both narrow types between variants and forms:
// int8 to the bit, bf16 against the plain variant.
func FuzzNarrowRows(f *testing.F) {
	f.Add(uint64(1), uint8(5), uint16(70), []byte{0, 4, 4, 1})
	f.Add(uint64(9), uint8(33), uint16(256), []byte{})
	f.Fuzz(func(t *testing.T, seed uint64, rows uint8, cols uint16, picks []byte) {
		n, m := int(rows)+1, int(cols)%600
		d := draws(seed)
		tables := narrowTables(&d, n, m)
		b, ids := d.fill(make([]float32, n)), make([]int32, len(picks))
		for i, p := range picks {
			ids[i] = int32(int(p) % n)
		}
		a := d.fill(make([]float32, len(ids)))
		for _, w := range tables {
			all, some, sums := make([]float32, n), make([]float32, len(ids)), make([]float32, m)
			w.matVec(kernel.Pure(), all, b)
			w.gather(kernel.Pure(), some, ids, b)
			w.axpy(kernel.Pure(), sums, ids, a)
			for _, s := range kernel.All()[1:] {
				eachForm(s, w.table, func() {
					y, z, u := make([]float32, n), make([]float32, len(ids)), make([]float32, m)
					w.matVec(s, y, b)
					w.gather(s, z, ids, b)
					w.axpy(s, u, ids, a)
					if w.kind == "int8" {
						sameBits(t, "int8", y, all)
						sameBits(t, "int8", z, some)
					}
					near(t, w.kind, y, all, float64(m)/10+1)
					near(t, w.kind, z, some, float64(m)/10+1)
					near(t, w.kind, u, sums, float64(len(ids))/10+1)
				})
			}
		}
	})
}

// FuzzSmallKernels compares Signs, Widen, AddBytes and Gemm with plain loops.
func FuzzSmallKernels(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 200, 255, 0}, uint8(3), uint8(5))
	f.Fuzz(func(t *testing.T, raw []byte, rows, cols uint8) {
		raw = raw[:min(len(raw), 4000)]
		wide, floats := make([]uint16, len(raw)), make([]float32, len(raw))
		for i, b := range raw {
			wide[i], floats[i] = uint16(b)*257, float32(b)-100
		}
		m, n := int(rows)%40, int(cols)%40
		k := len(raw) / max(1, m+n)
		for _, s := range kernel.All() {
			got, words := make([]float32, len(raw)), make([]uint64, (len(raw)+63)/64)
			s.Widen(got, wide)
			s.Signs(words, floats)
			sums := slices.Clone(wide)
			s.AddBytes(sums, raw)
			for i, b := range raw {
				if got[i] != float32(wide[i]) || sums[i] != wide[i]+uint16(b) || words[i/64]>>(i%64)&1 != uint64(one(floats[i] > 0)) {
					t.Fatalf("kernel=%s: element %d: got %v, %d, %x", s.Name, i, got[i], sums[i], words[i/64])
				}
			}
			a, b := operand{data: floats[:m*k], row: k, col: 1}, operand{data: floats[m*k:], row: n, col: 1}
			if k == 0 || m == 0 || n == 0 {
				continue
			}
			c, want := make([]float32, m*n), make([]float32, m*n)
			s.Gemm(kernel.NewTiles(), m, n, k, a.data, a.row, a.col, b.data, b.row, b.col, c, n, false)
			tripleLoop(m, n, k, a, b, want, n, false)
			for i := range c {
				if math.Abs(float64(c[i]-want[i])) > 1e-5*float64(k)*160*160 {
					t.Fatalf("kernel=%s: gemm %dx%dx%d: element %d: got %v, want %v", s.Name, m, n, k, i, c[i], want[i])
				}
			}
		}
	})
}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}
