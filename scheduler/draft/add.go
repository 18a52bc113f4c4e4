package draft

import (
	"fmt"

	"slosim/scheduler"
)

// mostCommands bounds a plan: far more than there are queries and workers to command.
const mostCommands = 1 << 16

// Add writes a command that Check has passed into the plan, or says which command before it
// stands in its way.
func (d *Draft) Add(c *scheduler.Command) error {
	if len(d.plan.Commands()) == mostCommands {
		return fmt.Errorf("%s: want at most %d commands in a decision", Verb(c), mostCommands)
	}
	switch c.Kind {
	case scheduler.Wake:
		d.plan.Wake(c.At)
		return nil
	case scheduler.Drop:
		if err := d.give("drop", c.Query, 0); err != nil {
			return err
		}
		d.plan.Drop(c.Query, c.Why)
		return nil
	}
	verb := Verb(c)
	if d.taken[c.Worker] {
		return fmt.Errorf("%s: worker %d: want an idle one, this plan has given it a query", verb, c.Worker)
	}
	d.taken[c.Worker] = true
	if c.Kind == scheduler.Probe {
		if err := d.give(verb, c.Query, 0); err != nil {
			return err
		}
		d.plan.Probe(c.Worker, c.Query)
		return nil
	}
	return d.addStart(verb, c)
}

func (d *Draft) addStart(verb string, c *scheduler.Command) error {
	if err := d.give(verb, c.Query, c.Count); err != nil {
		return err
	}
	for i := 1; i < len(c.Batch); i++ {
		if err := d.give(verb, c.Batch[i].Query, 0); err != nil {
			return err
		}
	}
	switch {
	case len(c.Batch) > 0:
		d.plan.StartBatch(c.Worker, c.Batch, c.Why)
	case c.Count > 0:
		d.plan.Split(c.Worker, c.Query, c.Point, c.Count, c.Why)
	default:
		d.plan.Start(c.Worker, c.Query, c.Point, c.Why)
	}
	return nil
}

// give notes that the plan disposes of a query, or of count of its samples. What splits leave of
// a query may be split or started, nothing else.
func (d *Draft) give(verb string, ref scheduler.QueryRef, count int) error {
	before, given := d.given[ref]
	if !given && count == 0 {
		d.given[ref] = portion{verb: verb, all: true}
		return nil
	}
	if before.all || (given && verb != "split" && verb != "start") {
		return fmt.Errorf("%s: query %d: want each query once, this plan has a %s of it", verb, ref, before.verb)
	}
	left := d.view.Waiting[max(0, d.Find(ref))].Left - before.samples
	if count > left {
		return fmt.Errorf("split: query %d: count: want at most %d, which this plan leaves, got %d", ref, left, count)
	}
	d.given[ref] = portion{verb: verb, samples: before.samples + count, all: count == 0 || count == left}
	return nil
}
