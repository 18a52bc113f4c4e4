package reports

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
)

// BestRow is the fastest point of a technique within an allowed loss, for each
// training seed that has one. Chosen and Seeds go together.
type BestRow struct {
	Technique string
	Seeds     []int
	Chosen    []TradeoffRow
	Tried     int // seeds that were looked at
}

// Best prints, per technique, the fastest point whose loss on the calibration images
// is within loss (a share of answers) by margin standard errors: over the seeds with
// t-intervals, and for a single seed with the intervals of its own measurement.
func Best(w io.Writer, loss, margin float64, rows []BestRow) error {
	var out strings.Builder
	fmt.Fprintf(&out, "\nfastest within %.2f points on the calibration images", 100*loss)
	if margin > 0 {
		fmt.Fprintf(&out, ", %.4g standard errors of the paired loss kept as margin", margin)
	}
	out.WriteByte('\n')
	g := grid{left: 3}
	g.add([]string{"technique", "seeds", "point", "mean us", "speed-up", "calib. loss", "test loss (points)"}, nil)
	for i := range rows {
		g.add(rows[i].cells(), nil)
	}
	out.WriteString(g.String())
	for i := range rows {
		out.WriteString(rows[i].choices())
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func (r *BestRow) cells() []string {
	seeds := fmt.Sprintf("%d of %d", len(r.Seeds), r.Tried)
	switch len(r.Chosen) {
	case 0:
		return []string{printable(r.Technique), seeds, "none", "-", "-", "-", "-"}
	case 1:
		c := r.Chosen[0].cells()
		return []string{c[0], seeds, c[1], c[3], c[5], c[7], c[9]}
	}
	return []string{
		printable(r.Technique), seeds, r.pointNames(),
		r.over(2, func(t *TradeoffRow) float64 { return t.MeanUS }),
		r.over(2, func(t *TradeoffRow) float64 { return t.Speedup }) + "x",
		r.over(2, func(t *TradeoffRow) float64 { return 100 * t.CalibrationLoss }),
		r.over(2, func(t *TradeoffRow) float64 { return 100 * t.TestLoss }),
	}
}

// pointNames is the point that all seeds chose, or how many there are.
func (r *BestRow) pointNames() string {
	names := map[string]bool{}
	for i := range r.Chosen {
		names[r.Chosen[i].Point] = true
	}
	if len(names) == 1 {
		return printable(r.Chosen[0].Point)
	}
	return fmt.Sprintf("%d points, below", len(names))
}

// choices lists what each seed chose, where the seeds differ.
func (r *BestRow) choices() string {
	same := func(t TradeoffRow) bool { return t.Point == r.Chosen[0].Point }
	if len(r.Chosen) < 2 || !slices.ContainsFunc(r.Chosen, func(t TradeoffRow) bool { return !same(t) }) {
		return ""
	}
	var out strings.Builder
	fmt.Fprintf(&out, "\n%s, by seed\n", printable(r.Technique))
	for i := range r.Chosen {
		c := r.Chosen[i].cells()
		fmt.Fprintf(&out, "  %d  %s: %s us, %s, calibration loss %s, test loss %s\n", r.Seeds[i], c[1], c[3], c[5], c[7], c[9])
	}
	return out.String()
}

// over prints the mean over seeds with the half-width of its t-interval.
func (r *BestRow) over(decimals int, value func(*TradeoffRow) float64) string {
	values := make([]float64, len(r.Chosen))
	for i := range r.Chosen {
		values[i] = value(&r.Chosen[i])
	}
	e := studentT(values)
	if math.IsNaN(e.half) {
		return fixed(e.mean, decimals)
	}
	return fixed(e.mean, decimals) + " ± " + halfText(e.half, decimals)
}
