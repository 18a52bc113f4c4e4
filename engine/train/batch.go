package train

import (
	"slosim/engine"
	"slosim/engine/kernel"
)

// batch is a mini-batch on its way through the network and back: one row a sample in
// every table. Layer numbers count from 0; values[0] are the inputs and values[l+1]
// what layer l yields, after ReLU and dropping in hidden layers.
type batch struct {
	size   int // samples in this batch, at most the tables' rows
	labels []int
	levels []int    // index of the sample's level
	draws  []uint64 // names the sample in this epoch, for random draws
	values []*kernel.Matrix
	deltas []*kernel.Matrix // of the loss by what layer l yields, before its ReLU
	losses []float64
	right  []bool
	distil bool        // rows learn from wanted instead of their labels
	wanted [][]float64 // per row, the probabilities that the widest level gave; nil without such levels
}

func newBatch(n *engine.Network, rows int) *batch {
	b := &batch{
		labels: make([]int, rows), levels: make([]int, rows), draws: make([]uint64, rows),
		losses: make([]float64, rows), right: make([]bool, rows),
		values: []*kernel.Matrix{kernel.NewMatrix(rows, n.Inputs())},
	}
	if n.Kind == engine.Slimmable {
		for range rows {
			b.wanted = append(b.wanted, make([]float64, n.Outputs()))
		}
	}
	for _, size := range n.Sizes()[1:] {
		b.values = append(b.values, kernel.NewMatrix(rows, size))
		b.deltas = append(b.deltas, kernel.NewMatrix(rows, size))
	}
	return b
}

// scratch is one goroutine's memory. Its content never outlives a part of the work.
type scratch struct {
	tiles *kernel.Tiles
	ids   []int32
	kept  []float32
	image []float32
}

func newScratch(n *engine.Network) *scratch {
	widest := 0
	for _, size := range n.Sizes() {
		widest = max(widest, size)
	}
	return &scratch{
		tiles: kernel.NewTiles(),
		ids:   make([]int32, widest), kept: kernel.Aligned(widest), image: kernel.Aligned(widest),
	}
}
