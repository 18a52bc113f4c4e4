package sim

import (
	"time"

	"slosim/scheduler"
)

// feedback holds completions back until their delay has passed. The delay is the
// same for all, so they leave in the order in which they came.
type feedback struct {
	observer scheduler.Observer
	delay    time.Duration
	held     []scheduler.Completion
	head     int
}

func (f *feedback) add(r *Record, labelled bool) {
	if len(f.held) == cap(f.held) && f.head > len(f.held)/2 {
		n := copy(f.held, f.held[f.head:])
		f.held, f.head = f.held[:n], 0
	}
	f.held = append(f.held, scheduler.Completion{
		Class: r.Query.Class, Model: r.Query.Model, Worker: r.Worker, Point: r.Point,
		ArriveAt: r.Query.ArriveAt, StartAt: r.StartAt, FinishAt: r.FinishAt, Deadline: r.Deadline,
		Correct: labelled && r.Right, HasCorrect: labelled,
	})
}

// deliver shows the observer what it may know at now. It runs before Decide: a
// policy can act nowhere else, so an event of its own would change nothing.
func (f *feedback) deliver(now time.Duration) {
	for f.head < len(f.held) && f.held[f.head].FinishAt+f.delay <= now {
		f.observer.Observe(f.held[f.head])
		f.head++
	}
	if f.head == len(f.held) {
		f.held, f.head = f.held[:0], 0
	}
}
