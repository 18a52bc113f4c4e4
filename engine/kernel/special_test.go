package kernel_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// special are the values that arithmetic treats in another way than the rest.
var special = []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.Copysign(0, -1)), 0,
	math.SmallestNonzeroFloat32, -math.SmallestNonzeroFloat32, 1e-39, -1e-39}

// spoil puts up to n special values anywhere in v.
func (d *draws) spoil(v []float32, n int) {
	for range d.intn(n + 1) {
		if len(v) > 0 {
			v[d.intn(len(v))] = special[d.intn(len(special))]
		}
	}
}

func (d *draws) spoilRows(w *kernel.Matrix, n int) {
	for range d.intn(n + 1) {
		if w.Rows > 0 {
			d.spoil(w.Row(d.intn(w.Rows)), 1)
		}
	}
}

// layoutOf draws a matrix of a layout, maybe of no rows or no columns.
func layoutOf(t *rapid.T, d *draws) *kernel.Matrix {
	layout := rapid.SampledFrom(layouts).Draw(t, "layout")
	w := matrixOf(layout, rapid.IntRange(0, 40).Draw(t, "rows"), rapid.IntRange(0, 150).Draw(t, "cols"))
	for i := range w.Rows {
		d.fill(w.Row(i))
	}
	return w
}

// idsOf draws a list of ids: none, some, or the same ones again and again.
func idsOf(t *rapid.T, d *draws, rows int) []int32 {
	if rows == 0 {
		return nil
	}
	n, from := rapid.IntRange(0, 50).Draw(t, "ids"), rapid.IntRange(1, rows).Draw(t, "of")
	return d.ids(n, from)
}

func TestNodeMajorOfAnyShapeAndValue(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawsOf(t)
			w := layoutOf(t, d)
			x, b := offset(d, w.Cols), offset(d, w.Rows)
			if rapid.Bool().Draw(t, "no bias") {
				b = nil
			}
			spoiled := rapid.IntRange(0, 2).Draw(t, "spoiled")
			d.spoilRows(w, spoiled)
			d.spoil(x, spoiled/2)
			d.spoil(b, spoiled)
			nodeMajor(t, s, w, idsOf(t, d, w.Rows), x, b)
		})
	})
}

func TestFeatureMajorOfAnyShapeAndValue(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawsOf(t)
			wt := layoutOf(t, d)
			ids := idsOf(t, d, wt.Rows)
			a, y := offset(d, len(ids)), offset(d, wt.Cols)
			spoiled := rapid.IntRange(0, 2).Draw(t, "spoiled")
			d.spoilRows(wt, spoiled)
			d.spoil(a, spoiled/2)
			d.spoil(y, spoiled)
			featureMajor(t, s, wt, ids, a, y)
		})
	})
}

// What is not zero may be anything, so that an infinite weight times a zero input, which
// is not a number, counts; a weight that was zero is no element, and does not.
func TestMatVecCSROfAnyValue(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawsOf(t)
			w := d.sparse(d.intn(40), d.intn(150), 0.1)
			d.spoilRows(w, 3)
			x, bias := offset(d, w.Cols), offset(d, w.Rows)
			d.spoil(x, 2)
			d.spoil(bias, 2)
			m, got := unended(kernel.NewCSR(w)), guard(w.Rows, w.Cols%5, float32(7))
			s.MatVecCSR(got.longer(), m, x, bias)
			checkExact(t, "MatVecCSR", got.slice(), exactCSR(m, x, bias))
			got.check(t, "MatVecCSR")
		})
	})
}

func TestCompressOfAnyValue(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawsOf(t)
			y := offset(d, rapid.IntRange(0, 200).Draw(t, "n"))
			d.spoil(y, 2*len(y))
			compressed(t, s, y)
		})
	})
}

// An infinite element of A times the zeros that fill up a tile of B is not a number,
// and must not get out of the tile; nor that of another row or column.
func TestGemmOfAnyValue(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		tiles := kernel.NewTiles()
		rapid.Check(t, func(t *rapid.T) {
			m, n, k := rapid.IntRange(1, 30).Draw(t, "m"), rapid.IntRange(1, 70).Draw(t, "n"), rapid.IntRange(1, 40).Draw(t, "k")
			d := drawsOf(t)
			a, b := d.operand(m, k, d.intn(2) == 0), d.operand(k, n, d.intn(2) == 0)
			d.spoil(a.data, 2)
			d.spoil(b.data, 2)
			c := d.fill(make([]float32, m*n))
			want := make([]exact, m*n)
			for i := range want {
				want[i].add(float64(c[i]))
				for p := range k {
					want[i].addProduct(a.at(i/n, p), b.at(p, i%n))
				}
			}
			s.Gemm(tiles, m, n, k, a.data, a.row, a.col, b.data, b.row, b.col, c, n, true)
			checkExact(t, "Gemm", c, want)
		})
	})
}

// Rows that are not chosen, inputs that are not listed, and what lies around a view
// must not matter, even if it is not a number.
func TestWhatIsNotChosenDoesNotMatter(t *testing.T) {
	nan := float32(math.NaN())
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawsOf(t)
			rows, cols := drawShape(t)
			clean, w := d.matrix(rows, cols), matrixOf("corner", rows, cols)
			ids, b := idsOf(t, d, rows), offset(d, rows)
			bias := slices.Clone(b)
			for i := range rows {
				copy(w.Row(i), clean.Row(i))
				if !slices.Contains(ids, int32(i)) {
					bias[i] = nan
					for j := range cols {
						w.Row(i)[j] = nan
					}
				}
			}
			x, a := offset(d, cols), offset(d, len(ids))
			want, got := make([]float32, len(ids)), make([]float32, len(ids))
			s.GatherMatVec(want, clean, ids, x, b)
			s.GatherMatVec(got, w, ids, x, bias)
			sameBits(t, "GatherMatVec", got, want)
			want, got = make([]float32, cols), make([]float32, cols)
			s.Axpy(want, clean, ids, a)
			s.Axpy(got, w, ids, a)
			sameBits(t, "Axpy", got, want)
		})
	})
}

// checkAnyTopK checks what TopK promises of scores that may not be numbers.
func checkAnyTopK(t rapid.TB, s *kernel.Set, scores []float32, k int) {
	t.Helper()
	most := max(0, min(k, len(scores)))
	got := guard(most, len(scores)%5, int32(-7))
	n := s.TopK(got.slice(), scores, k)
	got.check(t, "TopK")
	if n != most {
		t.Fatalf("kernel=%s: TopK of %v, k=%d: got %d", s.Name, scores, k, n)
	}
	last := int32(-1)
	for _, id := range got.slice() {
		if id <= last || int(id) >= len(scores) {
			t.Fatalf("kernel=%s: TopK of %v, k=%d: got ids %v", s.Name, scores, k, got.slice())
		}
		last = id
	}
	if slices.ContainsFunc(scores, func(v float32) bool { return v != v }) {
		return
	}
	if want := sortedTopK(scores, k); !slices.Equal(got.slice(), want) {
		t.Fatalf("kernel=%s: TopK of %v, k=%d: got ids %v, want %v", s.Name, scores, k, got.slice(), want)
	}
}

func TestTopKOfScoresThatAreNotFinite(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d, n := drawsOf(t), rapid.IntRange(0, 120).Draw(t, "n")
			scores := offset(d, n)
			several := special[rapid.IntRange(0, 1).Draw(t, "from"):3]
			if rapid.Bool().Draw(t, "few values") {
				scores = nasty(d, "few values", n)
			}
			for range d.intn(2*n + 1) {
				scores[d.intn(n)] = several[d.intn(len(several))]
			}
			checkAnyTopK(t, s, scores, rapid.IntRange(-1, n+2).Draw(t, "k"))
		})
	})
}
