package train

import (
	"errors"
	"math"
	"testing"
)

// treesToTest are settings of trees: exact and projected nodes, a last leaf that is not
// full, a single leaf, and leaves of single classes.
func treesToTest() map[string]WideAdaptive {
	return map[string]WideAdaptive{
		"exact":       {Leaf: 16, Dims: 33},
		"projected":   {Leaf: 16, Dims: 6},
		"one leaf":    {Leaf: 500, Dims: 6},
		"small leafs": {Leaf: 1, Dims: 40, Alpha: 0.5},
	}
}

// newTree returns a tree over 301 classes whose weights have moved a little since it was
// built.
func newTree(t *testing.T, a WideAdaptive, draws int) *treeSampler {
	t.Helper()
	f := newTangle(t, 301, WideHyper{Sampler: TreeSampler, Samples: draws, Adaptive: a})
	s := f.head.(*rowHead).sampler.(*treeSampler)
	s.refresh(0)
	for i, data := 0, f.net.Out.Data; i < len(data); i += 3 {
		data[i] *= 1.2
	}
	return s
}

// stated are the probabilities of all classes, by walking all of the tree.
func stated(s *treeSampler, h []float32) []float64 {
	f, all := s.finder().(*treeFinder), make([]float64, s.f.data.Classes)
	f.ask(h)
	var walk func(node int, probability float64)
	walk = func(node int, probability float64) {
		if node >= s.leaves {
			lo, _ := s.classes(node)
			sums, before := f.kernels(node), 0.0
			for i, sum := range sums {
				all[lo+i] = probability * (sum - before) / sums[len(sums)-1]
				before = sum
			}
			return
		}
		share := f.share(node)
		walk(2*node, probability*share)
		walk(2*node+1, probability*(1-share))
	}
	walk(1, 1)
	return all
}

// What is drawn must follow the probabilities that the corrections are of, to the last
// class, whatever the nodes' sums are good for.
func TestTreeDrawsByItsStatedProbabilities(t *testing.T) {
	const draws, rounds = 7, 20000
	for name, a := range treesToTest() {
		s, h := newTree(t, a, draws), someHidden(5, 32)
		share, counts, expected, total := stated(s, h), make([]float64, 301), make([]float64, 301), 0.0
		f := s.finder()
		for round := range uint64(rounds) {
			c := found(f, h, round)
			for k, id := range c.ids {
				count := math.Exp(float64(c.shift[k])) * draws * share[id]
				if math.Abs(count-math.Round(count)) > 1e-4 || count < 0.5 {
					t.Fatalf("%s: class %d: want a correction by the stated probability, got one that means %g draws", name, id, count)
				}
				counts[id] += math.Round(count)
			}
		}
		sum := 0.0
		for i, p := range share {
			sum += p
			total += counts[i]
			expected[i] = p * draws * rounds
		}
		if math.Abs(sum-1) > 1e-9 || total != draws*rounds {
			t.Errorf("%s: want probabilities that add up to 1 and %d draws, got %g and %g", name, draws*rounds, sum, total)
		}
		chiSquare(t, name, counts, expected)
	}
}

// With exact nodes of the weights as they are, the probabilities are those of the kernel.
func TestTreeProbabilitiesAreThoseOfTheKernel(t *testing.T) {
	f := newTangle(t, 301, WideHyper{Sampler: TreeSampler, Adaptive: WideAdaptive{Leaf: 10, Dims: 33, Alpha: 3}})
	s, h, logits := f.head.(*rowHead).sampler.(*treeSampler), someHidden(2, 32), make([]float32, 301)
	s.refresh(0)
	f.net.Forward(pure(), logits, h)
	mean, whole, want := 0.0, 0.0, make([]float64, 301)
	for _, o := range logits {
		mean += float64(o) / 301
	}
	for i, o := range logits {
		want[i] = 3*(float64(o)-mean)*(float64(o)-mean) + 1
		whole += want[i]
	}
	for i, got := range stated(s, h) {
		if math.Abs(got-want[i]/whole) > 1e-3*want[i]/whole {
			t.Errorf("class %d: want %g, got %g", i, want[i]/whole, got)
		}
	}
}

// The sum of exponentials over labels and draws must be, in the mean, that over all
// classes: the partition function.
func TestTreeEstimatesOfThePartitionFunctionAreUnbiased(t *testing.T) {
	const rounds = 4000
	for name, a := range treesToTest() {
		s, h, logits := newTree(t, a, 20), someHidden(9, 32), make([]float32, 301)
		s.f.net.Forward(pure(), logits, h)
		want := 0.0
		for _, o := range logits {
			want += math.Exp(float64(o))
		}
		f, sum, squares := s.finder(), 0.0, 0.0
		for round := range uint64(rounds) {
			c, z := found(f, h, round, 4, 250), 0.0
			for k, id := range c.ids {
				z += math.Exp(float64(logits[id] + c.shift[k]))
			}
			sum += z
			squares += z * z
		}
		mean := sum / rounds
		deviation := math.Sqrt((squares/rounds - mean*mean) / rounds)
		if math.Abs(mean-want) > 4*deviation+1e-5*want || deviation > 0.05*want {
			t.Errorf("%s: want %g, got %g with a standard error of %g", name, want, mean, deviation)
		}
	}
}

// Classes with large logits must come far more often than alike, and from exact nodes more
// often than from projected ones.
func TestTreePrefersLikelyClasses(t *testing.T) {
	shares := map[string]float64{}
	for name, a := range treesToTest() {
		s, logits := newTree(t, a, 20), make([]float32, 301)
		for seed := range uint64(40) {
			h := someHidden(seed, 32)
			s.f.net.Forward(pure(), logits, h)
			shares[name] += stated(s, h)[largest(logits)] / 40
		}
		if shares[name] < 4.0/301 {
			t.Errorf("%s: likeliest class: want a probability far above %g, got %g", name, 1.0/301, shares[name])
		}
	}
	if shares["exact"] < shares["projected"] {
		t.Errorf("want exact nodes to prefer likely classes most, got %v", shares)
	}
}

func TestTreesOfOtherSizesAreRefused(t *testing.T) {
	s := newTree(t, WideAdaptive{Leaf: 16, Dims: 6}, 3)
	for _, wrong := range [][]byte{nil, s.keep()[4:]} {
		if err := s.restore(wrong); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("want ErrCheckpoint, got %v", err)
		}
	}
	other := newTree(t, WideAdaptive{Leaf: 16, Dims: 6}, 3)
	clear(other.sums.Data)
	if err := other.restore(s.keep()); err != nil {
		t.Fatal(err)
	}
	for i, v := range s.sums.Data {
		if v != other.sums.Data[i] {
			t.Fatalf("number %d of the nodes: want %g, got %g", i, v, other.sums.Data[i])
		}
	}
}
