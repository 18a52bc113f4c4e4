package profile

import "time"

// Belief answers what a policy may ask about a technique: the calibration half
// only, at a scalar slow-down.
type Belief struct{}

// NewBelief compiles the calibration half of a set. levels are the profile's.
func NewBelief(set *Set, levels []Level) (*Belief, error) { return &Belief{}, nil }

// Points returns the operating points.
func (b *Belief) Points() []Point { return nil }

// Accuracy returns the calibrated accuracy of a point.
func (b *Belief) Accuracy(point int) float64 { return 0 }

// Mean returns the mean service time at a believed slow-down, activation and stalls included.
func (b *Belief) Mean(point int, slowdown float64) time.Duration { return 0 }

// Quantile returns the q-quantile of the service time at a believed slow-down, activation and stalls included.
func (b *Belief) Quantile(point int, q, slowdown float64) time.Duration { return 0 }

// Confidence maps an activator's raw confidence at a point to accuracy (isotonic, fitted on calibration labels).
func (b *Belief) Confidence(point int, raw float32) (c float64, ok bool) { return 0, false }
