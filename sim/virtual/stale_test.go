package virtual_test

import (
	"math"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/sim"
)

// stale is a run whose truth takes so many times as long as its profile says, with times that
// spread, a cascade and, now and then, a core that is away.
func stale(t *testing.T, policy string, longer float64, stalls []profile.Stall, correction bool) (inTime, right float64) {
	t.Helper()
	specs := append(policytest.Front(), policytest.Spec{Name: "cascade", Density: 0.2, Accuracy: 0.89, Mean: 200 * time.Microsecond, Spread: 0.1, Tail: 9})
	set := policytest.Set([]float64{1}, false, specs...)
	for i := range specs {
		specs[i].Mean = time.Duration(longer * float64(specs[i].Mean))
	}
	truth := policytest.Set([]float64{1}, false, specs...).Truth
	if stalls != nil {
		set.Calibration.Stalls, set.Truth.Stalls, truth.Stalls = [][]profile.Stall{stalls}, [][]profile.Stall{stalls}, [][]profile.Stall{stalls}
	}
	c := newConfig(set, 1)
	belief, err := profile.NewBelief(set, c.Levels)
	if err != nil {
		t.Fatal(err)
	}
	made, err := scheduler.Builtin().New(policy, scheduler.NewParams(nil))
	if err != nil {
		t.Fatal(err)
	}
	c.Belief, c.Truth, c.Policy = belief, &truth, made
	c.Classes[0].Latency = ms // between the dearest point's times in profile and truth
	c.Stream = &poisson{key: c.Key, mean: 2 * ms, samples: 200, classes: 1}
	c.Duration = 20 * time.Second
	c.Feedback, c.Correction = sim.Feedback{Granted: true}, correction
	kept, _ := run(t, c)
	for i := range kept {
		if kept[i].Met() {
			inTime++
			if kept[i].Right {
				right++
			}
		}
	}
	return inTime / float64(len(kept)), right / float64(len(kept))
}

// Policies that trust a profile stale by half lose deadlines; with the correction they get back
// at least half of what they lost, if it is more than noise (stalls make lcao so careful that
// it loses little). Where the profile is right, it changes next to nothing, though
// times spread: not even with a cascade's long tail or stalls.
func TestCorrectionHelpsWhereTheProfileIsStale(t *testing.T) {
	rare := []profile.Stall{{Gap: 50 * ms, Wait: 4 * ms}, {Gap: 71 * ms, Wait: 3 * ms}}
	for _, policy := range []string{"lcao", "slackfit"} {
		for name, stalls := range map[string][]profile.Stall{"whole core": nil, "stalls": rare} {
			fresh, freshRight := stale(t, policy, 1, stalls, false)
			same, sameRight := stale(t, policy, 1, stalls, true)
			lost, _ := stale(t, policy, 1.5, stalls, false)
			regained, _ := stale(t, policy, 1.5, stalls, true)
			t.Logf("%s, %s: in time %.3f, corrected %.3f (right %.3f, %.3f); stale %.3f, corrected %.3f",
				policy, name, fresh, same, freshRight, sameRight, lost, regained)
			if math.Abs(fresh-same) > 0.01 || math.Abs(freshRight-sameRight) > 0.01 {
				t.Errorf("%s, %s: a right profile: want no change, got %.3f in time from %.3f", policy, name, same, fresh)
			}
			if name == "whole core" && lost > fresh-0.1 {
				t.Errorf("%s: want a stale profile to cost deadlines, got %.3f in time from %.3f", policy, lost, fresh)
			}
			if regained < lost+(fresh-lost)/2-0.01 {
				t.Errorf("%s, %s: stale: want at least half of the loss regained, got %.3f of %.3f from %.3f", policy, name, regained, fresh, lost)
			}
		}
	}
}

// Beside a correction nothing of a run changes: the policies that ask no times decide the same.
func TestCorrectionChangesOnlyTimes(t *testing.T) {
	for _, policy := range []string{"full", "aclo", "always-fastest", "alert"} {
		inTime, right := stale(t, policy, 1.5, nil, false)
		if other, otherRight := stale(t, policy, 1.5, nil, true); other != inTime || otherRight != right {
			t.Errorf("%s: want %g and %g, got %g and %g", policy, inTime, right, other, otherRight)
		}
	}
}
