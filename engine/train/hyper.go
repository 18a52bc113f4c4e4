package train

import (
	"fmt"

	"slosim/engine"
)

// Hyper are the settings of one run of training.
type Hyper struct {
	Epochs    int     // passes over the samples
	Batch     int     // samples a step
	Rate      float64 // learning rate of the first step; it falls linearly to 0
	Decay     float64 // decoupled weight decay, per unit of learning rate
	Dropout   float64 // share of hidden nodes that a sample loses at random, 0 to below 1
	Smoothing float64 // label smoothing: share of the target spread over all classes
	Shift     int     // images move by up to so many pixels each way
	Mirror    bool    // images are mirrored, left to right, half of the time
	// Odds are the probabilities with which a sample is trained at each level of the
	// network; they add up to 1. Nil for the one level of a plain network.
	Odds []float64
}

// validate reports what contradicts itself or the network.
func (h *Hyper) validate(net *engine.Network) error {
	if h.Epochs < 1 || h.Batch < 1 || !(h.Rate > 0) {
		return fmt.Errorf("training %s: want at least 1 epoch, 1 sample a batch and a rate above 0, got %d, %d and %g", net.Name, h.Epochs, h.Batch, h.Rate)
	}
	if h.Dropout < 0 || h.Dropout > 0.95 {
		return fmt.Errorf("training %s: dropout: want 0 to 0.95, got %g", net.Name, h.Dropout)
	}
	if odds := max(1, len(h.Odds)); odds != len(net.Levels) && net.Kind != engine.Slimmable {
		return fmt.Errorf("training %s: want odds for %d levels, got %d", net.Name, len(net.Levels), odds)
	}
	return nil
}

// level returns the level that a uniform draw from [0, 1) stands for.
func (h *Hyper) level(draw float64) int {
	for i, odds := range h.Odds {
		if draw < odds {
			return i
		}
		draw -= odds
	}
	return max(0, len(h.Odds)-1)
}
