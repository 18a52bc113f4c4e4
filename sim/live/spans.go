package live

import (
	"slices"
	"sync"
	"time"

	"slosim/engine/profile"
	"slosim/sim/virtual"
	"slosim/workloads"
)

// spans walks the timeline, for the worker, which accounts for its time, and for the
// goroutine that turns antagonists on and off.
type spans struct {
	cfg    *Config
	pieces []virtual.Interval // quiet ones between the others, without an end
	at     int                // the worker's present piece
	now    int                // its level
	next   time.Duration      // its end
	since  time.Duration
	onCPU  time.Duration // of the thread at since; below 0: not read yet
	all    []Span
}

func newSpans(cfg *Config) *spans {
	s := &spans{cfg: cfg, onCPU: cfg.OnCPU()}
	timeline := slices.Clone(cfg.Timeline)
	slices.SortFunc(timeline, func(a, b virtual.Interval) int { return int(a.From - b.From) })
	end := time.Duration(0)
	for _, piece := range timeline {
		if piece.From > end {
			s.pieces = append(s.pieces, virtual.Interval{From: end, To: piece.From})
		}
		s.pieces = append(s.pieces, piece)
		end = piece.To
	}
	s.pieces = append(s.pieces, virtual.Interval{From: end, To: never})
	s.all = make([]Span, 0, len(s.pieces))
	s.now, s.next = s.pieces[0].Level, s.pieces[0].To
	return s
}

// over says whether the present piece has ended.
func (s *spans) over(now time.Duration) bool { return now >= s.next }

// turn accounts for the piece that has ended and goes on to the present one.
func (s *spans) turn(now, onCPU time.Duration) {
	s.close(now, onCPU)
	for s.pieces[s.at].To <= now {
		s.at++
	}
	s.now, s.next = s.pieces[s.at].Level, s.pieces[s.at].To
}

// close accounts for the time since the last turn.
func (s *spans) close(now, onCPU time.Duration) {
	s.all = append(s.all, Span{Level: s.now, Wall: now - s.since, OnCPU: onCPU - s.onCPU})
	s.since, s.onCPU = now, onCPU
}

// level returns the level at an instant.
func (s *spans) level(at time.Duration) int {
	for _, piece := range s.pieces {
		if at < piece.To {
			return piece.Level
		}
	}
	return 0
}

// follow turns antagonists on and off until it is stopped; stop returns the first error.
func (s *spans) follow(began time.Time) (stop func() error) {
	if len(s.cfg.Timeline) == 0 {
		return func() error { return nil }
	}
	quit := make(chan struct{})
	var first error
	var group sync.WaitGroup
	group.Go(func() { first = s.switching(began, quit) })
	return func() error {
		close(quit)
		group.Wait()
		return first
	}
}

// switching sleeps from one end of an interval to the next. Whatever disturbs when it is told to
// quit is turned off.
func (s *spans) switching(began time.Time, quit <-chan struct{}) (first error) {
	keep := func(err error) {
		if first == nil {
			first = err
		}
	}
	for _, piece := range s.pieces {
		if piece.Level == 0 {
			continue
		}
		if !sleep(began.Add(piece.From), quit) {
			return first
		}
		keep(s.cfg.Antagonists.Resume(piece.Level))
		on := sleep(began.Add(piece.To), quit)
		keep(s.cfg.Antagonists.Pause(piece.Level))
		if !on {
			return first
		}
	}
	return first
}

// sleep waits for an instant; false: it was told to quit before.
func sleep(until time.Time, quit <-chan struct{}) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-quit:
		return false
	}
}

// confidences are those of the profile: an activator says the same of a sample whenever it is
// asked, and the profile has it of every sample.
type confidences struct{ set *profile.Set }

// Raw implements sim.Confidences.
func (c confidences) Raw(q *workloads.Query, point int) float32 {
	return c.set.Truth.At(point, int(q.Sample)).Confidence
}
