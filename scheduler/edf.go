package scheduler

import (
	"time"

	"slosim/workloads"
)

// edf is earliest deadline first (Liu and Layland, "Scheduling Algorithms for Multiprogramming in a
// Hard-Real-Time Environment", JACM 1973): the queue is in order of deadlines, whatever the
// classes. Of one machine that is never overloaded it misses a deadline only if every order does;
// under overload it is known to serve those that are nearly lost. With one class it is first come,
// first served.
//
// Ours is the choice of the operating point, see the parameter point: "fits", lcao's rule, so that
// what differs from lcao is the order alone; "full"; or a point's name. The believed slow-down
// counts as in lcao.
//
// Parameters: point ("fits"), and those of lcao.
type edf struct{ single }

func newEDF(p *Params) Policy { return &edf{newSingle(p)} }

// Key orders the queue by deadline.
func (e *edf) Key(_ *workloads.Query, deadline time.Duration) int64 { return int64(deadline) }
