package kernel_test

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// signMasks returns n words of which about half have the sign bit.
func (d *draws) signMasks(n int) []uint32 {
	flips := make([]uint32, n)
	for i := range flips {
		flips[i] = uint32(d.next()) & (1 << 31)
	}
	return flips
}

// naiveHadamard is the definition: entry (i, j) of the matrix is -1 to the number of bits
// that i and j have in common.
func naiveHadamard(v []float32, flips []uint32) []float64 {
	out := make([]float64, len(v))
	for i := range out {
		for j, f := range v {
			if flips != nil && flips[j] != 0 {
				f = -f
			}
			if bits.OnesCount(uint(i&j))%2 != 0 {
				f = -f
			}
			out[i] += float64(f)
		}
	}
	return out
}

func TestHadamard(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for log := range 12 {
			for _, flipped := range []bool{false, true} {
				d := draws(log)
				v, flips := offset(&d, 1<<log), []uint32(nil)
				if flipped {
					flips = d.signMasks(1 << log)
				}
				want := naiveHadamard(v, flips)
				plain := slices.Clone(v)
				kernel.Pure().Hadamard(plain, flips)
				got := guard(len(v), d.intn(5), float32(7))
				copy(got.slice(), v)
				s.Hadamard(got.slice(), flips)
				for i, f := range got.slice() {
					if math.Abs(float64(f)-want[i]) > 1e-5*float64(len(v)) {
						t.Fatalf("of %d: element %d: got %v, want %v", len(v), i, f, want[i])
					}
				}
				sameBits(t, "Hadamard", got.slice(), plain)
				got.check(t, "Hadamard")
			}
		}
	})
}

// The matrix times itself is n times the identity.
func TestHadamardTwice(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, n := range []int{1, 2, 8, 64, 512, 2048, 1 << 16} {
			v := make([]float32, n)
			for i := range v {
				v[i] = float32(i%7) - 3
			}
			got := slices.Clone(v)
			s.Hadamard(got, nil)
			s.Hadamard(got, nil)
			for i := range got {
				if got[i] != float32(n)*v[i] {
					t.Fatalf("of %d: element %d: got %v, want %v", n, i, got[i], float32(n)*v[i])
				}
			}
		}
	})
}

func TestSigns(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d := drawsOf(t)
			v := awkward(d, rapid.IntRange(0, 300).Draw(t, "n"))
			got := guard((len(v)+63)/64, d.intn(3), ^uint64(0))
			s.Signs(got.slice(), v)
			for i := range 64 * len(got.slice()) {
				want := i < len(v) && v[i] > 0
				if set := got.slice()[i/64]>>(i%64)&1 != 0; set != want {
					t.Fatalf("bit %d: got %v, want %v", i, set, want)
				}
			}
			got.check(t, "Signs")
		})
	})
}

func TestWiden(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			src := rapid.SliceOfN(rapid.Uint16(), 0, 100).Draw(t, "src")
			got := guard(len(src), len(src)%5, float32(-1))
			s.Widen(got.slice(), src)
			for i, v := range src {
				if got.slice()[i] != float32(v) {
					t.Fatalf("element %d: got %v, want %v", i, got.slice()[i], v)
				}
			}
			got.check(t, "Widen")
		})
	})
}

// checkUnion adds lists one after another and compares with a set.
func checkUnion(t rapid.TB, s *kernel.Set, d *draws, nodes int, lists [][]int32) {
	stamps, stamp, seen := guard(nodes, d.intn(5), uint32(99)), uint32(5), map[int32]bool{}
	clear(stamps.slice())
	for i, ids := range lists {
		if i == len(lists)/2 { // another union over the same stamps
			stamp, seen = stamp+1, map[int32]bool{}
		}
		var want []int32
		for _, id := range ids {
			if !seen[id] {
				want = append(want, id)
			}
			seen[id] = true
		}
		got := guard(len(ids), d.intn(5), int32(-7))
		n := s.Union(got.slice(), stamps.slice(), stamp, ids)
		if diff := cmp.Diff(want, append([]int32(nil), got.slice()[:n]...)); diff != "" {
			t.Fatalf("union of %v (-want +got):\n%s", ids, diff)
		}
		got.check(t, "Union")
		stamps.check(t, "Union's stamps")
	}
}

func TestUnion(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			d, nodes := drawsOf(t), rapid.IntRange(1, 60).Draw(t, "nodes")
			lists := make([][]int32, rapid.IntRange(0, 6).Draw(t, "lists"))
			for i := range lists {
				lists[i] = d.ids(d.intn(90), nodes)
			}
			checkUnion(t, s, d, nodes, lists)
		})
	})
}

func TestHashKernelsRefuse(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, n := range []int{0, 3, 12, 48, 1023} {
			mustPanic(t, func() { s.Hadamard(make([]float32, n), nil) })
		}
		mustPanic(t, func() { s.Hadamard(make([]float32, 64), make([]uint32, 63)) })
		mustPanic(t, func() { s.Signs(make([]uint64, 1), make([]float32, 65)) })
		mustPanic(t, func() { s.Widen(make([]float32, 2), make([]uint16, 3)) })
		mustPanic(t, func() { s.Union(make([]int32, 2), make([]uint32, 9), 1, make([]int32, 3)) })
		for _, bad := range []int32{-1, 9, math.MaxInt32, math.MinInt32} {
			dst, stamps := []int32{7, 7, 7}, make([]uint32, 9)
			mustPanic(t, func() { s.Union(dst, stamps, 1, []int32{0, bad, 1}) })
			if slices.Max(stamps) != 0 || !slices.Equal(dst, []int32{7, 7, 7}) {
				t.Errorf("id %d: wrote %v, %v before it panicked", bad, dst, stamps)
			}
		}
	})
}

func FuzzUnion(f *testing.F) {
	f.Add([]byte{1, 2, 3, 1, 2}, []byte{5, 5, 9}, uint8(20))
	f.Fuzz(func(t *testing.T, first, second []byte, nodes uint8) {
		lists := make([][]int32, 2)
		for i, raw := range [][]byte{first, second} {
			for _, b := range raw {
				lists[i] = append(lists[i], int32(int(b)%(int(nodes)+1)))
			}
		}
		for _, s := range kernel.All() {
			d := draws(1)
			checkUnion(t, s, &d, int(nodes)+1, lists)
		}
	})
}

func FuzzHadamard(f *testing.F) {
	f.Add(uint64(3), uint8(10))
	f.Fuzz(func(t *testing.T, seed uint64, log uint8) {
		d := draws(seed)
		v := make([]float32, 1<<(log%13))
		for i := range v {
			v[i] = finite(uint32(d.next()))
		}
		flips, want := d.signMasks(len(v)), []float32(nil)
		for _, s := range kernel.All() {
			got := slices.Clone(v)
			s.Hadamard(got, flips)
			if want == nil {
				want = got
			}
			for i := range got { // sums may overflow to infinities, whose difference is not a number
				if got[i] != want[i] && (got[i] == got[i] || want[i] == want[i]) {
					t.Fatalf("kernel=%s: element %d of %d: got %v, want %v", s.Name, i, len(v), got[i], want[i])
				}
			}
		}
	})
}

func BenchmarkHadamard(b *testing.B) {
	for _, n := range []int{128, 1024, 4096} {
		d := draws(1)
		v, flips := d.fill(kernel.Aligned(n)), d.signMasks(n)
		eachBench(b, fmt.Sprintf("n=%d", n), int64(4*n), func(s *kernel.Set) { s.Hadamard(v, flips) })
	}
}

// BenchmarkUnion has lists as per-feature tables have them: 75 of 30 ids, few of them twice.
func BenchmarkUnion(b *testing.B) {
	for _, nodes := range []int{13_723, 205_443} {
		d := draws(1)
		var lists [16][]int32
		for i := range lists {
			lists[i] = d.ids(75*30, nodes)
		}
		dst, stamps, stamp := make([]int32, 75*30), make([]uint32, nodes), uint32(0)
		eachBench(b, fmt.Sprintf("nodes=%d/ids=2250", nodes), 0, func(s *kernel.Set) {
			stamp++
			s.Union(dst, stamps, stamp, lists[stamp%16])
		})
	}
}

func BenchmarkWiden(b *testing.B) {
	dst, src := make([]float32, 2048), make([]uint16, 2048)
	eachBench(b, "n=2048", 0, func(s *kernel.Set) { s.Widen(dst, src) })
}
