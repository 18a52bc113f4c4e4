package reports

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"slosim/reports/result"
)

// PrintComparison prints a table a metric. A contender that is the same in every replication,
// class, window and metric takes a word instead of lines, and so does a metric of which that
// holds for every contender.
func PrintComparison(w io.Writer, c *result.Comparison, colour bool) error {
	var out strings.Builder
	fmt.Fprintf(&out, "A: %s\nB: %s\nB minus A, paired over the %s that both have\n", printable(c.A), printable(c.B), count(c.Shared, "replication"))
	unchanged := unchangedPairs(c.Differences)
	var sameMetrics []string
	for _, metric := range metricsOf(c.Differences) {
		rows := slices.DeleteFunc(slices.Clone(c.Differences), func(d result.Difference) bool {
			return d.Metric != metric || slices.Contains(unchanged, pairOf(&d))
		})
		switch {
		case len(rows) == 0:
		case len(unchangedPairs(rows)) == pairsIn(rows):
			sameMetrics = append(sameMetrics, columnOf(metric).title)
		default:
			printCompared(&out, metric, rows, colour)
		}
	}
	if len(sameMetrics) > 0 {
		fmt.Fprintf(&out, "\nthe same in every replication, of all contenders: %s\n", strings.Join(sameMetrics, ", "))
	}
	if len(unchanged) > 0 {
		var names []string
		for _, p := range unchanged {
			names = append(names, printable(p.String()))
		}
		fmt.Fprintf(&out, "\nthe same in every replication, whatever was compared: %s\n", strings.Join(names, ", "))
	}
	printVerdicts(&out, c)
	for _, note := range c.Notes {
		fmt.Fprintf(&out, "note: %s\n", printable(note))
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func pairOf(d *result.Difference) Pair { return Pair{d.Contender, d.Other} }

// unchangedPairs lists contenders of which everything that has a value is the same.
func unchangedPairs(all []result.Difference) (pairs []Pair) {
	same, changed := map[Pair]bool{}, map[Pair]bool{}
	for i := range all {
		p := pairOf(&all[i])
		switch {
		case all[i].Verdict == result.Same && !same[p]:
			same[p] = true
			pairs = append(pairs, p)
		case all[i].Verdict != result.Same && !absent(&all[i]):
			changed[p] = true
		}
	}
	return slices.DeleteFunc(pairs, func(p Pair) bool { return changed[p] })
}

// pairsIn is how many contenders are compared.
func pairsIn(all []result.Difference) int {
	seen := map[Pair]bool{}
	for i := range all {
		seen[pairOf(&all[i])] = true
	}
	return len(seen)
}

// absent says whether neither result has a value in any replication.
func absent(d *result.Difference) bool {
	return d.MeanA == nil && d.MeanB == nil && d.InfiniteA+d.InfiniteB == 0
}

// metricsOf lists the metrics that are compared, in order.
func metricsOf(all []result.Difference) (names []string) {
	for i := range all {
		if !slices.Contains(names, all[i].Metric) {
			names = append(names, all[i].Metric)
		}
	}
	return names
}

// printCompared prints one metric.
func printCompared(out *strings.Builder, metric string, rows []result.Difference, colour bool) {
	c := columnOf(metric)
	title := c.title
	if c.unit != "" {
		title += " " + c.unit
	}
	fmt.Fprintf(out, "\n%s\n", title)
	unit := c.unit
	if unit == "%" {
		unit = "points"
	}
	g := grid{left: 1}
	g.add([]string{"contender", "class", "window", "A", "B", strings.TrimSpace("B - A " + unit), "p", "Holm", "n", ""}, nil)
	for i := range rows {
		g.add(comparedCells(&c, &rows[i]), comparedStyles(&rows[i], colour))
	}
	out.WriteString(g.String())
}

// columnOf is the column of a metric; of one that has none in a run's table, its name.
func columnOf(metric string) column {
	for _, c := range comparisonColumns {
		if c.metric == metric {
			return c
		}
	}
	return column{metric: metric, title: metric, scale: 1}
}

func comparedCells(c *column, d *result.Difference) []string {
	difference := differenceText(c, result.Against{Metric: d.Difference, Significant: d.Significant})
	switch {
	case d.Verdict == result.Same:
		difference = "same"
	case d.InfiniteA+d.InfiniteB > 0:
		difference = fmt.Sprintf("inf in %d and %d", d.InfiniteA, d.InfiniteB)
	case d.Difference.Mean != nil && *d.Difference.Mean > 0:
		difference = "+" + difference
	}
	return []string{
		printable(pairOf(d).String()), printable(d.Class), d.Window, comparedMean(c, d.MeanA, d.InfiniteA), comparedMean(c, d.MeanB, d.InfiniteB),
		difference, pText(d.P), pText(d.PHolm), strconv.Itoa(d.Replications), verdictText(d),
	}
}

func comparedMean(c *column, mean *float64, infinite int) string {
	m := result.Metric{Mean: mean}
	if infinite > 0 {
		m.Missing = result.Infinite
	}
	text, _ := c.text(m)
	return text
}

func pText(p *float64) string {
	switch {
	case p == nil:
		return ""
	case *p < 0.001:
		return "<0.001"
	}
	return strconv.FormatFloat(min(*p, 1), 'f', 3, 64)
}

// verdictText is empty where there is nothing to say: ~ and same say it.
func verdictText(d *result.Difference) string {
	switch d.Verdict {
	case result.Same, result.Unclear, result.Untested:
		return ""
	}
	if rest, ok := strings.CutPrefix(string(d.Verdict), "maybe "); ok {
		return rest + "?"
	}
	return string(d.Verdict)
}

// comparedStyles colours what is better and what is worse.
func comparedStyles(d *result.Difference, colour bool) []string {
	code := map[result.Verdict]string{result.Better: "32", result.Worse: "31"}[d.Verdict]
	if !colour || code == "" {
		return nil
	}
	styles := make([]string, 10)
	styles[9] = code
	return styles
}

// printVerdicts counts the verdicts and says what the columns are.
func printVerdicts(out *strings.Builder, c *result.Comparison) {
	counts := map[result.Verdict]int{}
	for i := range c.Differences {
		counts[c.Differences[i].Verdict]++
	}
	var parts []string
	for _, v := range []result.Verdict{result.Better, result.Worse, result.Higher, result.Lower, result.MaybeBetter, result.MaybeWorse,
		result.MaybeHigher, result.MaybeLower, result.Unclear, result.Same, result.Untested} {
		if n := counts[v]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	fmt.Fprintf(out, "\n%s: %s\n", count(len(c.Differences), "comparison"), strings.Join(parts, ", "))
	if c.Tests == 0 {
		return
	}
	fmt.Fprintf(out, "± half-widths of 95 %% intervals (Student's t over n replications; of attainment and accuracies they allow for the luck of the images too),\n"+
		"~ if they hold 0; p: two-sided, of no difference; Holm: p corrected for all %s that are not the same; better and worse, said of B:\n"+
		"0.05 at most after the correction, with a ? if only before it\n", count(c.Tests, "comparison"))
}
