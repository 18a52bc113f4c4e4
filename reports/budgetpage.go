package reports

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"slosim/reports/result"
)

// pageBudget is the table of the error budget of one class, or of all.
type pageBudget struct {
	Caption string
	Columns []pageColumn
	Rows    []pageBudgetRow
}

type pageBudgetRow struct {
	Name  string
	Bound bool
	Cells []pageCell
	Alert string // the worst that its mean burn rates raise; empty: none
}

// budgetColumns are the columns of a budget's table, in order.
var budgetColumns = [...]column{
	{"budget_spent", "budget spent", "", "%", 100, 1},
	{"burn_1h", "burn rate, 1 h and 5 min", "", "x", 1, 0},
	{"burn_6h", "burn rate, 6 h and 30 min", "", "x", 1, 0},
	{"burn_3d", "burn rate, 3 d and 6 h", "", "x", 1, 0},
}

// disturbedSpent is the part of the budget that went while interference was on.
var disturbedSpent = column{"budget_spent", "of it under interference", "", "%", 100, 1}

// pageBudgets are the tables of all classes together and of each; none of a result without budgets.
func pageBudgets(s *result.Summary) (tables []pageBudget) {
	names := classNames(s)
	for _, class := range names {
		cells := cellsOf(s, class, "all")
		known := func(c *result.Cell) bool { return c.Metrics["budget_spent"].Mean != nil }
		if len(names) == 2 && class == everyClass || !slices.ContainsFunc(cells, known) {
			continue // an only class is all of them
		}
		tables = append(tables, newPageBudget(class, cells, cellsOf(s, class, "interference")))
	}
	return tables
}

func newPageBudget(class string, cells, disturbed []*result.Cell) pageBudget {
	t := pageBudget{Caption: "Class " + class}
	if class == everyClass {
		t.Caption = "All classes, each with its own objective"
	}
	for _, cell := range cells {
		t.Rows = append(t.Rows, pageBudgetRow{Name: cell.Contender, Bound: isBound(cell), Alert: alertText(cell)})
	}
	for i := range budgetColumns {
		t.add(&budgetColumns[i], cells)
		if i == 0 && len(disturbed) == len(cells) {
			t.add(&disturbedSpent, disturbed)
		}
	}
	return t
}

// add adds a column.
func (t *pageBudget) add(c *column, cells []*result.Cell) {
	t.Columns = append(t.Columns, pageColumn{c.title, c.unit})
	marks := columnMarks(cells, c.metric)
	for r, cell := range cells {
		t.Rows[r].Cells = append(t.Rows[r].Cells, newPageCell(c, cell, marks[r]))
	}
}

// alertText says what a contender's mean burn rates raise, the most urgent first.
func alertText(cell *result.Cell) string {
	for _, p := range burnPairs {
		if rate := cell.Metrics[p.metric].Mean; rate != nil && *rate >= p.threshold {
			return fmt.Sprintf("%s: %s of %s is %s or more", p.severity, p.metric, short(*rate), short(p.threshold))
		}
	}
	return ""
}

// pageAlert is a chart of burn rates.
type pageAlert struct{ Metric, Title string }

// pageAlerts lists the charts of burn rates that there are data for.
func pageAlerts(f *result.Figures) (list []pageAlert) {
	for i := range f.Alerts {
		if a := &f.Alerts[i]; slices.ContainsFunc(f.Timeline, func(t result.Timeline) bool { return burnt(&t, a.Metric) }) {
			list = append(list, pageAlert{a.Metric, alertTitle(a)})
		}
	}
	return list
}

// burnt says whether a contender has a burn rate anywhere.
func burnt(t *result.Timeline, metric string) bool {
	return slices.ContainsFunc(t.Burn[metric], func(rate float64) bool { return rate >= 0 })
}

// alertTitle says which windows an alert looks at, by their names in the workbook and as they are here,
// and where it is raised.
func alertTitle(a *result.Alert) string {
	names := map[string]string{"burn_1h": "1 h and 5 min", "burn_6h": "6 h and 30 min", "burn_3d": "3 d and 6 h"}
	return fmt.Sprintf("Burn rate over %s of 30 days (here %.3g s and %.3g s), dashed: %s at %s", names[a.Metric], a.LongS, a.ShortS, a.Severity, short(a.Threshold))
}

// burnPlot draws the burn rate of one pair of windows over time, and where its alert is; nil without one.
func burnPlot(f *result.Figures, a *result.Alert) (*plot.Plot, error) {
	limits := func(_, high float64) (from, to float64) { return 0, max(1.3*a.Threshold, 1.08*high) }
	p, err := contendersPlot(f, alertTitle(a), "burn rate, x", limits, func(t *result.Timeline, i int) float64 {
		if rates := t.Burn[a.Metric]; i < len(rates) {
			return rates[i]
		}
		return -1
	})
	if err != nil || p == nil {
		return nil, err
	}
	line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: a.Threshold}, {X: math.Max(f.Duration, 1e-9), Y: a.Threshold}})
	if err != nil {
		return nil, err
	}
	line.LineStyle = draw.LineStyle{Color: color.Gray{0x30}, Width: vg.Points(0.8), Dashes: []vg.Length{vg.Points(4), vg.Points(3)}}
	p.Add(line) // named in the title: the legend may have no room
	return p, nil
}
