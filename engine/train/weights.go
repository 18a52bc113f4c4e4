package train

import (
	"fmt"
	"math"
	"math/rand/v2"

	"slosim/engine"
	"slosim/workloads/rng"
)

// initialise draws weights from a normal distribution of variance 2/inputs (He et
// al., ICCV 2015) and leaves the biases as they are. A node's weights depend only on
// the key, its layer and its number.
func initialise(n *engine.Network, key rng.Key) {
	for l := range n.Layers {
		w := n.Layers[l].W
		scale := math.Sqrt(2 / float64(w.Cols))
		for j := range w.Rows {
			source := rand.New(key.Source(rng.Training, uint64(l)<<32|uint64(j)))
			row := w.Row(j)
			for i := range row {
				row[i] = float32(scale * source.NormFloat64())
			}
		}
	}
}

// like returns a network of n's shape with all weights and biases zero.
func like(n *engine.Network) *engine.Network {
	shares := make([]float64, len(n.Levels))
	for i, level := range n.Levels {
		shares[i] = level.Share
	}
	zero, err := engine.NewNetwork(n.Name, n.Kind, n.Sizes(), shares...)
	if err != nil {
		panic(fmt.Sprintf("train: a network of the shape of a valid one: %v", err))
	}
	zero.Masked = n.Masked
	return zero
}

// shiftInputs changes the first layer's biases so that the network gives for x what it
// gave for x + by*mean. A network trained on centred inputs takes plain ones after
// shiftInputs(n, mean, -1).
func shiftInputs(n *engine.Network, mean []float32, by float64) {
	first := n.Layers[0]
	for j := range first.W.Rows {
		shift := 0.0
		for i, weight := range first.W.Row(j) {
			shift += float64(float64(weight) * float64(mean[i]))
		}
		for _, bias := range first.Bias {
			bias[j] = float32(float64(bias[j]) + float64(by*shift))
		}
	}
}
