package scheduler

import "time"

// alert follows ALERT (Wan et al., "ALERT: Accurate Learning for Energy and Timeliness",
// ATC 2020), its accuracy-maximising mode: one global slow-down factor xi, observed
// over profiled latency of each completion, is tracked by a Kalman filter with adaptive
// process noise; the latency of every point is predicted as normal with mean xi x profiled
// and standard deviation sigma x profiled; the point with the highest accuracy among
// those that meet the deadline with probability target is taken, and if none does,
// the one with the highest accuracy x probability.
//
// It needs no sensor, but completions: without [feedback] in the scenario xi stays 1.
// The filter's constants are recalled, not checked against the paper, hence parameters.
// Profiled latency is the calibrated mean alone. The deadline is the query's own
// slack: the paper has no queue, and none is looked at. What is ours: applying the filter
// to several workers as if they were one.
//
// Parameters: target (0.99), gain (0.5), noise (0.001), process (0.1), memory (0.3), drop.
type alert struct {
	dispatcher
	target float64
	filter kalman
	means  [][]time.Duration // [model][point], alone
}

func newALERT(p *Params) Policy {
	return &alert{
		dispatcher: newDispatcher(p),
		target:     p.Float("target", 0.99, 0, 1),
		filter: kalman{
			mean: 1, variance: 0.1,
			gain:    p.Float("gain", 0.5, 0, 1),
			noise:   p.Float("noise", 0.001, 0, 100),
			least:   p.Float("process", 0.1, 0, 100),
			memory:  p.Float("memory", 0.3, 0, 1),
			process: 0,
		},
	}
}

// Bind notes the profiled latencies.
func (a *alert) Bind(s Setting) error {
	a.means = a.means[:0]
	for _, model := range s.Models {
		var means []time.Duration
		for p := range model.Points() {
			means = append(means, max(1, model.Mean(p, 1)))
		}
		a.means = append(a.means, means)
	}
	return nil
}

// Observe updates the slow-down factor by queries of one sample.
func (a *alert) Observe(c Completion) {
	if c.Samples > 1 { // profiled is the time of one
		return
	}
	a.filter.update(float64(c.FinishAt-c.StartAt) / float64(a.means[c.Model][c.Point]))
}

// Decide starts queries in order.
func (a *alert) Decide(v *View, p *Plan) { a.run(v, p, a) }

func (a *alert) choose(t *turn) choice {
	means := a.means[t.query().Model]
	slack := float64(t.slack())
	best, bestScore, meets := -1, 0.0, false
	for p, mean := range means {
		chance := a.filter.below(slack / float64(mean))
		ok := chance >= a.target
		score := t.accuracy(p)
		if !ok {
			score *= chance
		}
		better := best < 0 || (ok && !meets) || (ok == meets && (score > bestScore || (score == bestScore && mean < means[best])))
		if better {
			best, bestScore, meets = p, score, ok
		}
	}
	if meets {
		return start(best, Fits)
	}
	return start(best, Cheapest)
}
