package sim

import (
	"time"

	"slosim/scheduler"
	"slosim/workloads"
)

// Never is the instant of what did not happen: the start of a query that was
// dropped from the queue, the finish of any dropped query.
const Never = time.Duration(-1)

// Record is what became of one query. Instants are virtual time since the run began.
type Record struct {
	Query          workloads.Query
	Deadline       time.Duration // arrival + latency target, fixed at arrival
	AccuracyTarget float64       // 0 to 1, fixed at arrival
	StartAt        time.Duration // Never if it did not start
	FinishAt       time.Duration // Never if it was dropped or never finished
	Dropped        bool          // given up by the policy, or unfinished when the run ended
	Worker         int           // that served it, the first of several; -1 if it did not start
	Point          int           // that it ran at, or its first samples; -1 if it did not start
	Right          bool          // answered right, of a large query the first sample; false when dropped
	Probed         bool          // its activator ran ahead of its start
	Why            scheduler.Reason
	Busy           time.Duration // time it held workers: probe, load, switch, service and stalls; its share of a batch
	Slowdown       float64       // true slow-down of the worker at the start; 0 if it did not finish
	Believed       float64       // what the policy believed then; 0 if it did not start
	Queue          int           // queries that waited at its arrival, itself not counted
	Together       int           // queries that ran with it, itself counted; 0 if it did not start
	Parts          int           // runs that its samples were split into; 0 if it did not start
}

// begin makes r the record of a query that has arrived, in place: records are large, and
// there is one for every query.
func (r *Record) begin(q *workloads.Query, target workloads.Target, queue int) {
	r.Query = *q
	r.Deadline, r.AccuracyTarget = q.ArriveAt+target.Latency, target.Accuracy
	r.StartAt, r.FinishAt, r.Worker, r.Point, r.Queue = Never, Never, -1, -1, queue
	r.Dropped, r.Right, r.Probed, r.Why = false, false, false, scheduler.Reason(0)
	r.Busy, r.Slowdown, r.Believed, r.Together, r.Parts = 0, 0, 0, 0, 0
}

// Met says whether the query finished within its latency target.
func (r *Record) Met() bool { return !r.Dropped && r.FinishAt <= r.Deadline }

// Recorder takes the record of each query when it finishes or is dropped. The
// record is reused: copy what you keep.
type Recorder interface {
	Record(r *Record)
}
