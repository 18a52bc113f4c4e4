package measure

import (
	"time"

	"slosim/engine"
	"slosim/engine/antagonist"
)

// clock times calls on one thread.
type clock struct {
	overhead time.Duration // of one reading of the clock
	lapse    time.Duration // of one reading of the thread clock, beyond the calls it brackets
	sink     int           // what was answered, so that no call is left out
}

// wall times a call by the clock on the wall: what a query that is not robbed of its
// core takes.
func (c *clock) wall(s engine.Session, point int, x engine.Input, activates bool) call {
	var r call
	if activates {
		began := time.Now()
		s.Activate(x)
		r.activate = max(time.Since(began)-c.overhead, 1)
	}
	began := time.Now()
	r.result = s.Execute(point, x)
	r.execute = max(time.Since(began)-c.overhead, 1)
	c.sink += r.result.Answer
	return r
}

// robbed is the gap between wall and on-CPU time above which the core was away.
const robbed = 20 * time.Microsecond

// onCPU times a call on a shared core: the wall clock while the core was there, the
// thread's own clock for calls during which it was taken away.
func (c *clock) onCPU(s engine.Session, point int, x engine.Input, activates bool) call {
	var r call
	if activates {
		r.activate = c.segment(func() { s.Activate(x) })
	}
	r.execute = c.segment(func() { r.result = s.Execute(point, x) })
	c.sink += r.result.Answer
	return r
}

func (c *clock) segment(f func()) time.Duration {
	used := antagonist.ThreadTime()
	began := time.Now()
	f()
	wall := time.Since(began)
	used = antagonist.ThreadTime() - used
	if wall > used+robbed {
		return max(used-c.lapse, 1)
	}
	return max(wall-c.overhead, 1)
}

// clockOverhead returns the median time between two readings of the clock.
func clockOverhead() time.Duration {
	times := make([]uint32, 1001)
	for i := range times {
		t := time.Now()
		times[i] = nanoseconds(time.Since(t))
	}
	return time.Duration(median(times))
}

// threadClockLapse returns what two readings of the thread's clock add to what they
// bracket; 0 for antagonists that leave the core alone.
func threadClockLapse(kind string) time.Duration {
	if !antagonist.SharesCore(kind) {
		return 0
	}
	times := make([]uint32, 1001)
	for i := range times {
		used := antagonist.ThreadTime()
		times[i] = nanoseconds(antagonist.ThreadTime() - used)
	}
	return time.Duration(median(times))
}
