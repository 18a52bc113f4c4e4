package train

import "slosim/engine"

// backward computes losses and deltas of rows lo to hi-1, after forward.
func (p *pass) backward(b *batch, s *scratch, lo, hi int) {
	last := len(p.net.Layers) - 1
	for row := lo; row < hi; row++ {
		p.judge(b, row, last)
	}
	scale := dropScale(p.dropout)
	for l := last; l > 0; l-- {
		w, from, to := p.net.Layers[l].W, b.deltas[l], b.deltas[l-1]
		outputs, inputs := p.widths(b, l)
		p.set.Gemm(s.tiles, hi-lo, inputs, outputs,
			from.Data[lo*from.Stride:], from.Stride, 1, w.Data, w.Stride, 1, to.Data[lo*to.Stride:], to.Stride, false)
		for row := lo; row < hi; row++ {
			through(to.Row(row)[:inputs], b.values[l].Row(row), scale)
		}
	}
}

// judge computes the loss of a row and its gradient by the logits: against the label, or
// against what the widest level answered where the row is there to learn from that.
func (p *pass) judge(b *batch, row, last int) {
	delta, logits := b.deltas[last].Row(row), b.values[last+1].Row(row)
	if b.distil {
		b.losses[row] = distil(delta, logits, b.wanted[row], b.size)
		return
	}
	b.losses[row], b.right[row] = crossEntropy(delta, logits, b.labels[row], p.smooth, b.size)
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

// gradients adds to the gradients of nodes lo to hi-1 of a layer those over the whole
// batch, after backward; from zero if first. A node's sums run over the samples in order,
// whatever lo and hi are.
func (p *pass) gradients(gradient *engine.Network, b *batch, s *scratch, layer, lo, hi int, first bool) {
	delta, x, g := b.deltas[layer], b.values[layer], &gradient.Layers[layer]
	if first {
		for _, bias := range g.Bias {
			clear(bias[lo:hi])
		}
	}
	outputs, inputs := p.widths(b, layer)
	if hi = min(hi, outputs); lo >= hi {
		return
	}
	p.set.Gemm(s.tiles, hi-lo, inputs, b.size,
		delta.Data[lo:], 1, delta.Stride, x.Data, x.Stride, 1, g.W.Data[lo*g.W.Stride:], g.W.Stride, !first)
	for row := range b.size {
		addTo(g.Bias[b.levels[row]][lo:hi], delta.Row(row)[lo:hi])
	}
}
