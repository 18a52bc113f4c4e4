package train

import (
	"context"
	"fmt"
	"math"
	"runtime"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// fitting is one network being trained.
type fitting struct {
	set   *kernel.Set
	net   *engine.Network // trained on inputs minus mean
	data  Data
	mean  []float32
	hyper Hyper
	key   rng.Key

	pass     pass
	optimise *adam
	gradient *engine.Network
	batch    *batch
	scratch  []*scratch // one a goroutine
	nodes    []span     // parts of the layers' nodes
	sparse   *sparsity  // of a network that is being pruned; nil otherwise
	steps    int        // in all
	step     int        // done
}

// newFitting prepares training of net, which it changes in place.
func newFitting(net *engine.Network, data Data, hyper Hyper, key rng.Key, set *kernel.Set) *fitting {
	f := &fitting{
		set: set, net: net, data: data, hyper: hyper, key: key,
		mean:     pixelMean(data.Fit, data.Features),
		pass:     pass{set: set, net: net, dropout: hyper.Dropout, smooth: hyper.Smoothing, key: draw(key, drawDropout)},
		optimise: newAdam(net),
		gradient: like(net),
		batch:    newBatch(net, hyper.Batch),
	}
	f.steps = hyper.Epochs * f.batches()
	workers := runtime.GOMAXPROCS(0)
	for range workers {
		f.scratch = append(f.scratch, newScratch(net))
	}
	for l := range net.Layers {
		n := net.Layers[l].W.Rows
		f.nodes = append(f.nodes, spans(l, n, n/(2*workers))...)
	}
	return f
}

// batches is the number of mini-batches in an epoch; the last one may be short.
func (f *fitting) batches() int { return (f.data.Fit.Len() + f.hyper.Batch - 1) / f.hyper.Batch }

// epoch runs through all samples once, in an order drawn for the epoch.
func (f *fitting) epoch(ctx context.Context, epoch int) (loss float64, err error) {
	order := shuffled(f.data.Fit.Len(), draw(f.key, drawOrder), epoch)
	for lo := 0; lo < len(order); lo += f.hyper.Batch {
		if err := ctx.Err(); err != nil {
			return 0, fmt.Errorf("training %s: %w", f.net.Name, err)
		}
		hi := min(lo+f.hyper.Batch, len(order))
		loss += f.learn(order[lo:hi], epoch)
	}
	loss /= float64(len(order))
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return 0, fmt.Errorf("training %s: the loss is no number any more in epoch %d: want a lower learning rate than %g", f.net.Name, epoch+1, f.hyper.Rate)
	}
	return loss, nil
}

// learn takes one step on a batch of samples and returns the sum of their losses.
func (f *fitting) learn(samples []int, epoch int) float64 {
	b := f.batch
	b.size, b.distil = len(samples), false
	f.eachRow(func(row int, s *scratch) { f.fill(row, samples[row], epoch, s) })
	f.derive(true)
	sum := 0.0
	for _, loss := range b.losses[:b.size] {
		sum += loss
	}
	if f.net.Kind == engine.Slimmable {
		f.learnNarrower()
	}
	f.update()
	return sum
}

// eachRow calls do for each row of the batch, from all cores.
func (f *fitting) eachRow(do func(row int, s *scratch)) {
	rows := spans(0, f.batch.size, f.batch.size/len(f.scratch))
	parallel(len(rows), len(f.scratch), func(part, worker int) {
		for row := rows[part].lo; row < rows[part].hi; row++ {
			do(row, f.scratch[worker])
		}
	})
}

// derive runs the batch through the network and back and adds up gradients, from zero if
// first.
func (f *fitting) derive(first bool) {
	b := f.batch
	rows := spans(0, b.size, b.size/len(f.scratch))
	parallel(len(rows), len(f.scratch), func(part, worker int) {
		lo, hi, s := rows[part].lo, rows[part].hi, f.scratch[worker]
		f.pass.forward(b, s, lo, hi)
		f.pass.backward(b, s, lo, hi)
	})
	parallel(len(f.nodes), len(f.scratch), func(part, worker int) {
		at := f.nodes[part]
		f.pass.gradients(f.gradient, b, f.scratch[worker], at.layer, at.lo, at.hi, first)
	})
}

// update moves all weights by one step.
func (f *fitting) update() {
	step := newAdamStep(linearRate(f.hyper.Rate, f.step, f.steps), f.hyper.Decay, f.step+1)
	parallel(len(f.nodes), len(f.scratch), func(part, _ int) {
		at := f.nodes[part]
		for node := at.lo; node < at.hi; node++ {
			f.optimise.updateNode(f.net, f.gradient, at.layer, node, step)
		}
	})
	f.step++
	if f.sparse != nil {
		f.sparse.after(f.net, f.step)
	}
}

// fill puts a sample into a row of the batch, varied and at a level drawn for this epoch.
func (f *fitting) fill(row, sample, epoch int, s *scratch) {
	b := f.batch
	b.labels[row] = f.data.Fit.Label(sample)
	b.draws[row] = uint64(epoch)<<32 | uint64(sample)
	b.levels[row] = len(f.net.Levels) - 1
	if f.net.Kind == engine.WinnerTakeAll {
		b.levels[row] = f.hyper.level(draw(f.key, drawLevel).Float(rng.Training, b.draws[row]))
	}
	x := b.values[0].Row(row)
	vary := draw(f.key, drawVariation).Uint64(rng.Training, b.draws[row])
	f.hyper.variation(vary).apply(f.data, sample, x, s.image)
	for i, mean := range f.mean[:len(x)] {
		x[i] -= mean
	}
}
