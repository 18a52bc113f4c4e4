package train

import (
	"fmt"
	"slices"
	"strings"
)

// WideHyper are the settings of one run of [TrainWide].
type WideHyper struct {
	Epochs  int     // passes over the samples
	Batch   int     // samples a step
	Rate    float64 // learning rate of the first step; it falls linearly to 0
	Dropout float64 // share of hidden nodes that a sample loses at random, 0 to below 1
	// InputDropout is the share of its features that a sample loses at random, 0 to below 1.
	InputDropout float64
	// Widths are the hidden nodes, ascending, that a sample's step may use: the first so many.
	// Half of the samples use all, the others a smaller width by lot. nil: all use all.
	Widths  []int
	Sampler string // one of WideSamplers
	// Samples is the number of classes drawn, for LSHSampler the least number of classes
	// that a sample is told apart from. It has no meaning for FullSampler.
	Samples int
	// Prior starts the biases of the outputs at the logs of their shares of the labels. With it
	// 205,443 labels are learned, which were not without; wordnet-13k lost a point by it.
	Prior    bool
	Adaptive WideAdaptive // of the samplers that follow the weights
}

// follows says whether the sampler follows the weights.
func (h WideHyper) follows() bool { return h.Sampler == LSHSampler || h.Sampler == TreeSampler }

// WideRecipe says how to train a wide network.
type WideRecipe struct {
	Name   string
	About  string // one line
	Hidden int    // nodes of the hidden layer
	Hyper  WideHyper
}

// WideRecipes lists the wide networks.
func WideRecipes() []WideRecipe {
	return []WideRecipe{{
		Name:   "wordnet-13k",
		About:  "13,723 categories of words from the words of their definitions",
		Hidden: wideHidden,
		Hyper:  WideHyper{Epochs: 7, Batch: 256, Rate: 1e-2, Dropout: 0.15, InputDropout: 0.15, Sampler: FullSampler},
	}, {
		Name:   "glosses-next-word",
		About:  "the next word of a definition from the eight before it",
		Hidden: wideHidden,
		Hyper:  WideHyper{Epochs: 3, Batch: 512, Rate: 5e-3, Sampler: LogUniformSampler, Samples: wideSamples},
	}, {
		Name:   "synthetic-amazoncat-13k",
		About:  "13,330 labels of planted topics",
		Hidden: wideHidden,
		Hyper:  WideHyper{Epochs: 3, Batch: 256, Rate: 5e-3, Sampler: FullSampler, Prior: true},
	}, {
		Name:   "synthetic-delicious-200k",
		About:  "205,443 labels of planted topics",
		Hidden: wideHidden,
		Hyper:  WideHyper{Epochs: 1, Batch: 128, Rate: 1e-2, Sampler: LogUniformSampler, Samples: wideSamples, Prior: true},
	}, {
		Name:   "synthetic-wiki10-31k",
		About:  "30,938 labels of planted topics",
		Hidden: wideHidden,
		Hyper:  WideHyper{Epochs: 5, Batch: 128, Rate: 3e-3, Sampler: FullSampler, Prior: true},
	}}
}

const (
	wideHidden  = 128    // nodes of the hidden layer
	wideSamples = 4000   // classes drawn where there are too many for all
	wideFull    = 20_000 // classes up to which all of them are affordable
)

// WideRecipeFor makes a recipe of a data set's size alone: what a set of which nothing else
// is known is trained with. Epochs are fewer the more samples there are, since steps count.
func WideRecipeFor(name string, classes, samples int) WideRecipe {
	r := WideRecipe{
		Name:   name,
		About:  fmt.Sprintf("%d labels, by the size of the data set", classes),
		Hidden: wideHidden,
		Hyper:  WideHyper{Epochs: 3, Batch: 512, Rate: 3e-3, Sampler: FullSampler},
	}
	if classes > wideFull {
		r.Hyper.Sampler, r.Hyper.Samples, r.Hyper.Prior = LogUniformSampler, wideSamples, true
	}
	switch {
	case samples < 20_000:
		r.Hyper.Epochs, r.Hyper.Batch = 10, 128
	case samples < 200_000:
		r.Hyper.Epochs, r.Hyper.Batch = 6, 256
	}
	return r
}

// wideMethod is the version of how wide networks are trained: it changes when the same
// settings come to mean other weights.
const wideMethod = 2

// Settings is a text of all that decides the weights but data, seed and kernels.
func (r WideRecipe) Settings() string {
	hyper := fmt.Sprintf("%+v", r.Hyper)
	if !r.Hyper.Prior { // as before there was such a setting: what was trained is still good
		hyper = strings.Replace(hyper, " Prior:false", "", 1)
	}
	return fmt.Sprintf("wide %d %s %d %s", wideMethod, r.Name, r.Hidden, hyper)
}

// MatchWide returns the recipe of a name.
func MatchWide(name string) (WideRecipe, error) {
	var known []string
	for _, r := range WideRecipes() {
		if r.Name == name {
			return r, nil
		}
		known = append(known, r.Name)
	}
	return WideRecipe{}, fmt.Errorf("wide network %q: want one of %s", name, strings.Join(known, ", "))
}

// Slimmable returns the recipe of a network any of whose first halves of hidden nodes is a
// network too (slimmable networks, Yu et al., ICLR 2019, for one layer; widths are drawn for
// each sample instead of summed over, at the cost of one pass). It trains for twice as long.
func (r WideRecipe) Slimmable() WideRecipe {
	r.Hyper.Epochs *= 2
	for width := max(r.Hidden/16, 1); width <= r.Hidden; width *= 2 {
		r.Hyper.Widths = append(r.Hyper.Widths, width)
	}
	return r
}

// validate reports what contradicts itself.
func (r *WideRecipe) validate() error {
	h := r.Hyper
	if h.Epochs < 1 || h.Batch < 1 || !(h.Rate > 0) {
		return fmt.Errorf("training %s: want at least 1 epoch, 1 sample a batch and a rate above 0, got %d, %d and %g", r.Name, h.Epochs, h.Batch, h.Rate)
	}
	if h.Dropout < 0 || h.Dropout > 0.95 {
		return fmt.Errorf("training %s: dropout: want 0 to 0.95, got %g", r.Name, h.Dropout)
	}
	if h.InputDropout < 0 || h.InputDropout > 0.95 {
		return fmt.Errorf("training %s: input dropout: want 0 to 0.95, got %g", r.Name, h.InputDropout)
	}
	if n := len(h.Widths); n > 0 && (!slices.IsSorted(h.Widths) || h.Widths[0] < 1 || h.Widths[n-1] != r.Hidden) {
		return fmt.Errorf("training %s: widths: want ascending ones up to %d, got %v", r.Name, r.Hidden, h.Widths)
	}
	if !slices.Contains(WideSamplers(), h.Sampler) {
		return fmt.Errorf("training %s: sampler: want one of %s, got %q", r.Name, strings.Join(WideSamplers(), ", "), h.Sampler)
	}
	if h.Sampler != FullSampler && !h.follows() && h.Samples < 1 {
		return fmt.Errorf("training %s: sampler %s: want 1 class or more, got %d", r.Name, h.Sampler, h.Samples)
	}
	if h.Samples < 0 {
		return fmt.Errorf("training %s: sampler %s: want 0 classes, for the default, or more, got %d", r.Name, h.Sampler, h.Samples)
	}
	if err := h.Adaptive.check(); err != nil {
		return fmt.Errorf("training %s: %w", r.Name, err)
	}
	return nil
}
