package kernel_test

import (
	"slices"
	"testing"

	"slosim/engine/kernel"
)

// A table without rows has no results, one without columns has its biases, and nothing
// is needed of slices that nothing is read from.
func TestEmptyTables(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		d := draws(3)
		y := guard(0, 3, float32(7))
		for _, cols := range []int{0, 5, 16, 33} {
			w := kernel.NewMatrix(0, cols)
			s.MatVec(y.longer(), w, make([]float32, cols), nil)
			s.GatherMatVec(y.longer(), w, nil, make([]float32, cols), []float32{})
			s.MatVecCSR(y.longer(), kernel.NewCSR(w), make([]float32, cols), nil)
			y.check(t, "a product without rows")
			sums := d.fill(make([]float32, cols))
			want := slices.Clone(sums)
			s.Axpy(sums, w, nil, nil)
			sameBits(t, "Axpy without rows", sums, want)
		}
		for rows := range 10 {
			w, b := kernel.NewMatrix(rows, 0), d.fill(make([]float32, rows))
			got := make([]float32, rows)
			s.MatVec(got, w, nil, b)
			sameBits(t, "MatVec without columns", got, b)
			s.MatVec(got, w, nil, nil)
			sameBits(t, "MatVec without columns and biases", got, make([]float32, rows))
			s.GatherMatVec(got, w, count(rows), nil, b)
			sameBits(t, "GatherMatVec without columns", got, b)
			s.MatVecCSR(got, kernel.NewCSR(w), nil, b)
			sameBits(t, "MatVecCSR without columns", got, b)
			s.Axpy(nil, w, count(rows), b)
		}
	})
}

func TestEmptyVectors(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		n := s.Compress(nil, nil, nil) + s.CompressPositive(nil, nil, nil) + s.TopK(nil, nil, 3) + s.TopK(nil, []float32{1}, 0)
		if n != 0 {
			t.Errorf("got %d elements of nothing", n)
		}
		s.AddBytes(nil, nil)
		s.Gemm(nil, 0, 3, 3, nil, 3, 1, nil, 3, 1, nil, 3, false)
		c := []float32{1, 2, 3, 4}
		s.Gemm(nil, 2, 1, 0, nil, 1, 1, nil, 1, 1, c, 2, true)
		sameBits(t, "Gemm without terms that accumulates", c, []float32{1, 2, 3, 4})
		s.Gemm(nil, 2, 1, 0, nil, 1, 1, nil, 1, 1, c, 2, false)
		sameBits(t, "Gemm without terms", c, []float32{0, 2, 0, 4})
	})
}

// An id may come again: its row is multiplied, or added, each time.
func TestTheSameIDAgain(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		d := draws(7)
		w := d.matrix(5, 37)
		x, one := d.fill(make([]float32, 37)), make([]float32, 5)
		s.MatVec(one, w, x, nil)
		for n := range 20 {
			ids, a, got := make([]int32, n), make([]float32, n), make([]float32, n)
			for i := range ids {
				ids[i], a[i] = 3, 0.5
			}
			s.GatherMatVec(got, w, ids, x, nil)
			sameBits(t, "GatherMatVec", got, slices.Repeat(one[3:4], n))
			sums, want := make([]float32, 37), make([]float32, 37)
			s.Axpy(sums, w, ids, a)
			for j, v := range w.Row(3) {
				want[j] = float32(n) / 2 * v
			}
			near(t, "Axpy", sums, want, float64(n))
		}
	})
}
