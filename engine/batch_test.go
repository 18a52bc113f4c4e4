package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/engine/kernel"
)

// batchers are the techniques that must be able to run batches.
func batchers(t testing.TB, set *kernel.Set) []Technique {
	t.Helper()
	var list []Technique
	var names []string
	for _, technique := range allTechniques(t, set) {
		if _, ok := technique.NewSession().(Batcher); ok {
			list, names = append(list, technique), append(names, technique.Name())
		}
	}
	if want := []string{"dense", "relu-skip", "zoo", "prune-nodes", "prune-weights", "slimmable"}; !slices.Equal(names, want) {
		t.Fatalf("want the batchers %v, got %v", want, names)
	}
	return list
}

// drawn returns queries in any order, some of them more than once, and which they are.
func drawn(samples *testSamples, random *rand.Rand, n int) (xs []Input, which []int) {
	for range n {
		which = append(which, random.IntN(samples.Len()))
		xs = append(xs, Dense(samples.x.Row(which[len(which)-1])))
	}
	return xs, which
}

func TestBatchesAnswerAsSingles(t *testing.T) {
	samples, random := newTestSamples(23, 40, 40, 10), rand.New(rand.NewPCG(1, 9))
	for _, set := range kernel.All() {
		for _, technique := range batchers(t, set) {
			alone, batch := technique.NewSession(), technique.NewSession().(Batcher)
			for point, p := range technique.Points() {
				for _, n := range []int{0, 1, 2, 3, 4, 5, 8, 31, MaxBatch, MaxBatch + 1, 2*MaxBatch + 7} {
					xs, which := drawn(samples, random, n)
					got, want := make([]Result, n+1), make([]Result, n+1) // one that must stay as it is
					batch.ExecuteBatch(point, xs, got)
					for i, x := range xs {
						want[i] = alone.Execute(point, x)
					}
					if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
						t.Fatalf("%s, %s, %s, samples %v (-alone +in a batch):\n%s", set.Name, technique.Name(), p.Name, which, diff)
					}
				}
			}
		}
	}
}

// A session may mix batches and single queries, and its networks may be loaded again.
func TestBatchesLeaveNothingBehind(t *testing.T) {
	samples, random := newTestSamples(23, 40, 40, 10), rand.New(rand.NewPCG(2, 9))
	for _, technique := range batchers(t, kernel.Best()) {
		before := results(technique, samples)
		session, last := technique.NewSession(), len(technique.Points())-1
		xs, _ := drawn(samples, random, 9)
		first, again := make([]Result, 9), make([]Result, 9)
		session.(Batcher).ExecuteBatch(last, xs, first)
		for i := range samples.Len() {
			if diff := cmp.Diff(before[fmt.Sprint(i, "/", last)], session.Execute(last, Dense(samples.x.Row(i))), cmpopts.EquateNaNs()); diff != "" {
				t.Errorf("%s, sample %d: another result after a batch:\n%s", technique.Name(), i, diff)
			}
		}
		for group := range technique.Groups() {
			if err := technique.Load(group); err != nil {
				t.Fatal(err)
			}
		}
		session.(Batcher).ExecuteBatch(last, xs, again)
		if diff := cmp.Diff(first, again, cmpopts.EquateNaNs()); diff != "" {
			t.Errorf("%s: another result after loading:\n%s", technique.Name(), diff)
		}
	}
}

// In a batch of a cascade some queries stop early and others go on.
func TestACascadeEscalatesPartOfABatch(t *testing.T) {
	samples := newTestSamples(23, MaxBatch, 40, 10)
	plain, small := newTestNetwork(t, 5, Plain, 40, 48, 30, 10), newTestNetwork(t, 6, Plain, 40, 8, 10)
	cascade := CascadeSpec{Stages: []int{0, 1, 0}, Thresholds: []float32{0.7, 0.4}, Reach: []float64{1, 0.5, 0.2}}
	technique := must2(NewZoo([]*Network{plain, small}, kernel.Best(), []CascadeSpec{cascade}))(t)
	point := slices.IndexFunc(technique.(*zoo).routes, func(r route) bool { return len(r.stages) == 3 })
	session, out, ended := technique.NewSession(), make([]Result, MaxBatch), [3]int{}
	var xs []Input
	for i := range samples.Len() {
		xs = append(xs, Dense(samples.x.Row(i)))
	}
	session.(Batcher).ExecuteBatch(point, xs, out)
	for i, got := range out {
		ended[got.Class]++
		if want := session.Execute(point, xs[i]); !cmp.Equal(want, got, cmpopts.EquateNaNs()) {
			t.Errorf("sample %d: want %+v, got %+v", i, want, got)
		}
	}
	if slices.Contains(ended[:], 0) {
		t.Errorf("want queries that end in each stage, got %v", ended)
	}
}

func TestBatchesDoNotAllocate(t *testing.T) {
	samples, random := newTestSamples(17, 30, 40, 10), rand.New(rand.NewPCG(3, 9))
	xs, _ := drawn(samples, random, MaxBatch+3)
	out := make([]Result, len(xs))
	for _, technique := range batchers(t, kernel.Best()) {
		session := technique.NewSession().(Batcher)
		for point, p := range technique.Points() {
			if allocs := testing.AllocsPerRun(10, func() { session.ExecuteBatch(point, xs, out) }); allocs != 0 {
				t.Errorf("%s, %s: want no allocation, got %g", technique.Name(), p.Name, allocs)
			}
		}
	}
}

func TestResultsOfABatchMustFit(t *testing.T) {
	xs, _ := drawn(newTestSamples(17, 3, 40, 10), rand.New(rand.NewPCG(4, 9)), 3)
	for _, technique := range batchers(t, kernel.Best()) {
		func() {
			defer func() {
				if want := "engine: batch of 3 queries into 2 results: want as many"; recover() != want {
					t.Errorf("%s: want the panic %q", technique.Name(), want)
				}
			}()
			technique.NewSession().(Batcher).ExecuteBatch(0, xs, make([]Result, 2))
		}()
	}
}

// BenchmarkBatch compares a batch with the same queries alone, in turn, so that whatever
// disturbs the machine meets both. It prints the time of a query in the batch and how many
// times faster that is than alone, by the lower quartiles.
func BenchmarkBatch(b *testing.B) {
	queries := newTestSamples(2, MaxBatch, 784, 10)
	for _, technique := range batchBenchmarks(b) {
		session := technique.NewSession()
		for point, p := range technique.Points() {
			for _, n := range []int{1, 2, 4, 8, 16, 32} {
				b.Run(fmt.Sprintf("technique=%s/point=%s/n=%d", technique.Name(), p.Name, n), func(b *testing.B) {
					var xs []Input
					for i := range n {
						xs = append(xs, Dense(queries.x.Row(i)))
					}
					compareBatch(b, session, point, xs)
				})
			}
		}
	}
}

// batchBenchmarks are of Fashion-MNIST's sizes with random weights.
func batchBenchmarks(b *testing.B) []Technique {
	b.Helper()
	set, full := kernel.Best(), newTestNetwork(b, 1, Plain, 784, 1024, 1024, 10)
	small := newTestNetwork(b, 2, Plain, 784, 64, 64, 10)
	full.Name, small.Name = "test.full", "test.w64"
	pruned := newPruned(b, 3, 784, 1024, 1024, 10)
	pruned.Name = "test.p20"
	cascades := []CascadeSpec{{Stages: []int{0, 1}, Thresholds: []float32{0.5}, Reach: []float64{1, 0.3}}}
	return []Technique{
		must2(NewDense(full, set))(b),
		must2(NewReLUSkip(full, set))(b),
		must2(NewSlimmable(newTestNetwork(b, 4, Slimmable, 784, 1024, 1024, 10), set))(b),
		must2(NewZoo([]*Network{full, small}, set, cascades))(b),
		must2(NewStaticPruning("prune-weights", []*Network{full, pruned}, set))(b),
	}
}

func compareBatch(b *testing.B, session Session, point int, xs []Input) {
	out := make([]Result, len(xs))
	var alone, together []time.Duration
	for b.Loop() {
		start := time.Now()
		for i, x := range xs {
			out[i] = session.Execute(point, x)
		}
		middle := time.Now()
		session.(Batcher).ExecuteBatch(point, xs, out)
		alone, together = append(alone, middle.Sub(start)), append(together, time.Since(middle))
	}
	slices.Sort(alone)
	slices.Sort(together)
	b.ReportMetric(float64(together[b.N/4])/float64(len(xs)), "ns/query")
	b.ReportMetric(float64(alone[b.N/4])/float64(together[b.N/4]), "speed-up")
}
