package workloads

import (
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"slosim/workloads/rng"
)

// window is the part of a trace that a run replays.
type window struct {
	trace  *Trace
	length time.Duration // trace time, at most the trace's span
	random bool
}

// open returns a cursor at the window's start. A random window starts anywhere
// in the trace and goes on at its start when it meets its end (circular, as in
// Politis and Romano 1992): every arrival is as likely as any other, and none
// comes twice because no window is longer than the trace.
func (w *window) open(key rng.Key, copy uint64) *cursor {
	return w.openAt(key.Child(rng.Arrival, copy), w.from(key, copy))
}

// from draws the start of a window.
func (w *window) from(key rng.Key, copy uint64) time.Duration {
	if !w.random {
		return 0
	}
	return time.Duration(key.Float(rng.Window, copy) * float64(w.trace.Span))
}

func (w *window) openAt(key rng.Key, from time.Duration) *cursor {
	c := &cursor{trace: w.trace, length: w.length, key: key, shift: -from}
	c.row = w.trace.first(&c.rows, from)
	if w.trace.Kind == Counts {
		c.draws = rand.New(&c.source)
		c.row-- // expand moves on first
	}
	return c
}

// busyness is the rate of a window that starts at the trace's start over the mean rate.
func (w *window) busyness() float64 {
	return w.trace.within(0, w.length) / w.length.Seconds() / w.trace.Rate()
}

// expected is the mean rate of the run, given the mean rate over the whole trace.
func (w *window) expected(mean float64) float64 {
	if w.random {
		return mean
	}
	return mean * w.busyness()
}

// expansion is the part of a caveat on where the arrivals of a count went.
func (w *window) expansion() string {
	if w.trace.Kind == Events {
		return ""
	}
	return fmt.Sprintf("; the trace has counts per %v: places inside a bin are drawn uniformly, so real gaps and bursts start above that", w.trace.Bin)
}

// describe is the part of a caveat that all transforms share.
func (w *window) describe() string {
	source := fmt.Sprintf("trace %s, %d arrivals in %v", w.trace.Name, w.trace.Requests, w.trace.Span.Round(time.Second))
	share := w.length.Seconds() / w.trace.Span.Seconds()
	if w.random {
		return fmt.Sprintf("%s; each replication takes %.3g of it from a random start (the trace's end joins its start), scaled by the mean of the whole trace", source, share)
	}
	return fmt.Sprintf("%s; takes its first %.3g, which is %.3g times as busy as the mean of the whole trace, by which it is scaled", source, share, w.busyness())
}

// cursor yields the arrivals of one window in order: trace time since the
// window's start.
type cursor struct {
	trace  *Trace
	rows   piece // around row
	length time.Duration
	row    int           // Events: the next row; Counts: the row being expanded
	shift  time.Duration // from the trace's time to the window's
	turned bool          // went from the trace's end to its start

	key    rng.Key
	source rand.PCG
	draws  *rand.Rand
	left   uint64  // arrivals of the bin still to come
	place  float64 // of the last one in its bin, 0 to 1
}

func (c *cursor) next() (time.Duration, bool) {
	if c.trace.Kind == Counts {
		return c.nextOfBin()
	}
	if c.row == c.trace.rows.n && !c.turn() {
		return 0, false
	}
	at := c.trace.rows.instant(&c.rows, c.row)
	if at == never {
		return 0, false
	}
	c.row++
	return at + c.shift, at+c.shift < c.length
}

// turn goes on at the trace's start; false when it has done so before.
func (c *cursor) turn() bool {
	if c.turned {
		return false
	}
	c.turned = true
	c.shift += c.trace.Span
	c.row = 0
	return c.shift < c.length
}

// nextOfBin yields the arrivals of the bins, as many as the trace counts, at
// uniform places in ascending order: of n that are left, the first lies a share
// 1 - U^(1/n) into the rest of the bin.
func (c *cursor) nextOfBin() (time.Duration, bool) {
	for {
		for c.left == 0 {
			if c.row++; c.row == c.trace.rows.n && !c.turn() {
				c.row-- // stays at the end
				return 0, false
			}
			c.expand()
		}
		c.place += (1 - c.place) * -math.Expm1(-c.draws.ExpFloat64()/float64(c.left))
		c.left--
		inside := min(time.Duration(c.place*float64(c.trace.Bin)), c.trace.Bin-1)
		at := c.trace.rows.instant(&c.rows, c.row) + inside + c.shift
		if at >= 0 { // otherwise the window began later in this bin
			return at, at < c.length
		}
	}
}

// expand begins a bin. Its draws depend on the bin alone, so a bin that a
// circular window cuts in two has the same arrivals on both ends.
func (c *cursor) expand() {
	row := uint64(c.row)
	c.source.Seed(c.key.Uint64(rng.Arrival, row), c.key.Uint64(rng.Window, row))
	c.left, c.place = c.trace.rows.count(&c.rows, c.row), 0
}

// paced replays a window, faster or slower.
type paced struct {
	window
	speed float64
	end   time.Duration
	none  bool // as recorded
}

func (p *paced) rate() float64 { return p.expected(p.trace.Rate() * p.speed) }

func (p *paced) caveat() string {
	if p.none {
		return "none: " + p.describe() + "; real gaps and bursts at the real rate" + p.expansion()
	}
	return fmt.Sprintf("compress: %s; time runs %.6g times faster: real gaps and bursts, but minutes of the trace pass in %v%s",
		p.describe(), p.speed, (time.Duration(float64(time.Minute) / p.speed)).Round(time.Microsecond), p.expansion())
}

func (p *paced) start(key rng.Key) Arrivals { return p.replay(key, 0) }

func (p *paced) replay(key rng.Key, copy uint64) *pacedArrivals {
	return &pacedArrivals{cursor: p.open(key, copy), speed: p.speed, end: p.end}
}

type pacedArrivals struct {
	cursor *cursor
	speed  float64
	end    time.Duration
	over   bool
}

// Err implements Failing.
func (p *pacedArrivals) Err() error { return p.cursor.trace.rows.err() }

// Next implements Arrivals.
func (p *pacedArrivals) Next() (time.Duration, bool) {
	if p.over {
		return 0, false
	}
	at, ok := p.cursor.next()
	at = time.Duration(float64(at) / p.speed)
	if !ok || at >= p.end {
		p.over = true
		return 0, false
	}
	return at, true
}

// thin replays a window and drops a random part.
type thin struct {
	paced
	keep float64
}

func (t *thin) rate() float64 { return t.expected(t.trace.Rate() * t.speed * t.keep) }

func (t *thin) caveat() string {
	return fmt.Sprintf("thin: %s; keeps %.4g of the arrivals at random, at speed %g: the shape stays, gaps and bursts tend to Poisson%s", t.describe(), t.keep, t.speed, t.expansion())
}

func (t *thin) start(key rng.Key) Arrivals {
	return &thinned{pacedArrivals: t.replay(key, 0), draws: rand.New(key.Source(rng.Arrival, 1)), keep: t.keep}
}

type thinned struct {
	*pacedArrivals
	draws *rand.Rand
	keep  float64
}

// Next implements Arrivals.
func (t *thinned) Next() (time.Duration, bool) {
	for {
		at, ok := t.pacedArrivals.Next()
		if !ok || t.draws.Float64() < t.keep {
			return at, ok
		}
	}
}

// superpose overlays several windows of the trace.
type superpose struct {
	paced
	copies int
}

func (s *superpose) rate() float64 {
	if s.random {
		return s.trace.Rate() * s.speed * float64(s.copies)
	}
	arrivals := 0.0
	for i := range s.copies {
		arrivals += s.trace.within(s.spread(i), s.length)
	}
	return arrivals / s.end.Seconds()
}

// spread is the start of window i when windows are not random. Windows that all
// began at the trace's start would be one window, louder.
func (s *superpose) spread(i int) time.Duration {
	return time.Duration(float64(s.trace.Span) * float64(i) / float64(s.copies))
}

func (s *superpose) caveat() string {
	uses := float64(s.copies) * s.length.Seconds() / s.trace.Span.Seconds()
	starts := "evenly spread over the trace"
	if s.random {
		starts = "at random places of the trace"
	}
	return fmt.Sprintf("superpose: trace %s, %d windows of %v that start %s, at speed %.4g: tends to Poisson and loses bursts; an arrival of the trace is used %.3g times on average%s",
		s.trace.Name, s.copies, s.length.Round(time.Millisecond), starts, s.speed, uses, s.expansion())
}

func (s *superpose) start(key rng.Key) Arrivals {
	merged := &superposed{trace: s.trace}
	for i := range s.copies {
		copy := uint64(i)
		from := s.from(key, copy)
		if !s.random {
			from = s.spread(i)
		}
		cursor := s.openAt(key.Child(rng.Arrival, copy), from)
		one := &pacedArrivals{cursor: cursor, speed: s.speed, end: s.end}
		if at, ok := one.Next(); ok {
			merged.next = append(merged.next, upcoming{at, one})
		}
	}
	heap.Init(merged)
	return merged
}

// superposed is a heap of windows by their next arrival.
type superposed struct {
	next  []upcoming
	trace *Trace
}

// Err implements Failing.
func (s *superposed) Err() error { return s.trace.rows.err() }

type upcoming struct {
	at   time.Duration
	from *pacedArrivals
}

// Next implements Arrivals.
func (s *superposed) Next() (time.Duration, bool) {
	if len(s.next) == 0 || s.next[0].at == never {
		return 0, false
	}
	at := s.next[0].at
	following, ok := s.next[0].from.Next()
	if !ok {
		following = never
	}
	s.next[0].at = following
	heap.Fix(s, 0)
	return at, true
}

const never = time.Duration(math.MaxInt64)

// Len is the number of windows.
func (s *superposed) Len() int { return len(s.next) }

// Less orders windows by their next arrival.
func (s *superposed) Less(i, j int) bool { return s.next[i].at < s.next[j].at }

// Swap exchanges two windows.
func (s *superposed) Swap(i, j int) { s.next[i], s.next[j] = s.next[j], s.next[i] }

// Push is never called: windows stay in the heap until the end.
func (s *superposed) Push(any) { panic("workloads: push on superposed windows") }

// Pop is never called: windows stay in the heap until the end.
func (s *superposed) Pop() any { panic("workloads: pop of superposed windows") }
