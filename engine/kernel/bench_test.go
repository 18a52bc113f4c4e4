package kernel_test

import (
	"fmt"
	"testing"

	"slosim/engine/kernel"
)

// eachBench runs a benchmark for every variant that this CPU can run.
func eachBench(b *testing.B, name string, bytes int64, f func(s *kernel.Set)) {
	for _, s := range kernel.All() {
		b.Run(fmt.Sprintf("kernel=%s/%s", s.Name, name), func(b *testing.B) {
			b.SetBytes(bytes)
			b.ReportAllocs()
			for b.Loop() {
				f(s)
			}
		})
	}
}

var benchShapes = []struct{ rows, cols int }{{256, 512}, {1024, 784}, {1024, 1024}, {13330, 128}, {205443, 128}}

func BenchmarkMatVec(b *testing.B) {
	for _, q := range benchShapes {
		d := draws(1)
		w, x, y := d.matrix(q.rows, q.cols), d.fill(kernel.Aligned(q.cols)), kernel.Aligned(q.rows)
		bias := d.fill(kernel.Aligned(q.rows))
		eachBench(b, fmt.Sprintf("shape=%dx%d", q.rows, q.cols), int64(4*q.rows*q.cols), func(s *kernel.Set) {
			s.MatVec(y, w, x, bias)
		})
	}
}

// BenchmarkMatVecCSR has one table, which stays in the caches as that of BenchmarkMatVec
// does, to be compared with it. About half of the inputs are zero, as after a ReLU.
func BenchmarkMatVecCSR(b *testing.B) {
	for _, q := range benchShapes[1:3] {
		for _, density := range []float64{0.02, 0.05, 0.1, 0.2} {
			d := draws(1)
			w := kernel.NewMatrix(q.rows, q.cols)
			for i := range q.rows {
				d.thin(w.Row(i), density)
			}
			m := kernel.NewCSR(w)
			x, y, bias := d.fill(kernel.Aligned(q.cols)), kernel.Aligned(q.rows), d.fill(kernel.Aligned(q.rows))
			for i, v := range x {
				x[i] = max(0, v)
			}
			for _, s := range kernel.All() {
				name := fmt.Sprintf("shape=%dx%d/density=%v/kernel=%s", q.rows, q.cols, density, s.Name)
				b.Run(name, func(b *testing.B) {
					b.SetBytes(m.Bytes())
					b.ReportAllocs()
					for b.Loop() {
						s.MatVecCSR(y, m, x, bias)
					}
				})
			}
		}
	}
}

// idSets returns id sets of a density, in random order, many enough that the rows of
// one are not still in the L1 cache when it comes round again.
func idSets(d *draws, rows int, percent float64) [][]int32 {
	sets := make([][]int32, 24)
	for i := range sets {
		all := make([]int32, rows)
		for j := range all {
			k := d.intn(j + 1)
			all[j] = all[k]
			all[k] = int32(j)
		}
		sets[i] = all[:max(1, int(percent/100*float64(rows)))]
	}
	return sets
}

func BenchmarkGather(b *testing.B) {
	for _, q := range benchShapes[2:] {
		d := draws(1)
		w, x, y := d.matrix(q.rows, q.cols), d.fill(kernel.Aligned(q.cols)), kernel.Aligned(q.rows)
		bias := d.fill(kernel.Aligned(q.rows))
		for _, percent := range []float64{1, 5, 10, 30, 100} {
			sets, turn := idSets(&d, q.rows, percent), 0
			name := fmt.Sprintf("shape=%dx%d/density=%v", q.rows, q.cols, percent/100)
			eachBench(b, name, int64(4*len(sets[0])*q.cols), func(s *kernel.Set) {
				turn = (turn + 1) % len(sets)
				s.GatherMatVec(y, w, sets[turn], x, bias)
			})
		}
	}
}

func BenchmarkAxpy(b *testing.B) {
	for _, q := range benchShapes[2:4] {
		d := draws(1)
		w, y, a := d.matrix(q.rows, q.cols), kernel.Aligned(q.cols), make([]float32, q.rows)
		for _, percent := range []float64{1, 10, 30, 100} {
			sets, turn := idSets(&d, q.rows, percent), 0
			name := fmt.Sprintf("shape=%dx%d/density=%v", q.rows, q.cols, percent/100)
			eachBench(b, name, int64(4*len(sets[0])*q.cols), func(s *kernel.Set) {
				turn = (turn + 1) % len(sets)
				s.Axpy(y, w, sets[turn], a)
			})
		}
	}
}

func BenchmarkTopK(b *testing.B) {
	for _, q := range []struct {
		kind string
		n, k int
	}{{"random", 1024, 102}, {"rectified", 1024, 102}, {"few values", 1024, 102}, {"any finite bits", 1024, 102}, {"random", 13330, 133}} {
		d := draws(1)
		var sets [16][]float32
		for i := range sets {
			sets[i] = nasty(&d, q.kind, q.n)
		}
		ids, turn := make([]int32, q.k), 0
		eachBench(b, fmt.Sprintf("scores=%s/n=%d/k=%d", q.kind, q.n, q.k), int64(4*q.n), func(s *kernel.Set) {
			turn = (turn + 1) % len(sets)
			s.TopK(ids, sets[turn], q.k)
		})
	}
}

func BenchmarkCompressPositive(b *testing.B) {
	d := draws(1)
	var sets [16][]float32
	for i := range sets {
		sets[i] = d.fill(make([]float32, 1024))
	}
	ids, vals, turn := make([]int32, 1024), make([]float32, 1024), 0
	eachBench(b, "n=1024/density=0.5", 4096, func(s *kernel.Set) {
		turn = (turn + 1) % len(sets)
		s.CompressPositive(ids, vals, sets[turn])
	})
}

func BenchmarkAddBytes(b *testing.B) {
	sum, table := make([]uint16, 1024), make([]uint8, 1024)
	eachBench(b, "n=1024", 1024, func(s *kernel.Set) { s.AddBytes(sum, table) })
}

// BenchmarkGemm has the three products of a layer in training. Its MB/s are MFLOP/s.
func BenchmarkGemm(b *testing.B) {
	const batch, in, out = 256, 784, 1024
	d, tiles := draws(1), kernel.NewTiles()
	w, x, y := d.matrix(out, in), d.matrix(batch, in), d.matrix(batch, out)
	flop := int64(2 * batch * in * out)
	eachBench(b, fmt.Sprintf("product=forward/shape=%dx%dx%d", batch, out, in), flop, func(s *kernel.Set) {
		s.Gemm(tiles, batch, out, in, x.Data, x.Stride, 1, w.Data, 1, w.Stride, y.Data, y.Stride, false)
	})
	eachBench(b, fmt.Sprintf("product=inputs/shape=%dx%dx%d", batch, in, out), flop, func(s *kernel.Set) {
		s.Gemm(tiles, batch, in, out, y.Data, y.Stride, 1, w.Data, w.Stride, 1, x.Data, x.Stride, false)
	})
	eachBench(b, fmt.Sprintf("product=weights/shape=%dx%dx%d", out, in, batch), flop, func(s *kernel.Set) {
		s.Gemm(tiles, out, in, batch, y.Data, 1, y.Stride, x.Data, x.Stride, 1, w.Data, w.Stride, false)
	})
}
