package scheduler

import (
	"time"

	"slosim/workloads"
)

// inverse is pathological on purpose: it does the opposite of lcao. Nobody should
// serve with it. It is the check of a testbed: an experiment that cannot tell it from
// lcao measures nothing, and a statistic that ranks it above lcao is wrong.
//
// Where lcao gives accuracy up to save deadlines, inverse insists on it: when queries
// wait beside the one whose turn it is, or its slack is too short for the most accurate
// point's service time (at a quantile and the believed slow-down), it takes the most
// accurate point, of equals the slower. When there is all the time in the world it takes
// the fastest. The queue is last come, first served, so that those who waited longest
// wait on.
//
// Parameters: quantile (0.99), drop.
type inverse struct {
	dispatcher
	q    float64
	best []int // [model] the most accurate point; of equals the slower
}

func newInverse(p *Params) Policy {
	return &inverse{dispatcher: newDispatcher(p), q: p.Float("quantile", 0.99, 0, 1)}
}

// Bind finds the most accurate point of each model.
func (n *inverse) Bind(s Setting) error {
	n.best = n.best[:0]
	for _, model := range s.Models {
		best := 0
		for p := range model.Points() {
			gain := model.Accuracy(p) - model.Accuracy(best)
			if gain > 0 || gain == 0 && model.Mean(p, 1) > model.Mean(best, 1) {
				best = p
			}
		}
		n.best = append(n.best, best)
	}
	return nil
}

// Key orders the queue: last come, first served.
func (n *inverse) Key(q *workloads.Query, _ time.Duration) int64 { return -int64(q.ArriveAt) }

// Decide starts the latest queries first.
func (n *inverse) Decide(v *View, p *Plan) { n.run(v, p, n) }

func (n *inverse) choose(t *turn) choice {
	best := n.best[t.query().Model]
	if len(t.view.Waiting) > 1 || t.quantile(best, n.q) > t.slack() {
		return start(best, Contrary)
	}
	point, _ := t.cheapest()
	return start(point, Contrary)
}
