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
		d.plan.Commands()[i] = scheduler.Command{Worker: -99, Point: -99}
	}
	d.view = scheduler.NewView(d.world.Models, d.confidence)
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
	i := d.find(c.Query)
	if i < 0 {
		return fmt.Errorf("%v: want a waiting query, got reference %d", c.Kind, c.Query)
	}
	for w := range d.workers {
		if d.workers[w].Busy && d.workers[w].Running == c.Query {
			return fmt.Errorf("%v: query %d is being probed on worker %d", c.Kind, c.Query-1, w)
		}
	}
	q := d.waiting[i]
	d.tally.Log = append(d.tally.Log, Entry{Now: d.now, Command: c, ID: uint64(c.Query - 1), Slack: q.Slack(d.now)})
	switch c.Kind {
	case scheduler.Drop:
		d.tally.Dropped++
		d.remove(i)
		return nil
	case scheduler.Start, scheduler.Probe:
		return d.occupy(c, i)
	}
	return fmt.Errorf("want a known kind of command, got %v", c.Kind)
}

// occupy starts or probes the i-th waiting query.
func (d *driver) occupy(c scheduler.Command, i int) error {
	q := d.waiting[i]
	if c.Worker < 0 || c.Worker >= len(d.workers) || d.workers[c.Worker].Busy {
		return fmt.Errorf("%v: want an idle worker of %d, got %d", c.Kind, len(d.workers), c.Worker)
	}
	w := &d.workers[c.Worker]
	d.running[c.Worker] = q
	if c.Kind == scheduler.Probe {
		if q.Probed && int(q.ProbedOn) == c.Worker {
			return fmt.Errorf("probe: query %d was probed there already", q.Ref-1)
		}
		d.finishAt[c.Worker] = d.now + probeTime
		w.Busy, w.Probing, w.Running, w.StartedAt = true, true, q.Ref, d.now
		return nil
	}
	if n := len(d.world.Models[q.Model].Points()); c.Point < 0 || c.Point >= n {
		return fmt.Errorf("start: want a point of 0..%d, got %d", n-1, c.Point)
	}
	d.finishAt[c.Worker] = d.Finish(q.Ref, c.Worker, c.Point)
	d.believed[c.Worker] = w.Slowdown
	w.Busy, w.Running, w.Point, w.StartedAt = true, q.Ref, c.Point, d.now
	d.remove(i)
	return nil
}

func (d *driver) remove(i int) {
	d.waiting = slices.Delete(d.waiting, i, i+1)
	d.keys = slices.Delete(d.keys, i, i+1)
}

// idling refuses a worker that idles while a query waits that it could run.
func (d *driver) idling() error {
	free := len(d.waiting)
	idle := false
	for w := range d.workers {
		idle = idle || !d.workers[w].Busy
		if d.workers[w].Busy && d.workers[w].Probing {
			free--
		}
	}
	if idle && free > 0 && len(d.wakes) == 0 {
		return fmt.Errorf("want no worker idle while %d queries wait, or a Wake", free)
	}
	return nil
}
