package scheduler

import "time"

// clairvoyant knows each query's outcome and the interference to come, and is greedy
// with it: the head of the queue gets the point that finishes first among those that
// answer right and in time. A query that no point can save is dropped, or, when
// nothing may be dropped, gets the point that finishes first. It is a yardstick (ours),
// not a bound: it does not look at the queries behind.
type clairvoyant struct {
	dispatcher
	truth Truth
}

func newClairvoyant(p *Params) Policy { return &clairvoyant{dispatcher: newDispatcher(p)} }

// SetTruth hands over what no real policy can know.
func (c *clairvoyant) SetTruth(t Truth) { c.truth = t }

// Decide starts queries in order. It panics without truth: only a scenario's
// assembly can forget it.
func (c *clairvoyant) Decide(v *View, p *Plan) {
	if c.truth == nil {
		panic("scheduler: clairvoyant-greedy was not given the truth")
	}
	c.run(v, p, c)
}

func (c *clairvoyant) choose(t *turn) choice {
	q := t.query()
	first, right := -1, -1
	var firstAt, rightAt time.Duration
	for p := range t.points() {
		at := c.truth.Finish(q.Ref, t.worker, p)
		if first < 0 || at < firstAt {
			first, firstAt = p, at
		}
		if at <= q.Deadline && (right < 0 || at < rightAt) && c.truth.Right(q.Ref, p) {
			right, rightAt = p, at
		}
	}
	switch {
	case right >= 0:
		return start(right, Known)
	case c.drop != dropNever:
		return choice{kind: Drop, why: Known}
	}
	return start(first, Cheapest)
}
