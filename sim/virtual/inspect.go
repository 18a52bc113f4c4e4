package virtual

import (
	"time"

	"slosim/scheduler"
)

// Choice is what an operating point would give a query that starts at this instant on a worker that
// is idle.
type Choice struct {
	Right  bool
	Finish time.Duration // instant, under the interference to come, load and switch included
	Alone  time.Duration // its service without interference, load and switch
}

// Inspector looks into what a query had to choose from, as it arrives (on worker 0), and again as it
// starts (on the worker that takes it) or is dropped. It is for people who ask why a query missed.
type Inspector interface {
	Wants(id uint64) bool
	// Inspect is told an instant of a wanted query: what is Arrived, Started or Dropped. choices has an
	// element a point, and is reused.
	Inspect(what What, at time.Duration, worker int, choices []Choice)
}

// inspect shows the inspector a query that it wants.
func (d *driver) inspect(what What, ref scheduler.QueryRef, worker int) {
	if d.cfg.Inspector == nil || !d.cfg.Inspector.Wants(d.system.Query(ref).ID) {
		return
	}
	choices := make([]Choice, len(d.groups))
	quiet := segment{level: d.cfg.Quiet, factor: 1, to: forever}
	for p := range choices {
		work := d.whole(ref, worker, p)
		choices[p] = Choice{
			Right:  truth{d}.Right(ref, p),
			Finish: truth{d}.Finish(ref, worker, p),
			Alone:  work.left(&quiet),
		}
	}
	d.cfg.Inspector.Inspect(what, d.list.Now(), worker, choices)
}
