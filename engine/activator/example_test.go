package activator_test

import (
	"fmt"

	"slosim/engine/activator"
	"slosim/engine/kernel"
)

// Two clusters of centroids, each with its own list of nodes.
func ExampleClustered() {
	tables := &activator.ClusteredTables{
		Basis:     kernel.NewMatrix(1, 2), // the small space is the sum of both inputs
		Offset:    []float32{0},
		Centroids: kernel.NewMatrix(2, 1),
		Ranked:    []int32{2, 0, 1, 1, 2, 0},
		Nodes:     3,
	}
	copy(tables.Basis.Row(0), []float32{1, 1})
	tables.Centroids.Row(0)[0] = -1
	tables.Centroids.Row(1)[0] = 1

	a := activator.NewClustered(kernel.Best(), tables)
	s, ids := a.NewScratch(), make([]int32, 3)
	for _, x := range [][]float32{{-2, 0}, {3, 1}} {
		a.Score(s, x)
		fmt.Println(x, ids[:a.Top(ids, s, 2)])
	}
	// Output:
	// [-2 0] [2 0]
	// [3 1] [1 2]
}
