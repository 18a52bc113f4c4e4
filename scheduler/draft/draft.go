package draft

import (
	"fmt"

	"slosim/scheduler"
)

// Draft checks the commands of one Decide after another. Its zero value is ready for Begin.
type Draft struct {
	// Most is how many samples a policy said that it starts together: batches and parts of a large query
	// beyond it are refused, since no time of one was measured. 0: any number.
	Most int

	view  *scheduler.View
	plan  *scheduler.Plan
	taken []bool                         // [worker] given something by this plan
	given map[scheduler.QueryRef]portion // by this plan
	last  int                            // where Find found its last query
}

// portion is what a plan has disposed of, of one query.
type portion struct {
	verb    string
	samples int  // by splits
	all     bool // nothing is left
}

// Begin takes the view and the plan of one Decide. They are kept until the next one or End.
func (d *Draft) Begin(v *scheduler.View, p *scheduler.Plan) {
	d.view, d.plan, d.last = v, p, 0
	if len(d.taken) != len(v.Workers) {
		d.taken = make([]bool, len(v.Workers))
	}
	clear(d.taken)
	if d.given == nil {
		d.given = map[scheduler.QueryRef]portion{}
	}
	clear(d.given)
}

// End forgets the view and the plan.
func (d *Draft) End() { d.view, d.plan = nil, nil }

// Find returns the place of a query in the view's queue, -1 when it does not wait.
func (d *Draft) Find(ref scheduler.QueryRef) int {
	waiting := d.view.Waiting
	for i := d.last; i < len(waiting); i++ { // commands mostly come in the order of the queue
		if waiting[i].Ref == ref {
			d.last = i
			return i
		}
	}
	for i := range waiting[:min(d.last, len(waiting))] {
		if waiting[i].Ref == ref {
			d.last = i
			return i
		}
	}
	return -1
}

// Check says what is wrong with a command, whatever the plan holds.
func (d *Draft) Check(c *scheduler.Command) error {
	if c.Kind == scheduler.Wake {
		if c.At <= d.view.Now {
			return fmt.Errorf("wake: want an instant after now (%d), got %d", d.view.Now, c.At)
		}
		return nil
	}
	verb := Verb(c)
	if c.Kind != scheduler.Drop {
		if err := d.worker(verb, c.Worker); err != nil {
			return err
		}
	}
	i, err := d.query(verb, c.Query)
	if err != nil {
		return err
	}
	if c.Kind != scheduler.Drop {
		if err := d.may(verb, i, c.Worker); err != nil {
			return err
		}
	}
	switch c.Kind {
	case scheduler.Start:
		return d.start(verb, c, &d.view.Waiting[i])
	case scheduler.Probe:
		if q := &d.view.Waiting[i]; q.Probed && int(q.ProbedOn) == c.Worker {
			return fmt.Errorf("probe: query %d: want one that was not probed on worker %d, it was", c.Query, c.Worker)
		}
	}
	return nil
}

// Verb names what a command does as scripts and programs say it.
func Verb(c *scheduler.Command) string {
	switch {
	case c.Kind == scheduler.Start && len(c.Batch) > 0:
		return "batch"
	case c.Kind == scheduler.Start && c.Count != 0:
		return "split"
	}
	return c.Kind.String()
}

func (d *Draft) worker(verb string, worker int) error {
	if worker < 0 || worker >= len(d.view.Workers) {
		return fmt.Errorf("%s: worker: want 0..%d, got %d", verb, len(d.view.Workers)-1, worker)
	}
	if d.view.Workers[worker].Busy {
		return fmt.Errorf("%s: worker %d: want an idle one, it is busy", verb, worker)
	}
	return nil
}

// query returns the place of a query that waits and whose activator does not run.
func (d *Draft) query(verb string, ref scheduler.QueryRef) (int, error) {
	i := d.Find(ref)
	if i < 0 {
		return 0, fmt.Errorf("%s: query %d: want one that waits, it does not", verb, ref)
	}
	for w := range d.view.Workers {
		if worker := &d.view.Workers[w]; worker.Busy && worker.Probing && worker.Running == ref {
			return 0, fmt.Errorf("%s: query %d: want one that waits, its activator runs on worker %d", verb, ref, w)
		}
	}
	return i, nil
}

// may refuses a worker that may not take the query from its queue.
func (d *Draft) may(verb string, i, worker int) error {
	if q := &d.view.Waiting[i]; !d.view.May(q, worker) {
		return fmt.Errorf("%s: query %d: want worker %d, in whose queue it waits, got %d", verb, q.Ref, q.Queue-1, worker)
	}
	return nil
}

// start checks the points, and the samples or the batch.
func (d *Draft) start(verb string, c *scheduler.Command, q *scheduler.Waiting) error {
	if c.Count != 0 && (c.Count < 0 || c.Count > q.Left) {
		return fmt.Errorf("split: count: want 1..%d, got %d", q.Left, c.Count)
	}
	if d.Most > 0 && c.Count > d.Most {
		return fmt.Errorf("split: count: want at most max_batch = %d, got %d", d.Most, c.Count)
	}
	for i := 1; i < len(c.Batch); i++ {
		at, err := d.query(verb, c.Batch[i].Query)
		if err != nil {
			return err
		}
		if err := d.may(verb, at, c.Worker); err != nil {
			return err
		}
		if got := d.view.Waiting[at].Model; got != q.Model {
			return fmt.Errorf("batch: want queries of one model, got models %d and %d", q.Model, got)
		}
		if err := d.point(verb, q.Model, c.Batch[i].Point); err != nil {
			return err
		}
	}
	if err := d.size(c, q.Left); err != nil {
		return err
	}
	return d.point(verb, q.Model, c.Point)
}

// size refuses a batch of more samples than the policy said. One query is no batch, however large.
func (d *Draft) size(c *scheduler.Command, samples int) error {
	if d.Most == 0 || len(c.Batch) < 2 {
		return nil
	}
	for i := 1; i < len(c.Batch); i++ {
		samples += d.view.Waiting[d.Find(c.Batch[i].Query)].Left
	}
	if samples > d.Most {
		return fmt.Errorf("batch: want at most max_batch = %d samples together, got %d", d.Most, samples)
	}
	return nil
}

func (d *Draft) point(verb string, model uint16, point int) error {
	if n := len(d.view.Models[model].Points()); point < 0 || point >= n {
		return fmt.Errorf("%s: point: want 0..%d, got %d", verb, n-1, point)
	}
	return nil
}
