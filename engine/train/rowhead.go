package train

import (
	"math"

	"slosim/workloads/rng"
)

// rowSampler finds classes for each row of a batch by the row's hidden vector.
type rowSampler interface {
	keeper
	// refresh follows the weights, if it is time to before a step.
	refresh(step int)
	// finder returns what one goroutine finds classes with.
	finder() finder
}

// finder is one goroutine's part of a rowSampler. What it finds depends on the sampler and
// the arguments alone, not on what it found before.
type finder interface {
	// find appends classes for a hidden vector to c, which holds the row's labels; none twice.
	find(c *candidates, h []float32, draws rng.Draws)
}

// rowHead is the output layer when each row of a batch has classes of its own. It reads
// only their weights, and so its products are those of gathered rows: more time a class
// than sharedHead, for fewer and better classes.
type rowHead struct {
	f       *wideFitting
	sampler rowSampler
	key     rng.Key
	rows    []rowClasses
	classes *groups // entries of the batch by class
}

// rowClasses are a row's classes, its labels first.
type rowClasses struct {
	candidates
	logits []float32 // then the gradients by them
}

func newRowHead(f *wideFitting, sampler rowSampler, key rng.Key) *rowHead {
	for _, s := range f.scratch {
		s.finder = sampler.finder()
	}
	return &rowHead{f: f, sampler: sampler, key: key, rows: make([]rowClasses, f.hyper.Batch), classes: newGroups(f.data.Classes)}
}

func (h *rowHead) prepare(*wideBatch) { h.sampler.refresh(h.f.step) }

func (h *rowHead) derive(b *wideBatch, s *wideScratch, lo, hi int) {
	out := h.f.net.Out
	for row := lo; row < hi; row++ {
		c, x, to := &h.rows[row], b.hidden.Row(row), b.deltas.Row(row)
		labels := h.f.data.Fit.Labels(b.samples[row])
		c.reset()
		for _, label := range labels {
			c.ids, c.shift = append(c.ids, label), append(c.shift, 0)
		}
		s.finder.find(&c.candidates, x, h.key.Child(rng.Training, uint64(h.f.step)<<32|uint64(row)).Draws(rng.Training))
		c.logits = grown(c.logits, len(c.ids))
		h.f.set.GatherMatVec(c.logits, out, c.ids, x, h.f.net.OutBias)
		b.losses[row] = c.judge(len(labels), len(b.samples))
		clear(to)
		h.f.set.Axpy(to, out, c.ids, c.logits)
	}
}

// judge turns logits into the gradient of their loss, divided by the number of rows, and
// returns the loss. The first labels of the classes are the right ones, with equal weights.
func (c *rowClasses) judge(labels, rows int) float64 {
	y, mean := c.logits, 0.0
	addTo(y, c.shift)
	for _, own := range y[:labels] {
		mean += float64(own)
	}
	mean /= float64(labels)
	highest := peak(y[0], y)
	sum := exponentials(y, highest)
	scale := float32(1 / (sum * float64(rows)))
	for i := range y {
		y[i] *= scale
	}
	target := float32(1 / float64(labels*rows))
	for i := range labels {
		y[i] -= target
	}
	return math.Log(sum) + float64(highest) - mean
}

func (h *rowHead) update(b *wideBatch, step adamStep) {
	h.group(b)
	h.f.each(len(h.classes.ids), func(s *wideScratch, lo, hi int) {
		var slope [1]float32
		for i := lo; i < hi; i++ {
			slope[0] = h.gradient(b, s.gradient, i)
			class := int(h.classes.ids[i])
			h.f.out.update(class, s.gradient, step)
			h.f.outBias.update(class, slope[:], step)
		}
	})
}

// group collects the batch's entries by class.
func (h *rowHead) group(b *wideBatch) {
	h.classes.fill(len(b.samples), func(row int) ([]int32, []float32) { return h.rows[row].ids, h.rows[row].logits })
}

// gradient writes that of the weights of the i-th class of the groups into sum and returns
// that of its bias. Both run over the rows in order, whatever goroutine computes them.
func (h *rowHead) gradient(b *wideBatch, sum []float32, i int) float32 {
	h.classes.sum(h.f.set, sum, b.hidden, i)
	slope := float32(0)
	for _, v := range h.classes.values[h.classes.starts[i]:h.classes.starts[i+1]] {
		slope += v
	}
	return slope
}

func (h *rowHead) keep() []byte              { return h.sampler.keep() }
func (h *rowHead) restore(kept []byte) error { return h.sampler.restore(kept) }
