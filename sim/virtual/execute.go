package virtual

import (
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// step lets the policy decide and executes what it decided.
func (d *driver) step(at time.Duration) error {
	d.stats.Decisions++
	commands, err := d.system.Step(at)
	if err != nil {
		return err
	}
	for i := range commands {
		d.execute(&commands[i], at)
	}
	return nil
}

func (d *driver) execute(c *scheduler.Command, at time.Duration) {
	switch c.Kind {
	case scheduler.Start:
		d.start(c, at)
	case scheduler.Probe:
		q := d.system.Query(c.Query)
		w := &d.workers[c.Worker]
		w.work = d.newActivation(q)
		w.work.fixed = d.overhead(q)
		d.serve(w, q, 0)
		d.begin(c, activates, at)
		d.traceBegin(Probed, c, q, charge{}, at)
	case scheduler.Drop:
		q := d.system.Query(c.Query)
		d.inspect(Dropped, c.Query, 0)
		d.trace(Event{At: at, What: Dropped, Query: q.ID})
		d.gaveUp(q, at)
	case scheduler.Wake:
		d.list.Push(c.At, wakes, 0)
		d.trace(Event{At: at, What: WakeSet, Until: c.At})
	}
}

// start charges what the change of weights costs and begins the execution.
func (d *driver) start(c *scheduler.Command, at time.Duration) {
	q, w := d.system.Query(c.Query), &d.workers[c.Worker]
	d.inspect(Started, c.Query, c.Worker)
	for i := range c.Batch {
		if c.Batch[i].Query != c.Query {
			d.inspect(Started, c.Batch[i].Query, c.Worker)
		}
	}
	group := d.groups[c.Point]
	cost := d.charge(q, c.Worker, group)
	if cost.loads {
		d.stats.Loads++
	}
	if cost.switches {
		d.stats.Switches++
	}
	d.memory.use(group)
	w.group = group
	d.execution(&w.work, q, int(d.begun[c.Query]), c.Point, d.holds(c.Query, c.Worker))
	d.assign(c, q, w)
	w.work.fixed = cost.load + cost.swap + d.overhead(q)
	d.inLife(&w.work, at-w.freeAt)
	d.serve(w, q, c.Point)
	d.begin(c, finishes, at)
	d.traceBegin(Started, c, q, cost, at)
}

// begin occupies a worker with the work that was laid before it.
func (d *driver) begin(c *scheduler.Command, kind uint8, at time.Duration) {
	w := &d.workers[c.Worker]
	w.busy, w.kind, w.ref = true, kind, c.Query
	w.startAt, w.slowdown = at, w.now().slowdown
	d.predict(c.Worker, at, w.work.begin(w.now()))
	d.crowdOut(at)
}

// holds says whether a worker holds the activation of a query.
func (d *driver) holds(ref scheduler.QueryRef, worker int) bool {
	return d.probedOn[ref] == int32(worker)
}

// charge is what a change of weights costs before a query's own work, each part once.
type charge struct {
	loads, switches bool
	load, swap      time.Duration
}

// charge returns what running a group on a worker would cost a query now.
func (d *driver) charge(q *workloads.Query, worker, group int) (c charge) {
	if !d.memory.resident(group) {
		c.loads = true
		c.load = quantile(d.cfg.Set.Groups[group].Load, d.cfg.Key, rng.Loading, q.ID)
	}
	if last := d.workers[worker].group; last >= 0 && last != group {
		c.switches = true
		if d.cfg.Runner != nil || d.cfg.Excess != nil {
			return c // a real run pays it itself; excess has it
		}
		c.swap = quantile(d.cfg.switchCost(last, group), d.cfg.Key, rng.Switching, q.ID)
	}
	return c
}

// overheads is the cause of the draws of what the runtime takes.
const overheads rng.Cause = 1<<16 + 1

// overhead draws what the runtime takes for a query's start, the decision included.
func (d *driver) overhead(q *workloads.Query) time.Duration {
	if len(d.cfg.Overhead) == 0 {
		return d.cfg.DecisionCost
	}
	return d.cfg.DecisionCost + quantile(d.cfg.Overhead, d.cfg.Key, overheads, q.ID)
}

// inLife makes the work take as long as it does after a worker has idled for some time.
func (d *driver) inLife(s *service, idle time.Duration) {
	if s.excess = d.cfg.Excess; s.excess != nil {
		s.bin = s.excess.bin(idle)
	}
}

// quantile draws a query's cost from a measured distribution (that is not empty:
// Config.validate saw to it).
func quantile(dist profile.Dist, key rng.Key, cause rng.Cause, id uint64) time.Duration {
	return dist.Quantile(key.Float(cause, id))
}
