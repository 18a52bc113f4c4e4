package activator

import "slosim/engine/kernel"

// Activator ranks the nodes of one layer for an input.
type Activator interface {
	// NewScratch returns the memory of one worker.
	NewScratch() *Scratch
	// Score ranks all nodes for x and leaves the ranking in s. It allocates nothing.
	Score(s *Scratch, x []float32)
	// Top writes the k nodes that the last Score ranked highest to ids, in any order,
	// and returns their number: k, or all nodes if there are fewer. The sets are nested in k.
	Top(ids []int32, s *Scratch, k int) int
}

// Scratch is the memory of one worker for one activator.
type Scratch struct {
	projected []float32 // input in the small space: principal components or plane distances
	nearness  []float32 // of the centroids
	scores    []float32 // of the nodes
	sums      []uint16  // of importances over tables
	words     []uint64  // signs of the planes
	buckets   []int32   // per table
	probed    []int32   // per table and probe: buckets
	probes    *Probes
	stamps    []uint32 // per node: the merge that it was seen in
	stamp     uint32
	merged    []int32
	list      []int32 // ranked nodes, best first
}

// Images are the inputs that builders read, such as *workloads.Dataset.
type Images interface {
	// Len returns the number of images.
	Len() int
	// Input writes image i into dst.
	Input(i int, dst []float32)
}

// Network is what builders ask of a network: its hidden activations.
type Network interface {
	// Hidden returns the activations of each hidden layer for x, 0 or more. They are
	// valid until the next call.
	Hidden(x []float32) [][]float32
}

// each calls visit with every image in order. x is valid during the call.
func each(images Images, inputs int, visit func(i int, x []float32)) {
	x := kernel.Aligned(inputs)
	for i := range images.Len() {
		images.Input(i, x)
		visit(i, x)
	}
}

// centredBias returns -basis·mean, so that MatVec(basis, x) + bias is the projection
// of the centred input without a pass that centres it.
func centredBias(basis *kernel.Matrix, mean []float32) []float32 {
	bias := kernel.Aligned(basis.Rows)
	for i := range bias {
		bias[i] = float32(-dot64(basis.Row(i), mean))
	}
	return bias
}

// dot64 is a dot product in float64, in order of index.
func dot64(a, b []float32) float64 {
	sum := 0.0
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}
