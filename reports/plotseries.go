package reports

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"slosim/reports/result"
)

// cdfPlot draws the distribution of response times of each contender.
func cdfPlot(f *result.Figures) (*plot.Plot, error) {
	var names []string
	for i := range f.CDFs {
		names = append(names, f.CDFs[i].Contender)
	}
	return drawnCDFs("Response times", shorten(names, legendName), f.CDFs)
}

// drawnCDFs draws distributions of response times under names; nil if nothing was answered.
func drawnCDFs(title string, names []string, cdfs []result.CDF) (*plot.Plot, error) {
	p := newPlot(title, "response time, ms", "finished within, % of arrived")
	low, high := math.Inf(1), 0.0
	for i, c := range cdfs {
		var points plotter.XYs
		for j, ms := range c.MS {
			if ms > 0 {
				points = append(points, plotter.XY{X: ms, Y: 100 * c.Share[j]})
				low, high = min(low, ms), max(high, ms)
			}
		}
		if err := addLine(p, names[i], i, points); err != nil {
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
	return contendersPlot(f, "SLO attainment by time of arrival", "attainment, %", upTo100, func(t *result.Timeline, i int) float64 {
		if t.Arrived[i] == 0 {
			return -1
		}
		return 100 * float64(t.Met[i]) / float64(t.Arrived[i])
	})
}

func densityPlot(f *result.Figures) (*plot.Plot, error) {
	return contendersPlot(f, "Density that was chosen, mean of answered queries", "density, %", from0to100,
		func(t *result.Timeline, i int) float64 { return 100 * t.Density[i] })
}

func queuePlot(f *result.Figures) (*plot.Plot, error) {
	return contendersPlot(f, "Queries waiting, as an arrival finds them", "waiting queries, mean", from0,
		func(t *result.Timeline, i int) float64 { return t.Queue[i] })
}

// slowdownPlot draws the truth once, and beliefs that several contenders share once.
func slowdownPlot(f *result.Figures) (*plot.Plot, error) {
	const prefix = "believed: "
	var curves []curve
	names := shorten(timelineNames(f), legendName-4)
	for i := range f.Timeline {
		t := &f.Timeline[i]
		if i == 0 {
			curves = append(curves, curve{"true", overTime(t, func(t *result.Timeline, i int) float64 { return t.Slowdown[i] })})
		}
		if slices.ContainsFunc(f.Timeline[:i], func(o result.Timeline) bool { return slices.Equal(o.Believed, t.Believed) }) {
			continue
		}
		curves = append(curves, curve{prefix + names[i], overTime(t, func(t *result.Timeline, i int) float64 { return t.Believed[i] })})
	}
	if len(curves) == 2 {
		curves[1].name = "believed"
	}
	return timelinePlot(f, "Slow-down of the machine: true, and what policies believed", "slow-down, x (alone: 1)", from1, curves)
}

// The ranges of y axes, from the least and greatest value.
func upTo100(low, _ float64) (from, to float64)     { return min(90, 10*math.Floor(low/10)), 101 }
func from0to100(_, high float64) (from, to float64) { return 0, max(102, high*1.02) }
func from1(low, high float64) (from, to float64)    { return min(1, low) - 0.05, max(1.1, high*1.05) }
func from0(_, high float64) (from, to float64)      { return 0, max(1, high*1.05) }

func timelineNames(f *result.Figures) []string {
	var names []string
	for i := range f.Timeline {
		names = append(names, f.Timeline[i].Contender)
	}
	return names
}

// curve is a named line over time.
type curve struct {
	name   string
	points plotter.XYs
}

// overTime returns the bins that have a value (a negative one is none).
func overTime(t *result.Timeline, value func(*result.Timeline, int) float64) plotter.XYs {
	var points plotter.XYs
	for b := range t.Arrived {
		if v := value(t, b); v >= 0 {
			points = append(points, plotter.XY{X: (float64(b) + 0.5) * t.BinS, Y: v})
		}
	}
	return points
}

// contendersPlot draws a value of every contender over time.
func contendersPlot(f *result.Figures, title, y string, limits func(low, high float64) (float64, float64), value func(*result.Timeline, int) float64) (*plot.Plot, error) {
	var curves []curve
	for i, name := range shorten(timelineNames(f), legendName) {
		curves = append(curves, curve{name, overTime(&f.Timeline[i], value)})
	}
	return timelinePlot(f, title, y, limits, curves)
}

// timelinePlot draws curves over time, warm-up and interference shaded; nil without any.
func timelinePlot(f *result.Figures, title, y string, limits func(low, high float64) (float64, float64), curves []curve) (*plot.Plot, error) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range curves {
		for _, p := range c.points {
			low, high = min(low, p.Y), max(high, p.Y)
		}
	}
	if low > high {
		return nil, nil
	}
	p := newPlot(title, "virtual time, s", y)
	from, to := limits(low, high)
	if err := addShades(p, f, from, to); err != nil {
		return nil, err
	}
	for i, c := range curves {
		if err := addLine(p, c.name, i, c.points); err != nil {
			return nil, err
		}
	}
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = 0, f.Duration, from, to
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(evenTicks), plot.TickerFunc(evenTicks)
	return p, nil
}

// addShades marks the warm-up and the interference, between two values of y.
func addShades(p *plot.Plot, f *result.Figures, low, high float64) error {
	if f.WarmUp > 0 {
		if err := addShade(p, plotter.XYs{{X: 0, Y: low}, {X: f.WarmUp, Y: high}}, color.RGBA{0xe6, 0xe8, 0xec, 0xff}, "warm-up"); err != nil {
			return err
		}
	}
	for i, s := range f.Shaded {
		name := "interference"
		if i > 0 {
			name = ""
		}
		if err := addShade(p, plotter.XYs{{X: s.FromS, Y: low}, {X: s.ToS, Y: high}}, color.RGBA{0xfb, 0xe7, 0xd8, 0xff}, name); err != nil {
			return err
		}
	}
	return nil
}

// addShade fills the rectangle between two corners.
func addShade(p *plot.Plot, corners plotter.XYs, fill color.Color, name string) error {
	a, b := corners[0], corners[1]
	area, err := plotter.NewPolygon(plotter.XYs{a, {X: b.X, Y: a.Y}, b, {X: a.X, Y: b.Y}})
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
