package train

import "slosim/engine"

// backward computes losses and deltas of rows lo to hi-1, after forward.
func (p *pass) backward(b *batch, s *scratch, lo, hi int) {
	last := len(p.net.Layers) - 1
	for row := lo; row < hi; row++ {
		b.losses[row], b.right[row] = crossEntropy(b.deltas[last].Row(row), b.values[last+1].Row(row), b.labels[row], p.smooth, b.size)
	}
	scale := dropScale(p.dropout)
	for l := last; l > 0; l-- {
		w, from, to := p.net.Layers[l].W, b.deltas[l], b.deltas[l-1]
		p.set.Gemm(s.tiles, hi-lo, w.Cols, w.Rows,
			from.Data[lo*from.Stride:], from.Stride, 1, w.Data, w.Stride, 1, to.Data[lo*to.Stride:], to.Stride, false)
		for row := lo; row < hi; row++ {
			through(to.Row(row), b.values[l].Row(row), scale)
		}
	}
}

// through takes a gradient back through dropout, ReLU and the choice of the largest: it
// passes where the value came through and nowhere else.
func through(delta, value []float32, scale float32) {
	value = value[:len(delta)]
	for i, v := range value {
		if v > 0 {
			delta[i] *= scale
		} else {
			delta[i] = 0
		}
	}
}

// gradients computes the gradients of nodes lo to hi-1 of a layer over the whole batch,
// after backward. A node's sums run over the samples in order, whatever lo and hi are.
func (p *pass) gradients(gradient *engine.Network, b *batch, s *scratch, layer, lo, hi int) {
	delta, x, g := b.deltas[layer], b.values[layer], &gradient.Layers[layer]
	p.set.Gemm(s.tiles, hi-lo, x.Cols, b.size,
		delta.Data[lo:], 1, delta.Stride, x.Data, x.Stride, 1, g.W.Data[lo*g.W.Stride:], g.W.Stride, false)
	for _, bias := range g.Bias {
		clear(bias[lo:hi])
	}
	for row := range b.size {
		addTo(g.Bias[b.levels[row]][lo:hi], delta.Row(row)[lo:hi])
	}
}
