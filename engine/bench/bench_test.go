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
	"slosim/engine/profile"
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

func TestInverse(t *testing.T) {
	r := Ratio{Median: 4, Lo: 2, Hi: 8, Rounds: 7}
	if got, want := r.inverse(), (Ratio{Median: 0.25, Lo: 0.125, Hi: 0.5, Rounds: 7}); got != want {
		t.Errorf("got %+v", got)
	}
}

func TestRatioOf(t *testing.T) {
	if got, want := RatioOf([]float64{9, 1, 3, 7, 5, 11, 13, 15, 17}), (Ratio{Median: 9, Lo: 3, Hi: 15, Rounds: 9}); got != want {
		t.Errorf("odd: got %+v, want %+v", got, want)
	}
	if got, want := RatioOf([]float64{6, 2, 4, 8, 1, 3}), (Ratio{Median: 3.5, Lo: 1, Hi: 8, Rounds: 6}); got != want {
		t.Errorf("even: got %+v, want %+v", got, want)
	}
}

func TestQuantile(t *testing.T) {
	v := make([]float64, 200)
	for i := range v {
		v[i] = float64(i + 1)
	}
	for share, want := range map[float64]float64{0: 1, 0.005: 1, 0.5: 100, 0.99: 198, 1: 200} {
		if got := quantile(v, share); got != want {
			t.Errorf("%v: got %v, want %v", share, got, want)
		}
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

// All cases of a table must compute what they stand for, or their times do not compare.
func TestCasesOfATable(t *testing.T) {
	const rows, cols = 112, 61
	tab := newTable(kernel.Best(), rows, cols)
	tab.addDense()
	dense := len(tab.Cases)
	tab.addGathers()
	tab.addNarrow()
	all := make([]float32, rows)
	kernel.Pure().MatVec(all, tab.w, tab.x, tab.b)
	for i, c := range tab.Cases {
		clear(tab.y)
		c.Call()
		want, tolerance := all, 1e-4
		if c.Type != "float32" {
			tolerance = 0.5 // 61 products of rounded numbers below 1
		}
		if i >= dense && c.Kernel != "dense" {
			want = nil
			for _, id := range tab.picked {
				want = append(want, all[id])
			}
			if n := int(c.Density*rows + 0.5); len(want) != max(1, n) {
				t.Errorf("%s %s at %v: picked %d rows", c.Kernel, c.Type, c.Density, len(want))
			}
		}
		for j, v := range want {
			if math.Abs(float64(tab.y[j]-v)) > tolerance {
				t.Fatalf("%s %s at %v: result %d: got %v, want %v", c.Kernel, c.Type, c.Density, j, tab.y[j], v)
			}
		}
		if c.Bare == nil {
			continue
		}
		before := len(tab.picked)
		if c.Bare(); len(tab.picked) != before {
			t.Errorf("%s at %v: the bare loads read %d rows, the kernel %d", c.Kernel, c.Density, len(tab.picked), before)
		}
	}
}

// The sparse pass keeps chosen nodes of the hidden layers and drops the others.
func TestSparsePass(t *testing.T) {
	m, ids := newMLP(t), []int32{3, 77, 500, 1023}
	m.sparse(ids)
	kept := map[int32]bool{}
	for _, id := range ids {
		kept[id] = true
	}
	x := m.inputs
	for i := range m.net.Layers {
		l := &m.net.Layers[i]
		y := make([]float32, l.W.Rows)
		kernel.Pure().MatVec(y, l.W, x, l.Bias[0])
		for j := range y {
			if y[j] = max(0, y[j]); i < len(m.net.Layers)-1 && !kept[int32(j)] {
				y[j] = 0
			}
		}
		x = y
	}
	for j, want := range x {
		if got := m.layers[len(m.layers)-1][j]; math.Abs(float64(got-want)) > 1e-3 {
			t.Errorf("output %d: got %v, want %v", j, got, want)
		}
	}
}

// The other libraries' passes give the network's answers.
func TestForwardOfBaselines(t *testing.T) {
	m := newMLP(t)
	want := slices.Clone(m.net.Forward(m.set, m.pass, m.inputs))
	for _, other := range baselines() {
		m.forward(other.product)
		for j, v := range want {
			if got := m.layers[len(m.layers)-1][j]; math.Abs(float64(got-v)) > 1e-3 {
				t.Errorf("%s: output %d: got %v, want %v", other.name, j, got, v)
			}
		}
	}
}

// greedy is a technique whose second point allocates twice a pass.
type greedy struct{ engine.Technique }

var leak []byte

func (greedy) Name() string               { return "greedy" }
func (greedy) Points() []profile.Point    { return make([]profile.Point, 2) }
func (greedy) NewSession() engine.Session { return greedySession{} }

type greedySession struct{}

func (greedySession) Activate(engine.Input) {}
func (greedySession) Execute(point int, _ engine.Input) engine.Result {
	for range 2 * point {
		leak = make([]byte, 64)
	}
	return engine.Result{}
}

func TestAllocationsAreCounted(t *testing.T) {
	_, _, samples := shipped(t)
	f, err := Allocations(context.Background(), []engine.Technique{greedy{}}, samples, 784)
	if err != nil || f.Allocations < 2 || f.Allocations > 3 || len(f.Techniques) != 1 {
		t.Errorf("got %+v, %v", f, err)
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

func shipped(t testing.TB) (plain, sparse *engine.Network, samples *workloads.Dataset) {
	t.Helper()
	plain, err := engine.Open("fashion-mnist.full")
	if err != nil {
		t.Fatal(err)
	}
	if sparse, err = engine.Open("fashion-mnist.wta"); err != nil {
		t.Fatal(err)
	}
	if samples, err = workloads.OpenDataset(workloads.FashionMNISTCalibration); err != nil {
		t.Fatal(err)
	}
	return plain, sparse, samples
}

func newMLP(t testing.TB) *mlp {
	t.Helper()
	plain, _, samples := shipped(t)
	m, _ := newNetwork(kernel.Best(), plain, samples)
	return m
}

func network(t testing.TB) *Group {
	t.Helper()
	plain, sparse, samples := shipped(t)
	g, err := Network(kernel.Best(), plain, sparse, samples)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// fakeMeasurement has cases that move a clock by what the test says, and nothing else does.
func fakeMeasurement(times map[string]time.Duration) *measurement {
	var now time.Duration
	takes := func(name string) func() { return func() { now += times[name] } }
	g := newGroup("test", 1<<16, kernel.Pure().NewReader(1<<16)).with(
		Case{Kernel: "dense", Type: "float32", Bytes: 1 << 16, Call: takes("dense")},
		Case{Kernel: "gather", Type: "float32", Bytes: 1 << 14, Call: takes("gather"), Bare: takes("bare")},
		Case{Kernel: "short", Type: "float32", Call: takes("short")})
	m := newMeasurement(g, func() time.Duration { return now })
	m.read.call = takes("read")
	return m
}

// With a clock that only calls move, every number is known.
func TestMeasure(t *testing.T) {
	const us = time.Microsecond
	m, calls := fakeMeasurement(map[string]time.Duration{"read": 36 * us, "dense": 40 * us, "gather": 10 * us, "bare": 8 * us, "short": 100}), 0
	rows, err := m.measure(context.Background(), Options{Rounds: 7, Progress: func() { calls++ }})
	if err != nil || len(rows) != 3 || calls != 21 {
		t.Fatalf("got %d rows, %d calls of Progress, %v", len(rows), calls, err)
	}
	for i, want := range []struct{ us, speedup, loads float64 }{{40, 1, 0}, {10, 4, 0.8}, {0.1, 400, 0}} {
		r := rows[i]
		if !near(r.MedianUS, want.us) || !near(r.P99US, want.us) || !near(r.Speedup.Median, want.speedup) || r.Speedup.Rounds != 7 {
			t.Errorf("%s: got %+v", r.Kernel, r)
		}
		if !near(r.ShareOfLoads.Median, want.loads) {
			t.Errorf("%s: share of loads: got %+v, want %v", r.Kernel, r.ShareOfLoads, want.loads)
		}
	}
	if rows[0].Together != 1 || rows[2].Together != together {
		t.Errorf("timed together: got %d and %d", rows[0].Together, rows[2].Together)
	}
	// Bytes over time, both of the kernel over both of the read: all bytes in 40 for 36, a
	// quarter of them in 10.
	if !near(rows[0].ShareOfLimit.Median, 0.9) || !near(rows[1].ShareOfLimit.Median, 0.9) {
		t.Errorf("shares of the limit: got %+v and %+v", rows[0].ShareOfLimit, rows[1].ShareOfLimit)
	}
	if rows[0].ShareOfLimit.Rounds != 7 || rows[1].ShareOfLimit.Rounds != 7 || rows[2].ShareOfLimit.Rounds != 0 {
		t.Errorf("rounds of shares: got %+v", rows)
	}
}

func (g *Group) with(cases ...Case) *Group {
	g.Cases = append(g.Cases, cases...)
	return g
}

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(b)) }

func TestMeasureStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	g := Table(kernel.Best(), 200, 100)
	if rows, err := Measure(ctx, g, Options{Rounds: 5}); !errors.Is(err, context.Canceled) || rows != nil {
		t.Errorf("got %v, %v", rows, err)
	}
}

func TestFigures(t *testing.T) {
	r := func(v float64) Ratio { return Ratio{Median: v, Lo: v, Hi: v, Rounds: 9} }
	figures := Figures([]Row{
		{Group: "a", Kernel: "dense", Type: "float32", ShareOfLimit: r(0.9), Speedup: r(1)},
		{Group: "a", Kernel: "dense", Type: "int8", ShareOfLimit: r(0.7), Speedup: r(4)},
		{Group: "a", Kernel: "other", Type: "float32", Library: true, Speedup: r(1.25), speedups: []float64{1.25, 0.5, 2}},
		{Group: "a", Kernel: "gather", Type: "float32", Density: 0.005, State: Warm, Speedup: r(100), ShareOfLoads: r(0.99)},
		{Group: "a", Kernel: "gather", Type: "float32", Density: 0.1, State: Cold, Speedup: r(10), speedups: []float64{10, 10, 10}},
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

func TestFasterLibrariesAreTold(t *testing.T) {
	notes := FasterLibraries([]Row{
		{Group: "a", Kernel: "other", Library: true, Speedup: Ratio{Median: 2, Lo: 1.8, Hi: 2.2}},
		{Group: "a", Kernel: "alike", Library: true, Speedup: Ratio{Median: 1.04, Lo: 1, Hi: 1.1}},
		{Group: "a", Kernel: "ours", Speedup: Ratio{Median: 9, Lo: 9, Hi: 9}},
	})
	if len(notes) != 1 || !strings.Contains(notes[0], "other is 2.00 times") {
		t.Errorf("got %q", notes)
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
