package scheduler

import (
	"math"
	"time"

	"slosim/engine/profile"
)

// Correction learns how much longer queries take than the profile says, so that a profile that
// does not describe the machine any more does not sink a policy: for each worker, the ratio of
// observed to expected service times is tracked by the Kalman filter of ALERT (Wan et al., ATC
// 2020), whose noise of steps follows the innovations. Any policy can have it: where it is
// granted, the times that a [View] tells are multiplied by the estimate, and policies need not
// know. A policy that asks the beliefs itself is not corrected; alert is one, and has a filter
// of its own.
//
// Expected is what the belief says at the query's point and at the slow-down that was believed
// when it started, so a right profile and a right sensor give 1, and what the sensor tells is
// not counted twice.
//
// A query during which the core was away for milliseconds takes tens of times as long as others,
// and one in many does: it must not count for what it is. So a time counts as at most a limit,
// twice the believed lower quartile times the present estimate, and is compared with the mean
// that the belief gives to times cut at the same limit. Cutting observations alone would drive
// the estimate of a right profile below 1, far below for a cascade or a shared core. The
// quartile, not the mean, is what stalls do not stretch. A lasting change is still followed
// within dozens of queries, each of which may count as twice what is usual.
//
// What is learned is therefore the pace of the common query. Stalls that come more often than
// the profile says, alone, do not show. And where the core is shared, a query that starts when
// another finishes meets fewer stalls than the belief says of an arbitrary instant (see
// [profile.Belief]): under load the estimate is then below 1.
type Correction struct {
	models  []*profile.Belief
	workers []kalman
	usual   [][][]usual // [worker][model][point]
}

// usual is what a belief says of times at one slow-down, cut at a limit.
type usual struct {
	slowdown    float64 // 0: empty
	limit, mean float64 // nanoseconds
	variance    float64 // over the square of mean
}

const (
	// correctionNoise is the least variance of an observed ratio, relative to the estimate's square:
	// queries at one point differ by some 20 %.
	correctionNoise = 0.04
	// correctionStep is the least variance of a step, relative too: with it and the least noise
	// alone, an estimate is over some 60 queries.
	correctionStep   = 1e-5
	correctionMemory = 0.9
	correctionMost   = 2    // limit, in lower quartiles
	correctionBound  = 1000 // of the estimate, and its inverse: times stay valid durations
	usualGrid        = 64   // quantiles that moments are taken over
)

// NewCorrection returns one that expects the profile to be right. models are those of the
// View; a nil one is not learned from.
func NewCorrection(models []*profile.Belief, workers int) *Correction {
	c := &Correction{models: models, workers: make([]kalman, workers), usual: make([][][]usual, workers)}
	for i := range c.workers {
		c.workers[i] = kalman{mean: 1, variance: 0.01, noise: correctionNoise, least: correctionStep, memory: correctionMemory}
		for _, model := range models {
			points := 0
			if model != nil {
				points = len(model.Points())
			}
			c.usual[i] = append(c.usual[i], make([]usual, points))
		}
	}
	return c
}

// Observe takes a completion, and the slow-down that was believed when the query started. A
// query whose activator had run ahead must be kept from it: only the rest ran then.
func (c *Correction) Observe(done Completion, slowdown float64) {
	if c.models[done.Model] == nil || done.FinishAt <= done.StartAt {
		return
	}
	u := &c.usual[done.Worker][done.Model][done.Point]
	if u.slowdown != slowdown {
		u.fill(c.models[done.Model], done.Point, slowdown)
	}
	if u.mean <= 0 { // nothing expected: nothing learned
		return
	}
	k := &c.workers[done.Worker]
	square := k.mean * k.mean
	k.noise = square * max(correctionNoise, 2*u.variance)
	k.least = square * correctionStep
	k.update(min(float64(done.FinishAt-done.StartAt), k.mean*u.limit) / u.mean)
	k.mean = min(max(k.mean, 1.0/correctionBound), correctionBound)
}

// fill asks the belief for the moments of cut times.
func (u *usual) fill(belief *profile.Belief, point int, slowdown float64) {
	limit := correctionMost * float64(belief.Quantile(point, 0.25, slowdown))
	sum, squares := 0.0, 0.0
	for i := range usualGrid {
		t := min(limit, float64(belief.Quantile(point, (float64(i)+0.5)/usualGrid, slowdown)))
		sum += t
		squares += t * t
	}
	mean := sum / usualGrid
	*u = usual{slowdown: slowdown, limit: limit, mean: mean}
	if mean > 0 {
		u.variance = squares/usualGrid/(mean*mean) - 1
	}
}

// Factor returns the estimate for a worker: how many times as long as expected queries take,
// and the standard deviation of that.
func (c *Correction) Factor(worker int) (mean, deviation float64) {
	return c.workers[worker].mean, math.Sqrt(c.workers[worker].variance)
}

// correction is what believed times are multiplied by.
func (w *Worker) correction() float64 {
	if w.Correction == 0 {
		return 1
	}
	return w.Correction
}

// corrected multiplies a believed time by a worker's correction.
func (w *Worker) corrected(t time.Duration) time.Duration {
	if w.correction() == 1 {
		return t
	}
	return time.Duration(math.Round(float64(t) * w.Correction))
}

// uncorrected is the inverse: the believed time that is corrected to t.
func (w *Worker) uncorrected(t time.Duration) time.Duration {
	if w.correction() == 1 {
		return t
	}
	return time.Duration(math.Round(float64(t) / w.Correction))
}
