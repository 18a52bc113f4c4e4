package train

import (
	"math"
	"slices"
	"testing"

	"slosim/workloads/rng"
)

// chiSquare is that of counts against what was expected, and how far it may be above its
// mean: five standard deviations.
func chiSquare(t *testing.T, name string, counts, expected []float64) {
	t.Helper()
	chi := 0.0
	for i, want := range expected {
		chi += (counts[i] - want) * (counts[i] - want) / want
	}
	freedom := float64(len(expected) - 1)
	if limit := freedom + 5*math.Sqrt(2*freedom); chi > limit {
		t.Errorf("%s: chi-square: want at most %g, got %g", name, limit, chi)
	}
}

// reversed are classes such that the last is the most frequent.
func reversed(classes int) []int32 {
	order := make([]int32, classes)
	for i := range order {
		order[i] = int32(classes - 1 - i)
	}
	return order
}

func TestSharedSamplersFollowTheirDistributions(t *testing.T) {
	const classes, steps = 30, 3000
	alike, zipf := make([]float64, classes), make([]float64, classes)
	for i := range classes {
		alike[i] = 1.0 / classes
		rank := float64(classes - 1 - i)
		zipf[i] = math.Log((rank+2)/(rank+1)) / math.Log(classes+1)
	}
	for _, n := range []int{1, 7} {
		for name, s := range map[string]struct {
			sampler *stratified
			shares  []float64
		}{
			UniformSampler:    {newUniform(n, classes, rng.Key{Seed: 4}), alike},
			LogUniformSampler: {newLogUniform(n, reversed(classes), rng.Key{Seed: 4}), zipf},
		} {
			counts, expected, c := make([]float64, classes), make([]float64, classes), &candidates{}
			for step := range steps {
				s.sampler.draw(c, step)
				for k, id := range c.ids {
					counts[id] += math.Exp(float64(c.shift[k])) * float64(n) * s.shares[id] // times drawn
				}
			}
			total := 0.0
			for i, count := range counts {
				total += count
				expected[i] = float64(steps*n) * s.shares[i]
			}
			if math.Abs(total-steps*float64(n)) > 1 {
				t.Errorf("%s: want %d draws, got %g", name, steps*n, total)
			}
			chiSquare(t, name, counts, expected)
		}
	}
}

func TestCandidatesAreDifferentAndTheSameAgain(t *testing.T) {
	s, a, b := newLogUniform(50, reversed(20), rng.Key{Seed: 1}), &candidates{}, &candidates{}
	s.draw(a, 3)
	s.draw(b, 4)
	if slices.Equal(a.shift, b.shift) {
		t.Error("two steps drew the same")
	}
	s.draw(b, 3)
	if !slices.Equal(a.ids, b.ids) || !slices.Equal(a.shift, b.shift) {
		t.Error("a step drew other classes when asked again")
	}
	slices.Sort(a.ids)
	if n := len(a.ids); len(slices.Compact(a.ids)) != n {
		t.Error("a class is there twice")
	}
}

func TestByFrequency(t *testing.T) {
	w := &words{}
	for _, labels := range [][]int32{{2}, {2, 4}, {1, 2}, {4}} {
		w.add([]int32{0}, labels...)
	}
	if got, want := ByFrequency(w, 5), []int32{2, 4, 1, 0, 3}; !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
}
