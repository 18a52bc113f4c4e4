package virtual

import "slosim/engine/profile"

// memory says which groups of weights are resident in the machine. A query that
// runs keeps the pages that it has: a group may be evicted while another worker
// still runs it, and is loaded again at its next start.
type memory struct {
	groups   []profile.Group
	limit    int64    // bytes; 0: all groups are resident, always
	lastUsed []uint64 // [group]; 0: not resident
	clock    uint64
	used     int64
}

// newMemory returns a memory filled like a server's before it takes traffic: with
// the groups in their order, as many as fit.
func newMemory(groups []profile.Group, limit int64) *memory {
	m := &memory{groups: groups, limit: limit, lastUsed: make([]uint64, len(groups))}
	for i, g := range groups {
		if limit > 0 && m.used+g.Bytes > limit {
			break
		}
		m.use(i)
	}
	return m
}

func (m *memory) resident(group int) bool {
	return m.limit == 0 || group >= len(m.lastUsed) || m.lastUsed[group] > 0
}

// use makes a group resident and evicts the least recently used ones until it fits.
// It says whether the group had to be loaded.
func (m *memory) use(group int) (loaded bool) {
	if m.limit == 0 || group >= len(m.groups) {
		return false
	}
	if m.lastUsed[group] == 0 {
		loaded = true
		m.used += m.groups[group].Bytes
	}
	m.clock++
	m.lastUsed[group] = m.clock
	for m.used > m.limit {
		m.evict()
	}
	return loaded
}

// evict drops the group whose use is longest ago. The one just used is the newest,
// and fits alone (Config.validate), so it stays.
func (m *memory) evict() {
	oldest := -1
	for i, at := range m.lastUsed {
		if at > 0 && (oldest < 0 || at < m.lastUsed[oldest]) {
			oldest = i
		}
	}
	m.lastUsed[oldest] = 0
	m.used -= m.groups[oldest].Bytes
}
