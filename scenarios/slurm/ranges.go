package slurm

import (
	"slices"
	"strconv"
	"strings"
)

// Ranges writes indices as sbatch --array wants them: sorted, each once, runs as first-last ("0-3,7").
func Ranges(indices []int) string {
	sorted := slices.Compact(slices.Sorted(slices.Values(indices)))
	var parts []string
	for from := 0; from < len(sorted); {
		to := from
		for to+1 < len(sorted) && sorted[to+1] == sorted[to]+1 {
			to++
		}
		part := strconv.Itoa(sorted[from])
		if to > from {
			part += "-" + strconv.Itoa(sorted[to])
		}
		parts = append(parts, part)
		from = to + 1
	}
	return strings.Join(parts, ",")
}
