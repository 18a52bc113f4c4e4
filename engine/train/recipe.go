package train

import (
	"fmt"
	"strings"

	"slosim/engine"
)

// Recipe says how to train one of the shipped networks.
type Recipe struct {
	Name   string // as engine.Open takes it
	About  string // one line
	Sizes  []int  // of the layers, inputs first
	Masked int    // hidden layers, from the first, that keep only a level's largest activations
	Shares []float64
	Hyper  Hyper
	// Tables are the activators whose tables the file carries: engine.LinearActivator etc.
	Tables []string
}

// Recipes lists the shipped networks, cheapest first. The networks of a data set share
// epochs, batches and variations of the samples; the learning rate of each width was
// chosen on images held out of training.
func Recipes() []Recipe {
	var list []Recipe
	for _, small := range []struct {
		width int
		rate  float64
	}{{32, 1e-2}, {64, 1e-2}, {128, 5e-3}, {256, 3e-3}, {512, 2e-3}} {
		list = append(list, fashion(fmt.Sprintf("w%d", small.width), small.width, small.rate))
	}
	full := fashion("full", 1024, 1e-3)
	full.About = "the full network, and the paper's tables over it"
	full.Tables = []string{engine.LSHActivator}
	wta := fashion("wta", 1024, 1e-3)
	wta.About = "the full network trained to keep only its largest activations, at six densities"
	wta.Masked = 1
	wta.Shares = []float64{0.02, 0.05, 0.10, 0.20, 0.30, 1}
	wta.Hyper.Odds = []float64{0.05, 0.10, 0.30, 0.15, 0.10, 0.30}
	wta.Tables = []string{engine.LinearActivator, engine.ClusteredActivator}
	return append(list, full, wta)
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
	kind := engine.Plain
	if r.Masked > 0 {
		kind = engine.WinnerTakeAll
	}
	n, err := engine.NewNetwork(r.Name, kind, r.Sizes, r.Shares...)
	if err != nil {
		return nil, err
	}
	n.Masked = r.Masked
	return n, n.Validate()
}
