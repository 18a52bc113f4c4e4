package reports

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"slosim/reports/result"
)

// sweepPicture is one picture of a merged sweep.
type sweepPicture struct {
	name    string // of its files
	caption string
	render  func(w io.Writer, format string) error
}

// WriteSweepPlots writes the pictures of a sweep as plots/NAME.svg, .png and .pdf below a folder:
// line-AXIS-METRIC (averages along an axis), map-X-Y-METRIC (over two axes, a panel a contender),
// best-X-Y (who is best where, by effective accuracy) and front (attainment against accuracy).
func WriteSweepPlots(dir string, m *result.SweepMerged) error {
	pictures, err := sweepPictures(m)
	if err != nil {
		return err
	}
	for _, p := range pictures {
		for _, format := range plotFormats {
			path := filepath.Join(dir, result.PlotsFolder, p.name+"."+format)
			if err := result.WriteFile(path, func(w io.Writer) error { return p.render(w, format) }); err != nil {
				return fmt.Errorf("plot %s: %w", p.name, err)
			}
		}
	}
	return nil
}

// sweepPictures lists those that have something to show.
func sweepPictures(m *result.SweepMerged) (list []sweepPicture, err error) {
	taken := map[string]bool{}
	add := func(name, caption string, render func(w io.Writer, format string) error) {
		stem := name
		for n := 2; taken[name]; n++ { // axes whose names differ in what no file's name has
			name = stem + "-" + strconv.Itoa(n)
		}
		taken[name] = true
		list = append(list, sweepPicture{name, caption, render})
	}
	for i := range m.Maps {
		one := &m.Maps[i]
		if p := bestPlot(m, one); p != nil {
			add(fmt.Sprintf("best-%s-%s", fileName(one.X), fileName(one.Y)), caption(p.Title.Text), single(p))
		}
		for _, metric := range comparedMetrics {
			if panels := mapPanels(m.Axes, one, metric); panels != nil {
				add(fmt.Sprintf("map-%s-%s-%s", fileName(one.X), fileName(one.Y), fileName(metric)), caption(panels.title), panels.render)
			}
		}
	}
	for i := range m.Lines {
		for _, metric := range comparedMetrics {
			p, err := linePlot(m, &m.Lines[i], metric)
			if err != nil {
				return nil, err
			}
			add(fmt.Sprintf("line-%s-%s", fileName(m.Lines[i].Axis), fileName(metric)), caption(p.Title.Text), single(p))
		}
	}
	p, err := sweepFrontPlot(m)
	if err == nil && p != nil {
		add("front", caption(p.Title.Text), single(p))
	}
	return list, err
}

func single(p *plot.Plot) func(w io.Writer, format string) error {
	return func(w io.Writer, format string) error { return render(w, p, format) }
}

// caption is a title on one line.
func caption(title string) string { return strings.ReplaceAll(title, "\n", "; ") }

// metricTitle is a metric as pictures name it.
func metricTitle(metric string) string {
	for _, c := range comparisonColumns {
		if c.metric == metric && metric == "effective_accuracy" {
			return "effective accuracy, %"
		} else if c.metric == metric {
			return c.title + ", " + c.unit
		}
	}
	return metric
}

// linePlot draws a metric along an axis, a line with intervals a contender.
func linePlot(m *result.SweepMerged, l *result.SweepLine, metric string) (*plot.Plot, error) {
	axis := axisOf(m.Axes, l.Axis)
	title := "Averages along " + printable(l.Axis)
	if caveat := binCaveat(m.Axes, l.Axis); caveat != "" {
		title += "\n" + caveat + ": intervals leave out which samples fell into a bin"
	}
	p := newPlot(title, axisTitle(axis), metricTitle(metric))
	numeric := len(l.Bins) > 0 && l.Bins[0].At != nil
	for i, a := range m.Overall {
		line := &linePoints{}
		for j := range l.Bins {
			x := float64(j)
			if numeric {
				x = *l.Bins[j].At
			}
			line.add(x, l.Bins[j].Averages, a.Contender, metric)
		}
		if err := line.draw(p, i, a.Contender); err != nil {
			return nil, err
		}
	}
	if numeric {
		numericAxis(p, axis, l)
	} else {
		p.X.Tick.Marker = binTicks(axis, l.Bins)
		p.X.Min, p.X.Max = -0.3, float64(len(l.Bins))-0.7
	}
	p.Y.Tick.Marker = plot.TickerFunc(evenTicks)
	if margin := (p.Y.Max - p.Y.Min) * 0.04; margin > 0 {
		p.Y.Min, p.Y.Max = p.Y.Min-margin, p.Y.Max+margin
	} else {
		p.Y.Min, p.Y.Max = p.Y.Min-1, p.Y.Max+1
	}
	return p, nil
}

// numericAxis gives a plot an axis of numbers, with the bins as ticks where they are few or hold several
// values: the point of such a bin is at their mean.
func numericAxis(p *plot.Plot, axis *result.SweepAxis, l *result.SweepLine) {
	low, high := *l.Bins[0].At, *l.Bins[len(l.Bins)-1].At
	p.X.Tick.Marker = plot.TickerFunc(evenTicks)
	margin := (high - low) * 0.03
	p.X.Min, p.X.Max = low-margin, high+margin
	if l.Log && low > 0 {
		logX(p, low/1.1, high*1.1)
	}
	if len(l.Bins) > mostTicks && len(l.Bins) == len(axis.Values) {
		return
	}
	var ticks plot.ConstantTicks
	for i, name := range tickNames(axis, l.Bins) {
		ticks = append(ticks, plot.Tick{Value: *l.Bins[i].At, Label: name})
	}
	p.X.Tick.Marker = ticks
}

// linePoints are a contender's averages along an axis.
type linePoints struct {
	plotter.XYs
	plotter.YErrors
}

func (s *linePoints) add(x float64, averages []result.SweepAverage, contender, metric string) {
	for i := range averages {
		value := averages[i].Metrics[metric]
		if averages[i].Contender != contender || value.Mean == nil {
			continue
		}
		s.XYs = append(s.XYs, plotter.XY{X: x, Y: 100 * *value.Mean})
		low, high := sides(value)
		s.YErrors = append(s.YErrors, struct{ Low, High float64 }{low, high})
	}
}

func (s *linePoints) draw(p *plot.Plot, i int, contender string) error {
	if len(s.XYs) == 0 {
		return nil
	}
	if err := addLine(p, cut(contender, legendName), i, s.XYs); err != nil {
		return err
	}
	bars, err := plotter.NewYErrorBars(s)
	if err != nil {
		return err
	}
	bars.Color, bars.Width, bars.CapWidth = palette[i%len(palette)], vg.Points(0.7), vg.Points(4)
	p.Add(bars)
	return nil
}

// mostTicks bounds the values that an axis of numbers has as ticks.
const mostTicks = 8

// binTicks labels bins by their place.
func binTicks(axis *result.SweepAxis, bins []result.SweepBin) (ticks placeTicks) {
	for i, name := range tickNames(axis, bins) {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: name})
	}
	return ticks
}

// svg returns a picture for a page.
func (p *sweepPicture) svg() ([]byte, error) {
	var out bytes.Buffer
	if err := p.render(&out, "svg"); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// scaleEnds returns the least and greatest of the values, apart, and whole percents.
func scaleEnds(values []float64) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	low, high = math.Floor(low), math.Ceil(high)
	if low == high {
		high = low + 1
	}
	return low, high
}
