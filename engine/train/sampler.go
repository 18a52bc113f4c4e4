package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"slosim/workloads/rng"
)

// The samplers of sampled softmax: how the classes are chosen that a sample's labels are
// told apart from.
const (
	// FullSampler takes all classes: plain softmax.
	FullSampler = "full"
	// UniformSampler draws classes alike.
	UniformSampler = "uniform"
	// LogUniformSampler draws the class of rank k by frequency, from 0, with probability
	// log((k+2)/(k+1)) / log(classes+1): about Zipf's law (Jean et al., ACL 2015).
	LogUniformSampler = "log-uniform"
	// LSHSampler looks each sample's classes up by its hidden vector, in hash tables of the
	// outputs' weights that are built anew from time to time, and fills them up with classes
	// at random to a least number. The loss is softmax over these classes alone: SLIDE (Chen
	// et al., MLSys 2020).
	LSHSampler = "lsh"
	// TreeSampler draws each sample's classes by a quadratic kernel of hidden vector and
	// weights, with which likely classes come often, from a tree that is built anew from time
	// to time: adaptive sampled softmax (Blanc and Rendle, ICML 2018).
	TreeSampler = "tree"
)

// WideSamplers lists the samplers of [TrainWide].
func WideSamplers() []string {
	return []string{FullSampler, UniformSampler, LogUniformSampler, LSHSampler, TreeSampler}
}

// candidates are classes to tell labels apart from.
type candidates struct {
	ids []int32 // different ones
	// shift is added to the logit of each: minus the log of how often it was expected, plus
	// that of how often it was drawn. Then the sum of exponentials over the candidates is,
	// in the mean, that over all classes (Bengio and Senecal, 2008).
	shift []float32
}

func (c *candidates) reset() { c.ids, c.shift = c.ids[:0], c.shift[:0] }

// sharedSampler draws one set of classes for all samples of a batch, so that the output
// layer is a product of two dense matrices.
type sharedSampler interface {
	// draw replaces c by the classes of a step.
	draw(c *candidates, step int)
}

// everyClass is [FullSampler].
type everyClass int

func (n everyClass) draw(c *candidates, _ int) {
	if len(c.ids) == int(n) {
		return // those of the step before
	}
	c.reset()
	for i := range int(n) {
		c.ids, c.shift = append(c.ids, int32(i)), append(c.shift, 0)
	}
}

// stratified draws classes from a fixed distribution: the k-th of n draws lies in the k-th
// of n parts of equal probability. Each class is expected as often as from independent
// draws, but its count varies less: likely classes come about as often as expected.
type stratified struct {
	n     int
	key   rng.Key
	ranks int
	rank  func(u float64) int    // the inverse of the distribution function; it does not fall
	share func(rank int) float64 // probability of a rank
	class func(rank int) int32   // of a rank
}

func (s *stratified) draw(c *candidates, step int) {
	c.reset()
	draws := s.key.Child(rng.Training, uint64(step)).Draws(rng.Training)
	last, count := -1, 0
	for k := range s.n {
		rank := min(s.rank((float64(k)+draws.Float(uint64(k)))/float64(s.n)), s.ranks-1)
		if rank != last {
			s.add(c, last, count)
			last, count = rank, 0
		}
		count++
	}
	s.add(c, last, count)
}

// add appends a rank that was drawn count times.
func (s *stratified) add(c *candidates, rank, count int) {
	if count > 0 {
		c.ids = append(c.ids, s.class(rank))
		c.shift = append(c.shift, float32(math.Log(float64(count)/(float64(s.n)*s.share(rank)))))
	}
}

// newUniform is [UniformSampler].
func newUniform(n, classes int, key rng.Key) *stratified {
	return &stratified{
		n: n, key: key, ranks: classes,
		rank:  func(u float64) int { return int(u * float64(classes)) },
		share: func(int) float64 { return 1 / float64(classes) },
		class: func(rank int) int32 { return int32(rank) },
	}
}

// newLogUniform is [LogUniformSampler]; order are the classes by falling frequency.
func newLogUniform(n int, order []int32, key rng.Key) *stratified {
	whole := math.Log(float64(len(order) + 1))
	return &stratified{
		n: n, key: key, ranks: len(order),
		rank:  func(u float64) int { return int(math.Exp(u*whole)) - 1 },
		share: func(rank int) float64 { return math.Log1p(1/float64(rank+1)) / whole },
		class: func(rank int) int32 { return order[rank] },
	}
}

// ByFrequency returns all classes by the number of samples that have them, falling; of
// equally frequent ones the lower first.
func ByFrequency(s SparseSamples, classes int) []int32 {
	counts := labelCounts(s, classes)
	order := make([]int32, classes)
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortStableFunc(order, func(a, b int32) int { return counts[b] - counts[a] })
	return order
}

// labelCounts returns the number of samples that have each class.
func labelCounts(s SparseSamples, classes int) []int {
	counts := make([]int, classes)
	for i := range s.Len() {
		for _, label := range s.Labels(i) {
			counts[label]++
		}
	}
	return counts
}

// newHead returns the output layer with a sampler.
func (f *wideFitting) newHead() (head, error) {
	n, classes, key := f.hyper.Samples, f.data.Classes, draw(f.key, drawClasses)
	switch f.hyper.Sampler {
	case FullSampler:
		return newSharedHead(f, everyClass(classes)), nil
	case UniformSampler:
		return newSharedHead(f, newUniform(n, classes, key)), nil
	case LogUniformSampler:
		return newSharedHead(f, newLogUniform(n, ByFrequency(f.data.Fit, classes), key)), nil
	case LSHSampler:
		return newRowHead(f, newLSHSampler(f, key), key), nil
	case TreeSampler:
		return newRowHead(f, newTreeSampler(f, key), key), nil
	}
	return nil, fmt.Errorf("training %s: sampler: want one of %s, got %q", f.net.Name, strings.Join(WideSamplers(), ", "), f.hyper.Sampler)
}
