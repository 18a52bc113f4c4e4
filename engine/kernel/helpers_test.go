package kernel_test

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// eachSet runs a test for every variant that this CPU can run.
func eachSet(t *testing.T, f func(t *testing.T, s *kernel.Set)) {
	t.Helper()
	for _, s := range kernel.All() {
		t.Run("kernel="+s.Name, func(t *testing.T) { f(t, s) })
	}
}

// draws is a small generator for test data: splitmix64 from a seed that rapid draws.
type draws uint64

func drawsOf(t *rapid.T) *draws {
	d := draws(rapid.Uint64().Draw(t, "seed"))
	return &d
}

func (d *draws) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (d *draws) intn(n int) int { return int(d.next() % uint64(n)) }

// float returns a value in [-1, 1).
func (d *draws) float() float32 { return float32(int32(d.next()>>32)) / (1 << 31) }

func (d *draws) fill(v []float32) []float32 {
	for i := range v {
		v[i] = d.float()
	}
	return v
}

func (d *draws) matrix(rows, cols int) *kernel.Matrix {
	m := kernel.NewMatrix(rows, cols)
	for i := range rows {
		d.fill(m.Row(i))
	}
	return m
}

func (d *draws) ids(n, rows int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(d.intn(rows))
	}
	return ids
}

// guarded is a slice in the middle of sentinels, at an odd alignment.
type guarded[T comparable] struct {
	all      []T
	skip, n  int
	sentinel T
}

func guard[T comparable](n, skip int, sentinel T) guarded[T] {
	g := guarded[T]{all: make([]T, n+skip+64), skip: skip, n: n, sentinel: sentinel}
	for i := range g.all {
		g.all[i] = sentinel
	}
	return g
}

// slice has capacity past its end, where only the guard would notice a write.
func (g guarded[T]) slice() []T { return g.all[g.skip : g.skip+g.n] }

// longer goes on for some elements after slice, which must not change all the same.
func (g guarded[T]) longer() []T { return g.all[g.skip : g.skip+g.n+23] }

func (g guarded[T]) check(t rapid.TB, what string) {
	t.Helper()
	for i, v := range g.all {
		if (i < g.skip || i >= g.skip+g.n) && v != g.sentinel {
			t.Fatalf("%s: wrote %v at %d, outside of 0..%d", what, v, i-g.skip, g.n-1)
		}
	}
}

// near fails unless got is want within 1e-4 of scale, a bound on the sum of magnitudes.
func near(t rapid.TB, what string, got, want []float32, scale float64) {
	t.Helper()
	for i := range want {
		if diff := math.Abs(float64(got[i]) - float64(want[i])); !(diff <= 1e-4*max(scale, 1e-3)) {
			t.Fatalf("%s: element %d: got %v, want %v", what, i, got[i], want[i])
		}
	}
}

func sameBits(t rapid.TB, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: element %d: got bits %08x (%v), want %08x (%v)", what, i,
				math.Float32bits(got[i]), got[i], math.Float32bits(want[i]), want[i])
		}
	}
}

// layouts are the ways in which the rows of a matrix may lie in Data: as NewMatrix does
// it, as in a Corner, with what is not a number around the rows, and without padding,
// where reading on after the last row is a fault.
var layouts = []string{"padded", "corner", "tight"}

// matrixOf returns a matrix of a layout, zero but for what pads a corner.
func matrixOf(layout string, rows, cols int) *kernel.Matrix {
	switch layout {
	case "corner":
		all := kernel.NewMatrix(rows+1, cols+17)
		for i := range all.Data {
			all.Data[i] = float32(math.NaN())
		}
		m := all.Corner(rows, cols)
		for i := range rows {
			clear(m.Row(i))
		}
		return &m
	case "tight":
		return &kernel.Matrix{Rows: rows, Cols: cols, Stride: cols, Data: kernel.Aligned(rows * cols)}
	}
	return kernel.NewMatrix(rows, cols)
}
