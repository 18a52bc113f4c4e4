package reports

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"slosim/reports/result"
)

// mostPanels bounds the contenders of a map.
const mostPanels = 12

// mapGrid is a metric of one contender over two axes, in per cent.
type mapGrid struct{ values [][]float64 } // [y][x]

// Dims, Z, X and Y implement plotter.GridXYZ.
func (g *mapGrid) Dims() (columns, rows int) { return len(g.values[0]), len(g.values) }
func (g *mapGrid) Z(column, row int) float64 { return g.values[row][column] }
func (g *mapGrid) X(column int) float64      { return float64(column) }
func (g *mapGrid) Y(row int) float64         { return float64(row) }

// panelMap is a map with a panel a contender, on one scale.
type panelMap struct {
	title     string
	panels    []*plot.Plot
	low, high float64
}

// mapPanels draws a metric over two axes; nil without anything to show.
func mapPanels(axes []result.SweepAxis, m *result.SweepMap, metric string) *panelMap {
	grids, names := mapGrids(m, metric)
	if len(grids) == 0 {
		return nil
	}
	var all []float64
	for _, g := range grids {
		for _, row := range g.values {
			all = append(all, row...)
		}
	}
	x, y := axisOf(axes, m.X), axisOf(axes, m.Y)
	out := &panelMap{title: fmt.Sprintf("%s, over %s (across) and %s (up)", metricTitle(metric), axisTitle(x), axisTitle(y))}
	out.title += mapCaveat(axes, m, "", "grey")
	out.low, out.high = scaleEnds(all)
	for i, g := range grids {
		out.panels = append(out.panels, mapPanel(g, names[i], out.low, out.high))
		overBins(out.panels[i], axes, m)
	}
	return out
}

// mapGrids are the values of each contender that has some.
func mapGrids(m *result.SweepMap, metric string) (grids []*mapGrid, names []string) {
	at := map[string]*mapGrid{}
	for y, row := range m.Cells {
		for x := range row {
			for _, a := range row[x].Averages {
				g := at[a.Contender]
				if g == nil {
					if len(names) == mostPanels {
						continue
					}
					g = newMapGrid(len(m.XBins), len(m.YBins))
					at[a.Contender] = g
					grids, names = append(grids, g), append(names, a.Contender)
				}
				if mean := a.Metrics[metric].Mean; mean != nil {
					g.values[y][x] = 100 * *mean
				}
			}
		}
	}
	return grids, names
}

func newMapGrid(columns, rows int) *mapGrid {
	g := &mapGrid{values: make([][]float64, rows)}
	for y := range g.values {
		g.values[y] = make([]float64, columns)
		for x := range g.values[y] {
			g.values[y][x] = math.NaN()
		}
	}
	return g
}

// mapPanel draws one contender.
func mapPanel(g *mapGrid, name string, low, high float64) *plot.Plot {
	p := newPlot(printable(cut(name, 30)), "", "")
	p.Title.TextStyle.Font.Size = vg.Points(10)
	p.Title.Padding = vg.Points(3)
	heat := plotter.NewHeatMap(g, viridis{})
	heat.Min, heat.Max, heat.NaN = low, high, color.Gray{0xdd}
	p.Add(heat)
	if columns, rows := g.Dims(); columns <= 8 && rows <= 10 {
		p.Add(mapNumbers(p, g, low, high))
	}
	return p
}

// overBins gives a plot the axes of a map.
func overBins(p *plot.Plot, axes []result.SweepAxis, m *result.SweepMap) {
	p.X.Tick.Marker, p.Y.Tick.Marker = binTicks(axisOf(axes, m.X), m.XBins), binTicks(axisOf(axes, m.Y), m.YBins)
	p.X.Tick.Label.Font.Size, p.Y.Tick.Label.Font.Size = vg.Points(8), vg.Points(8)
	p.X.Min, p.X.Max = -0.5, float64(len(m.XBins))-0.5
	p.Y.Min, p.Y.Max = -0.5, float64(len(m.YBins))-0.5
	p.X.Padding, p.Y.Padding = 0, 0
}

// mapCaveat is a second line of a map's title, where there is something to say: of its bins, with what
// follows from that, and of places without a cell, which have a colour.
func mapCaveat(axes []result.SweepAxis, m *result.SweepMap, follows, colour string) string {
	var parts []string
	if caveat := binCaveat(axes, m.X, m.Y); caveat != "" {
		parts = append(parts, caveat+follows)
	}
	for _, row := range m.Cells {
		if slices.ContainsFunc(row, func(p result.SweepPlace) bool { return len(p.Averages) == 0 }) {
			parts = append(parts, colour+": no cell there")
			break
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "\n" + strings.Join(parts, "; ")
}

// mapNumbers writes the values into a panel.
func mapNumbers(p *plot.Plot, g *mapGrid, low, high float64) *plotter.Labels {
	l := &plotter.Labels{}
	for y, row := range g.values {
		for x, v := range row {
			if math.IsNaN(v) {
				continue
			}
			style := centred(p, 7)
			style.Color = color.White
			if (v-low)/(high-low) > 0.6 { // the scale is light there
				style.Color = color.Black
			}
			l.XYs = append(l.XYs, plotter.XY{X: float64(x), Y: float64(y)})
			l.Labels = append(l.Labels, fixed(v, 1))
			l.TextStyle = append(l.TextStyle, style)
		}
	}
	return l
}

// centred is the style of a text in the middle of a place.
func centred(p *plot.Plot, size vg.Length) text.Style {
	style := p.X.Tick.Label // a second font makes PDFs differ
	style.Font.Size = size
	style.XAlign, style.YAlign = text.XCenter, text.YCenter
	return style
}

// render draws the panels in rows of three, with the scale below.
func (m *panelMap) render(w io.Writer, format string) error {
	const columns = 3
	rows := (len(m.panels) + columns - 1) / columns
	height := vg.Length(rows)*6*vg.Centimeter + 3*vg.Centimeter
	canvas, whole, err := whitePage(mapWidth, height, format)
	if err != nil {
		return err
	}
	m.draw(whole, rows, columns)
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return err
	}
	_, err = w.Write(undated(out.Bytes()))
	return err
}

func (m *panelMap) draw(whole draw.Canvas, rows, columns int) {
	style := m.panels[0].Title.TextStyle
	style.Font.Size = vg.Points(12)
	top := drawTitle(whole, style, m.title)
	tiles := draw.Tiles{Rows: rows, Cols: min(columns, len(m.panels)), PadX: vg.Points(10), PadY: vg.Points(8),
		PadTop: top, PadBottom: vg.Points(52), PadLeft: vg.Points(6), PadRight: vg.Points(10)}
	for i, p := range m.panels {
		tile := tiles.At(whole, i%columns, i/columns)
		roomyTicks(p, tile).Draw(tile)
	}
	bar := newPlot("", "", "")
	bar.Add(scale{m.low, m.high})
	bar.X.Tick.Marker = plot.TickerFunc(evenTicks)
	bar.X.Min, bar.X.Max, bar.Y.Min, bar.Y.Max = m.low, m.high, -0.5, 0.5
	bar.HideY()
	bar.X.Padding = 0
	bar.X.Tick.Label.Font.Size = vg.Points(8)
	bar.Draw(draw.Crop(whole, mapWidth/4, -mapWidth/4, vg.Points(6), -(whole.Max.Y - vg.Points(44))))
}

// scale is the scale of a map, from left to right.
type scale struct{ low, high float64 }

// Plot implements plot.Plotter. Each shade goes on to the right end, so that no seams show.
func (s scale) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for i, colour := range (viridis{}).Colors() {
		from := s.low + (s.high-s.low)*float64(i)/shades
		c.SetColor(colour)
		c.Fill(vg.Rectangle{Min: vg.Point{X: tx(from), Y: ty(-0.5)}, Max: vg.Point{X: tx(s.high), Y: ty(0.5)}}.Path())
	}
}

const mapWidth = 22 * vg.Centimeter

// bestPlot draws who is best in effective accuracy over two axes: full colours where the best is
// better than every other one beyond chance, pale where others cannot be told from it. The numbers
// are the lead over the runner-up in points.
func bestPlot(m *result.SweepMerged, one *result.SweepMap) *plot.Plot {
	p := newPlot("Best effective accuracy, and its lead over the next in points (pale: not beyond chance)"+mapCaveat(m.Axes, one, ": chance leaves out which samples fell into a bin", "white"),
		axisTitle(axisOf(m.Axes, one.X)), axisTitle(axisOf(m.Axes, one.Y)))
	places := &bestPlaces{numbers: map[string]int{}}
	for i, a := range m.Overall {
		places.numbers[a.Contender] = i
	}
	labels := &plotter.Labels{}
	seen := map[string]bool{}
	for y, row := range one.Cells {
		for x := range row {
			best := bestOf(row[x].Best, "effective_accuracy")
			if best == nil {
				continue
			}
			places.add(x, y, best)
			seen[best.Contender] = true
			label := "~"
			if best.Difference.Mean != nil && best.Difference.Significant {
				label = fixed(100**best.Difference.Mean, 1)
			}
			labels.XYs, labels.Labels = append(labels.XYs, plotter.XY{X: float64(x), Y: float64(y)}), append(labels.Labels, label)
			labels.TextStyle = append(labels.TextStyle, centred(p, 8))
		}
	}
	if len(places.colours) == 0 {
		return nil
	}
	p.Add(places)
	overBins(p, m.Axes, one)
	if len(one.XBins) <= 12 && len(one.YBins) <= 16 {
		p.Add(labels)
	}
	for i, a := range m.Overall {
		if seen[a.Contender] {
			p.Legend.Add(printable(cut(a.Contender, legendName)), swatch{light(palette[i%len(palette)], 0.35)})
		}
	}
	return p
}

// bestPlaces are coloured places of a map.
type bestPlaces struct {
	numbers map[string]int // of contenders
	xy      [][2]int
	colours []color.Color
}

func (b *bestPlaces) add(x, y int, best *result.SweepBest) {
	b.xy = append(b.xy, [2]int{x, y})
	whiter := 0.35
	if len(best.Tied) > 0 {
		whiter = 0.8
	}
	b.colours = append(b.colours, light(palette[b.numbers[best.Contender]%len(palette)], whiter))
}

// Plot implements plot.Plotter.
func (b *bestPlaces) Plot(c draw.Canvas, p *plot.Plot) {
	tx, ty := p.Transforms(&c)
	for i, xy := range b.xy {
		x, y := float64(xy[0]), float64(xy[1])
		c.SetColor(b.colours[i])
		c.Fill(vg.Rectangle{Min: vg.Point{X: tx(x - 0.5), Y: ty(y - 0.5)}, Max: vg.Point{X: tx(x + 0.5), Y: ty(y + 0.5)}}.Path())
	}
}

// swatch is a colour in a legend.
type swatch struct{ color.Color }

// Thumbnail implements plot.Thumbnailer.
func (s swatch) Thumbnail(c *draw.Canvas) {
	c.SetColor(s.Color)
	c.Fill(c.Rectangle.Path())
}

// light mixes a colour with white.
func light(c color.RGBA, white float64) color.Color {
	mix := func(v uint8) uint8 { return uint8(math.Round(float64(v)*(1-white) + 255*white)) }
	return color.RGBA{mix(c.R), mix(c.G), mix(c.B), 0xff}
}

// viridis is the scale of maps (Smith and van der Walt, 2015): even to the eye, in grey too.
type viridis struct{}

// viridisStops are the scale's colours at equal distances.
var viridisStops = [...]color.RGBA{{0x44, 0x01, 0x54, 0xff}, {0x41, 0x44, 0x87, 0xff}, {0x2a, 0x78, 0x8e, 0xff},
	{0x22, 0xa8, 0x84, 0xff}, {0x7a, 0xd1, 0x51, 0xff}, {0xfd, 0xe7, 0x25, 0xff}}

const shades = 128

// Colors implements palette.Palette.
func (viridis) Colors() []color.Color {
	out := make([]color.Color, shades)
	for i := range out {
		out[i] = viridisAt(float64(i) / (shades - 1))
	}
	return out
}

func viridisAt(share float64) color.RGBA {
	at := share * float64(len(viridisStops)-1)
	i := min(int(at), len(viridisStops)-2)
	a, b, t := viridisStops[i], viridisStops[i+1], at-float64(i)
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x)*(1-t) + float64(y)*t)) }
	return color.RGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 0xff}
}
