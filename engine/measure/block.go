package measure

import (
	"fmt"
	"math"
	"runtime/debug"
	"time"

	"slosim/engine"
)

// block is a run of calls of one technique at one point over some samples of a half.
type block struct {
	technique, point, half int
	samples                []int
	batch                  int // samples that run together; 0: each alone
}

// usualSize is the size of a block where nothing else is said.
func usualSize(int, int) int { return blockSize }

// mostWarm bounds the calls that warm a point up, and the calls of a block.
const mostWarm = 1024

// warmCalls is how many calls read about as many bytes as the point's weights have: until then
// a call finds them where the technique before it left the caches. Dropout that reads a
// thousandth of the weights takes long to have them as near as they are to a server that
// runs nothing else.
func (c *campaign) warmCalls(technique, point int) int {
	t := c.cfg.Techniques[technique]
	p := t.Points()[point]
	return int(min(t.Groups()[p.Group].Bytes/max(p.Bytes, 1)+1, mostWarm))
}

// longSize is the size of blocks on the undisturbed machine: a point that takes long to warm
// up is worth more calls then.
func (c *campaign) longSize(technique, point int) int {
	return max(c.warmCalls(technique, point), blockSize)
}

// warm runs calls that do not count.
func (c *campaign) warm(b block, measure timer, activates bool) {
	set := c.set(b.half)
	for range c.warmCalls(b.technique, b.point) {
		c.take(set, c.random.IntN(set.Len()))
		measure(c.sessions[b.technique], b.point, c.input, activates)
	}
}

// plan makes the blocks of all techniques and points over the given samples of
// each half, in random order.
func (c *campaign) plan(size func(technique, point int) int, samples func(technique, point, half int) []int) []block {
	var blocks []block
	for t, technique := range c.cfg.Techniques {
		for p := range technique.Points() {
			for h := range halves {
				for list := samples(t, p, h); len(list) > 0; {
					n := min(size(t, p), len(list))
					blocks = append(blocks, block{technique: t, point: p, half: h, samples: list[:n]})
					list = list[n:]
				}
			}
		}
	}
	c.random.Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
	return blocks
}

// set returns the samples of a half.
func (c *campaign) set(half int) Samples {
	if half == calibration {
		return c.cfg.Calibration
	}
	return c.cfg.Truth
}

// referenceWarm is the number of calls of the reference before the one that counts.
const referenceWarm = 2

// timer measures one call.
type timer func(s engine.Session, point int, x engine.Input, activates bool) call

// run runs a block: the reference, calls that warm the point's weights up, then every
// sample. keep takes each timed call; the reference's time is returned.
func (c *campaign) run(b block, measure timer, keep func(sample int, right bool, r call)) time.Duration {
	set := c.set(b.half)
	session := c.sessions[b.technique]
	activates := c.cfg.Techniques[b.technique].Activates()
	c.take(set, b.samples[0])
	// After another technique the reference's first calls find cold caches; the last counts.
	for range referenceWarm {
		measure(c.reference, 0, c.input, c.cfg.Reference.Activates())
	}
	reference := measure(c.reference, 0, c.input, c.cfg.Reference.Activates())
	c.warm(b, measure, activates)
	if b.batch > 0 {
		c.runBatches(b, measure, keep)
		c.out.Campaign.Blocks++
		return reference.execute
	}
	for _, sample := range b.samples {
		c.take(set, sample)
		r := measure(session, b.point, c.input, activates)
		keep(sample, set.Right(sample, r.result.Answer), r)
	}
	c.out.Campaign.Blocks++
	return reference.execute
}

// rounds is how often the weights get new memory while the machine is measured alone.
const rounds = 6

// alone runs every sample of both halves at every point on the undisturbed machine, in
// rounds: where the weights happen to lie in memory decides which of their lines meet in
// a cache, by several per cent for a network about as large as the cache, and stays for
// the life of a process. A campaign that saw one placement would call that the truth.
func (c *campaign) alone() error {
	all := [halves][]int{c.random.Perm(c.cfg.Calibration.Len()), c.random.Perm(c.cfg.Truth.Len())}
	blocks := c.mix(c.plan(c.longSize, func(_, _, half int) []int { return all[half] }), c.batchBlocks())
	attention := attend()
	for round := range rounds {
		if round > 0 {
			if err := c.move(); err != nil {
				return err
			}
		}
		from, to := round*len(blocks)/rounds, (round+1)*len(blocks)/rounds
		for i, b := range blocks[from:to] {
			if err := c.ctx.Err(); err != nil {
				return err
			}
			c.blockAlone(b, round)
			c.progress("alone", from+i+1, len(blocks))
		}
	}
	if away := attention.away(); away > mostBusy {
		c.warn("%s", BusyError{away})
	}
	c.out.Campaign.Reference = distribution(c.dense)
	c.out.Campaign.Drift = drift(c.dense)
	if d := c.out.Campaign.Drift; d > 0.1 {
		c.warn("the dense reference drifted by %.0f %% while the machine was measured alone", 100*d)
	}
	c.out.Levels[0].Slowdown = 1
	return nil
}

// blockAlone runs a block on the undisturbed machine.
func (c *campaign) blockAlone(b block, round int) {
	if b.batch > 0 {
		c.dense = append(c.dense, nanoseconds(c.run(b, c.wall, func(_ int, _ bool, r call) { c.keepBatch(b, 0, r) })))
		return
	}
	sum := time.Duration(0)
	reference := c.run(b, c.wall, func(sample int, right bool, r call) {
		c.keepAlone(b, sample, right, r)
		sum += r.activate + r.execute
	})
	c.times[b.technique].half[b.half].block(b.point, round, sum, len(b.samples))
	c.dense = append(c.dense, nanoseconds(reference))
	c.out.Levels[0].Kept += len(b.samples)
}

// move gives all weights and sessions new memory: the old is returned to the system, so
// that the next allocation does not get the same pages.
func (c *campaign) move() error {
	for i, t := range c.cfg.Techniques {
		for g := range t.Groups() {
			if err := t.Load(g); err != nil {
				return fmt.Errorf("measure: %w", err)
			}
		}
		c.sessions[i] = t.NewSession()
	}
	for g := range c.cfg.Reference.Groups() {
		if err := c.cfg.Reference.Load(g); err != nil {
			return fmt.Errorf("measure: %w", err)
		}
	}
	c.reference = c.cfg.Reference.NewSession()
	debug.FreeOSMemory()
	return nil
}

func (c *campaign) keepAlone(b block, sample int, right bool, r call) {
	s := c.times[b.technique]
	s.half[b.half].time(b.point, 0, r, c.cfg.Techniques[b.technique].Activates())
	s.half[b.half].outcome(b.point, sample, right, r.result)
	if b.half == calibration {
		s.nodes[b.point] += int64(r.result.Nodes)
	}
}

// warn adds a warning to the campaign.
func (c *campaign) warn(format string, args ...any) {
	c.out.Campaign.Warnings = append(c.out.Campaign.Warnings, fmt.Sprintf(format, args...))
}

// drift returns the largest relative distance of a tenth's median from the median of all.
func drift(times []uint32) float64 {
	all := float64(median(times))
	worst := 0.0
	const parts = 10
	for i := range parts {
		part := times[i*len(times)/parts : (i+1)*len(times)/parts]
		if len(part) > 0 {
			worst = max(worst, math.Abs(float64(median(part))/all-1))
		}
	}
	return worst
}
