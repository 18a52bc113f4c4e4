package sim

import (
	"fmt"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/workloads"
)

// Counts is the conservation law: Arrived = Finished + Dropped + Waiting + Running.
// A query whose activator runs ahead of its start still waits.
type Counts struct {
	Arrived, Finished, Dropped, Waiting, Running uint64
}

// balanced says whether no query was lost or doubled.
func (c *Counts) balanced() bool {
	return c.Arrived == c.Finished+c.Dropped+c.Waiting+c.Running
}

// Outcome is what a driver reports of a finished query.
type Outcome struct {
	Right    bool
	Labelled bool    // the scenario's feedback tells the policy whether it was right
	Slowdown float64 // true slow-down of the worker when the query started
}

// System is the serving system of one contender in one replication. It is not
// safe for concurrent use. In steady state it allocates nothing per query.
type System struct {
	cfg      Config
	keyer    scheduler.Keyer // nil: first come, first served
	feedback *feedback       // nil: nothing is learned

	slots   []slot
	unused  []scheduler.QueryRef // free slots, last freed first
	queue   queue
	seq     uint64
	counts  Counts
	busy    int // workers that run or probe
	pending wakes
	// What happened last, and the decisions since then that changed nothing.
	stirred   [3]uint64
	fruitless int
	now       time.Duration

	workers  []scheduler.Worker
	runs     [][]scheduler.QueryRef // [worker] what it runs, or probes
	lengths  []int                  // [worker] of its own queue, with what runs of it
	shown    []scheduler.Worker     // copies of workers, which a policy may spoil
	view     *scheduler.View        // of shown, and of the queue itself
	plan     scheduler.Plan
	accepted []scheduler.Command // the plan's own, without pending Wakes
	hidden   workloads.Query     // what a Keyer sees: the query without its sample
}

// New returns an empty system at time 0 and binds the policy to it. An error says
// what is wrong with the configuration, or why the policy refuses the setting.
func New(cfg Config) (*System, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	s := &System{cfg: cfg}
	beliefs := make([]*profile.Belief, len(cfg.Models))
	for i, m := range cfg.Models {
		beliefs[i] = m.Belief
	}
	s.view = scheduler.NewView(beliefs, s.confidence)
	s.workers = make([]scheduler.Worker, cfg.Workers)
	s.shown = make([]scheduler.Worker, cfg.Workers)
	s.runs, s.lengths = make([][]scheduler.QueryRef, cfg.Workers), make([]int, cfg.Workers)
	s.view.Stealing = cfg.Queues == Stealing
	for i := range s.workers {
		s.workers[i] = scheduler.Worker{Point: -1, Slowdown: 1}
	}
	return s, s.adopt(cfg.Policy, beliefs)
}

// adopt asks once which optional abilities the policy has.
func (s *System) adopt(policy scheduler.Policy, beliefs []*profile.Belief) error {
	s.keyer, _ = policy.(scheduler.Keyer)
	observer, observes := policy.(scheduler.Observer)
	if s.cfg.Feedback.Granted && (observes || s.cfg.Correction) {
		s.feedback = &feedback{observer: observer, delay: s.cfg.Feedback.Delay}
		if s.cfg.Correction {
			s.feedback.correction = scheduler.NewCorrection(beliefs, s.cfg.Workers)
		}
	}
	if binder, ok := policy.(scheduler.Binder); ok {
		setting := scheduler.Setting{Classes: s.cfg.Classes, Models: beliefs, Workers: s.cfg.Workers}
		if err := binder.Bind(setting); err != nil {
			return fmt.Errorf("policy refuses the setting: %w", err)
		}
	}
	return nil
}

// Arrive admits a query at the instant at. Its deadline and accuracy target are
// those of its class at the intended arrival, and its place in the queue is the
// policy's discipline; both stay. It returns the reference that commands use until
// the query is recorded; references are reused after that.
func (s *System) Arrive(q *workloads.Query, at time.Duration) scheduler.QueryRef {
	s.advance(at)
	if int(q.Class) >= len(s.cfg.Classes) || int(q.Model) >= len(s.cfg.Models) {
		panic(fmt.Sprintf("sim: query %d: class %d of %d, model %d of %d",
			q.ID, q.Class, len(s.cfg.Classes), q.Model, len(s.cfg.Models)))
	}
	target := s.cfg.Classes[q.Class].TargetAt(q.ArriveAt)
	ref := s.allocate()
	one := &s.slots[ref]
	one.state, one.seq, one.key = waiting, s.seq, 0
	one.left, one.parts, one.home = max(1, int(q.Size)), 0, s.shortest()
	one.record.begin(q, target, s.queue.len())
	s.seq++
	if s.keyer != nil {
		s.hidden = *q
		s.hidden.Sample = 0
		one.key = s.keyer.Key(&s.hidden, q.ArriveAt+target.Latency)
	}
	s.queue.insert(ref, s.slots)
	s.counts.Arrived++
	s.counts.Waiting++
	return ref
}

// shortest returns the worker with the fewest queries that wait for it or run on it, the first one
// of equals, and counts one more there; -1 where all workers share one queue.
func (s *System) shortest() int {
	if s.cfg.Queues == OneQueue {
		return nobody
	}
	best := 0
	for w, n := range s.lengths {
		if n < s.lengths[best] {
			best = w
		}
	}
	s.lengths[best]++
	return best
}

func (s *System) allocate() scheduler.QueryRef {
	if n := len(s.unused); n > 0 {
		ref := s.unused[n-1]
		s.unused = s.unused[:n-1]
		return ref
	}
	s.slots = append(s.slots, slot{})
	return scheduler.QueryRef(len(s.slots) - 1)
}

// Finish reports that what a worker runs is done, with one outcome for each query of the batch, in
// the order in which they were assigned. A query that was split is done with its last part.
func (s *System) Finish(worker int, at time.Duration, outcomes ...Outcome) {
	s.advance(at)
	w := s.busyWorker(worker, false)
	runs := s.runs[worker]
	if len(outcomes) != len(runs) {
		panic(fmt.Sprintf("sim: worker %d at %v: want %d outcomes, got %d", worker, at, len(runs), len(outcomes)))
	}
	for i, ref := range runs {
		one := &s.slots[ref]
		one.record.Busy += share(at-w.StartedAt, i, len(runs))
		if one.judged == worker {
			one.record.Right, one.record.Slowdown, one.judged = outcomes[i].Right, outcomes[i].Slowdown, nobody
		}
		if one.parts--; one.parts > 0 || one.left > 0 {
			continue
		}
		s.finish(ref, at, outcomes[i].Labelled)
	}
	s.idle(w)
}

// nobody stands for a worker where there is none.
const nobody = -1

// share is the i-th of n shares of a time, which sum to it.
func share(t time.Duration, i, n int) time.Duration {
	if n == 1 {
		return t
	}
	each := t / time.Duration(n)
	if i == 0 {
		return t - each*time.Duration(n-1)
	}
	return each
}

// finish records a query that is done.
func (s *System) finish(ref scheduler.QueryRef, at time.Duration, labelled bool) {
	r := &s.slots[ref].record
	r.FinishAt = at
	s.counts.Running--
	s.counts.Finished++
	if s.feedback != nil {
		s.feedback.add(r, labelled)
	}
	s.release(ref)
}

// Activated reports that the activator of the query that a worker probes is done:
// the worker is idle again and the query's confidence known.
func (s *System) Activated(worker int, at time.Duration) {
	s.advance(at)
	w := s.busyWorker(worker, true)
	one := &s.slots[w.Running]
	one.state = waiting
	one.record.Probed = true
	one.record.Busy += at - w.StartedAt
	if entry := s.queue.entry(w.Running, s.slots); entry != nil { // nil: spoiled, Step will say so
		entry.Probed, entry.ProbedOn = true, int32(worker)
	}
	s.idle(w)
}

// Sense reports a reading of a worker's slow-down: what policies believe from now on.
func (s *System) Sense(worker int, slowdown float64, at time.Duration) {
	s.advance(at)
	s.workers[worker].Slowdown = slowdown
}

// Timer reports that the instant of a Wake has come. An early or repeated timer
// does no harm.
func (s *System) Timer(at time.Duration) {
	s.advance(at)
	s.pending.expire(at)
}

// Abandon ends the run: whatever still waits or runs is recorded as dropped
// because it is Late. The system takes no more input.
func (s *System) Abandon(at time.Duration) {
	s.advance(at)
	for i := range s.workers {
		if w := &s.workers[i]; w.Busy {
			s.abandon(i, at)
			s.idle(w)
		}
	}
	for _, entry := range s.queue.all() {
		s.counts.Waiting--
		s.drop(entry.Ref, scheduler.Late)
	}
	s.queue = queue{}
}

// abandon drops what a worker runs, unless parts of it still wait or run elsewhere.
func (s *System) abandon(worker int, at time.Duration) {
	w, runs := &s.workers[worker], s.runs[worker]
	if w.Probing {
		s.slots[w.Running].record.Busy += at - w.StartedAt
		return
	}
	for i, ref := range runs {
		one := &s.slots[ref]
		one.record.Busy += share(at-w.StartedAt, i, len(runs))
		if one.parts--; one.parts == 0 && one.left == 0 {
			s.counts.Running--
			s.drop(ref, scheduler.Late)
		}
	}
}

// Query returns the query behind a reference. It may be read until the first Arrive
// after the query was recorded.
func (s *System) Query(ref scheduler.QueryRef) *workloads.Query { return &s.slots[ref].record.Query }

// Counts returns how many queries are where.
func (s *System) Counts() Counts { return s.counts }

// busyWorker returns a worker that must run (or probe) something.
func (s *System) busyWorker(worker int, probing bool) *scheduler.Worker {
	w := &s.workers[worker]
	if !w.Busy || w.Probing != probing {
		panic(fmt.Sprintf("sim: worker %d at %v: want busy, probing %v; got busy %v, probing %v",
			worker, s.now, probing, w.Busy, w.Probing))
	}
	return w
}

func (s *System) idle(w *scheduler.Worker) {
	w.Busy, w.Probing, w.Samples = false, false, 0
	s.busy--
}

// drop records a query that will not finish.
func (s *System) drop(ref scheduler.QueryRef, why scheduler.Reason) {
	r := &s.slots[ref].record
	r.Dropped = true
	r.Why = why
	s.counts.Dropped++
	s.release(ref)
}

// release records a query and frees its slot.
func (s *System) release(ref scheduler.QueryRef) {
	one := &s.slots[ref]
	if s.cfg.Recorder != nil {
		s.cfg.Recorder.Record(&one.record)
	}
	if one.home >= 0 {
		s.lengths[one.home]--
	}
	one.state = free
	s.unused = append(s.unused, ref)
}

func (s *System) advance(at time.Duration) {
	if at < s.now {
		panic(fmt.Sprintf("sim: event at %v lies before %v", at, s.now))
	}
	s.now = at
}

// confidence answers View.Confidence.
func (s *System) confidence(ref scheduler.QueryRef, point int) (float64, bool) {
	if int(ref) >= len(s.slots) || s.cfg.Confidences == nil {
		return 0, false
	}
	one := &s.slots[ref]
	model := s.cfg.Models[one.record.Query.Model]
	if !one.queued() || !one.record.Probed || point < 0 || point >= model.Points || model.Belief == nil {
		return 0, false
	}
	raw := s.cfg.Confidences.Raw(&one.record.Query, point)
	if raw != raw { // NaN: this activator has none
		return 0, false
	}
	if s.cfg.Certain {
		return float64(raw), true
	}
	return model.Belief.Confidence(point, raw)
}
