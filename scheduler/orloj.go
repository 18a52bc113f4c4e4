package scheduler

import (
	"math"
	"time"

	"slosim/engine/profile"
	"slosim/workloads"
)

// orloj follows Orloj (Yu et al., "Orloj: Predictably Serving Unpredictable DNNs", arXiv
// 2209.00159): the time of a query is not a number but a distribution, and so is that of a batch,
// which its longest query stretches. A schedule is judged by its expected cost, a query that
// misses its deadline costing what its answer is worth, and what a batch delays is charged to it.
//
// Of each batch of the first 1, 2, 4, ... queries and each operating point the value is
//
//	accuracy x sum over the batch of P(T <= slack) + rest
//
// T being the batch's time, whose distribution is calibrated. The rest is what the queries behind
// may still expect: each is worth the accuracy of the quickest point times the chance that it has
// there once those before it have run in such batches on all workers. The highest value runs; a
// query that nothing can save (a chance of at most hopeless) is dropped.
//
// The published system has one model and costs of its own, keeps a priority queue for each batch
// size and anticipates an exponential delay (recalled, not checked): the value is our reading of
// it, the points are ours, and so is, with aware = true (the default), the believed slow-down. The
// queue is in order of deadlines.
//
// Parameters: hopeless (0.01), batch (16), quantile (0.5, of the quickest point), aware (true), drop.
type orloj struct {
	batcher
	hopeless float64
	chances  []chances // [worker][model]
}

func newOrloj(p *Params) Policy {
	return &orloj{batcher: newBatcher(p, 16, 0.5), hopeless: p.Float("hopeless", 0.01, 0, 1)}
}

// Key orders the queue by deadline.
func (o *orloj) Key(_ *workloads.Query, deadline time.Duration) int64 { return int64(deadline) }

// Decide starts the batches of highest expected value.
func (o *orloj) Decide(v *View, p *Plan) { o.run(v, p, o) }

func (o *orloj) pack(b *bunch) packed {
	c := o.of(b)
	quickest := b.quickest()
	if alone := c.within(b, quickest, b.samples(0), b.slack(0)); alone <= o.hopeless {
		if o.drop != dropNever {
			return packed{kind: Drop, why: Late}
		}
		return together(1, quickest, Cheapest)
	}
	best, bestValue := together(1, quickest, Cheapest), math.Inf(-1)
	for size := 1; ; size = min(2*size, o.most) {
		count, samples := b.first(size)
		for p := range b.points() {
			if size > b.full(p) {
				continue
			}
			if value := o.value(b, c, p, count, samples, quickest); value > bestValue {
				best, bestValue = together(count, p, Fits), value
			}
		}
		if count == b.len() || size == o.most {
			return best
		}
	}
}

// value is what is expected of a batch and of the queries behind.
func (o *orloj) value(b *bunch, c *chances, point, count, samples, quickest int) float64 {
	served, behind := 0.0, 0.0
	for i := range count {
		served += c.within(b, point, samples, b.slack(i))
	}
	each := b.crowd() * float64(b.mean(point, samples)) / float64(count*len(b.view.Workers)) // for every query before it
	for i := count; i < min(b.len(), orlojLook); i++ {
		delay := time.Duration(each * float64(i))
		behind += c.within(b, quickest, b.samples(i), b.slack(i)-delay)
	}
	return b.model().Accuracy(point)*served + b.model().Accuracy(quickest)*behind
}

// orlojLook bounds how many queries are weighed.
const orlojLook = 64

// of returns the chances of a bunch's worker and model.
func (o *orloj) of(b *bunch) *chances {
	n := len(b.view.Workers) * len(b.view.Models)
	if len(o.chances) != n {
		o.chances = make([]chances, n)
	}
	c := &o.chances[b.worker*len(b.view.Models)+int(b.head().Model)]
	c.reset(b.model(), b.table.slowdown, o.most)
	return c
}

// chanceGrid is how many quantiles a batch's distribution is kept as, (i + 1/2) / chanceGrid.
const chanceGrid = 32

// chances holds distributions of times of batches at one slow-down, as far as they were asked for.
type chances struct {
	belief   *profile.Belief // nil: empty
	slowdown float64
	most     int
	known    []bool                      // [point][samples - 1]
	times    [][chanceGrid]time.Duration // likewise: quantiles
	beyond   [chanceGrid]time.Duration   // of a query that is larger than a batch, and whose it is:
	point, n int
}

func (c *chances) reset(belief *profile.Belief, slowdown float64, most int) {
	if c.belief == belief && c.slowdown == slowdown {
		return
	}
	c.belief, c.slowdown, c.most, c.n = belief, slowdown, most, 0
	if n := most * len(belief.Points()); len(c.known) != n {
		c.known, c.times = make([]bool, n), make([][chanceGrid]time.Duration, n)
	}
	clear(c.known)
}

// within returns the probability that n samples take at most limit together at a point.
func (c *chances) within(b *bunch, point, n int, limit time.Duration) float64 {
	if limit <= 0 {
		return 0
	}
	limit = b.on().uncorrected(limit)
	below, above := 0, chanceGrid
	for grid := c.grid(point, n); below < above; {
		if middle := (below + above) / 2; grid[middle] <= limit {
			below = middle + 1
		} else {
			above = middle
		}
	}
	return float64(below) / chanceGrid
}

// grid returns the quantiles of a batch.
func (c *chances) grid(point, n int) *[chanceGrid]time.Duration {
	if n > c.most {
		if c.n != n || c.point != point {
			c.n, c.point = n, point
			c.fill(&c.beyond, point, n)
		}
		return &c.beyond
	}
	i := point*c.most + n - 1
	if !c.known[i] {
		c.known[i] = true
		c.fill(&c.times[i], point, n)
	}
	return &c.times[i]
}

func (c *chances) fill(grid *[chanceGrid]time.Duration, point, n int) {
	for i := range grid {
		grid[i] = c.belief.BatchQuantile(point, n, (float64(i)+0.5)/chanceGrid, c.slowdown)
	}
}
