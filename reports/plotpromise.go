package reports

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"html/template"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"slosim/reports/result"
)

// ranked is a contender's place by effective accuracy, over all of the time and every class.
type ranked struct {
	Place      int // from 1; 0 of clairvoyants, which bound the others and do not compete
	Name       string
	Bound      bool
	Best       bool // the best mean of the competitors
	Tied       bool // not distinguishable from it
	Effective  string
	Attainment string
	Accuracy   string

	cell *result.Cell
}

// ranking orders the contenders by effective accuracy, best first. Those without one come last.
func ranking(s *result.Summary) []ranked {
	cells := slices.Clone(cellsOf(s, everyClass, "all"))
	marks := columnMarks(cells, "effective_accuracy")
	var list []ranked
	for i, cell := range cells {
		list = append(list, ranked{
			Name: cell.Contender, Bound: isBound(cell), Best: marks[i] == best, Tied: marks[i] == tied, cell: cell,
			Effective: hundred(cell.Metrics["effective_accuracy"], 2), Attainment: hundred(cell.Metrics["attainment"], 2), Accuracy: hundred(cell.Metrics["accuracy"], 2),
		})
	}
	value := func(r ranked) float64 {
		if mean := r.cell.Metrics["effective_accuracy"].Mean; mean != nil {
			return *mean
		}
		return math.Inf(-1)
	}
	slices.SortStableFunc(list, func(a, b ranked) int { return cmp.Compare(value(b), value(a)) })
	place := 0
	for i := range list {
		if !list[i].Bound {
			place++
			list[i].Place = place
		}
	}
	return list
}

// leastMissed is where the logarithmic axis of missed deadlines ends, in per cent: fewer are drawn there.
const leastMissed = 0.01

// promisePlot draws the accuracy of answered queries against missed deadlines, a numbered point a
// competitor, numbers by effective accuracy, and a line through those that nobody beats in both. Most
// miss few, so that the axis of misses is logarithmic. nil: there are fewer than two to compare.
func promisePlot(s *result.Summary) (*plot.Plot, error) {
	var points promisePoints
	for _, r := range ranking(s) {
		points.add(r)
	}
	if len(points.XYs) < 2 {
		return nil, nil
	}
	p := newPlot("Missed deadlines against accuracy (numbers: places; best is up and left)",
		"not answered in time, % of arrived queries", "accuracy, % of answered queries")
	if err := points.draw(p); err != nil {
		return nil, err
	}
	scalePromise(p, points.XYs)
	return p, points.drawLabels(p)
}

// scalePromise gives missed deadlines a logarithmic axis, and accuracies some room. Where points are
// drawn at its end, the end says that they may have missed fewer.
func scalePromise(p *plot.Plot, points plotter.XYs) {
	low, high := 100.0, leastMissed
	for _, xy := range points {
		low, high = min(low, xy.X), max(high, xy.X)
	}
	logX(p, low/1.5, high*1.8)
	if low == leastMissed {
		p.X.Tick.Marker = plot.TickerFunc(missedTicks)
	}
	margin := (p.Y.Max-p.Y.Min)*0.05 + 0.05
	p.Y.Min, p.Y.Max = p.Y.Min-margin, p.Y.Max+margin
	p.Y.Tick.Marker = plot.TickerFunc(evenTicks)
}

// missedTicks are logTicks from leastMissed on, which stands for all below it.
func missedTicks(low, high float64) []plot.Tick {
	ticks := slices.DeleteFunc(logTicks(low, high), func(t plot.Tick) bool { return t.Value < leastMissed*0.999 })
	if len(ticks) > 0 {
		ticks[0].Label = "≤" + strconv.FormatFloat(leastMissed, 'f', -1, 64)
	}
	return ticks
}

// promisePoints are the competitors with error bars in both directions.
type promisePoints struct {
	plotter.XYs
	plotter.XErrors
	plotter.YErrors
	labels []string
}

func (s *promisePoints) add(r ranked) {
	x, y := r.cell.Metrics["attainment"], r.cell.Metrics["accuracy"]
	if r.Bound || x.Mean == nil || y.Mean == nil {
		return
	}
	s.XYs = append(s.XYs, plotter.XY{X: max(100*(1-*x.Mean), leastMissed), Y: 100 * *y.Mean})
	s.XErrors = append(s.XErrors, missedSides(x))
	low, high := sides(y)
	s.YErrors = append(s.YErrors, struct{ Low, High float64 }{low, high})
	s.labels = append(s.labels, strconv.Itoa(r.Place))
}

// missedSides are the sides of the interval of missed deadlines around where their point is drawn.
func missedSides(attainment result.Metric) (around struct{ Low, High float64 }) {
	missed := 100 * (1 - *attainment.Mean)
	at := max(missed, leastMissed)
	below, above := sides(attainment)
	around.High = max(missed+below-at, 0)
	if missed > leastMissed {
		around.Low = min(above, at*0.6) // a log axis has no 0
	}
	return around
}

// sides are what an interval has below and above the mean, in percentage points, within 0 to 100 %.
func sides(m result.Metric) (below, above float64) {
	if m.Lo == nil || m.Hi == nil {
		return 0, 0
	}
	return 100 * (*m.Mean - max(*m.Lo, 0)), 100 * (min(*m.Hi, 1) - *m.Mean)
}

func (s *promisePoints) draw(p *plot.Plot) error {
	line, err := plotter.NewLine(s.undominated())
	if err != nil {
		return err
	}
	line.LineStyle = style(1)
	line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	points, err := plotter.NewScatter(s.XYs)
	if err != nil {
		return err
	}
	points.GlyphStyle = draw.GlyphStyle{Color: palette[0], Radius: vg.Points(2.5), Shape: draw.CircleGlyph{}}
	across, upright, err := errorBars(s)
	if err != nil {
		return err
	}
	for _, bars := range []*draw.LineStyle{&across.LineStyle, &upright.LineStyle} {
		bars.Color, bars.Width = palette[5], vg.Points(0.5)
	}
	p.Add(line, across, upright, points)
	return nil
}

// drawLabels numbers the points, those together that are at one place. The axes are known by then.
func (s *promisePoints) drawLabels(p *plot.Plot) error {
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: s.XYs, Labels: s.names(p)})
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font = p.X.Tick.Label.Font // a second font makes PDFs differ
		labels.TextStyle[i].Font.Size = vg.Points(9)
	}
	labels.Offset = vg.Point{X: vg.Points(4), Y: vg.Points(3)}
	p.Add(labels)
	return nil
}

// names are the labels of the points; the first one at a place has those of all.
func (s *promisePoints) names(p *plot.Plot) []string {
	names := slices.Clone(s.labels)
	for i, first := range firstsAt(p, s.XYs, 4) {
		if first != i {
			names[first], names[i] = names[first]+", "+names[i], ""
		}
	}
	return names
}

// firstsAt returns for each point the first one that is drawn within so many points of type of it,
// of those that are no followers themselves.
func firstsAt(p *plot.Plot, points plotter.XYs, apart float64) []int {
	const width, height = 380, 250 // about, of a plot's data
	firsts := make([]int, len(points))
	for i, b := range points {
		firsts[i] = i
		for j, a := range points[:i] {
			x, y := p.X.Norm(a.X)-p.X.Norm(b.X), p.Y.Norm(a.Y)-p.Y.Norm(b.Y)
			if firsts[j] == j && math.Hypot(x*width, y*height) < apart {
				firsts[i] = j
				break
			}
		}
	}
	return firsts
}

// undominated returns those that no other one beats in both, by misses.
func (s *promisePoints) undominated() (front plotter.XYs) {
	for _, a := range s.XYs {
		beaten := slices.ContainsFunc(s.XYs, func(b plotter.XY) bool {
			return b.X <= a.X && b.Y >= a.Y && (b.X < a.X || b.Y > a.Y)
		})
		if !beaten {
			front = append(front, a)
		}
	}
	slices.SortFunc(front, func(a, b plotter.XY) int { return cmp.Compare(a.X, b.X) })
	return front
}

// promiseImage is the picture for the page, as an address that holds it; empty without one.
func promiseImage(s *result.Summary) (template.URL, error) {
	p, err := promisePlot(s)
	if err != nil || p == nil {
		return "", err
	}
	var svg bytes.Buffer
	if err := render(&svg, p, "svg"); err != nil {
		return "", err
	}
	return template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg.Bytes())), nil
}
