package reports

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"slosim/reports/result"
)

// Contender is one contender's tallies, one a replication, in any order.
type Contender struct {
	Name      string
	Technique string
	Policy    string
	Tallies   []*Tally
	Batches   *Batches // of a single replication; nil: it has no intervals
}

// Heading is what a summary carries besides numbers.
type Heading struct {
	Title string
	Set   map[string]string // the sweep's axes, empty without a sweep
	Notes []string          // caveats of the run, before those of the statistics

	Bounds []result.Bound // of the techniques, from the profile's truth

	// Stationary says that neither the load nor the machine changes on purpose, so that it
	// can be told whether the warm-up is long enough.
	Stationary bool
}

// windowNames are the values of Cell.Window, in order; pick says which windows
// of a tally each adds up.
var windowNames = [...]string{"all", "quiet", "interference"}

func pick(window string) []int {
	switch window {
	case "quiet":
		return []int{quiet}
	case "interference":
		return []int{interference}
	}
	return []int{quiet, interference}
}

// Summarise turns tallies into the metrics of a run: a cell for each contender,
// class ("all" first) and window. Contenders keep their order, tallies may come
// in any. Doc.go defines the metrics. It fails when there is nothing to
// summarise or the tallies do not belong to one scenario.
func Summarise(heading Heading, contenders []Contender) (result.Summary, error) {
	runs, err := sortRuns(contenders)
	if err != nil {
		return result.Summary{}, err
	}
	s := result.Summary{Schema: result.Schema, Title: heading.Title, Notes: slices.Clone(heading.Notes), Bounds: slices.Clone(heading.Bounds)}
	groups := cellGroups(runs[0].Tallies[0])
	samples := make([][]*cellSample, len(runs)) // [contender][group]
	for i := range runs {
		for _, group := range groups {
			samples[i] = append(samples[i], newCellSample(&runs[i], group))
		}
	}
	pairs, lucks := make([]pairing, len(groups)), make([]*pairLucks, len(groups))
	for g := range groups {
		pairs[g] = newPairing(runs, samples, g)
		lucks[g] = newPairLucks(batched(runs), groups[g], pairs[g])
	}
	for i := range runs {
		first := len(s.Cells)
		for g, group := range groups {
			cell := samples[i][g].cell(&runs[i], group, heading.Set)
			cell.Versus = versus(samples, runs, pairs[g], lucks[g], i, g)
			s.Cells = append(s.Cells, cell)
		}
		addPromises(s.Cells[first:], &runs[i], groups, samples[i])
	}
	s.Notes = append(s.Notes, statisticalNotes(runs, &s)...)
	if heading.Stationary {
		s.Notes = append(s.Notes, warmUpNotes(runs)...)
	}
	return s, nil
}

// sortRuns checks the tallies and sorts each contender's by replication.
func sortRuns(contenders []Contender) ([]Contender, error) {
	if len(contenders) == 0 {
		return nil, errors.New("summary: want at least one contender, got none")
	}
	if len(contenders[0].Tallies) > 0 && slices.Contains(contenders[0].Tallies[0].config.Classes, everyClass) {
		return nil, fmt.Errorf("summary: want class names other than %q, which stands for all of them", everyClass)
	}
	runs := slices.Clone(contenders)
	names := map[string]bool{}
	for i := range runs {
		run := &runs[i]
		if names[run.Name] {
			return nil, fmt.Errorf("summary: contender %q: want different names, got it twice", run.Name)
		}
		names[run.Name] = true
		if len(run.Tallies) == 0 {
			return nil, fmt.Errorf("summary: contender %q: want at least one replication, got none", run.Name)
		}
		run.Tallies = slices.SortedFunc(slices.Values(run.Tallies), func(a, b *Tally) int {
			return cmp.Compare(a.config.Replication, b.config.Replication)
		})
		if err := checkRun(run, runs[0].Tallies[0]); err != nil {
			return nil, err
		}
		if run.Batches != nil && len(run.Tallies) > 1 {
			return nil, fmt.Errorf("summary: contender %q: want batches of a single replication, got %d", run.Name, len(run.Tallies))
		}
	}
	return runs, nil
}

func checkRun(run *Contender, first *Tally) error {
	for i, t := range run.Tallies {
		if !t.sameRun(first) {
			return fmt.Errorf("summary: contender %q: want tallies of one scenario, got another one", run.Name)
		}
		if i > 0 && t.config.Replication == run.Tallies[i-1].config.Replication {
			return fmt.Errorf("summary: contender %q: want one tally a replication, got two of replication %d", run.Name, t.config.Replication)
		}
	}
	return nil
}

// everyClass is the value of Cell.Class for all classes together.
const everyClass = "all"

// cellGroup names a class and window and says which counters they add up.
type cellGroup struct {
	class, window string
	classes       []int
	windows       []int
	broken        []int // classes that do not keep their promise of accuracy, where that is known
}

// cellGroups lists the cells of a contender. Without interference there is one window.
func cellGroups(t *Tally) []cellGroup {
	names := windowNames[:]
	if t.length[interference] == 0 {
		names = names[:1]
	}
	everything := indexes(len(t.config.Classes))
	var groups []cellGroup
	for _, window := range names {
		groups = append(groups, cellGroup{class: everyClass, window: window, classes: everything, windows: pick(window)})
	}
	for c, class := range t.config.Classes {
		for _, window := range names {
			groups = append(groups, cellGroup{class: class, window: window, classes: []int{c}, windows: pick(window)})
		}
	}
	return groups
}

// cell builds the cell of one contender.
func (s *cellSample) cell(run *Contender, group cellGroup, set map[string]string) result.Cell {
	cell := result.Cell{
		Contender: run.Name, Technique: run.Technique, Policy: run.Policy,
		Class: group.class, Window: group.window, Set: maps.Clone(set),
		Replications: len(run.Tallies), Batches: run.Batches.count(), Queries: s.queries, Metrics: map[string]result.Metric{},
	}
	for m, metric := range metrics {
		if metric.single && group.class != everyClass {
			continue
		}
		cell.Metrics[metric.name] = s.metric(m)
	}
	return cell
}

// addPromises fills accuracy_met and slo_met of one contender's cells, which
// need the class's cells together.
func addPromises(cells []result.Cell, run *Contender, groups []cellGroup, samples []*cellSample) {
	for g, group := range groups {
		p := promises{known: true, batches: samples[g].batches}
		for other := range groups {
			if groups[other].window == group.window && len(groups[other].classes) == 1 && group.covers(groups[other]) {
				p.add(groups[other].classes[0], samples[other])
			}
		}
		cells[g].Metrics["accuracy_met"], cells[g].Metrics["slo_met"] = p.metrics(run.Tallies, group)
	}
}

// holds says whether the group adds up one of a tally's windows.
func (g *cellGroup) holds(window int) bool { return slices.Contains(g.windows, window) }

// covers says whether the group adds up the class of another one.
func (g cellGroup) covers(class cellGroup) bool {
	return class.class != everyClass && slices.Contains(g.classes, class.classes[0])
}
