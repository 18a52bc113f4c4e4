package reports

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestHistogramError checks the promised 0.4 % on every size of value.
func TestHistogramError(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.IntRange(0, 62).Draw(t, "bits")
		ns := rapid.Int64Range(int64(1)<<bits>>1, int64(1)<<bits).Draw(t, "ns")
		got := bucketMiddle(bucketOf(ns))
		if diff := math.Abs(got - float64(ns)); diff > float64(ns)/256 {
			t.Fatalf("want %d within 1/256, got %v", ns, got)
		}
	})
	if got := bucketOf(math.MaxInt64); got != bucketCount-1 {
		t.Errorf("the largest value: want bucket %d, got %d", bucketCount-1, got)
	}
}

func TestBucketsAscend(t *testing.T) {
	for i := 1; i < bucketCount; i++ {
		if bucketMiddle(i) <= bucketMiddle(i-1) || bucketOf(int64(bucketMiddle(i))) != i {
			t.Fatalf("bucket %d: middle %v belongs to bucket %d", i, bucketMiddle(i), bucketOf(int64(bucketMiddle(i))))
		}
	}
}

// TestQuantileAgainstSort compares with the definition on a sorted slice, below
// and above the limit of the exact sample.
func TestQuantileAgainstSort(t *testing.T) {
	source := rand.New(rand.NewPCG(5, 6))
	for _, n := range []int{2000, exactLimit, exactLimit + 1, 30000} {
		l := newLatencies()
		sorted := make([]int64, n)
		for i := range sorted {
			sorted[i] = int64(1e6 * math.Exp(source.NormFloat64()))
			l.add(sorted[i])
		}
		slices.Sort(sorted)
		for _, q := range []float64{0.5, 0.9, 0.99} {
			whole, part := math.Modf(q*(float64(n)+1.0/3) + 1.0/3)
			r := int(whole)
			want := (1-part)*float64(sorted[r-1]) + part*float64(sorted[r])
			got, ok := l.quantile(q)
			tolerance := 1e-9 * want
			if n > exactLimit {
				tolerance = want / 256
			}
			if !ok || math.Abs(got-want) > tolerance {
				t.Errorf("n=%d q=%v: want %v within %v, got %v (%v)", n, q, want, tolerance, got, ok)
			}
		}
	}
}

// TestMergeIsExact splits a sample at random and merges the parts in a random
// order: every quantile is that of the whole.
func TestMergeIsExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		n := rapid.SampledFrom([]int{50, 4000, exactLimit, exactLimit + 1, 9000}).Draw(t, "n")
		source := rand.New(rand.NewPCG(seed, 1))
		whole, parts := newLatencies(), make([]latencies, 4)
		for i := range parts {
			parts[i] = newLatencies()
		}
		for range n {
			part := &parts[source.IntN(4)]
			if source.IntN(50) == 0 {
				whole.addLost()
				part.addLost()
				continue
			}
			ns := int64(1e5 * source.ExpFloat64())
			whole.add(ns)
			part.add(ns)
		}
		merged := newLatencies()
		for _, i := range source.Perm(4) {
			merged.merge(&parts[i])
		}
		for q := 0.05; q < 1; q += 0.05 {
			a, okA := whole.quantile(q)
			b, okB := merged.quantile(q)
			if a != b || okA != okB {
				t.Fatalf("q=%v: want %v (%v), got %v (%v)", q, a, okA, b, okB)
			}
		}
	})
}

func TestDropsAreInfinite(t *testing.T) {
	l := newLatencies()
	for i := range 1970 {
		l.add(int64(i+1) * 1000)
	}
	for range 30 { // 1.5 % of 2,000
		l.addLost()
	}
	if got, ok := l.quantile(0.99); !ok || !math.IsInf(got, 1) {
		t.Errorf("p99 with 1.5 %% drops: want +Inf, got %v (%v)", got, ok)
	}
	if got, ok := l.quantile(0.9); !ok || math.Abs(got-1800.6333e3) > 0.1 {
		t.Errorf("p90: want the value at rank 1,800.63 of 2,000, got %v (%v)", got, ok)
	}
	if _, ok := l.servedQuantile(0.99); ok {
		t.Error("p99 of 1,970 served: want too few, got a value")
	}
}

func TestEnough(t *testing.T) {
	for q, want := range map[float64]uint64{0.5: 40, 0.9: 200, 0.99: 2000, 0.999: 20000} {
		if got := enough(q); got != want {
			t.Errorf("q=%v: want %d, got %d", q, want, got)
		}
	}
}
