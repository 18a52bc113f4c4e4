package scenarios

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"slosim/reports/result"
	"slosim/sim/virtual"
)

// checkCells parses every cell, so that whatever is wrong is known before anything is measured or
// written, lists their files in the plan, and returns what they need measured together.
func (a *App) checkCells(ctx context.Context, plan *result.SweepPlan, o SweepOptions) (*cellNeeds, error) {
	known := a.Known()
	known.CheckArrivals = onceEach(known.CheckArrivals)
	t := &Template{File: o.Template.File, Text: plan.ScenarioText, Sets: plan.Sets}
	needs := &cellNeeds{app: a, seen: map[string]bool{}, files: map[string]bool{}}
	var once sync.Mutex
	check := func(i int) error {
		s, err := t.cell(known, pointSets(plan, i))
		if err != nil {
			return err
		}
		once.Lock()
		defer once.Unlock()
		return needs.add(s)
	}
	first := edges(plan)
	errs := make([]error, plan.Cells)
	for at, err := range virtual.RunAll(ctx, o.Jobs, len(first), func(i int) error { return check(first[i]) }) {
		errs[first[at]] = err
	}
	if err := cellProblems(plan, o.Template, errs); err != nil {
		return nil, err
	}
	o.progress().Start("checking cells", plan.Cells)
	errs = virtual.RunAll(ctx, o.Jobs, plan.Cells, func(i int) error {
		defer o.progress().Add(1)
		return check(i)
	})
	o.progress().Done()
	if err := cellProblems(plan, o.Template, errs); err != nil {
		return nil, err
	}
	for _, path := range sortedKeys(needs.anyFiles()) {
		sum, err := fileHash(path)
		if err != nil {
			return nil, err
		}
		plan.Files = append(plan.Files, result.SweepFile{Path: path, SHA256: sum})
	}
	return needs, nil
}

// manyCells is how many take long enough to check that wrong values should be told before.
const manyCells = 256

// edges lists cells that have every value of every axis, and few others: those in which all axes but
// one have their first value. It is empty where there is not much to gain.
func edges(plan *result.SweepPlan) (cells []int) {
	if plan.Cells <= manyCells {
		return nil
	}
	for i := range plan.Cells {
		off := map[int]bool{}
		for axis, at := range plan.Point(i) {
			if at > 0 {
				off[cmp.Or(plan.Axes[axis].Group, -1-axis)] = true // samples of a group go together
			}
		}
		if len(off) < 2 {
			cells = append(cells, i)
		}
		if len(cells) > plan.Cells/4 {
			return nil
		}
	}
	return cells
}

// atAxis moves a problem of a cell to the line of the axis that makes it.
func atAxis(t *Template, p Problem) Problem {
	for i := range t.Base.Sweep.Axes {
		a, path := &t.Base.Sweep.Axes[i], index("sweep.axis", i)
		if !strings.HasPrefix(p.File, "--set "+shorten(a.Key+"=")) {
			continue
		}
		switch {
		case strings.HasPrefix(p.Want, "a known "): // the key itself is wrong
			path += ".key"
		case a.From != nil:
			path += ".from"
		default:
			path += ".values"
		}
		at := t.Base.at(path)
		p.File, p.Line, p.Key = at.file, at.line, path+": "+p.Key
		return p
	}
	return p
}

// cellProblems makes one error of those of all cells: each problem once, with the first cell that
// has it and the number of the others.
func cellProblems(plan *result.SweepPlan, t *Template, errs []error) error {
	var all Problems
	at, cells := map[Problem]int{}, map[Problem]int{}
	for i, err := range errs {
		var problems Problems
		switch {
		case errors.As(err, &problems):
		case err != nil:
			return cellError(plan, i, err)
		}
		for _, p := range problems {
			key := Problem{Key: p.Key, Want: p.Want}
			if cells[key]++; cells[key] == 1 {
				p = atAxis(t, p)
				p.Got += fmt.Sprintf(" in cell %d", i)
				at[key] = len(all)
				all = append(all, p)
			}
		}
	}
	for key, i := range at {
		if others := cells[key] - 1; others > 0 {
			all[i].Got += fmt.Sprintf(" (and %d more)", others)
		}
	}
	if len(all) > 0 {
		return all.sorted()
	}
	return nil
}
