package scheduler

import "time"

// aclo is accuracy-constrained, latency-optimised scheduling (Mendoza and Trippel,
// "Dynamic Network Adaptation at Inference", arXiv 2204.08400): the cheapest point,
// by believed mean, that meets the query's accuracy target; the most accurate point
// if none does.
//
// Without probing the accuracy of a point is its calibrated mean over all queries.
// With probe = true, and a technique that has confidences, each query is probed first
// and its own calibrated confidence is compared with the target, as in the paper.
// Then a query's target is met by every query on its own, which is more than a
// target on the average asks for.
//
// What is ours: the calibration of confidences on labels, and charging the probe
// as time on the worker.
type aclo struct {
	dispatcher
	probe bool
}

func newACLO(p *Params) Policy {
	return &aclo{dispatcher: newDispatcher(p), probe: p.Bool("probe", false)}
}

// Decide starts or probes queries in order.
func (a *aclo) Decide(v *View, p *Plan) { a.run(v, p, a) }

func (a *aclo) choose(t *turn) choice {
	q := t.query()
	confident := a.probe && t.view.Models[q.Model].HasConfidence()
	if confident && !q.Probed {
		return choice{kind: Probe}
	}
	best := aclobest{point: -1}
	for p := range t.points() {
		accuracy := t.accuracy(p)
		if c, ok := a.confidence(t, p, confident); ok {
			accuracy = c
		}
		best.offer(p, accuracy, t.mean(p), q.Accuracy)
	}
	if best.meets {
		return start(best.point, Accurate)
	}
	return start(best.point, Unmet)
}

func (a *aclo) confidence(t *turn, point int, confident bool) (float64, bool) {
	if !confident {
		return 0, false
	}
	return t.view.Confidence(t.query().Ref, point)
}

// aclobest is the best point so far: one that meets the target beats one that does
// not; of those that do, the cheaper; of those that do not, the more accurate.
type aclobest struct {
	point    int
	accuracy float64
	mean     time.Duration
	meets    bool
}

func (b *aclobest) offer(point int, accuracy float64, mean time.Duration, target float64) {
	meets := accuracy >= target
	better := b.point < 0
	switch {
	case better:
	case meets != b.meets:
		better = meets
	case meets:
		better = mean < b.mean || (mean == b.mean && accuracy > b.accuracy)
	default:
		better = accuracy > b.accuracy || (accuracy == b.accuracy && mean < b.mean)
	}
	if better {
		*b = aclobest{point, accuracy, mean, meets}
	}
}
