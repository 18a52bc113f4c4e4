package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"slosim/reports/result"
)

// PrintSweep prints what a sweep says together: a line a contender, who is best where, and the
// front of choices where the sweep has some.
func PrintSweep(w io.Writer, m *result.SweepMerged) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: means over %s of %s cells, ± half-widths of 95 %% intervals, + and - where they are lopsided\n\n", printable(m.Title), thousands(int64(m.Merged)), thousands(int64(m.Cells)))
	printOverall(&out, m)
	for i := range m.Lines {
		printLine(&out, &m.Lines[i])
	}
	if slices.ContainsFunc(m.Axes, func(a result.SweepAxis) bool { return a.Choice }) {
		printFront(&out, m)
	}
	if len(m.Notes)+len(m.Failed) > 0 {
		out.WriteByte('\n')
	}
	for _, failed := range m.Failed {
		fmt.Fprintf(&out, "failed: %s\n", brokenText(&failed))
	}
	for _, note := range m.Notes {
		fmt.Fprintf(&out, "note: %s\n", printable(note))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// brokenText says how a contender failed.
func brokenText(b *result.SweepBroken) string {
	return printable(fmt.Sprintf("%s in %s, first in cell %d: %s", b.Contender, count(b.Cells, "cell"), b.First, b.Why))
}

func printOverall(out *strings.Builder, m *result.SweepMerged) {
	var g grid
	g.add([]string{"contender", "attainment %", "eff. acc. %", "accuracy %", "cells", "eff. acc.: best", "tied best", "attainment: best", "tied best"}, nil)
	for _, a := range m.Overall {
		row := []string{printable(a.Contender)}
		for _, name := range sweepMetrics {
			row = append(row, share100(a.Metrics[name]))
		}
		row = append(row, fmt.Sprint(a.Cells))
		for _, metric := range []string{"effective_accuracy", "attainment"} {
			row = append(row, winsText(m, a.Contender, metric)...)
		}
		g.add(row, nil)
	}
	out.WriteString(g.String())
	out.WriteString("(best: in so many cells better than every other one, beyond chance; tied best: best, or not to be told from the best)\n")
}

// winsText are the counts of a contender; dashes of one that does not compete.
func winsText(m *result.SweepMerged, contender, metric string) []string {
	for _, w := range m.Wins {
		if w.Contender == contender && w.Metric == metric {
			return []string{fmt.Sprint(w.Outright), fmt.Sprint(w.Tied)}
		}
	}
	return []string{"-", "-"}
}

// share100 is a share in per cent with its interval.
func share100(m result.Metric) string {
	return joined((&column{unit: "%", scale: 100, decimals: 2}).text(m))
}

// mostLined bounds the rows of an axis that are printed: the report has all.
const mostLined = 16

// printLine prints who is best along an axis.
func printLine(out *strings.Builder, l *result.SweepLine) {
	if len(l.Bins) > mostLined {
		return
	}
	fmt.Fprintf(out, "\neffective accuracy along %s\n", printable(l.Axis))
	g := grid{left: 2}
	g.add([]string{printable(l.Axis), "best", "eff. acc. %", "lead over the next, points"}, nil)
	for _, bin := range l.Bins {
		best := bestOf(bin.Best, "effective_accuracy")
		if best == nil {
			g.add([]string{printable(bin.Label), "-", "-", "-"}, nil)
			continue
		}
		value := "-"
		for _, a := range bin.Averages {
			if a.Contender == best.Contender {
				value = share100(a.Metrics["effective_accuracy"])
			}
		}
		name := printable(best.Contender)
		if len(best.Tied) > 0 {
			name += " ~"
		}
		g.add([]string{printable(bin.Label), name, value, leadText(best)}, nil)
	}
	out.WriteString(g.String())
}

// leadText is the best's difference to the runner-up in points; "-" without one.
func leadText(b *result.SweepBest) string {
	text := share100(b.Difference.Metric)
	if b.Difference.Mean == nil {
		return "-"
	}
	if !b.Difference.Significant {
		text += " ~"
	}
	return text + " " + printable(b.RunnerUp)
}

func bestOf(list []result.SweepBest, metric string) *result.SweepBest {
	i := slices.IndexFunc(list, func(b result.SweepBest) bool { return b.Metric == metric })
	if i < 0 {
		return nil
	}
	return &list[i]
}

// mostFront bounds the rows of the front that are printed.
const mostFront = 24

func printFront(out *strings.Builder, m *result.SweepMerged) {
	out.WriteString("\nnot beaten in both attainment and accuracy, averaged over all other axes\n")
	var g grid
	g.add([]string{"contender", "choice", "attainment %", "accuracy %", "eff. acc. %", "cells"}, nil)
	n := 0
	for i := range m.Fronts {
		f := &m.Fronts[i]
		if !f.Undominated {
			continue
		}
		if n++; n > mostFront {
			break
		}
		g.add([]string{printable(f.Contender), choiceText(m.Axes, f), share100(f.Metrics["attainment"]), share100(f.Metrics["accuracy"]),
			share100(f.Metrics["effective_accuracy"]), fmt.Sprint(f.Cells)}, nil)
	}
	out.WriteString(g.String())
}

// choiceText names the point of the axes of choices.
func choiceText(axes []result.SweepAxis, f *result.SweepFront) string {
	var parts []string
	for _, name := range sortedNames(f.Choice) {
		value := f.Choice[name]
		if axis := axisOf(axes, name); slices.Contains(axis.Labels, value) {
			value = valueText(axis, slices.Index(axis.Labels, value))
		}
		parts = append(parts, printable(name)+"="+printable(value))
	}
	return strings.Join(parts, " ")
}

func sortedNames(m map[string]string) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
