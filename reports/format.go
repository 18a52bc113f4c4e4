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

// text returns a metric's mean and its interval as printed: "91.20" and "±0.35", or
// "+0.24 -7.30" of an interval that is lopsided; "" without one.
func (c *column) text(m result.Metric) (mean, interval string) {
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
		interval = intervalText((*m.Hi-*m.Mean)*c.scale, (*m.Mean-*m.Lo)*c.scale, decimals)
	}
	return mean, interval
}

// joined is what text returns, in one.
func joined(mean, interval string) string {
	if interval == "" {
		return mean
	}
	return mean + " " + interval
}

// lopsided is how many times longer one side of an interval must be for both to be shown:
// at twice the length a half-width misses the ends by a third of itself.
const lopsided = 2

// intervalText prints what an interval reaches above and below the mean.
func intervalText(above, below float64, decimals int) string {
	up, down := halfText(above, decimals), halfText(below, decimals)
	if short := max(0, min(above, below)); up == down || max(above, below) < lopsided*short {
		return "±" + halfText((above+below)/2, decimals)
	}
	return "+" + up + " -" + down
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
