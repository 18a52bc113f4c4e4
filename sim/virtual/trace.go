package virtual

import (
	"fmt"
	"time"

	"slosim/scheduler"
	"slosim/workloads"
)

// What is what a traced event was.
type What uint8

// The events of a trace.
const (
	Arrived What = iota
	Started
	Probed
	Finished
	Activated
	Dropped
	WakeSet
	Woke
	LevelChanged
	Moved // the predicted end of a query, by a change of level
	Sensed
)

// Event is one thing that happened in a run, for people to read.
type Event struct {
	At       time.Duration
	What     What
	Query    uint64 // its ID
	Class    uint16 // its class (Arrived)
	Worker   int
	Point    int
	Level    int
	Slowdown float64          // true (LevelChanged) or read (Sensed)
	Until    time.Duration    // deadline (Arrived), predicted end if the level stays (Started, Probed, Moved), instant of the wake (WakeSet)
	Load     time.Duration    // charged for loading (Started)
	Switch   time.Duration    // charged for cold caches (Started)
	Right    bool             // (Finished)
	Why      scheduler.Reason // of the decision (Started, Probed)
}

// String returns one line of text.
func (e Event) String() string {
	at := fmt.Sprintf("%-8v ", e.At)
	switch e.What {
	case Arrived:
		return at + fmt.Sprintf("arrive    q%d, deadline %v", e.Query, e.Until)
	case Started:
		return at + fmt.Sprintf("start     q%d on worker %d at point %d: load %v, switch %v, ends at %v", e.Query, e.Worker, e.Point, e.Load, e.Switch, e.Until)
	case Probed:
		return at + fmt.Sprintf("probe     q%d on worker %d, ends at %v", e.Query, e.Worker, e.Until)
	case Finished:
		return at + fmt.Sprintf("finish    q%d on worker %d, right %v", e.Query, e.Worker, e.Right)
	case Activated:
		return at + fmt.Sprintf("activated q%d on worker %d", e.Query, e.Worker)
	case Dropped:
		return at + fmt.Sprintf("drop      q%d", e.Query)
	case WakeSet:
		return at + fmt.Sprintf("set wake  at %v", e.Until)
	case Woke:
		return at + "wake"
	case LevelChanged:
		return at + fmt.Sprintf("level     worker %d: level %d, slowdown %g", e.Worker, e.Level, e.Slowdown)
	case Moved:
		return at + fmt.Sprintf("moved     q%d on worker %d, ends at %v", e.Query, e.Worker, e.Until)
	case Sensed:
		return at + fmt.Sprintf("sense     worker %d: slowdown %.4f", e.Worker, e.Slowdown)
	}
	return at + fmt.Sprintf("event %d", e.What)
}

// Tracer watches a run event by event. It is for tests and for people, not for
// results: see sim.Recorder.
type Tracer interface {
	Trace(e Event)
}

func (d *driver) trace(e Event) {
	if d.cfg.Tracer != nil {
		d.cfg.Tracer.Trace(e)
	}
}

// traceBegin traces work that has just begun on a worker.
func (d *driver) traceBegin(what What, c *scheduler.Command, q *workloads.Query, cost charge, at time.Duration) {
	if d.cfg.Tracer == nil {
		return
	}
	d.cfg.Tracer.Trace(Event{
		At: at, What: what, Query: q.ID, Worker: c.Worker, Point: c.Point, Load: cost.load, Switch: cost.swap,
		Until: d.workers[c.Worker].end, Why: c.Why,
	})
}
