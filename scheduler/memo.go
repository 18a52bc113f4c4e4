package scheduler

import (
	"math"
	"time"

	"slosim/engine/profile"
)

// memo holds what a belief says at one slow-down. A sensor reads some ten times a second
// and queries come by the thousand, so nearly every decision finds its answers here. It
// remembers answers and nothing of a view. Corrections change with every query and come on top.
type memo struct {
	belief   *profile.Belief // nil: empty
	slowdown float64

	means    []time.Duration // [point]
	cheapest int
	least    time.Duration // mean of cheapest

	q         float64 // that quantiles are of
	quantiles []time.Duration
}

// memos has one for each worker and model.
type memos struct {
	models int
	all    []memo
}

// of returns the memo of a worker and model as a view shows them.
func (m *memos) of(v *View, worker int, model uint16) *memo {
	if len(m.all) != len(v.Workers)*len(v.Models) || m.models != len(v.Models) {
		m.models, m.all = len(v.Models), make([]memo, len(v.Workers)*len(v.Models))
	}
	one := &m.all[worker*m.models+int(model)]
	if belief, slowdown := v.Models[model], v.Workers[worker].Slowdown; one.belief != belief || one.slowdown != slowdown {
		one.fill(belief, slowdown)
	}
	return one
}

// fill asks the belief for the means of all points.
func (m *memo) fill(belief *profile.Belief, slowdown float64) {
	m.belief, m.slowdown, m.q = belief, slowdown, math.NaN()
	m.means, m.cheapest = m.means[:0], 0
	for p := range belief.Points() {
		m.means = append(m.means, belief.Mean(p, slowdown))
		if m.means[p] < m.means[m.cheapest] {
			m.cheapest = p
		}
	}
	m.least = m.means[m.cheapest]
}

// quantile returns a point's q-quantile. Policies ask for one q again and again.
func (m *memo) quantile(point int, q float64) time.Duration {
	if m.q != q {
		m.q, m.quantiles = q, m.quantiles[:0]
		for p := range m.means {
			m.quantiles = append(m.quantiles, m.belief.Quantile(p, q, m.slowdown))
		}
	}
	return m.quantiles[point]
}
