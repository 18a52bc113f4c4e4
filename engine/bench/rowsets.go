package bench

import (
	"math/rand/v2"
	"slices"
)

// Densities of the rows that are picked.
var Densities = []float64{0.005, 0.01, 0.02, 0.05, 0.10, 0.25, 0.50, 1}

// fewSets is how many sets of rows a warm case uses.
const fewSets = 4

// rowSets hands out sets of rows of one size.
type rowSets struct {
	sets [][]int32
	turn int
}

// newRowSets cuts a shuffled list of all rows into sets of a share of them, in random order:
// disjoint ones, of which most are limited to most (0: as many as there are).
func newRowSets(rows int, share float64, most int) *rowSets {
	random := rand.New(rand.NewPCG(uint64(rows), 1))
	all := make([]int32, rows)
	for i, id := range random.Perm(rows) {
		all[i] = int32(id)
	}
	n, s := max(1, int(share*float64(rows)+0.5)), &rowSets{}
	for len(all) >= n && (most == 0 || len(s.sets) < most) {
		s.sets, all = append(s.sets, all[:n:n]), all[n:]
	}
	return s
}

// ascending sorts the rows of each set.
func (s *rowSets) ascending() *rowSets {
	for _, set := range s.sets {
		slices.Sort(set)
	}
	return s
}

// size returns the number of rows in a set.
func (s *rowSets) size() int { return len(s.sets[0]) }

// next returns the set whose turn it is.
func (s *rowSets) next() []int32 {
	s.turn++
	if s.turn >= len(s.sets) {
		s.turn = 0
	}
	return s.sets[s.turn]
}

// fill writes values around zero to v, the same each time.
func fill(v []float32) []float32 {
	random := rand.New(rand.NewPCG(uint64(len(v)), 2))
	for i := range v {
		v[i] = random.Float32()*2 - 1
	}
	return v
}
