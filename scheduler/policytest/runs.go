package policytest

import (
	"fmt"
	"time"

	"slosim/scheduler"
)

// run is a query, or some of its samples, that runs on a worker.
type run struct {
	query scheduler.Waiting
	point int
	first bool // the query's first samples: they judge it
}

// progress is how far a query has come that has started.
type progress struct {
	parts    int // runs under way
	begun    bool
	together int // queries of its batch
	startAt  time.Duration
	worker   int // of the first part
	point    int // likewise
	right    bool
}

// start begins a batch, a query, or some samples of one.
func (d *driver) start(c scheduler.Command) error {
	if err := d.idle(&c); err != nil {
		return err
	}
	w := &d.workers[c.Worker]
	w.Samples, d.running[c.Worker] = 0, d.running[c.Worker][:0]
	batch := c.Batch
	if len(batch) == 0 {
		batch = []scheduler.Assign{{Query: c.Query, Point: c.Point}}
	}
	took, same := time.Duration(0), true
	for _, a := range batch {
		n, err := d.assign(&c, a, len(batch))
		if err != nil {
			return err
		}
		w.Samples += n
		same = same && a.Point == c.Point
		took += d.service(a.Query, c.Worker, a.Point, n)
	}
	if same {
		took = d.service(c.Query, c.Worker, c.Point, w.Samples)
	}
	d.finishAt[c.Worker], d.believed[c.Worker] = d.now+took, w.Slowdown
	w.Busy, w.Running, w.Point, w.StartedAt = true, c.Query, c.Point, d.now
	return nil
}

// assign gives one query of a command to its worker and returns how many samples start.
func (d *driver) assign(c *scheduler.Command, a scheduler.Assign, together int) (samples int, err error) {
	i, err := d.startable(c.Kind, a.Query)
	if err != nil {
		return 0, err
	}
	q, p := &d.waiting[i], &d.progress[a.Query-1]
	samples = q.Left
	if c.Count != 0 {
		samples = c.Count
	}
	switch n := len(d.world.Models[q.Model].Points()); {
	case a.Point < 0 || a.Point >= n:
		return 0, fmt.Errorf("start: want a point of 0..%d, got %d", n-1, a.Point)
	case int(q.Model) != d.model(c.Query):
		return 0, fmt.Errorf("start: want a batch of one model, got models %d and %d", d.model(c.Query), q.Model)
	case !d.view.May(q, c.Worker):
		return 0, fmt.Errorf("start: want a worker that may take query %d, got %d", a.Query-1, c.Worker)
	case together > 1 && p.parts > 0:
		return 0, fmt.Errorf("start: want whole queries in a batch, but samples of query %d run", a.Query-1)
	case samples < 1 || samples > q.Left || (together > 1 && c.Count != 0):
		return 0, fmt.Errorf("start: want 1..%d samples of one query, got %d of a batch of %d", q.Left, c.Count, together)
	}
	if !p.begun {
		*p = progress{begun: true, together: together, startAt: d.now, worker: c.Worker, point: a.Point, right: d.Right(a.Query, a.Point)}
		d.running[c.Worker] = append(d.running[c.Worker], run{*q, a.Point, true})
	} else {
		d.running[c.Worker] = append(d.running[c.Worker], run{*q, a.Point, false})
	}
	p.parts++
	if q.Left -= samples; q.Left == 0 {
		d.remove(i)
	}
	return samples, nil
}

// finish ends what a worker does.
func (d *driver) finish(w int) {
	worker := &d.workers[w]
	worker.Busy, worker.Samples = false, 0
	if worker.Probing {
		worker.Probing = false
		if i := d.find(d.running[w][0].query.Ref); i >= 0 {
			d.waiting[i].Probed, d.waiting[i].ProbedOn = true, int32(w)
		}
		return
	}
	for _, r := range d.running[w] {
		p := &d.progress[r.query.Ref-1]
		if p.parts--; p.parts == 0 && d.find(r.query.Ref) < 0 {
			d.complete(r.query, p)
		}
	}
}

// complete counts a query whose last samples are done.
func (d *driver) complete(q scheduler.Waiting, p *progress) {
	inTime := d.now <= q.Deadline
	d.tally.Finished++
	d.tally.Right += count(p.right)
	d.tally.InTime += count(inTime)
	d.tally.RightInTime += count(p.right && inTime)
	size := d.sizeOf(q.Ref)
	d.tell(scheduler.Completion{
		Class: q.Class, Model: q.Model, Worker: p.worker, Point: p.point, ArriveAt: q.ArriveAt, StartAt: p.startAt,
		FinishAt: d.now, Deadline: q.Deadline, Samples: p.together * size, Correct: p.right, HasCorrect: true,
	}, !q.Probed && p.together == 1 && size == 1)
}

// tell passes a completion on. whole says that the query ran alone, from activation to answer.
func (d *driver) tell(c scheduler.Completion, whole bool) {
	if d.observer != nil {
		d.observer.Observe(c)
	}
	if d.correction != nil && whole {
		d.correction.Observe(c, d.believed[c.Worker])
		d.workers[c.Worker].Correction, _ = d.correction.Factor(c.Worker)
	}
}
