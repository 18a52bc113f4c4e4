package reports

import "time"

// spans answers questions about disturbed time. Queries come nearly in order of time, so
// it looks beside the last answer first.
type spans struct {
	list   []Span          // in order, without overlap
	before []time.Duration // [i] length of all spans before the i-th; one more than spans
	last   int             // the answer of the last find
}

func newSpans(list []Span) spans {
	s := spans{list: list, before: make([]time.Duration, len(list)+1)}
	for i, one := range list {
		s.before[i+1] = s.before[i] + one.To - one.From
	}
	return s
}

// find returns the first span that ends after an instant, len(list) if none does.
func (s *spans) find(at time.Duration) int {
	i := s.last
	for i < len(s.list) && s.list[i].To <= at {
		i++
	}
	for i > 0 && s.list[i-1].To > at {
		i--
	}
	s.last = i
	return i
}

// on says whether an instant lies in a span.
func (s *spans) on(at time.Duration) bool {
	i := s.find(at)
	return i < len(s.list) && at >= s.list[i].From
}

// within returns how much of a piece of time lies in spans.
func (s *spans) within(piece Span) time.Duration {
	i := s.find(piece.From)
	switch {
	case i == len(s.list) || piece.To <= s.list[i].From:
		return 0
	case piece.From >= s.list[i].From && piece.To <= s.list[i].To:
		return piece.To - piece.From
	}
	return s.until(piece.To) - s.until(piece.From)
}

// until returns how much of the time before an instant lies in spans.
func (s *spans) until(at time.Duration) time.Duration {
	i := s.find(at)
	if i < len(s.list) && at > s.list[i].From {
		return s.before[i] + at - s.list[i].From
	}
	return s.before[i]
}
