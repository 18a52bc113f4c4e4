package scheduler

import (
	"testing"

	"slosim/engine/profile"
)

func TestFullIsTheWholeNetwork(t *testing.T) {
	// Every point touches all nodes; two of them skip work, and the skipping one is luckier.
	set := &profile.Set{Groups: []profile.Group{{Name: "all"}}, Points: []profile.Point{
		{Name: "skips", Density: 1, Ops: 10},
		{Name: "whole", Density: 1, Ops: 30},
		{Name: "cascade", Density: 1.2, Ops: 40, Cascade: true},
	}}
	set.Calibration = profile.Half{Samples: 1, Outcomes: []profile.Outcome{{Right: true}, {}, {Right: true}}}
	for range set.Points {
		set.Calibration.Execute = append(set.Calibration.Execute, [][]profile.Dist{{{100}}})
	}
	belief, err := profile.NewBelief(set, []profile.Level{{Slowdown: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if got := belief.Points()[reference(belief)].Name; got != "whole" {
		t.Errorf("reference: want the whole network, got %q", got)
	}
}
