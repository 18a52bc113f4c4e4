package engine

import (
	"fmt"
	"math"
)

// SparsePoint is an operating point of [NewSLONN]: which nodes of layer 1 are
// computed, and which share of them stays.
type SparsePoint struct {
	Candidates float64 // share of layer 1 that the activator proposes; 1: all of it, over the non-zero inputs
	Kept       float64 // share of the masked layers that stays: one of the network's levels
}

// Name returns the name of the point, such as "c=0.3 k=0.1" or "all k=0.1".
func (p SparsePoint) Name() string {
	if p.Candidates < 1 {
		return fmt.Sprintf("c=%g k=%g", p.Candidates, p.Kept)
	}
	return fmt.Sprintf("all k=%g", p.Kept)
}

// CascadeSpec is an operating point that starts cheap: it runs its stages in order
// and stops as soon as the margin of a stage's answer reaches the stage's threshold.
type CascadeSpec struct {
	Stages     []int     // points, as numbered by the technique without cascades
	Thresholds []float32 // one per stage but the last: least margin to stop there
	Reach      []float64 // expected share of queries that run each stage; Reach[0] is 1
	Accuracy   float64   // on the calibration images, 0 to 1
}

// validate checks a cascade over a technique of the given number of base points.
func (c *CascadeSpec) validate(points int) error {
	if len(c.Stages) < 2 || len(c.Thresholds) != len(c.Stages)-1 || len(c.Reach) != len(c.Stages) {
		return fmt.Errorf("cascade: want at least 2 stages, a threshold for all but the last and a reach for each, got %d, %d, %d",
			len(c.Stages), len(c.Thresholds), len(c.Reach))
	}
	for _, threshold := range c.Thresholds {
		if math.IsNaN(float64(threshold)) || math.IsInf(float64(threshold), 0) {
			return fmt.Errorf("cascade: want finite thresholds, got %g", threshold)
		}
	}
	for i, stage := range c.Stages {
		if stage < 0 || stage >= points {
			return fmt.Errorf("cascade: stage %d: want a point of 0..%d, got %d", i, points-1, stage)
		}
	}
	return nil
}

// expected returns the mean cost of a cascade whose stages cost cost(point).
func (c *CascadeSpec) expected(cost func(point int) float64) float64 {
	sum := 0.0
	for i, stage := range c.Stages {
		sum += c.Reach[i] * cost(stage)
	}
	return sum
}
