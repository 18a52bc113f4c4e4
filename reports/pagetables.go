package reports

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"slosim/reports/result"
)

// pageTable is one comparison table of the page.
type pageTable struct {
	Caption string
	Columns []pageColumn
	Rows    []pageRow
}

type pageColumn struct{ Title, Unit string }

type pageRow struct {
	Name  string
	Bound bool
	Cells []pageCell
}

// pageCell is a number with its interval, as printed.
type pageCell struct {
	Label, Unit, Mean, Interval string
	Best, Tied                  bool
}

func pageTables(s *result.Summary) []pageTable {
	var tables []pageTable
	captions := map[string]string{
		"all":          "The whole measured window",
		"quiet":        "Arrived while the machine was quiet",
		"interference": "Arrived while interference was on",
	}
	for _, window := range []string{"all", "interference", "quiet"} {
		if cells := cellsOf(s, everyClass, window); len(cells) > 0 {
			caption := fmt.Sprintf("%s: %s queries a contender", captions[window], queriesText(cells))
			tables = append(tables, newPageTable(caption, cells))
		}
	}
	return tables
}

func newPageTable(caption string, cells []*result.Cell) pageTable {
	t := pageTable{Caption: caption}
	lost := anyDropped(cells)
	for i := range comparisonColumns {
		t.Columns = append(t.Columns, pageColumn{comparisonColumns[i].title, comparisonColumns[i].unit})
	}
	if lost {
		t.Columns = append(t.Columns, pageColumn{"dropped", "queries"})
	}
	for _, cell := range cells {
		t.Rows = append(t.Rows, pageRow{Name: cell.Contender, Bound: isBound(cell)})
	}
	for i := range comparisonColumns {
		marks := columnMarks(cells, comparisonColumns[i].metric)
		for r, cell := range cells {
			t.Rows[r].Cells = append(t.Rows[r].Cells, newPageCell(&comparisonColumns[i], cell, marks[r]))
		}
	}
	for r, cell := range cells {
		if lost {
			t.Rows[r].Cells = append(t.Rows[r].Cells, pageCell{Label: "dropped", Mean: droppedText(cell)})
		}
	}
	return t
}

func newPageCell(c *column, cell *result.Cell, m mark) pageCell {
	mean, interval := c.text(cell.Metrics[c.metric])
	unit := c.unit
	if cell.Metrics[c.metric].Mean == nil {
		unit = ""
	}
	return pageCell{Label: c.title, Unit: unit, Mean: mean, Interval: interval, Best: m == best, Tied: m == tied}
}

// pageClass is the table of one class's promise.
type pageClass struct {
	Name    string
	Promise string
	Rows    []pageClassRow
}

type pageClassRow struct {
	Name         string
	Bound        bool
	Cells        []pageCell
	Kept, Broken bool // the accuracy promise; neither: unknown
}

var classColumns = [...]column{
	{"attainment", "in time", "", "%", 100, 2},
	{"accuracy", "accuracy", "", "%", 100, 2},
	{"slo_met", "SLO met", "", "%", 100, 2},
	{"effective_accuracy", "right and in time", "", "%", 100, 2},
	{"p99_ms", "p99", "", "ms", 1, 0},
}

func pageClasses(s *result.Summary, f *result.Figures) []pageClass {
	var classes []pageClass
	for _, name := range classNames(s) {
		if name == everyClass {
			continue
		}
		class := pageClass{Name: name, Promise: promiseText(f, name)}
		cells := cellsOf(s, name, "all")
		for _, cell := range cells {
			row := pageClassRow{Name: cell.Contender, Bound: isBound(cell)}
			if met := cell.Metrics["accuracy_met"].Mean; met != nil {
				row.Kept, row.Broken = *met == 1, *met != 1
			}
			class.Rows = append(class.Rows, row)
		}
		for i := range classColumns {
			marks := columnMarks(cells, classColumns[i].metric)
			for r, cell := range cells {
				class.Rows[r].Cells = append(class.Rows[r].Cells, newPageCell(&classColumns[i], cell, marks[r]))
			}
		}
		classes = append(classes, class)
	}
	return classes
}

// promiseText states a class's targets.
func promiseText(f *result.Figures, name string) string {
	i := slices.IndexFunc(f.Classes, func(c result.SLO) bool { return c.Name == name })
	if i < 0 {
		return ""
	}
	c := f.Classes[i]
	text := fmt.Sprintf("%s %% of the arrivals; an answer within %s ms", short(c.Share*100), short(c.LatencyMS))
	if c.Accuracy > 0 {
		text += fmt.Sprintf(", right at least %s %% of the time", short(c.Accuracy*100))
	}
	if c.Objective > 0 {
		text += fmt.Sprintf("; objective: %s %% in time", short(c.Objective*100))
	}
	if c.Changes > 0 {
		text += fmt.Sprintf("; the target changes %s during the run", countTimes(c.Changes))
	}
	return text
}

func countTimes(n int) string {
	if n == 1 {
		return "once"
	}
	return strconv.Itoa(n) + " times"
}

func short(f float64) string { return strconv.FormatFloat(f, 'g', 4, 64) }

// pageFront is the table of a technique's points.
type pageFront struct {
	Technique string
	Rows      []pagePoint
}

type pagePoint struct {
	Name, Density, Mean, P99, Accuracy, Calibrated, Speedup string
	Cascade                                                 bool
}

func pageFronts(f *result.Figures) []pageFront {
	var fronts []pageFront
	for _, front := range f.Fronts {
		table := pageFront{Technique: front.Technique}
		for i := range front.Points {
			p := &front.Points[i]
			table.Rows = append(table.Rows, pagePoint{
				Name: p.Name, Cascade: p.Cascade,
				Density:    fixed(p.Density*100, 1),
				Mean:       withHalf(p.MeanUS, p.MeanLo, p.MeanHi, significant(p.MeanUS, 3)),
				P99:        fixed(p.P99US, significant(p.P99US, 3)),
				Accuracy:   fmt.Sprintf("%s (%s to %s)", fixed(p.Accuracy*100, 2), fixed(p.AccuracyLo*100, 2), fixed(p.AccuracyHi*100, 2)),
				Calibrated: fixed(p.Calibrated*100, 2),
				Speedup:    fixed(p.Speedup, 2),
			})
		}
		fronts = append(fronts, table)
	}
	return fronts
}

// shadedListed bounds the intervals that the page lists; all are shaded.
const shadedListed = 4

func shadedTexts(f *result.Figures) []string {
	var texts []string
	for k, i := range f.Shaded {
		if k == shadedListed {
			return append(texts, fmt.Sprintf("%d more intervals", len(f.Shaded)-k))
		}
		if i.Kind == "factor" {
			texts = append(texts, fmt.Sprintf("slow-down that is made up, %s times as long, from %s s to %s s", short(i.Factor), short(i.FromS), short(i.ToS)))
			continue
		}
		if i.Factor > 0 {
			texts = append(texts, fmt.Sprintf("recorded slow-down %s, %s times as long on average, from %s s to %s s", i.Kind, short(i.Factor), short(i.FromS), short(i.ToS)))
			continue
		}
		texts = append(texts, fmt.Sprintf("%s at intensity %s from %s s to %s s", i.Kind, short(i.Degree), short(i.FromS), short(i.ToS)))
	}
	return texts
}

// command is how to run it again.
func command(m *result.Manifest) string {
	if m.Command != "" {
		return m.Command
	}
	if m.Scenario == "" {
		return ""
	}
	return "slosim run " + m.Scenario
}

// machineRows lists what is known of the machine: the run's, then the campaign's.
func machineRows(m *result.Manifest, f *result.Figures) [][2]string {
	var rows [][2]string
	add := func(name, value string) {
		if value != "" && value != "0" {
			rows = append(rows, [2]string{name, value})
		}
	}
	add("CPU", m.CPU)
	add("cores", strconv.Itoa(m.Cores))
	add("kernel variant", m.Kernel)
	add("Go", m.Go)
	add("slosim", m.Version)
	add("commit", m.Commit)
	for _, key := range slices.Sorted(maps.Keys(f.Campaign.Machine)) {
		add("measured on: "+key, f.Campaign.Machine[key])
	}
	return rows
}

// allNotes gathers the caveats of the run, its numbers and its measuring.
func allNotes(m *result.Manifest, s *result.Summary, f *result.Figures) []string {
	var notes []string
	if m.Interrupted {
		notes = append(notes, "The run was interrupted: the numbers are of the replications that had finished.")
	}
	for _, failed := range m.Failed {
		notes = append(notes, "failed: "+failed)
	}
	for _, list := range [][]string{s.Notes, m.Warnings, f.Campaign.Warnings} {
		for _, note := range list {
			if !slices.Contains(notes, note) {
				notes = append(notes, note)
			}
		}
	}
	return notes
}
