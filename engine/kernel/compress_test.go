package kernel_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// sparse returns n values of which about a half are 0, some of them -0.
func sparse(d *draws, n int) []float32 {
	y := offset(d, n)
	for i := range y {
		switch d.intn(4) {
		case 0:
			y[i] = 0
		case 1:
			y[i] = float32(math.Copysign(0, -1))
		}
	}
	return y
}

func TestCompress(t *testing.T) {
	pure := kernel.Pure()
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			n := rapid.IntRange(0, 300).Draw(t, "n")
			d := drawsOf(t)
			y := sparse(d, n)
			compareCompress(t, d, y, "Compress", s.Compress, pure.Compress)
			compareCompress(t, d, y, "CompressPositive", s.CompressPositive, pure.CompressPositive)
		})
	})
}

type compressor func(ids []int32, vals []float32, y []float32) int

func compareCompress(t *rapid.T, d *draws, y []float32, what string, got, want compressor) {
	wantIDs, wantVals := make([]int32, len(y)), make([]float32, len(y))
	n := want(wantIDs, wantVals, y)
	ids, vals := guard(len(y), d.intn(5), int32(-7)), guard(len(y), d.intn(5), float32(7))
	if m := got(ids.slice(), vals.slice(), y); m != n {
		t.Fatalf("%s: got %d elements, want %d", what, m, n)
	}
	if diff := cmp.Diff(wantIDs[:n], ids.slice()[:n]); diff != "" {
		t.Fatalf("%s: ids (-want +got):\n%s", what, diff)
	}
	sameBits(t, what, vals.slice()[:n], wantVals[:n])
	ids.check(t, what)
	vals.check(t, what)
}

func TestCompressKeepsWhatItSays(t *testing.T) {
	y := []float32{0, -1, 2, float32(math.Copysign(0, -1)), 3e-45, -3e-45, 0, 5}
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		ids, vals := make([]int32, len(y)), make([]float32, len(y))
		n := s.Compress(ids, vals, y)
		if diff := cmp.Diff([]int32{1, 2, 4, 5, 7}, ids[:n]); diff != "" {
			t.Errorf("Compress (-want +got):\n%s", diff)
		}
		n = s.CompressPositive(ids, vals, y)
		if diff := cmp.Diff([]int32{2, 4, 7}, ids[:n]); diff != "" {
			t.Errorf("CompressPositive (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]float32{2, 3e-45, 5}, vals[:n]); diff != "" {
			t.Errorf("CompressPositive values (-want +got):\n%s", diff)
		}
	})
}

func TestAddBytes(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			table := rapid.SliceOfN(rapid.Uint8(), 0, 200).Draw(t, "table")
			d := drawsOf(t)
			sum := guard(len(table), d.intn(9), uint16(777))
			want := make([]uint16, len(table))
			for i := range want {
				want[i] = uint16(d.next())
				sum.slice()[i] = want[i]
				want[i] += uint16(table[i])
			}
			s.AddBytes(sum.slice(), table)
			if diff := cmp.Diff(want, sum.slice()); diff != "" {
				t.Fatalf("AddBytes (-want +got):\n%s", diff)
			}
			sum.check(t, "AddBytes")
		})
	})
}
