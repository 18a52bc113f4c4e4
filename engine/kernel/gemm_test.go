package kernel_test

import (
	"testing"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// operand is a rows x cols view of random numbers, stored plainly or transposed, with gaps.
type operand struct {
	data     []float32
	row, col int
}

func (d *draws) operand(rows, cols int, transposed bool) operand {
	gap := d.intn(3)
	if transposed {
		return operand{offset(d, cols*(rows+gap)), 1, rows + gap}
	}
	return operand{offset(d, rows*(cols+gap)), cols + gap, 1}
}

func (o operand) at(i, j int) float32 { return o.data[i*o.row+j*o.col] }

// tripleLoop is the definition of Gemm, in float64.
func tripleLoop(m, n, k int, a, b operand, c []float32, cRow int, accumulate bool) {
	for i := range m {
		for j := range n {
			sum := 0.0
			if accumulate {
				sum = float64(c[i*cRow+j])
			}
			for p := range k {
				sum += float64(a.at(i, p)) * float64(b.at(p, j))
			}
			c[i*cRow+j] = float32(sum)
		}
	}
}

func checkGemm(t rapid.TB, s *kernel.Set, tiles *kernel.Tiles, d *draws, m, n, k int, aT, bT, accumulate bool) {
	t.Helper()
	a, b := d.operand(m, k, aT), d.operand(k, n, bT)
	cRow := n + d.intn(3)
	got := guard(max(0, (m-1)*cRow+n), d.intn(5), float32(7))
	c := got.slice()
	d.fill(c)
	want := append([]float32(nil), c...)
	tripleLoop(m, n, k, a, b, want, cRow, accumulate)
	s.Gemm(tiles, m, n, k, a.data, a.row, a.col, b.data, b.row, b.col, c, cRow, accumulate)
	near(t, "Gemm", c, want, float64(k)/10+1) // gaps between rows included: they must not change
	got.check(t, "Gemm")
}

func TestGemm(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		tiles := kernel.NewTiles()
		rapid.Check(t, func(t *rapid.T) {
			m, n, k := rapid.IntRange(0, 40).Draw(t, "m"), rapid.IntRange(0, 90).Draw(t, "n"), rapid.IntRange(0, 40).Draw(t, "k")
			aT, bT := rapid.Bool().Draw(t, "a transposed"), rapid.Bool().Draw(t, "b transposed")
			checkGemm(t, s, tiles, drawsOf(t), m, n, k, aT, bT, rapid.Bool().Draw(t, "accumulate"))
		})
	})
}

// Shapes that cross the edge of every block of every variant.
func TestGemmAcrossBlocks(t *testing.T) {
	shapes := []struct{ m, n, k int }{{3, 1100, 17}, {401, 33, 21}, {17, 50, 800}, {1, 1, 1000}, {130, 65, 390}}
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		tiles, d := kernel.NewTiles(), draws(21)
		for i, q := range shapes {
			for bits := range 4 {
				checkGemm(t, s, tiles, &d, q.m, q.n, q.k, bits&1 != 0, bits&2 != 0, (i+bits)%2 == 0)
			}
		}
	})
}

// Rows and columns may be computed apart, by threads, without changing a bit.
func TestGemmSplit(t *testing.T) {
	const m, n, k = 47, 95, 500
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		tiles, d := kernel.NewTiles(), draws(33)
		for bits := range 4 {
			a, b := d.operand(m, k, bits&1 != 0), d.operand(k, n, bits&2 != 0)
			start := d.fill(make([]float32, m*n))
			whole := append([]float32(nil), start...)
			s.Gemm(tiles, m, n, k, a.data, a.row, a.col, b.data, b.row, b.col, whole, n, true)
			for _, at := range []struct{ i, j int }{{1, 1}, {14, 32}, {23, 50}, {46, 94}} {
				parts := append([]float32(nil), start...)
				for _, q := range [][4]int{{0, at.i, 0, at.j}, {at.i, m, 0, at.j}, {0, at.i, at.j, n}, {at.i, m, at.j, n}} {
					s.Gemm(tiles, q[1]-q[0], q[3]-q[2], k, a.data[q[0]*a.row:], a.row, a.col,
						b.data[q[2]*b.col:], b.row, b.col, parts[q[0]*n+q[2]:], n, true)
				}
				sameBits(t, "Gemm", parts, whole)
			}
		}
	})
}
