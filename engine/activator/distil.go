package activator

import (
	"math"
	"math/rand/v2"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// Settings of the regression. Hidden vectors are scaled to a mean square of 1, so that the
// rate serves any network.
const (
	distilBatch = 256   // examples a step
	distilRate  = 0.003 // of the first step; it falls linearly to 0
)

// distiller fits scores = W x by softmax regression with Adam (Kingma and Ba, ICLR 2015),
// where x is a hidden vector, less the mean and scaled, with a 1 behind it for the bias.
type distiller struct {
	set           *kernel.Set
	tiles         *kernel.Tiles
	e             *Examples
	classOf       []int32 // [node]
	mean          []float32
	scale         float32
	w, slope      *kernel.Matrix // classes x hidden+1
	first, second []float32      // moments of the slope, as Adam has them
	x, y          *kernel.Matrix // batch x hidden+1, batch x classes
}

// distil returns rows and biases that predict, as logits, the classes of the nodes that
// are likely for a hidden vector.
func distil(set *kernel.Set, e *Examples, classOf []int32, classes, epochs int, key rng.Key) (*kernel.Matrix, []float32) {
	d := newDistiller(set, e, classOf, classes)
	order := rand.New(key.Source(rng.Training, 1)).Perm(e.Inputs.Len())
	batches := (len(order) + distilBatch - 1) / distilBatch
	for step := range epochs * batches {
		from := step % batches * distilBatch
		d.slopeOf(order[from:min(from+distilBatch, len(order))])
		d.adam(step, distilRate*(1-float64(step)/float64(epochs*batches)))
	}
	return d.result()
}

func newDistiller(set *kernel.Set, e *Examples, classOf []int32, classes int) *distiller {
	columns := e.Hidden.Cols + 1
	d := &distiller{
		set: set, tiles: kernel.NewTiles(), e: e, classOf: classOf, mean: meanRow(e.Hidden),
		w: kernel.NewMatrix(classes, columns), slope: kernel.NewMatrix(classes, columns),
		x: kernel.NewMatrix(distilBatch, columns), y: kernel.NewMatrix(distilBatch, classes),
	}
	d.first, d.second = make([]float32, len(d.w.Data)), make([]float32, len(d.w.Data))
	d.scale = scaleOf(e.Hidden, d.mean)
	return d
}

// scaleOf returns the factor that makes the mean square of centred rows 1.
func scaleOf(m *kernel.Matrix, mean []float32) float32 {
	sum, centred := 0.0, make([]float32, m.Cols)
	for i := range m.Rows {
		subtract(centred, m.Row(i), mean)
		sum += dot64(centred, centred)
	}
	if sum == 0 {
		return 1
	}
	return float32(math.Sqrt(float64(m.Rows) * float64(m.Cols) / sum))
}

// slopeOf sets the slope of the mean cross-entropy over a batch.
func (d *distiller) slopeOf(batch []int) {
	for k, i := range batch {
		x := d.x.Row(k)
		subtract(x[:len(d.mean)], d.e.Hidden.Row(i), d.mean)
		for j := range d.mean {
			x[j] *= d.scale
		}
		x[len(d.mean)] = 1
	}
	x, w, y := d.x, d.w, d.y
	d.set.Gemm(d.tiles, len(batch), w.Rows, w.Cols, x.Data, x.Stride, 1, w.Data, 1, w.Stride, y.Data, y.Stride, false)
	for k, i := range batch {
		d.subtractWanted(y.Row(k), d.e.Inputs.Likely(i), 1/float32(len(batch)))
	}
	d.set.Gemm(d.tiles, w.Rows, w.Cols, len(batch), y.Data, 1, y.Stride, x.Data, x.Stride, 1, d.slope.Data, d.slope.Stride, false)
}

// subtractWanted turns scores into factor times (probabilities less the wanted ones): the
// slope of cross-entropy.
func (d *distiller) subtractWanted(y []float32, likely []Scored, factor float32) {
	most := y[argmax(y)]
	sum, wanted := float32(0), float32(0)
	for c, v := range y {
		y[c] = float32(math.Exp(float64(v - most)))
		sum += y[c]
	}
	for c := range y {
		y[c] *= factor / sum
	}
	for _, s := range likely {
		wanted += s.Share
	}
	for _, s := range likely {
		y[d.classOf[s.Node]] -= float32(factor * s.Share / wanted)
	}
}

// adam takes the step of a number, from 0.
func (d *distiller) adam(step int, rate float64) {
	const keepFirst, keepSecond, tiny = 0.9, 0.999, 1e-8
	t := float64(step + 1)
	size := float32(rate * math.Sqrt(1-math.Pow(keepSecond, t)) / (1 - math.Pow(keepFirst, t)))
	for i, g := range d.slope.Data {
		d.first[i] = float32(keepFirst*d.first[i]) + float32((1-keepFirst)*g)
		d.second[i] = float32(keepSecond*d.second[i]) + float32((1-keepSecond)*g*g)
		d.w.Data[i] -= float32(size * d.first[i] / (float32(math.Sqrt(float64(d.second[i]))) + tiny))
	}
}

// result returns the regression for hidden vectors as they are.
func (d *distiller) result() (*kernel.Matrix, []float32) {
	rows, bias := kernel.NewMatrix(d.w.Rows, len(d.mean)), kernel.Aligned(d.w.Rows)
	for c := range bias {
		w := d.w.Row(c)
		for j := range d.mean {
			rows.Row(c)[j] = w[j] * d.scale
		}
		bias[c] = float32(float64(w[len(d.mean)]) - dot64(rows.Row(c), d.mean))
	}
	return rows, bias
}
