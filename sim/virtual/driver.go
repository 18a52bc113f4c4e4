package virtual

import (
	"context"
	"fmt"
	"math"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/des"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// The kinds of events, in the order in which those of one instant are handled. A
// query that ends as the level changes has still ended under the old level.
const (
	finishes uint8 = iota
	activates
	changesLevel
	senses
	arrives
	wakes
)

// labels is the cause of the draws whose outcome feedback tells; package rng numbers
// its own causes from 1.
const labels rng.Cause = 1 << 16

// contextEvery is how many instants pass between two looks at the context.
const contextEvery = 1 << 12

// worker is the physical side of one server.
type worker struct {
	time    timeline
	segment int // index into time of the present one
	group   int // weights it ran last, -1 before the first
	crowd   crowd

	busy     bool
	work     service
	since    time.Duration // work is accounted for until then
	end      time.Duration // prediction, should the level stay
	version  uint32        // of the prediction: older ones are void
	kind     uint8         // finishes or activates
	ref      scheduler.QueryRef
	runs     []ran    // queries of a batch, the first one first; of a large query, it alone; else none
	starts   []int    // of runs: the place of the first sample among those that run together
	samples  []uint32 // scratch of real runs
	points   []int
	right    []bool
	startAt  time.Duration
	freeAt   time.Duration // end of its last work
	slowdown float64       // true, at the start
}

// now is the segment that holds: of the timeline, or as busy siblings make it.
func (w *worker) now() *segment {
	if w.crowd.on {
		return &w.crowd.segment
	}
	return &w.time[w.segment]
}

// outcome is what is drawn of a profile.Outcome, a quarter of its size: one is read for
// every query, at a random place.
type outcome struct {
	class uint8
	right bool
}

// driver is one run.
type driver struct {
	cfg      *Config
	system   *sim.System
	list     des.List
	workers  []worker
	memory   *memory
	probedOn []int32 // [QueryRef] worker that holds its activation, -1: none
	begun    []int32 // [QueryRef] samples that have started
	half     *profile.Half
	outcomes []outcome // [point*samples+sample]
	groups   []int     // [point] of weights: points are large, and there is a start for every query

	service, activation rng.Draws

	next     workloads.Query // of the held arrival; a closed loop yields it at its instant
	arriving bool            // an arrival is held
	finished []sim.Outcome   // scratch of a batch
	loop     Loop            // nil: arrivals do not depend on ends
	lastAt   time.Duration   // latest deadline so far
	reading  uint64          // number of the next sensor reading, from 1
	stats    Stats
}

// Run simulates one replication of one contender. Errors are a *sim.RuleError (the
// contender broke the rules), the context's, or say what is wrong with cfg or the
// stream. Records made before an error are of a run that is not whole, and counts those until then.
func Run(ctx context.Context, cfg *Config, recorder sim.Recorder) (Stats, error) {
	d, err := newDriver(cfg, recorder)
	if err != nil {
		return Stats{}, err
	}
	for i := range d.workers {
		if err := d.disturb(&d.workers[i]); err != nil {
			return Stats{}, err
		}
	}
	if err := d.admitNext(); err != nil {
		return Stats{}, err
	}
	err = d.run(ctx)
	c := d.system.Counts()
	d.stats.Arrived, d.stats.Finished, d.stats.Dropped = c.Arrived, c.Finished, c.Dropped
	return d.stats, err
}

func newDriver(cfg *Config, recorder sim.Recorder) (*driver, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	timelines, err := newTimelines(cfg)
	if err != nil {
		return nil, err
	}
	d := &driver{cfg: cfg, memory: newMemory(cfg.Set.Groups, cfg.Memory), reading: 1, half: cfg.truth(),
		service: cfg.Key.Draws(rng.Service), activation: cfg.Key.Draws(rng.Activation)}
	d.stats.Busy = make([]time.Duration, cfg.Workers)
	for i, t := range timelines {
		d.workers = append(d.workers, worker{time: t, group: -1})
		d.pushLevel(i)
	}
	d.outcomes = make([]outcome, len(d.half.Outcomes))
	for i, o := range d.half.Outcomes {
		d.outcomes[i] = outcome{o.Class, o.Right}
	}
	for i := range cfg.Set.Points {
		d.groups = append(d.groups, cfg.Set.Points[i].Group)
	}
	if loop, ok := cfg.Stream.(Loop); ok && loop.Closed() {
		d.loop = loop
	}
	if user, ok := cfg.Policy.(scheduler.TruthUser); ok {
		user.SetTruth(truth{d})
	}
	d.system, err = sim.New(sim.Config{
		Classes: cfg.Classes, Models: []sim.Model{{Belief: cfg.Belief, Points: len(cfg.Set.Points)}},
		Workers: cfg.Workers, Queues: cfg.Queues, Policy: cfg.Policy, Recorder: recorder,
		Confidences: truth{d}, Certain: cfg.Certain, Feedback: cfg.Feedback, Correction: cfg.Correction,
	})
	if cfg.Sensor.Period > 0 {
		d.list.Push(cfg.Sensor.Period+cfg.Sensor.Lag, senses, 0)
	}
	return d, err
}

// run takes one instant after another until nothing can count any more.
func (d *driver) run(ctx context.Context) error {
	for n := 0; ; n++ {
		if n%contextEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		at, ok := d.list.PeekAt()
		if !ok || d.over(at) {
			d.cutOff()
			return nil
		}
		seen, err := d.instant(at)
		if seen && err == nil {
			err = d.step(at)
		}
		if err != nil {
			return err
		}
	}
}

// over says that nothing that happens from an instant on can count: no query is to
// come, and none is left or all are late. In a closed loop a late one may still end and
// bring another, until the run's duration.
func (d *driver) over(at time.Duration) bool {
	if d.arriving || d.loop != nil && at < d.cfg.Duration && !d.empty() {
		return false
	}
	return d.empty() || at > d.lastAt
}

// empty says that every query so far was recorded.
func (d *driver) empty() bool {
	c := d.system.Counts()
	return c.Waiting+c.Running == 0
}

// cutOff ends the run at the last deadline: what is unfinished then has missed it.
func (d *driver) cutOff() {
	d.stats.EndAt = d.list.Now()
	before := d.system.Counts()
	if !d.empty() {
		d.stats.EndAt = max(d.lastAt, d.list.Now())
		for i := range d.workers {
			d.addBusy(i, d.stats.EndAt)
		}
		d.system.Abandon(d.stats.EndAt)
	}
	d.stats.Unfinished = d.system.Counts().Dropped - before.Dropped
}

// instant handles all events of one instant. It says whether a policy could know of
// any of them: a change of level alone is no reason to decide.
func (d *driver) instant(at time.Duration) (seen bool, err error) {
	for {
		e, _ := d.list.Next()
		d.stats.Events++
		one, err := d.handle(e)
		if err != nil {
			return false, err
		}
		seen = seen || one
		if next, ok := d.list.PeekAt(); !ok || next > at {
			return seen, nil
		}
	}
}

// handle says whether a policy could know of the event.
func (d *driver) handle(e des.Event) (seen bool, err error) {
	switch e.Kind() {
	case finishes, activates:
		return d.end(e), nil
	case changesLevel:
		return false, d.changeLevel(int(e.Data()), e.At())
	case senses:
		d.sense(e.At())
		return true, nil
	case arrives:
		return true, d.arrive(e.At())
	default: // wakes
		d.trace(Event{At: e.At(), What: Woke})
		d.system.Timer(e.At())
		return true, nil
	}
}

func (d *driver) arrive(at time.Duration) error {
	if d.loop != nil {
		d.loop.Next(&d.next) // PeekAt showed it
		if err := d.checkQuery(&d.next); err != nil {
			return err
		}
	}
	q := &d.next
	ref := d.system.Arrive(q, at)
	for int(ref) >= len(d.probedOn) {
		d.probedOn, d.begun = append(d.probedOn, -1), append(d.begun, 0)
	}
	d.probedOn[ref], d.begun[ref] = -1, 0
	deadline := at + d.cfg.Classes[q.Class].TargetAt(at).Latency
	d.lastAt = max(d.lastAt, deadline)
	if d.cfg.Tracer != nil { // events are large, and this is for every query
		d.trace(Event{At: at, What: Arrived, Query: q.ID, Class: q.Class, Until: deadline})
	}
	d.inspect(Arrived, ref, 0)
	return d.admitNext()
}

// admitNext takes the next query off the stream and holds its arrival.
func (d *driver) admitNext() error {
	if d.loop != nil {
		d.expect()
		return nil
	}
	d.arriving = d.cfg.Stream.Next(&d.next) && d.next.ArriveAt < d.cfg.Duration
	if !d.arriving {
		return d.streamErr()
	}
	if err := d.checkQuery(&d.next); err != nil {
		return err
	}
	d.half.AskActivation(d.workers[0].now().level, d.activation.Float(d.next.ID))
	d.list.Hold(d.next.ArriveAt, arrives, 0)
	return nil
}

// streamErr says whether the stream ended because of an error.
func (d *driver) streamErr() error {
	if failing, ok := d.cfg.Stream.(workloads.Failing); ok {
		if err := failing.Err(); err != nil {
			return fmt.Errorf("virtual: stream: %w", err)
		}
	}
	return nil
}

// expect holds a closed loop's next arrival as things stand.
func (d *driver) expect() {
	d.list.Release()
	at, ok := d.loop.PeekAt()
	d.arriving = ok && at < d.cfg.Duration
	if d.arriving {
		d.list.Hold(max(at, d.list.Now()), arrives, 0) // one of the past is refused as it arrives
	}
}

// done tells a closed loop that a query has ended for its client.
func (d *driver) done(q *workloads.Query, at time.Duration) {
	if d.loop != nil {
		d.loop.Done(q, at)
		d.expect()
	}
}

// gaveUp tells a closed loop of a dropped query: its client waits for an answer until
// the deadline. What it sends then comes after this instant's decision in any case.
func (d *driver) gaveUp(q *workloads.Query, at time.Duration) {
	deadline := q.ArriveAt + d.cfg.Classes[q.Class].TargetAt(q.ArriveAt).Latency
	d.done(q, max(deadline, at+1))
}

// checkQuery says what is wrong with a query of the stream.
func (d *driver) checkQuery(q *workloads.Query) error {
	samples := d.half.Samples
	switch {
	case q.ArriveAt < d.list.Now():
		return fmt.Errorf("virtual: query %d: want an arrival at %v or later, got %v", q.ID, d.list.Now(), q.ArriveAt)
	case int(q.Class) >= len(d.cfg.Classes) || q.Model != 0:
		return fmt.Errorf("virtual: query %d: want class 0..%d and model 0, got %d and %d", q.ID, len(d.cfg.Classes)-1, q.Class, q.Model)
	case int(q.Sample) >= samples:
		return fmt.Errorf("virtual: query %d: want sample 0..%d, got %d", q.ID, samples-1, q.Sample)
	}
	return nil
}

// end handles the end of a service or an activation; void predictions are not seen.
func (d *driver) end(e des.Event) (seen bool) {
	i, version := unpack(e.Data())
	w := &d.workers[i]
	if !w.busy || w.version != version {
		return false
	}
	d.addBusy(i, e.At())
	w.busy, w.freeAt = false, e.At()
	d.crowdOut(e.At())
	q := d.system.Query(w.ref)
	if w.kind == activates {
		d.probedOn[w.ref] = int32(i)
		d.trace(Event{At: e.At(), What: Activated, Query: q.ID, Worker: i})
		d.system.Activated(i, e.At())
		return true
	}
	if len(w.runs) > 0 {
		d.endBatch(i, e.At())
		return true
	}
	right := w.work.right
	if d.cfg.Tracer != nil {
		d.trace(Event{At: e.At(), What: Finished, Query: q.ID, Worker: i, Right: right})
	}
	d.system.Finish(i, e.At(), sim.Outcome{Right: right, Labelled: d.labelled(q.ID), Slowdown: w.slowdown})
	d.done(q, e.At())
	return true
}

// labelled says whether feedback tells if this query was answered right.
func (d *driver) labelled(id uint64) bool { return Labelled(d.cfg.Feedback, d.cfg.Key, id) }

// Labelled draws whether feedback tells if a query was answered right.
func Labelled(f sim.Feedback, key rng.Key, id uint64) bool {
	return f.Granted && f.Share > 0 && key.Float(labels, id) < f.Share
}

// addBusy adds what a busy worker did of the measured window.
func (d *driver) addBusy(i int, at time.Duration) {
	w := &d.workers[i]
	if w.busy {
		inside := min(at, d.cfg.Duration) - max(w.startAt, d.cfg.Warmup)
		d.stats.Busy[i] += max(0, inside)
	}
}

// changeLevel moves a worker to its next segment: what was done under the old level
// is accounted for, and the end of what is left predicted anew.
func (d *driver) changeLevel(i int, at time.Duration) error {
	w := &d.workers[i]
	if w.busy {
		w.work.spend(w.now().onCPU(w.since, at), w.now())
	}
	w.segment++
	d.join(i, at)
	d.trace(Event{At: at, What: LevelChanged, Worker: i, Level: w.now().level, Slowdown: w.now().slowdown})
	d.pushLevel(i)
	if err := d.disturb(w); err != nil {
		return err
	}
	if w.busy {
		d.again(w)
		d.predict(i, at, w.work.left(w.now()))
		d.trace(Event{At: at, What: Moved, Query: d.system.Query(w.ref).ID, Worker: i, Until: w.end})
	}
	return nil
}

// pushLevel adds the end of a worker's present segment to the events.
func (d *driver) pushLevel(i int) {
	w := &d.workers[i]
	if end := w.time[w.segment].to; end < forever {
		d.list.Push(end, changesLevel, uint64(i))
	}
}

// predict adds the end of a worker's work, of which so much on-CPU time is left should
// the present level stay, to the events and voids the older prediction.
func (d *driver) predict(i int, at, left time.Duration) {
	w := &d.workers[i]
	w.since = at
	w.version++
	w.end = w.now().finish(at, left)
	d.list.Push(w.end, w.kind, pack(i, w.version))
}

// sense reads the true slow-down of all workers as it was Lag ago.
func (d *driver) sense(at time.Duration) {
	s := d.cfg.Sensor
	for i := range d.workers {
		t := d.workers[i].time
		reading := t[t.at(at-s.Lag)].slowdown * d.crowded(i, at) * d.noise(i)
		d.trace(Event{At: at, What: Sensed, Worker: i, Slowdown: reading})
		d.system.Sense(i, reading, at)
	}
	d.reading++
	d.list.Push(at+s.Period, senses, 0)
}

// noise returns the factor of a worker's present reading.
func (d *driver) noise(i int) float64 { return d.cfg.Sensor.Factor(d.cfg.Key, d.reading, i) }

// Factor returns the noise of a worker's reading of a number, from 1: exp of a normal variate
// by the inverse of its distribution, one draw a reading.
func (s Sensor) Factor(key rng.Key, reading uint64, worker int) float64 {
	if s.Noise == 0 {
		return 1
	}
	u := key.Float(rng.SensorNoise, reading<<16|uint64(worker))
	normal := math.Sqrt2 * math.Erfinv(2*u-1+0x1p-53)
	return math.Exp(s.Noise * normal)
}

func pack(worker int, version uint32) uint64 { return uint64(worker)<<32 | uint64(version) }

func unpack(data uint64) (worker int, version uint32) { return int(data >> 32), uint32(data) }
