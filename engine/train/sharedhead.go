package train

import (
	"math"

	"slosim/engine/kernel"
)

// head is the output layer of a network being trained, with its loss.
type head interface {
	// prepare begins a batch, before its hidden vectors are known.
	prepare(b *wideBatch)
	// derive computes the losses of rows lo to hi-1 from their hidden vectors, and the
	// gradients by those. It is called from several goroutines.
	derive(b *wideBatch, s *wideScratch, lo, hi int)
	// update moves the weights of the outputs by one step, after all rows were derived.
	update(b *wideBatch, step adamStep)
}

// sharedHead is the output layer when all rows of a batch are told apart from the same
// classes: everything is a product of matrices with a column for each class that takes
// part. The classes that were drawn come first, then those that are only there because
// some row has them as labels. To a row, its own labels count, and what was drawn.
type sharedHead struct {
	f        *wideFitting
	sampler  sharedSampler
	drawn    candidates
	columns  []int32   // the class of each column
	place    []int32   // by class: its column plus 1, or 0
	offset   []float32 // of each column: the bias, and the shift of what was drawn
	bias     []float32 // of each column
	weights  kernel.Matrix
	logits   kernel.Matrix // then the gradients by them
	gradient kernel.Matrix // of the weights
	slopes   []float32     // gradient of the biases
}

func newSharedHead(f *wideFitting, sampler sharedSampler) *sharedHead {
	return &sharedHead{f: f, sampler: sampler, place: make([]int32, f.data.Classes)}
}

func (h *sharedHead) prepare(b *wideBatch) {
	for _, class := range h.columns {
		h.place[class] = 0
	}
	h.sampler.draw(&h.drawn, h.f.step)
	h.columns = append(h.columns[:0], h.drawn.ids...)
	for i, class := range h.columns {
		h.place[class] = int32(i + 1)
	}
	for _, sample := range b.samples {
		for _, label := range h.f.data.Fit.Labels(sample) {
			if h.place[label] == 0 {
				h.columns = append(h.columns, label)
				h.place[label] = int32(len(h.columns))
			}
		}
	}
	h.collect(len(b.samples))
}

// collect brings the weights of the columns together and makes room for their logits.
func (h *sharedHead) collect(rows int) {
	n, hidden := len(h.columns), h.f.net.Out.Cols
	h.logits = reshaped(h.logits, rows, n)
	h.gradient = reshaped(h.gradient, n, hidden)
	h.slopes, h.bias, h.offset = grown(h.slopes, n), grown(h.bias, n), grown(h.offset, n)
	for i, class := range h.columns {
		h.bias[i] = h.f.net.OutBias[class]
	}
	copy(h.offset, h.bias)
	addTo(h.offset[:len(h.drawn.shift)], h.drawn.shift)
	if h.whole() {
		h.weights = *h.f.net.Out
		return
	}
	h.weights = reshaped(h.weights, n, hidden)
	h.f.each(n, func(_ *wideScratch, lo, hi int) {
		for i := lo; i < hi; i++ {
			copy(h.weights.Row(i), h.f.net.Out.Row(int(h.columns[i])))
		}
	})
}

// whole says that the columns are all classes in order, whose weights can be used where
// they are.
func (h *sharedHead) whole() bool {
	_, all := h.sampler.(everyClass)
	return all
}

func (h *sharedHead) derive(b *wideBatch, s *wideScratch, lo, hi int) {
	x, w, y, to := b.hidden, &h.weights, &h.logits, b.deltas
	h.f.set.Gemm(s.tiles, hi-lo, w.Rows, w.Cols, x.Data[lo*x.Stride:], x.Stride, 1, w.Data, 1, w.Stride,
		y.Data[lo*y.Stride:], y.Stride, false)
	for row := lo; row < hi; row++ {
		b.losses[row] = h.judge(s, y.Row(row), h.f.data.Fit.Labels(b.samples[row]), len(b.samples))
	}
	h.f.set.Gemm(s.tiles, hi-lo, w.Cols, w.Rows, y.Data[lo*y.Stride:], y.Stride, 1, w.Data, w.Stride, 1,
		to.Data[lo*to.Stride:], to.Stride, false)
}

// judge turns a row of products into the gradient of its loss by the logits, divided by
// the number of rows, and returns the loss.
func (h *sharedHead) judge(s *wideScratch, y []float32, labels []int32, rows int) float64 {
	own := s.own[:0]
	drawn := y[:len(h.drawn.ids)]
	for _, label := range labels {
		column := h.place[label] - 1
		own = append(own, y[column]+h.bias[column])
	}
	s.own = own
	clear(y[len(drawn):])
	addTo(drawn, h.offset)
	for k, label := range labels {
		y[h.place[label]-1] = own[k]
	}
	highest := peak(own[0], own)
	highest = peak(highest, drawn)
	sum, mean := exponentials(drawn, highest), 0.0
	for k, label := range labels {
		if column := int(h.place[label] - 1); column >= len(drawn) {
			sum += exponentials(y[column:column+1], highest)
		}
		mean += float64(own[k])
	}
	mean /= float64(len(labels))
	scale := float32(1 / (sum * float64(rows)))
	for i := range drawn {
		drawn[i] *= scale
	}
	target := float32(1 / float64(len(labels)*rows))
	for _, label := range labels {
		column := int(h.place[label] - 1)
		if column >= len(drawn) {
			y[column] *= scale
		}
		y[column] -= target
	}
	return math.Log(sum) + float64(highest) - mean
}

func (h *sharedHead) update(b *wideBatch, step adamStep) {
	h.f.each(len(h.columns), func(s *wideScratch, lo, hi int) {
		h.gradients(b, s, lo, hi)
		for i := lo; i < hi; i++ {
			class := int(h.columns[i])
			h.f.out.update(class, h.gradient.Row(i), step)
			h.f.outBias.update(class, h.slopes[i:i+1], step)
		}
	})
}

// gradients computes those of columns lo to hi-1. A column's sums run over the rows in
// order, whatever lo and hi are.
func (h *sharedHead) gradients(b *wideBatch, s *wideScratch, lo, hi int) {
	g, delta, x := &h.gradient, &h.logits, b.hidden
	h.f.set.Gemm(s.tiles, hi-lo, g.Cols, len(b.samples), delta.Data[lo:], 1, delta.Stride, x.Data, x.Stride, 1,
		g.Data[lo*g.Stride:], g.Stride, false)
	clear(h.slopes[lo:hi])
	for row := range b.samples {
		addTo(h.slopes[lo:hi], delta.Row(row)[lo:hi])
	}
}

// reshaped returns a matrix of the size in m's memory, if there is room. Its content, and
// that of its padding, is anything.
func reshaped(m kernel.Matrix, rows, cols int) kernel.Matrix {
	stride := (cols + 15) &^ 15
	data := m.Data
	if cap(data) < rows*stride {
		data = kernel.Aligned(rows*stride + rows*stride/4)
	}
	return kernel.Matrix{Rows: rows, Cols: cols, Stride: stride, Data: data[:rows*stride]}
}
