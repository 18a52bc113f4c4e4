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
