package scenarios

import (
	"fmt"
	"sync"

	"slosim/engine/profile"
)

// beliefs keeps what policies believe of the sets of one profile, for contests that share it: to
// compile a belief takes longer than many a run. It may be used by several goroutines.
type beliefs struct {
	mu    sync.Mutex
	known map[string]*profile.Belief // by set and unseen levels
}

// of returns the belief of a set.
func (b *beliefs) of(set *profile.Set, levels []profile.Level, unseen []int) (*profile.Belief, error) {
	key := fmt.Sprintf("%p %v", set, unseen)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known[key] == nil {
		belief, err := profile.NewBelief(set, levels, unseen...)
		if err != nil {
			return nil, err
		}
		if b.known == nil {
			b.known = map[string]*profile.Belief{}
		}
		b.known[key] = belief
	}
	return b.known[key], nil
}
