package reports

import (
	"strings"

	"slosim/reports/result"
)

// SummariseCell fills in a sweep's cell from the tallies of its contenders: the cells of Summarise,
// the notes on them, and the values of each replication.
func SummariseCell(cell *result.SweepCell, heading Heading, contenders []Contender) error {
	summary, err := Summarise(heading, contenders)
	if err != nil {
		return err
	}
	cell.Cells, cell.Notes = summary.Cells, summary.Notes
	order := map[string]int{}
	for i := range contenders {
		order[contenders[i].Name] = i
	}
	for i := range cell.Cells {
		keepEarlier(&cell.Cells[i], order)
	}
	runs, err := sortRuns(contenders)
	if err != nil {
		return err
	}
	for i := range runs {
		for _, group := range cellGroups(runs[0].Tallies[0]) {
			if group.class == everyClass {
				cell.Values = append(cell.Values, replicationValues(&runs[i], group))
			}
		}
	}
	return nil
}

// keepEarlier leaves the differences to contenders that come earlier: the others are the same with
// the other sign, and those of single classes and windows are rarely asked for in a sweep.
func keepEarlier(cell *result.Cell, order map[string]int) {
	if cell.Class != everyClass || cell.Window != "all" {
		cell.Versus = nil
		return
	}
	for key := range cell.Versus {
		other := key[:strings.LastIndexByte(key, ' ')]
		if order[other] >= order[cell.Contender] {
			delete(cell.Versus, key)
		}
	}
}

// replicationValues are the metrics that are better or worse, in each replication.
func replicationValues(run *Contender, group cellGroup) result.SweepValues {
	values := result.SweepValues{Contender: run.Name, Window: group.window, Metrics: map[string]result.CellValues{}}
	for _, m := range metrics {
		if m.better == 0 {
			continue
		}
		series := make(result.CellValues, len(run.Tallies))
		for r, t := range run.Tallies {
			p := t.part(group)
			series[r] = m.value(&p)
		}
		values.Metrics[m.name] = series
	}
	return values
}
