package scheduler

import (
	"time"

	"slosim/workloads"
)

// clockwork follows Clockwork (Gujarati et al., "Serving DNNs like Clockwork: Performance
// Predictability from the Bottom Up", OSDI 2020): inference takes the time that it took before, so
// a central controller can plan. The queue is in order of deadlines; for each batch size the
// latest instant at which the head could still start is its deadline less the profiled time of
// such a batch; the largest batch whose window is still open runs; a query whose window for a
// batch of one has closed is given up before it takes time from others.
//
// Profiled times are calibrated quantiles (quantile, 0.99, as Clockwork takes a high percentile of
// its last measurements; recalled, not checked). Ours: with aware = true (the default) they are
// those at the believed slow-down, so that the rival is at its best. And the operating point:
// Clockwork has none; point = "fits" (the default) takes the most accurate one at which the batch
// and the queue behind meet their deadlines; "full" is the paper's. It does not plan ahead of
// completions: here a worker is asked for only when it is idle.
//
// Parameters: point ("fits"), headroom (0.5, of fits), batch (16), quantile (0.99), aware (true),
// drop: with "never", a query that is late whatever happens runs alone at the quickest point.
type clockwork struct {
	batcher
	grouped
}

func newClockwork(p *Params) Policy { return &clockwork{newBatcher(p, 16, 0.99), newGrouped(p)} }

// Bind looks the points up.
func (c *clockwork) Bind(s Setting) error { return c.bind(s) }

// Key orders the queue by deadline.
func (c *clockwork) Key(_ *workloads.Query, deadline time.Duration) int64 { return int64(deadline) }

// Decide starts batches, earliest deadline first.
func (c *clockwork) Decide(v *View, p *Plan) { c.run(v, p, c) }

func (c *clockwork) pack(b *bunch) packed {
	point, count, why := c.choose(b)
	switch {
	case count > 0:
		return together(count, point, why)
	case c.drop != dropNever:
		return packed{kind: Drop, why: Late}
	}
	return together(1, b.quickest(), Cheapest)
}
