package reports

import (
	"fmt"
	"strings"

	"slosim/reports/result"
)

// pageLimit is a technique's upper bound as printed.
type pageLimit struct{ Technique, Images, Right, Service, Memory string }

// pageLimits returns the bounds of the summary in their order.
func pageLimits(s *result.Summary) []pageLimit {
	var limits []pageLimit
	for i := range s.Bounds {
		b := &s.Bounds[i]
		limits = append(limits, pageLimit{
			Technique: b.Technique,
			Images:    thousands(int64(b.Images)),
			Right:     rangeText(b.Right, 100, 2),
			Service:   meanText(b.ServiceUS),
			Memory:    memoryText(b),
		})
	}
	return limits
}

// bounds prints what no policy can beat: a line a technique.
func bounds(out *strings.Builder, s *result.Summary) {
	limits := pageLimits(s)
	if len(limits) == 0 {
		return
	}
	fmt.Fprintf(out, "\nupper bound: every query alone at its cheapest right point (%s test images, no waiting, no interference)\n", limits[0].Images)
	var g grid
	g.add([]string{"technique", "right at some point %", "mean service us", "memory MB"}, nil)
	for _, l := range limits {
		g.add([]string{printable(l.Technique), l.Right, l.Service, l.Memory}, nil)
	}
	out.WriteString(g.String())
}

// memoryText is what the technique's weights and tables take, and in brackets what its
// smallest point needs where that is less.
func memoryText(b *result.Bound) string {
	if b.MemoryBytes == 0 {
		return "-"
	}
	megabytes := func(n int64) string { return fixed(float64(n)/1e6, significant(float64(n)/1e6, 2)) }
	if b.LeastBytes < b.MemoryBytes {
		return fmt.Sprintf("%s (%s to %s)", megabytes(b.MemoryBytes), megabytes(b.LeastBytes), megabytes(b.MemoryBytes))
	}
	return megabytes(b.MemoryBytes)
}

// rangeText prints a mean with the ends of an interval that is not symmetric.
func rangeText(m result.Metric, scale float64, decimals int) string {
	if m.Mean == nil {
		return "-"
	}
	text := fixed(*m.Mean*scale, decimals)
	if m.Lo != nil && m.Hi != nil {
		text += fmt.Sprintf(" (%s to %s)", fixed(*m.Lo*scale, decimals), fixed(*m.Hi*scale, decimals))
	}
	return text
}

// meanText prints a mean with three significant digits and its half-width.
func meanText(m result.Metric) string {
	c := column{scale: 1}
	return joined(c.text(m))
}
