package kernel_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// sparse returns a matrix of which about a share of density is not zero. Some rows are
// empty, and some are full.
func (d *draws) sparse(rows, cols int, density float64) *kernel.Matrix {
	m := kernel.NewMatrix(rows, cols)
	for i := range rows {
		share := density
		switch d.intn(12) {
		case 0:
			share = 0
		case 1:
			share = 1
		}
		d.thin(m.Row(i), share)
	}
	return m
}

// thin fills a share of v.
func (d *draws) thin(v []float32, share float64) {
	for j := range v {
		if float64(d.next()>>11)/(1<<53) < share {
			v[j] = d.float()
		}
	}
}

// naiveCSR is the definition of MatVecCSR, in float64.
func naiveCSR(m *kernel.CSR, x, bias []float32) []float32 {
	y := make([]float32, m.Rows)
	for i := range y {
		var sum float64
		for k := m.Start[i]; k < m.Start[i+1]; k++ {
			sum += float64(m.Val[k]) * float64(x[m.Col[k]])
		}
		if bias != nil {
			sum += float64(bias[i])
		}
		y[i] = float32(sum)
	}
	return y
}

// unended returns a copy of a CSR whose tables are followed by what would give a kernel
// away that reads past their ends: columns out of range, and values that are no numbers.
func unended(m *kernel.CSR) *kernel.CSR {
	c := &kernel.CSR{Rows: m.Rows, Cols: m.Cols, Start: m.Start}
	c.Col = append(append(c.Col, m.Col...), 65535, 65535, 65535, 65535, 65535, 65535, 65535, 65535)[:len(m.Col)]
	c.Val = append(append(c.Val, m.Val...), offset(new(draws), 0)[:16]...)[:len(m.Val)]
	return c
}

func checkCSR(t rapid.TB, s *kernel.Set, m *kernel.CSR, x, bias []float32, skip int) {
	t.Helper()
	got := guard(m.Rows, skip, float32(7))
	s.MatVecCSR(got.slice(), m, x, bias)
	near(t, "MatVecCSR", got.slice(), naiveCSR(m, x, bias), math.Sqrt(float64(m.Cols))/4)
	got.check(t, "MatVecCSR")
}

func TestMatVecCSR(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			rows, cols := rapid.IntRange(0, 40).Draw(t, "rows"), rapid.IntRange(0, 300).Draw(t, "cols")
			density := rapid.SampledFrom([]float64{0, 0.01, 0.05, 0.2, 1}).Draw(t, "density")
			d := drawsOf(t)
			m, x, bias := unended(kernel.NewCSR(d.sparse(rows, cols, density))), offset(d, cols), offset(d, rows)
			if rapid.Bool().Draw(t, "no bias") {
				bias = nil
			}
			checkCSR(t, s, m, x, bias, d.intn(5))
		})
	})
}

// Every length of a row takes its own way through the steps and the masks.
func TestMatVecCSROfEachRowLength(t *testing.T) {
	d := draws(2)
	for n := range 70 {
		m := kernel.NewMatrix(3, 71)
		for i := range 3 {
			d.fill(m.Row(i)[71-n:])
		}
		eachSet(t, func(t *testing.T, s *kernel.Set) {
			checkCSR(t, s, unended(kernel.NewCSR(m)), offset(&d, 71), nil, 1)
		})
	}
}

func TestMatVecCSROfTheMostColumns(t *testing.T) {
	d := draws(4)
	m := kernel.NewCSR(d.sparse(5, 65536, 0.01))
	eachSet(t, func(t *testing.T, s *kernel.Set) { checkCSR(t, s, m, offset(&d, 65536), nil, 3) })
	mustPanicWith(t, "at most 65536 columns", func() { kernel.NewCSR(kernel.NewMatrix(1, 65537)) })
}

// A value that is not finite spoils the rows that have an element in its column, and no
// others: not even those beside them in the tables.
func TestMatVecCSRWithInputsThatAreNotFinite(t *testing.T) {
	special := []float32{float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawsOf(t)
			w := d.sparse(30, 41, 0.1)
			for range d.intn(4) {
				w.Row(d.intn(30))[d.intn(41)] = special[d.intn(3)]
			}
			m, x := unended(kernel.NewCSR(w)), offset(d, 41)
			for range 1 + d.intn(3) {
				x[d.intn(41)] = special[d.intn(3)]
			}
			got, want := make([]float32, 30), naiveCSR(m, x, nil)
			s.MatVecCSR(got, m, x, nil)
			for i, v := range want {
				if v-v == 0 { // finite
					near(t, "MatVecCSR", got[i:i+1], want[i:i+1], 2)
				} else if diff := cmp.Diff(fmt.Sprint(v), fmt.Sprint(got[i])); diff != "" {
					t.Fatalf("row %d (-want +got):\n%s", i, diff)
				}
			}
		})
	})
}

// The last rows are summed in another way, which must not show.
func TestMatVecCSROfPartOfTheRows(t *testing.T) {
	d := draws(6)
	w, x := d.sparse(37, 131, 0.1), d.fill(kernel.Aligned(131))
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		all := make([]float32, w.Rows)
		s.MatVecCSR(all, kernel.NewCSR(w), x, nil)
		for n := range w.Rows {
			part := kernel.NewCSR(&kernel.Matrix{Rows: n, Cols: w.Cols, Stride: w.Stride, Data: w.Data})
			got := make([]float32, n)
			s.MatVecCSR(got, part, x, nil)
			sameBits(t, "MatVecCSR", got, all[:n])
		}
	})
}

func TestCSRHasTheElementsOfTheMatrix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawsOf(t)
		rows, cols := rapid.IntRange(0, 20).Draw(t, "rows"), rapid.IntRange(0, 50).Draw(t, "cols")
		w := d.sparse(rows, cols, 0.2)
		c := kernel.NewCSR(w)
		if diff := cmp.Diff(w, c.Dense()); diff != "" {
			t.Fatalf("Dense (-want +got):\n%s", diff)
		}
		if want := int64(4*(rows+1) + 6*len(c.Val)); c.Bytes() != want {
			t.Fatalf("Bytes: got %d, want %d", c.Bytes(), want)
		}
		if err := unended(c).Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

func TestMatVecCSRWithShortSlicesPanics(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		m, v := kernel.NewCSR(kernel.NewMatrix(8, 70)), func(n int) []float32 { return make([]float32, n) }
		const want = "a slice is too short"
		mustPanicWith(t, want, func() { s.MatVecCSR(v(7), m, v(70), nil) })
		mustPanicWith(t, want, func() { s.MatVecCSR(v(8), m, v(69), nil) })
		mustPanicWith(t, want, func() { s.MatVecCSR(v(8), m, v(70), v(7)) })
		s.MatVecCSR(nil, &kernel.CSR{}, nil, nil)
	})
}

func TestUnsoundCSRPanics(t *testing.T) {
	big := int32(math.MaxInt32)
	for name, q := range map[string]struct {
		want string
		harm func(m *kernel.CSR)
	}{
		"negative rows":         {"kernel: CSR of -1x4", func(m *kernel.CSR) { m.Rows = -1 }},
		"too many rows":         {"3 starts", func(m *kernel.CSR) { m.Rows = 3 }},
		"too many columns":      {"at most 65536 columns", func(m *kernel.CSR) { m.Cols = 65537 }},
		"fewer columns":         {"row 1 has column 3 at 2: want 1..2, ascending", func(m *kernel.CSR) { m.Cols = 3 }},
		"no starts":             {"0 starts", func(m *kernel.CSR) { m.Start = nil }},
		"a start too few":       {"2 starts", func(m *kernel.CSR) { m.Start = m.Start[:2] }},
		"fewer values":          {"2 values", func(m *kernel.CSR) { m.Val = m.Val[:2] }},
		"fewer column numbers":  {"2 columns", func(m *kernel.CSR) { m.Col = m.Col[:2] }},
		"a late start":          {"from 1 to 3", func(m *kernel.CSR) { m.Start = []int32{1, 1, 3} }},
		"an early end":          {"from 0 to 2", func(m *kernel.CSR) { m.Start = []int32{0, 1, 2} }},
		"descending starts":     {"row 1 from 4 to 3", func(m *kernel.CSR) { m.Start = []int32{0, 4, 3} }},
		"a negative start":      {"row 0 from 0 to -1", func(m *kernel.CSR) { m.Start = []int32{0, -1, 3} }},
		"a huge start":          {"want ascending starts", func(m *kernel.CSR) { m.Start = []int32{0, big, 3} }},
		"a column out of range": {"column 4 at 2", func(m *kernel.CSR) { m.Col = []uint16{1, 0, 4} }},
		"a column twice":        {"column 0 at 2", func(m *kernel.CSR) { m.Col = []uint16{1, 0, 0} }},
		"descending columns":    {"column 2 at 2", func(m *kernel.CSR) { m.Col = []uint16{1, 3, 2} }},
	} {
		t.Run(name, func(t *testing.T) {
			m := kernel.NewCSR(&kernel.Matrix{Rows: 2, Cols: 4, Stride: 4, Data: []float32{0, 5, 0, 0, 6, 0, 0, 7}})
			q.harm(m)
			eachSet(t, func(t *testing.T, s *kernel.Set) {
				y, x := []float32{7, 7, 7}, make([]float32, 65537)
				mustPanicWith(t, q.want, func() { s.MatVecCSR(y, m, x, nil) })
				sameBits(t, "MatVecCSR that panics", y, []float32{7, 7, 7})
			})
			mustPanicWith(t, q.want, func() { m.Dense() })
			if err := m.Validate(); err == nil || !strings.Contains(err.Error(), q.want) {
				t.Errorf("Validate: got %v, want %q", err, q.want)
			}
		})
	}
}

// mustPanicWith wants a panic of this package's own, not one of the runtime.
func mustPanicWith(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := fmt.Sprint(recover()); !strings.HasPrefix(got, "kernel: ") || !strings.Contains(got, want) {
			t.Errorf("panic: got %q, want kernel: ... %q", got, want)
		}
	}()
	f()
}

// FuzzMatVecCSR makes tables of bytes: what Validate lets pass must be multiplied rightly.
func FuzzMatVecCSR(f *testing.F) {
	f.Add(uint16(4), []byte{1, 1, 1}, []byte{1, 0, 3}, uint64(1))
	f.Add(uint16(300), []byte{0, 20, 0}, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}, uint64(2))
	f.Fuzz(func(t *testing.T, cols uint16, lengths, columns []byte, seed uint64) {
		d := draws(seed)
		m := &kernel.CSR{Rows: len(lengths), Cols: int(cols), Start: make([]int32, len(lengths)+1), Val: d.fill(make([]float32, len(columns)))}
		for i, n := range lengths {
			m.Start[i+1] = m.Start[i] + int32(n)
		}
		for _, j := range columns {
			m.Col = append(m.Col, uint16(j))
		}
		if m.Validate() != nil {
			t.Skip()
		}
		x, bias := offset(&d, m.Cols), offset(&d, m.Rows)
		for _, s := range kernel.All() {
			checkCSR(t, s, m, x, bias, d.intn(5))
		}
	})
}
