package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
	"pgregory.net/rapid"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/workloads"
)

// Intervals of the median hold it as often as they say, whatever the distribution.
func TestRatioCoversTheMedian(t *testing.T) {
	for _, n := range []int{6, 9, 15, 21, 40} {
		random, held := rand.New(rand.NewPCG(1, uint64(n))), 0
		const trials = 4000
		for range trials {
			values := make([]float64, n)
			for i := range values {
				values[i] = random.ExpFloat64()
			}
			if r := RatioOf(values); r.Lo <= math.Ln2 && math.Ln2 <= r.Hi {
				held++
			}
		}
		share := float64(held) / trials
		next := 1 - 2*distuv.Binomial{N: float64(n), P: 0.5}.CDF(float64(lowRank(n)+1))
		if share < 0.94 || next >= 0.95 {
			t.Errorf("n = %d: %.3f of the intervals hold the median, the next narrower would in %.3f", n, share, next)
		}
	}
}

func TestLowRank(t *testing.T) {
	for n, want := range map[int]int{1: 0, 2: 0, 5: 0, 6: 0, 8: 0, 9: 1, 11: 1, 12: 2, 15: 3, 21: 5, 31: 9} {
		if got := lowRank(n); got != want {
			t.Errorf("of %d: got %d, want %d", n, got, want)
		}
	}
}

func TestRatioOfNothing(t *testing.T) {
	if got := RatioOf(nil); got != (Ratio{}) {
		t.Errorf("got %+v", got)
	}
}

func TestInverseAndTimes(t *testing.T) {
	r := Ratio{Median: 4, Lo: 2, Hi: 8, Rounds: 7}
	if got, want := r.inverse(), (Ratio{Median: 0.25, Lo: 0.125, Hi: 0.5, Rounds: 7}); got != want {
		t.Errorf("inverse: got %+v", got)
	}
	if got, want := r.times(0.5), (Ratio{Median: 2, Lo: 1, Hi: 4, Rounds: 7}); got != want {
		t.Errorf("times: got %+v", got)
	}
}

// A cold table must stay cold: no row comes again before all other sets had their turn.
func TestRowSetsAreDisjoint(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.IntRange(1, 500).Draw(t, "rows")
		share := rapid.Float64Range(0.001, 1).Draw(t, "share")
		s := newRowSets(rows, share, 0)
		seen := map[int32]bool{}
		for range s.sets {
			for _, id := range s.next() {
				if seen[id] || id < 0 || int(id) >= rows {
					t.Fatalf("row %d of %d comes again or is none", id, rows)
				}
				seen[id] = true
			}
		}
		if left := rows - len(seen); left >= s.size() {
			t.Fatalf("%d rows are left out of sets of %d", left, s.size())
		}
		if few := newRowSets(rows, share, fewSets); len(few.sets) > fewSets {
			t.Fatalf("got %d sets", len(few.sets))
		}
	})
}

// All cases of a table must compute the same thing, or their times do not compare.
func TestDenseCasesAgree(t *testing.T) {
	tab := &table{
		Group: newGroup(kernel.Best(), "37x61", 4*37*61), set: kernel.Best(), w: kernel.NewMatrix(37, 61),
		x: fill(kernel.Aligned(61)), y: kernel.Aligned(37), b: fill(kernel.Aligned(37)), all: kernel.Aligned(37),
	}
	for i := range 37 {
		fill(tab.w.Row(i))
		tab.w.Row(i)[i] += 0.1
	}
	tab.addDense()
	want := make([]float32, 37)
	kernel.Pure().MatVec(want, tab.w, tab.x, tab.b)
	for _, c := range tab.Cases {
		clear(tab.y)
		c.Call()
		for i, v := range tab.y {
			if math.Abs(float64(v-want[i])) > 1e-4 {
				t.Fatalf("%s: row %d: got %v, want %v", c.Kernel, i, v, want[i])
			}
		}
	}
}

func TestNoCaseAllocates(t *testing.T) {
	for _, g := range []*Group{Table(kernel.Best(), 200, 96), network(t)} {
		for _, c := range g.Cases {
			if n := testing.AllocsPerRun(5, c.Call); n > 0 {
				t.Errorf("%s %s %s: %v allocations", g.Name, c.Kernel, c.Type, n)
			}
			if c.Bare != nil {
				c.Bare()
			}
		}
	}
}

func network(t testing.TB) *Group {
	t.Helper()
	plain, err := engine.Open("fashion-mnist.full")
	if err != nil {
		t.Fatal(err)
	}
	sparse, err := engine.Open("fashion-mnist.wta")
	if err != nil {
		t.Fatal(err)
	}
	samples, err := workloads.OpenDataset(workloads.FashionMNISTCalibration)
	if err != nil {
		t.Fatal(err)
	}
	g, err := Network(kernel.Best(), plain, sparse, samples)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// A case that does the dense work twice is half as fast, to well within what a busy machine does.
func TestMeasureTellsTwiceTheWork(t *testing.T) {
	g := newGroup(kernel.Best(), "test", 1<<16)
	work := func() {
		for begin := time.Now(); time.Since(begin) < 50*time.Microsecond; {
		}
	}
	g.add(Case{Kernel: "dense", Type: "float32", Bytes: 1 << 16, Call: work})
	g.add(Case{Kernel: "twice", Type: "float32", Call: func() { work(); work() }, Bare: work})
	calls := 0
	rows, err := Measure(context.Background(), g, Options{Rounds: 7, Progress: func() { calls++ }})
	if err != nil || len(rows) != 2 || calls != 14 {
		t.Fatalf("got %d rows, %d calls of Progress, %v", len(rows), calls, err)
	}
	if s := rows[1].Speedup.Median; s < 0.4 || s > 0.6 {
		t.Errorf("twice the work: speed-up %v", s)
	}
	if s := rows[1].ShareOfLoads; s.Rounds != 7 || s.Median < 0.4 || s.Median > 0.6 {
		t.Errorf("half the loads: got %+v", s)
	}
	if rows[0].Speedup.Median != 1 || rows[1].ShareOfLimit.Rounds != 0 || rows[0].ShareOfLimit.Rounds != 14 {
		t.Errorf("got %+v", rows)
	}
}

func TestMeasureStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g := Table(kernel.Best(), 20, 20)
	if rows, err := Measure(ctx, g, Options{Rounds: 5}); !errors.Is(err, context.Canceled) || rows != nil {
		t.Errorf("got %v, %v", rows, err)
	}
}

func TestFigures(t *testing.T) {
	r := func(v float64) Ratio { return Ratio{Median: v, Lo: v, Hi: v, Rounds: 9} }
	figures := Figures([]Row{
		{Group: "a", Kernel: "dense", Type: "float32", ShareOfLimit: r(0.9), Speedup: r(1)},
		{Group: "a", Kernel: "dense", Type: "int8", ShareOfLimit: r(0.7), Speedup: r(4)},
		{Group: "a", Kernel: "other", Type: "float32", Library: true, Speedup: r(1.25)},
		{Group: "a", Kernel: "gather", Type: "float32", Density: 0.005, State: Warm, Speedup: r(100), ShareOfLoads: r(0.99)},
		{Group: "a", Kernel: "gather", Type: "float32", Density: 0.1, State: Cold, Speedup: r(10)},
		{Group: "a", Kernel: "select", Type: "float32", Figure: "select.x", Speedup: r(50)},
	})
	want := map[string]float64{
		"dense.a.share_of_limit": 0.9, "gather.a.0.5pct.speedup": 100, "gather.a.0.5pct.share_of_loads": 0.99,
		"gather.a.cold.10pct.speedup": 8, "select.x.share_of_dense": 0.02,
	}
	for key, v := range want {
		if math.Abs(figures[key].Median-v) > 1e-12 {
			t.Errorf("%s: got %v, want %v", key, figures[key], v)
		}
	}
	if len(figures) != len(want) {
		t.Errorf("got %v", figures)
	}
}

// Benchmark has the cases of slosim bench for benchstat: -col /kernel compares them.
func Benchmark(b *testing.B) {
	groups := []func() *Group{func() *Group { return network(b) }}
	for _, s := range [][2]int{{1024, 1024}, {13_330, 128}, {205_443, 128}} {
		groups = append(groups, func() *Group { return Table(kernel.Best(), s[0], s[1]) })
	}
	names := []string{"mlp", "1024x1024", "13330x128", "205443x128"}
	for i, make := range groups {
		b.Run("shape="+names[i], func(b *testing.B) {
			for _, c := range make().Cases {
				b.Run(benchName(c), func(b *testing.B) {
					b.SetBytes(int64(c.Bytes))
					b.ReportAllocs()
					for b.Loop() {
						c.Call()
					}
				})
			}
		})
	}
}

func benchName(c Case) string {
	name := fmt.Sprintf("kernel=%s/type=%s/density=%g/rows=%s", strings.ReplaceAll(c.Kernel, " ", "-"), c.Type, c.Density, c.State)
	if strings.HasPrefix(c.Kernel, "activator") { // which differ in how they list
		name += "/variant=" + strings.NewReplacer(", ", "-", " ", "-").Replace(c.Variant)
	}
	return name
}

func TestBenchNamesAreUnique(t *testing.T) {
	var names []string
	for _, c := range network(t).Cases {
		names = append(names, benchName(c))
	}
	slices.Sort(names)
	if unique := slices.Compact(slices.Clone(names)); len(unique) != len(names) {
		t.Errorf("got %q", names)
	}
}
