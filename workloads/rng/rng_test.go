package rng_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"slosim/workloads/rng"
)

func ExampleKey() {
	key := rng.Key{Seed: 1, Replication: 2}
	query := uint64(40)
	fmt.Printf("%.4f %.4f\n", key.Float(rng.ClassOf, query), key.Float(rng.ClassOf, query))
	fmt.Println(key.Index(rng.SampleOf, query, 10_000))
	variates := rand.New(key.Source(rng.SensorNoise, query))
	fmt.Printf("%.4f\n", variates.NormFloat64())
	// Output:
	// 0.1613 0.1613
	// 6863
	// 0.4684
}

// Old results are reproducible only while these numbers stay.
func TestDrawsNeverChange(t *testing.T) {
	for _, test := range []struct {
		key   rng.Key
		cause rng.Cause
		id    uint64
		want  uint64
	}{
		{rng.Key{}, rng.Arrival, 0, 0x366ca83a8ecdd32d},
		{rng.Key{Seed: 1}, rng.Service, 7, 0xbf770dcbc242e596},
		{rng.Key{Seed: math.MaxUint64, Replication: math.MaxUint32}, rng.Split, math.MaxUint64, 0x6e29d3f0dc181af0},
	} {
		if got := test.key.Uint64(test.cause, test.id); got != test.want {
			t.Errorf("%+v cause %d id %d: want %#x, got %#x", test.key, test.cause, test.id, test.want, got)
		}
	}
}

func TestDrawsAreTheKeysOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rng.Key{Seed: rapid.Uint64().Draw(t, "seed"), Replication: rapid.Uint32().Draw(t, "replication")}
		cause, id := rng.Cause(rapid.Uint32().Draw(t, "cause")), rapid.Uint64().Draw(t, "id")
		n := rapid.Uint64Range(1, math.MaxUint64).Draw(t, "n")
		d := key.Draws(cause)
		if d.Uint64(id) != key.Uint64(cause, id) || d.Float(id) != key.Float(cause, id) || d.Index(id, n) != key.Index(cause, id, n) {
			t.Fatalf("%+v cause %d id %d: the draws differ from the key's", key, cause, id)
		}
	})
}

func TestCausesKeepTheirNumbers(t *testing.T) {
	if rng.Arrival != 1 || rng.Campaign != 14 || rng.Split != 15 || rng.Synthetic != 17 {
		t.Errorf("want Arrival 1, Campaign 14, Split 15, Synthetic 17, got %d, %d, %d, %d", rng.Arrival, rng.Campaign, rng.Split, rng.Synthetic)
	}
}

// Every part of the identity matters: mean and variance of the draws along each
// of them are those of a uniform, and neighbours do not correlate.
func TestUniformAndUncorrelatedAlongEachPart(t *testing.T) {
	const n = 20_000
	along := map[string]func(i uint64) float64{
		"seed":        func(i uint64) float64 { return rng.Key{Seed: i}.Float(rng.Service, 3) },
		"replication": func(i uint64) float64 { return rng.Key{Seed: 5, Replication: uint32(i)}.Float(rng.Service, 3) },
		"cause":       func(i uint64) float64 { return rng.Key{Seed: 5}.Float(rng.Cause(i), 3) },
		"id":          func(i uint64) float64 { return rng.Key{Seed: 5}.Float(rng.Service, i) },
		"child": func(i uint64) float64 {
			return rng.Key{Seed: 5}.Child(rng.Arrival, i).Float(rng.Service, 3)
		},
	}
	for name, draw := range along {
		sum, squares, products, last := 0.0, 0.0, 0.0, 0.0
		for i := range uint64(n) {
			u := draw(i) - 0.5
			sum += u
			squares += u * u
			products += u * last
			last = u
		}
		sigma := 1 / math.Sqrt(n)
		within(t, name+" mean", sum/n, 0, 4*sigma*math.Sqrt(1.0/12))
		within(t, name+" variance", squares/n, 1.0/12, 4*sigma*math.Sqrt(1.0/180))
		within(t, name+" lag-1 covariance", products/n, 0, 4*sigma/12)
	}
}

// Chi-square of 100 cells: mean 99, deviation sqrt(198).
func TestIndexIsUniform(t *testing.T) {
	const cells, draws = 100, 100_000
	counts := [cells]float64{}
	for i := range uint64(draws) {
		counts[rng.Key{Seed: 9}.Index(rng.SampleOf, i, cells)]++
	}
	chi := 0.0
	for _, count := range counts {
		chi += (count - draws/cells) * (count - draws/cells) / (draws / cells)
	}
	within(t, "chi-square", chi, cells-1, 4*math.Sqrt(2*(cells-1)))
}

func TestRanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rng.Key{Seed: rapid.Uint64().Draw(t, "seed"), Replication: rapid.Uint32().Draw(t, "replication")}
		id := rapid.Uint64().Draw(t, "id")
		n := rapid.Uint64Min(1).Draw(t, "n")
		if u := key.Float(rng.Stall, id); u < 0 || u >= 1 {
			t.Fatalf("Float: want [0, 1), got %v", u)
		}
		if i := key.Index(rng.Stall, id, n); i >= n {
			t.Fatalf("Index: want below %d, got %d", n, i)
		}
		if key.Uint64(rng.Stall, id) == key.Uint64(rng.Stall, id+1) {
			t.Fatal("two ids of one cause collide, but the hash is a bijection")
		}
		first, again := key.Source(rng.Stall, id), key.Source(rng.Stall, id)
		if first.Uint64() != again.Uint64() {
			t.Fatal("Source: want the same numbers for the same arguments")
		}
	})
}

func TestDrawsAllocateNothing(t *testing.T) {
	key, sink := rng.Key{Seed: 1}, 0.0
	if got := testing.AllocsPerRun(100, func() { sink += key.Child(rng.Arrival, 1).Float(rng.Service, 2) }); got != 0 {
		t.Errorf("want 0 allocations, got %v", got)
	}
	_ = sink
}

func BenchmarkFloat(b *testing.B) {
	key, sink := rng.Key{Seed: 1}, 0.0
	for i := range b.N {
		sink += key.Float(rng.Service, uint64(i))
	}
	_ = sink
}

func within(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: want %.5g within %.2g, got %.5g", what, want, tolerance, got)
	}
}
