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
	q := d.system.Query(ref)
	cost := d.charge(q, worker, d.groups[point])
	var work service
	d.execution(&work, q, int(d.begun[ref]), point, d.holds(ref, worker))
	for n := int(d.begun[ref]) + 1; n < int(q.Size); n++ {
		d.also(&work, q, n, point, false)
	}
	work.fixed = cost.load + cost.swap + d.overhead(q)
	d.inLife(&work, d.list.Now()-d.workers[worker].freeAt)
	return work.finish(d.list.Now(), d.workers[worker].time)
}

// Raw returns the raw confidence of a query's activator at a point. The system asks
// only for queries whose activation has passed.
func (t truth) Raw(q *workloads.Query, point int) float32 {
	return t.d.cfg.truth().At(point, int(q.Sample)).Confidence
}
