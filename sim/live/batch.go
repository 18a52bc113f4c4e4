package live

import (
	"slices"

	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
)

// batch is what runs together, sample by sample: scratch of one start.
type batch struct {
	samples  []uint32
	points   []int
	right    []bool
	starts   []int    // of each query: the place of its first sample
	ids      []uint64 // of each query
	outcomes []sim.Outcome
}

// serveBatch runs several queries, or samples of a large one, to their end and catches up with the
// time that it took. What runs together runs without what activators found before.
func (d *driver) serveBatch(c *scheduler.Command) error {
	b, level := &d.batch, d.spans.now
	b.samples, b.points, b.starts, b.ids = b.samples[:0], b.points[:0], b.starts[:0], b.ids[:0]
	d.gather(c.Query, c.Point, c.Count)
	for i := 1; i < len(c.Batch); i++ {
		d.gather(c.Batch[i].Query, c.Batch[i].Point, 0)
	}
	b.right = slices.Grow(b.right[:0], len(b.samples))[:len(b.samples)]
	d.cfg.Runner.ExecuteBatch(b.samples, b.points, b.right)
	ended := d.now()
	d.freeAt = ended
	if err := d.catchUp(ended); err != nil {
		return err
	}
	b.outcomes = b.outcomes[:0]
	for i, at := range b.starts {
		b.outcomes = append(b.outcomes, sim.Outcome{Right: b.right[at],
			Labelled: virtual.Labelled(d.cfg.Feedback, d.cfg.Key, b.ids[i]), Slowdown: d.cfg.Levels[level].Slowdown})
	}
	d.system.Finish(0, d.instant(ended), b.outcomes...)
	return nil
}

// gather adds the samples of a query that have not started, or so many of them. Those behind the
// first follow it in the data set, as in virtual time.
func (d *driver) gather(ref scheduler.QueryRef, point, count int) {
	q, next, b := d.system.Query(ref), d.begun[ref], &d.batch
	if count == 0 {
		count = max(1, int(q.Size)) - next
	}
	b.starts, b.ids = append(b.starts, len(b.samples)), append(b.ids, q.ID)
	for n := range count {
		b.samples = append(b.samples, uint32((int(q.Sample)+next+n)%d.cfg.Set.Truth.Samples))
		b.points = append(b.points, point)
	}
	d.begun[ref] = next + count
}
