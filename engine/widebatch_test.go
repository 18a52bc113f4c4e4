package engine

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"slosim/engine/kernel"
)

// drawnSparse returns sparse queries in any order, some of them more than once.
func drawnSparse(inputs *wordy, random *rand.Rand, n int) (xs []Input) {
	for range n {
		ids, values := inputs.Sparse(random.IntN(inputs.Len()))
		xs = append(xs, Input{IDs: ids, Values: values})
	}
	return xs
}

func TestWideBatchesAnswerAsSingles(t *testing.T) {
	w, random := surveyWide(t, 5, 50, 60, 16, 300), rand.New(rand.NewPCG(1, 9))
	var able []string
	for _, name := range everyWide() {
		technique := w.technique(t, name)
		batch, ok := technique.NewSession().(Batcher)
		if !ok {
			continue
		}
		able = append(able, name)
		alone := technique.NewSession()
		for point, p := range technique.Points() {
			for _, n := range []int{0, 1, 2, wideBatch, wideBatch + 1, MaxBatch} {
				xs := drawnSparse(w.inputs, random, n)
				got, want := make([]Result, n+1), make([]Result, n+1) // one that must stay as it is
				batch.ExecuteBatch(point, xs, got)
				for i, x := range xs {
					want[i] = alone.Execute(point, x)
				}
				if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
					t.Fatalf("%s, %s, %d queries (-alone +in a batch):\n%s", name, p.Name, n, diff)
				}
			}
		}
	}
	if want := []string{"dense", "prune-frequent", "prune-outputs"}; !slices.Equal(able, want) {
		t.Errorf("want batches of %v, got of %v", want, able)
	}
}

func TestWideBatchesDoNotAllocate(t *testing.T) {
	w := surveyWide(t, 5, 50, 60, 16, 300)
	xs, out := drawnSparse(w.inputs, rand.New(rand.NewPCG(2, 9)), MaxBatch), make([]Result, MaxBatch)
	technique := w.technique(t, "prune-outputs")
	session := technique.NewSession().(Batcher)
	for point, p := range technique.Points() {
		if allocs := testing.AllocsPerRun(10, func() { session.ExecuteBatch(point, xs, out) }); allocs != 0 {
			t.Errorf("%s: want no allocation, got %g", p.Name, allocs)
		}
	}
}

// BenchmarkWideBatch is [BenchmarkBatch] for as many outputs as stay in a cache and as do not.
func BenchmarkWideBatch(b *testing.B) {
	for _, outputs := range []int{13_330, 205_443} {
		inputs := newWordy(1, MaxBatch, 1000)
		net := newTestWide(b, 1000, 128, outputs)
		technique := must2(NewWideTechnique("dense", net, nil, nil, kernel.Best()))(b)
		session, random := technique.NewSession(), rand.New(rand.NewPCG(1, 9))
		for _, n := range []int{1, 2, 4, 8, 16, 32} {
			b.Run(fmt.Sprintf("technique=dense/outputs=%d/n=%d", outputs, n), func(b *testing.B) {
				compareBatch(b, session, 0, drawnSparse(inputs, random, n))
			})
		}
	}
}
