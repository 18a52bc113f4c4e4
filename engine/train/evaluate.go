package train

import (
	"runtime"

	"slosim/engine"
	"slosim/engine/kernel"
)

// Accuracy returns the share of samples, 0 to 1, that a network answers right at a
// level, every node of the level computed. It uses all cores.
func Accuracy(set *kernel.Set, net *engine.Network, level int, samples Samples) float64 {
	return accuracy(set, net, level, samples, nil)
}

// accuracy is Accuracy of a network that takes inputs minus mean.
func accuracy(set *kernel.Set, net *engine.Network, level int, samples Samples, mean []float32) float64 {
	const rows = 256
	workers := runtime.GOMAXPROCS(0)
	batches, scratches := make([]*batch, workers), make([]*scratch, workers)
	for i := range workers {
		batches[i], scratches[i] = newBatch(net, rows), newScratch(net)
	}
	parts := spans(0, samples.Len(), rows)
	right := make([]int, len(parts))
	parallel(len(parts), workers, func(part, worker int) {
		b, s := batches[worker], scratches[worker]
		b.size = parts[part].hi - parts[part].lo
		for row := range b.size {
			x := b.values[0].Row(row)
			samples.Input(parts[part].lo+row, x)
			b.labels[row], b.levels[row] = samples.Label(parts[part].lo+row), level
			for i := range min(len(mean), len(x)) {
				x[i] -= mean[i]
			}
		}
		p := pass{set: set, net: net}
		p.forward(b, s, 0, b.size)
		right[part] = b.countRight()
	})
	total := 0
	for _, n := range right {
		total += n
	}
	return float64(total) / float64(max(1, samples.Len()))
}

// countRight counts the samples whose label has the largest logit, of equal ones the first.
func (b *batch) countRight() int {
	right := 0
	logits := b.values[len(b.values)-1]
	for row := range b.size {
		if largest(logits.Row(row)) == b.labels[row] {
			right++
		}
	}
	return right
}

// largest returns the index of the largest number, of equal ones the first.
func largest(y []float32) int {
	best := 0
	for i, v := range y {
		if v > y[best] {
			best = i
		}
	}
	return best
}
