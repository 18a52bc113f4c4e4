package engine

import (
	"fmt"
	"testing"

	"slosim/engine/activator"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// benchmarkTechniques are of Fashion-MNIST's sizes with random weights: what a point
// costs hardly depends on what it answers.
func benchmarkTechniques(b *testing.B, set *kernel.Set) []Technique {
	b.Helper()
	images := newTestSamples(1, 600, 784, 10)
	plain := newTestNetwork(b, 1, Plain, 784, 1024, 1024, 10)
	wta := must2(NewNetwork("bench.wta", WinnerTakeAll, []int{784, 1024, 1024, 10}, 0.02, 0.05, 0.1, 0.2, 0.3, 1))(b)
	for i := range wta.Layers {
		copy(wta.Layers[i].W.Data, plain.Layers[i].W.Data)
	}
	w, bias := wta.Layers[0].W, wta.Layers[0].Bias[2]
	linear := must2(activator.BuildLinear(must2(activator.PCA(images, 784, 32))(b), w, bias))(b)
	observer := NewObserver(plain, set, 0)
	lsh := must2(activator.BuildLSH(set, observer, images, 784, activator.LSHSize{Bits: 8, Tables: 8}, rng.Key{}))(b)
	return []Technique{
		must2(NewDense(plain, set))(b),
		must2(NewReLUSkip(plain, set))(b),
		must2(NewSLONN(wta, set, SLONNOptions{Activator: activator.NewLinear(set, linear)}))(b),
		must2(NewSLONNLSH(plain, set, lsh))(b),
	}
}

func BenchmarkExecute(b *testing.B) {
	queries := newTestSamples(2, 64, 784, 10)
	for _, set := range kernel.All() {
		for _, technique := range benchmarkTechniques(b, set) {
			session := technique.NewSession()
			for point, p := range technique.Points() {
				b.Run(fmt.Sprintf("technique=%s/point=%s/kernel=%s", technique.Name(), p.Name, set.Name), func(b *testing.B) {
					for i := 0; b.Loop(); i++ {
						x := queries.x.Row(i % 64)
						session.Activate(Dense(x))
						session.Execute(point, Dense(x))
					}
				})
			}
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	technique := must2(NewDense(newTestNetwork(b, 1, Plain, 784, 1024, 1024, 10), kernel.Best()))(b)
	b.SetBytes(technique.Groups()[0].Bytes)
	for b.Loop() {
		if err := technique.Load(0); err != nil {
			b.Fatal(err)
		}
	}
}
