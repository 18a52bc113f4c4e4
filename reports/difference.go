package reports

import (
	"fmt"
	"io"
	"strings"

	"slosim/reports/result"
)

// Differences prints what one contender gains over every other one, as paired
// differences under common draws with their 95 % intervals, for all classes together.
// A difference whose interval holds 0 is marked ~.
func Differences(w io.Writer, s *result.Summary, contender string) error {
	var out strings.Builder
	found := false
	for _, window := range []string{"all", "interference"} {
		cells := cellsOf(s, everyClass, window)
		for _, cell := range cells {
			if cell.Contender == contender {
				found = true
				differences(&out, cell, cells, window)
			}
		}
	}
	if !found {
		return fmt.Errorf("contender: want one of %q, got %q", contenderNames(cellsOf(s, everyClass, "all")), contender)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// differences prints one window.
func differences(out *strings.Builder, cell *result.Cell, cells []*result.Cell, window string) {
	fmt.Fprintf(out, "\n%s minus the others, window %s (%s, paired)\n", printable(cell.Contender), window, count(cell.Replications, "replication"))
	var g grid
	g.add([]string{"other", "attainment points", "eff. accuracy points", "accuracy points", "p99 ms"}, nil)
	for _, other := range cells {
		if other.Contender == cell.Contender {
			continue
		}
		row := []string{printable(other.Contender)}
		for _, c := range []column{{metric: "attainment", unit: "%", scale: 100}, {metric: "effective_accuracy", unit: "%", scale: 100},
			{metric: "accuracy", unit: "%", scale: 100}, {metric: "p99_ms", scale: 1}} {
			row = append(row, differenceText(&c, cell.Versus[other.Contender+" "+c.metric]))
		}
		g.add(row, nil)
	}
	out.WriteString(g.String())
}

func differenceText(c *column, a result.Against) string {
	mean := joined(c.text(a.Metric))
	if a.Mean != nil && a.Lo != nil && !a.Significant {
		mean += "~"
	}
	return mean
}
