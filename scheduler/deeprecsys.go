package scheduler

import (
	"math/bits"
	"slices"
	"time"
)

// deepRecSys follows DeepRecSched (Gupta et al., "DeepRecSys: A System for Optimizing End-To-End
// At-Scale Neural Recommendation Inference", ISCA 2020): a large query is split into parts of at
// most so many samples, which run side by side. Small parts use all cores for one query, large
// parts gain by batching and leave cores to other queries; which is better depends on machine and
// load, so the size is found by hill climbing.
//
// The published climb measures the highest load at which the tail meets its target, for each
// size in 32, 64, ... 1024, and stops at the first that is worse than the one before. Ours climbs while
// it serves: over a window of completions the tail (quantile tail, 0.95) of response time over
// latency target is taken; while it exceeds calm the size is doubled or halved, on in the same
// direction while the tail falls, back in the other when it rises by more than tolerance (0.1,
// the published slack of the target). Below calm the size stays. No feedback is needed: a system
// sees its parts end.
//
// The operating point is ours: "fits" (the default) takes the most accurate one at which what is
// left of the query, on all workers, meets its deadline and the queue behind its own; "full" is the
// paper's. With aware = true (the default) times are those at the believed slow-down. The offload of
// large queries to an accelerator is left out.
//
// Parameters: split (32, the first size), least (1), batch (1024, the largest size), tail (0.95), window (50
// completions), calm (0.9), tolerance (0.1), point ("fits"), headroom (0.5, of fits), quantile (0.99), aware
// (true), drop.
type deepRecSys struct {
	batcher
	grouped
	climb climb
	open  []openQuery // that have parts under way
}

// openQuery is a query that has begun and not ended.
type openQuery struct {
	ref              QueryRef
	parts            int           // under way
	left             int           // samples that wait
	lastAt           time.Duration // a part was started
	arriveAt, target time.Duration
}

func newDeepRecSys(p *Params) Policy {
	d := &deepRecSys{batcher: newBatcher(p, 1024, 0.99), grouped: newGrouped(p)}
	d.climb = climb{
		size: p.Int("split", 32, 1, 1024), least: p.Int("least", 1, 1, 1024), most: d.most,
		tail: p.Float("tail", 0.95, 0, 1), window: p.Int("window", 50, 2, 10000),
		calm: p.Float("calm", 0.9, 0, 100), tolerance: p.Float("tolerance", 0.1, 0, 10),
	}
	return d
}

// Bind looks the points up.
func (d *deepRecSys) Bind(s Setting) error {
	d.climb.size = min(d.climb.size, d.most)
	d.open = make([]openQuery, 0, s.Workers+1)
	return d.bind(s)
}

// Decide learns of parts that have ended and starts new ones, in order.
func (d *deepRecSys) Decide(v *View, p *Plan) {
	d.settle(v, d)
	if len(v.Waiting) == 0 {
		return
	}
	d.findIdle(v)
	if len(d.idle) == 0 {
		return
	}
	d.taken = zeroed(d.taken, len(v.Waiting))
	d.steal = false
	d.pass(v, p)
	if v.Stealing {
		d.steal = true
		d.pass(v, p)
	}
}

// pass goes through the queue once.
func (d *deepRecSys) pass(v *View, p *Plan) {
	for i := 0; i < len(v.Waiting) && len(d.idle) > 0; i++ {
		if slot := d.slotThatMay(v, i); slot >= 0 {
			d.gather(v, i, d.idle[slot])
			d.serve(p, v, i)
		}
	}
}

// slotThatMay returns the place of an idle worker that may take a query, -1 if there is none.
func (d *deepRecSys) slotThatMay(v *View, i int) int {
	for slot, w := range d.idle {
		if d.free(v, i, w) {
			return slot
		}
	}
	return -1
}

// serve starts samples of a bunch's head, whose position is i, until none is left or no worker
// that may take it idles.
func (d *deepRecSys) serve(p *Plan, v *View, i int) {
	q := &v.Waiting[i]
	if !d.begun(q.Ref) && d.late(&d.one) {
		d.taken[i] = true
		p.Drop(q.Ref, Late)
		return
	}
	left := d.left(v, q)
	point, why := d.point(&d.one)
	for left > 0 {
		slot := d.slotThatMay(v, i)
		if slot < 0 {
			break
		}
		worker, n := d.idle[slot], min(left, d.climb.size)
		left -= n
		p.Split(worker, q.Ref, point, n, why)
		d.begin(v, worker, flight{active: true, at: v.Now, ref: q.Ref, point: point, model: q.Model, samples: n})
		d.began(v, q, left)
		d.idle = slices.Delete(d.idle, slot, slot+1)
	}
	d.taken[i] = left == 0
}

// left returns how many samples of a query wait, those left out that have been started in this Decide.
func (d *deepRecSys) left(v *View, q *Waiting) int {
	for i := range d.open {
		if d.open[i].ref == q.Ref && d.open[i].lastAt == v.Now {
			return d.open[i].left
		}
	}
	return max(1, q.Left)
}

// point returns the one for the head: the rest of its samples run side by side.
func (d *deepRecSys) point(b *bunch) (int, Reason) {
	model := b.head().Model
	if d.points != nil {
		return d.points[model], Fixed
	}
	quickest := b.quickest()
	why := Fits
	for _, p := range d.byAccuracy[model] {
		switch {
		case d.alone(b, p, 0) > b.slack(0):
		case p == quickest || d.queueFits(b, p, quickest):
			return p, why
		default:
			why = Queue
		}
	}
	return quickest, Cheapest
}

// alone is how long the i-th member takes when its parts have all workers.
func (d *deepRecSys) alone(b *bunch, point, i int) time.Duration {
	samples := b.samples(i)
	size := min(samples, d.climb.size)
	parts := (samples + size - 1) / size
	workers := len(b.view.Workers)
	return b.time(point, size) * time.Duration((parts+workers-1)/workers)
}

// work is how much of all workers' time it takes, which is less when its parts are few.
func (d *deepRecSys) work(b *bunch, point, i int) float64 {
	samples := b.samples(i)
	size := min(samples, d.climb.size)
	return float64(b.time(point, size)) * float64(samples) / float64(size*len(b.view.Workers))
}

// queueFits says whether the members behind the head meet their deadlines at the point.
func (d *deepRecSys) queueFits(b *bunch, point, quickest int) bool {
	need := d.slower * d.work(b, point, 0)
	for i := 1; i < b.len(); i++ {
		own := d.alone(b, point, i)
		if slack := b.slack(i); time.Duration(need)+own > slack && d.alone(b, quickest, i) <= slack {
			return false
		}
		need += d.slower * d.work(b, point, i)
	}
	return true
}

// begun says whether samples of a query run or have run.
func (d *deepRecSys) begun(ref QueryRef) bool {
	return slices.ContainsFunc(d.open, func(o openQuery) bool { return o.ref == ref })
}

// began notes a part of a query.
func (d *deepRecSys) began(v *View, q *Waiting, left int) {
	i := slices.IndexFunc(d.open, func(o openQuery) bool { return o.ref == q.Ref })
	if i < 0 {
		i = len(d.open)
		d.open = append(d.open, openQuery{ref: q.Ref, arriveAt: q.ArriveAt, target: q.Deadline - q.ArriveAt})
	}
	d.open[i].parts++
	d.open[i].left, d.open[i].lastAt = left, v.Now
}

// landed ends a part, and the query with its last one.
func (d *deepRecSys) landed(v *View, _ int, f *flight) {
	for i := range d.open {
		o := &d.open[i]
		if o.ref != f.ref {
			continue
		}
		if o.parts--; o.parts == 0 && o.left == 0 {
			d.climb.observe(float64(v.Now-o.arriveAt) / float64(max(1, o.target)))
			d.open = slices.Delete(d.open, i, i+1)
		}
		return
	}
}

// climb is a hill climber over sizes in powers of two.
type climb struct {
	size, least, most int
	tail              float64
	window            int
	calm, tolerance   float64

	seen []float64
	last float64 // tail of the window before; 0: none
	down bool
}

// observe takes a query's response time over its target, and moves at the end of a window.
func (c *climb) observe(stretch float64) {
	if c.seen = append(c.seen, stretch); len(c.seen) < c.window {
		return
	}
	slices.Sort(c.seen)
	tail := c.seen[min(len(c.seen)-1, int(c.tail*float64(len(c.seen))))]
	c.seen = c.seen[:0]
	if tail <= c.calm {
		c.last = tail
		return
	}
	if c.last > 0 && tail > c.last*(1+c.tolerance) {
		c.down = !c.down
	}
	c.last = tail
	c.move()
}

// move takes a step; at an end it turns round.
func (c *climb) move() {
	next := 1 << (bits.Len(uint(c.size))) // the power of two above
	if c.down {
		next = 1 << max(0, bits.Len(uint(c.size-1))-1) // and below
	}
	next = min(max(next, c.least), c.most)
	if next == c.size {
		c.down = !c.down
		return
	}
	c.size = next
}
