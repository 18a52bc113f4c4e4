package workloads

import (
	"slices"

	"slosim/workloads/rng"
)

// permutation returns 0 to n-1 in the order that a key shuffles them (Fisher-Yates, draws
// of rng.Split).
func permutation(key rng.Key, n int) []int {
	order := make([]int, n)
	for i := range order {
		order[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := key.Index(rng.Split, uint64(i), uint64(i+1))
		order[i], order[j] = order[j], order[i]
	}
	return order
}

// seededSplit divides as many indexes as the sizes add up to: one permutation cut in
// parts, each then sorted.
func seededSplit(seed uint64, sizes ...int) [][]int {
	total := 0
	for _, size := range sizes {
		total += size
	}
	rest := permutation(rng.Key{Seed: seed}, total)
	parts := make([][]int, len(sizes))
	for i, size := range sizes {
		parts[i], rest = rest[:size:size], rest[size:]
		slices.Sort(parts[i])
	}
	return parts
}

// Split divides the samples at random, by a seed: one permutation cut in parts of the
// given sizes, each in the order of the set. What is left over is in no part. It panics
// when there are not so many samples.
func (s *SparseSet) Split(seed uint64, sizes ...int) []*SparseSet {
	rest := s.Len()
	for _, size := range sizes {
		rest -= size
	}
	if rest < 0 {
		panic("workloads: parts larger than the set " + s.Name)
	}
	parts := make([]*SparseSet, len(sizes))
	for i, indexes := range seededSplit(seed, append(slices.Clone(sizes), rest)...)[:len(sizes)] {
		parts[i] = s.Subset(s.Name, indexes)
	}
	return parts
}

// SplitGroups is [SparseSet.Split] of groups of samples, none of which is divided but the
// last of a part: samples of a group, such as words of one text, tell of each other, and a
// part must not tell of another. begins says whether a sample is the first of its group. A
// part takes groups until it has its size; what it does not need of its last one is
// dropped. The first part returned is what is left over.
func (s *SparseSet) SplitGroups(seed uint64, begins func(i int) bool, sizes ...int) (rest *SparseSet, parts []*SparseSet) {
	groups := s.groups(begins)
	order := permutation(rng.Key{Seed: seed}, len(groups))
	for _, size := range sizes {
		var taken []int
		for len(taken) < size && len(order) > 0 {
			taken, order = append(taken, groups[order[0]]...), order[1:]
		}
		taken = taken[:min(size, len(taken))]
		slices.Sort(taken)
		parts = append(parts, s.Subset(s.Name, taken))
	}
	var left []int
	for _, group := range order {
		left = append(left, groups[group]...)
	}
	slices.Sort(left)
	return s.Subset(s.Name, left), parts
}

// groups lists the indexes of the samples of each group.
func (s *SparseSet) groups(begins func(i int) bool) [][]int {
	var groups [][]int
	for i := range s.Len() {
		if i == 0 || begins(i) {
			groups = append(groups, nil)
		}
		groups[len(groups)-1] = append(groups[len(groups)-1], i)
	}
	return groups
}
