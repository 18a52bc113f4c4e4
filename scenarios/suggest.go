package scenarios

import (
	"fmt"
	"strings"
)

// didYouMean returns ` (did you mean "x"?)` for the nearest of the names, or "" when
// none is near.
func didYouMean(got string, names []string) string {
	best := Nearest(got, names)
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// Nearest returns the name that is at most two slips of the pen away from what was
// written, or the only one that it abbreviates; "" when there is none.
func Nearest(got string, names []string) string {
	best, distance := "", 3
	for _, name := range names {
		d := edits(strings.ToLower(got), strings.ToLower(name))
		if d < distance && d <= max(1, len(name)/2) {
			best, distance = name, d
		}
	}
	if best == "" {
		best = startsWith(got, names)
	}
	return best
}

// startsWith returns the only name that got abbreviates, if there is one.
func startsWith(got string, names []string) string {
	found := ""
	for _, name := range names {
		if len(got) < 3 || !strings.HasPrefix(strings.ToLower(name), strings.ToLower(got)) {
			continue
		}
		if found != "" {
			return ""
		}
		found = name
	}
	return found
}

// edits returns the number of single-letter changes, insertions, deletions and
// swaps of neighbours that make b of a (optimal string alignment).
func edits(a, b string) int {
	before, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+differs(a[i-1], b[j-1]))
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

func differs(a, b byte) int {
	if a == b {
		return 0
	}
	return 1
}
