package policytest

import (
	"fmt"
	"slices"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// World is a small serving system and its traffic: Poisson arrivals, one queue.
type World struct {
	Name     string
	Models   []*profile.Belief
	Classes  []workloads.Class
	Workers  int
	Rate     float64 // queries per second
	Queries  int
	Sizes    []int // samples of a query, each as likely as the others; nil: 1
	Queues   Queues
	Seed     uint64
	Slowdown func(now time.Duration) float64 // true and believed at once; nil: always 1
	// Stale is how many times as long as the beliefs say queries take; 0: as long. With it the
	// view's times are corrected, see scheduler.Correction.
	Stale float64
	// Poison overwrites everything a policy was shown as soon as Decide returns.
	Poison bool
}

// Queues says whose queries a worker may take.
type Queues uint8

// The kinds of queues.
const (
	OneQueue  Queues = iota // any worker any query
	PerWorker               // a query joins the queue of a worker in turn, and stays there
	Stealing                // likewise, but idle workers may take queries of others
)

// Tally is what came of a world.
type Tally struct {
	Arrived, Finished, Dropped, InTime, Right, RightInTime int
	Log                                                    []Entry
}

// Entry is one command, with what the policy knew of the query.
type Entry struct {
	Now     time.Duration
	Command scheduler.Command
	ID      uint64
	Slack   time.Duration
}

// equal says whether two entries are the same command.
func (e Entry) equal(other Entry) bool {
	same := slices.Equal(e.Command.Batch, other.Command.Batch) // of nil and of none alike
	e.Command.Batch, other.Command.Batch = nil, nil
	return same && e.Now == other.Now && e.ID == other.ID && e.Slack == other.Slack && fmt.Sprint(e.Command) == fmt.Sprint(other.Command)
}

// maxEvents bounds a run: a policy that asks for a Wake for ever does not end.
const maxEvents = 200

// Drive runs the world with a policy until every query is finished or dropped. An
// error says which rule the policy broke.
func (w World) Drive(policy scheduler.Policy) (Tally, error) {
	d := newDriver(w, policy)
	if binder, ok := policy.(scheduler.Binder); ok {
		if err := binder.Bind(scheduler.Setting{Classes: w.Classes, Models: w.Models, Workers: w.Workers}); err != nil {
			return Tally{}, fmt.Errorf("bind: %w", err)
		}
	}
	if user, ok := policy.(scheduler.TruthUser); ok {
		user.SetTruth(d)
	}
	for range maxEvents * (1 + w.Queries) {
		if !d.advance() {
			return d.tally, d.unfinished()
		}
		if err := d.decide(); err != nil {
			return d.tally, fmt.Errorf("at %v: %w", d.now, err)
		}
	}
	return d.tally, fmt.Errorf("want an end, got %d events for %d queries", maxEvents*(1+w.Queries), w.Queries)
}

// driver is the state of one run. A query's reference is its number plus one, so that
// a poisoned or zero reference is noticed.
type driver struct {
	world    World
	policy   scheduler.Policy
	observer scheduler.Observer
	keyer    scheduler.Keyer
	key      rng.Key

	correction *scheduler.Correction // nil: none

	now      time.Duration
	next     workloads.Query // to arrive
	waiting  []scheduler.Waiting
	keys     []int64 // of waiting
	workers  []scheduler.Worker
	running  [][]run         // [worker]
	progress []progress      // [query]
	believed []float64       // [worker] slow-down when the query started
	finishAt []time.Duration // [worker]
	wakes    []time.Duration
	view     *scheduler.View
	plan     *scheduler.Plan
	tally    Tally
}

func newDriver(w World, policy scheduler.Policy) *driver {
	d := &driver{
		world: w, policy: policy, key: rng.Key{Seed: w.Seed}, plan: &scheduler.Plan{},
		workers: make([]scheduler.Worker, w.Workers), running: make([][]run, w.Workers), progress: make([]progress, w.Queries),
		believed: make([]float64, w.Workers), finishAt: make([]time.Duration, w.Workers),
	}
	for i := range d.workers {
		d.workers[i] = scheduler.Worker{Point: -1, Slowdown: 1}
	}
	if w.Stale > 0 {
		d.correction = scheduler.NewCorrection(w.Models, w.Workers)
	}
	d.observer, _ = policy.(scheduler.Observer)
	d.keyer, _ = policy.(scheduler.Keyer)
	d.view = d.newView()
	d.draw(0)
	return d
}

func (d *driver) newView() *scheduler.View {
	v := scheduler.NewView(d.world.Models, d.confidence)
	v.Stealing = d.world.Queues == Stealing
	return v
}

// draw makes query number id, which arrives after the one before it.
func (d *driver) draw(id uint64) {
	gap := -logOf(1-d.key.Float(rng.Arrival, id)) / d.world.Rate
	u, class := d.key.Float(rng.ClassOf, id), 0
	for class < len(d.world.Classes)-1 && u >= d.world.Classes[class].Share {
		u -= d.world.Classes[class].Share
		class++
	}
	d.next = workloads.Query{
		ID: id, ArriveAt: d.next.ArriveAt + time.Duration(gap*1e9), Class: uint16(class),
		Model: uint16(id % uint64(len(d.world.Models))), Size: uint16(d.sizeOf(scheduler.QueryRef(id + 1))),
	}
}

// advance moves to the next instant with an event and applies all of its events.
func (d *driver) advance() bool {
	at, ok := d.nextAt()
	if !ok {
		return false
	}
	d.now = at
	for w := range d.workers {
		if d.workers[w].Busy && d.finishAt[w] == at {
			d.finish(w)
		}
		if d.world.Slowdown != nil {
			d.workers[w].Slowdown = d.world.Slowdown(at)
		}
	}
	d.wakes = slices.DeleteFunc(d.wakes, func(t time.Duration) bool { return t <= at })
	for d.next.ID < uint64(d.world.Queries) && d.next.ArriveAt == at {
		d.admit(d.next)
		d.draw(d.next.ID + 1)
	}
	return true
}

func (d *driver) nextAt() (at time.Duration, ok bool) {
	offer := func(t time.Duration) {
		if !ok || t < at {
			at, ok = t, true
		}
	}
	if d.next.ID < uint64(d.world.Queries) {
		offer(d.next.ArriveAt)
	}
	for w := range d.workers {
		if d.workers[w].Busy {
			offer(d.finishAt[w])
		}
	}
	if ok || len(d.waiting) > 0 { // a Wake with nothing left to do is no event
		for _, t := range d.wakes {
			offer(t)
		}
	}
	return at, ok
}

// admit puts a query in its place in the queue.
func (d *driver) admit(q workloads.Query) {
	target := d.world.Classes[q.Class].TargetAt(q.ArriveAt)
	w := scheduler.Waiting{
		Ref: scheduler.QueryRef(q.ID + 1), Class: q.Class, Model: q.Model, ArriveAt: q.ArriveAt,
		Deadline: q.ArriveAt + target.Latency, Accuracy: target.Accuracy, ProbedOn: -1, Left: int(q.Size),
	}
	if d.world.Queues != OneQueue {
		w.Queue = 1 + int32(q.ID%uint64(d.world.Workers))
	}
	key := int64(0)
	if d.keyer != nil {
		key = d.keyer.Key(&q, w.Deadline)
	}
	at := len(d.waiting)
	for at > 0 && d.keys[at-1] > key {
		at--
	}
	d.waiting = slices.Insert(d.waiting, at, w)
	d.keys = slices.Insert(d.keys, at, key)
	d.tally.Arrived++
}

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// unfinished says what is left when there are no more events.
func (d *driver) unfinished() error {
	if len(d.waiting) > 0 {
		return fmt.Errorf("want every query started or dropped, got %d waiting for ever", len(d.waiting))
	}
	return nil
}

func (d *driver) find(ref scheduler.QueryRef) int {
	return slices.IndexFunc(d.waiting, func(w scheduler.Waiting) bool { return w.Ref == ref })
}

// hardness is how hard a query is, 0 to 1: a point answers right what is below its accuracy.
func (d *driver) hardness(ref scheduler.QueryRef) float64 {
	return d.key.Float(rng.SampleOf, uint64(ref))
}

// sizeOf is how many samples a query has.
func (d *driver) sizeOf(ref scheduler.QueryRef) int {
	if n := len(d.world.Sizes); n > 0 {
		return d.world.Sizes[d.key.Index(rng.Synthetic, uint64(ref-1), uint64(n))]
	}
	return 1
}

func (d *driver) model(ref scheduler.QueryRef) int {
	return int(uint64(ref-1) % uint64(len(d.world.Models)))
}

// Right implements scheduler.Truth.
func (d *driver) Right(ref scheduler.QueryRef, point int) bool {
	return d.hardness(ref) < d.world.Models[d.model(ref)].Accuracy(point)
}

// Finish implements scheduler.Truth: the slow-down at the start holds until the end.
func (d *driver) Finish(ref scheduler.QueryRef, worker, point int) time.Duration {
	n := 1
	if i := d.find(ref); i >= 0 {
		n = d.waiting[i].Left
	}
	return d.now + d.service(ref, worker, point, n)
}

// service is how long n samples take together at a point, by the first query's draw.
func (d *driver) service(ref scheduler.QueryRef, worker, point, n int) time.Duration {
	u := d.key.Float(rng.Service, uint64(ref))
	service := d.world.Models[d.model(ref)].BatchQuantile(point, n, u, d.workers[worker].Slowdown)
	if d.world.Stale > 0 {
		service = time.Duration(d.world.Stale * float64(service))
	}
	return max(1, service)
}

// confidence answers View.Confidence.
func (d *driver) confidence(ref scheduler.QueryRef, point int) (float64, bool) {
	if i := d.find(ref); i < 0 || !d.waiting[i].Probed {
		return 0, false
	}
	return d.world.Models[d.model(ref)].Confidence(point, float32(1-d.hardness(ref)))
}
