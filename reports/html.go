package reports

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"slosim/reports/result"
)

var (
	//go:embed assets/report.html
	pageTemplate string
	//go:embed assets/report.css
	pageStyle string
	//go:embed assets/report.js
	pageScript string
	//go:embed assets/uPlot.iife.min.js
	plotScript string
	//go:embed assets/uPlot.min.css
	plotStyle string
	//go:embed assets/uPlot-LICENSE
	plotLicence string
)

// HTML writes the report: one file that needs no network. Its content security
// policy allows the scripts and styles inside it, by their hash, and nothing
// else. Whatever the scenario names (contenders, classes, notes) is escaped.
// The manifest and the figures may be empty values; their sections are then
// left out.
func HTML(w io.Writer, m *result.Manifest, s *result.Summary, f *result.Figures) error {
	if len(cellsOf(s, everyClass, "all")) == 0 {
		return fmt.Errorf("report: want a cell of class %q and window %q, got none", everyClass, "all")
	}
	parsed, err := template.New("report").Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	page, err := newPage(m, s, f)
	if err != nil {
		return err
	}
	var out bytes.Buffer // an error leaves no half page behind
	if err := parsed.Execute(&out, page); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = w.Write(out.Bytes())
	return err
}

// page is what the template shows.
type page struct {
	Policy   string        // content security policy
	Styles   template.HTML // whole elements: html/template must not touch what is hashed
	Scripts  template.HTML
	Data     template.HTML
	Licence  string
	Headline string
	Title    string
	Sample   string       // replications and queries
	Promise  template.URL // accuracy against missed deadlines, as a picture
	Ranking  []ranked
	Matrices []pageMatrix
	Tables   []pageTable
	Regrets  []pageRegret
	Regret   string // what the regrets are
	Limits   []pageLimit
	Classes  []pageClass
	Budgets  []pageBudget
	Alerts   []pageAlert
	Bounds   []string
	Points   []pageFront
	Judged   []pageReliability
	Shaded   []string
	Figures  *result.Figures
	Manifest *result.Manifest
	Command  string
	Machine  [][2]string
	Notes    []string
	Charts   charts
}

// charts says which charts have data.
type charts struct{ Fronts, Timeline, CDFs, Density bool }

func newPage(m *result.Manifest, s *result.Summary, f *result.Figures) (*page, error) {
	cells := cellsOf(s, everyClass, "all")
	bounds := boundNames(cells)
	data, err := dataElement(&drawn{Contenders: contenderNames(cells), Hidden: hiddenAtFirst(cells), Bounds: bounds, Figures: f})
	if err != nil {
		return nil, err
	}
	promise, err := promiseImage(s)
	if err != nil {
		return nil, err
	}
	style := pageStyle + "\n" + plotStyle
	plot := withoutAddress(plotScript)
	p := &page{
		Policy:  contentPolicy(style, plot, pageScript),
		Styles:  template.HTML("<style>" + style + "</style>"),
		Scripts: template.HTML("<script>" + plot + "</script>\n<script>" + pageScript + "</script>"),
		Data:    data,
		Licence: strings.TrimSpace(plotLicence),
		Promise: promise, Ranking: ranking(s),
		Headline: Headline(s), Title: s.Title, Sample: sampleText(cells),
		Matrices: pageMatrices(s), Tables: pageTables(s), Regrets: pageRegrets(s), Regret: regretCaption(s), Limits: pageLimits(s), Classes: pageClasses(s, f), Budgets: pageBudgets(s), Alerts: pageAlerts(f), Points: pageFronts(f), Judged: pageReliabilities(f), Shaded: shadedTexts(f),
		Figures: f, Manifest: m, Command: command(m), Machine: machineRows(m, f),
		Notes: allNotes(m, s, f), Bounds: clairvoyants(cells),
		Charts: charts{Fronts: len(f.Fronts) > 0, Timeline: len(f.Timeline) > 0, CDFs: len(f.CDFs) > 0, Density: anyDensity(f)},
	}
	return p, nil
}

// withoutAddress replaces the library's banner, which is a web address, by its
// name: a page that must not reach out has no address in it. The licence text
// stands in the page.
func withoutAddress(script string) string {
	if end := strings.Index(script, "*/"); strings.HasPrefix(script, "/*!") && end > 0 {
		script = script[end+2:]
	}
	return "/*! uPlot 1.6.32, Copyright (c) 2022 Leon Sorokin, MIT licence (text at the end of the page) */" + script
}

// contentPolicy forbids everything but the given inline style and scripts.
func contentPolicy(style string, scripts ...string) string {
	policy := "default-src 'none'; img-src data:; style-src " + hashSource(style) + "; script-src"
	for _, script := range scripts {
		policy += " " + hashSource(script)
	}
	return policy
}

func hashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// drawn is what the page's script reads.
type drawn struct {
	Contenders []string        `json:"contenders"`
	Hidden     []string        `json:"hidden"` // not drawn at first
	Bounds     []string        `json:"bounds"` // clairvoyants: drawn thin
	Figures    *result.Figures `json:"figures"`
}

// drawnAtFirst bounds the lines that a chart starts with.
const drawnAtFirst = 6

// dataElement holds the series as JSON, with <, > and & escaped by the encoder.
func dataElement(d *drawn) (template.HTML, error) {
	var out strings.Builder
	out.WriteString(`<script type="application/json" id="data">`)
	if err := result.EncodeJSON(&out, d); err != nil {
		return "", err
	}
	out.WriteString("</script>")
	return template.HTML(out.String()), nil
}

// boundNames names the clairvoyant contenders.
func boundNames(cells []*result.Cell) (list []string) {
	for _, cell := range cells {
		if isBound(cell) {
			list = append(list, cell.Contender)
		}
	}
	return list
}

// hiddenAtFirst names the contenders beyond the best few in effective accuracy.
func hiddenAtFirst(cells []*result.Cell) []string {
	left := append([]*result.Cell(nil), cells...)
	for range drawnAtFirst {
		if len(left) == 0 {
			return nil
		}
		top := max(0, bestCell(left, "effective_accuracy", 1))
		left = append(left[:top], left[top+1:]...)
	}
	return contenderNames(left)
}

func sampleText(cells []*result.Cell) string {
	most := 0
	for _, cell := range cells {
		most = max(most, cell.Replications)
	}
	return count(most, "replication") + ", " + queriesText(cells) + " queries a contender"
}

func anyDensity(f *result.Figures) bool {
	for _, t := range f.Timeline {
		for _, d := range t.Density {
			if d >= 0 {
				return true
			}
		}
	}
	return false
}
