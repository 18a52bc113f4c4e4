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
	known map[string]believed // by what decides them
}

// believed is a set with what policies believe of it.
type believed struct {
	set    *profile.Set
	belief *profile.Belief
}

// of returns the set that a key stands for, found once, and its belief.
func (b *beliefs) of(key string, find func() *profile.Set, levels []profile.Level, unseen []int) (believed, error) {
	key = fmt.Sprintf("%s %v", key, unseen)
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.known[key]; ok {
		return known, nil
	}
	set := find()
	belief, err := profile.NewBelief(set, levels, unseen...)
	if err != nil {
		return believed{}, err
	}
	if b.known == nil {
		b.known = map[string]believed{}
	}
	b.known[key] = believed{set, belief}
	return b.known[key], nil
}
