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
	if s.counts.Waiting > 0 && s.busy == 0 && len(s.pending.at) == 0 {
		return nil, s.broken("%d queries wait, every worker idles and no Wake is pending", s.counts.Waiting)
	}
	if !s.counts.balanced() {
		panic(fmt.Sprintf("sim: queries lost or doubled at %v: %+v", now, s.counts))
	}
	return s.accepted, nil
}

// decide tells the policy what is known of finished queries by now, then asks it. A panic
// inside it is the contender's fault.
func (s *System) decide() (err error) {
	defer func() {
		if cause := recover(); cause != nil {
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
	if err := s.checkQuery("start", c.Query); err != nil {
		return err
	}
	if err := s.checkWorker("start", c.Worker); err != nil {
		return err
	}
	one := &s.slots[c.Query]
	if points := s.cfg.Models[one.record.Query.Model].Points; c.Point < 0 || c.Point >= points {
		return s.broken("start: point: want 0..%d, got %d", points-1, c.Point)
	}
	if !s.queue.remove(c.Query, s.slots) {
		return s.broken(spoiled)
	}
	w := &s.workers[c.Worker]
	w.Busy, w.Running, w.Point, w.StartedAt = true, c.Query, c.Point, s.now
	s.busy++
	s.counts.Waiting--
	s.counts.Running++
	one.state = running
	r := &one.record
	r.StartAt, r.Worker, r.Point, r.Why, r.Believed = s.now, c.Worker, c.Point, c.Why, w.Slowdown
	return nil
}

func (s *System) probe(c *scheduler.Command) error {
	if err := s.checkQuery("probe", c.Query); err != nil {
		return err
	}
	if err := s.checkWorker("probe", c.Worker); err != nil {
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
	s.slots[c.Query].state = probing
	return nil
}

func (s *System) dropWaiting(c *scheduler.Command) error {
	if err := s.checkQuery("drop", c.Query); err != nil {
		return err
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

func (s *System) broken(format string, args ...any) error {
	return &RuleError{At: s.now, What: fmt.Sprintf(format, args...)}
}
