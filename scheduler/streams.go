package scheduler

import (
	"time"

	"slosim/workloads"
)

// streams measures the arrival rate of each class and model, in samples per second. It is a Keyer
// that orders nothing: every query passes a Keyer once, at its admission, and there it is counted.
type streams struct {
	window  time.Duration
	classes int
	counts  []uint64 // [stream] samples so far
	meters  []meter  // [stream]
}

// bind forgets what was counted.
func (s *streams) bind(setting Setting) {
	s.classes = len(setting.Classes)
	n := s.classes * len(setting.Models)
	s.counts, s.meters = make([]uint64, n), make([]meter, n)
	for i := range s.meters {
		s.meters[i].window = s.window
	}
}

// Key counts a query; the queue is first come, first served.
func (s *streams) Key(q *workloads.Query, _ time.Duration) int64 {
	s.counts[s.of(q.Class, q.Model)] += uint64(max(1, q.Size))
	return 0
}

// of returns the number of a stream.
func (s *streams) of(class, model uint16) int { return int(model)*s.classes + int(class) }

// class and model undo of.
func (s *streams) class(stream int) int    { return stream % s.classes }
func (s *streams) model(stream int) uint16 { return uint16(stream / s.classes) }

// rate returns a stream's samples per second over the window.
func (s *streams) rate(stream int, now time.Duration) float64 {
	return s.meters[stream].rate(now, s.counts[stream])
}
