package virtual

import (
	"time"

	"slosim/scheduler"
	"slosim/workloads"
)

// truth answers what no real policy can know, and what an activator would have said.
type truth struct{ d *driver }

var _ scheduler.Truth = truth{}

// Right says whether the waiting query would be answered right at the point.
func (t truth) Right(ref scheduler.QueryRef, point int) bool {
	return t.d.cfg.truth().At(point, int(t.d.system.Query(ref).Sample)).Right
}

// Finish says when the query would finish if it started now on the worker at the
// point: the worker is taken for idle, the interference to come is the true one.
func (t truth) Finish(ref scheduler.QueryRef, worker, point int) time.Duration {
	d := t.d
	work := d.whole(ref, worker, point)
	cost := d.charge(d.system.Query(ref), worker, d.groups[point])
	work.fixed = cost.load + cost.swap + d.overhead(d.system.Query(ref))
	d.inLife(&work, d.list.Now()-d.workers[worker].freeAt)
	return work.finish(d.list.Now(), d.workers[worker].time)
}

// whole returns the work of all samples of a waiting query that have not started, without load and
// switch.
func (d *driver) whole(ref scheduler.QueryRef, worker, point int) (work service) {
	q := d.system.Query(ref)
	d.execution(&work, q, int(d.begun[ref]), point, d.holds(ref, worker))
	for n := int(d.begun[ref]) + 1; n < int(q.Size); n++ {
		d.also(&work, q, n, point, false)
	}
	return work
}

// Raw returns the raw confidence of a query's activator at a point. The system asks
// only for queries whose activation has passed.
func (t truth) Raw(q *workloads.Query, point int) float32 {
	at := t.d.cfg.truth().At(point, int(q.Sample))
	switch {
	case !t.d.cfg.Certain || at.Confidence != at.Confidence: // NaN: there is none to be certain of
		return at.Confidence
	case at.Right:
		return 1
	}
	return 0
}
