package scheduler

import (
	"math"
	"time"

	"slosim/workloads/rng"
)

// clipper follows Clipper (Crankshaw et al., "Clipper: A Low-Latency Online Prediction Serving
// System", NSDI 2017). Batches are as large as they may be, and what they may be is found by
// additive increase and multiplicative decrease: while batches of the largest size meet the latency
// objective it grows by increase; when one misses it, it is multiplied by backoff (0.9). With wait
// above 0 a batch that is not full is held back until its oldest query has waited so long (delayed
// batching). Limits are those of a worker, a model and a point.
//
// One operating point serves: the one that point names, or, with "fits", the most accurate one
// whose service time alone, at the quantile, lies within the objective. With select = "exp3" a
// bandit chooses instead: point i is drawn with probability s_i / sum s, and after feedback with
// loss L, s_i *= exp(-eta L / p_i). L is 1 of a late answer ("a late prediction is worse than an
// inaccurate one"), else 1 of a wrong one; where the scenario's feedback does not tell what was right
// the point's calibrated error counts. Without any feedback the bandit draws evenly.
//
// What the queue does is not looked at: nothing adapts the point to the load, except the bandit.
//
// Ours: the objective is the share target of the query's latency target (1 in the paper), because a
// query waits for a batch before its own runs; a limit grows only after a batch that reached
// it; with aware = true (the default) "fits" uses the believed slow-down; exp3 draws each point with
// probability explore at least. eta and increase are not known to us.
//
// Parameters: increase (1), backoff (0.9), target (0.5), wait ("0s"), point ("fits"), select
// ("point"), eta (0.1), explore (0.01), seed (1), batch (64), quantile (0.5), aware (true), drop.
type clipper struct {
	batcher
	name              string
	increase, backoff float64
	target            float64
	wait              time.Duration
	bandit            bool
	exp3              exp3

	points     []int // [model]; nil: fits
	byAccuracy [][]int
	offset     []int     // [model] of its first point among all points
	all        int       // points of all models
	limits     []float64 // [worker][point of all points]
	accuracies []float64 // [point of all points]
}

func newClipper(p *Params) Policy {
	return &clipper{
		batcher:  newBatcher(p, 64, 0.5),
		name:     p.String("point", pointFits),
		increase: p.Float("increase", 1, 0, 1000),
		backoff:  p.Float("backoff", 0.9, 0.01, 1),
		target:   p.Float("target", 0.5, 0.01, 1),
		wait:     p.Duration("wait", 0, 0, time.Minute),
		bandit:   p.String("select", "point", "point", "exp3") == "exp3",
		exp3: exp3{
			eta:     p.Float("eta", 0.1, 0, 10),
			explore: p.Float("explore", 0.01, 0, 1),
			draws:   rng.Key{Seed: uint64(p.Int("seed", 1, 0, math.MaxInt32))}.Draws(rng.Switching),
		},
	}
}

// Bind looks the points up and starts every limit at one.
func (c *clipper) Bind(s Setting) (err error) {
	if c.points, err = namedPoints(s.Models, c.name); err != nil {
		return err
	}
	c.byAccuracy, c.offset, c.accuracies, c.exp3.weights = c.byAccuracy[:0], c.offset[:0], c.accuracies[:0], nil
	for _, model := range s.Models {
		c.byAccuracy = append(c.byAccuracy, byAccuracy(model))
		c.offset = append(c.offset, len(c.accuracies))
		for p := range model.Points() {
			c.accuracies = append(c.accuracies, model.Accuracy(p))
		}
		c.exp3.add(len(model.Points()))
	}
	c.all = len(c.accuracies)
	c.limits = make([]float64, c.all*s.Workers)
	for i := range c.limits {
		c.limits[i] = 1
	}
	return nil
}

// Observe gives the bandit its feedback.
func (c *clipper) Observe(done Completion) {
	if !c.bandit {
		return
	}
	loss := 1 - c.accuracies[c.offset[done.Model]+done.Point]
	switch {
	case done.FinishAt > done.Deadline:
		loss = 1
	case done.HasCorrect && done.Correct:
		loss = 0
	case done.HasCorrect:
		loss = 1
	}
	c.exp3.observe(int(done.Model), done.Point, loss)
}

// Decide learns how long batches took and starts new ones.
func (c *clipper) Decide(v *View, p *Plan) {
	c.settle(v, c)
	c.run(v, p, c)
}

func (c *clipper) landed(v *View, worker int, f *flight) {
	limit := c.limit(worker, f.model, f.point)
	switch objective := c.target * float64(f.target); {
	case float64(v.Now-f.at) > objective:
		*limit = max(1, *limit*c.backoff)
	case f.samples >= int(*limit):
		*limit = min(float64(c.most), *limit+c.increase)
	}
}

func (c *clipper) limit(worker int, model uint16, point int) *float64 {
	return &c.limits[worker*c.all+c.offset[model]+point]
}

func (c *clipper) pack(b *bunch) packed {
	point, why := c.point(b)
	limit := min(int(*c.limit(b.worker, b.head().Model, point)), b.full(point))
	count, samples := b.first(limit)
	if until := b.head().ArriveAt + c.wait; samples < limit && count == b.len() && b.view.Now < until {
		return packed{kind: Wake, at: until}
	}
	return together(count, point, why)
}

// point returns the one that serves, or that the bandit draws.
func (c *clipper) point(b *bunch) (int, Reason) {
	model := b.head().Model
	switch {
	case c.bandit:
		return c.exp3.draw(int(model)), Unstated
	case c.points != nil:
		return c.points[model], Fixed
	}
	objective := time.Duration(c.target * float64(b.head().Deadline-b.head().ArriveAt))
	best := c.byAccuracy[model][0]
	for _, p := range c.byAccuracy[model] {
		if b.time(p, 1) <= objective {
			return p, Fits
		}
		if b.time(p, 1) < b.time(best, 1) {
			best = p
		}
	}
	return best, Cheapest
}

// exp3 is the bandit of Auer et al. ("The Nonstochastic Multiarmed Bandit Problem", SIAM J.
// Computing 2002), one for each model. Its draws are functions of their number.
type exp3 struct {
	eta, explore float64
	draws        rng.Draws
	drawn        uint64
	weights      [][]float64 // [model][point]
}

func (e *exp3) add(points int) {
	weights := make([]float64, points)
	for i := range weights {
		weights[i] = 1
	}
	e.weights = append(e.weights, weights)
}

// chance returns the probability of an arm whose weights have that sum.
func (e *exp3) chance(weights []float64, arm int, sum float64) float64 {
	return (1-e.explore)*weights[arm]/sum + e.explore/float64(len(weights))
}

func (e *exp3) draw(model int) int {
	weights := e.weights[model]
	sum := total(weights)
	u := e.draws.Float(e.drawn)
	e.drawn++
	for arm := range weights {
		if u -= e.chance(weights, arm, sum); u < 0 {
			return arm
		}
	}
	return len(weights) - 1
}

// observe lowers an arm's weight by its loss; then the largest weight is 1 again, which changes
// no probability.
func (e *exp3) observe(model, arm int, loss float64) {
	weights := e.weights[model]
	weights[arm] *= math.Exp(-e.eta * loss / e.chance(weights, arm, total(weights)))
	most := 0.0
	for _, w := range weights {
		most = max(most, w)
	}
	for i := range weights {
		weights[i] = max(weights[i]/most, 1e-12)
	}
}

func total(values []float64) (sum float64) {
	for _, v := range values {
		sum += v
	}
	return sum
}
