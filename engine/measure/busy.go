package measure

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"slosim/engine/antagonist"
	"slosim/engine/profile"
)

// mostBusy is the share of the time for which the core may be away while nothing disturbs on
// purpose: interrupts take some tenths of a per cent.
const mostBusy = 0.03

// BusyError says that something else had the measuring thread's core: what was measured is no
// finding about the machine.
type BusyError struct {
	Away float64 // share of the time
}

// Error returns the share.
func (e BusyError) Error() string {
	return fmt.Sprintf("%s for %.0f %% of the time: nothing can be said of the machine", busyText, 100*e.Away)
}

const busyText = "something else had the core"

// Busy says whether something else had the core while a profile was measured alone. Such a profile
// has a warning, and is not to be kept.
func Busy(p *profile.Profile) bool {
	return slices.ContainsFunc(p.Campaign.Warnings, func(w string) bool { return strings.HasPrefix(w, busyText) })
}

// attention measures for how long the calling thread has its core; where the system does not tell,
// always.
type attention struct {
	start time.Time
	used  time.Duration // by the thread at start
	known bool
}

func attend() attention {
	a := attention{known: antagonist.Supported() == nil, start: time.Now()}
	a.used = threadTime(a.known)
	return a
}

// away is the share of the time since then for which the core was away.
func (a attention) away() float64 {
	if !a.known {
		return 0
	}
	wall := time.Since(a.start)
	return max(0, 1-float64(threadTime(true)-a.used)/float64(max(wall, 1)))
}
