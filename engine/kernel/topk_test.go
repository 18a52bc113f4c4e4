package kernel_test

import (
	"math"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"slosim/engine/kernel"
)

// sortedTopK is the definition of TopK: sort by score, keep the first k, sort by index.
func sortedTopK(scores []float32, k int) []int32 {
	ids := make([]int32, len(scores))
	for i := range ids {
		ids[i] = int32(i)
	}
	slices.SortStableFunc(ids, func(a, b int32) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	ids = ids[:max(0, min(k, len(ids)))]
	slices.Sort(ids)
	return ids
}

func checkTopK(t rapid.TB, s *kernel.Set, scores []float32, k int) {
	t.Helper()
	want := sortedTopK(scores, k)
	got := guard(len(want), len(scores)%5, int32(-7))
	if n := s.TopK(got.slice(), scores, k); n != len(want) {
		t.Fatalf("kernel=%s: TopK of %d scores, k=%d: got %d", s.Name, len(scores), k, n)
	}
	if diff := cmp.Diff(want, got.slice()); diff != "" {
		t.Fatalf("kernel=%s: TopK of %d scores, k=%d (-want +got):\n%s", s.Name, len(scores), k, diff)
	}
	got.check(t, "TopK")
}

// nasty returns scores of a kind that breaks one selection scheme or another.
func nasty(d *draws, kind string, n int) []float32 {
	scores := offset(d, n)
	for i, v := range scores {
		switch kind {
		case "few values":
			scores[i] = float32(d.intn(4) - 2)
		case "rectified":
			scores[i] = max(0, v)
		case "equal":
			scores[i] = -3
		case "zeros of both signs":
			scores[i] = float32(math.Copysign(0, float64(v)))
		case "any finite bits":
			scores[i] = finite(uint32(d.next()))
		case "neighbours":
			scores[i] = math.Float32frombits(0x3f800000 + uint32(d.intn(5)))
		case "denormal":
			scores[i] = math.Float32frombits(uint32(d.intn(3)) | uint32(d.intn(2))<<31)
		case "one large":
			scores[i] = v * 1e-30
			if i == n/2 {
				scores[i] = math.MaxFloat32
			}
		case "ascending":
			scores[i] = float32(i) * 1e-3
		case "geometric":
			scores[i] = float32(math.Ldexp(float64(v), d.intn(200)-100))
		}
	}
	return scores
}

func finite(bits uint32) float32 {
	if f := math.Float32frombits(bits); f-f == 0 {
		return f
	}
	return math.Float32frombits(bits &^ (1 << 30))
}

func TestTopK(t *testing.T) {
	kinds := []string{"random", "few values", "rectified", "equal", "zeros of both signs", "any finite bits",
		"neighbours", "denormal", "one large", "ascending", "geometric"}
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		for _, kind := range kinds {
			t.Run(kind, func(t *testing.T) {
				rapid.Check(t, func(t *rapid.T) {
					n := rapid.IntRange(0, 300).Draw(t, "n")
					scores := nasty(drawsOf(t), kind, n)
					checkTopK(t, s, scores, rapid.IntRange(-1, n+2).Draw(t, "k"))
				})
			})
		}
	})
}

func TestTopKOfEachK(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		d := draws(11)
		for _, kind := range []string{"random", "few values", "rectified"} {
			scores := nasty(&d, kind, 67)
			for k := -1; k <= 68; k++ {
				checkTopK(t, s, scores, k)
			}
		}
	})
}

func TestTopKIsNested(t *testing.T) {
	eachSet(t, func(t *testing.T, s *kernel.Set) {
		rapid.Check(t, func(t *rapid.T) {
			scores := nasty(drawsOf(t), "few values", rapid.IntRange(1, 200).Draw(t, "n"))
			inner, outer := make([]int32, len(scores)), make([]int32, len(scores))
			k := rapid.IntRange(0, len(scores)-1).Draw(t, "k")
			n, m := s.TopK(inner, scores, k), s.TopK(outer, scores, k+1)
			for _, id := range inner[:n] {
				if !slices.Contains(outer[:m], id) {
					t.Fatalf("index %d is among the best %d but not among the best %d", id, k, k+1)
				}
			}
		})
	})
}

func FuzzTopK(f *testing.F) {
	f.Add([]byte{0, 0, 0x80, 0x3f, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0x80, 0x3f}, 2)
	f.Add(slices.Repeat([]byte{1, 2, 3, 4}, 40), 17)
	f.Fuzz(func(t *testing.T, raw []byte, k int) {
		scores := make([]float32, min(len(raw)/4, 1000))
		for i := range scores {
			b := raw[4*i:]
			scores[i] = finite(uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24)
		}
		for _, s := range kernel.All() {
			checkTopK(t, s, scores, k)
		}
	})
}
