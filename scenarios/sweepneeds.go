package scenarios

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"slosim/engine"
	"slosim/engine/antagonist"
	"slosim/engine/profile"
	"slosim/reports/result"
	"slosim/workloads"
)

// cellNeeds is what the cells of a sweep need together.
type cellNeeds struct {
	app     *App
	first   *Scenario
	subject subject         // measured once for all cells
	seen    map[string]bool // what has been looked at
	files   map[string]bool // absolute paths
}

// add takes a cell's scenario in.
func (n *cellNeeds) add(s *Scenario) error {
	n.addFiles(s)
	if n.first == nil {
		n.first = s
	}
	if one, other := n.first.Models[0].Network, s.Models[0].Network; one != other {
		return Usagef("model[0].network: want one network in all cells, for one profile travels with a sweep; got %s and %s", one, other)
	}
	key := techniquesKey(s)
	if n.seen[key] { // to open networks takes longer than all else
		n.subject = union(n.subject, subject{
			levels: levelsOf(s), siblings: min(s.Machines[0].Workers, len(antagonist.Cores())) - 1, batches: n.app.batches(s),
		})
		return nil
	}
	n.seen[key] = true
	more, err := n.app.subjectOf(s)
	if err != nil {
		return err
	}
	n.subject = union(n.subject, more)
	return nil
}

// techniquesKey names what decides a scenario's techniques, and whether they fit its machine.
func techniquesKey(s *Scenario) string {
	var b strings.Builder
	for _, t := range techniquesOnce(s) {
		fmt.Fprintln(&b, t.Key())
	}
	fmt.Fprintln(&b, s.Machines[0].Memory)
	return b.String()
}

// levelsOf lists the levels of a scenario's antagonists.
func levelsOf(s *Scenario) (levels []profile.Antagonist) {
	for i := range s.Interference {
		if s.Interference[i].File == "" {
			levels = append(levels, s.Interference[i].Profile())
		}
	}
	return levels
}

// union joins two subjects of one family.
func union(a, b subject) subject {
	if a.techniques == nil {
		return b
	}
	for _, t := range b.techniques {
		if !slices.ContainsFunc(a.techniques, func(one engine.Technique) bool { return one.Name() == t.Name() }) {
			a.techniques = append(a.techniques, t)
		}
	}
	for _, l := range b.levels {
		if !slices.Contains(a.levels, l) {
			a.levels = append(a.levels, l)
		}
	}
	if len(b.batches) > len(a.batches) {
		a.batches = b.batches
	}
	a.siblings = max(a.siblings, b.siblings)
	return a
}

// addFiles notes the files whose bytes decide what a scenario gives.
func (n *cellNeeds) addFiles(s *Scenario) {
	if trace := s.Arrivals.Trace; isFile(trace) {
		n.addFile(trace)
	}
	for i := range s.Interference {
		block := &s.Interference[i]
		if file := block.File; file != "" && !slices.Contains(names(recordingEntries()), file) {
			if !filepath.IsAbs(file) {
				file = filepath.Join(filepath.Dir(s.problem("", "", "").File), file)
			}
			n.addFile(file)
		}
	}
	for i := range s.Contenders {
		c := &s.Contenders[i]
		if path, ok := strings.CutPrefix(c.Policy, scriptRoute); ok {
			n.addFile(from(c.dir, path))
		}
		if command, ok := strings.CutPrefix(c.Policy, processRoute); ok {
			n.addProgram(command, c.dir)
		}
	}
}

// addProgram notes a program, and what of its arguments are files: it may be an interpreter's script.
func (n *cellNeeds) addProgram(command, dir string) {
	for i, word := range strings.Fields(command) {
		if path := from(dir, word); isFile(path) {
			n.addFile(path)
		} else if found, err := exec.LookPath(word); err == nil && i == 0 {
			n.addFile(found)
		}
	}
}

// from returns a path that starts from a folder.
func from(dir, path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

func (n *cellNeeds) addFile(path string) {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	n.files[path] = true
}

func (n *cellNeeds) anyFiles() map[string]any {
	out := map[string]any{}
	for path := range n.files {
		out[path] = nil
	}
	return out
}

// ready makes networks that do not ship.
func (n *cellNeeds) ready(ctx context.Context, o SweepOptions) error {
	var techniques []Technique
	for _, t := range n.subject.techniques {
		techniques = append(techniques, Technique{Name: t.Name()})
	}
	return n.app.ready(ctx, n.subject.family, techniques, o.Console)
}

// onceEach judges arrivals that differ in their amount alone once: the verdict reads the trace, which
// takes longer than all else that is checked in a cell. Whether a trace can give an amount shows with
// a profile only.
func onceEach(judge func(workloads.ArrivalSpec) []Complaint) func(workloads.ArrivalSpec) []Complaint {
	var verdicts sync.Map // of specs
	return func(spec workloads.ArrivalSpec) []Complaint {
		if spec.Load > 0 {
			spec.Load = 1
		}
		if spec.Rate > 0 {
			spec.Rate = 1
		}
		once, _ := verdicts.LoadOrStore(spec, sync.OnceValue(func() []Complaint { return judge(spec) }))
		return once.(func() []Complaint)()
	}
}

// probedCells are how many cells are looked at for the estimate: the first, the last and some between.
const probedCells = 32

// estimate fills in about how many queries and runs a cell has on average. It builds some cells, so that
// what only shows with a profile (a trace that cannot give a load) is known before any cell runs.
func (a *App) estimate(plan *result.SweepPlan, p measured) error {
	t := &Template{File: plan.ScenarioFile, Text: plan.ScenarioText, Sets: plan.Sets}
	known := a.Known()
	n := min(probedCells, plan.Cells)
	runs, queries := 0, 0.0
	for i := range n {
		cell := 0
		if n > 1 {
			cell = i * (plan.Cells - 1) / (n - 1)
		}
		s, err := t.cell(known, pointSets(plan, cell))
		if err != nil {
			return err
		}
		c, err := a.newContest(s, p)
		if err != nil {
			return cellError(plan, cell, err)
		}
		own := s.Replications * len(s.Contenders)
		runs += own
		queries += c.queries() * float64(own)
	}
	plan.CellRuns, plan.CellQueries = runs/n, queries/float64(n)
	return nil
}
