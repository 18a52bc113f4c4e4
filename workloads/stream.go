package workloads

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"slosim/workloads/rng"
)

// StreamSpec is what a stream of queries is made of.
type StreamSpec struct {
	Sources []Arrivals // merged in order of time; at one instant the lower index comes first
	Classes []Class    // shares add up to 1
	Samples int        // of the data set, at least 1
	Key     rng.Key
}

// Stream yields the queries of one replication in order of arrival. Classes and
// samples are drawn by the query's ID alone, so they do not depend on the
// arrivals' times, and all contenders see the same.
type Stream struct {
	sources []source
	shares  []float64 // cumulative
	samples uint64
	id      uint64

	classOf, sampleOf rng.Draws

	classes []Class
	sized   bool // some class has queries of several samples
	sizeOf  rng.Draws
}

type source struct {
	arrivals Arrivals
	closed   Closed // the same, if it is a closed loop
	at       time.Duration
	ok       bool
}

// peek looks at a closed loop's next arrival, which may have changed.
func (s *source) peek() { s.at, s.ok = s.closed.Peek() }

// NewStream checks spec and returns its stream.
func NewStream(spec StreamSpec) (*Stream, error) {
	if len(spec.Sources) == 0 || len(spec.Sources) > math.MaxUint16 {
		return nil, fmt.Errorf("stream: sources: want 1 to %d, got %d", math.MaxUint16, len(spec.Sources))
	}
	if spec.Samples < 1 || spec.Samples > math.MaxUint32 {
		return nil, fmt.Errorf("stream: samples: want 1 to %d, got %d", uint32(math.MaxUint32), spec.Samples)
	}
	shares, err := cumulativeShares(spec.Classes)
	if err != nil {
		return nil, err
	}
	s := &Stream{shares: shares, samples: uint64(spec.Samples),
		classOf: spec.Key.Draws(rng.ClassOf), sampleOf: spec.Key.Draws(rng.SampleOf),
		classes: spec.Classes, sizeOf: spec.Key.Draws(rng.SizeOf),
		sized: slices.ContainsFunc(spec.Classes, func(c Class) bool { return c.Size > 1 || c.Spread > 0 })}
	for _, arrivals := range spec.Sources {
		one := source{arrivals: arrivals}
		if closed, ok := arrivals.(Closed); ok {
			one.closed = closed
			one.peek()
		} else {
			one.at, one.ok = arrivals.Next()
		}
		s.sources = append(s.sources, one)
	}
	return s, nil
}

// cumulativeShares checks that the shares are a distribution.
func cumulativeShares(classes []Class) ([]float64, error) {
	if len(classes) == 0 || len(classes) > math.MaxUint16 {
		return nil, fmt.Errorf("stream: classes: want 1 to %d, got %d", math.MaxUint16, len(classes))
	}
	shares, sum := make([]float64, len(classes)), 0.0
	for i, class := range classes {
		if !(class.Share >= 0 && class.Share <= 1) {
			return nil, fmt.Errorf("stream: class %q: share: want 0 to 1, got %v", class.Name, class.Share)
		}
		sum += class.Share
		shares[i] = sum
	}
	if math.Abs(sum-1) > 1e-6 {
		return nil, fmt.Errorf("stream: shares of the classes: want a sum of 1, got %v", sum)
	}
	return shares, nil
}

// first returns the source of the next query, -1 if there is none.
func (s *Stream) first() int {
	first := -1
	for i := range s.sources {
		if s.sources[i].ok && (first < 0 || s.sources[i].at < s.sources[first].at) {
			first = i
		}
	}
	return first
}

// Closed says whether any source is a closed loop. Then there may be a next query
// after there was none.
func (s *Stream) Closed() bool {
	return slices.ContainsFunc(s.sources, func(one source) bool { return one.closed != nil })
}

// PeekAt returns the instant of the next query as things stand: in a closed loop an
// end of a query may bring an earlier one.
func (s *Stream) PeekAt() (at time.Duration, ok bool) {
	first := s.first()
	if first < 0 {
		return 0, false
	}
	return s.sources[first].at, true
}

// Done tells the query's source that the query has ended for its client at an
// instant. It matters to closed loops alone.
func (s *Stream) Done(q *Query, at time.Duration) {
	if one := &s.sources[q.Source]; one.closed != nil {
		one.closed.Done(q.ID, at)
		one.peek()
	}
}

// Err returns the errors of the sources that are Failing, joined.
func (s *Stream) Err() error {
	var errs []error
	for i := range s.sources {
		if failing, ok := s.sources[i].arrivals.(Failing); ok {
			errs = append(errs, failing.Err())
		}
	}
	return errors.Join(errs...)
}

// Next makes q the next query, or leaves it and returns false when there is none. It
// allocates nothing.
func (s *Stream) Next(q *Query) (ok bool) {
	first := s.first()
	if first < 0 {
		return false
	}
	q.ID, q.ArriveAt = s.id, s.sources[first].at
	q.Class, q.Model, q.Source, q.Size = s.class(s.id), 0, uint16(first), 1
	q.Sample = uint32(s.sampleOf.Index(s.id, s.samples))
	if s.sized {
		q.Size = s.classes[q.Class].SizeAt(min(max(s.sizeOf.Float(s.id), 0x1p-53), 1-0x1p-53))
	}
	s.id++
	one := &s.sources[first]
	one.at, one.ok = one.arrivals.Next()
	if one.closed != nil { // it took the query's own arrival
		one.peek()
	}
	return true
}

// class draws the class of a query by share. A class of share 0 gets none.
func (s *Stream) class(id uint64) uint16 {
	last := len(s.shares) - 1
	u := s.classOf.Float(id) * s.shares[last]
	for i, share := range s.shares[:last] {
		if u < share {
			return uint16(i)
		}
	}
	return uint16(last)
}
