package workloads

import (
	"math"
	"time"

	"gonum.org/v1/gonum/stat/distuv"
)

// Query is one inference request. Its fields are fixed at arrival and nothing
// that a policy decides changes them.
type Query struct {
	ID       uint64        // 0, 1, 2, ... in order of arrival within a replication
	ArriveAt time.Duration // intended arrival, virtual time since the run began
	Class    uint16        // index into the scenario's classes
	Model    uint16        // index into the scenario's models
	Source   uint16        // index into the scenario's arrival sources
	Size     uint16        // samples in this query, 1 unless its class says otherwise
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
	// Size is the median number of samples of a query, and Spread the sigma of the logarithm of its
	// lognormal distribution: recommendation queries are heavy-tailed (Gupta et al., "DeepRecSys",
	// ISCA 2020). 0 is a size of 1; without spread all have the same. Sizes end at MaxSize.
	Size   int
	Spread float64
}

// MaxSize is the most samples of a query.
const MaxSize = 1024

// SizeAt returns the size of a query with the u-quantile of its class's distribution, 0 < u < 1.
func (c *Class) SizeAt(u float64) uint16 {
	median := float64(max(1, c.Size))
	if c.Spread == 0 {
		return uint16(min(median, MaxSize))
	}
	size := median * math.Exp(c.Spread*distuv.UnitNormal.Quantile(u))
	return uint16(math.Round(min(max(size, 1), MaxSize)))
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
