package sim

import (
	"fmt"

	"slosim/scheduler"
)

// Check counts every query anew and compares with the running counters and with
// what the view shows. It is O(queries in the system): for tests and self-checks.
func (s *System) Check() error {
	var states [running + 1]uint64
	for i := range s.slots {
		states[s.slots[i].state]++
	}
	c := s.counts
	if !c.balanced() || states[waiting]+states[probing] != c.Waiting || states[running] != c.Running ||
		states[free] != uint64(len(s.unused)) || uint64(len(s.queue.all())) != c.Waiting {
		return fmt.Errorf("conservation at %v: counters %+v, slots by state %v, queue %d", s.now, c, states, len(s.queue.all()))
	}
	if err := s.checkOrder(); err != nil {
		return err
	}
	return s.checkBusy(states[probing], states[running])
}

func (s *System) checkOrder() error {
	all := s.queue.all()
	for i := 1; i < len(all); i++ {
		if !s.slots[all[i].Ref].after(&s.slots[all[i-1].Ref]) {
			return fmt.Errorf("queue at %v: position %d is out of order", s.now, i)
		}
	}
	for i := range all {
		if !s.slots[all[i].Ref].queued() {
			return fmt.Errorf("queue at %v: position %d does not wait", s.now, i)
		}
	}
	return nil
}

func (s *System) checkBusy(wantProbing, wantRunning uint64) error {
	var gotProbing, gotRunning uint64
	busy, parts := 0, map[scheduler.QueryRef]int{}
	for i, w := range s.workers {
		switch {
		case w.Busy && w.Probing:
			gotProbing++
		case w.Busy:
			for _, ref := range s.runs[i] {
				parts[ref]++
			}
		default:
			continue
		}
		busy++
	}
	for ref, n := range parts {
		one := &s.slots[ref]
		if one.parts != n || (one.state == running) != (one.left == 0) {
			return fmt.Errorf("query reference %d at %v: state %v, %d samples left, want %d parts, got %d", ref, s.now, one.state, one.left, one.parts, n)
		}
		if one.state == running {
			gotRunning++
		}
	}
	if gotProbing != wantProbing || gotRunning != wantRunning || busy != s.busy {
		return fmt.Errorf("workers at %v: want %d probing, %d queries running, %d busy; got %d, %d, %d",
			s.now, wantProbing, wantRunning, s.busy, gotProbing, gotRunning, busy)
	}
	return nil
}
