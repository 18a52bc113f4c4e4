package reports

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"slosim/reports/result"
)

// benchUnits are the metrics of which less or more is better, for the benchmark format.
func benchUnits(names []string) string {
	var out strings.Builder
	for _, name := range names {
		better := map[int]string{1: " better=higher", -1: " better=lower"}[metrics[indexOf(name)].better]
		if better != "" {
			fmt.Fprintf(&out, "Unit %s%s\n", benchUnit(name), better)
		}
	}
	return out.String()
}

// benchUnit is a metric as a unit: shares are in %.
func benchUnit(metric string) string {
	if columnOf(metric).unit == "%" {
		return metric + "_%"
	}
	return metric
}

// WriteBenchmarks writes the values of two results in Go's benchmark format, a line for each
// contender, class, window and replication that both have, for `benchstat -col result`, which
// takes the replications as independent runs: it knows neither that they are paired nor of the
// luck of the images that they share. Infinite values are +Inf, which its rank test takes as
// the largest; missing ones are left out.
func WriteBenchmarks(w io.Writer, a, b *result.Replications, folderA, folderB string, choice Choice) error {
	var out strings.Builder
	fmt.Fprintf(&out, "# A: %s\n# B: %s\n%s", printable(folderA), printable(folderB), benchUnits(choice.Metrics))
	places := sharedPlaces(a.Replications, b.Replications)
	labels := benchNames(choice.Pairs)
	for side, r := range []*result.Replications{a, b} {
		fmt.Fprintf(&out, "\nresult: %s\n", [2]string{"A", "B"}[side])
		for i, pair := range choice.Pairs {
			one := r.Of([2]string{pair.A, pair.B}[side])
			for _, class := range choice.Classes {
				for _, window := range choice.Windows {
					if cell := one.Cell(class, window); cell != nil {
						name := fmt.Sprintf("Benchmark%s/class=%s/window=%s", labels[i], benchName(class), window)
						benchLines(&out, name, cell, places, side, choice.Metrics)
					}
				}
			}
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// benchLines writes a cell.
func benchLines(out *strings.Builder, name string, cell *result.ReplicatedCell, places []place, side int, names []string) {
	for _, at := range places {
		line := ""
		for _, metric := range names {
			series, ok := cell.Metrics[metric]
			if !ok {
				continue
			}
			if v := series.Floats()[[2]int{at.a, at.b}[side]]; !math.IsNaN(v) {
				line += " " + benchNumber(v*columnOf(metric).scale) + " " + benchUnit(metric)
			}
		}
		if line != "" {
			fmt.Fprintf(out, "%s 1%s\n", name, line)
		}
	}
}

func benchNumber(v float64) string {
	if math.IsInf(v, 1) {
		return "+Inf"
	}
	return result.FormatFloat(v)
}

// benchNames makes names of contenders that the format can hold, each its own.
func benchNames(pairs []Pair) (names []string) {
	for _, pair := range pairs {
		name := benchName(pair.A)
		if pair.A != pair.B {
			name += ":" + benchName(pair.B)
		}
		name = strings.ToUpper(name[:1]) + name[1:]
		for n := 2; slices.Contains(names, name); n++ {
			name = fmt.Sprintf("%s_%d", strings.TrimSuffix(name, fmt.Sprintf("_%d", n-1)), n)
		}
		names = append(names, name)
	}
	return names
}

// benchName replaces what parts or ends a benchmark's name.
func benchName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', strings.ContainsRune("-._+", r):
			return r
		}
		return '_'
	}, s)
}
