package scenarios

import (
	"context"
	"fmt"

	"slosim/reports/result"
)

// MergeOptions are those of `slosim sweep merge`, and of status.
type MergeOptions struct {
	Console
	Dir           string
	AnyExecutable bool
}

// SweepMerge merges the cells of a sweep's folder.
func (a *App) SweepMerge(ctx context.Context, o MergeOptions) error {
	d, err := a.OpenSweep(o.Dir, true) // no number depends on the program any more
	if err != nil {
		return err
	}
	return d.Merge(ctx, o.Console)
}

// SweepStatus says how many cells of a sweep's folder are done.
func (a *App) SweepStatus(_ context.Context, o MergeOptions) error {
	plan, err := readPlan(o.Dir)
	if err != nil {
		return err
	}
	d := &SweepDir{app: a, dir: o.Dir, plan: plan, store: result.NewSweepStore(o.Dir)}
	state, err := d.scan()
	if err != nil {
		return err
	}
	missing := len(state.todo()) - len(state.corrupt)
	status := result.SweepStatus{
		Schema: result.Schema, Dir: o.Dir, Scenario: plan.Scenario, Cells: plan.Cells,
		Done: plan.Cells - len(state.todo()), Missing: missing, Corrupt: len(state.corrupt),
	}
	if o.JSON {
		return result.EncodeJSON(o.Out, status)
	}
	_, err = fmt.Fprintf(o.Out, "%s: %d of %d cells done, %d missing, %d corrupt\n", o.Dir, status.Done, status.Cells, status.Missing, status.Corrupt)
	return err
}

// Merge makes the results of a sweep from its cells.
func (d *SweepDir) Merge(ctx context.Context, o Console) error {
	return nil
}
