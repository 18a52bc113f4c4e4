package train

import (
	"math"
	"testing"
)

// wideReference is the mean loss of the samples of f's batch by its definition, in float64:
// full softmax, or that over the classes that a row had when it was last derived.
func wideReference(f *wideFitting) float64 {
	n, s, samples, loss := f.net, f.data.Fit, f.batch.samples, 0.0
	for row, sample := range samples {
		h := widen(n.HiddenBias)
		ids, values := s.Sparse(sample)
		for k, id := range ids {
			for j, w := range n.Embed.Row(int(id)) {
				h[j] += float64(values[k]) * float64(w)
			}
		}
		logits, sum, weights := widen(n.OutBias), 0.0, weightsInSum(f, row)
		for i := range logits {
			for j, w := range n.Out.Row(i) {
				logits[i] += float64(w) * max(h[j], 0)
			}
			sum += weights[i] * math.Exp(logits[i])
		}
		labels := s.Labels(sample)
		for _, label := range labels {
			loss -= (logits[label] - math.Log(sum)) / float64(len(labels)*len(samples))
		}
	}
	return loss
}

// weightsInSum are those of all classes in a row's sum of exponentials.
func weightsInSum(f *wideFitting, row int) []float64 {
	weights := make([]float64, f.data.Classes)
	h, ok := f.head.(*rowHead)
	if !ok {
		for i := range weights {
			weights[i] = 1
		}
		return weights
	}
	for k, id := range h.rows[row].ids {
		weights[id] += math.Exp(float64(h.rows[row].shift[k]))
	}
	return weights
}

// someSamples are a batch of the words with the one that has no features.
func someSamples() []int { return []int{5, 17, 200, 1000, 33, 34, 35, 36, 37, 38, 39} }

func TestWideGradientsAgreeWithFiniteDifferences(t *testing.T) {
	for _, sampler := range WideSamplers() {
		if sampler == UniformSampler || sampler == LogUniformSampler {
			continue // TestSampledGradientsBecomeTheFullOnes
		}
		f := newWordFitting(t, wordRecipe(sampler).Hyper)
		samples := someSamples()
		g := gradientsOfWide(f, samples)
		loss := 0.0
		for _, l := range f.batch.losses[:len(samples)] {
			loss += l / float64(len(samples))
		}
		if want := wideReference(f); math.Abs(loss-want) > 1e-5 {
			t.Errorf("%s: loss: want %g, got %g", sampler, want, loss)
		}
		compare := func(name string, weights, got []float32, each int) {
			for i := 0; i < len(weights); i += each {
				want := wideDifference(f, &weights[i])
				if math.Abs(want-float64(got[i])) > 2e-4 {
					t.Errorf("%s: %s, number %d: want %g, got %g", sampler, name, i, want, got[i])
				}
			}
		}
		compare("embed", f.net.Embed.Row(int(f.features.ids[0])), g.embed.Row(int(f.features.ids[0])), 1)
		compare("embed", f.net.Embed.Data, g.embed.Data, 7)
		compare("out", f.net.Out.Data, g.out.Data, 5)
		compare("hidden bias", f.net.HiddenBias, g.hiddenBias, 1)
		compare("out bias", f.net.OutBias, g.outBias, 1)
	}
}

// wideDifference is the central difference of the loss by one number.
func wideDifference(f *wideFitting, at *float32) float64 {
	old := *at
	defer func() { *at = old }()
	const h = 1.0 / (1 << 12)
	*at = old + h
	above, high := wideReference(f), float64(*at)
	*at = old - h
	below, low := wideReference(f), float64(*at)
	return (above - below) / (high - low)
}

// When every class is drawn, sampled softmax is the full one: exactly so by uniform draws,
// one a class, and in the limit by others.
func TestSampledGradientsBecomeTheFullOnes(t *testing.T) {
	full := gradientsOfWide(newWordFitting(t, wordRecipe(FullSampler).Hyper), someSamples())
	for _, test := range []struct {
		sampler string
		samples int
		within  float64
	}{
		{UniformSampler, 40, 1e-7},
		{LogUniformSampler, 1000, 1e-2},
		{LogUniformSampler, 100_000, 1e-4},
	} {
		hyper := wordRecipe(test.sampler).Hyper
		hyper.Samples = test.samples
		got := gradientsOfWide(newWordFitting(t, hyper), someSamples())
		if far := full.farthest(got); far > test.within {
			t.Errorf("%s, %d draws: want gradients within %g of the full ones, got %g", test.sampler, test.samples, test.within, far)
		}
	}
}

// A class that a row has as a label and that was drawn too counts once; one that only
// another row has as a label does not count at all.
func TestSampledRowsSeeTheirOwnLabelsAndWhatWasDrawn(t *testing.T) {
	f := newWordFitting(t, wordRecipe(UniformSampler).Hyper)
	samples := someSamples()
	gradientsOfWide(f, samples)
	h := f.head.(*sharedHead)
	others := 0
	for row, sample := range samples {
		sum := 0.0
		for column, g := range h.logits.Row(row) {
			sum += float64(g)
			own := f.data.Fit.(*words).Right(sample, int(h.columns[column]))
			if drawn := column < len(h.drawn.ids); g != 0 && !own && !drawn {
				t.Errorf("row %d: class %d has a gradient, though it is only another row's label", row, h.columns[column])
			} else if !own && !drawn {
				others++
			}
		}
		if math.Abs(sum) > 1e-6 {
			t.Errorf("row %d: want gradients that add up to 0, got %g", row, sum)
		}
	}
	if others == 0 {
		t.Error("want some columns that are only other rows' labels, got none")
	}
}
