package reports

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/recorder"

	"slosim/reports/result"
)

// sampledPlan has two axes sampled together, whose samples have many digits, and one that is not.
func sampledPlan(samples int) *result.SweepPlan {
	plan := madePlan(samples, 2)
	deadline := result.SweepAxis{Name: "deadline", Key: "deadline", Unit: "ms", Group: 1}
	load := &plan.Axes[0]
	load.Group = 1
	for i := range samples {
		load.Numbers[i] = 0.1234567 * math.Pow(1.07, float64(i))
		v := 1.4321 + 7.77123*float64((i*7)%samples)
		deadline.Numbers = append(deadline.Numbers, v)
		deadline.Values, deadline.Labels = append(deadline.Values, fmt.Sprintf("%vms", v)), append(deadline.Labels, fmt.Sprintf("%vms", v))
		load.Labels[i] = fmt.Sprint(load.Numbers[i])
	}
	plan.Axes = append(plan.Axes, deadline)
	return plan
}

// TestSampledBins: about the root of the samples, and equal samples in one bin.
func TestSampledBins(t *testing.T) {
	for samples, want := range map[int]int{1: 1, 2: 2, 3: 3, 4: 2, 5: 2, 12: 3, 60: 8, 100: 10, 1000: 12} {
		axis := &sampledPlan(samples).Axes[0]
		b := newBinning(axis)
		if len(b.bins) != want {
			t.Errorf("%d samples: want %d bins, got %d", samples, want, len(b.bins))
		}
		for i, bin := range b.of {
			if low, high := b.bins[bin].From, b.bins[bin].To; low != nil && (axis.Numbers[i] < *low || axis.Numbers[i] > *high) {
				t.Errorf("%v is not in bin %d, from %v to %v", axis.Numbers[i], bin, *low, *high)
			}
		}
	}
	whole := &result.SweepAxis{Name: "workers", Group: 1, Values: make([]string, 12), Labels: make([]string, 12), Numbers: []float64{1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4}}
	b := newBinning(whole)
	for i := range whole.Numbers {
		if b.of[i] != b.of[i%4] {
			t.Errorf("want equal samples in one bin, got %v", b.of)
		}
	}
}

// TestBinLabels: three digits, with the unit in tables alone, and never part of a number.
func TestBinLabels(t *testing.T) {
	plan := sampledPlan(60)
	for i := range plan.Axes {
		b := newBinning(&plan.Axes[i])
		for j, name := range tickNames(&plan.Axes[i], b.bins) {
			if strings.Contains(name+b.bins[j].Label, "…") || strings.Contains(name, "ms") {
				t.Errorf("%s: want whole numbers without a unit, got %q and %q", plan.Axes[i].Name, name, b.bins[j].Label)
			}
		}
	}
	b := newBinning(&plan.Axes[2])
	if got := b.bins[0].Label; got != "1.43 to 48.1 ms" {
		t.Errorf("got %q", got)
	}
	if got := tickNames(&plan.Axes[2], b.bins)[0]; got != "1.43–48.1" {
		t.Errorf("got %q", got)
	}
	for text, want := range map[string]string{"short": "short", "window of 1234.5678 and more": "window …d more", "12345678.12345678": "12345678.12345678", "0123456 78901234 78": "0123456… 78"} {
		if got := cutOutsideNumbers(text, mostTickName); got != want {
			t.Errorf("%q: want %q, got %q", text, want, got)
		}
	}
	for v, want := range map[float64]string{1234.567: "1230", 0.2215634: "0.222", 65.2: "65.2", 1e9: "1e+09", 0: "0", -0.01234: "-0.0123"} {
		if got := digitsText(v, fewDigits); got != want {
			t.Errorf("%v: want %q, got %q", v, want, got)
		}
	}
	near := []float64{1000.1, 1000.4}
	if got := binNumbers([]result.SweepBin{{At: &near[0], From: &near[0], To: &near[1]}}, true, "–"); got[0] != "1000.1–1000.4" {
		t.Errorf("want ends that can be told apart, got %q", got)
	}
}

// overlappingTexts draws on a canvas and returns the texts that touch others. Texts of skip are not looked at.
func overlappingTexts(width, height vg.Length, skip []string, render func(c draw.Canvas)) (touching []string, n int) {
	record := &recorder.Canvas{}
	render(draw.NewCanvas(record, width, height))
	var places []vg.Rectangle
	var texts []string
	for _, action := range record.Actions {
		s, ok := action.(*recorder.FillString)
		if !ok || slices.Contains(skip, s.String) {
			continue
		}
		face := font.DefaultCache.Lookup(s.Font, s.Size)
		own := vg.Rectangle{Min: s.Point, Max: s.Point.Add(vg.Point{X: face.Width(s.String), Y: s.Size * 0.7})}
		for i, other := range places {
			if own.Min.X < other.Max.X && other.Min.X < own.Max.X && own.Min.Y < other.Max.Y && other.Min.Y < own.Max.Y {
				touching = append(touching, texts[i]+" and "+s.String)
			}
		}
		places, texts = append(places, own), append(texts, s.String)
	}
	return touching, len(texts)
}

// TestLabelsHaveRoom measures the texts of maps, best-plots and lines.
func TestLabelsHaveRoom(t *testing.T) {
	many := madePlan(31, 30) // values without bins
	for i := range many.Axes[0].Numbers {
		many.Axes[0].Numbers[i] = 1000.123 * float64(i+1)
	}
	for _, plan := range []*result.SweepPlan{sampledPlan(12), sampledPlan(60), sampledPlan(200), many} {
		m := madeMerge(t, plan, 2, 0.01)
		for i := range m.Maps {
			panels := mapPanels(m.Axes, &m.Maps[i], "attainment")
			touching, n := overlappingTexts(mapWidth, 9*vg.Centimeter, nil, func(c draw.Canvas) { panels.draw(c, 1, 3) })
			if len(touching) > 0 || n < 15 {
				t.Errorf("map %d of %d cells: %d texts, of which touch: %q", i, plan.Cells, n, touching)
			}
			plotHasRoom(t, bestPlot(m, &m.Maps[i]))
		}
		for i := range m.Lines {
			p, err := linePlot(m, &m.Lines[i], "attainment")
			if err != nil {
				t.Fatal(err)
			}
			plotHasRoom(t, p)
		}
	}
}

func plotHasRoom(t *testing.T, p *plot.Plot) {
	t.Helper()
	p.Legend = plot.NewLegend()
	skip := []string{p.Y.Label.Text} // it is upright
	p.Title.Text = ""
	touching, n := overlappingTexts(380, 250, skip, func(c draw.Canvas) { roomyTicks(p, c).Draw(c) })
	if len(touching) > 0 || n < 4 {
		t.Errorf("%s: %d texts, of which touch: %q", p.X.Label.Text, n, touching)
	}
}

// TestSampledCaveats: pictures over sampled axes, and one note, say what else differs between bins.
func TestSampledCaveats(t *testing.T) {
	m := madeMerge(t, sampledPlan(12), 3, 0.01)
	notes := strings.Join(m.Notes, "\n")
	if strings.Count(notes, "load and deadline are sampled together") != 1 {
		t.Errorf("want one note on the samples, got\n%s", notes)
	}
	pictures, err := sweepPictures(m)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pictures {
		parts := strings.Split(p.name, "-")
		sampled := parts[0] != "front" && (slices.Contains(parts, "load") || slices.Contains(parts, "deadline"))
		if strings.Contains(p.caption, "bins of samples") != sampled || strings.Contains(p.caption, "\n") {
			t.Errorf("%s: got caption %q", p.name, p.caption)
		}
		both := slices.Contains(parts, "load") && slices.Contains(parts, "deadline")
		if strings.Contains(p.caption, "the other sampled axes") != (sampled && !both) {
			t.Errorf("%s: got caption %q", p.name, p.caption)
		}
	}
	var page bytes.Buffer
	if err := SweepHTML(&page, sampledPlan(12), m); err != nil || strings.Count(page.String(), "load and deadline are sampled together") != 1 {
		t.Errorf("want the note in the report once (%v)", err)
	}
	for _, note := range madeMerge(t, madePlan(3, 3), 3, 0.01).Notes {
		if strings.Contains(note, "sampled") {
			t.Errorf("want no word of samples without any, got %q", note)
		}
	}
}

// TestFrontOfEquals: points at one place are all seen, and the end of the axis says what it stands for.
func TestFrontOfEquals(t *testing.T) {
	one, right := 1.0, 0.9
	metrics := map[string]result.Metric{"attainment": {Mean: &one}, "accuracy": {Mean: &right}}
	m := &result.SweepMerged{}
	for _, name := range []string{"first", "second", "third"} {
		m.Overall = append(m.Overall, result.SweepAverage{Contender: name})
		m.Fronts = append(m.Fronts, result.SweepFront{Contender: name, Metrics: metrics})
	}
	p, err := sweepFrontPlot(m)
	if err != nil || !strings.Contains(p.Title.Text, "rings") {
		t.Fatalf("want a title that tells of rings (%v)", err)
	}
	if ticks := p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max); ticks[0].Label != "≤0.01" || ticks[0].Value != leastMissed {
		t.Errorf("got the ticks %v", ticks)
	}
	marks := frontMarks{}
	points := plotter.XYs{{X: leastMissed, Y: 90}, {X: leastMissed, Y: 90}, {X: leastMissed, Y: 90}, {X: 1, Y: 80}}
	for i := range points {
		marks.add(p, points[i:i+1], i, "")
	}
	p.Y.Min, p.Y.Max, p.X.Max = 70, 95, 10
	marks.grow(p, points)
	got := ""
	for _, mark := range marks {
		got += fmt.Sprint(mark.contender, ":", mark.style.Radius.Points(), " ")
	}
	if got != "2:7 1:5 0:3 3:3 " {
		t.Errorf("want rings, the larger ones below, got %s", got)
	}
	s := &promisePoints{XYs: points, labels: []string{"1", "2", "3", "4"}}
	if err := s.drawLabels(p); err != nil || fmt.Sprint(s.names(p)) != "[1, 2, 3   4]" {
		t.Errorf("want numbers together that are at one place, got %q (%v)", s.names(p), err)
	}
}
