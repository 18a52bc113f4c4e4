package measure

import "slosim/engine"

// Samples is a labelled set of inputs.
type Samples = engine.Judged

// take makes sample i of a set the present input.
func (c *campaign) take(set Samples, i int) { engine.Take(set, i, &c.input) }
