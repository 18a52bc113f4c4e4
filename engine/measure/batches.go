package measure

import (
	"slices"

	"slosim/engine"
	"slosim/engine/profile"
)

// batchCalls is how many batches of each size are timed at a point and level in each half.
const batchCalls = 32

// schemaOf is the version of a profile's format that holds such batches.
func schemaOf(batches []int) int {
	if len(batches) > 0 {
		return profile.SchemaBatches
	}
	return profile.SchemaVersion
}

// batchTimes are those of batches of one size: together, and the same samples one after another
// right before, which decides which of the two a server would choose.
type batchTimes struct {
	together, apart []uint32
}

// batches says whether a technique's queries can run together. Those of one that activates do not:
// its sessions hold one activation.
func (c *campaign) batches(technique int) bool {
	_, can := c.sessions[technique].(engine.Batcher)
	return can && !c.cfg.Techniques[technique].Activates()
}

// batchBlocks plans the batches of all points and sizes, in no order.
func (c *campaign) batchBlocks() (blocks []block) {
	for t, technique := range c.cfg.Techniques {
		if !c.batches(t) {
			continue
		}
		for p := range technique.Points() {
			for h := range halves {
				for _, n := range c.cfg.Batches {
					blocks = append(blocks, block{technique: t, point: p, half: h, samples: c.drawn(h, n*batchCalls), batch: n})
				}
			}
		}
	}
	return blocks
}

// drawn draws samples of a half.
func (c *campaign) drawn(half, n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = c.random.IntN(c.set(half).Len())
	}
	return out
}

// mix puts further blocks among those of a plan.
func (c *campaign) mix(plan, more []block) []block {
	if len(more) == 0 {
		return plan
	}
	all := slices.Concat(plan, more)
	c.random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// runBatches times a block's samples together and apart, in turn. Of each batch keep takes one call:
// together as execution, apart as activation, which such techniques do not have.
func (c *campaign) runBatches(b block, measure timer, keep func(sample int, right bool, r call)) {
	set, session := c.set(b.half), c.sessions[b.technique]
	together := &batchSession{batcher: session.(engine.Batcher), inputs: c.batchInputs(b.batch), results: make([]engine.Result, b.batch)}
	for samples := range slices.Chunk(b.samples, b.batch) {
		for i, sample := range samples {
			engine.Take(set, sample, &together.inputs[i])
		}
		var both call
		for _, x := range together.inputs {
			both.activate += measure(session, b.point, x, false).execute
		}
		both.execute = measure(together, b.point, engine.Input{}, false).execute
		keep(samples[0], false, both)
	}
}

// batchInputs returns room for the inputs of a batch.
func (c *campaign) batchInputs(n int) []engine.Input {
	for len(c.inputs) < n {
		c.inputs = append(c.inputs, engine.Dense(make([]float32, c.cfg.Inputs)))
	}
	return c.inputs[:n]
}

// batchSession runs a batch where a timer expects a query.
type batchSession struct {
	batcher engine.Batcher
	inputs  []engine.Input
	results []engine.Result
}

// Activate implements engine.Session; there is nothing to do.
func (*batchSession) Activate(engine.Input) {}

// Execute implements engine.Session.
func (s *batchSession) Execute(point int, _ engine.Input) engine.Result {
	s.batcher.ExecuteBatch(point, s.inputs, s.results)
	return s.results[0]
}

// keepBatch keeps what a batch took.
func (c *campaign) keepBatch(b block, level int, r call) {
	times := c.times[b.technique].half[b.half].batchesAt(b.point, level, len(c.out.Levels), len(c.cfg.Batches))
	one := &times[slices.Index(c.cfg.Batches, b.batch)]
	one.together = append(one.together, nanoseconds(r.execute))
	one.apart = append(one.apart, nanoseconds(r.activate))
}

// batchesAt returns the times of all sizes at a point and level.
func (h *halfSurfaces) batchesAt(point, level, levels, sizes int) []batchTimes {
	if h.batched == nil {
		h.batched = make([][][]batchTimes, len(h.execute))
		for p := range h.batched {
			h.batched[p] = make([][]batchTimes, levels)
			for l := range h.batched[p] {
				h.batched[p][l] = make([]batchTimes, sizes)
			}
		}
	}
	return h.batched[point][level]
}

// finishBatches makes the distributions of a technique's batches. Where its samples one after
// another took less, by the calibration half and alone, there is none: a server would not run them
// together, at any level.
func (c *campaign) finishBatches(technique int) {
	times, set := c.times[technique], &c.out.Sets[technique]
	tried := times.half[calibration].batched
	if tried == nil {
		return
	}
	set.Batches = slices.Clone(c.cfg.Batches)
	for half, out := range []*profile.Half{&set.Calibration, &set.Truth} {
		out.Batched = make([][][]profile.Dist, len(tried))
		for p, levels := range times.half[half].batched {
			for _, sizes := range levels {
				row := make([]profile.Dist, len(sizes))
				for i := range sizes {
					if alone := &tried[p][0][i]; median(alone.together) < median(alone.apart) {
						row[i] = distribution(sizes[i].together)
					}
				}
				out.Batched[p] = append(out.Batched[p], row)
			}
		}
	}
}

var _ engine.Session = (*batchSession)(nil)
