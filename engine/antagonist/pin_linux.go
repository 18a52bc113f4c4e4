package antagonist

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Pin binds the calling thread (which must be locked to its goroutine) to a core
// and returns what undoes it.
func Pin(cpu int) (undo func(), err error) {
	var before, set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return nil, fmt.Errorf("pin: read affinity: %w", err)
	}
	set.Set(cpu)
	if err := unix.SchedSetaffinity(0, &set); err != nil {
		return nil, fmt.Errorf("pin to core %d: %w", cpu, err)
	}
	return func() { unix.SchedSetaffinity(0, &before) }, nil
}

// Cores returns the cores that this process may run on.
func Cores() []int {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return []int{0}
	}
	var cores []int
	for cpu := 0; len(cores) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			cores = append(cores, cpu)
		}
	}
	return cores
}

// ThreadTime returns the time that the calling thread has spent on a core.
func ThreadTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts); err != nil {
		panic("antagonist: no thread clock: " + err.Error())
	}
	return time.Duration(ts.Nano())
}

// Supported says whether antagonists can run here: nil, or the reason why not.
func Supported() error { return nil }

func threadID() int { return unix.Gettid() }
