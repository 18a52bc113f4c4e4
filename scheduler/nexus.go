package scheduler

import (
	"time"

	"slosim/workloads"
)

// nexus follows the early drop of Nexus (Shen et al., "Nexus: A GPU Cluster Engine for Accelerating
// DNN-Based Video Analysis", SOSP 2019): a dispatcher that waits for what is nearly lost runs small
// batches for ever, because the head leaves no time for a large one. So a window as long as the
// target batch slides over the queue, in order of deadlines, and stops at the first query that
// leaves the whole window time to run; those before it are dropped. As in the Nexus code the window
// is no longer than the queue, and a head is dropped while
//
//	deadline < now + latency(min(queue, target))
//
// The target batch is the largest with slo x latency(batch) <= the head's latency target (slo is 2
// in the paper: a query may just have missed a batch), at the point that runs; at least one.
//
// Ours: with aware = true (the default) latencies are those at the believed slow-down, so that
// the rival is at its best. And the point: "fits" (the default) takes the most accurate one whose
// window meets the head's deadline and at which the queue behind meets its own, and drops the
// head if the quickest one's window is too long for it; "full" is the paper's, which adapts nothing.
//
// Parameters: slo (2), point ("fits"), headroom (0.5, of fits), batch (32), quantile (0.99), aware
// (true), drop: with "never" nothing is dropped early, and the head runs with those that fit.
type nexus struct {
	batcher
	grouped
	slo float64
}

func newNexus(p *Params) Policy {
	return &nexus{newBatcher(p, 32, 0.99), newGrouped(p), p.Float("slo", 2, 1, 10)}
}

// Bind looks the points up.
func (n *nexus) Bind(s Setting) error { return n.bind(s) }

// Key orders the queue by deadline.
func (n *nexus) Key(_ *workloads.Query, deadline time.Duration) int64 { return int64(deadline) }

// Decide slides windows over the queue.
func (n *nexus) Decide(v *View, p *Plan) { n.run(v, p, n) }

func (n *nexus) pack(b *bunch) packed {
	if n.points != nil {
		return n.window(b, n.points[b.head().Model], Fixed)
	}
	quickest, why := b.quickest(), Fits
	for _, p := range n.byAccuracy[b.head().Model] {
		count, samples := b.first(n.target(b, p))
		if b.time(p, samples) > b.slack(0) {
			continue
		}
		if p == quickest || n.drains(b, p, count, quickest) {
			return together(count, p, why)
		}
		why = Queue
	}
	return n.window(b, quickest, Cheapest)
}

// window starts the whole window at a point, or drops the head.
func (n *nexus) window(b *bunch, point int, why Reason) packed {
	count, samples := b.first(n.target(b, point))
	switch {
	case b.time(point, samples) <= b.slack(0):
		return together(count, point, why)
	case n.drop != dropNever && b.time(point, b.samples(0)) <= b.slack(0):
		return packed{kind: Drop, why: Queue}
	case n.drop != dropNever:
		return packed{kind: Drop, why: Late}
	}
	return together(max(1, b.fitting(point, 1)), point, why)
}

// target returns the samples of a full batch at a point.
func (n *nexus) target(b *bunch, point int) int {
	target := float64(b.head().Deadline - b.head().ArriveAt)
	samples := 1
	for samples < b.full(point) && n.slo*float64(b.time(point, samples+1)) <= target {
		samples++
	}
	return samples
}
