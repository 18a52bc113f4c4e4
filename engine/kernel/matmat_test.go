package kernel_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// batched checks that MatMat of a variant has the numbers of MatVec for each input, to the
// bit, and writes nothing else. MatVec is checked against the definition elsewhere.
func batched(t rapid.TB, s *kernel.Set, w *kernel.Matrix, xs [][]float32, b []float32) {
	t.Helper()
	var guards []guarded[float32]
	var ys [][]float32
	for i := range xs {
		guards = append(guards, guard(w.Rows, (w.Cols+i)%5, float32(7)))
		ys = append(ys, guards[i].longer())
	}
	s.MatMat(ys, w, xs, b)
	want := make([]float32, w.Rows)
	for i, x := range xs {
		s.MatVec(want, w, x, b)
		for r, v := range want {
			sameNumber(t, fmt.Sprintf("%s MatMat of %d inputs: input %d, row %d", s.Name, len(xs), i, r), guards[i].slice()[r], v)
		}
		guards[i].check(t, s.Name+" MatMat")
	}
}

func TestMatMatHasTheBitsOfMatVec(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawsOf(t)
			w, b := layoutOf(t, d), []float32(nil)
			if rapid.Bool().Draw(t, "bias") {
				b = offset(d, w.Rows)
			}
			spoiled := rapid.IntRange(0, 2).Draw(t, "spoiled")
			d.spoilRows(w, spoiled)
			d.spoil(b, spoiled)
			var xs [][]float32
			for range rapid.IntRange(0, 13).Draw(t, "inputs") {
				xs = append(xs, offset(d, w.Cols))
				d.spoil(xs[len(xs)-1], spoiled/2)
			}
			batched(t, s, w, xs, b)
		})
	})
}

// Tables of several blocks of rows, the last one not whole, and one beyond the caches.
func TestMatMatAcrossBlocks(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, q := range []struct{ rows, cols, inputs int }{{403, 700, 7}, {5003, 40, 4}, {25, 70_000, 2}, {131, 1024, 64}, {1, 9_000_001, 2}} {
			d := draws(11)
			w, b, xs := d.matrix(q.rows, q.cols), d.floats(q.rows), [][]float32(nil)
			for range q.inputs {
				xs = append(xs, d.floats(q.cols))
			}
			batched(t, s, w, xs, b)
		}
	})
}

// An input may come again.
func TestMatMatOfTheSameInput(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		d := draws(5)
		x := d.floats(75)
		batched(t, s, d.matrix(9, 75), [][]float32{x, x, x, x, x}, nil)
	})
}

func FuzzMatMat(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := &reader{raw: raw}
		w := r.matrix()
		b, xs := r.bias(w.Rows), [][]float32(nil)
		for range r.byte() % 9 {
			xs = append(xs, r.floats(w.Cols))
		}
		for _, s := range kernel.All() {
			batched(t, s, w, xs, b)
		}
	})
}

// BenchmarkMatMat compares ways to multiply a table with several inputs, in turn, so that
// whatever disturbs the machine meets all of them. It prints how many times faster than
// MatVec for one input after another each is, by the lower quartiles.
func BenchmarkMatMat(b *testing.B) {
	for _, s := range kernel.All() {
		for _, q := range benchShapes[1:] {
			for _, n := range []int{1, 2, 3, 4, 8, 16, 32} {
				b.Run(fmt.Sprintf("kernel=%s/shape=%dx%d/n=%d", s.Name, q.rows, q.cols, n), func(b *testing.B) {
					ways := newBatchWays(s, q.rows, q.cols, n)
					spent := make([][]time.Duration, len(ways))
					for b.Loop() {
						for i, way := range ways {
							start := time.Now()
							way.run()
							spent[i] = append(spent[i], time.Since(start))
						}
					}
					for i, way := range ways {
						slices.Sort(spent[i])
						b.ReportMetric(float64(spent[0][b.N/4])/float64(spent[i][b.N/4]), way.name+"-speed-up")
					}
				})
			}
		}
	}
}

// batchWay is a way to multiply a table with several inputs.
type batchWay struct {
	name string
	run  func()
}

// newBatchWays returns MatVec for one input after another, then MatMat, MatVec over blocks of
// 256 KiB of rows, and Gemm.
func newBatchWays(s *kernel.Set, rows, cols, n int) []batchWay {
	d := draws(1)
	w, bias := d.matrix(rows, cols), d.fill(kernel.Aligned(rows))
	s.Tune(w)
	x, y, tiles := kernel.NewMatrix(n, w.Stride+16), kernel.NewMatrix(n, rows), kernel.NewTiles()
	var xs, ys [][]float32
	for i := range n {
		xs, ys = append(xs, d.fill(x.Row(i)[:cols])), append(ys, y.Row(i))
	}
	part := func(from, to int) {
		block := kernel.Matrix{Rows: to - from, Cols: cols, Stride: w.Stride, Data: w.Data[from*w.Stride : to*w.Stride]}
		for i := range n {
			s.MatVec(ys[i][from:], &block, xs[i], bias[from:])
		}
	}
	return []batchWay{
		{"singles", func() { part(0, rows) }},
		{"matmat", func() { s.MatMat(ys, w, xs, bias) }},
		{"blocks", func() {
			step := 64 << 10 / w.Stride
			for from := 0; from < rows; from += step {
				part(from, min(from+step, rows))
			}
		}},
		{"gemm", func() {
			s.Gemm(tiles, n, rows, cols, x.Data, x.Stride, 1, w.Data, 1, w.Stride, y.Data, y.Stride, false)
		}},
	}
}
