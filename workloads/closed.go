package workloads

import (
	"fmt"
	"math"
	"time"

	"slosim/workloads/rng"
)

// The sizes of closed loops.
const (
	maxClients      = 1 << 20
	maxQueries      = 1 << 24 // of mlperf-offline, all of which wait at once
	multiStreamSize = 8       // samples a query of MLPerf's multi-stream scenario
)

// Closed is an optional ability of Arrivals: a closed loop, whose next arrival
// depends on how earlier queries end. Its Next takes the earliest arrival that is due,
// as Peek shows it; both say no while every client waits for an answer.
type Closed interface {
	Arrivals
	// Peek returns the instant that Next would take.
	Peek() (at time.Duration, ok bool)
	// Done says that query id, one of this source's, has ended for its client at an
	// instant of virtual time. Peek may show an arrival at it or later.
	Done(id uint64, at time.Duration)
}

// HasRate says whether a kind of arrivals takes rate or load. A closed loop takes
// neither, since its clients go as fast as they are answered, and mlperf-offline has a
// count.
func HasRate(kind string) bool {
	switch kind {
	case "closed", "mlperf-single-stream", "mlperf-multi-stream", "mlperf-offline":
		return false
	}
	return true
}

// clientsDecide is the caveat that all closed loops share.
const clientsDecide = "arrivals wait for answers, so a slow contender gets fewer queries and latencies hide overload; " +
	"contenders see the same queries in the same order, not at the same instants. A client whose query is dropped waits until its deadline"

// closed checks a closed loop, and makes it.
func (c *checker) closed(of string) starter {
	s := c.spec
	l := &looping{clients: 1, batch: 1, end: s.Duration}
	switch s.Kind {
	case "closed":
		c.unused(of, "clients", "think")
		c.count("clients", s.Clients, maxClients)
		if s.Think < 0 {
			c.fail("think", "0 or more", s.Think)
		}
		l.clients, l.think = s.Clients, s.Think.Seconds()
		l.about = fmt.Sprintf("closed: %d clients, exponential think time of mean %v; ", s.Clients, s.Think) + clientsDecide
	case "mlperf-single-stream":
		c.unused(of)
		l.about = "mlperf-single-stream: the next query when the previous one ends (LoadGen judges the 90th percentile of latency); " + clientsDecide
	default: // mlperf-multi-stream
		c.unused(of)
		l.batch = multiStreamSize
		l.about = fmt.Sprintf("mlperf-multi-stream: %d samples at once, the next when all are done. LoadGen calls the %d one query; "+
			"here they are %d queries of one instant, each with its own latency; ", multiStreamSize, multiStreamSize, multiStreamSize) + clientsDecide
	}
	return c.whole(l)
}

// offline checks mlperf-offline, and makes it.
func (c *checker) offline(of string) starter {
	s := c.spec
	c.unused(of, "queries")
	c.count("queries", s.Queries, maxQueries)
	return c.whole(&offline{n: s.Queries, rates: float64(s.Queries) / s.Duration.Seconds()})
}

// count fails unless 1 <= n <= most.
func (c *checker) count(key string, n, most int) {
	if n < 1 || n > most {
		c.fail(key, fmt.Sprintf("1 to %d", most), n)
	}
}

// whole returns no starter while something is wrong.
func (c *checker) whole(s starter) starter {
	if len(c.wrong) > 0 {
		return nil
	}
	return s
}

// looping is a checked closed loop.
type looping struct {
	clients, batch int
	think          float64 // mean, seconds
	end            time.Duration
	about          string
}

func (l *looping) rate() float64  { return 0 } // completions decide
func (l *looping) caveat() string { return l.about }

// start lets every client think once before its first query, so that they do not all
// come at the first instant.
func (l *looping) start(key rng.Key) Arrivals {
	out := &loop{looping: *l, key: key, due: make([]time.Duration, 0, l.clients*l.batch)}
	for client := range l.clients {
		out.send(l.thought(key.Float(rng.Arrival, uint64(client))))
	}
	return out
}

// thought returns the think time at the quantile u, of the exponential distribution.
func (l *looping) thought(u float64) time.Duration { return seconds(-math.Log1p(-u) * l.think) }

// loop is one replication of a closed loop.
type loop struct {
	looping
	key  rng.Key
	open int             // queries of the present batch that have not ended
	due  []time.Duration // arrivals to come: a binary heap, one entry a query
}

var _ Closed = (*loop)(nil)

// send makes a batch of queries due at an instant.
func (l *loop) send(at time.Duration) {
	for range l.batch {
		l.due = append(l.due, at)
		for i := len(l.due) - 1; i > 0 && l.due[i] < l.due[(i-1)/2]; i = (i - 1) / 2 {
			l.due[i], l.due[(i-1)/2] = l.due[(i-1)/2], l.due[i]
		}
	}
}

// Peek implements Closed.
func (l *loop) Peek() (time.Duration, bool) {
	if len(l.due) == 0 || l.due[0] >= l.end {
		return 0, false
	}
	return l.due[0], true
}

// Next implements Arrivals.
func (l *loop) Next() (time.Duration, bool) {
	at, ok := l.Peek()
	if !ok {
		return 0, false
	}
	l.open++
	last := len(l.due) - 1
	l.due[0] = l.due[last]
	l.due = l.due[:last]
	l.sink()
	return at, true
}

// sink brings the root of the heap to its place.
func (l *loop) sink() {
	for i, child := 0, 1; child < len(l.due); i, child = child, 2*child+1 {
		if child+1 < len(l.due) && l.due[child+1] < l.due[child] {
			child++
		}
		if l.due[i] <= l.due[child] {
			return
		}
		l.due[i], l.due[child] = l.due[child], l.due[i]
	}
}

// Done implements Closed. The think time is drawn by the query that ended.
func (l *loop) Done(id uint64, at time.Duration) {
	l.open--
	if l.batch == 1 || l.open == 0 && len(l.due) == 0 {
		l.send(at + l.thought(l.key.Float(rng.Think, id)))
	}
}

// offline has all its queries at time 0.
type offline struct {
	n     int
	rates float64 // a second of the run
}

func (o *offline) rate() float64 { return o.rates }

func (o *offline) caveat() string {
	return fmt.Sprintf("mlperf-offline: %d queries, all at time 0; LoadGen judges their count over the instant of the last answer, "+
		"while throughput_qps divides by the run's duration, and latencies are places in the queue", o.n)
}

func (o *offline) start(rng.Key) Arrivals { return &allAtOnce{left: o.n} }

type allAtOnce struct{ left int }

// Next implements Arrivals.
func (a *allAtOnce) Next() (time.Duration, bool) {
	if a.left == 0 {
		return 0, false
	}
	a.left--
	return 0, true
}
