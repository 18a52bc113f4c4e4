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

// promisePlot draws the accuracy of answered queries against SLO attainment, a numbered point a
// contender, numbers by effective accuracy, and a line through those that nobody beats in both. nil:
// there are fewer than two to compare.
func promisePlot(s *result.Summary) (*plot.Plot, error) {
	var points promisePoints
	for _, r := range ranking(s) {
		points.add(r)
	}
	if len(points.XYs) < 2 {
		return nil, nil
	}
	p := newPlot("What is promised and what is right (numbers: places; dark: knows the future)", "SLO attainment, % of arrived queries", "accuracy, % of answered queries")
	if err := points.draw(p); err != nil {
		return nil, err
	}
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		margin := (axis.Max-axis.Min)*0.05 + 0.05
		axis.Min, axis.Max = axis.Min-margin, axis.Max+margin
		axis.Tick.Marker = plot.TickerFunc(evenTicks)
	}
	return p, nil
}

// promisePoints are the contenders with error bars in both directions.
type promisePoints struct {
	plotter.XYs
	plotter.XErrors
	plotter.YErrors
	labels []string
	bounds []bool
}

func (s *promisePoints) add(r ranked) {
	x, y := r.cell.Metrics["attainment"], r.cell.Metrics["accuracy"]
	if x.Mean == nil || y.Mean == nil {
		return
	}
	s.XYs = append(s.XYs, plotter.XY{X: 100 * *x.Mean, Y: 100 * *y.Mean})
	low, high := sides(x)
	s.XErrors = append(s.XErrors, struct{ Low, High float64 }{low, high})
	low, high = sides(y)
	s.YErrors = append(s.YErrors, struct{ Low, High float64 }{low, high})
	label := ""
	if !r.Bound {
		label = strconv.Itoa(r.Place)
	}
	s.labels, s.bounds = append(s.labels, label), append(s.bounds, r.Bound)
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
	points.GlyphStyleFunc = func(i int) draw.GlyphStyle {
		shape := draw.GlyphStyle{Color: palette[0], Radius: vg.Points(3), Shape: draw.CircleGlyph{}}
		if s.bounds[i] {
			shape.Color = palette[len(palette)-1]
		}
		return shape
	}
	across, err := plotter.NewXErrorBars(s)
	if err != nil {
		return err
	}
	upright, err := plotter.NewYErrorBars(s)
	if err != nil {
		return err
	}
	for _, bars := range []*draw.LineStyle{&across.LineStyle, &upright.LineStyle} {
		bars.Color, bars.Width = palette[5], vg.Points(0.5)
	}
	labels, err := plotter.NewLabels(plotter.XYLabels{XYs: s.XYs, Labels: s.labels})
	if err != nil {
		return err
	}
	for i := range labels.TextStyle {
		labels.TextStyle[i].Font = p.X.Tick.Label.Font // a second font makes PDFs differ
		labels.TextStyle[i].Font.Size = vg.Points(9)
	}
	labels.Offset = vg.Point{X: vg.Points(4), Y: vg.Points(3)}
	p.Add(line, across, upright, points, labels)
	return nil
}

// undominated returns the competitors that no other one beats in both, by attainment.
func (s *promisePoints) undominated() (front plotter.XYs) {
	for i, a := range s.XYs {
		beaten := s.bounds[i]
		for j, b := range s.XYs {
			beaten = beaten || !s.bounds[j] && b.X >= a.X && b.Y >= a.Y && (b.X > a.X || b.Y > a.Y)
		}
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
