package train

import (
	"cmp"
	"fmt"
	"math"
)

// WideAdaptive are the settings of the samplers that follow the weights, [LSHSampler] and
// [TreeSampler]. Where a number is 0, it is chosen by the number of classes.
type WideAdaptive struct {
	// Rebuild is the number of batches after which tables or tree are built anew from the
	// weights for the first time, and Growth the factor, 1 or more, by which each interval
	// is longer than the one before: weights move less and less (SLIDE, section 3.1.3).
	Rebuild int
	Growth  float64

	Bits   int // LSHSampler: bits of a hash, K in SLIDE; 1 to 16
	Tables int // LSHSampler: hash tables, L in SLIDE

	Leaf int // TreeSampler: classes of a leaf
	// Dims is the number of dimensions, of a random projection, in which TreeSampler's nodes
	// know their classes; from the hidden nodes and one on there is no projection. A node
	// takes Dims(Dims+1)/2 numbers.
	Dims  int
	Alpha float64 // TreeSampler: weight of the square in the kernel
}

// The limits and defaults of WideAdaptive.
const (
	maxHashBits   = 16
	maxHashTables = 1000
	hashTables    = 50 // SLIDE's for both of its data sets
	bucketClasses = 8  // classes that a bucket has in the mean, about: the union is then a few hundred
	leafClasses   = 64
	treeDims      = 16  // as good as no projection for wordnet-13k, where that takes 60 times the sums
	kernelAlpha   = 1   // Blanc and Rendle's is 100, with which classes of mean logits come too rarely here: P@1 38 instead of 39 %
	rebuildAfter  = 10  // SLIDE's is 50, too late for the fast first batches here: P@1 40 instead of 42 %
	rebuildGrowth = 1.1 // e^0.1
)

// check reports what contradicts itself.
func (a *WideAdaptive) check() error {
	switch {
	case a.Rebuild < 0 || a.Growth != 0 && !(a.Growth >= 1):
		return fmt.Errorf("rebuilding: want 0 or more batches that grow by a factor of 1 or more, got %d and %g", a.Rebuild, a.Growth)
	case a.Bits < 0 || a.Bits > maxHashBits || a.Tables < 0 || a.Tables > maxHashTables:
		return fmt.Errorf("hashing: want 0 to %d bits and 0 to %d tables, got %d and %d", maxHashBits, maxHashTables, a.Bits, a.Tables)
	case a.Leaf < 0 || a.Dims < 0 || !(a.Alpha >= 0) || math.IsInf(a.Alpha, 0):
		return fmt.Errorf("tree: want leaves of 0 or more classes, 0 or more dimensions and a finite weight of 0 or more, got %d, %d and %g", a.Leaf, a.Dims, a.Alpha)
	}
	return nil
}

// adapted returns the settings with the defaults for a number of classes, where the sampler
// has some.
func (h WideHyper) adapted(classes int) WideHyper {
	if !h.follows() {
		return h
	}
	a := &h.Adaptive
	a.Rebuild, a.Growth = cmp.Or(a.Rebuild, rebuildAfter), cmp.Or(a.Growth, rebuildGrowth)
	if h.Sampler == TreeSampler {
		a.Leaf, a.Dims, a.Alpha = cmp.Or(a.Leaf, leafClasses), cmp.Or(a.Dims, treeDims), cmp.Or(a.Alpha, kernelAlpha)
		h.Samples = cmp.Or(h.Samples, min(256, (classes+9)/10))
		return h
	}
	a.Tables = cmp.Or(a.Tables, hashTables)
	a.Bits = cmp.Or(a.Bits, min(maxHashBits, max(1, int(math.Round(math.Log2(float64(classes)/bucketClasses))))))
	h.Samples = min(classes, cmp.Or(h.Samples, min(1000, (classes+9)/10)))
	return h
}

// schedule says before which steps something is done: before step 0 and then after
// intervals that grow. It is a function of the settings and the step: training that is
// resumed keeps to it.
type schedule struct {
	interval, growth float64
	next             int
	count            int // times that were due up to now
}

func newSchedule(a WideAdaptive) schedule {
	return schedule{interval: float64(a.Rebuild), growth: a.Growth}
}

// due says whether it is time before a step. Steps do not fall, and each is asked for once.
func (s *schedule) due(step int) bool {
	for s.next < step {
		s.advance()
	}
	if s.next > step {
		return false
	}
	s.advance()
	return true
}

func (s *schedule) advance() {
	s.next += max(1, int(s.interval))
	s.interval = min(s.interval*s.growth, math.MaxInt32)
	s.count++
}

// outputMean returns the mean of the outputs' weights, and that of their biases. Softmax
// does not see what all logits have in common, so samplers leave it out.
func (f *wideFitting) outputMean() ([]float32, float32) {
	out := f.net.Out
	sums, sum := make([]float64, out.Cols), 0.0
	for i := range out.Rows {
		for j, w := range out.Row(i) {
			sums[j] += float64(w)
		}
		sum += float64(f.net.OutBias[i])
	}
	mean := make([]float32, out.Cols)
	for j, s := range sums {
		mean[j] = float32(s / float64(out.Rows))
	}
	return mean, float32(sum / float64(out.Rows))
}
