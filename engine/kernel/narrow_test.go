package kernel_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// narrowTable is a table of a narrow type behind one face: the weights it stands for and
// its products with inputs.
type narrowTable struct {
	kind   string
	table  kernel.Table
	dense  *kernel.Matrix
	x      []float32 // the inputs as the kernels see them
	matVec func(s *kernel.Set, y, b []float32)
	gather func(s *kernel.Set, y []float32, ids []int32, b []float32)
	axpy   func(s *kernel.Set, y []float32, ids []int32, a []float32)
}

// shifted returns a copy of v at a distance from a boundary, without room to grow.
func shifted[T any](d *draws, v []T) []T {
	skip := d.intn(17)
	raw := make([]T, len(v)+skip)
	copy(raw[skip:], v)
	return raw[skip:]
}

func bf16Table(w *kernel.BF16, x []float32) narrowTable {
	return narrowTable{"bf16", w, w.Dense(), x,
		func(s *kernel.Set, y, b []float32) { s.MatVecBF16(y, w, x, b) },
		func(s *kernel.Set, y []float32, ids []int32, b []float32) { s.GatherBF16(y, w, ids, x, b) },
		func(s *kernel.Set, y []float32, ids []int32, a []float32) { s.AxpyBF16(y, w, ids, a) }}
}

func int8Table(w *kernel.Int8, q *kernel.Quantised) narrowTable {
	x := make([]float32, q.Cols)
	q.Dense(x)
	return narrowTable{"int8", w, w.Dense(), x,
		func(s *kernel.Set, y, b []float32) { s.MatVecInt8(y, w, q, b) },
		func(s *kernel.Set, y []float32, ids []int32, b []float32) { s.GatherInt8(y, w, ids, q, b) },
		func(s *kernel.Set, y []float32, ids []int32, a []float32) { s.AxpyInt8(y, w, ids, a) }}
}

// quantised returns n random inputs.
func (d *draws) quantised(n int) *kernel.Quantised {
	q := kernel.NewQuantised(n)
	kernel.Pure().Quantise(q, d.fill(make([]float32, n)))
	return q
}

// narrowTables returns random tables at odd alignments, and what is padding in a bf16
// table is not a number.
func narrowTables(d *draws, rows, cols int) []narrowTable {
	h := kernel.NewBF16(d.matrix(rows, cols))
	h.Data = shifted(d, h.Data)
	for i := range h.Data {
		if i%h.Stride >= cols {
			h.Data[i] = 0x7fc0
		}
	}
	w := kernel.NewInt8(d.matrix(rows, cols))
	w.Data, w.Scale, w.Sum = shifted(d, w.Data), shifted(d, w.Scale), shifted(d, w.Sum)
	q := d.quantised(cols)
	q.Data = shifted(d, q.Data)
	return []narrowTable{bf16Table(h, offset(d, cols)), int8Table(w, q)}
}

// naiveMatVec is a plain double loop in float64.
func naiveMatVec(w *kernel.Matrix, x, b []float32) []float32 {
	y := make([]float32, w.Rows)
	for i := range y {
		var sum float64
		for j, v := range w.Row(i) {
			sum += float64(v) * float64(x[j])
		}
		if b != nil {
			sum += float64(b[i])
		}
		y[i] = float32(sum)
	}
	return y
}

func drawBias(t *rapid.T, d *draws, rows int) []float32 {
	if rapid.Bool().Draw(t, "no bias") {
		return nil
	}
	return offset(d, rows)
}

func TestNarrowMatVecAndGather(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := rapid.IntRange(0, 40).Draw(t, "rows"), rapid.IntRange(0, 300).Draw(t, "cols")
			d := drawsOf(t)
			b := drawBias(t, d, rows)
			ids := d.ids(min(rows, 1)*rapid.IntRange(0, 50).Draw(t, "ids"), max(rows, 1))
			for _, w := range narrowTables(d, rows, cols) {
				all := guard(rows, d.intn(5), float32(7))
				w.matVec(s, all.slice(), b)
				near(t, w.kind, all.slice(), naiveMatVec(w.dense, w.x, b), float64(cols)/10)
				all.check(t, w.kind)
				want := make([]float32, len(ids))
				for i, id := range ids {
					want[i] = all.slice()[id]
				}
				some := guard(len(ids), d.intn(5), float32(7))
				w.gather(s, some.slice(), ids, b)
				sameBits(t, "gather "+w.kind, some.slice(), want)
				some.check(t, "gather "+w.kind)
			}
		})
	})
}

func TestNarrowAxpy(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := drawShape(t)
			d := drawsOf(t)
			ids := d.ids(rapid.IntRange(0, 50).Draw(t, "ids"), rows)
			a, start := offset(d, len(ids)), d.fill(make([]float32, cols))
			for _, w := range narrowTables(d, rows, cols) {
				got, want := guard(cols, d.intn(5), float32(7)), make([]float32, cols)
				copy(got.slice(), start)
				for j := range want {
					sum := float64(start[j])
					for i, id := range ids {
						sum += float64(a[i]) * float64(w.dense.Row(int(id))[j])
					}
					want[j] = float32(sum)
				}
				w.axpy(s, got.slice(), ids, a)
				near(t, w.kind, got.slice(), want, 1+float64(len(ids)))
				got.check(t, w.kind)
			}
		})
	})
}

// The bits of a row must not depend on its place among the rows.
func TestNarrowMatVecOfPartOfTheRows(t *testing.T) {
	d := draws(3)
	h, w := kernel.NewBF16(d.matrix(37, 131)), kernel.NewInt8(d.matrix(37, 131))
	x, q := d.fill(kernel.Aligned(131)), d.quantised(131)
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		allH, allW := make([]float32, 37), make([]float32, 37)
		s.MatVecBF16(allH, h, x, nil)
		s.MatVecInt8(allW, w, q, nil)
		for skip := range 37 {
			got := make([]float32, 37-skip)
			s.MatVecBF16(got, &kernel.BF16{Rows: 37 - skip, Cols: 131, Stride: h.Stride, Data: h.Data[skip*h.Stride:]}, x, nil)
			sameBits(t, "bf16", got, allH[skip:])
			s.MatVecInt8(got, &kernel.Int8{Rows: 37 - skip, Cols: 131, Stride: w.Stride, Data: w.Data[skip*w.Stride:],
				Scale: w.Scale[skip:], Sum: w.Sum[skip:]}, q, nil)
			sameBits(t, "int8", got, allW[skip:])
		}
	})
}

// Tables beyond the caches take other paths through the rows. 32 MiB and a little.
func TestNarrowProductsOfLargeTables(t *testing.T) {
	d := draws(5)
	h := &kernel.BF16{Rows: 131_075, Cols: 120, Stride: 128, Data: make([]uint16, 131_075*128)}
	for i := range h.Data {
		h.Data[i] = uint16(d.next())&0x81ff | 0x3e00
	}
	w := &kernel.Int8{Rows: 262_147, Cols: 120, Stride: 128, Data: make([]int8, 262_147*128), Scale: make([]float32, 262_147), Sum: make([]int32, 262_147)}
	for i := range w.Rows {
		w.Scale[i] = 0.01 + d.float()/1000
		for j := range w.Row(i) {
			w.Row(i)[j] = int8(d.intn(255) - 127)
			w.Sum[i] += int32(w.Row(i)[j])
		}
	}
	x, q := d.fill(kernel.Aligned(120)), d.quantised(120)
	wantH, wantW := make([]float32, h.Rows), make([]float32, w.Rows)
	kernel.Pure().MatVecBF16(wantH, h, x, nil)
	kernel.Pure().MatVecInt8(wantW, w, q, nil)
	ids := d.ids(1001, h.Rows)
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		gotH, gotW, some := make([]float32, h.Rows), make([]float32, w.Rows), make([]float32, len(ids))
		s.MatVecBF16(gotH, h, x, nil)
		near(t, "bf16", gotH, wantH, 10)
		s.MatVecInt8(gotW, w, q, nil)
		sameBits(t, "int8", gotW, wantW)
		s.GatherBF16(some, h, ids, x, nil)
		for i, id := range ids {
			sameBits(t, "gather bf16", some[i:i+1], gotH[id:id+1])
		}
		s.GatherInt8(some, w, ids, q, nil)
		for i, id := range ids {
			sameBits(t, "gather int8", some[i:i+1], gotW[id:id+1])
		}
	})
}

// What is not a number or infinite in an input shows in each row, as in the float32 ones.
func TestBF16OfInputsThatAreNotFinite(t *testing.T) {
	d := draws(2)
	ones := kernel.NewMatrix(5, 45)
	for i := range ones.Rows {
		for j := range ones.Row(i) {
			ones.Row(i)[j] = 1
		}
	}
	w := kernel.NewBF16(ones)
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, special := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			for j := range 45 {
				x, y, sums := d.fill(make([]float32, 45)), make([]float32, 5), make([]float32, 45)
				x[j] = float32(special)
				s.MatVecBF16(y, w, x, nil)
				s.AxpyBF16(sums, w, []int32{0}, x[j:j+1])
				for _, got := range append(y, sums...) {
					if g := float64(got); g != special && !(math.IsNaN(g) && math.IsNaN(special)) {
						t.Fatalf("input %d is %v: got %v", j, special, got)
					}
				}
			}
		}
	})
}

func TestNarrowIdsOutOfRangePanic(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		d := draws(1)
		for _, w := range narrowTables(&d, 8, 70) {
			for _, bad := range []int32{-1, 8, math.MaxInt32, math.MinInt32} {
				for at := range 9 {
					ids := make([]int32, 9)
					ids[at] = bad
					y, sums, clean := make([]float32, 9), make([]float32, 70), make([]float32, 70)
					mustPanicWith(t, "want 0..7", func() { w.gather(s, y, ids, nil) })
					mustPanicWith(t, "want 0..7", func() { w.axpy(s, sums, ids, []float32{1, 1, 1, 1, 1, 1, 1, 1, 1}) })
					sameBits(t, "gather that panics", y, clean[:9])
					sameBits(t, "axpy that panics", sums, clean)
				}
			}
		}
	})
}

func TestNarrowShortSlicesPanic(t *testing.T) {
	const short = "too short"
	v := func(n int) []float32 { return make([]float32, n) }
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		d := draws(1)
		ids := make([]int32, 8)
		for _, w := range narrowTables(&d, 8, 70) {
			mustPanicWith(t, short, func() { w.matVec(s, v(7), nil) })
			mustPanicWith(t, short, func() { w.matVec(s, v(8), v(7)) })
			mustPanicWith(t, short, func() { w.gather(s, v(7), ids, nil) })
			mustPanicWith(t, short, func() { w.gather(s, v(8), ids, v(7)) })
			mustPanicWith(t, short, func() { w.axpy(s, v(69), ids, v(8)) })
			mustPanicWith(t, short, func() { w.axpy(s, v(70), ids, v(7)) })
		}
		h, m := kernel.NewBF16(kernel.NewMatrix(8, 70)), kernel.NewInt8(kernel.NewMatrix(8, 70))
		mustPanicWith(t, short, func() { s.MatVecBF16(v(8), h, v(69), nil) })
		mustPanicWith(t, "as many inputs as columns", func() { s.MatVecInt8(v(8), m, kernel.NewQuantised(71), nil) })
		mustPanicWith(t, "as many inputs as columns", func() { s.GatherInt8(v(8), m, ids, kernel.NewQuantised(71), nil) })
		mustPanicWith(t, short, func() { s.Quantise(kernel.NewQuantised(70), v(69)) })
		q := kernel.NewQuantised(70)
		q.Data = q.Data[:127]
		mustPanicWith(t, short, func() { s.Quantise(q, v(70)) })
		mustPanicWith(t, "in whole lines", func() { s.MatVecInt8(v(8), m, q, nil) })
		wide := &kernel.Int8{Rows: 0, Cols: 1<<17 + 1, Stride: 1<<17 + 64}
		mustPanicWith(t, "at most 131072", func() { s.MatVecInt8(nil, wide, kernel.NewQuantised(wide.Cols), nil) })
	})
}

// Tables made by hand may not hold what their sizes say.
func TestNarrowTablesThatAreNotWhole(t *testing.T) {
	y, x := make([]float32, 100), make([]float32, 100)
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, h := range []kernel.BF16{
			{Rows: 2, Cols: 4, Stride: 32, Data: make([]uint16, 63)},
			{Rows: 2, Cols: 4, Stride: 16, Data: make([]uint16, 64)},
			{Rows: -1, Cols: 4, Stride: 32},
			{Rows: 1 << 32, Cols: 4, Stride: 1 << 32},
		} {
			mustPanicWith(t, "whole: false", func() { s.MatVecBF16(y, &h, x, nil) })
			mustPanicWith(t, "whole: false", func() { s.AxpyBF16(y, &h, nil, nil) })
		}
		for _, w := range []kernel.Int8{
			{Rows: 2, Cols: 4, Stride: 64, Data: make([]int8, 127), Scale: x, Sum: make([]int32, 2)},
			{Rows: 2, Cols: 4, Stride: 32, Data: make([]int8, 128), Scale: x, Sum: make([]int32, 2)},
			{Rows: 2, Cols: 4, Stride: 64, Data: make([]int8, 128), Scale: x[:1], Sum: make([]int32, 2)},
			{Rows: 2, Cols: 4, Stride: 64, Data: make([]int8, 128), Scale: x, Sum: make([]int32, 1)},
		} {
			mustPanicWith(t, "whole: false", func() { s.MatVecInt8(y, &w, kernel.NewQuantised(4), nil) })
			mustPanicWith(t, "whole: false", func() { s.AxpyInt8(y, &w, nil, nil) })
		}
	})
}

func TestNarrowKernelsAllocateNothing(t *testing.T) {
	d := draws(1)
	tables := narrowTables(&d, 64, 100)
	blocks := blockTables(&d, 64, 100)
	x, y, q := d.fill(make([]float32, 100)), make([]float32, 160), kernel.NewQuantised(100)
	ids, some := d.ids(20, 64), []int32{3, 0, 1}
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		checks := map[string]func(){"Quantise": func() { s.Quantise(q, x) }}
		for _, w := range tables {
			checks[w.kind] = func() {
				w.matVec(s, y, nil)
				w.gather(s, y, ids, nil)
				w.axpy(s, y, ids, x)
			}
		}
		for _, w := range blocks {
			checks[w.kind+" blocks"] = func() { w.product(s, y, some, ids, x, nil) }
		}
		for name, f := range checks {
			if n := testing.AllocsPerRun(10, f); n > 0 {
				t.Errorf("%s: %v allocations a run, want 0", name, n)
			}
		}
	})
}
