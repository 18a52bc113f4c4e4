package profile

import "time"

// durationOf converts nanoseconds.
func durationOf(ns float64) time.Duration { return time.Duration(ns) }

// point returns the outcomes of all samples at a point.
func (h *Half) point(p int) []Outcome { return h.Outcomes[p*h.Samples : (p+1)*h.Samples] }

// Accuracy returns the share of right answers at a point.
func (h *Half) Accuracy(point int) float64 { return shareRight(h.point(point)) }

// ClassShares returns how often each work class occurs at a point, over the samples
// of this half. It allocates.
func (h *Half) ClassShares(point int) []float64 {
	classes := 1
	if len(h.Execute[point]) > 0 {
		classes = len(h.Execute[point][0])
	}
	shares := make([]float64, classes)
	for _, o := range h.point(point) {
		shares[o.Class] += 1 / float64(h.Samples)
	}
	return shares
}

// Service returns the u-quantile, 0 <= u <= 1, of the on-CPU execution time of a work
// class at a point and level, without activation.
func (h *Half) Service(point, level int, class uint8, u float64) time.Duration {
	return h.Execute[point][level][class].Quantile(u)
}

// Activates says whether a query pays for an activation.
func (h *Half) Activates() bool { return len(h.Activate) > 0 }

// Activation returns the u-quantile, 0 <= u <= 1, of the on-CPU activation time at a
// level; 0 for a technique that does not activate.
func (h *Half) Activation(level int, u float64) time.Duration {
	if len(h.Activate) == 0 {
		return 0
	}
	return h.Activate[level].Quantile(u)
}

// AskActivation asks the memory for what Activation will read, see [Dist.Ask].
func (h *Half) AskActivation(level int, u float64) {
	if len(h.Activate) > 0 {
		h.Activate[level].Ask(u)
	}
}

// stallBlock is how many neighbouring (gap, wait) pairs a bootstrap keeps together,
// so that the rhythm of the operating system's scheduler survives.
const stallBlock = 32

// Resample returns a bootstrap of the half: samples (each with its outcomes at all
// points, so that points stay paired), every distribution, and the stalls in circular
// blocks. draw returns uniform numbers in [0, 1), one for each i; the sample at place
// i follows draw(i) alone, so techniques with equally many samples resample the same
// ones. Timing calls are resampled one by one: their blocks are not kept in a profile.
func (h *Half) Resample(draw func(i uint64) float64) *Half {
	r := &resampler{draw: draw}
	out := &Half{Samples: h.Samples, Outcomes: r.outcomes(h)}
	out.Activate = r.dists(h.Activate)
	out.Execute = r.surfaces(h.Execute)
	out.Batched = r.surfaces(h.Batched)
	for _, stalls := range h.Stalls {
		out.Stalls = append(out.Stalls, r.stalls(stalls))
	}
	return out
}

// resampler counts the draws of one bootstrap.
type resampler struct {
	draw   func(i uint64) float64
	next   uint64
	counts []uint32 // scratch
}

// index draws one of n.
func (r *resampler) index(n int) int {
	i := Resampled(r.draw, int(r.next), n)
	r.next++
	return i
}

// outcomes draws samples with replacement.
func (r *resampler) outcomes(h *Half) []Outcome {
	out := make([]Outcome, len(h.Outcomes))
	for to := range h.Samples {
		from := r.index(h.Samples)
		for base := 0; base < len(out); base += h.Samples {
			out[base+to] = h.Outcomes[base+from]
		}
	}
	return out
}

// surfaces draws the distributions of all points and levels; nil stays nil.
func (r *resampler) surfaces(all [][][]Dist) (out [][][]Dist) {
	for _, levels := range all {
		row := make([][]Dist, 0, len(levels))
		for _, dists := range levels {
			row = append(row, r.dists(dists))
		}
		out = append(out, row)
	}
	return out
}

func (r *resampler) dists(ds []Dist) []Dist {
	if ds == nil {
		return nil
	}
	out := make([]Dist, 0, len(ds))
	for _, d := range ds {
		out = append(out, r.dist(d))
	}
	return out
}

// dist draws len(d) values with replacement. Counting how often each is drawn yields
// them sorted without a sort.
func (r *resampler) dist(d Dist) Dist {
	if len(d) == 0 {
		return d
	}
	if cap(r.counts) < len(d) {
		r.counts = make([]uint32, len(d))
	}
	counts := r.counts[:len(d)]
	clear(counts)
	for range d {
		counts[r.index(len(d))]++
	}
	out := make(Dist, 0, len(d))
	for i, n := range counts {
		for range n {
			out = append(out, d[i])
		}
	}
	return out
}

// stalls is a circular block bootstrap (Politis and Romano 1992).
func (r *resampler) stalls(s []Stall) []Stall {
	out := make([]Stall, 0, len(s))
	for len(out) < len(s) {
		from := r.index(len(s))
		for i := 0; i < stallBlock && len(out) < len(s); i++ {
			out = append(out, s[(from+i)%len(s)])
		}
	}
	return out
}
