package scheduler

import "time"

// flight is what a policy has started on a worker, until it sees the worker idle again: that
// tells how long it took, whether or not the scenario grants feedback.
type flight struct {
	active       bool
	at           time.Duration // start
	ref          QueryRef      // the first query
	point        int
	model, class uint16 // of the first query
	samples      int
	arriveAt     time.Duration // of the query with the earliest deadline
	deadline     time.Duration // the earliest
	target       time.Duration // the shortest latency target
}

// add counts a query of the batch.
func (f *flight) add(q *Waiting, samples int) {
	target := q.Deadline - q.ArriveAt
	if f.samples == 0 || q.Deadline < f.deadline {
		f.deadline, f.arriveAt = q.Deadline, q.ArriveAt
	}
	if f.samples == 0 || target < f.target {
		f.target = target
	}
	f.samples += samples
}

// lander is told of flights that have ended; now less f.at is how long they took.
type lander interface {
	landed(v *View, worker int, f *flight)
}

// flights has one for each worker.
type flights struct{ all []flight }

// begin notes a start.
func (s *flights) begin(v *View, worker int, f flight) {
	if len(s.all) != len(v.Workers) {
		s.all = make([]flight, len(v.Workers))
	}
	s.all[worker] = f
}

// settle tells of every flight that has ended since the last Decide. There is a Decide at every
// instant at which something ends, so it ended just now.
func (s *flights) settle(v *View, l lander) {
	for w := range s.all {
		f := &s.all[w]
		if f.active && f.at < v.Now && !v.Workers[w].Busy {
			f.active = false
			l.landed(v, w, f)
		}
	}
}
