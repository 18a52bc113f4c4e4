package scenarios

import (
	"context"
	"fmt"
	"slices"
	"time"

	"slosim/engine/profile"
	"slosim/reports/result"
)

// drySweep checks every cell and says what would run. It measures and writes nothing.
func (a *App) drySweep(ctx context.Context, o SweepOptions) error {
	plan, err := a.draftPlan(o.Template)
	if err != nil {
		return err
	}
	needs, err := a.checkCells(ctx, plan, o)
	if err != nil {
		return err
	}
	p, known, err := a.drySweepProfile(needs.subject, o.Profile)
	if err != nil {
		return err
	}
	d := &SweepDir{app: a, plan: plan, template: o.Template, profile: p}
	var each time.Duration
	if known {
		if err := a.estimate(plan, p); err != nil {
			return err
		}
		if each, err = d.Estimate(ctx, o.Console); err != nil {
			return err
		}
	}
	if o.JSON {
		return result.EncodeJSON(o.Out, dryPlan(plan, each))
	}
	for i := range plan.Axes {
		axis := &plan.Axes[i]
		fmt.Fprintf(o.Out, "axis %s (%s): %d values, %s\n", axis.Name, axis.Key, len(axis.Values), firstAndLast(axis))
	}
	fmt.Fprintf(o.Out, "%d cells, each run with the same draws unless an axis is over the seed\n", plan.Cells)
	if !known {
		_, err := fmt.Fprintln(o.Out, "no profile yet: rates and times are known once it is measured")
		return err
	}
	_, err = fmt.Fprintln(o.Out, d.describeEstimate(each, o.Jobs))
	return err
}

// drySweepProfile returns the given or cached profile; known is false if there is none.
func (a *App) drySweepProfile(s subject, file string) (p measured, known bool, err error) {
	if file != "" {
		p, err = a.givenProfile(s, file)
		return p, err == nil, err
	}
	loaded, err := profile.Load(a.cachePath(s))
	if err != nil {
		return measured{}, false, nil // it would be measured
	}
	return measured{Profile: loaded, hash: loaded.Hash(), origin: "cache"}, true, nil
}

// firstAndLast shortens the list of an axis's labels; of samples it is the least and the greatest.
func firstAndLast(axis *result.SweepAxis) string {
	first, last := 0, len(axis.Labels)-1
	if axis.Group > 0 && len(axis.Numbers) > 0 {
		first, last = slices.Index(axis.Numbers, slices.Min(axis.Numbers)), slices.Index(axis.Numbers, slices.Max(axis.Numbers))
	}
	if first == last {
		return axis.Labels[first]
	}
	return axis.Labels[first] + " to " + axis.Labels[last]
}

// DrySweep is what a dry run says as JSON.
type DrySweep struct {
	Schema      int                `json:"schema"`
	Scenario    string             `json:"scenario"`
	Axes        []result.SweepAxis `json:"axes"`
	Cells       int                `json:"cells"`
	CellRuns    int                `json:"cell_runs"`    // 0: not known without a profile
	CellQueries float64            `json:"cell_queries"` // 0: not known
	CellSeconds float64            `json:"cell_seconds"` // of one core, from a few that were tried; 0: not known
}

func dryPlan(plan *result.SweepPlan, each time.Duration) DrySweep {
	return DrySweep{Schema: result.Schema, Scenario: plan.Scenario, Axes: plan.Axes, Cells: plan.Cells,
		CellRuns: plan.CellRuns, CellQueries: plan.CellQueries, CellSeconds: each.Seconds()}
}
