package reports

import (
	"math"
	"strconv"
	"strings"
	"unicode"

	"slosim/reports/result"
)

// column is one column of the comparison table.
type column struct {
	metric   string
	title    string
	short    string // title where room is scarce
	unit     string
	scale    float64 // from the metric's unit to the column's
	decimals int     // 0: three significant digits
}

// comparisonColumns are the columns of the comparison, in order.
var comparisonColumns = [...]column{
	{"attainment", "attainment", "attainment", "%", 100, 2},
	{"effective_accuracy", "eff. accuracy", "eff. acc.", "%", 100, 2},
	{"accuracy", "accuracy", "accuracy", "%", 100, 2},
	{"p50_ms", "p50", "p50", "ms", 1, 0},
	{"p99_ms", "p99", "p99", "ms", 1, 0},
	{"capacity_qps", "capacity", "capacity", "q/s", 1, 0},
	{"mean_density", "density", "density", "%", 100, 1},
}

// significant returns the decimals that leave n significant digits, up to n-1
// decimals for numbers of one digit before the point, none for large ones.
func significant(value float64, n int) int {
	if value = math.Abs(value); value == 0 {
		return n - 1
	}
	return min(n+2, max(0, n-1-int(math.Floor(math.Log10(value)))))
}

// text returns a metric's mean and half-width as printed; half is "" without an
// interval.
func (c *column) text(m result.Metric) (mean, half string) {
	if m.Mean == nil {
		if m.Missing == result.Infinite {
			return "inf", ""
		}
		return "-", ""
	}
	value := *m.Mean * c.scale
	decimals := c.decimals
	if decimals == 0 {
		decimals = significant(value, 3)
	}
	mean = strconv.FormatFloat(value, 'f', decimals, 64)
	if m.Lo != nil && m.Hi != nil {
		half = halfText((*m.Hi-*m.Lo)/2*c.scale, decimals)
	}
	return mean, half
}

// halfText never shows a width that is not zero as zero: it rounds up at the
// last decimal. A billionth of that is the dust of floating-point sums.
func halfText(half float64, decimals int) string {
	if unit := math.Pow10(-decimals); half > unit*1e-9 && half < unit {
		half = unit
	}
	return strconv.FormatFloat(half, 'f', decimals, 64)
}

// thousands puts separators into a count.
func thousands(n int64) string {
	digits := strconv.FormatInt(n, 10)
	var out strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 && digits[i-1] != '-' {
			out.WriteByte(',')
		}
		out.WriteRune(d)
	}
	return out.String()
}

// printable replaces what would move the cursor or change the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}
