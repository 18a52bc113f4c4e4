package measure

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"slosim/engine/antagonist"
	"slosim/engine/profile"
)

// Limits of a level's measurement.
const (
	chunkTime   = 100 * time.Millisecond // window over which an antagonist's share is judged
	maxAttempts = 4                      // chunks run, as a multiple of those needed
	watchTime   = 4 * time.Second        // recording of stalls, both halves together
)

// levels measures every point under every antagonist.
func (c *campaign) levels() error {
	for i, want := range c.cfg.Levels {
		if err := c.level(i+1, want); err != nil {
			return err
		}
	}
	for n := 1; n <= c.cfg.Siblings; n++ {
		index := len(c.cfg.Levels) + n
		c.out.Levels[index].BusySiblings = n
		if err := c.level(index, profile.Antagonist{Kind: antagonist.Sibling, Intensity: 1}); err != nil {
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
	for n := 2; n <= c.out.Levels[index].BusySiblings; n++ {
		spec.Also = append(spec.Also, c.cores[(slices.Index(c.cores, c.cpu)+n)%len(c.cores)])
	}
	quiet := c.undisturbed()
	process, err := c.disturb(spec)
	if err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	stop := sync.OnceValue(process.Stop)
	defer stop()
	level := &c.out.Levels[index]
	level.Antagonists = []profile.Antagonist{want}
	c.lapse = threadClockLapse(want.Kind)
	seen, err := c.chunks(index, spec, process)
	if err != nil {
		return err
	}
	level.Share = float64(median(seen.shares)) / shareUnit
	shared := antagonist.SharesCore(want.Kind)
	if shared {
		if err := c.watch(index, spec, process); err != nil {
			return err
		}
	}
	if err := stop(); err != nil {
		return fmt.Errorf("measure: %w", err)
	}
	c.slowdown(level, seen, append(quiet, c.undisturbed()...), shared)
	return nil
}

// slowdown compares the level's reference with the undisturbed one just before and
// after it, so that a clock that drifted since the machine was measured alone is not
// taken for interference.
func (c *campaign) slowdown(level *profile.Level, seen observed, quiet []uint32, shared bool) {
	usual := float64(median(quiet))
	level.Slowdown = float64(median(seen.dense)) / usual
	if shared { // elsewhere the wall clock is in the surfaces already
		level.Slowdown *= float64(seen.wall) / float64(max(seen.onCPU, 1))
	}
	level.Slowdown = max(level.Slowdown, 1) // below 1 is noise: an antagonist speeds nothing up
	if d := usual/float64(median(c.dense)) - 1; math.Abs(d) > 0.1 {
		c.warn("the dense reference had drifted by %.0f %% when level %s %g was measured", 100*d, level.Antagonists[0].Kind, level.Antagonists[0].Intensity)
	}
}

// quietBlocks is the number of blocks around which undisturbed times the reference.
const quietBlocks = 60

// undisturbed times the reference between blocks of all techniques, as the levels do,
// while no antagonist runs.
func (c *campaign) undisturbed() []uint32 {
	blocks := c.plan(usualSize, func(_, _, half int) []int { return c.some(half)[:blockSize] })
	var times []uint32
	for _, b := range blocks[:min(quietBlocks, len(blocks))] {
		times = append(times, nanoseconds(c.run(b, c.wall, func(int, bool, call) {})))
	}
	return times
}

// disturb starts an antagonist from a thread that is not pinned: a child inherits the
// cores of the thread that starts it, and only its disturbing thread pins itself.
func (c *campaign) disturb(spec antagonist.Spec) (process Disturber, err error) {
	done := make(chan struct{})
	go func() {
		process, err = c.cfg.Disturb(spec)
		close(done)
	}()
	<-done
	return process, err
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
	if n := c.out.Levels[level].BusySiblings; n > 0 {
		stage = fmt.Sprintf("%d busy", n)
	}
	queue := c.mix(c.plan(usualSize, func(_, _, half int) []int { return c.some(half) }), c.batchBlocks())
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
		if !spec.Plausible(got.share) {
			c.out.Levels[level].Discarded += calls(got.ran)
			queue = append(queue, blocksOf(got.ran)...)
			if attempts > maxAttempts*total {
				return seen, fmt.Errorf("measure: antagonist %s: want %s of its core, got %.2f in too many windows: is the machine busy?",
					stage, spec.Implied(), got.share)
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
		r.reference = c.run(r.block, measure, func(_ int, _ bool, k call) { r.calls = append(r.calls, k) })
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
			if b.batch > 0 {
				c.keepBatch(b, level, k)
				continue
			}
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
func (c *campaign) watch(level int, spec antagonist.Spec, process Disturber) error {
	for half := range halves {
		stalls, err := c.watched(spec, process)
		if err != nil {
			return err
		}
		if len(stalls) == 0 {
			return fmt.Errorf("measure: a shared core: want stalls within %v, got none", watchTime/halves)
		}
		c.away[half][level] = stalls
	}
	return nil
}

// watched records until the antagonist got its share during a recording.
func (c *campaign) watched(spec antagonist.Spec, process Disturber) ([]profile.Stall, error) {
	share := 0.0
	for range maxAttempts {
		if err := c.ctx.Err(); err != nil {
			return nil, err
		}
		if _, err := process.Share(); err != nil {
			return nil, err
		}
		stalls := record(watchTime / halves)
		var err error
		if share, err = process.Share(); err != nil {
			return nil, err
		}
		if spec.Plausible(share) {
			return stalls, nil
		}
	}
	return nil, fmt.Errorf("measure: antagonist %s: want %s of its core while stalls are recorded, got %.2f: is the machine busy?",
		spec.Kind, spec.Implied(), share)
}

// record watches the clock for a while. A jump in which the thread lost its core for
// more than robbed is a stall; time that its own clock counts is in the surfaces.
func record(length time.Duration) []profile.Stall {
	var out []profile.Stall
	began, used := time.Now(), antagonist.ThreadTime()
	resumed, read := began, began
	for before := began; before.Sub(began) < length; {
		now := time.Now()
		if now.Sub(before) > robbed {
			onCPU := antagonist.ThreadTime()
			if wait := now.Sub(read) - (onCPU - used); wait > robbed {
				out = append(out, profile.Stall{Gap: max(now.Sub(resumed)-wait, 0), Wait: wait})
				resumed = now
			}
			read, used = now, onCPU
		}
		before = now
	}
	return out
}
