package train

import (
	"math"
	"math/rand/v2"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// pass runs rows of a batch through a network. The rows of a batch do not meet in it,
// so that they may be cut into parts at will without changing a bit.
type pass struct {
	set     *kernel.Set
	net     *engine.Network
	dropout float64 // share of hidden nodes that a sample loses at random; 0 outside training
	smooth  float64 // share of the target that label smoothing spreads over all classes
	key     rng.Key // of dropout's draws
}

// forward computes the values of rows lo to hi-1 of all layers.
func (p *pass) forward(b *batch, s *scratch, lo, hi int) {
	for l := range p.net.Layers {
		w, x, y := p.net.Layers[l].W, b.values[l], b.values[l+1]
		outputs, inputs := p.widths(b, l)
		p.set.Gemm(s.tiles, hi-lo, outputs, inputs,
			x.Data[lo*x.Stride:], x.Stride, 1, w.Data, 1, w.Stride, y.Data[lo*y.Stride:], y.Stride, false)
		for row := lo; row < hi; row++ {
			addTo(y.Row(row)[:outputs], p.net.Layers[l].Bias[b.levels[row]])
			if l < len(p.net.Layers)-1 {
				p.activate(b, s, l, row)
			}
		}
	}
}

// widths returns how many outputs and inputs of layer l are computed. All rows of a
// slimmable network's batch are at one level.
func (p *pass) widths(b *batch, l int) (outputs, inputs int) {
	return p.net.Width(b.levels[0], l), p.net.Width(b.levels[0], l-1)
}

// activate turns the sums of a hidden layer's row into its values.
func (p *pass) activate(b *batch, s *scratch, l, row int) {
	y := b.values[l+1].Row(row)[:p.net.Width(b.levels[row], l)]
	if l < p.net.Masked {
		s.keepLargest(p.set, y, p.net.Keep(b.levels[row], len(y)))
	}
	rectify(y)
	if p.dropout > 0 {
		drop(y, p.dropout, p.key.Child(rng.Training, uint64(l)).Source(rng.Training, b.draws[row]))
	}
}

// drop zeroes each value with the given probability, in steps of 1/256, and scales the
// others so that the expected sum stays.
func drop(y []float32, probability float64, source *rand.PCG) {
	limit, scale := dropLimit(probability), dropScale(probability)
	for len(y) > 0 {
		bits := source.Uint64()
		for i := range y[:min(8, len(y))] {
			if bits>>(8*i)&0xff < limit {
				y[i] = 0
			} else {
				y[i] *= scale
			}
		}
		y = y[min(8, len(y)):]
	}
}

// dropLimit is the number of byte values, of 256, that mean a drop.
func dropLimit(probability float64) uint64 { return uint64(math.Round(probability * 256)) }

// dropScale is what drop multiplies the remaining values by.
func dropScale(probability float64) float32 {
	return float32(256 / float64(256-dropLimit(probability)))
}

// keepLargest zeroes all but the keep largest elements of y. ReLU comes after: the
// order does not matter, since a zero stays zero.
func (s *scratch) keepLargest(set *kernel.Set, y []float32, keep int) {
	if keep >= len(y) {
		return
	}
	ids := s.ids[:set.TopK(s.ids, y, keep)]
	for i, id := range ids {
		s.kept[i] = y[id]
	}
	clear(y)
	for i, id := range ids {
		y[id] = s.kept[i]
	}
}

func addTo(y, x []float32) {
	x = x[:len(y)]
	for i, v := range x {
		y[i] += v
	}
}

func rectify(y []float32) {
	for i, v := range y {
		y[i] = max(v, 0)
	}
}

// distil is crossEntropy against the probabilities that a wider level of the same network
// gave: in-place distillation (Yu and Huang, ICCV 2019).
func distil(delta, logits []float32, wanted []float64, samples int) (loss float64) {
	sum, best := 0.0, largest(logits)
	for _, v := range logits {
		sum += math.Exp(float64(v - logits[best]))
	}
	logSum := math.Log(sum)
	for i, v := range logits {
		logProbability := float64(v-logits[best]) - logSum
		loss -= float64(wanted[i] * logProbability)
		delta[i] = float32((math.Exp(logProbability) - wanted[i]) / float64(samples))
	}
	return loss
}

// softmax writes the probabilities of logits to out.
func softmax(out []float64, logits []float32) {
	sum, best := 0.0, largest(logits)
	for i, v := range logits {
		out[i] = math.Exp(float64(v - logits[best]))
		sum += out[i]
	}
	for i := range logits {
		out[i] /= sum
	}
}

// crossEntropy turns logits into the gradient of the loss by them, divided by the
// number of samples, and returns the loss and whether the answer is right. The loss is
// that of softmax against the label, of which smooth is spread over all classes.
func crossEntropy(delta, logits []float32, label int, smooth float64, samples int) (loss float64, right bool) {
	best := largest(logits)
	sum := 0.0
	for _, v := range logits {
		sum += math.Exp(float64(v - logits[best]))
	}
	logSum := math.Log(sum)
	for i, v := range logits {
		target := smooth / float64(len(logits))
		if i == label {
			target += 1 - smooth
		}
		logProbability := float64(v-logits[best]) - logSum
		loss -= float64(target * logProbability)
		delta[i] = float32((math.Exp(logProbability) - target) / float64(samples))
	}
	return loss, best == label
}
