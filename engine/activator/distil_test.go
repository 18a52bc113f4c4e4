package activator

import (
	"math"
	"testing"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// crossEntropy is the mean over a batch of -sum of wanted x log probability.
func crossEntropy(d *distiller, batch []int) float64 {
	total := 0.0
	for _, i := range batch {
		x := make([]float32, d.w.Cols)
		for j, m := range d.mean {
			x[j] = (d.e.Hidden.Row(i)[j] - m) * d.scale
		}
		x[len(d.mean)] = 1
		sum, wanted := 0.0, 0.0
		for c := range d.w.Rows {
			sum += math.Exp(dot64(d.w.Row(c), x))
		}
		for _, s := range d.e.Inputs.Likely(i) {
			wanted += float64(s.Share)
		}
		for _, s := range d.e.Inputs.Likely(i) {
			total -= float64(s.Share) / wanted * (dot64(d.w.Row(int(d.classOf[s.Node])), x) - math.Log(sum))
		}
	}
	return total / float64(len(batch))
}

// The slope is that of the loss, by finite differences.
func TestDistillersSlope(t *testing.T) {
	set := kernel.Best()
	e := newTestExamples(set, 8, 40, 9, 30, 5)
	classOf := make([]int32, 30)
	for node := range classOf {
		classOf[node] = int32(node * 7 % 4)
	}
	d, batch := newDistiller(set, e, classOf, 4), []int{3, 1, 17, 39, 20}
	for i := range d.w.Rows {
		for j := range d.w.Cols {
			d.w.Row(i)[j] = float32((i*7+j*5)%11)/10 - 0.5
		}
	}
	d.slopeOf(batch)
	for i := range d.w.Rows {
		for j := range d.w.Cols {
			const step = 1.0 / 256
			w, before := &d.w.Row(i)[j], d.w.Row(i)[j]
			*w = before + step
			up := crossEntropy(d, batch)
			*w = before - step
			down := crossEntropy(d, batch)
			*w = before
			if want, got := (up-down)/(2*step), float64(d.slope.Row(i)[j]); math.Abs(want-got) > 1e-3 {
				t.Errorf("class %d, column %d: want %g, got %g", i, j, want, got)
			}
		}
	}
}

// A regression that can be learnt is learnt, for hidden vectors as they are.
func TestDistillersLearn(t *testing.T) {
	set := kernel.Best()
	e := newTestExamples(set, 9, 500, 9, 2, 1)
	rows, bias := distil(set, e, []int32{0, 1}, 2, 200, rng.Key{Seed: 1})
	y, right := kernel.Aligned(2), 0
	for i := range 500 {
		if set.MatVec(y, rows, e.Hidden.Row(i), bias); int32(argmax(y)) == e.Inputs.Likely(i)[0].Node {
			right++
		}
	}
	if right < 475 {
		t.Errorf("want the likelier of two nodes for 475 or more of 500 examples, got %d", right)
	}
}
