package virtual

import (
	"fmt"
	"slices"
	"time"

	"slosim/workloads"
)

// Runner runs queries through the real kernels, one at a time (service mode "kernel"): what
// it measures advances the virtual clock. Stalls of a shared core still come from the
// profile's recording, which is a function of virtual time: idle time is skipped here, and a
// stall that began in it would be missed.
type Runner interface {
	// Disturb brings the machine to a level of Config.Levels, before what runs next.
	Disturb(level int) error
	// Run runs the query's own sample at a point, activation first where the technique
	// activates.
	Run(q *workloads.Query, point int) Ran
	// RunBatch runs samples together, each at its point, and returns what all of it took, and in
	// right which answers were right.
	RunBatch(samples []uint32, points []int, right []bool) Ran
}

// Ran is what one run of a query took and gave.
type Ran struct {
	Activate, Execute time.Duration // on-CPU time
	Right             bool
}

// serve replaces a query's drawn times and answer by those of a real run at the level of
// the worker's present segment. What switching weights costs is in them.
func (d *driver) serve(w *worker, q *workloads.Query, point int) {
	if d.cfg.Runner == nil {
		return
	}
	if len(w.work.more) > 0 {
		d.serveBatch(w)
		return
	}
	ran := d.cfg.Runner.Run(q, point)
	w.work.ran, w.work.real = ran, true
	w.work.right = ran.Right
	if len(w.runs) > 0 { // of a large query
		w.runs[0].right = ran.Right
	}
}

// serveBatch does so for what runs together.
func (d *driver) serveBatch(w *worker) {
	d.runBatch(w)
	for i, n := range w.starts {
		w.runs[i].right = w.right[n]
	}
	w.work.right = w.right[0]
}

// runBatch runs a worker's samples together, for real.
func (d *driver) runBatch(w *worker) {
	w.samples, w.points = append(w.samples[:0], w.work.sample), append(w.points[:0], w.work.point)
	for _, p := range w.work.more {
		w.samples, w.points = append(w.samples, p.sample), append(w.points, p.point)
	}
	w.right = slices.Grow(w.right[:0], len(w.samples))[:len(w.samples)]
	w.work.ran, w.work.real = d.cfg.Runner.RunBatch(w.samples, w.points, w.right), true
}

// disturb tells the runner of the worker's present level.
func (d *driver) disturb(w *worker) error {
	if d.cfg.Runner == nil {
		return nil
	}
	if err := d.cfg.Runner.Disturb(w.now().level); err != nil {
		return fmt.Errorf("virtual: level %d: %w", w.now().level, err)
	}
	return nil
}

// again runs a query that is under way at the new level: the share of it that is left takes
// that share of what all of it takes there.
func (d *driver) again(w *worker) {
	switch {
	case !w.work.real:
	case len(w.work.more) > 0:
		d.runBatch(w)
	default: // the answer does not depend on the level
		w.work.ran = d.cfg.Runner.Run(d.system.Query(w.ref), w.work.point)
	}
}
