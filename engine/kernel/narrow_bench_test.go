package kernel_test

import (
	"fmt"
	"testing"

	"slosim/engine/kernel"
)

// product is a product to be measured: what it reads of the weights, and the product.
type product struct {
	kind  string // of weights
	bytes int    // a weight
	run   func(s *kernel.Set, turn int)
}

// benchProducts measures products of one shape and density in every variant.
func benchProducts(b *testing.B, shape string, density float64, weights int, products []product) {
	for _, p := range products {
		for _, s := range kernel.All() {
			b.Run(fmt.Sprintf("kernel=%s/type=%s/shape=%s/density=%v", s.Name, p.kind, shape, density), func(b *testing.B) {
				b.SetBytes(int64(weights * p.bytes))
				b.ReportAllocs()
				turn := 0
				for b.Loop() {
					p.run(s, turn)
					turn++
				}
			})
		}
	}
}

// benchTables are tables of all types with the same weights.
type benchTables struct {
	f    *kernel.Matrix
	h    *kernel.BF16
	w    *kernel.Int8
	x, b []float32
	q    *kernel.Quantised
	y    []float32
	d    draws
}

func newBenchTables(rows, cols int) *benchTables {
	d := draws(1)
	t := &benchTables{f: d.matrix(rows, cols), x: d.fill(kernel.Aligned(cols)), b: d.fill(kernel.Aligned(rows)), y: kernel.Aligned(max(rows, cols) + 16)}
	t.h, t.w, t.q, t.d = kernel.NewBF16(t.f), kernel.NewInt8(t.f), kernel.NewQuantised(cols), d
	kernel.Pure().Quantise(t.q, t.x)
	return t
}

func BenchmarkNarrowMatVec(b *testing.B) {
	for _, q := range benchShapes {
		t := newBenchTables(q.rows, q.cols)
		benchProducts(b, fmt.Sprintf("%dx%d", q.rows, q.cols), 1, q.rows*q.cols, []product{
			{"float32", 4, func(s *kernel.Set, _ int) { s.MatVec(t.y, t.f, t.x, t.b) }},
			{"bf16", 2, func(s *kernel.Set, _ int) { s.MatVecBF16(t.y, t.h, t.x, t.b) }},
			{"int8", 1, func(s *kernel.Set, _ int) { s.MatVecInt8(t.y, t.w, t.q, t.b) }},
		})
	}
}

func BenchmarkNarrowGather(b *testing.B) {
	for _, q := range benchShapes[1:] {
		t := newBenchTables(q.rows, q.cols)
		for _, percent := range []float64{1, 10, 30} {
			sets := idSets(&t.d, q.rows, percent)
			ids := func(turn int) []int32 { return sets[turn%len(sets)] }
			benchProducts(b, fmt.Sprintf("%dx%d", q.rows, q.cols), percent/100, len(sets[0])*q.cols, []product{
				{"float32", 4, func(s *kernel.Set, turn int) { s.GatherMatVec(t.y, t.f, ids(turn), t.x, t.b) }},
				{"bf16", 2, func(s *kernel.Set, turn int) { s.GatherBF16(t.y, t.h, ids(turn), t.x, t.b) }},
				{"int8", 1, func(s *kernel.Set, turn int) { s.GatherInt8(t.y, t.w, ids(turn), t.q, t.b) }},
			})
		}
	}
}

func BenchmarkNarrowAxpy(b *testing.B) {
	for _, q := range benchShapes[2:4] {
		t := newBenchTables(q.rows, q.cols)
		a := t.d.fill(make([]float32, q.rows))
		for _, percent := range []float64{1, 10, 30} {
			sets := idSets(&t.d, q.rows, percent)
			ids := func(turn int) []int32 { return sets[turn%len(sets)] }
			benchProducts(b, fmt.Sprintf("%dx%d", q.rows, q.cols), percent/100, len(sets[0])*q.cols, []product{
				{"float32", 4, func(s *kernel.Set, turn int) { s.Axpy(t.y, t.f, ids(turn), a) }},
				{"bf16", 2, func(s *kernel.Set, turn int) { s.AxpyBF16(t.y, t.h, ids(turn), a) }},
				{"int8", 1, func(s *kernel.Set, turn int) { s.AxpyInt8(t.y, t.w, ids(turn), a) }},
			})
		}
	}
}

// BenchmarkBlockMatVec chooses the density's share of both the blocks and the inputs.
func BenchmarkBlockMatVec(b *testing.B) {
	for _, q := range benchShapes[1:3] {
		t := newBenchTables(q.rows, q.cols)
		f, h, w := kernel.NewBlocks(t.f), kernel.NewBlocksBF16(t.f), kernel.NewBlocksInt8(t.f)
		for _, percent := range []float64{10, 30, 50, 100} {
			blocks, inputs := idSets(&t.d, f.Count(), percent), idSets(&t.d, q.cols, percent)
			of := func(sets [][]int32, turn int) []int32 { return sets[turn%len(sets)] }
			benchProducts(b, fmt.Sprintf("%dx%d", q.rows, q.cols), percent/100, 16*len(blocks[0])*len(inputs[0]), []product{
				{"float32", 4, func(s *kernel.Set, turn int) { s.BlockMatVec(t.y, f, of(blocks, turn), of(inputs, turn), t.x, t.b) }},
				{"bf16", 2, func(s *kernel.Set, turn int) { s.BlockMatVecBF16(t.y, h, of(blocks, turn), of(inputs, turn), t.x, t.b) }},
				{"int8", 1, func(s *kernel.Set, turn int) { s.BlockMatVecInt8(t.y, w, of(blocks, turn), of(inputs, turn), t.x, t.b) }},
			})
		}
	}
}

func BenchmarkQuantise(b *testing.B) {
	for _, n := range []int{128, 784, 1024} {
		d := draws(1)
		x, q := d.fill(kernel.Aligned(n)), kernel.NewQuantised(n)
		eachBench(b, fmt.Sprintf("n=%d", n), int64(4*n), func(s *kernel.Set) { s.Quantise(q, x) })
	}
}
