package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"slosim/reports/result"
)

// SweepMerge adds up the cells of a sweep, in order of their numbers. What it keeps follows from
// the axes, contenders and replications, and is bounded: its memory does not grow with the number
// of cells.
type SweepMerge struct {
	plan       *result.SweepPlan
	contenders []sweepContender
	numbers    map[string]int
	binnings   []*binning
	axes       []int // with lines

	overall *group
	lines   []map[int]*group    // [axis of axes][bin]
	maps    []map[[2]int]*group // [pair][bins]
	pairs   [][2]int            // of axes
	choices map[string]*choice
	order   []string // of choices
	wins    map[string]*result.SweepWins

	merged  int
	queries int64
	failed  map[string]*result.SweepBroken
	notes   map[string]int
	first   map[string]int // cell that had a note
	crowded bool           // more choices than are kept
}

// choice is a point of the axes of choices.
type choice struct {
	set   map[string]string
	group *group
}

// NewSweepMerge returns the merge of no cells yet.
func NewSweepMerge(plan *result.SweepPlan) *SweepMerge {
	m := &SweepMerge{plan: plan, numbers: map[string]int{}, overall: newGroup(), choices: map[string]*choice{},
		wins: map[string]*result.SweepWins{}, failed: map[string]*result.SweepBroken{}, notes: map[string]int{}, first: map[string]int{}}
	for i := range plan.Axes {
		m.binnings = append(m.binnings, newBinning(&plan.Axes[i]))
	}
	m.axes = varied(plan.Axes)
	for range m.axes {
		m.lines = append(m.lines, map[int]*group{})
	}
	shown := m.axes[:min(mappedAxes, len(m.axes))]
	for i, x := range shown {
		for _, y := range shown[i+1:] {
			m.pairs = append(m.pairs, [2]int{x, y})
			m.maps = append(m.maps, map[[2]int]*group{})
		}
	}
	return m
}

// Add takes a cell by its number, and says who is best in it, in each metric that has a best.
func (m *SweepMerge) Add(number int, cell *result.SweepCell) []result.SweepBest {
	point := m.plan.Point(number)
	m.merged++
	m.queries += cell.Queries
	for _, f := range cell.Failed {
		if m.failed[f.Contender] == nil {
			m.failed[f.Contender] = &result.SweepBroken{Contender: f.Contender, First: number, Why: f.Why}
		}
		m.failed[f.Contender].Cells++
	}
	for _, note := range cell.Notes {
		if m.notes[note] == 0 && len(m.notes) >= mostKept {
			continue
		}
		if m.notes[note]++; m.notes[note] == 1 {
			m.first[note] = number
		}
	}
	s := m.sampleOf(cell)
	m.overall.add(s)
	for i, axis := range m.axes {
		groupAt(m.lines[i], m.binnings[axis].of[point[axis]]).add(s)
	}
	for i, pair := range m.pairs {
		groupAt(m.maps[i], [2]int{m.binnings[pair[0]].of[point[pair[0]]], m.binnings[pair[1]].of[point[pair[1]]]}).add(s)
	}
	m.addChoice(point, s)
	return m.addWins(s)
}

func groupAt[K comparable](groups map[K]*group, key K) *group {
	if groups[key] == nil {
		groups[key] = newGroup()
	}
	return groups[key]
}

// sampleOf works out what groups take of a cell.
func (m *SweepMerge) sampleOf(cell *result.SweepCell) *sweepSample {
	s := &sweepSample{}
	values := map[string]map[string]result.CellValues{}
	for i := range cell.Values {
		if cell.Values[i].Window == "all" {
			values[cell.Values[i].Contender] = cell.Values[i].Metrics
		}
	}
	for i := range cell.Cells {
		c := &cell.Cells[i]
		if c.Class != everyClass || c.Window != "all" {
			continue
		}
		var vs [len(sweepMetrics)][]float64
		var ms [len(sweepMetrics)]result.Metric
		var lucks [len(sweepMetrics)]float64
		for k, name := range sweepMetrics {
			vs[k], ms[k] = values[c.Contender][name], c.Metrics[name]
			lucks[k] = imageHalf(ms[k], vs[k])
		}
		number := m.number(c)
		for other, earlier := range s.contenders {
			s.pairs = append(s.pairs, newSamplePair(c, number, earlier, m.contenders[earlier].name, vs, s.values[other]))
		}
		s.contenders, s.values, s.metrics, s.lucks = append(s.contenders, number), append(s.values, vs), append(s.metrics, ms), append(s.lucks, lucks)
	}
	return s
}

// number is the contender's in the sweep.
func (m *SweepMerge) number(c *result.Cell) int {
	n, ok := m.numbers[c.Contender]
	if !ok {
		n = len(m.contenders)
		m.numbers[c.Contender] = n
		m.contenders = append(m.contenders, sweepContender{c.Contender, c.Technique, c.Policy})
	}
	return n
}

// newSamplePair takes what a cell says of a contender against an earlier one.
func newSamplePair(c *result.Cell, a, b int, other string, x, y [len(sweepMetrics)][]float64) samplePair {
	p := samplePair{a: a, b: b}
	turned := a < b // in an earlier cell they came the other way around
	if turned {
		p.a, p.b = b, a
	}
	for k, name := range sweepMetrics {
		p.against[k] = result.Against{Metric: result.Metric{Missing: result.Few}}
		if d, ok := c.Versus[other+" "+name]; ok {
			p.against[k] = d
			if turned {
				p.against[k] = signed(d, -1)
			}
			if d.Lo != nil && d.Hi != nil && len(x[k]) == len(y[k]) {
				p.lucks[k] = beyond((*d.Hi-*d.Lo)/2, studentT(gains(x[k], y[k])).half)
			}
		}
	}
	return p
}

// gains are those of x over y, replication by replication.
func gains(x, y []float64) []float64 {
	out := make([]float64, len(x))
	for i := range out {
		out[i] = x[i] - y[i]
	}
	return out
}

// addChoice adds to the group of the point's choices.
func (m *SweepMerge) addChoice(point []int, s *sweepSample) {
	set := map[string]string{}
	key := ""
	for i := range m.plan.Axes {
		if m.plan.Axes[i].Choice {
			set[m.plan.Axes[i].Name] = m.plan.Axes[i].Labels[point[i]]
			key += fmt.Sprintf("%d ", point[i])
		}
	}
	if m.choices[key] == nil {
		if len(m.choices) >= mostKept {
			m.crowded = true
			return
		}
		m.choices[key] = &choice{set: set, group: newGroup()}
		m.order = append(m.order, key)
	}
	m.choices[key].group.add(s)
}

// addWins counts who is best in the cell, and says so.
func (m *SweepMerge) addWins(s *sweepSample) (list []result.SweepBest) {
	one := newGroup()
	one.add(s)
	for k := range comparedMetrics {
		for _, contender := range s.contenders {
			if one.averages[contender][k].cells > 0 && !m.contenders[contender].bound() {
				m.win(contender, k).Cells++
			}
		}
		best, ok := one.best(m.contenders, k)
		if ok {
			list = append(list, best)
		}
		if !ok || best.RunnerUp == "" {
			continue
		}
		if len(best.Tied) == 0 {
			m.win(m.numbers[best.Contender], k).Outright++
			continue
		}
		for _, name := range append([]string{best.Contender}, best.Tied...) {
			m.win(m.numbers[name], k).Tied++
		}
	}
	return list
}

func (m *SweepMerge) win(contender, metric int) *result.SweepWins {
	key := fmt.Sprint(contender, " ", metric)
	if m.wins[key] == nil {
		m.wins[key] = &result.SweepWins{Contender: m.contenders[contender].name, Metric: sweepMetrics[metric]}
	}
	return m.wins[key]
}

// Merged returns what the cells say together. Title, digest and nodes are left to the caller.
func (m *SweepMerge) Merged() *result.SweepMerged {
	out := &result.SweepMerged{Schema: result.Schema, Scenario: m.plan.Scenario, Cells: m.plan.Cells, Merged: m.merged,
		Queries: m.queries, Axes: m.plan.Axes}
	out.Overall, _ = m.overall.place(m.contenders)
	for i, axis := range m.axes {
		out.Lines = append(out.Lines, m.line(axis, m.lines[i]))
	}
	for i, pair := range m.pairs {
		out.Maps = append(out.Maps, m.mapOf(pair, m.maps[i]))
	}
	out.Fronts = m.fronts()
	for contender := range m.contenders {
		for k := range comparedMetrics {
			if !m.contenders[contender].bound() {
				out.Wins = append(out.Wins, *m.win(contender, k))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.failed)) {
		out.Failed = append(out.Failed, *m.failed[name])
	}
	out.Notes = m.allNotes()
	return out
}

func (m *SweepMerge) line(axis int, groups map[int]*group) result.SweepLine {
	a := &m.plan.Axes[axis]
	line := result.SweepLine{Axis: a.Name, Unit: a.Unit, Log: a.Log}
	for i, bin := range m.binnings[axis].bins {
		if g := groups[i]; g != nil {
			bin.Averages, bin.Best = g.place(m.contenders)
		}
		line.Bins = append(line.Bins, bin)
	}
	return line
}

func (m *SweepMerge) mapOf(pair [2]int, groups map[[2]int]*group) result.SweepMap {
	x, y := m.binnings[pair[0]], m.binnings[pair[1]]
	out := result.SweepMap{X: x.axis.Name, Y: y.axis.Name, XBins: x.bins, YBins: y.bins}
	for j := range y.bins {
		row := make([]result.SweepPlace, len(x.bins))
		for i := range x.bins {
			if g := groups[[2]int{i, j}]; g != nil {
				row[i].Averages, row[i].Best = g.place(m.contenders)
			}
		}
		out.Cells = append(out.Cells, row)
	}
	return out
}

// fronts are the contenders' choices by attainment and accuracy; those that no other one beats in
// both are marked.
func (m *SweepMerge) fronts() (list []result.SweepFront) {
	for _, key := range m.order {
		c := m.choices[key]
		averages, _ := c.group.place(m.contenders)
		for _, a := range averages {
			if !isClairvoyant(a.Policy) {
				list = append(list, result.SweepFront{Contender: a.Contender, Choice: c.set, Cells: a.Cells, Metrics: a.Metrics})
			}
		}
	}
	for i := range list {
		list[i].Undominated = frontValue(&list[i], "attainment") >= 0 && !slices.ContainsFunc(list, func(b result.SweepFront) bool { return beats(&b, &list[i]) })
	}
	slices.SortStableFunc(list, func(a, b result.SweepFront) int {
		return cmp.Compare(frontValue(&b, "attainment"), frontValue(&a, "attainment"))
	})
	return list
}

func frontValue(f *result.SweepFront, metric string) float64 {
	if mean := f.Metrics[metric].Mean; mean != nil {
		return *mean
	}
	return -1
}

func beats(a, b *result.SweepFront) bool {
	x, y := frontValue(a, "attainment")-frontValue(b, "attainment"), frontValue(a, "accuracy")-frontValue(b, "accuracy")
	return x >= 0 && y >= 0 && (x > 0 || y > 0)
}

// allNotes are the caveats, with how many cells each is of.
func (m *SweepMerge) allNotes() []string {
	notes := []string{}
	if m.merged < m.plan.Cells {
		notes = append(notes, fmt.Sprintf("only %s of %s cells: averages are over those that are there", thousands(int64(m.merged)), thousands(int64(m.plan.Cells))))
	}
	if m.crowded {
		notes = append(notes, fmt.Sprintf("more than %d combinations of choices: the front is of the first ones", mostKept))
	}
	for i := range m.binnings {
		if b := m.binnings[i]; len(b.bins) < len(b.of) {
			notes = append(notes, fmt.Sprintf("%s: its %d values share %d bins", b.axis.Name, len(b.of), len(b.bins)))
		}
	}
	if note := samplesNote(m.plan.Axes); note != "" {
		notes = append(notes, note)
	}
	order := slices.SortedFunc(maps.Keys(m.notes), func(a, b string) int {
		return cmp.Or(cmp.Compare(m.first[a], m.first[b]), cmp.Compare(a, b))
	})
	for _, note := range order {
		if n := m.notes[note]; n < m.merged {
			note = fmt.Sprintf("%s (%s, the first is %d)", note, count(n, "cell"), m.first[note])
		}
		notes = append(notes, note)
	}
	return notes
}
