package train

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// treeSampler is [TreeSampler]: it draws class i with a probability near to that by the
// kernel alpha (o_i - c)^2 + 1, where o_i is its logit and c the mean of all logits, from a
// binary tree whose leaves are runs of classes. A node knows the sum of v v' over its
// classes, v being a class's weights and bias less the mean, and with that the sum of the
// kernel for any hidden vector (Blanc and Rendle, ICML 2018, section 3.2).
//
// Nodes are of the weights when the tree was last built, and of projections of v if there
// are fewer dimensions; within a leaf the kernel is that of the weights as they are. So
// probabilities are not quite those of the kernel, but they are known: the product of the
// shares on the way down, and corrections use just these.
//
// Taking the mean away is not in the paper. Softmax does not see it, but without it the
// kernel prefers the least likely classes once most logits are below 0.
type treeSampler struct {
	f      *wideFitting
	n      int // draws
	alpha  float64
	leaf   int // classes
	leaves int
	plan   schedule
	mean   []float32 // of the outputs' weights, and then of their biases
	// project holds rows of a random projection of weights and bias, scaled to keep squares in the
	// mean; nil: none.
	project *kernel.Matrix
	tilt    []float32 // the rows' last element, that for the bias
	// sums holds a node a row: the upper triangle of its sum. The children of node i are 2i
	// and 2i+1, the root is 1 and the leaves are leaves to 2 leaves - 1.
	sums  *kernel.Matrix
	count []float64 // classes of a node
}

func newTreeSampler(f *wideFitting, key rng.Key) *treeSampler {
	a, hidden := f.hyper.Adaptive, f.net.Out.Cols
	leaves := (f.data.Classes + a.Leaf - 1) / a.Leaf
	dims := min(a.Dims, hidden+1)
	s := &treeSampler{
		f: f, n: f.hyper.Samples, alpha: a.Alpha, leaf: a.Leaf, leaves: leaves, plan: newSchedule(a), mean: make([]float32, hidden+1),
		sums: kernel.NewMatrix(2*leaves, dims*(dims+1)/2), count: make([]float64, 2*leaves),
	}
	if dims <= hidden {
		s.drawProjection(dims, key)
	}
	for node := 2*leaves - 1; node > 0; node-- {
		if node < leaves {
			s.count[node] = s.count[2*node] + s.count[2*node+1]
		} else {
			lo, hi := s.classes(node)
			s.count[node] = float64(hi - lo)
		}
	}
	return s
}

// drawProjection draws the random projection, by the lemma of Johnson and Lindenstrauss.
func (s *treeSampler) drawProjection(dims int, key rng.Key) {
	s.project, s.tilt = kernel.NewMatrix(dims, s.f.net.Out.Cols), make([]float32, dims)
	scale := 1 / math.Sqrt(float64(dims))
	for i := range dims {
		source := rand.New(key.Source(rng.Hashing, uint64(i)))
		for j, row := 0, s.project.Row(i); j < len(row); j++ {
			row[j] = float32(scale * source.NormFloat64())
		}
		s.tilt[i] = float32(scale * source.NormFloat64())
	}
}

// classes returns those of a leaf.
func (s *treeSampler) classes(node int) (lo, hi int) {
	lo = (node - s.leaves) * s.leaf
	return lo, min(lo+s.leaf, s.f.data.Classes)
}

// point writes weights and a bias as the nodes take them into v.
func (s *treeSampler) point(v, weights []float32, bias float32) {
	if s.project == nil {
		copy(v, weights)
		v[len(weights)] = bias
		return
	}
	s.f.set.MatVec(v, s.project, weights, nil)
	for i, t := range s.tilt {
		v[i] += float32(t * bias)
	}
}

// dims is the length of points.
func (s *treeSampler) dims() int {
	if s.project == nil {
		return len(s.mean)
	}
	return s.project.Rows
}

func (s *treeSampler) refresh(step int) {
	if !s.plan.due(step) {
		return
	}
	mean, bias := s.f.outputMean()
	copy(s.mean, mean)
	s.mean[len(mean)] = bias
	parallel(s.leaves, len(s.f.scratch), func(leaf, _ int) { s.sumLeaf(s.leaves + leaf) })
	s.join()
}

// sumLeaf computes the sum of a leaf.
func (s *treeSampler) sumLeaf(node int) {
	net, last := s.f.net, len(s.mean)-1
	sum, v, w := s.sums.Row(node), make([]float32, s.dims()), kernel.Aligned(last)
	clear(sum)
	lo, hi := s.classes(node)
	for class := lo; class < hi; class++ {
		for j, weight := range net.Out.Row(class) {
			w[j] = weight - s.mean[j]
		}
		s.point(v, w, net.OutBias[class]-s.mean[last])
		at := 0
		for i, x := range v {
			for _, y := range v[i:] {
				sum[at] += float32(x * y)
				at++
			}
		}
	}
}

// join computes the sums of all nodes but the leaves.
func (s *treeSampler) join() {
	for node := s.leaves - 1; node > 0; node-- {
		copy(s.sums.Row(node), s.sums.Row(2*node))
		addTo(s.sums.Row(node), s.sums.Row(2*node+1))
	}
}

// keep returns the mean and the leaves' sums: they are of weights that have changed since.
func (s *treeSampler) keep() []byte {
	var kept []byte
	for _, v := range s.kept() {
		for _, x := range v {
			kept = binary.LittleEndian.AppendUint32(kept, math.Float32bits(x))
		}
	}
	return kept
}

// kept lists the numbers that others follow from.
func (s *treeSampler) kept() [][]float32 {
	list := [][]float32{s.mean}
	for leaf := range s.leaves {
		list = append(list, s.sums.Row(s.leaves+leaf))
	}
	return list
}

func (s *treeSampler) restore(kept []byte) error {
	if want := 4 * (len(s.mean) + s.leaves*s.sums.Cols); len(kept) != want {
		return fmt.Errorf("%w: sampler %s: want %d bytes, got %d", ErrCheckpoint, TreeSampler, want, len(kept))
	}
	for _, v := range s.kept() {
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(kept))
			kept = kept[4:]
		}
	}
	s.join()
	return nil
}

// treeFinder draws classes.
type treeFinder struct {
	s        *treeSampler
	draws    []float64 // ascending, 0 to below 1
	hidden   []float32
	point    []float32
	pairs    []float32 // products of the point's elements, twice those of different ones
	children [2]float32
	nodes    [2]int32
	center   float64 // mean of all logits
	logits   []float32
	sums     []float64 // of the kernel, up to and with each class of a leaf
	labels   int
	c        *candidates
}

func (s *treeSampler) finder() finder {
	return &treeFinder{
		s: s, draws: make([]float64, s.n), point: make([]float32, s.dims()), pairs: kernel.Aligned(s.sums.Cols),
		logits: make([]float32, s.leaf), sums: make([]float64, s.leaf),
	}
}

// find appends the classes that were drawn, without labels. The k-th of n draws lies in the
// k-th of n parts of equal probability, as in stratified.
func (f *treeFinder) find(c *candidates, h []float32, draws rng.Draws) {
	for k := range f.draws {
		f.draws[k] = (float64(k) + draws.Float(uint64(k))) / float64(len(f.draws))
	}
	f.ask(h)
	f.c, f.labels = c, len(c.ids)
	f.descend(1, f.draws, 0, 1)
	f.c, f.hidden = nil, nil
}

// ask makes the finder draw for a hidden vector.
func (f *treeFinder) ask(h []float32) {
	last := len(h)
	f.hidden, f.center = h, float64(f.s.mean[last])
	for j, x := range h {
		f.center += float64(x) * float64(f.s.mean[j])
	}
	f.s.point(f.point, h, 1)
	at := 0
	for i, x := range f.point {
		for j, y := range f.point[i:] {
			f.pairs[at] = x * y
			if j > 0 {
				f.pairs[at] *= 2
			}
			at++
		}
	}
}

// descend draws below a node, to which the draws from from to from + width belong.
func (f *treeFinder) descend(node int, draws []float64, from, width float64) {
	switch {
	case len(draws) == 0:
	case node >= f.s.leaves:
		f.draw(node, draws, from, width)
	default:
		share := f.share(node)
		cut := from + width*share
		k, _ := slices.BinarySearch(draws, cut)
		f.descend(2*node, draws[:k], from, width*share)
		f.descend(2*node+1, draws[k:], cut, width*(1-share))
	}
}

// share returns the left child's share of a node's draws. It depends on nothing but the
// hidden vector and the node.
func (f *treeFinder) share(node int) float64 {
	f.nodes = [2]int32{int32(2 * node), int32(2*node + 1)}
	f.s.f.set.GatherMatVec(f.children[:], f.s.sums, f.nodes[:], f.pairs, nil)
	// Rounding may leave a sum of squares below 0.
	left := f.s.alpha*max(0, float64(f.children[0])) + f.s.count[2*node]
	right := f.s.alpha*max(0, float64(f.children[1])) + f.s.count[2*node+1]
	return left / (left + right)
}

// kernels computes the sums of the kernel over a leaf's classes, up to and with each.
func (f *treeFinder) kernels(node int) []float64 {
	lo, hi := f.s.classes(node)
	out, sum := f.s.f.net.Out, 0.0
	part := kernel.Matrix{Rows: hi - lo, Cols: out.Cols, Stride: out.Stride, Data: out.Data[lo*out.Stride : hi*out.Stride]}
	f.s.f.set.MatVec(f.logits[:hi-lo], &part, f.hidden, f.s.f.net.OutBias[lo:hi])
	for i, o := range f.logits[:hi-lo] {
		above := float64(o) - f.center
		sum += f.s.alpha*above*above + 1
		f.sums[i] = sum
	}
	return f.sums[:hi-lo]
}

// draw draws among a leaf's classes.
func (f *treeFinder) draw(node int, draws []float64, from, width float64) {
	sums := f.kernels(node)
	whole, first := sums[len(sums)-1], (node-f.s.leaves)*f.s.leaf
	before := 0.0
	for i, sum := range sums {
		k, last := 0, i == len(sums)-1
		for k < len(draws) && (last || (draws[k]-from)/width*whole < sum) {
			k++
		}
		if k > 0 {
			f.add(int32(first+i), k, width*(sum-before)/whole)
		}
		draws, before = draws[k:], sum
	}
}

// add appends a class that was drawn count times with a probability each, unless it is one
// of the labels, which count as they are.
func (f *treeFinder) add(class int32, count int, probability float64) {
	if !slices.Contains(f.c.ids[:f.labels], class) {
		f.c.ids = append(f.c.ids, class)
		f.c.shift = append(f.c.shift, float32(math.Log(float64(count)/(float64(f.s.n)*probability))))
	}
}
