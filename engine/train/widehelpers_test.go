package train

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"slosim/engine"
	"slosim/engine/kernel"
	"slosim/workloads/rng"
)

// words are sparse samples.
type words struct {
	ids    [][]int32
	values [][]float32
	labels [][]int32
}

func (w *words) Len() int                          { return len(w.ids) }
func (w *words) Sparse(i int) ([]int32, []float32) { return w.ids[i], w.values[i] }
func (w *words) Labels(i int) []int32              { return w.labels[i] }
func (w *words) Right(i, answer int) bool          { return slices.Contains(w.labels[i], int32(answer)) }

func (w *words) add(ids []int32, labels ...int32) {
	slices.Sort(ids)
	ids = slices.Compact(ids)
	slices.Sort(labels)
	values := make([]float32, len(ids))
	for i := range values {
		values[i] = float32(1 / math.Sqrt(float64(len(ids))))
	}
	w.ids, w.values, w.labels = append(w.ids, ids), append(w.values, values), append(w.labels, slices.Compact(labels))
}

// newWords draws n samples of one or two labels. A label has four features of its own, of
// which a sample of it has about three; two more features are noise. The first labels are
// the most frequent.
func newWords(n, features, classes int, seed uint64) *words {
	w := &words{}
	for i := range n {
		source := rand.New(rng.Key{Seed: seed}.Source(rng.Training, uint64(i)))
		var labels, ids []int32
		for range 1 + source.IntN(2) {
			u := source.Float64()
			label := int32(u * u * float64(classes))
			labels = append(labels, label)
			for k := range uint64(4) {
				if source.IntN(4) > 0 {
					ids = append(ids, int32(rng.Key{Seed: 99}.Index(rng.Training, uint64(label)*4+k, uint64(features))))
				}
			}
		}
		ids = append(ids, int32(source.IntN(features)), int32(source.IntN(features)))
		w.add(ids, labels...)
	}
	return w
}

// wordData has samples of 150 features and 40 labels; the last to fit has no label, and
// the one before no features.
func wordData() WideData {
	fit := newWords(1000, 150, 40, 1)
	fit.add(nil, 3)
	fit.add([]int32{1, 2})
	return WideData{Name: "words", Fit: fit, Confidence: newWords(300, 150, 40, 2), Features: 150, Classes: 40}
}

// Samplers that follow the weights do so before steps 0, 5, 11, 19 and so on.
func wordRecipe(sampler string) WideRecipe {
	return WideRecipe{Name: "words", Hidden: 24, Hyper: WideHyper{
		Epochs: 6, Batch: 64, Rate: 2e-2, Sampler: sampler, Samples: 12,
		Adaptive: WideAdaptive{Rebuild: 5, Growth: 1.3, Bits: 3, Tables: 6, Leaf: 7, Dims: 8},
	}}
}

// newWordFitting returns a fitting of the words' network with drawn biases.
func newWordFitting(t *testing.T, hyper WideHyper) *wideFitting {
	t.Helper()
	data := wordData()
	n, err := engine.NewWide("words", data.Features, 24, data.Classes)
	if err != nil {
		t.Fatal(err)
	}
	f, err := newWideFitting(n, data, hyper, rng.Key{Seed: 3}, pure())
	if err != nil {
		t.Fatal(err)
	}
	source := rand.New(rand.NewPCG(1, 2))
	for _, bias := range [][]float32{n.HiddenBias, n.OutBias} {
		for i := range bias {
			bias[i] = float32(0.3 * source.NormFloat64())
		}
	}
	return f
}

// wideGradients are those of all weights, zero where a batch touched nothing.
type wideGradients struct {
	embed, out          *kernel.Matrix
	hiddenBias, outBias []float32
}

// gradientsOfWide runs samples forward and back and returns the gradients.
func gradientsOfWide(f *wideFitting, samples []int) wideGradients {
	n, b, s := f.net, f.batch, f.scratch[0]
	b.samples = samples
	f.derive()
	g := wideGradients{
		embed: kernel.NewMatrix(n.Embed.Rows, n.Embed.Cols), out: kernel.NewMatrix(n.Out.Rows, n.Out.Cols),
		outBias: make([]float32, n.Out.Rows),
	}
	switch h := f.head.(type) {
	case *sharedHead:
		h.gradients(b, s, 0, len(h.columns))
		for i, class := range h.columns {
			copy(g.out.Row(int(class)), h.gradient.Row(i))
			g.outBias[class] = h.slopes[i]
		}
	case *rowHead:
		h.group(b)
		for i, class := range h.classes.ids {
			g.outBias[class] = h.gradient(b, g.out.Row(int(class)), i)
		}
	}
	f.features.fill(len(samples), func(row int) ([]int32, []float32) { return f.data.Fit.Sparse(samples[row]) })
	for i, id := range f.features.ids {
		f.features.sum(f.set, g.embed.Row(int(id)), b.deltas, i)
	}
	g.hiddenBias = slices.Clone(f.biasGradient(s.gradient))
	return g
}

// farthest returns the largest difference between two sets of gradients.
func (g wideGradients) farthest(o wideGradients) float64 {
	worst := 0.0
	for _, pair := range [][2][]float32{{g.embed.Data, o.embed.Data}, {g.out.Data, o.out.Data}, {g.hiddenBias, o.hiddenBias}, {g.outBias, o.outBias}} {
		for i, v := range pair[0] {
			worst = max(worst, math.Abs(float64(v-pair[1][i])))
		}
	}
	return worst
}

// sameWideBits reports whether two networks have equal weights and biases.
func sameWideBits(a, b *engine.Wide) bool {
	for _, pair := range [][2][]float32{{a.Embed.Data, b.Embed.Data}, {a.Out.Data, b.Out.Data}, {a.HiddenBias, b.HiddenBias}, {a.OutBias, b.OutBias}} {
		for i, v := range pair[0] {
			if math.Float32bits(v) != math.Float32bits(pair[1][i]) {
				return false
			}
		}
	}
	return true
}
