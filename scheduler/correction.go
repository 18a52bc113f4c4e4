package scheduler

import (
	"math"
	"time"
)

// Correction learns how much longer queries take than the profile says, so that a profile that
// does not describe the machine any more does not sink a policy: for each worker, the ratio of
// observed to expected service times is tracked by the Kalman filter of ALERT (Wan et al., ATC
// 2020), whose noise of steps follows the innovations. Any policy can have it: where it is
// granted, the times that a [View] tells are multiplied by the mean, and policies need not know.
//
// Expected is the calibrated mean at the query's point and at the slow-down that was believed
// when it started, so a right profile and a right sensor give 1, and what the sensor tells is
// not counted twice. A policy that asks the beliefs itself, such as alert or a table made
// before the run, is not corrected.
//
// A query during which the core was away for milliseconds takes tens of times as long as
// expected. Its expected time holds its share of such stalls, so that over many queries the
// mean is right, but one of them would throw the filter off for dozens of queries. An
// observation counts as at most twice the present mean: a lasting change is still followed
// within some observations, each of which may double the mean.
type Correction struct {
	workers []kalman
}

const (
	// correctionNoise is the variance of a ratio about its mean: queries at one point differ by
	// some 20 %, by their sample and by chance.
	correctionNoise = 0.04
	// correctionStep is the least variance of a step: with it alone, a mean is over some 60 queries.
	correctionStep   = 1e-5
	correctionMemory = 0.9
	correctionMost   = 2 // of the present mean
)

// NewCorrection returns one that expects the profile to be right.
func NewCorrection(workers int) *Correction {
	c := &Correction{workers: make([]kalman, workers)}
	for i := range c.workers {
		c.workers[i] = kalman{mean: 1, variance: 0.01, noise: correctionNoise, least: correctionStep, memory: correctionMemory}
	}
	return c
}

// Observe takes the service time of a query, and what was expected of it.
func (c *Correction) Observe(worker int, observed, expected time.Duration) {
	if observed <= 0 || expected <= 0 {
		return
	}
	k := &c.workers[worker]
	k.update(min(float64(observed)/float64(expected), correctionMost*k.mean))
}

// Factor returns the estimate for a worker: how many times as long as expected queries take,
// and the standard deviation of that.
func (c *Correction) Factor(worker int) (mean, deviation float64) {
	return c.workers[worker].mean, math.Sqrt(c.workers[worker].variance)
}

// corrected multiplies a believed time by a worker's correction.
func (w *Worker) corrected(t time.Duration) time.Duration {
	if w.Correction == 0 || w.Correction == 1 {
		return t
	}
	return time.Duration(math.Round(float64(t) * w.Correction))
}

// uncorrected is the inverse: the believed time that is corrected to t.
func (w *Worker) uncorrected(t time.Duration) time.Duration {
	if w.Correction == 0 || w.Correction == 1 {
		return t
	}
	return time.Duration(math.Round(float64(t) / w.Correction))
}
