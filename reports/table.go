package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"slosim/reports/result"
)

// TableOptions says how a table is printed.
type TableOptions struct {
	Colour bool // ANSI colours: the best bold, the tied dim
}

// tableWidth is what a table should fit into: names are cut in the middle for
// it, down to leastName characters.
const (
	tableWidth = 152
	leastName  = 14
)

// Table prints the comparison of all contenders over the whole measured window,
// then the one under interference if there was any, with the meaning of the
// marks and the summary's notes beneath.
func Table(w io.Writer, s *result.Summary, options TableOptions) error {
	var out strings.Builder
	cells := cellsOf(s, everyClass, "all")
	if len(cells) == 0 {
		return fmt.Errorf("table: want a cell of class %q and window %q, got none", everyClass, "all")
	}
	title(&out, s, cells)
	if m := newMatrix(cells); m != nil {
		matrices(&out, s, m, options)
		_, err := io.WriteString(w, out.String())
		return err
	}
	comparison(&out, cells, options)
	if disturbed := cellsOf(s, everyClass, "interference"); len(disturbed) > 0 {
		fmt.Fprintf(&out, "\nwhile interference was on (%s queries a contender)\n", queriesText(disturbed))
		comparison(&out, disturbed, options)
	}
	regret(&out, s)
	bounds(&out, s)
	legend(&out, s, cells)
	_, err := io.WriteString(w, out.String())
	return err
}

// matrices prints a factorial of many contenders; summary.csv and report.html have a line
// for each.
func matrices(out *strings.Builder, s *result.Summary, m *matrix, options TableOptions) {
	cells := cellsOf(s, everyClass, "all")
	m.write(out, cells, options)
	if disturbed := cellsOf(s, everyClass, "interference"); len(disturbed) > 0 {
		fmt.Fprintf(out, "\nwhile interference was on (%s queries a contender)\n\n", queriesText(disturbed))
		m.write(out, disturbed, options)
	}
	bounds(out, s)
	legend(out, s, cells)
}

func title(out *strings.Builder, s *result.Summary, cells []*result.Cell) {
	if s.Title != "" {
		fmt.Fprintln(out, printable(s.Title))
	}
	most, batches := 0, 0
	for _, cell := range cells {
		most, batches = max(most, cell.Replications), max(batches, cell.Batches)
	}
	intervals := "± half-widths of 95 % intervals"
	switch {
	case most == 1 && batches > 0:
		intervals += fmt.Sprintf(" over %d batches", batches)
	case most == 1:
		intervals = "no intervals"
	}
	fmt.Fprintf(out, "%s, %s queries a contender, %s\n\n", count(most, "replication"), queriesText(cells), intervals)
}

// queriesText is the number of queries that each contender saw, or its range.
func queriesText(cells []*result.Cell) string {
	low, high := cells[0].Queries, cells[0].Queries
	for _, cell := range cells {
		low, high = min(low, cell.Queries), max(high, cell.Queries)
	}
	if low != high {
		return thousands(low) + " to " + thousands(high)
	}
	return thousands(low)
}

func count(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// comparison prints one table: a row a contender.
func comparison(out *strings.Builder, cells []*result.Cell, options TableOptions) {
	var g grid
	g.add(comparisonHeader(cells), nil)
	marks := comparisonMarks(cells)
	for r, cell := range cells {
		row, styles := []string{""}, []string{""}
		for i := range comparisonColumns {
			text, style := cellText(&comparisonColumns[i], cell, marks[i][r])
			row, styles = append(row, text), append(styles, style)
		}
		if anyDropped(cells) {
			row = append(row, droppedText(cell))
		}
		if !options.Colour {
			styles = nil
		}
		g.add(row, styles)
	}
	rest := 0
	for _, width := range g.widths()[1:] {
		rest += width + len(gap)
	}
	for r, name := range shorten(contenderNames(cells), max(leastName, tableWidth-rest)) {
		g.rows[r+1][0] = name
	}
	out.WriteString(g.String())
}

func comparisonHeader(cells []*result.Cell) []string {
	header := []string{"contender"}
	for i := range comparisonColumns {
		c := &comparisonColumns[i]
		header = append(header, c.short+" "+c.unit+room(c))
	}
	if anyDropped(cells) {
		header = append(header, "dropped")
	}
	return header
}

func comparisonMarks(cells []*result.Cell) [][]mark {
	var marks [][]mark
	for i := range comparisonColumns {
		marks = append(marks, columnMarks(cells, comparisonColumns[i].metric))
	}
	return marks
}

// room is the blank that stands for the mark in columns that may have one.
func room(c *column) string {
	if metrics[indexOf(c.metric)].better == 0 {
		return ""
	}
	return " "
}

func contenderNames(cells []*result.Cell) []string {
	var names []string
	for _, cell := range cells {
		names = append(names, cell.Contender)
	}
	return names
}

// cellText returns "91.23 ±0.45*" and its colour.
func cellText(c *column, cell *result.Cell, m mark) (text, style string) {
	mean := joined(c.text(cell.Metrics[c.metric]))
	switch m {
	case best:
		return mean + "*", "1;32"
	case tied:
		return mean + "~", "32"
	}
	return mean + room(c), ""
}

func anyDropped(cells []*result.Cell) bool {
	for _, cell := range cells {
		if d := cell.Metrics["dropped"].Mean; d != nil && *d > 0 {
			return true
		}
	}
	return false
}

// droppedText is the number of dropped queries over all replications.
func droppedText(cell *result.Cell) string {
	d := cell.Metrics["dropped"].Mean
	if d == nil {
		return "-"
	}
	return thousands(int64(*d*float64(cell.Replications) + 0.5))
}

func legend(out *strings.Builder, s *result.Summary, cells []*result.Cell) {
	fmt.Fprintln(out)
	if marked(cells) {
		fmt.Fprintln(out, "* best   ~ not distinguishable from the best (95 % interval of the paired difference under common draws)")
	}
	fmt.Fprintln(out, "attainment: share of arrived queries finished in time; eff. accuracy: finished in time and right; accuracy: of answered")
	if anyMissing(s, result.Infinite) {
		fmt.Fprintln(out, "inf: the quantile falls among queries that were dropped (they count as never finished); dropped: in all replications")
	}
	if anyMissing(s, result.Few) {
		fmt.Fprintln(out, "-: too few queries (a q-quantile needs 20/(1-q))")
	}
	for _, name := range clairvoyants(cells) {
		fmt.Fprintf(out, "%s is clairvoyant: a bound, not a competitor\n", printable(name))
	}
	for _, note := range s.Notes {
		fmt.Fprintln(out, "note:", printable(note))
	}
}

// clairvoyants names the contenders that are bounds, or their policies where there are
// many contenders.
func clairvoyants(cells []*result.Cell) (list []string) {
	for _, cell := range cells {
		name := cell.Contender
		if len(cells) > manyContenders {
			name = cell.Policy
		}
		if isBound(cell) && !slices.Contains(list, name) {
			list = append(list, name)
		}
	}
	return list
}

func marked(cells []*result.Cell) bool {
	return slices.ContainsFunc(comparisonMarks(cells), func(column []mark) bool { return slices.Contains(column, best) })
}

// anyMissing says whether the printed tables hold a null of the given reason.
func anyMissing(s *result.Summary, reason result.Missing) bool {
	for _, window := range []string{"all", "interference"} {
		for _, cell := range cellsOf(s, everyClass, window) {
			for i := range comparisonColumns {
				if cell.Metrics[comparisonColumns[i].metric].Missing == reason {
					return true
				}
			}
		}
	}
	return false
}
