package result

import (
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"strconv"
)

// WriteCSV writes the cells of a summary as one flat table: a line a cell, the
// sweep's axes as columns set.AXIS, and for each metric the columns NAME,
// NAME_lo and NAME_hi. What is null in JSON is empty, infinite quantiles are
// "inf". Paired differences are in the JSON only.
func WriteCSV(w io.Writer, s *Summary) error {
	axes, metrics := csvColumns(s.Cells)
	out := csv.NewWriter(w)
	header := []string{"contender", "technique", "policy", "class", "window"}
	for _, axis := range axes {
		header = append(header, "set."+axis)
	}
	header = append(header, "replications", "queries")
	for _, name := range metrics {
		header = append(header, name, name+"_lo", name+"_hi")
	}
	if err := out.Write(header); err != nil {
		return err
	}
	for i := range s.Cells {
		if err := out.Write(csvLine(&s.Cells[i], axes, metrics)); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// csvColumns returns the axes and metrics of any cell, sorted.
func csvColumns(cells []Cell) (axes, metrics []string) {
	axisSet, metricSet := map[string]bool{}, map[string]bool{}
	for _, cell := range cells {
		for axis := range cell.Set {
			axisSet[axis] = true
		}
		for name := range cell.Metrics {
			metricSet[name] = true
		}
	}
	return slices.Sorted(maps.Keys(axisSet)), slices.Sorted(maps.Keys(metricSet))
}

func csvLine(cell *Cell, axes, metrics []string) []string {
	line := []string{cell.Contender, cell.Technique, cell.Policy, cell.Class, cell.Window}
	for _, axis := range axes {
		line = append(line, cell.Set[axis])
	}
	line = append(line, strconv.Itoa(cell.Replications), strconv.FormatInt(cell.Queries, 10))
	for _, name := range metrics {
		m := cell.Metrics[name]
		mean := csvNumber(m.Mean)
		if m.Missing == Infinite {
			mean = "inf"
		}
		line = append(line, mean, csvNumber(m.Lo), csvNumber(m.Hi))
	}
	return line
}

func csvNumber(f *float64) string {
	if f == nil {
		return ""
	}
	return FormatFloat(*f)
}
