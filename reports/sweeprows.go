package reports

import (
	"math"
	"strings"

	"slosim/reports/result"
)

// SweepRows turns the cells of a sweep into the rows of its tables.
type SweepRows struct {
	plan    *result.SweepPlan
	metrics []string
}

// NewSweepRows returns the rows of a plan's cells.
func NewSweepRows(plan *result.SweepPlan) *SweepRows {
	return &SweepRows{plan, MetricNames()}
}

// axisColumns are those of the axes: the cell's number, and set.AXIS, in its unit where it has one.
func (r *SweepRows) axisColumns() []result.Column {
	columns := []result.Column{{Name: "cell", Kind: result.WholeColumn}}
	for i := range r.plan.Axes {
		a := &r.plan.Axes[i]
		c := result.Column{Name: "set." + a.Name, Kind: result.TextColumn}
		if len(a.Numbers) > 0 {
			c.Kind = result.NumberColumn
		}
		if a.Unit != "" {
			c.Name += "_" + strings.ToLower(a.Unit)
		}
		columns = append(columns, c)
	}
	return columns
}

func (r *SweepRows) axisValues(cell int) []any {
	row := []any{int64(cell)}
	for i, at := range r.plan.Point(cell) {
		if a := &r.plan.Axes[i]; len(a.Numbers) > 0 {
			row = append(row, a.Numbers[at])
		} else {
			row = append(row, a.Labels[at])
		}
	}
	return row
}

func texts(names ...string) []result.Column { return columnsOf(result.TextColumn, names...) }

func columnsOf(kind result.ColumnKind, names ...string) (list []result.Column) {
	for _, name := range names {
		list = append(list, result.Column{Name: name, Kind: kind})
	}
	return list
}

// CellColumns are those of result.SweepTable: as of summary.csv, with the cell's number.
func (r *SweepRows) CellColumns() []result.Column {
	columns := append(r.axisColumns(), texts("contender", "technique", "policy", "class", "window")...)
	columns = append(columns, columnsOf(result.WholeColumn, "replications", "queries")...)
	for _, name := range r.metrics {
		columns = append(columns, columnsOf(result.NumberColumn, name, name+"_lo", name+"_hi")...)
	}
	return columns
}

// Cell returns a cell's rows, a contender, class and window each.
func (r *SweepRows) Cell(number int, cell *result.SweepCell) (rows [][]any) {
	for i := range cell.Cells {
		c := &cell.Cells[i]
		row := append(r.axisValues(number), c.Contender, c.Technique, c.Policy, c.Class, c.Window, int64(c.Replications), c.Queries)
		for _, name := range r.metrics {
			m := c.Metrics[name]
			mean := valueOrNaN(m.Mean)
			if m.Missing == result.Infinite {
				mean = math.Inf(1)
			}
			row = append(row, mean, valueOrNaN(m.Lo), valueOrNaN(m.Hi))
		}
		rows = append(rows, row)
	}
	return rows
}

func valueOrNaN(v *float64) float64 {
	if v == nil {
		return math.NaN()
	}
	return *v
}

// valueMetrics are those of SweepValues.
func valueMetrics() (names []string) {
	for _, m := range metrics {
		if m.better != 0 {
			names = append(names, m.name)
		}
	}
	return names
}

// ReplicationColumns are those of result.ReplicationTable.
func (r *SweepRows) ReplicationColumns() []result.Column {
	columns := append(r.axisColumns(), texts("contender", "window")...)
	columns = append(columns, columnsOf(result.WholeColumn, "replication")...)
	return append(columns, columnsOf(result.NumberColumn, valueMetrics()...)...)
}

// Replications returns a cell's rows, a contender, window and replication each.
func (r *SweepRows) Replications(number int, cell *result.SweepCell) (rows [][]any) {
	for i := range cell.Values {
		v := &cell.Values[i]
		for replication := range v.Metrics["attainment"] {
			row := append(r.axisValues(number), v.Contender, v.Window, int64(replication))
			for _, name := range valueMetrics() {
				x := math.NaN()
				if values := v.Metrics[name]; replication < len(values) {
					x = values[replication]
				}
				row = append(row, x)
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// WinsColumns are those of result.WinsTable.
func (r *SweepRows) WinsColumns() []result.Column {
	columns := append(r.axisColumns(), texts("metric", "best", "runner_up")...)
	columns = append(columns, columnsOf(result.NumberColumn, "difference", "difference_lo", "difference_hi")...)
	return append(columns, texts("tied")...)
}

// Wins returns a cell's rows, a metric each. Those that are tied with the best are parted by "; ".
func (r *SweepRows) Wins(cell int, best []result.SweepBest) (rows [][]any) {
	for _, b := range best {
		rows = append(rows, append(r.axisValues(cell), b.Metric, b.Contender, b.RunnerUp,
			valueOrNaN(b.Difference.Mean), valueOrNaN(b.Difference.Lo), valueOrNaN(b.Difference.Hi), strings.Join(b.Tied, "; ")))
	}
	return rows
}
