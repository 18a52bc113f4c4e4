package profile

import (
	"fmt"
	"sort"
	"time"
)

// Timeline is a (gap, wait) sequence compiled for look-ups: when does a worker
// that has the core only now and then finish? The sequence repeats for ever. It
// is immutable and safe for concurrent use.
type Timeline struct {
	on   []time.Duration // on[k]: on-CPU time before gap k; the last is a period's
	wall []time.Duration // wall[k]: wall time before gap k; the last is the period
}

// NewTimeline compiles a sequence. It refuses negative times and a sequence in
// which the worker never has the core.
func NewTimeline(stalls []Stall) (*Timeline, error) {
	t := &Timeline{
		on:   make([]time.Duration, 1, len(stalls)+1),
		wall: make([]time.Duration, 1, len(stalls)+1),
	}
	on, wall := time.Duration(0), time.Duration(0)
	for i, s := range stalls {
		if s.Gap < 0 || s.Wait < 0 {
			return nil, fmt.Errorf("profile: stall %d: want times of at least 0, got gap %v, wait %v", i, s.Gap, s.Wait)
		}
		on += s.Gap
		wall += s.Gap + s.Wait
		t.on, t.wall = append(t.on, on), append(t.wall, wall)
	}
	if on <= 0 || wall < on {
		return nil, fmt.Errorf("profile: stalls: want a worker that has the core for some time, got %v of %v", on, wall)
	}
	return t, nil
}

// Period is the wall time after which the sequence repeats.
func (t *Timeline) Period() time.Duration { return t.wall[len(t.wall)-1] }

// OnCPU is how much of a period the worker has the core.
func (t *Timeline) OnCPU() time.Duration { return t.on[len(t.on)-1] }

// Finish returns the instant at which a query is done that is handed to the worker
// at the instant at and needs service on the CPU. Instants count from the start of
// the sequence. A query that is handed over while the core is away waits for it.
func (t *Timeline) Finish(at, service time.Duration) time.Duration {
	if service <= 0 {
		return at
	}
	done := t.onCPUBefore(at) + service
	rounds := (done - 1) / t.OnCPU()
	rest := done - rounds*t.OnCPU() // in (0, OnCPU]
	k := sort.Search(len(t.on)-1, func(i int) bool { return t.on[i+1] >= rest })
	return rounds*t.Period() + t.wall[k] + rest - t.on[k]
}

// onCPUBefore returns how long the worker has had the core until the instant at.
func (t *Timeline) onCPUBefore(at time.Duration) time.Duration {
	rounds := at / t.Period()
	rest := at - rounds*t.Period()
	k := sort.Search(len(t.wall)-1, func(i int) bool { return t.wall[i+1] > rest })
	gap := t.on[k+1] - t.on[k]
	return rounds*t.OnCPU() + t.on[k] + min(rest-t.wall[k], gap)
}
