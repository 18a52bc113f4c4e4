package scheduler

import (
	"time"

	"slosim/engine/profile"
)

// slackFit follows SuperServe's SlackFit (Khare et al., NSDI 2025), without batches: offline,
// the range of the points' latencies is cut into equal buckets; online, the head's slack
// selects the bucket just below it, and the most accurate point up to that bucket
// runs. A queue leaves its head little slack, so bursts select cheap points; the queries
// behind are not looked at.
//
// Latencies are calibrated quantiles (quantile, 0.5: the median). Ours: with aware = true (the default)
// they are those at the believed slow-down, so that the rival is at its best; false is
// the rule as published. The number of buckets is not known to us.
//
// Parameters: buckets (16), quantile (0.5), aware (true), drop.
type slackFit struct {
	dispatcher
	buckets    int
	q          float64
	aware      bool
	byAccuracy [][]int
}

func newSlackFit(p *Params) Policy {
	return &slackFit{
		dispatcher: newDispatcher(p),
		buckets:    p.Int("buckets", 16, 1, 1000),
		q:          p.Float("quantile", 0.5, 0, 1),
		aware:      p.Bool("aware", true),
	}
}

// Bind sorts the points of each model.
func (s *slackFit) Bind(setting Setting) error {
	s.byAccuracy = s.byAccuracy[:0]
	for _, model := range setting.Models {
		s.byAccuracy = append(s.byAccuracy, byAccuracy(model))
	}
	return nil
}

// Decide starts queries in order.
func (s *slackFit) Decide(v *View, p *Plan) { s.run(v, p, s) }

func (s *slackFit) choose(t *turn) choice {
	model, slowdown := t.view.Models[t.query().Model], 1.0
	if s.aware {
		slowdown = t.view.Workers[t.worker].Slowdown
	}
	limit, fastest := s.limit(model, slowdown, t.on().uncorrected(t.slack()))
	for _, p := range s.byAccuracy[t.query().Model] {
		if model.Quantile(p, s.q, slowdown) <= limit {
			return start(p, Fits)
		}
	}
	return start(fastest, Cheapest)
}

// limit returns the upper edge of the bucket just below the slack, below every latency
// if there is none, and the point with the lowest latency.
func (s *slackFit) limit(model *profile.Belief, slowdown float64, slack time.Duration) (limit time.Duration, fastest int) {
	least := model.Quantile(0, s.q, slowdown)
	most := least
	for p := range model.Points() {
		latency := model.Quantile(p, s.q, slowdown)
		if latency < least {
			least, fastest = latency, p
		}
		most = max(most, latency)
	}
	if slack < least {
		return least - 1, fastest
	}
	if slack >= most {
		return most, fastest
	}
	width := max(1, (most-least)/time.Duration(s.buckets))
	return least + (slack-least)/width*width, fastest
}
