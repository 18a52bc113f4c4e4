package kernel_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// exact is a sum in float64, and knows which results in float32 are right, in whatever
// order and with whatever fusing it was added up there.
type exact struct {
	sum   float64
	size  float64 // of the finite terms
	terms int
}

func (e *exact) add(term float64) {
	e.sum += term
	e.terms++
	if term-term == 0 {
		e.size += math.Abs(term)
	}
}

// addProduct adds a product, which float32 has only if it is not too large.
func (e *exact) addProduct(a, b float32) { e.add(float64(a) * float64(b)) }

// accepts tells whether got is the sum: the same of NaN and the infinities, or as near
// as rounding brings it. Where a partial sum may be too large for float32, anything is.
func (e *exact) accepts(got float32) bool {
	g := float64(got)
	switch {
	case e.size > math.MaxFloat32/2:
		return true
	case math.IsNaN(e.sum):
		return math.IsNaN(g)
	case math.IsInf(e.sum, 0):
		return g == e.sum
	}
	const epsilon, least = 1.0 / (1 << 23), 1e-45
	return math.Abs(g-e.sum) <= epsilon*float64(e.terms+1)*e.size+least*float64(e.terms+1)
}

func checkExact(t rapid.TB, what string, got []float32, want []exact) {
	t.Helper()
	for i, e := range want {
		if !e.accepts(got[i]) {
			t.Fatalf("%s: element %d: got %v, want %v (of %d terms, magnitudes %v)", what, i, got[i], e.sum, e.terms, e.size)
		}
	}
}

// exactRows is the definition of MatVec for some rows.
func exactRows(w *kernel.Matrix, ids []int32, x, b []float32) []exact {
	sums := make([]exact, len(ids))
	for i, id := range ids {
		for j, v := range w.Row(int(id)) {
			sums[i].addProduct(v, x[j])
		}
		if b != nil {
			sums[i].add(float64(b[id]))
		}
	}
	return sums
}

// exactAxpy is the definition of Axpy.
func exactAxpy(y []float32, wt *kernel.Matrix, ids []int32, a []float32) []exact {
	sums := make([]exact, wt.Cols)
	for j := range sums {
		sums[j].add(float64(y[j]))
		for i, id := range ids {
			sums[j].addProduct(a[i], wt.Row(int(id))[j])
		}
	}
	return sums
}

func exactCSR(m *kernel.CSR, x, bias []float32) []exact {
	sums := make([]exact, m.Rows)
	for i := range sums {
		for k := m.Start[i]; k < m.Start[i+1]; k++ {
			sums[i].addProduct(m.Val[k], x[m.Col[k]])
		}
		if bias != nil {
			sums[i].add(float64(bias[i]))
		}
	}
	return sums
}

// count returns 0, 1, ... n-1.
func count(n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i)
	}
	return ids
}

// nodeMajor checks MatVec and GatherMatVec of a variant, whose slices are longer than
// they need be, against the definition, and against each other to the bit.
func nodeMajor(t rapid.TB, s *kernel.Set, w *kernel.Matrix, ids []int32, x, b []float32) {
	t.Helper()
	all, some := guard(w.Rows, w.Cols%5, float32(7)), guard(len(ids), w.Cols%3, float32(7))
	s.MatVec(all.longer(), w, x, b)
	checkExact(t, s.Name+" MatVec", all.slice(), exactRows(w, count(w.Rows), x, b))
	all.check(t, s.Name+" MatVec")
	s.GatherMatVec(some.longer(), w, ids, x, b)
	checkExact(t, s.Name+" GatherMatVec", some.slice(), exactRows(w, ids, x, b))
	some.check(t, s.Name+" GatherMatVec")
	for i, id := range ids {
		sameNumber(t, s.Name+" GatherMatVec", some.slice()[i], all.slice()[id])
	}
}

// featureMajor checks Axpy likewise. y is not changed.
func featureMajor(t rapid.TB, s *kernel.Set, wt *kernel.Matrix, ids []int32, a, y []float32) {
	t.Helper()
	got := guard(wt.Cols, len(ids)%5, float32(7))
	copy(got.slice(), y)
	s.Axpy(got.longer(), wt, ids, a)
	checkExact(t, s.Name+" Axpy", got.slice(), exactAxpy(y, wt, ids, a))
	got.check(t, s.Name+" Axpy")
}

// compressed checks both ways of compressing, to the bit.
func compressed(t rapid.TB, s *kernel.Set, y []float32) {
	t.Helper()
	for what, q := range map[string]struct {
		f    compressor
		keep func(v float32) bool
	}{
		"Compress":         {s.Compress, func(v float32) bool { return v != 0 }},
		"CompressPositive": {s.CompressPositive, func(v float32) bool { return v > 0 }},
	} {
		var wantIDs []int32
		var wantVals []float32
		for i, v := range y {
			if q.keep(v) {
				wantIDs, wantVals = append(wantIDs, int32(i)), append(wantVals, v)
			}
		}
		ids, vals := guard(len(y), len(y)%5, int32(-7)), guard(len(y), len(y)%3, float32(7))
		n := q.f(ids.longer(), vals.longer(), y)
		if n != len(wantIDs) || !slices.Equal(ids.slice()[:n], wantIDs) {
			t.Fatalf("%s %s of %v: got %d ids %v, want %v", s.Name, what, y, n, ids.slice()[:n], wantIDs)
		}
		sameBits(t, s.Name+" "+what, vals.slice()[:n], wantVals)
		ids.check(t, what)
		vals.check(t, what)
	}
}

// sameNumber compares bits, but takes all NaN for the same.
func sameNumber(t rapid.TB, what string, got, want float32) {
	t.Helper()
	if math.Float32bits(got) != math.Float32bits(want) && (got == got || want == want) {
		t.Fatalf("%s: got %v (%08x), want %v (%08x)", what, got, math.Float32bits(got), want, math.Float32bits(want))
	}
}

func TestOracle(t *testing.T) {
	inf, nan := float32(math.Inf(1)), float32(math.NaN())
	for _, q := range []struct {
		terms []float32
		got   float32
		want  bool
	}{
		{[]float32{1, 2, -3}, 0, true},
		{[]float32{1, 2, -3}, 3e-6, false},
		{[]float32{1, 2, -3}, nan, false},
		{[]float32{1, inf, -3}, inf, true},
		{[]float32{1, inf, -3}, -inf, false},
		{[]float32{1, inf, -3}, 5, false},
		{[]float32{inf, -inf}, nan, true},
		{[]float32{inf, -inf}, 0, false},
		{[]float32{nan, inf}, inf, false},
		{[]float32{1, -1}, inf, false},
		{[]float32{math.MaxFloat32, -math.MaxFloat32}, nan, true},
	} {
		var e exact
		for _, v := range q.terms {
			e.add(float64(v))
		}
		if e.accepts(q.got) != q.want {
			t.Errorf("sum of %v: accepts(%v) = %v", q.terms, q.got, !q.want)
		}
	}
}
