package train

import (
	"runtime"

	"slosim/engine"
	"slosim/engine/kernel"
)

// precisionLogits is about how many logits a part of the samples has in [WidePrecision]:
// many rows at a time let the product run fast, but they need memory on each core.
const precisionLogits = 1 << 20

// WidePrecision returns P@1 and P@5 of a network whose outputs are all computed: the
// mean share, 0 to 1, of labels among the one and the five outputs with the largest
// logits. A sample without labels counts as 0. It uses all cores.
func WidePrecision(set *kernel.Set, n *engine.Wide, s SparseSamples) (p1, p5 float64) {
	workers := runtime.GOMAXPROCS(0)
	parts := spans(0, s.Len(), min(256, precisionLogits/n.Out.Rows))
	judges := make([]*precisionJudge, workers)
	first, five := make([]int, len(parts)), make([]int, len(parts))
	parallel(len(parts), workers, func(part, worker int) {
		if judges[worker] == nil {
			judges[worker] = newPrecisionJudge(set, n, parts[0].hi)
		}
		first[part], five[part] = judges[worker].count(s, parts[part].lo, parts[part].hi)
	})
	sum1, sum5 := 0, 0
	for part := range parts {
		sum1, sum5 = sum1+first[part], sum5+five[part]
	}
	all := float64(max(1, s.Len()))
	return float64(sum1) / all, float64(sum5) / (5 * all)
}

// precisionJudge counts right answers, on one core.
type precisionJudge struct {
	set            *kernel.Set
	net            *engine.Wide
	tiles          *kernel.Tiles
	hidden, logits *kernel.Matrix
	best           []int32
}

func newPrecisionJudge(set *kernel.Set, n *engine.Wide, rows int) *precisionJudge {
	return &precisionJudge{
		set: set, net: n, tiles: kernel.NewTiles(),
		hidden: kernel.NewMatrix(rows, n.Embed.Cols), logits: kernel.NewMatrix(rows, n.Out.Rows),
		best: make([]int32, 5),
	}
}

// count returns how many of the best outputs, and of the best five, are labels of samples
// lo to hi-1.
func (p *precisionJudge) count(s SparseSamples, lo, hi int) (first, five int) {
	for i := lo; i < hi; i++ {
		ids, values := s.Sparse(i)
		p.net.Hidden(p.set, p.hidden.Row(i-lo), ids, values)
	}
	h, w, y := p.hidden, p.net.Out, p.logits
	p.set.Gemm(p.tiles, hi-lo, w.Rows, w.Cols, h.Data, h.Stride, 1, w.Data, 1, w.Stride, y.Data, y.Stride, false)
	for i := lo; i < hi; i++ {
		logits := y.Row(i - lo)
		addTo(logits, p.net.OutBias)
		first += p.right(s, i, logits, 1)
		five += p.right(s, i, logits, 5)
	}
	return first, five
}

// right returns how many of the k best outputs are labels of sample i.
func (p *precisionJudge) right(s SparseSamples, i int, logits []float32, k int) int {
	right := 0
	for _, answer := range p.best[:p.set.TopK(p.best, logits, k)] {
		if s.Right(i, int(answer)) {
			right++
		}
	}
	return right
}
