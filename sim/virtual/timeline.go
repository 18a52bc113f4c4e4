package virtual

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"slosim/engine/profile"
	"slosim/workloads/rng"
)

// forever ends the last segment of a timeline.
const forever = time.Duration(math.MaxInt64)

// segment is a piece of a worker's time, [from, to), in which the disturbance is
// the same. Segments of a worker cover all time.
type segment struct {
	from, to time.Duration
	level    int
	factor   float64           // of on-CPU times
	slowdown float64           // true, of the dense reference
	tape     *profile.Timeline // nil: the worker has the core all the time
	origin   time.Duration     // instant at which the tape starts; it may lie before from
}

// finish returns the instant at which on-CPU work that starts at an instant is done,
// if the segment never ended.
func (s *segment) finish(at, work time.Duration) time.Duration {
	if s.tape == nil {
		return at + work
	}
	return s.origin + s.tape.Finish(at-s.origin, work)
}

// onCPU returns for how long the worker has the core in [from, to): the most work
// that finishes by then.
func (s *segment) onCPU(from, to time.Duration) time.Duration {
	if s.tape == nil {
		return to - from
	}
	return time.Duration(sort.Search(int(to-from), func(work int) bool {
		return s.finish(from, time.Duration(work)+1) > to
	}))
}

// scale applies the segment's factor to an on-CPU time of its level.
func (s *segment) scale(d time.Duration) time.Duration {
	if s.factor == 1 {
		return d
	}
	return time.Duration(math.Round(float64(d) * s.factor))
}

// timeline is the true interference of one worker.
type timeline []segment

// at returns the index of the segment that holds an instant.
func (t timeline) at(instant time.Duration) int {
	return sort.Search(len(t)-1, func(i int) bool { return t[i].to > instant })
}

// newTimelines compiles the intervals of all workers.
func newTimelines(c *Config) ([]timeline, error) {
	tapes, err := newTapes(c)
	if err != nil {
		return nil, err
	}
	all := make([]timeline, c.Workers)
	for worker := range all {
		if all[worker], err = newTimeline(c, tapes, worker); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// newTapes compiles the stalls of every level, nil for levels without any.
func newTapes(c *Config) ([]*profile.Timeline, error) {
	tapes := make([]*profile.Timeline, len(c.Levels))
	for level := range c.Levels {
		stalls := c.stalls(level)
		if len(stalls) == 0 {
			continue
		}
		tape, err := profile.NewTimeline(stalls)
		if err != nil {
			return nil, fmt.Errorf("virtual: level %d: %w", level, err)
		}
		tapes[level] = tape
	}
	return tapes, nil
}

// newTimeline lays a worker's intervals on its time and fills the rest with the
// quiet level.
func newTimeline(c *Config, tapes []*profile.Timeline, worker int) (timeline, error) {
	var t timeline
	end := time.Duration(0)
	quiet := Interval{Level: c.Quiet}
	for _, i := range intervalsOf(c.Timeline, worker) {
		piece := c.Timeline[i]
		if piece.From < end {
			return nil, fmt.Errorf("virtual: interval %d: overlaps another one of worker %d, which ends at %v", i, worker, end)
		}
		if piece.From > end {
			t = append(t, newSegment(c, tapes, quiet, end, piece.From, stallDraw(0, worker)))
		}
		t = append(t, newSegment(c, tapes, piece, piece.From, piece.To, stallDraw(i+1, worker)))
		end = piece.To
	}
	return append(t, newSegment(c, tapes, quiet, end, forever, stallDraw(0, worker))), nil
}

// intervalsOf returns the indices of the intervals that concern a worker, by From.
func intervalsOf(all []Interval, worker int) []int {
	var mine []int
	for i, piece := range all {
		if piece.Worker == worker || piece.Worker == EveryWorker {
			mine = append(mine, i)
		}
	}
	slices.SortStableFunc(mine, func(a, b int) int { return int(all[a].From - all[b].From) })
	return mine
}

// stallDraw is the identity of the draw of a tape's offset: the interval (0: quiet
// time, one tape for all of it) and the worker.
func stallDraw(interval, worker int) uint64 { return uint64(interval)<<32 | uint64(worker) }

// newSegment places a level on [from, to). Its tape starts a random part of a period
// before the interval does (quiet time: before time 0).
func newSegment(c *Config, tapes []*profile.Timeline, piece Interval, from, to time.Duration, draw uint64) segment {
	factor := piece.Factor
	if factor == 0 {
		factor = 1
	}
	s := segment{from: from, to: to, level: piece.Level, factor: factor, tape: tapes[piece.Level]}
	s.slowdown = c.Levels[piece.Level].Slowdown * factor
	if s.tape != nil {
		offset := time.Duration(c.Key.Float(rng.Stall, draw) * float64(s.tape.Period()))
		s.origin = piece.From - offset
	}
	return s
}
