package reports

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// tickGap is what is left between the labels of an axis at least.
const tickGap = 4 // points

// placeTicks are the ticks of places at equal distances. Those that lose their labels do so evenly.
type placeTicks []plot.Tick

// Ticks implements plot.Ticker.
func (t placeTicks) Ticks(_, _ float64) []plot.Tick { return t }

// roomyTicks returns the plot with labels that do not overlap on the canvas: who makes ticks knows
// neither its size nor that of the labels.
func roomyTicks(p *plot.Plot, c draw.Canvas) *plot.Plot {
	thin := *p
	data := p.DataCanvas(c)
	thin.X.Tick.Marker = thinned(&p.X, data.Max.X-data.Min.X, func(style text.Style, label string) vg.Length { return style.Width(label) })
	thin.Y.Tick.Marker = thinned(&p.Y, data.Max.Y-data.Min.Y, func(style text.Style, label string) vg.Length { return style.Height(label) })
	return &thin
}

// thinned are the ticks of an axis of a length, with as many labels as have room. size is a label's
// extent along the axis.
func thinned(a *plot.Axis, length vg.Length, size func(text.Style, string) vg.Length) plot.ConstantTicks {
	ticks := a.Tick.Marker.Ticks(a.Min, a.Max)
	at := func(i int) vg.Length { return vg.Length(a.Norm(ticks[i].Value)) * length }
	if _, places := a.Tick.Marker.(placeTicks); places {
		for every := 1; every <= len(ticks); every++ {
			kept := withLabels(ticks, func(i int) bool { return i%every == 0 })
			if len(overlapping(kept, at, a.Tick.Label, size)) == 0 {
				return kept
			}
		}
	}
	dropped := overlapping(ticks, at, a.Tick.Label, size)
	return withLabels(ticks, func(i int) bool { return !dropped[i] })
}

// withLabels leaves the labels of some ticks.
func withLabels(ticks []plot.Tick, keep func(i int) bool) plot.ConstantTicks {
	out := make(plot.ConstantTicks, len(ticks))
	for i, tick := range ticks {
		if out[i] = tick; !keep(i) {
			out[i].Label = ""
		}
	}
	return out
}

// overlapping are the labels that would touch the one before them, of those that do not.
func overlapping(ticks []plot.Tick, at func(i int) vg.Length, style text.Style, size func(text.Style, string) vg.Length) map[int]bool {
	dropped := map[int]bool{}
	end, first := vg.Length(0), true
	for i := range ticks {
		if ticks[i].Label == "" {
			continue
		}
		half := size(style, ticks[i].Label) / 2
		if !first && at(i)-half < end+tickGap {
			dropped[i] = true
			continue
		}
		end, first = at(i)+half, false
	}
	return dropped
}
