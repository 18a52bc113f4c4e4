package scenarios

import (
	"context"
	"math"
	"strings"

	"slosim/engine/measure"
	"slosim/reports"
)

// headline finds what slo-nn gains over a network. The point is chosen among all slo-nn
// techniques as within each: by times and losses on calibration samples.
func (a *App) headline(ctx context.Context, c *compared, o TradeoffOptions) (reports.HeadlineRow, error) {
	first := &c.trades[0]
	row := reports.HeadlineRow{Network: c.family.Name, Tried: len(c.trades), Accuracy: first.truth.set.Truth.Accuracy(first.truth.point)}
	_, row.Made = c.family.source.(syntheticSource)
	var speedups, losses []float64
	var chosen reports.TradeoffRow
	for i := range c.trades {
		t := &c.trades[i]
		set, point := t.chooseAny(o)
		if set < 0 {
			continue
		}
		r := t.row(&t.Sets[set], point)
		if speedups, losses = append(speedups, r.Speedup), append(losses, r.TestLoss); len(speedups) == 1 {
			chosen = r
			row.Technique, row.Point, row.Wide = r.Technique, r.Point, r.Wide
			if err := a.measureChosen(ctx, c.family, t, set, point, &row); err != nil {
				return row, err
			}
		}
	}
	var err error
	if row.Outputs, err = a.outputsOf(c.family, first); err != nil || len(speedups) == 0 {
		return row, err
	}
	row.Seeds = len(speedups)
	if row.Speedup, row.SpeedupLo, row.SpeedupHi = chosen.Speedup, chosen.SpeedupLo, chosen.SpeedupHi; row.Seeds > 1 {
		row.Speedup, row.SpeedupLo, row.SpeedupHi = reports.StudentT(speedups)
	}
	if row.Loss, row.LossLo, row.LossHi = chosen.TestLoss, chosen.TestLossLo, chosen.TestLossHi; row.Seeds > 1 {
		row.Loss, row.LossLo, row.LossHi = reports.StudentT(losses)
	}
	return row, nil
}

// chooseAny returns the fastest point of all slo-nn techniques, by calibration, -1 if none
// is within the losses.
func (t *trade) chooseAny(o TradeoffOptions) (set, point int) {
	set, fastest := -1, math.Inf(1)
	for i := range t.Sets {
		s := &t.Sets[i]
		if !strings.HasPrefix(s.Technique, "slo-nn") {
			continue
		}
		keeps := func(point int) bool { return t.keepsFive(s, point, o.Loss5) }
		if chosen := t.chooseAmong(s, o.Loss, o.Margin, keeps); chosen >= 0 {
			if mean := serviceOf(s, &s.Calibration, chosen).mean; mean < fastest {
				set, point, fastest = i, chosen, mean
			}
		}
	}
	return set, point
}

// outputsOf returns how many outputs a family's networks have.
func (a *App) outputsOf(family Family, t *trade) (int, error) {
	if family.Sparse {
		return int(t.wide[0].outputs), nil
	}
	net, err := a.Source.Open(family.Reference)
	if err != nil {
		return 0, err
	}
	return net.Outputs(), nil
}

// measureChosen measures what a campaign does not of the chosen point.
func (a *App) measureChosen(ctx context.Context, family Family, t *trade, set, point int, row *reports.HeadlineRow) error {
	if !family.Sparse {
		return nil
	}
	dense, _, _, err := a.reference(family)
	if err != nil {
		return err
	}
	if r, ok := measure.OverBare(ctx, unnamed(t.built[set]), point, t.test); ok {
		row.Bare, row.BareLo, row.BareHi = r.Value, r.Lo, r.Hi
	}
	cold := measure.Cold(ctx, dense, t.built[set], point, t.test)
	row.Cold, row.ColdLo, row.ColdHi = cold.Value, cold.Lo, cold.Hi
	return ctx.Err()
}
