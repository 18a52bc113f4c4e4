package des

import (
	"fmt"
	"math"
	"time"
)

// never is the instant of an event that is not there.
const never = math.MaxInt64

// kindShift leaves 56 bits for the sequence number below an event's kind: 10^9
// events a second would take two years to exhaust them.
const kindShift = 56

// Event is one thing that will happen. It is a plain value of 24 bytes.
type Event struct {
	at    int64  // nanoseconds of virtual time
	order uint64 // kind above seq: one comparison breaks a tie
	data  uint64
}

// At returns the event's instant in virtual time.
func (e Event) At() time.Duration { return time.Duration(e.at) }

// Kind returns the event's kind as given to Push or Hold.
func (e Event) Kind() uint8 { return uint8(e.order >> kindShift) }

// Data returns the caller's own word.
func (e Event) Data() uint64 { return e.data }

// before is the tie rule: (time, kind, seq).
func (e Event) before(other Event) bool {
	if e.at != other.at {
		return e.at < other.at
	}
	return e.order < other.order
}

// List holds the future events of one simulation and its clock. The zero value
// is an empty list at time 0. It is not safe for concurrent use.
type List struct {
	heap    []Event // 4-ary: children of i are 4i+1 ... 4i+4
	held    Event
	holding bool
	seq     uint64
	now     int64
}

// Now returns the instant of the last event that Next returned, 0 before.
func (l *List) Now() time.Duration { return time.Duration(l.now) }

// Len returns the number of future events, the held one included.
func (l *List) Len() int {
	if l.holding {
		return len(l.heap) + 1
	}
	return len(l.heap)
}

// Push adds an event. It panics when at lies before Now. Nothing is allocated
// once the heap has grown to the number of events that are pending together.
func (l *List) Push(at time.Duration, kind uint8, data uint64) {
	l.heap = append(l.heap, Event{})
	l.up(len(l.heap)-1, l.event(at, kind, data))
}

// Hold sets the next event of a stream beside the heap. It panics when one is
// held already, or when at lies before Now.
func (l *List) Hold(at time.Duration, kind uint8, data uint64) {
	if l.holding {
		panic("des: an event is held already")
	}
	l.held, l.holding = l.event(at, kind, data), true
}

// Release forgets the held event, if there is one.
func (l *List) Release() { l.holding = false }

func (l *List) event(at time.Duration, kind uint8, data uint64) Event {
	if int64(at) < l.now {
		panic(fmt.Sprintf("des: event of kind %d at %v lies before the clock, %v", kind, at, l.Now()))
	}
	l.seq++
	return Event{at: int64(at), order: uint64(kind)<<kindShift | l.seq, data: data}
}

// PeekAt returns the instant of the earliest event; ok is false when there is none.
func (l *List) PeekAt() (at time.Duration, ok bool) {
	earliest := int64(never)
	if len(l.heap) > 0 {
		earliest = l.heap[0].at
	}
	if l.holding {
		earliest = min(earliest, l.held.at)
	}
	return time.Duration(earliest), l.Len() > 0
}

// Next removes the earliest event, advances the clock to it and returns it; ok is
// false when there is none.
func (l *List) Next() (e Event, ok bool) {
	if len(l.heap) == 0 || l.holding && l.held.before(l.heap[0]) {
		e, ok = l.held, l.holding
		l.holding = false
	} else {
		e, ok = l.heap[0], true
		l.removeTop()
	}
	if ok {
		l.now = e.at
	}
	return e, ok
}

func (l *List) removeTop() {
	last := len(l.heap) - 1
	e := l.heap[last]
	l.heap = l.heap[:last]
	if last > 0 {
		l.down(e)
	}
}

// up places e at the hole i or above.
func (l *List) up(i int, e Event) {
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(l.heap[parent]) {
			break
		}
		l.heap[i] = l.heap[parent]
		i = parent
	}
	l.heap[i] = e
}

// down places e at the root or below.
func (l *List) down(e Event) {
	h := l.heap
	i := 0
	for {
		first := 4*i + 1
		if first >= len(h) {
			break
		}
		least := first
		for child := first + 1; child < min(first+4, len(h)); child++ {
			if h[child].before(h[least]) {
				least = child
			}
		}
		if !h[least].before(e) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = e
}
