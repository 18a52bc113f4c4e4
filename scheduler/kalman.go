package scheduler

import "math"

// kalman tracks a scalar that wanders, as ALERT does (Wan et al., ATC 2020): the variance of a
// step follows the innovations, so that the gain rises when the scalar moves. The policy alert
// and every [Correction] have one.
type kalman struct {
	mean, variance float64
	gain           float64
	noise          float64 // variance of an observation
	process        float64 // variance of a step
	least          float64 // of process
	memory         float64 // weight of the past in process
	innovation     float64 // last
}

// update takes an observation.
func (k *kalman) update(observed float64) {
	step := k.gain * k.innovation
	k.process = max(k.least, k.memory*k.process+(1-k.memory)*step*step)
	k.variance = (1-k.gain)*k.variance + k.process
	k.gain = k.variance / (k.variance + k.noise)
	k.innovation = observed - k.mean
	k.mean += k.gain * k.innovation
}

// below returns the probability that the scalar is at most x.
func (k *kalman) below(x float64) float64 {
	return 0.5 * math.Erfc((k.mean-x)/math.Sqrt(2*max(k.variance, 1e-12)))
}
