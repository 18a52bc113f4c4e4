package reports

import (
	"strings"

	"slosim/reports/result"
)

// mark says how a contender stands in one column.
type mark uint8

const (
	unmarked mark = iota
	best          // the best mean
	tied          // not distinguishable from the best: the paired interval holds 0
)

// isBound says whether a contender is clairvoyant: it knows what nobody can know
// and bounds the others instead of competing with them.
func isBound(c *result.Cell) bool { return isClairvoyant(c.Policy) }

func isClairvoyant(policy string) bool { return strings.HasPrefix(policy, "clairvoyant") }

// columnMarks marks a column of cells (of one class and window, one a contender).
// Nothing is marked for metrics without a direction, without a second competitor
// or without intervals: a best without its uncertainty is no finding.
func columnMarks(cells []*result.Cell, name string) []mark {
	marks := make([]mark, len(cells))
	i := indexOf(name)
	if i < 0 || metrics[i].better == 0 {
		return marks
	}
	top := bestCell(cells, name, metrics[i].better)
	if top < 0 || cells[top].Metrics[name].Lo == nil {
		return marks
	}
	others := 0
	for j, cell := range cells {
		if j == top || isBound(cell) {
			continue
		}
		others++
		difference, ok := cells[top].Versus[cell.Contender+" "+name]
		if ok && difference.Mean != nil && !difference.Significant {
			marks[j] = tied
		}
	}
	if others > 0 {
		marks[top] = best
	}
	return marks
}

// bestCell returns the index of the best mean, -1 without one; earlier wins ties.
func bestCell(cells []*result.Cell, name string, better int) int {
	top := -1
	for j, cell := range cells {
		mean := cell.Metrics[name].Mean
		if mean == nil || isBound(cell) {
			continue
		}
		if top < 0 || float64(better)*(*mean-*cells[top].Metrics[name].Mean) > 0 {
			top = j
		}
	}
	return top
}

// cellsOf returns the cells of a class and window in order.
func cellsOf(s *result.Summary, class, window string) []*result.Cell {
	var cells []*result.Cell
	for i := range s.Cells {
		if s.Cells[i].Class == class && s.Cells[i].Window == window {
			cells = append(cells, &s.Cells[i])
		}
	}
	return cells
}

// classNames returns the classes in order, "all" first.
func classNames(s *result.Summary) []string {
	var names []string
	seen := map[string]bool{}
	for _, cell := range s.Cells {
		if !seen[cell.Class] {
			seen[cell.Class] = true
			names = append(names, cell.Class)
		}
	}
	return names
}
