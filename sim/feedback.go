package sim

import (
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
)

// feedback holds completions back until their delay has passed. The delay is the
// same for all, so they leave in the order in which they came.
type feedback struct {
	observer   scheduler.Observer    // nil: the policy is none
	correction *scheduler.Correction // nil: the contender has none
	beliefs    []*profile.Belief
	delay      time.Duration
	held       []completion
	head       int
}

// completion is what is held of a finished query.
type completion struct {
	scheduler.Completion
	expected time.Duration // service time; 0: nothing to compare
}

func (f *feedback) add(r *Record, labelled bool) {
	if len(f.held) == cap(f.held) && f.head > len(f.held)/2 {
		n := copy(f.held, f.held[f.head:])
		f.held, f.head = f.held[:n], 0
	}
	f.held = append(f.held, completion{scheduler.Completion{
		Class: r.Query.Class, Model: r.Query.Model, Worker: r.Worker, Point: r.Point,
		ArriveAt: r.Query.ArriveAt, StartAt: r.StartAt, FinishAt: r.FinishAt, Deadline: r.Deadline,
		Correct: labelled && r.Right, HasCorrect: labelled,
	}, f.expected(r)})
}

// expected is the service time that a policy believed in when a query started. Of one
// whose activator ran ahead, only the rest ran then: it is not compared.
func (f *feedback) expected(r *Record) time.Duration {
	if f.correction == nil || r.Probed || f.beliefs[r.Query.Model] == nil {
		return 0
	}
	return f.beliefs[r.Query.Model].Mean(r.Point, r.Believed)
}

// deliver tells what may be known at now: the observer, and the workers' corrections. It
// runs before Decide: a policy can act nowhere else, so an event of its own would change
// nothing.
func (f *feedback) deliver(now time.Duration, workers []scheduler.Worker) {
	for f.head < len(f.held) && f.held[f.head].FinishAt+f.delay <= now {
		c := &f.held[f.head]
		if f.observer != nil {
			f.observer.Observe(c.Completion)
		}
		if c.expected > 0 {
			f.correction.Observe(c.Worker, c.FinishAt-c.StartAt, c.expected)
			workers[c.Worker].Correction, _ = f.correction.Factor(c.Worker)
		}
		f.head++
	}
	if f.head == len(f.held) {
		f.held, f.head = f.held[:0], 0
	}
}
