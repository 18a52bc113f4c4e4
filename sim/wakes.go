package sim

import (
	"slices"
	"time"
)

// maxWakes bounds how many distinct Wakes a policy may leave pending: more is a
// policy that asks again at every Decide and never looks back.
const maxWakes = 4096

// wakes holds the pending Wakes: distinct instants, the next one last.
type wakes struct{ at []time.Duration }

// add keeps a Wake; fresh is false if that instant is pending already.
func (w *wakes) add(at time.Duration) (fresh bool) {
	i, found := slices.BinarySearchFunc(w.at, at, func(have, want time.Duration) int { return int(want - have) })
	if found {
		return false
	}
	w.at = slices.Insert(w.at, i, at)
	return true
}

// expire forgets the Wakes up to now.
func (w *wakes) expire(now time.Duration) {
	for len(w.at) > 0 && w.at[len(w.at)-1] <= now {
		w.at = w.at[:len(w.at)-1]
	}
}
