package reports

import (
	"fmt"
	"slices"
	"strings"

	"slosim/reports/result"
)

// manyContenders is how many contenders are still compared one with every other, and
// printed a line each. Beyond it, a factorial is printed as a matrix.
const manyContenders = 24

// matrix lays the contenders of a factorial out: a row a technique, a column a policy.
type matrix struct {
	techniques, policies []string
	at                   map[[2]string]int // index into the cells
}

// newMatrix returns nil unless there are many contenders, no two of them of the same
// technique and policy, that fill at least half of the matrix.
func newMatrix(cells []*result.Cell) *matrix {
	if len(cells) <= manyContenders {
		return nil
	}
	m := &matrix{at: map[[2]string]int{}}
	for i, cell := range cells {
		key := [2]string{cell.Technique, cell.Policy}
		if _, twice := m.at[key]; twice || cell.Technique == "" {
			return nil
		}
		m.at[key] = i
		if !slices.Contains(m.techniques, cell.Technique) {
			m.techniques = append(m.techniques, cell.Technique)
		}
		if !slices.Contains(m.policies, cell.Policy) {
			m.policies = append(m.policies, cell.Policy)
		}
	}
	if 2*len(cells) < len(m.techniques)*len(m.policies) {
		return nil
	}
	return m
}

// matrixColumns are the metrics that are printed as matrices.
var matrixColumns = [...]column{
	{"effective_accuracy", "effective accuracy", "eff. acc.", "%", 100, 2},
	{"attainment", "attainment", "attainment", "%", 100, 2},
	{"mean_density", "density", "density", "%", 100, 1},
}

// write prints one window.
func (m *matrix) write(out *strings.Builder, cells []*result.Cell, options TableOptions) {
	for i := range matrixColumns {
		c := &matrixColumns[i]
		fmt.Fprintf(out, "%s, %s\n", c.title, c.unit)
		var g grid
		g.add(append([]string{"technique"}, m.policies...), nil)
		marks := columnMarks(cells, c.metric)
		for _, technique := range m.techniques {
			row, styles := []string{printable(technique)}, []string{""}
			for _, policy := range m.policies {
				text, style := "", ""
				if at, ok := m.at[[2]string{technique, policy}]; ok {
					text, style = cellText(c, cells[at], marks[at])
				}
				row, styles = append(row, text), append(styles, style)
			}
			if !options.Colour {
				styles = nil
			}
			g.add(row, styles)
		}
		out.WriteString(g.String())
		if i < len(matrixColumns)-1 {
			fmt.Fprintln(out)
		}
	}
}

// pageMatrix is one metric of a factorial in one window, on the page.
type pageMatrix struct {
	Caption  string
	Policies []string
	Rows     []pageRow
}

// pageMatrices returns the matrices of a run with many contenders.
func pageMatrices(s *result.Summary) (list []pageMatrix) {
	captions := [][2]string{{"all", "the whole measured window"}, {"interference", "while interference was on"}}
	for _, window := range captions {
		cells := cellsOf(s, everyClass, window[0])
		if m := newMatrix(cells); m != nil {
			for i := range matrixColumns {
				list = append(list, m.page(&matrixColumns[i], cells, window[1]))
			}
		}
	}
	return list
}

func (m *matrix) page(c *column, cells []*result.Cell, window string) pageMatrix {
	p := pageMatrix{Caption: fmt.Sprintf("%s%s, %s: %s", strings.ToUpper(c.title[:1]), c.title[1:], c.unit, window), Policies: m.policies}
	marks := columnMarks(cells, c.metric)
	for _, technique := range m.techniques {
		row := pageRow{Name: technique}
		for _, policy := range m.policies {
			cell := pageCell{Label: policy, Mean: "–"} // no such contender
			if at, ok := m.at[[2]string{technique, policy}]; ok {
				cell = newPageCell(c, cells[at], marks[at])
				cell.Label, cell.Unit = policy, ""
			}
			row.Cells = append(row.Cells, cell)
		}
		p.Rows = append(p.Rows, row)
	}
	return p
}
