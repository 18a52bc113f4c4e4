package scheduler

import "time"

// slackFit follows SuperServe's SlackFit (Khare et al., NSDI 2025): offline, the range of the
// latencies of all control tuples, a point and a batch size, is cut into equal buckets; online, the
// head's slack selects the bucket just below it, and of the tuples up to that bucket the one with the
// largest batch runs, of equal batches the most accurate one. A queue leaves its head little slack, so
// that bursts select cheap points and large batches, which drain it. (That large batches go before
// accuracy is recalled, not checked.) A batch is no larger than the queue, and where batches do not
// pay, by the profile, a tuple is a point alone; deadlines behind the head are not looked at.
//
// Latencies are calibrated quantiles (quantile, 0.5: the median). Ours: with aware = true (the default)
// they are those at the believed slow-down, so that the rival is at its best; false is
// the rule as published. The number of buckets is not known to us.
//
// Parameters: buckets (16), batch (16), quantile (0.5), aware (true), drop.
type slackFit struct {
	batcher
	buckets    int
	byAccuracy [][]int
}

func newSlackFit(p *Params) Policy {
	return &slackFit{batcher: newBatcher(p, 16, 0.5), buckets: p.Int("buckets", 16, 1, 1000)}
}

// Bind sorts the points of each model.
func (s *slackFit) Bind(setting Setting) error {
	s.byAccuracy = s.byAccuracy[:0]
	for _, model := range setting.Models {
		s.byAccuracy = append(s.byAccuracy, byAccuracy(model))
	}
	return nil
}

// Decide starts batches in order of the queue.
func (s *slackFit) Decide(v *View, p *Plan) { s.run(v, p, s) }

func (s *slackFit) pack(b *bunch) packed {
	limit, fastest := s.limit(b)
	best := packed{kind: Start, point: fastest, count: 1, why: Cheapest}
	for _, p := range s.byAccuracy[b.head().Model] {
		if count := s.within(b, p, limit); count > best.count || count == best.count && best.why == Cheapest {
			best = together(count, p, Fits)
		}
	}
	return best
}

// within returns how many of the first members take at most limit together at a point; 0: not
// even the head.
func (s *slackFit) within(b *bunch, point int, limit time.Duration) int {
	for samples := max(b.full(point), b.samples(0)); ; samples-- {
		count, sum := b.first(samples)
		if b.time(point, sum) <= limit {
			return count
		}
		if count == 1 {
			return 0
		}
		samples = min(samples, sum)
	}
}

// limit returns the upper edge of the bucket just below the head's slack, below every latency if there
// is none, and the point at which the head takes the least time.
func (s *slackFit) limit(b *bunch) (limit time.Duration, fastest int) {
	var least, most time.Duration
	for p := range b.points() {
		one := b.time(p, b.samples(0))
		if p == 0 || one < least {
			least, fastest = one, p
		}
		most = max(most, one, b.time(p, b.full(p)))
	}
	slack := b.slack(0)
	switch {
	case slack < least:
		return least - 1, fastest
	case slack >= most:
		return most, fastest
	}
	width := max(1, (most-least)/time.Duration(s.buckets))
	return least + (slack-least)/width*width, fastest
}
