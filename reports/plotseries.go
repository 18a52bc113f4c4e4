package reports

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"slosim/reports/result"
)

// cdfPlot draws the distribution of response times of each contender.
func cdfPlot(f *result.Figures) (*plot.Plot, error) {
	p := newPlot("Response times", "response time, ms", "finished within, % of arrived")
	low, high := math.Inf(1), 0.0
	for i, c := range f.CDFs {
		var points plotter.XYs
		for j, ms := range c.MS {
			if ms > 0 {
				points = append(points, plotter.XY{X: ms, Y: 100 * c.Share[j]})
				low, high = min(low, ms), max(high, ms)
			}
		}
		if err := addLine(p, c.Contender, i, points); err != nil {
			return nil, err
		}
	}
	if high == 0 {
		return nil, nil
	}
	logX(p, low/1.1, high*1.1)
	p.Y.Min, p.Y.Max = 0, 100
	p.Y.Tick.Marker = plot.TickerFunc(evenTicks)
	return p, nil
}

func attainmentPlot(f *result.Figures) (*plot.Plot, error) {
	return timelinePlot(f, "SLO attainment by time of arrival", "attainment, %", func(t *result.Timeline, i int) float64 {
		if t.Arrived[i] == 0 {
			return -1
		}
		return float64(t.Met[i]) / float64(t.Arrived[i])
	})
}

func densityPlot(f *result.Figures) (*plot.Plot, error) {
	return timelinePlot(f, "Density that was chosen", "density, %", func(t *result.Timeline, i int) float64 { return t.Density[i] })
}

// timelinePlot draws shares (0 to 1, negative: none) over time.
func timelinePlot(f *result.Figures, title, y string, value func(*result.Timeline, int) float64) (*plot.Plot, error) {
	if len(f.Timeline) == 0 {
		return nil, nil
	}
	p := newPlot(title, "virtual time, s", y)
	if err := addShades(p, f); err != nil {
		return nil, err
	}
	for i := range f.Timeline {
		t := &f.Timeline[i]
		var points plotter.XYs
		for b := range t.Arrived {
			if v := value(t, b); v >= 0 {
				points = append(points, plotter.XY{X: (float64(b) + 0.5) * t.BinS, Y: 100 * v})
			}
		}
		if err := addLine(p, t.Contender, i, points); err != nil {
			return nil, err
		}
	}
	p.Y.Min, p.Y.Max = 0, 102
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(evenTicks), plot.TickerFunc(evenTicks)
	p.X.Min, p.X.Max = 0, f.Duration
	return p, nil
}

// addShades marks the warm-up and the interference.
func addShades(p *plot.Plot, f *result.Figures) error {
	if f.WarmUp > 0 {
		if err := addShade(p, 0, f.WarmUp, color.RGBA{0xe6, 0xe8, 0xec, 0xff}, "warm-up"); err != nil {
			return err
		}
	}
	for i, s := range f.Shaded {
		name := "interference"
		if i > 0 {
			name = ""
		}
		if err := addShade(p, s.FromS, s.ToS, color.RGBA{0xfb, 0xe7, 0xd8, 0xff}, name); err != nil {
			return err
		}
	}
	return nil
}

func addShade(p *plot.Plot, from, to float64, fill color.Color, name string) error {
	area, err := plotter.NewPolygon(plotter.XYs{{X: from, Y: 0}, {X: to, Y: 0}, {X: to, Y: 102}, {X: from, Y: 102}})
	if err != nil {
		return err
	}
	area.Color = fill
	area.LineStyle.Width = vg.Length(0)
	p.Add(area)
	if name != "" {
		p.Legend.Add(name, area)
	}
	return nil
}
