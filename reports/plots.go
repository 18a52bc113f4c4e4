package reports

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"slosim/reports/result"
)

const (
	plotWidth  = 18 * vg.Centimeter
	plotHeight = 11 * vg.Centimeter
	legendName = 24 // characters of a contender's name in a legend
)

// palette is Okabe and Ito's, which colour-blind readers tell apart, with its
// light colours darkened for white paper.
var palette = [...]color.RGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xb3, 0x59, 0x8f, 0xff},
	{0xb0, 0x7a, 0x00, 0xff}, {0x3a, 0x9b, 0xd6, 0xff}, {0x6a, 0x51, 0xa3, 0xff}, {0x33, 0x33, 0x33, 0xff},
}

// plotFormats are the formats of every picture: for pages, for slides, for papers.
var plotFormats = []string{"svg", "png", "pdf"}

// picture is one plot of a result.
type picture struct {
	name string
	draw func(*result.Figures) (*plot.Plot, error) // nil: there is nothing to draw
}

// WritePlots writes the pictures of a result as plots/NAME.svg, .png and .pdf: promise (accuracy
// against missed deadlines of each contender), front
// (accuracy against time of each technique), cdf (response times), attainment
// density, slowdown and queue (over time, interference shaded), burn_1h burn_6h and burn_3d (burn rates of the
// error budget over time, with the alert), reliability-TECHNIQUE (confidence
// against right answers). Those without data are left out.
func WritePlots(folder *result.Folder, s *result.Summary, f *result.Figures) error {
	promise := func(*result.Figures) (*plot.Plot, error) { return promisePlot(s) }
	pictures := []picture{{"promise", promise}, {"front", frontPlot}, {"cdf", cdfPlot}, {"attainment", attainmentPlot}, {"density", densityPlot},
		{"slowdown", slowdownPlot}, {"queue", queuePlot}}
	for i := range f.Alerts {
		pictures = append(pictures, picture{fileName(f.Alerts[i].Metric), func(f *result.Figures) (*plot.Plot, error) { return burnPlot(f, &f.Alerts[i]) }})
	}
	for _, technique := range judgedTechniques(f) {
		pictures = append(pictures, picture{"reliability-" + fileName(technique), func(f *result.Figures) (*plot.Plot, error) {
			return reliabilityPlot(f, technique)
		}})
	}
	for _, picture := range pictures {
		p, err := picture.draw(f)
		if err != nil {
			return fmt.Errorf("plot %s: %w", picture.name, err)
		}
		if p == nil {
			continue
		}
		for _, format := range plotFormats {
			name := result.PlotsFolder + "/" + picture.name + "." + format
			if err := folder.Write(name, func(w io.Writer) error { return render(w, p, format) }); err != nil {
				return err
			}
		}
	}
	return nil
}

// whitePage returns an empty white canvas of a format, and all of it to draw on.
func whitePage(width, height vg.Length, format string) (vg.CanvasWriterTo, draw.Canvas, error) {
	canvas, err := draw.NewFormattedCanvas(width, height, format)
	if err != nil {
		return nil, draw.Canvas{}, err
	}
	if format == "pdf" {
		canvas = western{canvas}
	}
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	return canvas, whole, nil
}

// render draws the plot with its title above and its legend beside it, never over the
// data. The title has the whole width.
func render(w io.Writer, p *plot.Plot, format string) error {
	canvas, whole, err := whitePage(plotWidth, plotHeight, format)
	if err != nil {
		return err
	}
	beside := *p
	legend := p.Legend
	legend.Top, legend.Left = true, true
	width := legend.Rectangle(whole).Size().X + vg.Points(14)
	beside.Legend, beside.Title.Text = plot.NewLegend(), ""
	bottom := vg.Points(4)
	if _, log := p.X.Scale.(plot.LogScale); log { // for whose label the library would leave room beside the plot
		beside.X.Label.Text = ""
		bottom += p.X.Label.TextStyle.Height(p.X.Label.Text) + p.X.Label.Padding
		whole.FillText(p.X.Label.TextStyle, vg.Point{X: (plotWidth - width) / 2, Y: vg.Points(4) + p.X.Label.TextStyle.FontExtents().Descent}, p.X.Label.Text)
	}
	top := drawTitle(whole, p.Title.TextStyle, p.Title.Text)
	place := draw.Crop(whole, vg.Points(4), -width, bottom, -top)
	roomyTicks(&beside, place).Draw(place)
	legend.Draw(draw.Crop(whole, plotWidth-width+vg.Points(8), 0, 0, -top))
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return err
	}
	_, err = w.Write(undated(out.Bytes()))
	return err
}

// drawTitle writes a title at the top left, its second line small, and returns the height that it takes.
func drawTitle(c draw.Canvas, style text.Style, title string) vg.Length {
	style.XAlign, style.YAlign = text.XLeft, text.YTop
	first, second, more := strings.Cut(title, "\n")
	c.FillText(style, vg.Point{X: vg.Points(8), Y: c.Max.Y - vg.Points(8)}, first)
	if !more {
		return vg.Points(30)
	}
	style.Font.Size, style.Color = vg.Points(9), color.Gray{0x50}
	c.FillText(style, vg.Point{X: vg.Points(8), Y: c.Max.Y - vg.Points(24)}, second)
	return vg.Points(42)
}

// newPlot returns an empty plot with a grid.
func newPlot(title, x, y string) *plot.Plot {
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = title, x, y
	p.Title.Padding = vg.Points(8)
	p.X.Padding, p.Y.Padding = vg.Points(4), vg.Points(4)
	p.Legend.Padding = vg.Points(4)
	p.Legend.TextStyle.Font.Size = vg.Points(10)
	p.Legend.ThumbnailWidth = vg.Points(26)
	for _, style := range []*text.Style{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle,
		&p.X.Tick.Label, &p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font.Variant = "Sans"
	}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{0xe4}, color.Gray{0xe4}
	p.Add(grid)
	return p
}

// logX gives the plot a logarithmic x axis from low to high.
func logX(p *plot.Plot, low, high float64) {
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.TickerFunc(logTicks)
	p.X.Min, p.X.Max = low, high
}

// logTicks labels 1, 2 and 5 of each decade, or the decades alone over a wide range.
func logTicks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	wide := high/low > 300
	for e := math.Floor(math.Log10(low)); e <= math.Log10(high); e++ {
		for m := 1; m < 10; m++ {
			value := float64(m) * math.Pow10(int(e))
			if value < low || value > high {
				continue
			}
			label := ""
			if m == 1 || !wide && (m == 2 || m == 5) {
				label = strconv.FormatFloat(value, 'f', -1, 64)
			}
			ticks = append(ticks, plot.Tick{Value: value, Label: label})
		}
	}
	return ticks
}

// evenTicks labels multiples of 1, 2 or 5 times a power of ten, five to ten of them.
func evenTicks(low, high float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/5)))
	for _, m := range []float64{5, 2} {
		if (high-low)/(step*m) >= 4 {
			step *= m
			break
		}
	}
	decimals := max(0, -int(math.Floor(math.Log10(step))))
	var ticks []plot.Tick
	for i := math.Ceil(low / step); i*step <= high; i++ {
		ticks = append(ticks, plot.Tick{Value: i * step, Label: fixed(i*step, decimals)})
	}
	return ticks
}

// style returns the line of the i-th contender or technique, the page's too.
func style(i int) draw.LineStyle {
	dashes := [][]vg.Length{nil, {vg.Points(7), vg.Points(3)}, {vg.Points(2), vg.Points(3)}, {vg.Points(9), vg.Points(3), vg.Points(2), vg.Points(3)}}
	return draw.LineStyle{Color: palette[i%len(palette)], Width: vg.Points(1.6), Dashes: dashes[(i+i/len(palette))%len(dashes)]}
}

// addLine draws a line and names it in the legend.
func addLine(p *plot.Plot, name string, i int, points plotter.XYs) error {
	if len(points) == 0 {
		return nil
	}
	line, err := plotter.NewLine(points)
	if err != nil {
		return err
	}
	line.LineStyle = style(i)
	p.Add(line)
	p.Legend.Add(printable(name), line)
	return nil
}

// frontPlot draws accuracy against time with both intervals.
func frontPlot(f *result.Figures) (*plot.Plot, error) {
	low, high := math.Inf(1), 0.0
	for _, front := range f.Fronts {
		for _, point := range front.Points {
			low, high = min(low, point.MeanUS), max(high, point.MeanUS)
		}
	}
	if !(low > 0) || high == 0 {
		return nil, nil
	}
	p := newPlot("Accuracy against time, alone on the machine (triangles: cascades)", "mean time of a query, µs", "accuracy, %")
	for i, front := range f.Fronts {
		if err := addFront(p, i, &front); err != nil {
			return nil, err
		}
	}
	logX(p, low/1.25, high*1.25)
	margin := (p.Y.Max-p.Y.Min)*0.05 + 0.05
	p.Y.Min, p.Y.Max = p.Y.Min-margin, p.Y.Max+margin
	p.Y.Tick.Marker = plot.TickerFunc(evenTicks)
	return p, nil
}

func addFront(p *plot.Plot, i int, front *result.Front) error {
	cascade, single := &frontPoints{}, &frontPoints{}
	for _, point := range front.Points {
		if point.Cascade {
			cascade.add(point)
		} else {
			single.add(point)
		}
	}
	if err := addLine(p, front.Technique, i, undominated(front)); err != nil {
		return err
	}
	if err := single.draw(p, i, draw.CircleGlyph{}); err != nil {
		return err
	}
	return cascade.draw(p, i, draw.PyramidGlyph{})
}

// frontPoints are points with error bars in both directions.
type frontPoints struct {
	plotter.XYs
	plotter.XErrors
	plotter.YErrors
}

func (s *frontPoints) add(p result.FrontPoint) {
	s.XYs = append(s.XYs, plotter.XY{X: p.MeanUS, Y: p.Accuracy * 100})
	low := min(p.MeanUS-p.MeanLo, p.MeanUS*0.9) // a log axis has no 0
	s.XErrors = append(s.XErrors, struct{ Low, High float64 }{low, p.MeanHi - p.MeanUS})
	s.YErrors = append(s.YErrors, struct{ Low, High float64 }{(p.Accuracy - p.AccuracyLo) * 100, (p.AccuracyHi - p.Accuracy) * 100})
}

func (s *frontPoints) draw(p *plot.Plot, i int, shape draw.GlyphDrawer) error {
	if len(s.XYs) == 0 {
		return nil
	}
	points, err := plotter.NewScatter(s.XYs)
	if err != nil {
		return err
	}
	points.GlyphStyle = draw.GlyphStyle{Color: palette[i%len(palette)], Radius: vg.Points(3), Shape: shape}
	across, upright, err := errorBars(s)
	if err != nil {
		return err
	}
	across.Color, upright.Color = points.Color, points.Color
	across.CapWidth, upright.CapWidth = vg.Points(3), vg.Points(3)
	p.Add(across, upright, points)
	return nil
}

// errorBars are those of points in both directions.
func errorBars(points interface {
	plotter.XYer
	plotter.XErrorer
	plotter.YErrorer
}) (across *plotter.XErrorBars, upright *plotter.YErrorBars, err error) {
	if across, err = plotter.NewXErrorBars(points); err == nil {
		upright, err = plotter.NewYErrorBars(points)
	}
	return across, upright, err
}

// undominated returns the line through a front's undominated points.
func undominated(front *result.Front) plotter.XYs {
	var line plotter.XYs
	for _, p := range front.Undominated() {
		line = append(line, plotter.XY{X: p.MeanUS, Y: p.Accuracy * 100})
	}
	return line
}
