package engine

import (
	"fmt"

	"slosim/engine/kernel"
)

// MaxBatch is how many queries a [Batcher] computes together at most. Dense networks of
// Fashion-MNIST's sizes answer a batch of 2 queries 1.6 times as fast as each alone, one of 4
// 2.1 times, of 8 2.2 and of 32 2.3 times (AVX-512, Zen 4); networks of 64 nodes a layer 1.7,
// 1.8, 1.9 and 1.9 times. A session keeps two vectors of the widest layer for each query.
const MaxBatch = 64

// eachPiece calls run with pieces of at most most queries of a batch.
func eachPiece(xs []Input, out []Result, most int, run func(xs []Input, out []Result)) {
	if len(out) < len(xs) {
		panic(fmt.Sprintf("engine: batch of %d queries into %d results: want as many", len(xs), len(out)))
	}
	for len(xs) > 0 {
		n := min(len(xs), most)
		run(xs[:n], out[:n])
		xs, out = xs[n:], out[n:]
	}
}

// batchScratch is the memory of a forward pass of up to MaxBatch queries. It belongs to one
// worker.
type batchScratch struct {
	set     *kernel.Set
	inputs  [][]float32    // of the network
	outputs [2][][]float32 // of a layer, by query; the next layer has the other
	views   [2][][]float32 // what the running layer reads and writes of them
	corner  kernel.Matrix  // of the layer being computed
}

// newBatchScratch returns scratch memory that fits all of the networks.
func newBatchScratch(set *kernel.Set, nets ...*Network) *batchScratch {
	widest := 0
	for _, net := range nets {
		for i := range net.Layers {
			widest = max(widest, net.Layers[i].W.Rows)
		}
	}
	s := &batchScratch{set: set, inputs: make([][]float32, MaxBatch)}
	for i := range s.outputs {
		// One line of a cache more than needed, so that rows are never whole pages apart.
		rows := kernel.NewMatrix(MaxBatch, (widest+15)&^15+16)
		for q := range MaxBatch {
			s.outputs[i] = append(s.outputs[i], rows.Row(q))
		}
		s.views[i] = make([][]float32, MaxBatch)
	}
	return s
}

// take lists the inputs of all features of a batch.
func (s *batchScratch) take(xs []Input) [][]float32 {
	for q, x := range xs {
		s.inputs[q] = x.All
	}
	return s.inputs[:len(xs)]
}

// forward computes the logits of a batch at a level that drops no node, or those at its end
// only, as slimmable networks do. They have the bits of a pass for each query alone, and
// live until the next pass.
func (s *batchScratch) forward(r *resident, level int, xs [][]float32) [][]float32 {
	last := len(r.net.Layers) - 1
	for i := range last {
		xs = s.layer(r, level, i, xs)
		for _, y := range xs {
			kernel.Rectify(y)
		}
	}
	return s.layer(r, level, last, xs)
}

// layer computes the outputs of layer i before ReLU. They live until the next layer but one.
// The elements of a sparse layer are read for one query after another: what is left of a
// pruned layer fits the L2 cache.
func (s *batchScratch) layer(r *resident, level, i int, xs [][]float32) [][]float32 {
	l, width, ys := &r.net.Layers[i], r.net.Width(level, i), s.views[i%2][:len(xs)]
	for q := range ys {
		ys[q] = s.outputs[i%2][q][:width]
	}
	if r.sparse != nil {
		for q, y := range ys {
			s.set.MatVecCSR(y, r.sparse[i], xs[q], l.Bias[level])
		}
		return ys
	}
	s.corner = l.W.Corner(width, r.net.Width(level, i-1))
	s.set.MatMat(ys, &s.corner, xs, l.Bias[level][:width])
	return ys
}
