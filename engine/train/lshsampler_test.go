package train

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slosim/engine"
	"slosim/workloads/rng"
)

// newTangle returns a fitting of many classes with drawn weights and biases.
func newTangle(t testing.TB, classes int, hyper WideHyper) *wideFitting {
	t.Helper()
	data := WideData{Name: "tangle", Fit: newWords(64, 50, classes, 1), Confidence: newWords(9, 50, classes, 2), Features: 50, Classes: classes}
	n, err := engine.NewWide("tangle", data.Features, 32, classes)
	if err != nil {
		t.Fatal(err)
	}
	hyper.Epochs, hyper.Batch, hyper.Rate = 1, 16, 0.01
	f, err := newWideFitting(n, data, hyper, rng.Key{Seed: 7}, pure())
	if err != nil {
		t.Fatal(err)
	}
	source := rand.New(rand.NewPCG(4, 4))
	for i := range n.OutBias {
		n.OutBias[i] = float32(0.5*source.NormFloat64() - 1)
	}
	for i, data := 0, n.Out.Data; i < len(data); i++ {
		data[i] = 3*data[i] + 0.2 // what all outputs have in common
	}
	return f
}

// someHidden draws a hidden vector.
func someHidden(seed uint64, nodes int) []float32 {
	source, h := rand.New(rand.NewPCG(seed, 1)), make([]float32, nodes)
	for i := range h {
		h[i] = float32(max(0, source.NormFloat64()))
	}
	return h
}

// found returns what a finder finds for a hidden vector and labels.
func found(f finder, h []float32, key uint64, labels ...int32) *candidates {
	c := &candidates{}
	for _, label := range labels {
		c.ids, c.shift = append(c.ids, label), append(c.shift, 0)
	}
	f.find(c, h, rng.Key{Seed: key}.Draws(rng.Training))
	return c
}

func TestLSHTablesHoldAllClassesThatFit(t *testing.T) {
	const classes = 3000
	f := newTangle(t, classes, WideHyper{Sampler: LSHSampler, Adaptive: WideAdaptive{Bits: 4, Tables: 8}})
	s := f.head.(*rowHead).sampler.(*lshSampler)
	s.refresh(0)
	missing := map[int32]int{}
	for table, b := range s.buckets {
		there := make([]bool, classes)
		for code := range uint16(1 << 4) {
			want := 0
			for class := range classes {
				if s.codes[class*8+table] == code {
					want++
				}
			}
			bucket := b.bucket(code)
			if len(bucket) != min(want, bucketRoom) {
				t.Errorf("table %d, code %d: want %d of %d classes, got %d", table, code, min(want, bucketRoom), want, len(bucket))
			}
			for _, id := range bucket {
				if there[id] || s.codes[int(id)*8+table] != code {
					t.Errorf("table %d, code %d: class %d is there twice or elsewhere", table, code, id)
				}
				there[id] = true
			}
		}
		for class, ok := range there {
			if !ok {
				missing[int32(class)]++
			}
		}
	}
	for class, tables := range missing {
		if tables == 8 {
			t.Errorf("class %d is in no table", class)
		}
	}
}

// What is found must have far higher logits than classes at random, have no class twice,
// and be the same from any finder.
func TestLSHFindsLikelyClasses(t *testing.T) {
	const classes = 3000
	f := newTangle(t, classes, WideHyper{Sampler: LSHSampler, Samples: 1, Adaptive: WideAdaptive{Bits: 6, Tables: 10}})
	s := f.head.(*rowHead).sampler.(*lshSampler)
	s.refresh(0)
	finder, hits, sizes, logits := s.finder(), 0, 0, make([]float32, classes)
	for seed := range uint64(50) {
		h := someHidden(seed, 32)
		c := found(finder, h, seed, 3, 99)
		sorted := slices.Sorted(slices.Values(c.ids))
		if n := len(sorted); len(slices.Compact(sorted)) != n || c.ids[0] != 3 || c.ids[1] != 99 || len(c.shift) != n {
			t.Fatalf("want labels and then other classes, none twice, got %v", c.ids)
		}
		if again := found(s.finder(), h, seed, 3, 99); !slices.Equal(again.ids, c.ids) {
			t.Fatal("another finder found other classes")
		}
		f.net.Forward(pure(), logits, h)
		best := make([]int32, 10)
		pure().TopK(best, logits, 10)
		for _, id := range best {
			if slices.Contains(c.ids, id) {
				hits++
			}
		}
		sizes += len(c.ids)
	}
	if recall, chance := float64(hits)/500, float64(sizes)/(50*classes); recall < 3*chance || recall < 0.4 {
		t.Errorf("want far more of the ten best classes than the %g by chance, got %g", chance, recall)
	}
}

func TestLSHFillsUpAtRandom(t *testing.T) {
	const classes = 200
	f := newTangle(t, classes, WideHyper{Sampler: LSHSampler, Samples: 60, Adaptive: WideAdaptive{Bits: 12, Tables: 1}})
	s := f.head.(*rowHead).sampler.(*lshSampler)
	s.refresh(0)
	counts, h, finder := make([]float64, classes), someHidden(1, 32), s.finder()
	for seed := range uint64(2000) {
		c := found(finder, h, seed, 7)
		if len(c.ids) != 60 {
			t.Fatalf("want 60 classes, got %d", len(c.ids))
		}
		for _, id := range c.ids[1:] {
			counts[id]++
		}
	}
	for class, n := range counts {
		if class != 7 && n == 0 {
			t.Errorf("class %d never came to fill up", class)
		}
	}
	all := newTangle(t, classes, WideHyper{Sampler: LSHSampler, Samples: 5000})
	s = all.head.(*rowHead).sampler.(*lshSampler)
	s.refresh(0)
	if got := len(found(s.finder(), h, 1, 7).ids); got != classes {
		t.Errorf("want all %d classes if more are asked for, got %d", classes, got)
	}
}

func TestKeptSamplersOfOtherSizesAreRefused(t *testing.T) {
	f := newWordFitting(t, wordRecipe(LSHSampler).Hyper)
	s := f.head.(*rowHead).sampler
	s.refresh(0)
	kept := s.keep()
	damaged := slices.Clone(kept)
	damaged[len(damaged)-1] = 0xff
	for _, wrong := range [][]byte{nil, kept[1:], damaged} {
		if err := s.restore(wrong); !errors.Is(err, ErrCheckpoint) {
			t.Errorf("want ErrCheckpoint, got %v", err)
		}
	}
}

func TestScheduleGrowsAndIsAFunctionOfTheStep(t *testing.T) {
	a := WideAdaptive{Rebuild: 10, Growth: 1.5}
	s, due := newSchedule(a), []int{}
	for step := range 100 {
		if s.due(step) {
			due = append(due, step)
		}
	}
	if want := []int{0, 10, 25, 47, 80}; !slices.Equal(due, want) {
		t.Errorf("want %v, got %v", want, due)
	}
	for _, from := range []int{1, 25, 26, 79} {
		resumed := newSchedule(a)
		for step := from; step < 100; step++ {
			if resumed.due(step) != slices.Contains(due, step) {
				t.Errorf("resumed at %d: step %d: want %t", from, step, !resumed.due(step))
			}
		}
		if resumed.count != s.count {
			t.Errorf("resumed at %d: want %d times, got %d", from, s.count, resumed.count)
		}
	}
	huge := newSchedule(WideAdaptive{Rebuild: 1, Growth: math.Inf(1)})
	if !huge.due(0) || !huge.due(1) || huge.due(1000) {
		t.Error("want steps 0 and 1 alone")
	}
}

func TestDefaultsOfSamplersFollowTheClasses(t *testing.T) {
	for _, test := range []struct {
		sampler                            string
		classes, samples, bits, dims, leaf int
	}{
		{LSHSampler, 4, 1, 1, 0, 0},
		{LSHSampler, 13_723, 1000, 11, 0, 0},
		{LSHSampler, 5_000_000, 1000, 16, 0, 0},
		{TreeSampler, 100, 10, 0, 16, 64},
		{TreeSampler, 13_723, 256, 0, 16, 64},
		{FullSampler, 13_723, 0, 0, 0, 0},
	} {
		h := WideHyper{Sampler: test.sampler}.adapted(test.classes)
		a := h.Adaptive
		if h.Samples != test.samples || a.Bits != test.bits || a.Dims != test.dims || a.Leaf != test.leaf {
			t.Errorf("%+v: got %+v", test, h)
		}
		if again := h.adapted(test.classes); !cmp.Equal(again, h) {
			t.Errorf("%s: want settings that stay, got %+v and then %+v", test.sampler, h, again)
		}
	}
}
