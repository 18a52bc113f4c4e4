package virtual

import (
	"time"

	"slosim/scheduler"
	"slosim/sim"
	"slosim/workloads"
)

// ran is a query of a batch under way.
type ran struct {
	ref   scheduler.QueryRef
	right bool
}

// assign lays the further samples of a command's work before a worker: those of a large query, and
// the other queries of a batch. The work has the first one.
func (d *driver) assign(c *scheduler.Command, first *workloads.Query, w *worker) {
	w.runs, w.starts = w.runs[:0], w.starts[:0]
	if len(c.Batch) == 0 && first.Size <= 1 {
		return // as nearly always
	}
	w.runs, w.starts = append(w.runs, ran{c.Query, w.work.right}), append(w.starts, 0)
	d.further(&w.work, c.Query, first, c.Point, c.Count)
	for i := 1; i < len(c.Batch); i++ {
		a := c.Batch[i]
		q := d.system.Query(a.Query)
		w.starts = append(w.starts, 1+len(w.work.more))
		w.runs = append(w.runs, ran{a.Query, d.also(&w.work, q, int(d.begun[a.Query]), a.Point, d.holds(a.Query, c.Worker))})
		d.further(&w.work, a.Query, q, a.Point, 0)
	}
}

// further adds the samples behind the next one of a query that has not started; count of them
// start with it, 0: all.
func (d *driver) further(s *service, ref scheduler.QueryRef, q *workloads.Query, point, count int) {
	next := int(d.begun[ref])
	if count == 0 {
		count = max(1, int(q.Size)) - next
	}
	for n := 1; n < count; n++ {
		d.also(s, q, next+n, point, false)
	}
	d.begun[ref] = int32(next + count)
}

// endBatch ends what runs together on a worker.
func (d *driver) endBatch(worker int, at time.Duration) {
	w := &d.workers[worker]
	d.finished = d.finished[:0]
	for _, r := range w.runs {
		q := d.system.Query(r.ref)
		d.finished = append(d.finished, sim.Outcome{Right: r.right, Labelled: d.labelled(q.ID), Slowdown: w.slowdown})
		d.trace(Event{At: at, What: Finished, Query: q.ID, Worker: worker, Right: r.right})
	}
	before := d.system.Counts().Finished
	d.system.Finish(worker, at, d.finished...)
	if d.loop == nil || d.system.Counts().Finished == before {
		return
	}
	for _, r := range w.runs { // whole queries, or the last part of one
		d.done(d.system.Query(r.ref), at)
	}
}
