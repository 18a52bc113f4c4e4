package train

import (
	"math"
	"testing"

	"slosim/engine"
)

// wideReference is the mean loss of samples by the definition of full softmax, in float64.
func wideReference(n *engine.Wide, s SparseSamples, samples []int) float64 {
	loss := 0.0
	for _, sample := range samples {
		h := widen(n.HiddenBias)
		ids, values := s.Sparse(sample)
		for k, id := range ids {
			for j, w := range n.Embed.Row(int(id)) {
				h[j] += float64(values[k]) * float64(w)
			}
		}
		logits, sum := widen(n.OutBias), 0.0
		for i := range logits {
			for j, w := range n.Out.Row(i) {
				logits[i] += float64(w) * max(h[j], 0)
			}
			sum += math.Exp(logits[i])
		}
		labels := s.Labels(sample)
		for _, label := range labels {
			loss -= (logits[label] - math.Log(sum)) / float64(len(labels)*len(samples))
		}
	}
	return loss
}

// someSamples are a batch of the words with the one that has no features.
func someSamples() []int { return []int{5, 17, 200, 1000, 33, 34, 35, 36, 37, 38, 39} }

func TestWideGradientsAgreeWithFiniteDifferences(t *testing.T) {
	f := newWordFitting(t, wordRecipe(FullSampler).Hyper)
	samples := someSamples()
	g := gradientsOfShared(f, samples)
	loss := 0.0
	for _, l := range f.batch.losses[:len(samples)] {
		loss += l / float64(len(samples))
	}
	if want := wideReference(f.net, f.data.Fit, samples); math.Abs(loss-want) > 1e-5 {
		t.Errorf("loss: want %g, got %g", want, loss)
	}
	compare := func(name string, weights, got []float32, each int) {
		for i := 0; i < len(weights); i += each {
			want := wideDifference(f, samples, &weights[i])
			if math.Abs(want-float64(got[i])) > 2e-4 {
				t.Errorf("%s, number %d: want %g, got %g", name, i, want, got[i])
			}
		}
	}
	compare("embed", f.net.Embed.Row(int(f.features.ids[0])), g.embed.Row(int(f.features.ids[0])), 1)
	compare("embed", f.net.Embed.Data, g.embed.Data, 7)
	compare("out", f.net.Out.Data, g.out.Data, 5)
	compare("hidden bias", f.net.HiddenBias, g.hiddenBias, 1)
	compare("out bias", f.net.OutBias, g.outBias, 1)
}

// wideDifference is the central difference of the loss by one number.
func wideDifference(f *wideFitting, samples []int, at *float32) float64 {
	old := *at
	defer func() { *at = old }()
	const h = 1.0 / (1 << 12)
	*at = old + h
	above, high := wideReference(f.net, f.data.Fit, samples), float64(*at)
	*at = old - h
	below, low := wideReference(f.net, f.data.Fit, samples), float64(*at)
	return (above - below) / (high - low)
}

// When every class is drawn, sampled softmax is the full one: exactly so by uniform draws,
// one a class, and in the limit by others.
func TestSampledGradientsBecomeTheFullOnes(t *testing.T) {
	full := gradientsOfShared(newWordFitting(t, wordRecipe(FullSampler).Hyper), someSamples())
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
		got := gradientsOfShared(newWordFitting(t, hyper), someSamples())
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
	gradientsOfShared(f, samples)
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
