package sim

import (
	"fmt"
	"runtime/debug"
	"time"

	"slosim/scheduler"
)

// RuleError says how a contender's policy broke the rules. The fault is the
// policy's, not the system's: other contenders are not touched by it.
type RuleError struct {
	At   time.Duration // instant of the Decide
	What string
}

// spoiled is the fault of a policy that sorts or overwrites the view's queue, which
// is shown without a copy.
const spoiled = "the policy changed the view's waiting queries"

// Error returns the instant and what was wanted and got.
func (e *RuleError) Error() string { return fmt.Sprintf("policy at %v: %s", e.At, e.What) }

// Step lets the policy decide, once, after all events of the instant now. It returns
// the commands that were applied, in the policy's order, for the driver to execute;
// a Wake that was pending already is left out. The slice is valid until the next
// Step. A RuleError ends the contender's run; the state is then not defined.
func (s *System) Step(now time.Duration) ([]scheduler.Command, error) {
	s.advance(now)
	s.pending.expire(now)
	s.plan.Reset()
	if err := s.decide(); err != nil {
		return nil, err
	}
	if err := s.apply(); err != nil {
		return nil, err
	}
	if err := s.idling(); err != nil {
		return nil, err
	}
	if s.counts.Waiting > 0 && s.busy == 0 && len(s.pending.at) == 0 {
		return nil, s.broken("%d queries wait, every worker idles and no Wake is pending", s.counts.Waiting)
	}
	if !s.counts.balanced() {
		panic(fmt.Sprintf("sim: queries lost or doubled at %v: %+v", now, s.counts))
	}
	return s.accepted, nil
}

// mostFruitless is how many decisions in a row may ask for a Wake and change nothing else, while
// nothing else happens: a policy that looks again every nanosecond would never end.
const mostFruitless = 1_000_000

// idling counts decisions that change nothing.
func (s *System) idling() error {
	state := [3]uint64{s.counts.Arrived, s.counts.Finished + s.counts.Dropped, uint64(s.busy)}
	if state != s.stirred {
		s.stirred, s.fruitless = state, 0
	}
	if s.fruitless++; s.fruitless > mostFruitless {
		return s.broken("wake: %d decisions in a row changed nothing and asked for a Wake each", mostFruitless)
	}
	return nil
}

// decide tells the policy what is known of finished queries by now, then asks it. A panic
// inside it is the contender's fault; a Failure is one that explains itself.
func (s *System) decide() (err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case *scheduler.Failure:
			err = s.broken("%s", cause.What)
		default:
			err = s.broken("panic: %v\n%s", cause, debug.Stack())
		}
	}()
	if s.feedback != nil {
		s.feedback.deliver(s.now, s.workers)
	}
	s.view.Workers = s.shown[:copy(s.shown, s.workers)]
	s.view.Now, s.view.Waiting, s.view.Arrived = s.now, s.queue.all(), s.counts.Arrived
	s.cfg.Policy.Decide(s.view, &s.plan)
	return nil
}

// apply checks and applies the plan's commands one after another: each sees the
// state that those before it left.
func (s *System) apply() error {
	commands := s.plan.Commands()
	kept := 0
	for i := range commands {
		fresh, err := s.applyOne(&commands[i])
		if err != nil {
			return err
		}
		if !fresh {
			continue
		}
		if kept < i {
			commands[kept] = commands[i]
		}
		kept++
	}
	s.accepted = commands[:kept]
	s.queue.compact(s.slots)
	return nil
}

// applyOne says whether the command is one that the driver must see.
func (s *System) applyOne(c *scheduler.Command) (fresh bool, err error) {
	switch c.Kind {
	case scheduler.Start:
		return true, s.start(c)
	case scheduler.Probe:
		return true, s.probe(c)
	case scheduler.Drop:
		return true, s.dropWaiting(c)
	case scheduler.Wake:
		return s.wake(c)
	default:
		return false, s.broken("want a known kind of command, got %d", c.Kind)
	}
}

func (s *System) start(c *scheduler.Command) error {
	if err := s.checkWorker("start", c.Worker); err != nil {
		return err
	}
	w := &s.workers[c.Worker]
	w.Samples, s.runs[c.Worker] = 0, s.runs[c.Worker][:0]
	if err := s.assign(c, c.Query, c.Point, max(1, len(c.Batch))); err != nil {
		return err
	}
	for i := 1; i < len(c.Batch); i++ {
		if err := s.join(c, i); err != nil {
			return err
		}
	}
	w.Busy, w.Running, w.Point, w.StartedAt = true, c.Query, c.Point, s.now
	s.busy++
	return nil
}

// join assigns a further query of a batch.
func (s *System) join(c *scheduler.Command, i int) error {
	a := c.Batch[i]
	if err := s.checkQuery("start", a.Query); err != nil {
		return err
	}
	if first, got := s.slots[c.Query].record.Query.Model, s.slots[a.Query].record.Query.Model; first != got {
		return s.broken("start: want a batch of one model, got models %d and %d", first, got)
	}
	return s.assign(c, a.Query, a.Point, len(c.Batch))
}

// assign gives a query, or some of its samples, to the command's worker.
func (s *System) assign(c *scheduler.Command, ref scheduler.QueryRef, point, together int) error {
	if err := s.checkQuery("start", ref); err != nil {
		return err
	}
	one := &s.slots[ref]
	if points := s.cfg.Models[one.record.Query.Model].Points; point < 0 || point >= points {
		return s.broken("start: point: want 0..%d, got %d", points-1, point)
	}
	if err := s.checkHome("start", ref, c.Worker); err != nil {
		return err
	}
	if together > 1 && one.parts > 0 {
		return s.broken("start: query reference %d: want whole queries in a batch, but some of its samples run", ref)
	}
	count := one.left
	if c.Count != 0 {
		if count = c.Count; count < 0 || count > one.left || together > 1 {
			return s.broken("start: samples: want 1..%d of one query, got %d of a batch of %d", one.left, count, together)
		}
	}
	if !s.takeSamples(ref, count) {
		return s.broken(spoiled)
	}
	w, r := &s.workers[c.Worker], &one.record
	if one.parts++; r.Parts == 0 {
		r.StartAt, r.Worker, r.Point, r.Why, r.Believed, r.Together = s.now, c.Worker, point, c.Why, w.Slowdown, together
		one.judged = c.Worker
	}
	r.Parts++
	w.Samples += count
	s.runs[c.Worker] = append(s.runs[c.Worker], ref)
	return nil
}

// takeSamples takes samples of a waiting query, which runs when none is left. It returns false if the
// queue is out of order.
func (s *System) takeSamples(ref scheduler.QueryRef, count int) bool {
	one := &s.slots[ref]
	if count < one.left {
		entry := s.queue.entry(ref, s.slots)
		if entry == nil {
			return false
		}
		one.left -= count
		entry.Left = one.left
		return true
	}
	if !s.queue.remove(ref, s.slots) {
		return false
	}
	one.left, one.state = 0, running
	s.counts.Waiting--
	s.counts.Running++
	return true
}

func (s *System) probe(c *scheduler.Command) error {
	if err := s.checkQuery("probe", c.Query); err != nil {
		return err
	}
	if err := s.checkWorker("probe", c.Worker); err != nil {
		return err
	}
	if err := s.checkHome("probe", c.Query, c.Worker); err != nil {
		return err
	}
	entry := s.queue.entry(c.Query, s.slots)
	if entry == nil {
		return s.broken(spoiled)
	}
	if entry.Probed && int(entry.ProbedOn) == c.Worker {
		return s.broken("probe: worker %d holds this query's activation already", c.Worker)
	}
	w := &s.workers[c.Worker]
	w.Busy, w.Probing, w.Running, w.StartedAt = true, true, c.Query, s.now
	s.busy++
	s.runs[c.Worker] = append(s.runs[c.Worker][:0], c.Query)
	s.slots[c.Query].state = probing
	return nil
}

func (s *System) dropWaiting(c *scheduler.Command) error {
	if err := s.checkQuery("drop", c.Query); err != nil {
		return err
	}
	if s.slots[c.Query].parts > 0 {
		return s.broken("drop: query reference %d: want one that waits, but some of its samples run", c.Query)
	}
	if !s.queue.remove(c.Query, s.slots) {
		return s.broken(spoiled)
	}
	s.counts.Waiting--
	s.drop(c.Query, c.Why)
	return nil
}

func (s *System) wake(c *scheduler.Command) (fresh bool, err error) {
	if c.At <= s.now {
		return false, s.broken("wake: want an instant after now, got %v", c.At)
	}
	fresh = s.pending.add(c.At)
	if len(s.pending.at) > maxWakes {
		return false, s.broken("wake: want at most %d pending", maxWakes)
	}
	return fresh, nil
}

func (s *System) checkQuery(verb string, ref scheduler.QueryRef) error {
	if int(ref) >= len(s.slots) || s.slots[ref].state != waiting {
		got := "it does not"
		if int(ref) < len(s.slots) && s.slots[ref].state == probing {
			got = "its activator runs on a worker"
		}
		return s.broken("%s: query reference %d: want one that waits, but %s", verb, ref, got)
	}
	return nil
}

func (s *System) checkWorker(verb string, worker int) error {
	if worker < 0 || worker >= len(s.workers) {
		return s.broken("%s: worker: want 0..%d, got %d", verb, len(s.workers)-1, worker)
	}
	if s.workers[worker].Busy {
		return s.broken("%s: worker %d: want an idle one, it is busy", verb, worker)
	}
	return nil
}

// checkHome refuses a query of another worker's queue, where idle workers do not steal.
func (s *System) checkHome(verb string, ref scheduler.QueryRef, worker int) error {
	if home := s.slots[ref].home; home >= 0 && home != worker && s.cfg.Queues != Stealing {
		return s.broken("%s: query reference %d waits in the queue of worker %d, got worker %d", verb, ref, home, worker)
	}
	return nil
}

func (s *System) broken(format string, args ...any) error {
	return &RuleError{At: s.now, What: fmt.Sprintf(format, args...)}
}
