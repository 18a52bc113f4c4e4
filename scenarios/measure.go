package scenarios

import (
	"context"
	"fmt"
	"slices"

	"slosim/engine/profile"
	"slosim/reports/result"
)

// Measure measures a profile and writes it to o.Out.
func (a *App) Measure(ctx context.Context, o MeasureOptions) error {
	family, err := FindFamily(o.Network)
	if err != nil {
		return err
	}
	if o.Workers > 1 {
		return Usagef("--workers: want 1 (busy siblings are not measured yet), got %d", o.Workers)
	}
	if o.Out == "" {
		return Usagef("-o: want a file for the profile, got none")
	}
	if err := writable("-o", o.Out); err != nil {
		return err
	}
	if err := a.ready(ctx, family, o.Techniques, o.Console); err != nil {
		return err
	}
	s := subject{family: family, seed: uint64(o.Seed)}
	if s.techniques, err = a.techniques(family, o.Techniques); err != nil {
		return err
	}
	for i := range o.Antagonists {
		if l := o.Antagonists[i].Profile(); !slices.Contains(s.levels, l) {
			s.levels = append(s.levels, l)
		}
	}
	m, err := a.measure(ctx, s, o.progress())
	if err != nil {
		return err
	}
	if err := m.Save(o.Out); err != nil {
		return err
	}
	return printProfile(o, m.Profile)
}

// printProfile prints what was measured, one line a point.
func printProfile(o MeasureOptions, p *profile.Profile) error {
	if o.JSON {
		return result.EncodeJSON(o.Console.Out, struct {
			Schema   int             `json:"schema"`
			Profile  string          `json:"profile"` // the file
			Fronts   []result.Front  `json:"fronts"`
			Campaign result.Campaign `json:"campaign"`
		}{result.Schema, o.Out, fronts(p), campaign(p)})
	}
	for _, warning := range p.Campaign.Warnings {
		fmt.Fprintln(o.Err, "warning:", warning)
	}
	for _, front := range fronts(p) {
		fmt.Fprintf(o.Console.Out, "%s\n", front.Technique)
		for _, point := range front.Points {
			fmt.Fprintf(o.Console.Out, "  %-44s mean %8.2f ± %.2f us  p99 %8.2f us  %5.2fx  accuracy %.2f %%  density %.1f %%\n",
				point.Name, point.MeanUS, point.MeanHi-point.MeanUS, point.P99US, point.Speedup, 100*point.Accuracy, 100*point.Density)
		}
	}
	for _, level := range campaign(p).Levels {
		fmt.Fprintf(o.Console.Out, "level %s: slow-down %.2f, kept %d, discarded %d, antagonist's share %.2f, stalls %d (median %.1f ms)\n",
			level.Name, level.Slowdown, level.Kept, level.Discarded, level.Share, level.Stalls, level.StallMS)
	}
	fmt.Fprintf(o.Console.Out, "profile: %s\n", o.Out)
	return nil
}
