package scenarios

import (
	"slices"
	"sort"
	"time"

	"slosim/engine/profile"
	"slosim/reports"
	"slosim/sim/virtual"
)

// disturbance is the true timeline as records and windows have it: when any worker is
// disturbed, and how much the most disturbed one.
type disturbance struct {
	spans []reports.Span // in order, apart
	steps []step         // in order of time: the slow-down holds until the next
}

type step struct {
	at       time.Duration
	slowdown float64
}

func newDisturbance(timeline []virtual.Interval, levels []profile.Level) disturbance {
	return disturbance{spans: disturbed(timeline), steps: steps(timeline, levels)}
}

// on says whether any worker is disturbed at an instant.
func (d *disturbance) on(at time.Duration) bool {
	i := sort.Search(len(d.spans), func(i int) bool { return d.spans[i].To > at })
	return i < len(d.spans) && at >= d.spans[i].From
}

// slowdownAt returns the true slow-down of the most disturbed worker, at least 1. near is
// where the caller's last look ended: looks that are close in time find their step there.
func (d *disturbance) slowdownAt(at time.Duration, near *int) float64 {
	i := *near
	for i < len(d.steps) && d.steps[i].at <= at {
		i++
	}
	for i > 0 && d.steps[i-1].at > at {
		i--
	}
	*near = i
	if i == 0 {
		return 1
	}
	return d.steps[i-1].slowdown
}

// steps sweeps over the ends of all intervals; where it is quiet the slow-down is 1.
func steps(timeline []virtual.Interval, levels []profile.Level) []step {
	type edge struct {
		at       time.Duration
		interval int
		begins   bool
	}
	var edges []edge
	for i, piece := range timeline {
		edges = append(edges, edge{piece.From, i, true}, edge{piece.To, i, false})
	}
	slices.SortStableFunc(edges, func(a, b edge) int { return int(a.at - b.at) })
	active := map[int]bool{}
	var out []step
	for k, e := range edges {
		if e.begins {
			active[e.interval] = true
		} else {
			delete(active, e.interval)
		}
		if k+1 < len(edges) && edges[k+1].at == e.at {
			continue
		}
		worst := 1.0
		for i := range active { // a maximum: the order does not matter
			worst = max(worst, slowdownOf(timeline[i], levels))
		}
		out = append(out, step{e.at, worst})
	}
	return out
}

func slowdownOf(piece virtual.Interval, levels []profile.Level) float64 {
	if piece.Factor == 0 {
		return levels[piece.Level].Slowdown
	}
	return levels[piece.Level].Slowdown * piece.Factor
}

// disturbed returns the union of the intervals, in order: time in which any worker
// was disturbed.
func disturbed(timeline []virtual.Interval) []reports.Span {
	sorted := slices.Clone(timeline)
	slices.SortFunc(sorted, func(a, b virtual.Interval) int { return int(a.From - b.From) })
	var spans []reports.Span
	for _, i := range sorted {
		if n := len(spans); n > 0 && i.From <= spans[n-1].To {
			spans[n-1].To = max(spans[n-1].To, i.To)
			continue
		}
		spans = append(spans, reports.Span{From: i.From, To: i.To})
	}
	return spans
}
