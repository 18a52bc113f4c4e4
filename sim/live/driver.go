package live

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
	"slosim/workloads"
)

// never is the instant of what does not come.
const never = time.Duration(math.MaxInt64)

// driver is one run.
type driver struct {
	cfg    *Config
	system *sim.System
	began  time.Time
	spans  *spans

	next    int           // of cfg.Queries
	told    time.Duration // instant that the system was told last
	reading uint64        // of the sensor, from 1
	wakes   []time.Duration
	lastAt  time.Duration // latest deadline so far
	freeAt  time.Duration // the worker's last end of work
	probed  []bool        // [QueryRef] the slot holds its activation
	begun   []int         // [QueryRef] samples that have started
	batch   batch
	stats   Stats
}

// Run serves a schedule on the wall clock, on the calling goroutine's thread. Errors are a
// *sim.RuleError, the context's, or say what is wrong with cfg or what an antagonist did; records
// made before are of a run that is not whole.
func Run(ctx context.Context, cfg *Config, recorder sim.Recorder) (Stats, error) {
	if err := cfg.validate(); err != nil {
		return Stats{}, err
	}
	d := &driver{cfg: cfg, reading: 1}
	// Room for everything: what grows during the run would be copied in the middle of it.
	d.stats.Lateness = make([]uint32, 0, len(cfg.Queries))
	d.stats.Overhead = make([]uint32, 0, len(cfg.Queries))
	d.stats.Served = make([]Served, 0, len(cfg.Queries))
	var err error
	d.system, err = sim.New(sim.Config{
		Classes: cfg.Classes, Models: []sim.Model{{Belief: cfg.Belief, Points: len(cfg.Set.Points)}},
		Workers: 1, Policy: cfg.Policy, Recorder: recorder, Confidences: confidences{cfg.Set}, Feedback: cfg.Feedback, Correction: cfg.Correction,
	})
	if err != nil {
		return Stats{}, err
	}
	err = d.disturbed(ctx)
	return d.stats, err
}

// disturbed runs everything beside the goroutine that turns antagonists on and off.
func (d *driver) disturbed(ctx context.Context) error {
	d.spans = newSpans(d.cfg)
	d.began = time.Now()
	stop := d.spans.follow(d.began)
	err := d.run(ctx)
	d.spans.close(d.now(), d.cfg.OnCPU())
	d.stats.Spans = d.spans.all
	d.finish()
	if failed := stop(); err == nil && failed != nil {
		err = fmt.Errorf("live: antagonist: %w", failed)
	}
	return err
}

// now is the instant on the run's clock.
func (d *driver) now() time.Duration { return time.Since(d.began) }

// contextEvery is how many polls pass between two looks at the context: it takes a lock.
const contextEvery = 1 << 12

// run polls until nothing can count any more.
func (d *driver) run(ctx context.Context) error {
	for n := 0; ; n++ {
		if n%contextEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		now := d.look()
		due := d.due()
		if due > now {
			if d.over(now) {
				return nil
			}
			continue
		}
		d.stats.Lateness = append(d.stats.Lateness, nanoseconds(now-due))
		if err := d.decide(ctx, now); err != nil {
			return err
		}
	}
}

// look reads the clock and notices that the level has changed.
func (d *driver) look() time.Duration {
	now := d.now()
	if d.spans.over(now) {
		d.spans.turn(now, d.cfg.OnCPU())
	}
	return now
}

// decide tells what is due and lets the policy decide, again and again as long as it gives the
// worker something to do.
func (d *driver) decide(ctx context.Context, now time.Duration) error {
	for n := 1; ; n++ {
		for due := d.due(); due <= now; due = d.due() {
			d.tell(due, now)
		}
		commands, err := d.system.Step(d.instant(d.now()))
		if err != nil {
			return err
		}
		work, ok := d.take(commands)
		if !ok {
			return nil
		}
		if err := d.serve(work); err != nil {
			return err
		}
		if n%contextEvery == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		now = d.look()
	}
}

// instant is what the system is told of an instant of the clock: never before what it was told
// last.
func (d *driver) instant(at time.Duration) time.Duration {
	d.told = max(d.told, at)
	return d.told
}

// take sets the timers of wakes and returns the command that takes the worker, if there is
// one. Drops the system has applied.
func (d *driver) take(commands []scheduler.Command) (work scheduler.Command, ok bool) {
	for i := range commands {
		switch c := &commands[i]; c.Kind {
		case scheduler.Start, scheduler.Probe:
			work, ok = *c, true
		case scheduler.Wake:
			at, _ := slices.BinarySearch(d.wakes, c.At)
			d.wakes = slices.Insert(d.wakes, at, c.At)
		}
	}
	return work, ok
}

// due is the instant of what comes next.
func (d *driver) due() time.Duration {
	due := d.sensed()
	if d.next < len(d.cfg.Queries) {
		due = min(due, d.cfg.Queries[d.next].ArriveAt)
	}
	if len(d.wakes) > 0 {
		due = min(due, d.wakes[0])
	}
	return due
}

// sensed is the instant at which the next reading of the sensor is told.
func (d *driver) sensed() time.Duration {
	if s := d.cfg.Sensor; s.Period > 0 {
		return time.Duration(d.reading)*s.Period + s.Lag
	}
	return never
}

// over says that nothing that happens from now on can count.
func (d *driver) over(now time.Duration) bool {
	c := d.system.Counts()
	return d.next == len(d.cfg.Queries) && (c.Waiting+c.Running == 0 || now > d.lastAt)
}

// tell tells the system of all that was due at an instant and seen at another one.
func (d *driver) tell(due, seen time.Duration) {
	at := d.instant(seen)
	if d.sensed() == due {
		d.sense(at)
	}
	for d.next < len(d.cfg.Queries) && d.cfg.Queries[d.next].ArriveAt == due {
		d.arrive(&d.cfg.Queries[d.next], at)
		d.next++
	}
	for len(d.wakes) > 0 && d.wakes[0] == due {
		d.wakes = slices.Delete(d.wakes, 0, 1)
		d.system.Timer(at)
	}
}

func (d *driver) arrive(q *workloads.Query, at time.Duration) {
	ref := int(d.system.Arrive(q, at))
	for ref >= len(d.probed) {
		d.probed, d.begun = append(d.probed, false), append(d.begun, 0)
	}
	d.probed[ref], d.begun[ref] = false, 0
	d.lastAt = max(d.lastAt, q.ArriveAt+d.cfg.Classes[q.Class].TargetAt(q.ArriveAt).Latency)
}

// sense tells the slow-down that the timeline had one lag ago, as the virtual driver does.
func (d *driver) sense(at time.Duration) {
	s := d.cfg.Sensor
	level := d.spans.level(time.Duration(d.reading) * s.Period)
	d.system.Sense(0, d.cfg.Levels[level].Slowdown*s.Factor(d.cfg.Key, d.reading, 0), at)
	d.reading++
}

// serve runs a query, or its activator, to its end and catches up with the time that it took.
func (d *driver) serve(c scheduler.Command) error {
	q, ref, level := d.system.Query(c.Query), int(c.Query), d.spans.now
	if c.Kind == scheduler.Start && (len(c.Batch) > 0 || q.Size > 1) {
		return d.serveBatch(&c)
	}
	id, sample, activated := q.ID, uint32(q.Sample), d.probed[ref]
	waited := max(d.freeAt, q.ArriveAt)
	began, right := d.now(), false
	if c.Kind == scheduler.Probe {
		d.cfg.Runner.Activate(ref, sample)
	} else {
		right = d.cfg.Runner.Execute(ref, sample, c.Point, activated)
	}
	ended, idle := d.now(), began-d.freeAt
	d.freeAt = ended
	if ended < d.spans.next && c.Kind == scheduler.Start && began >= d.cfg.Warmup {
		d.stats.Served = append(d.stats.Served, Served{sample, uint32(c.Point), level, nanoseconds(ended - began), nanoseconds(idle), activated})
		if level == 0 {
			d.stats.Overhead = append(d.stats.Overhead, nanoseconds(began-waited))
		}
	}
	if err := d.catchUp(ended); err != nil {
		return err
	}
	at := d.instant(ended)
	if c.Kind == scheduler.Probe {
		d.probed[ref] = true
		d.system.Activated(0, at)
		return nil
	}
	d.system.Finish(0, at, sim.Outcome{Right: right, Labelled: virtual.Labelled(d.cfg.Feedback, d.cfg.Key, id), Slowdown: d.cfg.Levels[level].Slowdown})
	return nil
}

// catchUp tells the system what became due while the worker was busy, each thing when it was
// due: nothing can start then, but a policy may drop, and count.
func (d *driver) catchUp(until time.Duration) error {
	for due := d.due(); due < until; due = d.due() {
		d.tell(due, due)
		commands, err := d.system.Step(d.instant(due))
		if err != nil {
			return err
		}
		d.take(commands)
	}
	return nil
}

// finish ends the run.
func (d *driver) finish() {
	d.stats.EndAt = d.instant(max(d.now(), d.lastAt))
	d.system.Abandon(d.stats.EndAt)
	c := d.system.Counts()
	d.stats.Arrived, d.stats.Finished, d.stats.Dropped = c.Arrived, c.Finished, c.Dropped
}

// nanoseconds clips a time.
func nanoseconds(t time.Duration) uint32 { return uint32(min(max(t, 0), math.MaxUint32)) }
