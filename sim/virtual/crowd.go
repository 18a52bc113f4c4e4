package virtual

import "time"

// crowd is what busy siblings make of a worker's undisturbed time.
type crowd struct {
	on      bool    // a segment of its own holds
	segment segment // the quiet one at the level of so many busy siblings

	// For the sensor, which reads the mean slow-down over its period.
	sum   float64 // of slow-down x nanoseconds since last
	since time.Duration
	last  time.Duration // reading
}

// crowdOut brings every worker that nothing else disturbs to the level of its busy siblings, after
// one of them has begun or ended. What was done so far is accounted for at the old level.
func (d *driver) crowdOut(at time.Duration) {
	if d.cfg.Siblings == nil {
		return
	}
	for i := range d.workers {
		w := &d.workers[i]
		before := w.now().level
		if level, quiet := d.crowdLevel(i); !quiet || level == before {
			continue
		}
		if w.busy {
			w.work.spend(w.now().onCPU(w.since, at), w.now())
		}
		d.join(i, at)
		if w.busy {
			d.predict(i, at, w.work.left(w.now()))
		}
	}
}

// crowdLevel is the level that a worker has to be at; quiet says that nothing else disturbs.
func (d *driver) crowdLevel(i int) (level int, quiet bool) {
	w := &d.workers[i]
	if d.cfg.Siblings == nil || w.time[w.segment].level != d.cfg.Quiet {
		return 0, false
	}
	busy := 0
	for j := range d.workers {
		if j != i && d.workers[j].busy {
			busy++
		}
	}
	return d.cfg.Siblings[busy], true
}

// join brings a worker to the level of its busy siblings, where nothing else disturbs.
func (d *driver) join(i int, at time.Duration) {
	w := &d.workers[i]
	if d.cfg.Siblings == nil {
		return
	}
	w.crowd.sum += d.ratio(w) * float64(at-w.crowd.since)
	w.crowd.since = at
	level, quiet := d.crowdLevel(i)
	w.crowd.on = quiet && level != d.cfg.Quiet
	if w.crowd.on {
		w.crowd.segment = w.time[w.segment]
		w.crowd.segment.level = level
		w.crowd.segment.slowdown = d.cfg.Levels[level].Slowdown
	}
}

// ratio is how many times as slow siblings make a worker at this moment.
func (d *driver) ratio(w *worker) float64 {
	if !w.crowd.on {
		return 1
	}
	return w.crowd.segment.slowdown / d.cfg.Levels[d.cfg.Quiet].Slowdown
}

// crowded is the mean of it since the sensor's last reading.
func (d *driver) crowded(i int, at time.Duration) float64 {
	w := &d.workers[i]
	if d.cfg.Siblings == nil || at == w.crowd.last {
		return 1
	}
	mean := (w.crowd.sum + d.ratio(w)*float64(at-w.crowd.since)) / float64(at-w.crowd.last)
	w.crowd.sum, w.crowd.since, w.crowd.last = 0, at, at
	return mean
}
