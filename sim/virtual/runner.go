package virtual

import (
	"fmt"
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
	ran := d.cfg.Runner.Run(q, point)
	w.work.ran, w.work.real = ran, true
	w.work.right = ran.Right
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
	if w.work.real { // the answer does not depend on the level
		w.work.ran = d.cfg.Runner.Run(d.system.Query(w.ref), w.work.point)
	}
}
