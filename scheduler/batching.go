package scheduler

import (
	"slices"
	"time"

	"slosim/engine/profile"
)

// packer is what a policy that batches adds to the batcher: what to do with the queries
// of one bunch on one idle worker.
type packer interface {
	pack(b *bunch) packed
}

// packed is the answer about a bunch. A Start takes its first count members, together, at
// point; a Drop gives its head up; a Wake holds the whole bunch back until at.
type packed struct {
	kind         Kind
	point, count int
	at           time.Duration
	why          Reason
}

func together(count, point int, why Reason) packed {
	return packed{kind: Start, point: point, count: count, why: why}
}

// bunch is the waiting queries that may run together on an idle worker: those of the
// head's model (and class, if the policy asks for that), in queue order.
type bunch struct {
	view    *View
	worker  int
	members []int32 // positions in view.Waiting, the head first
	table   *batchTimes
	most    int // samples of a batch
}

// batchLook bounds a bunch, so that a queue that is never dropped from costs no more.
const batchLook = 512

func (b *bunch) query(i int) *Waiting   { return &b.view.Waiting[b.members[i]] }
func (b *bunch) head() *Waiting         { return b.query(0) }
func (b *bunch) len() int               { return len(b.members) }
func (b *bunch) on() *Worker            { return &b.view.Workers[b.worker] }
func (b *bunch) model() *profile.Belief { return b.view.Models[b.head().Model] }
func (b *bunch) points() int            { return len(b.model().Points()) }

func (b *bunch) slack(i int) time.Duration { return b.query(i).Slack(b.view.Now) }

// crowd is how many queries wait for each member: those of other models take the workers too.
func (b *bunch) crowd() float64 {
	if b.len() >= batchLook {
		return 1
	}
	return float64(len(b.view.Waiting)) / float64(b.len())
}

// samples is how many the i-th member has.
func (b *bunch) samples(i int) int { return max(1, b.query(i).Left) }

// time is how long n samples take together at a point on the worker, at the batcher's quantile.
func (b *bunch) time(point, n int) time.Duration { return b.on().corrected(b.table.at(point, n)) }

// mean is how long they take on average.
func (b *bunch) mean(point, n int) time.Duration {
	return b.on().corrected(b.model().BatchMean(point, n, b.table.slowdown))
}

// first returns how many members have at most so many samples together, and how many those
// are; at least the head, however large it is.
func (b *bunch) first(samples int) (count, sum int) {
	for i := range b.members {
		n := b.samples(i)
		if i > 0 && sum+n > samples {
			break
		}
		count, sum = i+1, sum+n
	}
	return count, sum
}

// full is how many samples a batch has at most at a point: one where batches do not pay, because
// queries one after another finish earlier, all but the last.
func (b *bunch) full(point int) int {
	if b.table.pays(point) {
		return b.most
	}
	return 1
}

// fitting returns how many of the first members finish together at a point, the worker being as
// many times slower as said, before the earliest of their deadlines; 0 if not even the head does.
func (b *bunch) fitting(point int, slower float64) int {
	count, sum := 0, 0
	least, full := b.slack(0), b.full(point)
	for i := range b.members {
		sum += b.samples(i)
		least = min(least, b.slack(i))
		if (i > 0 && sum > full) || time.Duration(slower*float64(b.time(point, sum))) > least {
			break
		}
		count = i + 1
	}
	return count
}

// quickest returns the point at which the next batch takes the least time for each sample.
func (b *bunch) quickest() int {
	best, least := 0, 0.0
	for p := range b.points() {
		_, n := b.first(b.full(p))
		if each := float64(b.time(p, n)) / float64(n); p == 0 || each < least {
			best, least = p, each
		}
	}
	return best
}

// batchTimes holds quantiles of the times of batches at one slow-down, as far as they were
// asked for: sensors read some ten times a second, and policies ask a thousand times as often.
type batchTimes struct {
	belief   *profile.Belief // nil: empty
	slowdown float64
	q        float64
	most     int
	times    []time.Duration // [point][samples - 1]; 0: not asked for yet
	paying   []int8          // [point] 1: batches pay; -1: they do not; 0: not asked for yet
}

// batchGain is the share of the time of queries one after another that a batch must save.
const batchGain = 0.02

// pays says whether the largest batch takes less than its queries one after another.
func (t *batchTimes) pays(point int) bool {
	if t.paying[point] == 0 {
		t.paying[point] = -1
		alone, most := t.belief.Mean(point, t.slowdown), t.belief.BatchMean(point, t.most, t.slowdown)
		if float64(most) < (1-batchGain)*float64(t.most)*float64(alone) {
			t.paying[point] = 1
		}
	}
	return t.paying[point] > 0
}

// reset forgets what is not of this belief and slow-down.
func (t *batchTimes) reset(belief *profile.Belief, slowdown, q float64, most int) {
	if t.belief == belief && t.slowdown == slowdown {
		return
	}
	t.belief, t.slowdown, t.q, t.most = belief, slowdown, q, most
	if n := most * len(belief.Points()); len(t.times) != n {
		t.times, t.paying = make([]time.Duration, n), make([]int8, len(belief.Points()))
	}
	clear(t.times)
	clear(t.paying)
}

func (t *batchTimes) at(point, n int) time.Duration {
	if n < 1 || n > t.most {
		return t.belief.BatchQuantile(point, n, t.q, t.slowdown)
	}
	known := &t.times[point*t.most+n-1]
	if *known == 0 {
		*known = max(1, t.belief.BatchQuantile(point, n, t.q, t.slowdown))
	}
	return *known
}

// batcher hands batches of waiting queries to idle workers: the least slowed worker first, the
// head of the queue first and with it those behind that may run with it, in queue order. A worker
// idles only while every query that waits is held back by its policy, which then is woken.
//
// Times are those at a quantile and, if aware, at the believed slow-down. A large query that
// exceeds the largest batch runs alone.
type batcher struct {
	dispatcher
	flights
	most    int     // samples of a batch
	q       float64 // of times
	aware   bool
	byClass bool // no batch of two classes

	tables []batchTimes  // [worker][model]
	taken  []bool        // [position in the queue] started, dropped or held
	wakeAt time.Duration // the Wake that is pending; in the past: none
	spare  []int         // idle workers that found nothing to do
	steal  bool          // the queues of others may be taken from
	one    bunch
	batch  []Assign
}

// newBatcher reads what all policies that batch have in common: batch (the largest number
// of samples), quantile, aware and drop.
func newBatcher(p *Params, most int, quantile float64) batcher {
	return batcher{
		dispatcher: newDispatcher(p),
		most:       p.Int("batch", most, 1, 1024),
		q:          p.Float("quantile", quantile, 0, 1),
		aware:      p.Bool("aware", true),
	}
}

// MaxBatch says how large batches get.
func (d *batcher) MaxBatch() int { return d.most }

// run packs bunches until no worker is idle or nothing is left to start.
func (d *batcher) run(v *View, p *Plan, c packer) {
	if len(v.Waiting) == 0 {
		return
	}
	d.findIdle(v)
	d.hand(v, p, c)
}

// hand gives bunches to the workers of the list idle, in its order.
func (d *batcher) hand(v *View, p *Plan, c packer) {
	if len(d.idle) == 0 {
		return
	}
	d.taken, d.spare = zeroed(d.taken, len(v.Waiting)), d.spare[:0]
	d.steal = false
	d.rounds(v, p, c)
	if v.Stealing {
		d.idle, d.spare = append(d.idle, d.spare...), d.spare[:0]
		d.steal = true
		d.rounds(v, p, c)
	}
}

// rounds packs bunches until every worker has one or found nothing.
func (d *batcher) rounds(v *View, p *Plan, c packer) {
	for len(d.idle) > 0 {
		head := d.headFor(v, d.idle[0])
		if head < 0 {
			d.spare = append(d.spare, d.idle[0])
			d.idle = slices.Delete(d.idle, 0, 1)
			continue
		}
		d.gather(v, head, d.idle[0])
		if d.late(&d.one) {
			d.taken[head] = true
			p.Drop(v.Waiting[head].Ref, Late)
			continue
		}
		d.apply(p, c.pack(&d.one))
	}
}

// headFor returns the first query that a worker may take, -1 if there is none.
func (d *batcher) headFor(v *View, worker int) int {
	for i := range v.Waiting {
		if d.free(v, i, worker) {
			return i
		}
	}
	return -1
}

// free says whether a query is still to be had by a worker. Where idle workers steal from the queues
// of others, they do when those have chosen.
func (d *batcher) free(v *View, i, worker int) bool {
	w := &v.Waiting[i]
	if d.taken[i] || !v.May(w, worker) {
		return false
	}
	return d.steal || w.Queue == 0 || int(w.Queue) == worker+1
}

// late applies the rule for dropping to the head.
func (d *batcher) late(b *bunch) bool {
	switch d.drop {
	case dropNever:
		return false
	case dropHopeless:
		for p := range b.points() {
			if b.mean(p, b.samples(0)) <= b.slack(0) {
				return false
			}
		}
		return true
	}
	return b.slack(0) <= 0
}

// gather makes the bunch behind a head for a worker.
func (d *batcher) gather(v *View, head, worker int) {
	b, first := &d.one, &v.Waiting[head]
	b.view, b.worker, b.members, b.most = v, worker, b.members[:0], d.most
	for i := head; i < len(v.Waiting) && len(b.members) < batchLook; i++ {
		if d.joins(first, &v.Waiting[i]) && d.free(v, i, worker) {
			b.members = append(b.members, int32(i))
		}
	}
	if len(d.tables) != len(v.Workers)*len(v.Models) {
		d.tables = make([]batchTimes, len(v.Workers)*len(v.Models))
	}
	b.table = &d.tables[worker*len(v.Models)+int(first.Model)]
	slowdown := 1.0
	if d.aware {
		slowdown = v.Workers[worker].Slowdown
	}
	b.table.reset(v.Models[first.Model], slowdown, d.q, d.most)
}

// joins says whether a query may be in a bunch with another.
func (d *batcher) joins(first, other *Waiting) bool {
	return other.Model == first.Model && (!d.byClass || other.Class == first.Class)
}

// apply turns the answer about the bunch into commands.
func (d *batcher) apply(p *Plan, answer packed) {
	b := &d.one
	switch answer.kind {
	case Drop:
		d.taken[b.members[0]] = true
		p.Drop(b.head().Ref, answer.why)
		return
	case Wake:
		d.hold(p, b, answer.at)
		return
	}
	d.batch = d.batch[:0]
	f := flight{active: true, at: b.view.Now, ref: b.head().Ref, point: answer.point, model: b.head().Model, class: b.head().Class}
	for i := range answer.count {
		q := b.query(i)
		d.batch = append(d.batch, Assign{q.Ref, answer.point})
		d.taken[b.members[i]] = true
		f.add(q, b.samples(i))
	}
	p.StartBatch(b.worker, d.batch, answer.why)
	d.flights.begin(b.view, b.worker, f)
	d.idle = slices.Delete(d.idle, 0, 1)
}

// hold keeps every query that could be in the bunch for a Decide at an instant, or at an earlier one
// that was asked for already.
func (d *batcher) hold(p *Plan, b *bunch, at time.Duration) {
	if now := b.view.Now; d.wakeAt <= now || at < d.wakeAt {
		d.wakeAt = at
		p.Wake(at)
	}
	first := b.head()
	for i := range b.view.Waiting {
		if d.joins(first, &b.view.Waiting[i]) && d.free(b.view, i, b.worker) {
			d.taken[i] = true
		}
	}
}

// zeroed returns a slice of n zero values in the memory of another, if that has room.
func zeroed[T any](memory []T, n int) []T {
	memory = slices.Grow(memory[:0], n)[:n]
	clear(memory)
	return memory
}
