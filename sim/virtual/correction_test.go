package virtual_test

import (
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
)

// staleRun serves a Poisson stream under lcao. The profile says that the accurate point takes
// 4 ms and the cheap one 1 ms; in truth they take as many times as long. It returns the share
// of queries in time.
func staleRun(t *testing.T, longer float64, correction bool) float64 {
	t.Helper()
	calibrated := newHalf([]time.Duration{1 * ms}, []time.Duration{4 * ms})
	calibrated.Outcomes[0].Right = false // the cheap point is less accurate
	truth := newHalf([]time.Duration{time.Duration(longer * float64(ms))}, []time.Duration{time.Duration(4 * longer * float64(ms))})
	set := newSet(calibrated)
	c := newConfig(set, 1)
	belief, err := profile.NewBelief(set, c.Levels)
	if err != nil {
		t.Fatal(err)
	}
	policy, err := scheduler.Builtin().New("lcao", scheduler.NewParams(nil))
	if err != nil {
		t.Fatal(err)
	}
	c.Belief, c.Truth, c.Policy = belief, &truth, policy
	c.Classes[0].Latency = 9 * ms
	c.Stream = &poisson{key: c.Key, mean: 4 * ms, samples: 4, classes: 1}
	c.Duration = 20 * time.Second
	c.Feedback, c.Correction = sim.Feedback{Granted: true}, correction
	kept, _ := run(t, c)
	met := 0
	for i := range kept {
		if kept[i].Met() {
			met++
		}
	}
	return float64(met) / float64(len(kept))
}

// A profile that is stale by half sinks lcao, which fills the slack with what no longer fits;
// with the correction it does not, and where the profile is right the correction is none.
func TestCorrectionSavesAPolicyFromAStaleProfile(t *testing.T) {
	fresh, same := staleRun(t, 1, false), staleRun(t, 1, true)
	stale, corrected := staleRun(t, 1.5, false), staleRun(t, 1.5, true)
	t.Logf("in time: profile right %.3f, with correction %.3f; stale %.3f, with correction %.3f", fresh, same, stale, corrected)
	if fresh != same {
		t.Errorf("a right profile: want the correction to change nothing, got %.3f and %.3f", fresh, same)
	}
	if corrected < stale+0.02 {
		t.Errorf("a stale profile: want more in time with the correction, got %.3f and %.3f", stale, corrected)
	}
}

func TestCorrectionNeedsFeedback(t *testing.T) {
	c := newConfig(newSet(newHalf([]time.Duration{ms})), 1)
	c.Stream, c.Correction = &listed{at: []time.Duration{0}, samples: 4}, true
	if _, err := virtual.Run(t.Context(), c, nil); err == nil {
		t.Error("want an error without feedback of completions")
	}
}
