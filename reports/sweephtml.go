package reports

import (
	"bytes"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"slosim/reports/result"
)

//go:embed assets/sweep.html
var sweepTemplate string

// sweepStyle is what the sweep's page has beside the report's style.
const sweepStyle = `
figure { margin: 18px 0; }
figure img { max-width: 100%; height: auto; background: #fff; border: 1px solid var(--line); border-radius: 4px; }
figcaption { color: var(--soft); font-size: 13px; }
.wrap { white-space: normal; text-align: left; overflow-wrap: anywhere; }
#axes th, #axes td { text-align: left; }
`

// sweepPage is what the template shows.
type sweepPage struct {
	Policy   string
	Styles   template.HTML
	Title    string
	Headline string
	Sample   string
	Overall  []sweepRow
	Axes     []sweepAxisRow
	Lines    []sweepLineTable
	Front    []sweepRow
	Pictures []pagePicture
	Notes    []string
	Failed   []string
	Nodes    []string
	Plan     *result.SweepPlan
}

type sweepRow struct {
	Name, Choice                    string
	Bound                           bool
	Attainment, Effective, Accuracy string
	Cells                           int
	Outright, Tied                  string
}

type sweepAxisRow struct{ Name, Key, Values string }

type sweepLineTable struct {
	Axis   string
	Caveat string // of its bins
	Rows   []sweepLineRow
}

type sweepLineRow struct{ Label, Best, Effective, Lead, Tied string }

// pagePicture is a picture inside a page.
type pagePicture struct {
	Name, Caption string
	Source        template.URL
}

// SweepHTML writes the report of a merged sweep: one file that needs no network and runs no script.
// Whatever the scenario names is escaped.
func SweepHTML(w io.Writer, plan *result.SweepPlan, m *result.SweepMerged) error {
	parsed, err := template.New("sweep").Parse(sweepTemplate)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	page, err := newSweepPage(plan, m)
	if err != nil {
		return err
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, page); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

func newSweepPage(plan *result.SweepPlan, m *result.SweepMerged) (*sweepPage, error) {
	style := pageStyle + sweepStyle
	p := &sweepPage{
		Policy: "default-src 'none'; img-src data:; style-src " + hashSource(style),
		Styles: template.HTML("<style>" + style + "</style>"),
		Title:  m.Title, Headline: SweepHeadline(m), Notes: m.Notes, Plan: plan,
		Sample: fmt.Sprintf("%s of %s cells, %s queries simulated", thousands(int64(m.Merged)), thousands(int64(m.Cells)), thousands(m.Queries)),
	}
	for i := range m.Overall {
		p.Overall = append(p.Overall, overallRow(m, &m.Overall[i]))
	}
	for i := range m.Axes {
		p.Axes = append(p.Axes, axisRow(&m.Axes[i]))
	}
	for i := range m.Lines {
		p.Lines = append(p.Lines, lineTable(m.Axes, &m.Lines[i]))
	}
	for i := range m.Fronts {
		if f := &m.Fronts[i]; f.Undominated && len(f.Choice) > 0 {
			p.Front = append(p.Front, sweepRow{Name: f.Contender, Choice: choiceText(m.Axes, f), Cells: f.Cells, Attainment: share100(f.Metrics["attainment"]),
				Accuracy: share100(f.Metrics["accuracy"]), Effective: share100(f.Metrics["effective_accuracy"])})
		}
	}
	for i := range m.Failed {
		p.Failed = append(p.Failed, brokenText(&m.Failed[i]))
	}
	for _, n := range m.Nodes {
		text := fmt.Sprintf("%s (%s)", n.CPU, count(n.Cores, "core"))
		if len(n.Differences) > 0 {
			text += ", another machine than the profile's: " + strings.Join(n.Differences, "; ")
		}
		p.Nodes = append(p.Nodes, text)
	}
	return p, p.draw(m)
}

func overallRow(m *result.SweepMerged, a *result.SweepAverage) sweepRow {
	wins := winsText(m, a.Contender, "effective_accuracy")
	return sweepRow{Name: a.Contender, Bound: isClairvoyant(a.Policy), Cells: a.Cells, Outright: wins[0], Tied: wins[1],
		Attainment: share100(a.Metrics["attainment"]), Effective: share100(a.Metrics["effective_accuracy"]), Accuracy: share100(a.Metrics["accuracy"])}
}

// mostValues bounds the values of an axis that the page lists.
const mostValues = 24

func axisRow(a *result.SweepAxis) sweepAxisRow {
	texts := make([]string, min(mostValues, len(a.Labels)))
	for i := range texts {
		texts[i] = valueText(a, i)
	}
	values := strings.Join(texts, ", ")
	if len(a.Labels) > mostValues {
		values += fmt.Sprintf(", … (%d values)", len(a.Labels))
	}
	if a.Group > 0 {
		values += " (Latin hypercube)"
	}
	return sweepAxisRow{a.Name, a.Key, values}
}

func lineTable(axes []result.SweepAxis, l *result.SweepLine) sweepLineTable {
	t := sweepLineTable{Axis: l.Axis, Caveat: binCaveat(axes, l.Axis)}
	for i := range l.Bins {
		bin := &l.Bins[i]
		row := sweepLineRow{Label: bin.Label, Best: "-", Effective: "-", Lead: "-"}
		if best := bestOf(bin.Best, "effective_accuracy"); best != nil {
			row.Best, row.Lead, row.Tied = best.Contender, leadText(best), strings.Join(best.Tied, ", ")
			for _, a := range bin.Averages {
				if a.Contender == best.Contender {
					row.Effective = share100(a.Metrics["effective_accuracy"])
				}
			}
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// draw puts the pictures into the page.
func (p *sweepPage) draw(m *result.SweepMerged) error {
	pictures, err := sweepPictures(m)
	if err != nil {
		return err
	}
	for _, picture := range pictures {
		svg, err := picture.svg()
		if err != nil {
			return err
		}
		p.Pictures = append(p.Pictures, pagePicture{picture.name, picture.caption,
			template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg))})
	}
	return nil
}

// SweepHeadline says in a sentence who is best over all cells, and in how many of them.
func SweepHeadline(m *result.SweepMerged) string {
	const metric = "effective_accuracy"
	var top *result.SweepWins
	for i := range m.Wins {
		w := &m.Wins[i]
		if w.Metric == metric && (top == nil || w.Outright > top.Outright) {
			top = w
		}
	}
	if top == nil || m.Merged == 0 {
		return "No cell has a result."
	}
	if top.Outright == 0 {
		return "In no cell is one contender's effective accuracy above every other one's beyond chance."
	}
	return fmt.Sprintf("%s is best in effective accuracy, beyond chance, in %s of %s cells, and tied best in %s more.",
		printable(top.Contender), thousands(int64(top.Outright)), thousands(int64(m.Merged)), thousands(int64(top.Tied)))
}
