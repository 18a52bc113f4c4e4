package kernel_test

import (
	"fmt"

	"slosim/engine/kernel"
)

// Two layers of a network, first densely, then only for the two most active nodes.
func Example() {
	k := kernel.Best()
	w1, w2t := kernel.NewMatrix(4, 2), kernel.NewMatrix(4, 2) // w2t is feature-major
	for i := range 4 {
		copy(w1.Row(i), []float32{float32(i) - 1, 1})
		copy(w2t.Row(i), []float32{1, float32(i)})
	}
	x := kernel.Aligned(2)
	copy(x, []float32{2, -1})

	hidden := kernel.Aligned(4)
	k.MatVec(hidden, w1, x, nil)
	fmt.Println("hidden", hidden)

	ids, vals := make([]int32, 4), make([]float32, 4)
	n := k.CompressPositive(ids, vals, hidden)
	out := kernel.Aligned(2)
	k.Axpy(out, w2t, ids[:n], vals[:n])
	fmt.Println("positive", ids[:n], "out", out)

	n = k.TopK(ids, hidden, 1)
	k.GatherMatVec(vals, w1, ids[:n], x, nil)
	fmt.Println("best", ids[:n], vals[:n])
	// Output:
	// hidden [-3 -1 1 3]
	// positive [2 3] out [4 11]
	// best [3] [3]
}
