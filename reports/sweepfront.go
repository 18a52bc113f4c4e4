package reports

import (
	"cmp"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"slosim/reports/result"
)

// sweepFrontPlot draws accuracy against missed deadlines of each contender and its choices, averaged
// over all other axes, and a line through those that nobody beats in both. nil: there are fewer than two.
func sweepFrontPlot(m *result.SweepMerged) (*plot.Plot, error) {
	p := newPlot("Missed deadlines against accuracy, averaged over the cells (best is up and left)", "not answered in time, % of arrived queries", "accuracy, % of answered queries")
	all, marks := &promisePoints{}, frontMarks{}
	for i, a := range m.Overall {
		points := &promisePoints{}
		for j := range m.Fronts {
			if f := &m.Fronts[j]; f.Contender == a.Contender {
				one := ranked{cell: &result.Cell{Metrics: f.Metrics}}
				points.add(one)
				all.add(one)
			}
		}
		if err := points.drawBars(p, i); err != nil {
			return nil, err
		}
		marks.add(p, points.XYs, i, a.Contender)
	}
	if len(all.XYs) < 2 {
		return nil, nil
	}
	line, err := plotter.NewLine(all.undominated())
	if err != nil {
		return nil, err
	}
	line.Color, line.Dashes = palette[7], []vg.Length{vg.Points(4), vg.Points(3)}
	scalePromise(p, all.XYs)
	if marks.grow(p, all.XYs) {
		p.Title.Text += "\nrings around a point: further contenders at the same place"
	}
	p.Add(line, marks)
	return p, nil
}

// drawBars draws the intervals of a contender's points.
func (s *promisePoints) drawBars(p *plot.Plot, i int) error {
	if len(s.XYs) == 0 {
		return nil
	}
	across, upright, err := errorBars(s)
	if err != nil {
		return err
	}
	for _, bars := range []*draw.LineStyle{&across.LineStyle, &upright.LineStyle} {
		bars.Color, bars.Width = palette[i%len(palette)], vg.Points(0.6)
	}
	p.Add(across, upright)
	return nil
}

// frontMark is a point of a contender.
type frontMark struct {
	at        plotter.XY
	contender int
	style     draw.GlyphStyle
}

// frontMarks are the points of all contenders, in the order in which they are drawn.
type frontMarks []frontMark

// add takes the points of one contender, and names it in the legend.
func (m *frontMarks) add(p *plot.Plot, points plotter.XYs, i int, name string) {
	if len(points) == 0 {
		return
	}
	shapes := []draw.GlyphDrawer{draw.CircleGlyph{}, draw.BoxGlyph{}, draw.PyramidGlyph{}, draw.RingGlyph{}}
	style := draw.GlyphStyle{Color: palette[i%len(palette)], Radius: vg.Points(3), Shape: shapes[i/len(palette)%len(shapes)]}
	for _, at := range points {
		*m = append(*m, frontMark{at, i, style})
	}
	p.Legend.Add(printable(cut(name, legendName)), &plotter.Scatter{GlyphStyle: style})
}

// grow makes points larger that have those of other contenders at their place, and draws the larger
// ones first, so that each is seen; it says whether there are any.
func (m frontMarks) grow(p *plot.Plot, points plotter.XYs) (shared bool) {
	at := map[int][]int{} // contenders, by the first point of a place
	for i, first := range firstsAt(p, points, 2) {
		if !slices.Contains(at[first], m[i].contender) {
			at[first] = append(at[first], m[i].contender)
		}
		n := slices.Index(at[first], m[i].contender)
		m[i].style.Radius += vg.Points(2) * vg.Length(n)
		shared = shared || n > 0
	}
	slices.SortStableFunc(m, func(a, b frontMark) int { return cmp.Compare(b.style.Radius, a.style.Radius) })
	return shared
}

// Plot implements plot.Plotter.
func (m frontMarks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i := range m {
		c.DrawGlyph(m[i].style, vg.Point{X: x(m[i].at.X), Y: y(m[i].at.Y)})
	}
}
