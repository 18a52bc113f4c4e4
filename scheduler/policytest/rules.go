package policytest

import (
	"fmt"
	"math"
	"slices"
	"time"

	"slosim/scheduler"
)

// probeTime is what the activator of a synthetic technique takes.
const probeTime = 10 * time.Microsecond

func logOf(x float64) float64 { return math.Log(x) }

// decide asks the policy once and applies what it answers.
func (d *driver) decide() error {
	d.view.Now, d.view.Arrived = d.now, uint64(d.tally.Arrived)
	d.view.Waiting = append(d.view.Waiting[:0], d.waiting...)
	d.view.Workers = append(d.view.Workers[:0], d.workers...)
	d.plan.Reset()
	d.policy.Decide(d.view, d.plan)
	commands := slices.Clone(d.plan.Commands())
	for i := range commands {
		commands[i].Batch = slices.Clone(commands[i].Batch)
	}
	if d.world.Poison {
		d.poison()
	}
	for _, c := range commands {
		if err := d.apply(c); err != nil {
			return err
		}
	}
	return d.idling()
}

// poison spoils what the policy was shown, and shows it other memory next time.
func (d *driver) poison() {
	for i := range d.view.Waiting {
		d.view.Waiting[i] = scheduler.Waiting{Ref: math.MaxUint32, Class: math.MaxUint16, Model: math.MaxUint16, Deadline: -1}
	}
	for i := range d.view.Workers {
		d.view.Workers[i] = scheduler.Worker{Busy: true, Running: math.MaxUint32, Point: -99, Slowdown: math.NaN()}
	}
	for i := range d.plan.Commands() {
		for k := range d.plan.Commands()[i].Batch {
			d.plan.Commands()[i].Batch[k] = scheduler.Assign{Query: math.MaxUint32, Point: -99}
		}
		d.plan.Commands()[i] = scheduler.Command{Worker: -99, Point: -99}
	}
	d.view = d.newView()
	d.plan = &scheduler.Plan{}
}

// apply checks one command and carries it out.
func (d *driver) apply(c scheduler.Command) error {
	if c.Kind == scheduler.Wake {
		if c.At <= d.now {
			return fmt.Errorf("wake: want an instant in the future, got %v", c.At)
		}
		d.wakes = append(d.wakes, c.At)
		return nil
	}
	i, err := d.startable(c.Kind, c.Query)
	if err != nil {
		return err
	}
	q := d.waiting[i]
	d.tally.Log = append(d.tally.Log, Entry{Now: d.now, Command: c, ID: uint64(c.Query - 1), Slack: q.Slack(d.now)})
	switch c.Kind {
	case scheduler.Drop:
		if d.progress[c.Query-1].parts > 0 {
			return fmt.Errorf("drop: want a query that waits, but samples of query %d run", c.Query-1)
		}
		d.tally.Dropped++
		d.remove(i)
		return nil
	case scheduler.Start:
		return d.start(c)
	case scheduler.Probe:
		return d.probe(c, q)
	}
	return fmt.Errorf("want a known kind of command, got %v", c.Kind)
}

// startable returns where a query waits that is not being probed.
func (d *driver) startable(kind scheduler.Kind, ref scheduler.QueryRef) (at int, err error) {
	at = d.find(ref)
	if at < 0 {
		return 0, fmt.Errorf("%v: want a waiting query, got reference %d", kind, ref)
	}
	if w := d.probing(ref); w >= 0 {
		return 0, fmt.Errorf("%v: query %d is being probed on worker %d", kind, ref-1, w)
	}
	return at, nil
}

// idle checks that the command's worker is one that idles.
func (d *driver) idle(c *scheduler.Command) error {
	if c.Worker < 0 || c.Worker >= len(d.workers) || d.workers[c.Worker].Busy {
		return fmt.Errorf("%v: want an idle worker of %d, got %d", c.Kind, len(d.workers), c.Worker)
	}
	return nil
}

// probe runs the activator of a waiting query.
func (d *driver) probe(c scheduler.Command, q scheduler.Waiting) error {
	if err := d.idle(&c); err != nil {
		return err
	}
	if !d.view.May(&q, c.Worker) {
		return fmt.Errorf("probe: want a worker that may take query %d, got %d", q.Ref-1, c.Worker)
	}
	if q.Probed && int(q.ProbedOn) == c.Worker {
		return fmt.Errorf("probe: query %d was probed there already", q.Ref-1)
	}
	w := &d.workers[c.Worker]
	d.running[c.Worker] = append(d.running[c.Worker][:0], run{query: q})
	d.finishAt[c.Worker] = d.now + probeTime
	w.Busy, w.Probing, w.Running, w.StartedAt = true, true, q.Ref, d.now
	return nil
}

func (d *driver) remove(i int) {
	d.waiting = slices.Delete(d.waiting, i, i+1)
	d.keys = slices.Delete(d.keys, i, i+1)
}

// idling refuses a worker that idles while a query waits that it could run.
func (d *driver) idling() error {
	if len(d.wakes) > 0 {
		return nil
	}
	for w := range d.workers {
		if d.workers[w].Busy {
			continue
		}
		for i := range d.waiting {
			if q := &d.waiting[i]; d.view.May(q, w) && d.probing(q.Ref) < 0 {
				return fmt.Errorf("want no worker idle while %d queries wait, or a Wake: worker %d could run query %d", len(d.waiting), w, q.Ref-1)
			}
		}
	}
	return nil
}

// probing returns the worker that probes a query, -1 if none does.
func (d *driver) probing(ref scheduler.QueryRef) int {
	return slices.IndexFunc(d.workers, func(w scheduler.Worker) bool { return w.Busy && w.Probing && w.Running == ref })
}
