package train

import (
	"math/rand/v2"

	"slosim/workloads/rng"
)

// drawing names what a random number of training is for.
type drawing uint64

const (
	drawWeights drawing = iota + 1
	drawOrder
	drawVariation
	drawLevel
	drawDropout
	drawTables
	drawAfterPruning
	drawClasses
	drawInputs
	drawWidths
)

// draw returns the key of one kind of draws.
func draw(key rng.Key, what drawing) rng.Key { return key.Child(rng.Training, uint64(what)) }

// shuffled returns the numbers 0 to n-1 in an order drawn for the epoch.
func shuffled(n int, key rng.Key, epoch int) []int {
	return rand.New(key.Source(rng.Training, uint64(epoch))).Perm(n)
}
