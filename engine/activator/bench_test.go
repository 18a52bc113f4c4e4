package activator

import (
	"fmt"
	"testing"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// BenchmarkScore ranks 1,024 nodes for 784 inputs and lists the best 307.
func BenchmarkScore(b *testing.B) {
	images := newTestImages(1, 600, 784, 10)
	for _, set := range kernel.All() {
		net := newTestNetwork(1, set, 784, 1024, 1024)
		space := must(PCA(images, 784, 32))(b)
		list := map[string]Activator{
			"linear":    NewLinear(set, must(BuildLinear(space, net.first, net.bias))(b)),
			"clustered": NewClustered(set, must(BuildClustered(set, net, images, space, 256, rng.Key{}))(b)),
			"lsh":       NewLSH(set, must(BuildLSH(set, net, images, 784, LSHSize{Bits: 8, Tables: 8}, rng.Key{}))(b)),
		}
		for _, name := range []string{"linear", "clustered", "lsh"} {
			a, ids := list[name], make([]int32, 1024)
			s := a.NewScratch()
			b.Run(fmt.Sprintf("activator=%s/kernel=%s", name, set.Name), func(b *testing.B) {
				for i := 0; b.Loop(); i++ {
					a.Score(s, images.x.Row(i%64))
					a.Top(ids, s, 307)
				}
			})
		}
	}
}
