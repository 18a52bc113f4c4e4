package kernel_test

import (
	"math"
	"testing"

	"slosim/engine/kernel"
)

// refusal is a call with arguments that do not fit each other, which must panic with
// this package's message before it writes anything.
type refusal struct {
	name, want string
	call       func(s *kernel.Set, o *outputs)
}

// outputs are what kernels write to, with more capacity than length.
type outputs struct {
	floats []guarded[float32]
	ids    []guarded[int32]
	sums   []guarded[uint16]
}

func (o *outputs) y(n int) []float32 {
	o.floats = append(o.floats, guard(n, 3, float32(7)))
	return o.floats[len(o.floats)-1].slice()
}

func (o *outputs) id(n int) []int32 {
	o.ids = append(o.ids, guard(n, 3, int32(-7)))
	return o.ids[len(o.ids)-1].slice()
}

func (o *outputs) sum(n int) []uint16 {
	o.sums = append(o.sums, guard(n, 3, uint16(777)))
	return o.sums[len(o.sums)-1].slice()
}

func untouched[T comparable](t *testing.T, gs []guarded[T]) {
	t.Helper()
	for _, g := range gs {
		for i, v := range g.all {
			if v != g.sentinel {
				t.Errorf("wrote %v at %d of 0..%d", v, i-g.skip, g.n-1)
				break
			}
		}
	}
}

func checkRefusals(t *testing.T, refusals []refusal) {
	t.Helper()
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, q := range refusals {
			t.Run(q.name, func(t *testing.T) {
				o := new(outputs)
				mustPanicWith(t, q.want, func() { q.call(s, o) })
				untouched(t, o.floats)
				untouched(t, o.ids)
				untouched(t, o.sums)
			})
		}
	})
}

func numbers(n int) []float32 { return new(draws).floats(n) }

// table is a matrix whose sizes may be wrong.
func table(rows, cols, stride, floats int) *kernel.Matrix {
	return &kernel.Matrix{Rows: rows, Cols: cols, Stride: stride, Data: numbers(floats)}
}

func TestArgumentsThatDoNotFitAreRefused(t *testing.T) {
	w := func() *kernel.Matrix { return table(8, 70, 80, 640) }
	ids := make([]int32, 8)
	const short = "a slice is too short"
	checkRefusals(t, []refusal{
		{"MatVec/y", short, func(s *kernel.Set, o *outputs) { s.MatVec(o.y(7), w(), numbers(70), nil) }},
		{"MatVec/x", short, func(s *kernel.Set, o *outputs) { s.MatVec(o.y(8), w(), numbers(69), nil) }},
		{"MatVec/b", short, func(s *kernel.Set, o *outputs) { s.MatVec(o.y(8), w(), numbers(70), numbers(7)) }},
		{"MatVec/empty b", short, func(s *kernel.Set, o *outputs) { s.MatVec(o.y(8), w(), numbers(70), []float32{}) }},
		{"MatVec/data", short, func(s *kernel.Set, o *outputs) { s.MatVec(o.y(8), table(8, 70, 80, 639), numbers(70), nil) }},
		{"MatMat/ys", "product of 2 inputs into 1 outputs", func(s *kernel.Set, o *outputs) {
			s.MatMat([][]float32{o.y(8)}, w(), [][]float32{numbers(70), numbers(70)}, nil)
		}},
		{"MatMat/the last y", short, func(s *kernel.Set, o *outputs) {
			s.MatMat([][]float32{o.y(8), o.y(7)}, w(), [][]float32{numbers(70), numbers(70)}, nil)
		}},
		{"MatMat/the last x", short, func(s *kernel.Set, o *outputs) {
			s.MatMat([][]float32{o.y(8), o.y(8)}, w(), [][]float32{numbers(70), numbers(69)}, nil)
		}},
		{"MatMat/b", short, func(s *kernel.Set, o *outputs) {
			s.MatMat([][]float32{o.y(8)}, w(), [][]float32{numbers(70)}, numbers(7))
		}},
		{"GatherMatVec/y", short, func(s *kernel.Set, o *outputs) { s.GatherMatVec(o.y(7), w(), ids, numbers(70), nil) }},
		{"GatherMatVec/x", short, func(s *kernel.Set, o *outputs) { s.GatherMatVec(o.y(8), w(), ids, numbers(69), nil) }},
		{"GatherMatVec/b", short, func(s *kernel.Set, o *outputs) { s.GatherMatVec(o.y(8), w(), ids, numbers(70), numbers(7)) }},
		{"GatherMatVec/data", short, func(s *kernel.Set, o *outputs) { s.GatherMatVec(o.y(8), table(8, 70, 80, 639), ids, numbers(70), nil) }},
		{"Axpy/y", "8 ids, 8 factors and a 8x70 matrix into 69 sums", func(s *kernel.Set, o *outputs) { s.Axpy(o.y(69), w(), ids, numbers(8)) }},
		{"Axpy/a", "8 ids, 7 factors", func(s *kernel.Set, o *outputs) { s.Axpy(o.y(70), w(), ids, numbers(7)) }},
		{"Axpy/data", "8x70 matrix", func(s *kernel.Set, o *outputs) { s.Axpy(o.y(70), table(8, 70, 80, 639), ids, numbers(8)) }},
		{"Compress/ids", "compress 9 values into 8 ids and 9 values", func(s *kernel.Set, o *outputs) { s.Compress(o.id(8), o.y(9), numbers(9)) }},
		{"Compress/vals", "9 ids and 8 values", func(s *kernel.Set, o *outputs) { s.Compress(o.id(9), o.y(8), numbers(9)) }},
		{"CompressPositive/ids", "8 ids and 9 values", func(s *kernel.Set, o *outputs) { s.CompressPositive(o.id(8), o.y(9), numbers(9)) }},
		{"CompressPositive/vals", "9 ids and 8 values", func(s *kernel.Set, o *outputs) { s.CompressPositive(o.id(9), o.y(8), numbers(9)) }},
		{"TopK/ids", "top 4 of 9 scores into 3 ids", func(s *kernel.Set, o *outputs) { s.TopK(o.id(3), numbers(9), 4) }},
		{"TopK/ids for all", "top 9 of 9 scores into 8 ids", func(s *kernel.Set, o *outputs) { s.TopK(o.id(8), numbers(9), 20) }},
		{"AddBytes/sum", "add 9 bytes to 8 sums", func(s *kernel.Set, o *outputs) { s.AddBytes(o.sum(8), make([]uint8, 9)) }},
		{"Gemm/a", "does not fit a of 5 floats", func(s *kernel.Set, o *outputs) { gemm(s, 2, 2, 3, numbers(5), 3, numbers(6), 2, o.y(4), 2) }},
		{"Gemm/b", "does not fit b of 5 floats", func(s *kernel.Set, o *outputs) { gemm(s, 2, 2, 3, numbers(6), 3, numbers(5), 2, o.y(4), 2) }},
		{"Gemm/c", "does not fit c of 3 floats", func(s *kernel.Set, o *outputs) { gemm(s, 2, 2, 3, numbers(6), 3, numbers(6), 2, o.y(3), 2) }},
		{"Gemm/c without terms", "does not fit c of 3 floats", func(s *kernel.Set, o *outputs) { gemm(s, 2, 2, 0, nil, 3, nil, 2, o.y(3), 2) }},
		{"Gemm/backwards", "steps -3 and 1", func(s *kernel.Set, o *outputs) { gemm(s, 2, 2, 3, numbers(6), -3, numbers(6), 2, o.y(4), 2) }},
	})
}

func gemm(s *kernel.Set, m, n, k int, a []float32, aRow int, b []float32, bRow int, c []float32, cRow int) {
	s.Gemm(kernel.NewTiles(), m, n, k, a, aRow, 1, b, bRow, 1, c, cRow, false)
}

// Sizes whose product is too large for an int, or comes out small, are no way around the
// checks. Nor are those below zero.
func TestSizesThatOverflowAreRefused(t *testing.T) {
	const quarter = math.MaxInt/4 + 1
	one, short := []int32{1}, "a slice is too short"
	checkRefusals(t, []refusal{
		{"MatVec/stride", short, func(s *kernel.Set, o *outputs) { s.MatVec(o.y(8), table(8, 3, quarter, 24), numbers(3), nil) }},
		{"MatVec/rows", short, func(s *kernel.Set, o *outputs) { s.MatVec(o.y(8), table(-1, 3, 3, 24), numbers(3), nil) }},
		{"MatVec/cols", short, func(s *kernel.Set, o *outputs) { s.MatVec(o.y(8), table(8, -1, 3, 24), numbers(3), nil) }},
		{"MatVec/cols above stride", short, func(s *kernel.Set, o *outputs) { s.MatVec(o.y(8), table(8, 3, 2, 24), numbers(3), nil) }},
		{"GatherMatVec/stride", short, func(s *kernel.Set, o *outputs) {
			s.GatherMatVec(o.y(1), table(8, 3, quarter, 24), one, numbers(3), nil)
		}},
		{"GatherMatVec/rows", short, func(s *kernel.Set, o *outputs) {
			s.GatherMatVec(o.y(1), table(quarter, 3, 8, 24), one, numbers(3), nil)
		}},
		{"Axpy/stride", "matrix into 3 sums", func(s *kernel.Set, o *outputs) { s.Axpy(o.y(3), table(8, 3, quarter, 24), one, numbers(1)) }},
		{"Axpy/rows", "matrix into 3 sums", func(s *kernel.Set, o *outputs) { s.Axpy(o.y(3), table(quarter, 3, 8, 24), one, numbers(1)) }},
		{"Gemm/a", "does not fit a", func(s *kernel.Set, o *outputs) { gemm(s, 9, 2, 3, numbers(9), quarter, numbers(6), 2, o.y(18), 2) }},
		{"Gemm/b", "does not fit b", func(s *kernel.Set, o *outputs) { gemm(s, 2, 2, 9, numbers(18), 9, numbers(9), quarter, o.y(4), 2) }},
		{"Gemm/c", "does not fit c", func(s *kernel.Set, o *outputs) { gemm(s, 9, 2, 3, numbers(27), 3, numbers(6), 2, o.y(18), quarter) }},
		{"Gemm/m", "does not fit c", func(s *kernel.Set, o *outputs) { gemm(s, quarter, 2, 3, numbers(27), 0, numbers(6), 2, o.y(18), 8) }},
	})
}
