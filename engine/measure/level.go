package measure

import (
	"fmt"
	"math"
	"time"

	"slosim/engine/antagonist"
	"slosim/engine/profile"
)

// Limits of a level's measurement.
const (
	chunkTime      = 100 * time.Millisecond // window over which an antagonist's share is judged
	shareTolerance = 0.1                    // around the implied share
	maxAttempts    = 4                      // chunks run, as a multiple of those needed
	watchTime      = 4 * time.Second        // recording of stalls, both halves together
)

// levels measures every point under every antagonist.
func (c *campaign) levels() error {
	for i, want := range c.cfg.Levels {
		if err := c.level(i+1, want); err != nil {
			return err
		}
	}
	return nil
}

// level measures one level of disturbance.
func (c *campaign) level(index int, want profile.Antagonist) error {
	cpu, err := antagonist.Place(want.Kind, c.cpu, c.cores)
	if err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	spec := antagonist.Spec{Kind: want.Kind, Intensity: want.Intensity, CPU: cpu}
	process, err := c.cfg.Disturb(spec)
	if err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	defer process.Stop()
	level := &c.out.Levels[index]
	level.Antagonists = []profile.Antagonist{want}
	c.lapse = threadClockLapse(want.Kind)
	seen, err := c.chunks(index, spec, process)
	if err != nil {
		return err
	}
	level.Share = float64(median(seen.shares)) / shareUnit
	level.Slowdown = float64(median(seen.dense)) / float64(median(c.dense))
	if !antagonist.SharesCore(want.Kind) {
		return nil // the wall clock is in the surfaces already
	}
	level.Slowdown *= float64(seen.wall) / float64(max(seen.onCPU, 1))
	return c.watch(index)
}

// observed is what the kept chunks of a level showed.
type observed struct {
	dense       []uint32      // times of the reference
	shares      []uint32      // of the antagonist, in shareUnit
	wall, onCPU time.Duration // how long the chunks took, and how much of it the worker had its core
}

const shareUnit = 1e6

// chunks runs the level's blocks in chunks and keeps those in which the antagonist
// got its share.
func (c *campaign) chunks(level int, spec antagonist.Spec, process Disturber) (observed, error) {
	var seen observed
	stage := fmt.Sprintf("%s %g", spec.Kind, spec.Intensity)
	queue := c.plan(func(_, _, half int) []int { return c.some(half) })
	total, done, attempts := len(queue), 0, 0
	for len(queue) > 0 {
		if err := c.ctx.Err(); err != nil {
			return seen, err
		}
		got, err := c.chunk(process, antagonist.SharesCore(spec.Kind), queue)
		if err != nil {
			return seen, err
		}
		queue, attempts = queue[len(got.ran):], attempts+len(got.ran)
		if math.Abs(got.share-spec.ImpliedShare()) > shareTolerance {
			c.out.Levels[level].Discarded += calls(got.ran)
			queue = append(queue, blocksOf(got.ran)...)
			if attempts > maxAttempts*total {
				return seen, fmt.Errorf("measure: antagonist %s: want %.2f of its core, got %.2f in too many windows: is the machine busy?",
					stage, spec.ImpliedShare(), got.share)
			}
			continue
		}
		c.keepChunk(level, got, &seen)
		done += len(got.ran)
		c.progress(stage, done, total)
	}
	return seen, nil
}

// ran is a block with what it measured.
type ran struct {
	block     block
	reference time.Duration
	calls     []call
}

// chunk is a window of blocks with the antagonist's share in it.
type chunk struct {
	ran         []ran
	share       float64
	wall, onCPU time.Duration
}

// chunk runs blocks from the queue's head until the window is full.
func (c *campaign) chunk(process Disturber, shared bool, queue []block) (chunk, error) {
	measure := c.wall
	if shared {
		measure = c.onCPU
	}
	var out chunk
	if _, err := process.Share(); err != nil {
		return out, err
	}
	began, used := time.Now(), threadTime(shared)
	for len(out.ran) < len(queue) && time.Since(began) < chunkTime {
		r := ran{block: queue[len(out.ran)]}
		r.reference = c.run(r.block, measure, func(_, _ int, k call) { r.calls = append(r.calls, k) })
		out.ran = append(out.ran, r)
	}
	for time.Since(began) < chunkTime { // the queue's end: a share needs a whole window
		measure(c.reference, 0, c.input, c.cfg.Reference.Activates())
	}
	out.wall, out.onCPU = time.Since(began), threadTime(shared)-used
	var err error
	out.share, err = process.Share()
	return out, err
}

// threadTime reads the thread's clock where it is needed (not every system has it).
func threadTime(needed bool) time.Duration {
	if !needed {
		return 0
	}
	return antagonist.ThreadTime()
}

func (c *campaign) keepChunk(level int, got chunk, seen *observed) {
	for _, r := range got.ran {
		seen.dense = append(seen.dense, nanoseconds(r.reference))
		b := r.block
		activates := c.cfg.Techniques[b.technique].Activates()
		for _, k := range r.calls {
			c.times[b.technique].half[b.half].time(b.point, level, k, activates)
		}
	}
	seen.shares = append(seen.shares, uint32(shareUnit*got.share))
	seen.wall += got.wall
	seen.onCPU += got.onCPU
	c.out.Levels[level].Kept += calls(got.ran)
}

// some draws the level's samples of a half, without repeats as far as they go.
func (c *campaign) some(half int) []int {
	n := c.set(half).Len()
	var out []int
	for len(out) < c.cfg.PerLevel {
		out = append(out, c.random.Perm(n)...)
	}
	return out[:c.cfg.PerLevel]
}

func calls(blocks []ran) int {
	n := 0
	for _, r := range blocks {
		n += len(r.calls)
	}
	return n
}

func blocksOf(blocks []ran) []block {
	out := make([]block, len(blocks))
	for i, r := range blocks {
		out[i] = r.block
	}
	return out
}

// watch records when the core is away: a loop that only reads the clock. The first
// half of the recording goes to calibration, the second to truth.
func (c *campaign) watch(level int) error {
	for half := range halves {
		if err := c.ctx.Err(); err != nil {
			return err
		}
		stalls := record(watchTime / halves)
		if len(stalls) == 0 {
			return fmt.Errorf("measure: a shared core: want stalls within %v, got none", watchTime/halves)
		}
		c.away[half][level] = stalls
	}
	return nil
}

// record watches the clock for a while. A jump of more than robbed is a stall.
func record(length time.Duration) []profile.Stall {
	var out []profile.Stall
	began := time.Now()
	resumed := began
	for before := began; before.Sub(began) < length; {
		now := time.Now()
		if wait := now.Sub(before); wait > robbed {
			out = append(out, profile.Stall{Gap: before.Sub(resumed), Wait: wait})
			resumed = now
		}
		before = now
	}
	return out
}
