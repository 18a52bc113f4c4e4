package scheduler

import (
	"cmp"
	"slices"
	"time"

	"slosim/engine/profile"
)

// lcao is latency-constrained, accuracy-optimised scheduling (Mendoza and Trippel,
// "Dynamic Network Adaptation at Inference", arXiv 2204.08400): the most accurate
// point whose service time, at a stated quantile and the believed slow-down, fits
// what is left of the head's latency target after waiting and after what the queue
// still needs. The paper names these terms; how they are weighed is ours.
//
// A point is taken if it fits the head and every query behind. It fits a query that
// has n queries before it if
//
//	P(service at the point <= slack - n x mean / workers) >=
//	    quantile x P(service at the cheapest point <= slack - n x least mean / workers)
//
// that is, all before it ran at the same point, and of the chances that the cheapest
// point would give it at most the share 1 - quantile is lost. Where the cheapest
// point is safe, this is the plain rule: the quantile fits the slack. Where nothing is
// safe (a core that is taken away for longer than the slack), no accuracy is given up
// for a chance that no choice improves. Queries that even the cheapest point cannot
// save do not bind, and take no time if they will be dropped.
//
// Headroom is what the belief may be wrong by (sensors lag): the time that the queue
// needs at a point is taken 1/(1 - headroom) times as long.
//
// Sustained overload needs no rule of its own: the queue grows until its needs force a
// cheaper point, which holds it where the slack allows. The parameter utilisation,
// off at 0, bounds arrival rate (over window) x mean / workers as well: fewer late
// queries after sudden slow-downs, for accuracy at all other times.
//
// One believed slow-down serves for the whole queue, as if all workers were like the
// one that takes the head; that workers are busy is not looked at.
//
// Parameters: quantile (0.99), headroom (0.5), utilisation (0), window ("200ms"), drop.
type lcao struct {
	dispatcher
	meter
	q, utilisation float64
	slower         float64 // 1/(1 - headroom)

	byAccuracy [][]int // [model] points, most accurate first; of equals the cheaper
	load       float64 // arrivals per second and worker; 0 when switched off

	looked  bool     // queue is of this turn
	queue   []behind // behind the head
	binding int      // in queue: who refused the last point that was refused
}

// lookahead bounds how many queries behind the head are considered, so that a queue
// that is never dropped from costs no more than this per decision.
const lookahead = 1024

func newLCAO(p *Params) Policy {
	return &lcao{
		dispatcher:  newDispatcher(p),
		q:           p.Float("quantile", 0.99, 0, 1),
		slower:      1 / (1 - p.Float("headroom", 0.5, 0, 0.99)),
		utilisation: p.Float("utilisation", 0, 0, 10),
		meter:       meter{window: p.Duration("window", 200*time.Millisecond, time.Millisecond, time.Hour)},
	}
}

// Bind sorts the points of each model.
func (l *lcao) Bind(s Setting) error {
	l.byAccuracy = l.byAccuracy[:0]
	for _, model := range s.Models {
		l.byAccuracy = append(l.byAccuracy, byAccuracy(model))
	}
	return nil
}

// byAccuracy returns the points, most accurate first; of equals the cheaper alone.
func byAccuracy(model *profile.Belief) []int {
	order := make([]int, len(model.Points()))
	for p := range order {
		order[p] = p
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(
			cmp.Compare(model.Accuracy(b), model.Accuracy(a)),
			cmp.Compare(model.Mean(a, 1), model.Mean(b, 1)))
	})
	return order
}

// Decide starts queries in order.
func (l *lcao) Decide(v *View, p *Plan) {
	l.load = 0
	if l.utilisation > 0 {
		l.load = l.rate(v.Now, v.Arrived) / float64(len(v.Workers))
	}
	l.run(v, p, l)
}

func (l *lcao) choose(t *turn) choice {
	cheapest, least := t.cheapest()
	why, slack := Fits, t.slack()
	l.looked = false
	o := option{turn: t, q: l.q, cheapest: cheapest, least: least, slower: l.slower}
	for _, p := range l.byAccuracy[t.query().Model] {
		if p == cheapest {
			break
		}
		o.point, o.mean, o.quantile = p, t.mean(p), t.quantile(p, l.q)
		switch {
		case o.quantile > slack && !o.fits(slack, 0):
		case l.load > 0 && l.load*o.mean.Seconds() > l.utilisation:
			why = LoadRule
		case !l.queueFits(&o):
			why = Queue
		default:
			return start(p, why)
		}
	}
	if why == Fits && t.quantile(cheapest, l.q) > slack {
		why = Cheapest
	}
	return start(cheapest, why)
}

// option is a point considered for one turn, with what the tests need of it.
type option struct {
	*turn
	q               float64
	point, cheapest int
	mean, least     time.Duration // of point and of cheapest
	quantile        time.Duration // of point, at q
	slower          float64       // 1/(1 - headroom)
}

// fits says whether the point leaves a query enough of its chances; need is how many
// mean service times pass before its own. To a query without any nothing fits.
func (o *option) fits(slack time.Duration, need float64) bool {
	left := slack - time.Duration(need*o.slower*float64(o.mean))
	if o.quantile <= left {
		return true
	}
	chance := o.within(o.cheapest, slack-time.Duration(need*float64(o.least)))
	return chance > 0 && o.within(o.point, left) >= o.q*chance
}

// lost says whether even the cheapest point leaves a query no chance.
func (o *option) lost(slack time.Duration, need float64) bool {
	return slack < time.Duration((need+1)*float64(o.least)) &&
		o.within(o.cheapest, slack-time.Duration(need*float64(o.least))) == 0
}

// behind is a query behind the head that is not lost, and how many mean service times pass before its own.
type behind struct {
	slack time.Duration
	need  float64
}

// queueFits says whether the point leaves the queries behind enough of their chances. Which are lost does not
// depend on the point, and is found once a turn. A query that a point did not fit is the first to be asked about
// the next one: it is likely to refuse that too, and one that refuses is enough.
func (l *lcao) queueFits(o *option) bool {
	if !l.looked {
		l.looked, l.queue = true, l.look(o, l.queue[:0])
	}
	if l.binding < len(l.queue) && !o.fits(l.queue[l.binding].slack, l.queue[l.binding].need) {
		return false
	}
	for i := range l.queue {
		if !o.fits(l.queue[i].slack, l.queue[i].need) {
			l.binding = i
			return false
		}
	}
	return true
}

// look appends the queries behind the head that are not lost.
func (l *lcao) look(o *option, queue []behind) []behind {
	waiting := o.view.Waiting[o.index+1:]
	each := 1 / float64(len(o.view.Workers))
	need := each
	if len(o.view.Workers) > 1 {
		need = 1 // the head's worker is taken; others may be busy as long
	}
	for i := range waiting[:min(len(waiting), lookahead)] {
		slack := waiting[i].Slack(o.view.Now)
		if o.lost(slack, need) {
			if l.drop == dropNever {
				need += each
			}
			continue
		}
		queue = append(queue, behind{slack, need})
		need += each
	}
	return queue
}
