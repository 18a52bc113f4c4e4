package kernel_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// offset returns n floats at a distance from a 64-byte boundary, followed by NaN: a
// kernel that reads past the end shows it in its result.
func offset(d *draws, n int) []float32 {
	skip := d.intn(17)
	raw := kernel.Aligned(n + skip + 32)
	for i := range raw {
		raw[i] = float32(math.NaN())
	}
	return d.fill(raw[skip : skip+n])
}

func drawShape(t *rapid.T) (rows, cols int) {
	return rapid.IntRange(1, 40).Draw(t, "rows"), rapid.IntRange(1, 300).Draw(t, "cols")
}

func TestMatVec(t *testing.T) {
	pure := kernel.Pure()
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := drawShape(t)
			d := drawsOf(t)
			w, x, b := d.matrix(rows, cols), offset(d, cols), offset(d, rows)
			if rapid.Bool().Draw(t, "no bias") {
				b = nil
			}
			want := make([]float32, rows)
			pure.MatVec(want, w, x, b)
			got := guard(rows, d.intn(5), float32(7))
			s.MatVec(got.slice(), w, x, b)
			near(t, "MatVec", got.slice(), want, float64(cols))
			got.check(t, "MatVec")
		})
	})
}

// A plain double loop in float64 judges the pure variant, which judges the others.
func TestPureMatVec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows, cols := drawShape(t)
		d := drawsOf(t)
		w, x, b := d.matrix(rows, cols), offset(d, cols), offset(d, rows)
		want := make([]float32, rows)
		for i := range want {
			sum := float64(b[i])
			for j, v := range w.Row(i) {
				sum += float64(v) * float64(x[j])
			}
			want[i] = float32(sum)
		}
		got := make([]float32, rows)
		kernel.Pure().MatVec(got, w, x, b)
		near(t, "MatVec", got, want, float64(cols)/10)
	})
}

func TestGatherHasTheBitsOfMatVec(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := drawShape(t)
			d := drawsOf(t)
			w, x, b := d.matrix(rows, cols), offset(d, cols), offset(d, rows)
			if rapid.Bool().Draw(t, "no bias") {
				b = nil
			}
			ids := d.ids(rapid.IntRange(0, 50).Draw(t, "ids"), rows)
			all := make([]float32, rows)
			s.MatVec(all, w, x, b)
			want := make([]float32, len(ids))
			for i, id := range ids {
				want[i] = all[id]
			}
			got := guard(len(ids), d.intn(5), float32(7))
			s.GatherMatVec(got.slice(), w, ids, x, b)
			sameBits(t, "GatherMatVec", got.slice(), want)
			got.check(t, "GatherMatVec")
		})
	})
}

// The bits of a row must not depend on its place among the rows either, or a table
// split over threads would answer differently.
func TestMatVecOfPartOfTheRows(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		d := draws(3)
		w, x := d.matrix(37, 131), d.fill(kernel.Aligned(131))
		all := make([]float32, 37)
		s.MatVec(all, w, x, nil)
		for skip := range 37 {
			part := &kernel.Matrix{Rows: 37 - skip, Cols: w.Cols, Stride: w.Stride, Data: w.Data[skip*w.Stride:]}
			got := make([]float32, part.Rows)
			s.MatVec(got, part, x, nil)
			sameBits(t, "MatVec", got, all[skip:])
		}
	})
}

// Tables beyond the caches take another path through the rows.
func TestMatVecOfALargeTable(t *testing.T) {
	d := draws(5)
	w, x := d.matrix(90_003, 120), d.fill(kernel.Aligned(120))
	want := make([]float32, w.Rows)
	kernel.Pure().MatVec(want, w, x, nil)
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		got := make([]float32, w.Rows)
		s.MatVec(got, w, x, nil)
		near(t, "MatVec", got, want, 10)
		ids := d.ids(1000, w.Rows)
		some := make([]float32, len(ids))
		s.GatherMatVec(some, w, ids, x, nil)
		for i, id := range ids {
			sameBits(t, "GatherMatVec", some[i:i+1], got[id:id+1])
		}
	})
}

func TestAxpy(t *testing.T) {
	pure := kernel.Pure()
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := drawShape(t)
			d := drawsOf(t)
			wt := d.matrix(rows, cols)
			ids := d.ids(rapid.IntRange(0, 50).Draw(t, "ids"), rows)
			a := offset(d, len(ids))
			start := d.fill(make([]float32, cols))
			want := append([]float32(nil), start...)
			pure.Axpy(want, wt, ids, a)
			got := guard(cols, d.intn(5), float32(7))
			copy(got.slice(), start)
			s.Axpy(got.slice(), wt, ids, a)
			near(t, "Axpy", got.slice(), want, float64(len(ids)))
			got.check(t, "Axpy")
		})
	})
}

// Feature-major and node-major must agree on what the product is.
func TestAxpyIsTheTransposedMatVec(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		d := draws(9)
		const nodes, inputs = 77, 53
		w, wt := d.matrix(nodes, inputs), kernel.NewMatrix(inputs, nodes)
		ids := make([]int32, inputs)
		for i := range inputs {
			ids[i] = int32(i)
			for j := range nodes {
				wt.Row(i)[j] = w.Row(j)[i]
			}
		}
		x := d.fill(kernel.Aligned(inputs))
		want, got := make([]float32, nodes), make([]float32, nodes)
		s.MatVec(want, w, x, nil)
		s.Axpy(got, wt, ids, x)
		near(t, "Axpy", got, want, inputs)
	})
}

func TestIdsOutOfRangePanic(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		w, x := kernel.NewMatrix(8, 70), kernel.Aligned(70)
		for _, bad := range []int32{-1, 8, math.MaxInt32, math.MinInt32} {
			for at := range 9 {
				ids := make([]int32, 9)
				ids[at] = bad
				mustPanic(t, func() { s.GatherMatVec(make([]float32, 9), w, ids, x, nil) })
				mustPanic(t, func() { s.Axpy(make([]float32, 70), w, ids, make([]float32, 9)) })
			}
		}
	})
}

func TestShortSlicesPanic(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		w, v := kernel.NewMatrix(8, 70), func(n int) []float32 { return make([]float32, n) }
		ids := make([]int32, 8)
		mustPanic(t, func() { s.MatVec(v(7), w, v(70), nil) })
		mustPanic(t, func() { s.MatVec(v(8), w, v(69), nil) })
		mustPanic(t, func() { s.MatVec(v(8), w, v(70), v(7)) })
		mustPanic(t, func() { s.GatherMatVec(v(7), w, ids, v(70), nil) })
		mustPanic(t, func() { s.Axpy(v(69), w, ids, v(8)) })
		mustPanic(t, func() { s.Axpy(v(70), w, ids, v(7)) })
		mustPanic(t, func() { s.Compress(ids, v(9), v(9)) })
		mustPanic(t, func() { s.CompressPositive(make([]int32, 9), v(8), v(9)) })
		mustPanic(t, func() { s.TopK(make([]int32, 3), v(9), 4) })
		mustPanic(t, func() { s.AddBytes(make([]uint16, 3), make([]uint8, 4)) })
		mustPanic(t, func() { s.Gemm(kernel.NewTiles(), 2, 2, 2, v(3), 2, 1, v(4), 2, 1, v(4), 2, false) })
		mustPanic(t, func() { s.Gemm(kernel.NewTiles(), 2, 2, 2, v(4), 2, 1, v(3), 2, 1, v(4), 2, false) })
		mustPanic(t, func() { s.Gemm(kernel.NewTiles(), 2, 2, 2, v(4), 2, 1, v(4), 2, 1, v(3), 2, false) })
	})
}

func mustPanic(t *testing.T, f func()) {
	t.Helper()
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	f()
}
