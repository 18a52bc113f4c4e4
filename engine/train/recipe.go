package train

import (
	"cmp"
	"fmt"
	"strings"

	"slosim/engine"
)

// Recipe says how to train one of the shipped networks.
type Recipe struct {
	Name   string // as engine.Open takes it
	About  string // one line
	Kind   engine.Kind
	Sizes  []int // of the layers, inputs first
	Masked int   // hidden layers, from the first, that keep only a level's largest activations
	Shares []float64
	Hyper  Hyper
	Prune  *Pruning // nil: trained from nothing as it is
	// Tables are the activators whose tables the file carries: engine.LinearActivator etc.
	Tables []string
}

// Recipes lists the shipped networks, cheapest first. The networks of a data set share
// epochs, batches and variations of the samples; the learning rate of each width was
// chosen on images held out of training.
func Recipes() []Recipe {
	var list []Recipe
	for _, s := range smallSizes() {
		list = append(list, fashion(fmt.Sprintf("w%d", s.width), s.width, s.rate))
	}
	full := fashion("full", 1024, 1e-3)
	full.About = "the full network, and the tables of three activators over it: the paper's, and two of ours"
	full.Tables = []string{engine.LSHActivator, engine.LinearActivator, engine.ClusteredActivator}
	wta := winnerTakeAll("fashion-mnist.wta", 1024, 1e-3)
	wta.Tables = []string{engine.LinearActivator, engine.ClusteredActivator, engine.LSHActivator}
	list = append(list, full, wta, slimmable())
	for _, s := range smallSizes() {
		list = append(list, prunedNodes(s.width, s.rate))
	}
	for _, p := range []struct{ share, rate float64 }{{0.01, 5e-3}, {0.02, 5e-3}, {0.05, 3e-3}, {0.10, 3e-3}, {0.20, 3e-3}} {
		list = append(list, prunedWeights(p.share, p.rate))
	}
	return append(list, wide())
}

// winnerTakeAll is the recipe of a network that keeps its largest activations only.
func winnerTakeAll(name string, width int, rate float64) Recipe {
	r := fashion("wta", width, rate)
	r.Name = name
	r.About = fmt.Sprintf("%d nodes a layer, trained to keep only the largest activations, at six densities", width)
	r.Kind, r.Masked = engine.WinnerTakeAll, 1
	r.Shares = []float64{0.02, 0.05, 0.10, 0.20, 0.30, 1}
	r.Hyper.Odds = []float64{0.05, 0.10, 0.30, 0.15, 0.10, 0.30}
	return r
}

// wide is the recipe of a network above 16 MB, for which caches and memory matter.
func wide() Recipe {
	r := winnerTakeAll("fashion-mnist-wide.wta", 1728, 1e-3)
	r.Tables = []string{engine.LinearActivator}
	return r
}

// size is a width of hidden layers with the learning rate that suits it.
type size struct {
	width int
	rate  float64
}

func smallSizes() []size {
	return []size{{32, 1e-2}, {64, 1e-2}, {128, 5e-3}, {256, 3e-3}, {512, 2e-3}}
}

// slimmable is the recipe of one set of weights for many widths.
func slimmable() Recipe {
	r := fashion("slim", 1024, 2e-3)
	r.Kind = engine.Slimmable
	r.About = "the full network trained to run at eight widths"
	r.Shares = []float64{1.0 / 32, 1.0 / 16, 1.0 / 8, 1.0 / 4, 3.0 / 8, 1.0 / 2, 3.0 / 4, 1}
	return r
}

// wholeEpochs is how many of the epochs train the whole network before it is pruned. The
// learning rates after were chosen, as the others, on images held out of training.
const wholeEpochs = 12

// prunedNodes is the recipe of the full network cut to a width.
func prunedNodes(width int, rate float64) Recipe {
	r := fashion(fmt.Sprintf("n%d", width), width, rate)
	r.About = fmt.Sprintf("the full network pruned to %d nodes a layer", width)
	r.Prune = &Pruning{Base: "fashion-mnist.full", Epochs: wholeEpochs, Rate: rate, Width: width}
	return r
}

// prunedWeights is the recipe of the full network with most of its weights gone.
func prunedWeights(share, rate float64) Recipe {
	r := fashion(fmt.Sprintf("p%02.0f", 100*share), 1024, 1e-3)
	r.Kind = engine.Pruned
	r.About = fmt.Sprintf("the full network pruned to %g %% of its weights", 100*share)
	r.Prune = &Pruning{Base: "fashion-mnist.full", Epochs: wholeEpochs, Rate: rate, Weights: share}
	return r
}

// Settings is a text of all that decides the weights but data, seed and kernels: of the
// recipe, and of the one that it is cut from.
func (r *Recipe) Settings() string {
	bare := *r
	bare.Prune = nil
	text := fmt.Sprintf("%+v", bare)
	if r.Prune == nil {
		return text
	}
	text += fmt.Sprintf(" %+v", *r.Prune)
	if base, err := Match(r.Prune.Base); err == nil && len(base) == 1 {
		text += " " + base[0].Settings()
	}
	return text
}

// validate reports what contradicts itself or the network.
func (r *Recipe) validate(n *engine.Network) error {
	p := r.Prune
	if p == nil {
		return r.Hyper.validate(n)
	}
	if p.Epochs < 1 || p.Epochs >= r.Hyper.Epochs || !(p.Rate > 0) {
		return fmt.Errorf("training %s: want 1 to %d epochs before pruning and a rate above 0 after, got %d and %g", r.Name, r.Hyper.Epochs-1, p.Epochs, p.Rate)
	}
	if (p.Width > 0) == (p.Weights > 0) || p.Weights > 1 {
		return fmt.Errorf("training %s: want either a width or a share of weights up to 1 to keep, got %d and %g", r.Name, p.Width, p.Weights)
	}
	return r.Hyper.validate(n)
}

// fashion is the recipe of a plain network with two hidden layers for Fashion-MNIST.
func fashion(name string, width int, rate float64) Recipe {
	return Recipe{
		Name:   "fashion-mnist." + name,
		About:  fmt.Sprintf("a network of two hidden layers of %d nodes", width),
		Sizes:  []int{784, width, width, 10},
		Shares: []float64{1},
		Hyper:  Hyper{Epochs: 24, Batch: 256, Rate: rate, Smoothing: 0.05, Mirror: true},
	}
}

// Match returns the recipes that a name stands for: one network ("fashion-mnist.w64")
// or all of a data set ("fashion-mnist"). It is an error if there is none.
func Match(name string) ([]Recipe, error) {
	var matched []Recipe
	var known []string
	for _, r := range Recipes() {
		if r.Name == name || strings.HasPrefix(r.Name, name+".") {
			matched = append(matched, r)
		}
		known = append(known, r.Name)
	}
	if len(matched) == 0 {
		return nil, fmt.Errorf("network %q: want one of %s, or the part before the dot for all of them", name, strings.Join(known, ", "))
	}
	return matched, nil
}

// network returns the recipe's network, all numbers zero.
func (r *Recipe) network() (*engine.Network, error) {
	kind := cmp.Or(r.Kind, engine.Plain)
	n, err := engine.NewNetwork(r.Name, kind, r.Sizes, r.Shares...)
	if err != nil {
		return nil, err
	}
	n.Masked = r.Masked
	return n, n.Validate()
}
