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
	Sampler string  // one of WideSamplers
	// Samples is the number of classes drawn, for LSHSampler the least number of classes
	// that a sample is told apart from. It has no meaning for FullSampler.
	Samples  int
	Adaptive WideAdaptive // of the samplers that follow the weights
}

// text lists all settings. Those of samplers that follow the weights are only there if one
// is set, so that older texts, in names of cached networks, stay what they were.
func (h WideHyper) text() string {
	text := fmt.Sprintf("{Epochs:%d Batch:%d Rate:%v Dropout:%v Sampler:%s Samples:%d}", h.Epochs, h.Batch, h.Rate, h.Dropout, h.Sampler, h.Samples)
	if h.Adaptive != (WideAdaptive{}) {
		text += fmt.Sprintf(" %+v", h.Adaptive)
	}
	return text
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
		Hidden: 128,
		Hyper:  WideHyper{Epochs: 7, Batch: 256, Rate: 1e-2, Sampler: FullSampler},
	}}
}

// wideMethod is the version of how wide networks are trained: it changes when the same
// settings come to mean other weights.
const wideMethod = 1

// Settings is a text of all that decides the weights but data, seed and kernels.
func (r WideRecipe) Settings() string {
	return fmt.Sprintf("wide %d %s %d %s", wideMethod, r.Name, r.Hidden, r.Hyper.text())
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

// validate reports what contradicts itself.
func (r *WideRecipe) validate() error {
	h := r.Hyper
	if h.Epochs < 1 || h.Batch < 1 || !(h.Rate > 0) {
		return fmt.Errorf("training %s: want at least 1 epoch, 1 sample a batch and a rate above 0, got %d, %d and %g", r.Name, h.Epochs, h.Batch, h.Rate)
	}
	if h.Dropout < 0 || h.Dropout > 0.95 {
		return fmt.Errorf("training %s: dropout: want 0 to 0.95, got %g", r.Name, h.Dropout)
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
