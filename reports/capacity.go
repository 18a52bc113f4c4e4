package reports

import (
	"fmt"
	"io"
	"strings"

	"slosim/reports/result"
)

// PrintCapacity prints a line a contender.
func PrintCapacity(w io.Writer, target float64, workers bool, rows []result.Capacity) error {
	var out strings.Builder
	g := grid{left: 1}
	if workers {
		fmt.Fprintf(&out, "the smallest number of workers at which every class keeps %s %% of its deadlines\n\n", fixed(100*target, 2))
		g.add([]string{"contender", "workers", "attainment there %", "n"}, nil)
	} else {
		fmt.Fprintf(&out, "the highest rate at which every class keeps %s %% of its deadlines\n\n", fixed(100*target, 2))
		g.add([]string{"contender", "queries a second", "fails at", "load", "attainment there %", "n"}, nil)
	}
	for _, r := range rows {
		holds, fails, load := "none", "-", "-"
		if r.Holds > 0 {
			holds, load = fixed(r.Holds, 0), fixed(r.Load, 2)
		}
		if r.Fails > 0 {
			fails = fixed(r.Fails, 0)
		}
		if workers {
			g.add([]string{printable(r.Contender), holds, hundred(r.Worst, 2), decidedBy(r)}, nil)
			continue
		}
		g.add([]string{printable(r.Contender), holds, fails, load, hundred(r.Worst, 2), decidedBy(r)}, nil)
	}
	out.WriteString(g.String())
	out.WriteByte('\n')
	if !workers {
		out.WriteString("load: of the dense network on the workers; ")
	}
	out.WriteString("± half-widths of 95 % intervals; n: replications that it took to decide, where it holds and where it fails\n")
	_, err := io.WriteString(w, out.String())
	return err
}

// decidedBy says how many replications there were.
func decidedBy(r result.Capacity) string {
	return fmt.Sprintf("%d, %d", r.HoldsReplications, r.FailsReplications)
}
