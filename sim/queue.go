package sim

import (
	"sort"

	"slosim/scheduler"
)

// state is where a query is.
type state uint8

const (
	free    state = iota // the slot holds no query
	waiting              // in the queue
	probing              // in the queue, its activator on a worker
	running              // on a worker, out of the queue
)

// slot is a query inside the system, beside what its Waiting entry shows.
type slot struct {
	record Record
	key    int64  // of the queue discipline
	seq    uint64 // order of arrival
	state  state

	left   int // samples that have not started
	parts  int // runs under way: 1, more of a query that was split, or 0
	home   int // worker whose queue it is in, -1: all share one
	judged int // worker whose run tells whether the answer is right: that of the first samples
}

// queue keeps the waiting queries in order of (key, arrival) as one contiguous
// slice, because that is what a View shows. Removal is in two steps so that a plan
// may remove any number of queries at the cost of one pass over the shorter side:
// remove leaves a hole, compact closes all of them. The head costs O(1).
type queue struct {
	entries     []scheduler.Waiting
	head        int // entries[head:] wait
	holes       int
	first, last int // positions of the outermost holes
}

// all returns the waiting queries in order; valid until the next change.
func (q *queue) all() []scheduler.Waiting { return q.entries[q.head:] }

// len returns how many wait, holes not counted.
func (q *queue) len() int { return len(q.entries) - q.head - q.holes }

// insert adds a query behind all entries that do not sort after (key, seq). There are
// no holes. The entry is filled in place: to copy what was just written stalls.
func (q *queue) insert(ref scheduler.QueryRef, slots []slot) {
	s := &slots[ref]
	all := q.all()
	at := len(all)
	if at > 0 && slots[all[at-1].Ref].after(s) {
		at = sort.Search(len(all), func(i int) bool { return slots[all[i].Ref].after(s) })
	}
	s.show(q.open(at), ref)
}

// open makes room for an entry at a position among those that wait.
func (q *queue) open(at int) *scheduler.Waiting {
	if n := len(q.all()); at < n && at < n/2 {
		q.reserveFront()
		q.head--
		all := q.all()
		copy(all[:at], all[1:])
		return &all[at]
	}
	q.reserve()
	q.entries = append(q.entries, scheduler.Waiting{})
	all := q.all()
	copy(all[at+1:], all[at:])
	return &all[at]
}

// show makes an entry what a policy may see of a query that has just arrived.
func (s *slot) show(w *scheduler.Waiting, ref scheduler.QueryRef) {
	r := &s.record
	w.Ref, w.Class, w.Model = ref, r.Query.Class, r.Query.Model
	w.ArriveAt, w.Deadline, w.Accuracy = r.Query.ArriveAt, r.Deadline, r.AccuracyTarget
	w.Probed, w.ProbedOn, w.Left, w.Queue = false, -1, s.left, int32(s.home+1)
}

// reserve moves the queue to the front of its memory when the end is reached and
// at least half of it is free: amortised O(1) an arrival, no allocation.
func (q *queue) reserve() {
	if len(q.entries) == cap(q.entries) && q.head > len(q.entries)/2 {
		n := copy(q.entries, q.all())
		q.entries, q.head = q.entries[:n], 0
	}
}

// reserveFront makes room before the head, as much as there are entries, when there is
// none: amortised O(1) for a discipline under which the last come are the first served.
func (q *queue) reserveFront() {
	if q.head > 0 {
		return
	}
	n := len(q.entries)
	if cap(q.entries) < 2*n {
		q.entries = append(make([]scheduler.Waiting, 0, 3*n), q.entries...)
	}
	q.entries = q.entries[:2*n]
	copy(q.entries[n:], q.entries[:n])
	q.head = n
}

// find returns the position of a waiting query, by its order: O(log n), and O(1)
// for the head. ok is false if the queue is out of order.
func (q *queue) find(ref scheduler.QueryRef, slots []slot) (at int, ok bool) {
	all := q.all()
	if len(all) > 0 && all[0].Ref == ref {
		return q.head, true
	}
	s := &slots[ref]
	i := sort.Search(len(all), func(i int) bool { return !s.after(&slots[all[i].Ref]) })
	return q.head + i, i < len(all) && all[i].Ref == ref
}

// entry returns a query's entry, nil if the queue is out of order.
func (q *queue) entry(ref scheduler.QueryRef, slots []slot) *scheduler.Waiting {
	at, ok := q.find(ref, slots)
	if !ok {
		return nil
	}
	return &q.entries[at]
}

// remove leaves a hole in a query's place, whose state must tell that it is one
// before compact runs. It returns false if the queue is out of order.
func (q *queue) remove(ref scheduler.QueryRef, slots []slot) bool {
	at, ok := q.find(ref, slots)
	if !ok {
		return false
	}
	if q.holes == 0 {
		q.first, q.last = at, at
	}
	q.first, q.last = min(q.first, at), max(q.last, at)
	q.holes++
	return true
}

// compact closes the holes, moving whichever side of them is shorter.
func (q *queue) compact(slots []slot) {
	if q.holes == 0 {
		return
	}
	switch {
	case q.last-q.head+1 == q.holes: // the first ones alone, as most disciplines take them
		q.head = q.last + 1
	case q.last-q.head <= len(q.entries)-1-q.first:
		q.shiftRight(slots)
	default:
		q.shiftLeft(slots)
	}
	q.holes = 0
	if q.head == len(q.entries) {
		q.entries, q.head = q.entries[:0], 0
	}
}

func (q *queue) shiftRight(slots []slot) {
	to := q.last
	for from := q.last; from >= q.head; from-- {
		if slots[q.entries[from].Ref].queued() {
			q.entries[to] = q.entries[from]
			to--
		}
	}
	q.head = to + 1
}

func (q *queue) shiftLeft(slots []slot) {
	to := q.first
	for _, w := range q.entries[q.first:] {
		if slots[w.Ref].queued() {
			q.entries[to] = w
			to++
		}
	}
	q.entries = q.entries[:to]
}

// after says whether s sorts behind other.
func (s *slot) after(other *slot) bool {
	if s.key != other.key {
		return s.key > other.key
	}
	return s.seq > other.seq
}

func (s *slot) queued() bool { return s.state == waiting || s.state == probing }
