package scheduler

import (
	"cmp"
	"slices"
	"time"
)

// chooser is what a built-in policy adds to the dispatcher: what to do with one query
// on one idle worker. A choice of kind Start has a point, one of kind Probe none,
// one of kind Drop gives the query up.
type chooser interface {
	choose(t *turn) choice
}

// turn is one query that may start on one worker.
type turn struct {
	view   *View
	worker int
	index  int   // of the query in view.Waiting
	memo   *memo // of the worker and the query's model
}

func (t *turn) query() *Waiting         { return &t.view.Waiting[t.index] }
func (t *turn) slack() time.Duration    { return t.query().Slack(t.view.Now) }
func (t *turn) points() int             { return len(t.view.Models[t.query().Model].Points()) }
func (t *turn) accuracy(pt int) float64 { return t.view.Models[t.query().Model].Accuracy(pt) }

// mean returns the mean time of what is left of the query at a point.
func (t *turn) mean(point int) time.Duration {
	if n := t.query().Left; n > 1 {
		return t.view.BatchMean(t.worker, t.query().Model, point, n)
	}
	return t.on().corrected(t.memo.means[point])
}

// quantile returns a quantile of it.
func (t *turn) quantile(point int, q float64) time.Duration {
	if n := t.query().Left; n > 1 {
		return t.view.BatchQuantile(t.worker, t.query().Model, point, n, q)
	}
	return t.on().corrected(t.memo.quantile(point, q))
}

// on is the worker.
func (t *turn) on() *Worker { return &t.view.Workers[t.worker] }

// within returns the share of queries like it that take at most limit: of several samples as if
// their time were spread like that of one.
func (t *turn) within(point int, limit time.Duration) float64 {
	if t.query().Left > 1 {
		one := t.view.Mean(t.worker, t.query().Model, point)
		limit = time.Duration(float64(limit) * float64(one) / float64(max(t.mean(point), 1)))
	}
	return t.view.Within(t.worker, t.query().Model, point, limit)
}

// cheapest returns the point with the lowest mean on the worker.
func (t *turn) cheapest() (point int, mean time.Duration) {
	if t.query().Left <= 1 {
		return t.memo.cheapest, t.on().corrected(t.memo.least)
	}
	for p := range t.points() {
		if m := t.mean(p); p == 0 || m < mean {
			point, mean = p, m
		}
	}
	return point, mean
}

// choice is the answer about one turn.
type choice struct {
	kind  Kind
	point int
	why   Reason
}

func start(point int, why Reason) choice { return choice{Start, point, why} }

// dropRule says which queries are given up instead of started.
type dropRule string

const (
	dropExpired  dropRule = "expired"  // whose deadline has passed
	dropHopeless dropRule = "hopeless" // and those that the cheapest point's mean makes late
	dropNever    dropRule = "never"
)

// dispatcher hands waiting queries to idle workers: in queue order, the least slowed
// worker first, none idle while a query waits. A query that a worker has probed goes
// back to that worker if it is idle, because its activation is paid there.
//
// The rule for dropping is asked when a query's turn has come, not before: until then
// a late query costs nothing.
type dispatcher struct {
	drop  dropRule
	idle  []int
	memos memos
	one   turn // whose turn it is
}

func newDispatcher(p *Params) dispatcher {
	rule := p.String("drop", string(dropExpired), string(dropExpired), string(dropHopeless), string(dropNever))
	return dispatcher{drop: dropRule(rule)}
}

// run asks the chooser about each waiting query until no worker is idle.
func (d *dispatcher) run(v *View, p *Plan, c chooser) {
	if len(v.Waiting) == 0 {
		return
	}
	probing := d.findIdle(v)
	for i := range v.Waiting {
		if len(d.idle) == 0 {
			return
		}
		if probing && isProbed(v, v.Waiting[i].Ref) {
			continue
		}
		d.one.view, d.one.index = v, i
		d.turn(&d.one, p, c)
	}
}

// turn decides about one query.
func (d *dispatcher) turn(t *turn, p *Plan, c chooser) {
	q := t.query()
	slot := d.slotFor(t.view, q)
	if slot < 0 {
		return
	}
	t.worker = d.idle[slot]
	t.memo = d.memos.of(t.view, t.worker, q.Model)
	if d.late(t) {
		p.Drop(q.Ref, Late)
		return
	}
	answer := c.choose(t)
	switch answer.kind {
	case Drop:
		p.Drop(q.Ref, answer.why)
		return
	case Probe:
		p.Probe(t.worker, q.Ref)
	default:
		p.Start(t.worker, q.Ref, answer.point, answer.why)
	}
	for i := slot + 1; i < len(d.idle); i++ { // a call to move nothing costs more than most of the above
		d.idle[i-1] = d.idle[i]
	}
	d.idle = d.idle[:len(d.idle)-1]
}

// late applies the rule for dropping.
func (d *dispatcher) late(t *turn) bool {
	switch d.drop {
	case dropNever:
		return false
	case dropHopeless:
		_, mean := t.cheapest()
		return t.slack() < mean
	}
	return t.slack() <= 0
}

// findIdle lists the idle workers, least believed slow-down first, and says whether
// any worker is probing. It lists no more than may be of use.
func (d *dispatcher) findIdle(v *View) (probing bool) {
	d.idle = d.idle[:0]
	most := useful(v)
	for w := range v.Workers {
		probing = probing || v.Workers[w].Probing
		switch last := len(d.idle) - 1; {
		case v.Workers[w].Busy:
			continue
		case len(d.idle) < most:
			d.idle = append(d.idle, w)
		case v.Workers[w].Slowdown < v.Workers[d.idle[last]].Slowdown:
			d.idle[last] = w
		default:
			continue
		}
		for i := len(d.idle) - 1; most <= fewWorkers && i > 0 && v.Workers[d.idle[i]].Slowdown < v.Workers[d.idle[i-1]].Slowdown; i-- {
			d.idle[i], d.idle[i-1] = d.idle[i-1], d.idle[i]
		}
	}
	if most > fewWorkers {
		slices.SortStableFunc(d.idle, func(a, b int) int { return cmp.Compare(v.Workers[a].Slowdown, v.Workers[b].Slowdown) })
	}
	return probing
}

// fewWorkers are sorted by insertion, which takes less than a call.
const fewWorkers = 12

// useful is how many idle workers there is something to do for: all, where a query may want one of its
// own.
func useful(v *View) int {
	if len(v.Workers) <= fewWorkers || len(v.Waiting) > fewWorkers {
		return len(v.Workers)
	}
	for i := range v.Waiting {
		if q := &v.Waiting[i]; q.Probed || q.Queue > 0 {
			return len(v.Workers)
		}
	}
	return len(v.Waiting)
}

// slotFor returns which of the idle workers takes the query; -1: it waits for the one whose queue it
// is in. A worker steals only where that one is busy.
func (d *dispatcher) slotFor(v *View, q *Waiting) int {
	if q.Probed {
		if slot := d.slotOf(int(q.ProbedOn)); slot >= 0 {
			return slot
		}
	}
	if q.Queue == 0 {
		return 0
	}
	if slot := d.slotOf(int(q.Queue) - 1); slot >= 0 || !v.Stealing {
		return slot
	}
	return 0
}

// slotOf returns the place of a worker among the idle ones, -1 if it is busy.
func (d *dispatcher) slotOf(worker int) int {
	for slot, w := range d.idle {
		if w == worker {
			return slot
		}
	}
	return -1
}

// isProbed says whether a worker runs the activator of the query at this moment.
func isProbed(v *View, ref QueryRef) bool {
	for w := range v.Workers {
		if v.Workers[w].Busy && v.Workers[w].Probing && v.Workers[w].Running == ref {
			return true
		}
	}
	return false
}
