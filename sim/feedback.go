package sim

import (
	"time"

	"slosim/scheduler"
)

// feedback holds completions back until their delay has passed. The delay is the
// same for all, so they leave in the order in which they came.
type feedback struct {
	observer   scheduler.Observer    // nil: the policy is none
	correction *scheduler.Correction // nil: the contender has none
	delay      time.Duration
	held       []completion
	head       int
}

// completion is what is held of a finished query.
type completion struct {
	scheduler.Completion
	believed float64 // slow-down when it started
	whole    bool    // it ran alone, from activation to answer: its time can be compared
}

func (f *feedback) add(r *Record, labelled bool) {
	if len(f.held) == cap(f.held) && f.head > len(f.held)/2 {
		n := copy(f.held, f.held[f.head:])
		f.held, f.head = f.held[:n], 0
	}
	f.held = append(f.held, completion{scheduler.Completion{
		Class: r.Query.Class, Model: r.Query.Model, Worker: r.Worker, Point: r.Point,
		ArriveAt: r.Query.ArriveAt, StartAt: r.StartAt, FinishAt: r.FinishAt, Deadline: r.Deadline, Samples: r.Together * max(1, int(r.Query.Size)),
		Correct: labelled && r.Right, HasCorrect: labelled,
	}, r.Believed, !r.Probed && r.Together == 1 && r.Parts == 1 && r.Query.Size <= 1})
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
		if f.correction != nil && c.whole {
			f.correction.Observe(c.Completion, c.believed)
			workers[c.Worker].Correction, _ = f.correction.Factor(c.Worker)
		}
		f.head++
	}
	if f.head == len(f.held) {
		f.held, f.head = f.held[:0], 0
	}
}
