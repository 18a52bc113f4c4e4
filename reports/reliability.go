package reports

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"slosim/reports/result"
)

// curveName is how many characters of a point's name the legend of a picture has.
const curveName = 18

// judgedTechniques lists the techniques that have reliability diagrams, in order.
func judgedTechniques(f *result.Figures) []string {
	var names []string
	for i := range f.Reliability {
		if name := f.Reliability[i].Technique; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// judgedPoints returns the diagrams of a technique.
func judgedPoints(f *result.Figures, technique string) []*result.Reliability {
	var points []*result.Reliability
	for i := range f.Reliability {
		if f.Reliability[i].Technique == technique {
			points = append(points, &f.Reliability[i])
		}
	}
	return points
}

// curvesDrawn bounds the curves of one diagram: they lie close together.
const curvesDrawn = 5

// spreadOut returns at most curvesDrawn items, the first and the last among them, evenly
// spread. The page's script takes the same.
func spreadOut[T any](items []T) []T {
	if len(items) <= curvesDrawn {
		return items
	}
	var some []T
	for i := range curvesDrawn {
		some = append(some, items[i*(len(items)-1)/(curvesDrawn-1)])
	}
	return some
}

// pageReliability is the calibration of a technique as the page shows it.
type pageReliability struct {
	Technique, ID string // ID of the chart's element
	Drawn, Points []pageJudged
}

type pageJudged struct {
	Name, Images, ECE, Chance string
	Bins                      []pageBin
}

type pageBin struct{ Range, Confidence, Right, Images string }

func pageReliabilities(f *result.Figures) []pageReliability {
	var pages []pageReliability
	for i, technique := range judgedTechniques(f) {
		page := pageReliability{Technique: technique, ID: fmt.Sprintf("chart-reliability-%d", i)}
		for _, r := range judgedPoints(f, technique) {
			page.Points = append(page.Points, newPageJudged(r))
		}
		page.Drawn = spreadOut(page.Points)
		pages = append(pages, page)
	}
	return pages
}

func newPageJudged(r *result.Reliability) pageJudged {
	p := pageJudged{Name: r.Point, Images: thousands(int64(r.Images)), ECE: fixed(100*r.ECE, 2), Chance: fixed(100*r.ECEChance, 2)}
	for _, b := range r.Bins {
		p.Bins = append(p.Bins, pageBin{
			Range:      fixed(100*b.From, 1) + " to " + fixed(100*b.To, 1),
			Confidence: fixed(100*b.Confidence, 2),
			Right:      fmt.Sprintf("%s (%s to %s)", fixed(100*b.Right, 2), fixed(100*b.RightLo, 2), fixed(100*b.RightHi, 2)),
			Images:     thousands(int64(b.Images)),
		})
	}
	return p
}

// fileName makes a name fit for a file: letters, digits, dashes and dots stay.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r) || r == '-' || r == '.') {
			return r
		}
		return '_'
	}, name)
}

// reliabilityPlot draws right answers against confidence, a curve a point.
func reliabilityPlot(f *result.Figures, technique string) (*plot.Plot, error) {
	points := judgedPoints(f, technique)
	title := fmt.Sprintf("Confidence of %s on %s test images", printable(technique), thousands(int64(points[0].Images)))
	if len(points) > curvesDrawn {
		title += fmt.Sprintf(", %d of %d points", curvesDrawn, len(points))
	}
	title += " (ECE in percentage points)"
	p := newPlot(title, "calibrated confidence, %", "right answers, % (Wilson 95 % intervals)")
	low := 100.0
	for i, r := range spreadOut(points) {
		least, err := addReliability(p, i, r)
		if err != nil {
			return nil, err
		}
		low = min(low, least)
	}
	low = max(0, 5*math.Floor(low/5))
	exact, err := plotter.NewLine(plotter.XYs{{X: low, Y: low}, {X: 100, Y: 100}})
	if err != nil {
		return nil, err
	}
	exact.Color, exact.Dashes = palette[len(palette)-1], []vg.Length{vg.Points(2), vg.Points(2)}
	p.Add(exact)
	p.Legend.Add("exact", exact)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = low, 100, low, 100
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(evenTicks), plot.TickerFunc(evenTicks)
	return p, nil
}

// addReliability draws one curve with its intervals and returns its least value, in per cent.
func addReliability(p *plot.Plot, i int, r *result.Reliability) (float64, error) {
	var s frontPoints
	low := 100.0
	for _, b := range r.Bins {
		s.XYs = append(s.XYs, plotter.XY{X: 100 * b.Confidence, Y: 100 * b.Right})
		s.YErrors = append(s.YErrors, struct{ Low, High float64 }{100 * (b.Right - b.RightLo), 100 * (b.RightHi - b.Right)})
		low = min(low, 100*b.Confidence, 100*b.RightLo)
	}
	if err := addLine(p, fmt.Sprintf("%s: ECE %s", cut(r.Point, curveName), fixed(100*r.ECE, 2)), i, s.XYs); err != nil {
		return 0, err
	}
	dots, err := plotter.NewScatter(s.XYs)
	if err != nil {
		return 0, err
	}
	dots.GlyphStyle = draw.GlyphStyle{Color: palette[i%len(palette)], Radius: vg.Points(2.2), Shape: draw.CircleGlyph{}}
	bars, err := plotter.NewYErrorBars(s)
	if err != nil {
		return 0, err
	}
	bars.Color, bars.CapWidth = dots.Color, vg.Points(3)
	p.Add(bars, dots)
	return low, nil
}
