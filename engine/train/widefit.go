package train

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// wideFitting is a wide network being trained.
type wideFitting struct {
	set     *kernel.Set
	net     *engine.Wide
	data    WideData
	hyper   WideHyper
	key     rng.Key
	samples []int // those of data.Fit that have labels

	embed, out          adamTable
	hiddenBias, outBias adamVector
	batch               *wideBatch
	features            *groups
	head                head
	scratch             []*wideScratch // one a goroutine
	steps               int            // in all
	step                int            // done
	loss                float64        // sum over the samples of this epoch so far
}

// wideBatch is a mini-batch: one row a sample in every table.
type wideBatch struct {
	samples        []int
	hidden, deltas *kernel.Matrix // hidden vectors, and the gradients of the loss by what is before their ReLU
	losses         []float64
	inputs         thinned
}

// wideScratch is one goroutine's memory. Its content never outlives a part of the work.
type wideScratch struct {
	tiles    *kernel.Tiles
	gradient []float32 // of a row of weights
	own      []float32 // logits of a row's labels
	finder   finder    // of rowHead; nil in others
}

// newWideFitting prepares training of the network of zeros net.
func newWideFitting(net *engine.Wide, data WideData, hyper WideHyper, key rng.Key, set *kernel.Set) (*wideFitting, error) {
	hidden := net.Embed.Cols
	hyper = hyper.adapted(data.Classes)
	f := &wideFitting{
		set: set, net: net, data: data, hyper: hyper, key: key, samples: data.labelled(),
		embed: newAdamTable(net.Embed), hiddenBias: newAdamVector(net.HiddenBias),
		out: newAdamTable(net.Out), outBias: newAdamVector(net.OutBias),
		features: newGroups(data.Features),
		batch: &wideBatch{
			hidden: kernel.NewMatrix(hyper.Batch, hidden), deltas: kernel.NewMatrix(hyper.Batch, hidden),
			losses: make([]float64, hyper.Batch),
		},
	}
	if len(f.samples) == 0 {
		return nil, fmt.Errorf("training %s: want samples with labels, got %d without", net.Name, data.Fit.Len())
	}
	f.steps = hyper.Epochs * f.batches()
	for range runtime.GOMAXPROCS(0) {
		f.scratch = append(f.scratch, &wideScratch{tiles: kernel.NewTiles(), gradient: kernel.Aligned(hidden)})
	}
	initialiseWide(net, draw(key, drawWeights))
	if hyper.Prior {
		setPriors(net.OutBias, data.Fit)
	}
	var err error
	f.head, err = f.newHead()
	return f, err
}

// embedDeviation is the length of a feature's row before training. Rows of rare features stay
// close to where they began and are noise to other inputs: with 0.3 instead of 1, half a point
// more of wordnet-13k's calibration samples was answered right.
const embedDeviation = 0.3

// initialiseWide draws weights from normal distributions. Inputs have about unit length,
// whatever their number of features, so the hidden layer's variance does not fall with it.
func initialiseWide(n *engine.Wide, key rng.Key) {
	fill := func(m *kernel.Matrix, table uint64, deviation float64) {
		for i := range m.Rows {
			source := rand.New(key.Source(rng.Training, table<<32|uint64(i)))
			for j, row := 0, m.Row(i); j < len(row); j++ {
				row[j] = float32(deviation * source.NormFloat64())
			}
		}
	}
	fill(n.Embed, 0, embedDeviation/math.Sqrt(float64(n.Embed.Cols)))
	fill(n.Out, 1, 1/math.Sqrt(float64(n.Out.Cols)))
}

// setPriors sets biases to the log of how large a share of all labels a class is, half a label
// added to each. Softmax with these alone is right about what it knows nothing else of, so no
// step is spent on pushing hundreds of thousands of rare classes down one by one, which each
// of them would wait for until it is drawn.
func setPriors(bias []float32, s SparseSamples) {
	counts, all := labelCounts(s, len(bias)), 0.5*float64(len(bias))
	for _, count := range counts {
		all += float64(count)
	}
	for class, count := range counts {
		bias[class] = float32(math.Log((float64(count) + 0.5) / all))
	}
}

// batches is the number of mini-batches in an epoch; the last one may be short.
func (f *wideFitting) batches() int { return (len(f.samples) + f.hyper.Batch - 1) / f.hyper.Batch }

// each calls do for parts of 0 to n-1 from all cores.
func (f *wideFitting) each(n int, do func(s *wideScratch, lo, hi int)) {
	parts := spans(0, n, n/(2*len(f.scratch)))
	parallel(len(parts), len(f.scratch), func(part, worker int) { do(f.scratch[worker], parts[part].lo, parts[part].hi) })
}

// run takes the steps that are left. It calls epoch after the last step of each epoch,
// with the mean loss, and stepped after each step.
func (f *wideFitting) run(ctx context.Context, stepped func() error, epoch func(epoch int, loss float64)) error {
	var order []int
	for f.step < f.steps {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("training %s: %w", f.net.Name, err)
		}
		at, number := f.step/f.batches(), f.step%f.batches()
		if order == nil || number == 0 {
			order = shuffled(len(f.samples), draw(f.key, drawOrder), at)
		}
		if err := f.learn(order[number*f.hyper.Batch : min((number+1)*f.hyper.Batch, len(order))]); err != nil {
			return err
		}
		if number == f.batches()-1 {
			epoch(at, f.loss/float64(len(f.samples)))
			f.loss = 0
		}
		if err := stepped(); err != nil {
			return err
		}
	}
	return nil
}

// learn takes one step on samples, given by their places among those with labels.
func (f *wideFitting) learn(places []int) error {
	b := f.batch
	b.samples = b.samples[:0]
	for _, place := range places {
		b.samples = append(b.samples, f.samples[place])
	}
	f.derive()
	sum := 0.0
	for _, loss := range b.losses[:len(b.samples)] {
		sum += loss
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return fmt.Errorf("training %s: the loss is no number any more in step %d of epoch %d: want a lower learning rate than %g",
			f.net.Name, f.step%f.batches()+1, f.step/f.batches()+1, f.hyper.Rate)
	}
	f.loss += sum
	f.update()
	return nil
}

// derive runs the batch through the network and back to the hidden layer.
func (f *wideFitting) derive() {
	b := f.batch
	b.inputs.fill(f.data.Fit, b.samples, f.hyper.InputDropout, draw(f.key, drawInputs).Child(rng.Training, uint64(f.step)))
	f.head.prepare(b)
	f.each(len(b.samples), func(s *wideScratch, lo, hi int) {
		for row := lo; row < hi; row++ {
			ids, values := b.inputs.of(row)
			h := b.hidden.Row(row)
			f.net.Hidden(f.set, h, ids, values)
			if f.hyper.Dropout > 0 {
				drop(h, f.hyper.Dropout, draw(f.key, drawDropout).Source(rng.Training, uint64(f.step)<<32|uint64(row)))
			}
		}
		f.narrow(lo, hi)
		f.head.derive(b, s, lo, hi)
		for row := lo; row < hi; row++ {
			through(b.deltas.Row(row), b.hidden.Row(row), dropScale(f.hyper.Dropout))
		}
	})
}

// narrow leaves some rows only the first of their hidden nodes.
func (f *wideFitting) narrow(lo, hi int) {
	widths := f.hyper.Widths
	if len(widths) < 2 {
		return
	}
	draws := draw(f.key, drawWidths).Child(rng.Training, uint64(f.step)).Draws(rng.Training)
	for row := lo; row < hi; row++ {
		if u := draws.Float(uint64(row)); u < 0.5 {
			clear(f.batch.hidden.Row(row)[widths[int(2*u*float64(len(widths)-1))]:])
		}
	}
}

// update moves all weights that the batch touches by one step.
func (f *wideFitting) update() {
	b, step := f.batch, newAdamStep(linearRate(f.hyper.Rate, f.step, f.steps), 0, f.step+1)
	f.head.update(b, step)
	f.features.fill(len(b.samples), b.inputs.of)
	f.each(len(f.features.ids), func(s *wideScratch, lo, hi int) {
		for i := lo; i < hi; i++ {
			f.features.sum(f.set, s.gradient, b.deltas, i)
			f.embed.update(int(f.features.ids[i]), s.gradient, step)
		}
	})
	f.hiddenBias.update(0, f.biasGradient(f.scratch[0].gradient), step)
	f.step++
}

// biasGradient writes the gradient of the hidden biases to sum and returns it.
func (f *wideFitting) biasGradient(sum []float32) []float32 {
	clear(sum)
	for row := range f.batch.samples {
		addTo(sum, f.batch.deltas.Row(row))
	}
	return sum
}
