package workloads

import "time"

// Query is one inference request. Its fields are fixed at arrival and nothing
// that a policy decides changes them.
type Query struct {
	ID       uint64        // 0, 1, 2, ... in order of arrival within a replication
	ArriveAt time.Duration // intended arrival, virtual time since the run began
	Class    uint16        // index into the scenario's classes
	Model    uint16        // index into the scenario's models
	Source   uint16        // index into the scenario's arrival sources
	Size     uint16        // samples in this query, 1 unless a trace says otherwise
	Sample   uint32        // index of the data set's sample that it carries
}

// Target is what a class promises: answers within Latency of the arrival, and
// right at least as often as Accuracy (0 to 1).
type Target struct {
	Latency  time.Duration
	Accuracy float64
}

// Change sets a class's target from the virtual time At on.
type Change struct {
	At time.Duration
	Target
}

// Class is a group of queries with the same service level objective. Share is
// its part of the arrivals, 0 to 1; the shares of a scenario add up to 1.
// Changes are sorted by At.
type Class struct {
	Name  string
	Share float64
	Target
	Changes []Change
}

// TargetAt returns the target in force at virtual time at. A query keeps the
// target of its arrival.
func (c *Class) TargetAt(at time.Duration) Target {
	target := c.Target
	for _, change := range c.Changes {
		if change.At > at {
			break
		}
		target = change.Target
	}
	return target
}

// Arrivals yields the instants of arrival in order, one a call, until ok is false.
type Arrivals interface {
	Next() (at time.Duration, ok bool)
}

// Failing is an optional ability of Arrivals and of streams that read from a disk: when
// Next says that there is no more, Err says whether that is because of an error.
type Failing interface {
	Err() error
}
