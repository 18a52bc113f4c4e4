package engine

import "slosim/engine/kernel"

// sparsePass is the memory of a forward pass that reads feature-major weights: each
// layer adds up the rows of the inputs that are not zero. It belongs to one worker.
type sparsePass struct {
	set    *kernel.Set
	layers [][]float32 // outputs of each layer
	ids    []int32     // the count inputs of the next layer that are not zero,
	values []float32   // and their values
	count  int
	picked []int32
	ops    int64 // multiply-adds since reset
}

func newSparsePass(net *Network, set *kernel.Set) *sparsePass {
	s := net.NewScratch()
	return &sparsePass{set: set, layers: s.layers, ids: s.ids, values: s.values, picked: make([]int32, len(s.ids))}
}

// takeInputs makes the non-zero elements of x the inputs of the next layer.
func (p *sparsePass) takeInputs(x []float32) { p.count = p.set.Compress(p.ids, p.values, x) }

// takePositive makes the positive elements of y the inputs of the next layer.
func (p *sparsePass) takePositive(y []float32) {
	p.count = p.set.CompressPositive(p.ids, p.values, y)
}

// keepLargest drops all but the keep largest inputs of the next layer; of equal ones
// the earlier stay.
func (p *sparsePass) keepLargest(keep int) {
	if p.count <= keep {
		return
	}
	n := p.set.TopK(p.picked, p.values[:p.count], keep)
	for i, at := range p.picked[:n] { // ascending, so nothing is overwritten before it is read
		p.ids[i], p.values[i] = p.ids[at], p.values[at]
	}
	p.count = n
}

// sum computes layer i from its current inputs and returns its outputs before ReLU.
func (p *sparsePass) sum(i int, wide *kernel.Matrix, bias []float32) []float32 {
	y := p.layers[i]
	copy(y, bias)
	p.set.Axpy(y, wide, p.ids[:p.count], p.values[:p.count])
	p.ops += int64(p.count) * int64(wide.Cols)
	return y
}

// finish runs the layers after the first on its current outputs' kept inputs and
// returns the logits. keep is how many stay in each masked layer.
func (p *sparsePass) finish(r *resident, level int, keep []int) []float32 {
	last := len(r.wide) - 1
	for i := 1; i < last; i++ {
		p.takePositive(p.sum(i, r.wide[i], r.net.Layers[i].Bias[level]))
		if i < len(keep) {
			p.keepLargest(keep[i])
		}
	}
	return p.sum(last, r.wide[last], r.net.Layers[last].Bias[level])
}

// workClasses is how many classes a cost that depends on the input is divided into.
const workClasses = 8

// workClass divides the range from no work to that of a dense pass evenly.
func workClass(ops, dense int64) uint8 {
	return uint8(min(workClasses*ops/dense, workClasses-1))
}
