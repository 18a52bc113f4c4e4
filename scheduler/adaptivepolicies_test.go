package scheduler_test

import (
	"testing"
	"time"

	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/workloads"
)

// TestDeepRecSysSplits is the paper's effect: parts of large queries side by side meet deadlines
// that whole ones do not.
func TestDeepRecSysSplits(t *testing.T) {
	w := policytest.World{
		Models: batchedModels(), Workers: 4, Rate: 40, Queries: 600, Sizes: []int{1, 1, 2, 100},
		Classes: []workloads.Class{target(1, 12*time.Millisecond, 0.8)},
	}
	whole := drive(t, w, "deeprecsys", map[string]any{"point": "full", "split": 1024, "least": 1024})
	split := drive(t, w, "deeprecsys", map[string]any{"point": "full"})
	if split.InTime < whole.InTime+w.Queries/10 {
		t.Errorf("in time: want a tenth more than %d of %d, got %d", whole.InTime, w.Queries, split.InTime)
	}
	fits := drive(t, w, "deeprecsys", nil)
	if fits.RightInTime < split.RightInTime {
		t.Errorf("right and in time: want at least %d with the point that fits, got %d", split.RightInTime, fits.RightInTime)
	}
}

// TestChameleonLearns: a point that is right less often than calibrated loses its place at the next
// profile; between full profiles only the top points are tried.
func TestChameleonLearns(t *testing.T) {
	params := map[string]any{"period": "100ms", "top": 2, "trials": 1, "prior": 10, "full": 3}
	policy, v := mustNew(t, "chameleon", params), view(frontModels(), 1)
	bind(t, policy, v.Models, 1) // the target is 0.8, which 30 % meets
	serve := func() (points []string) {
		for range 6 {
			v.Now += time.Millisecond
			v.Waiting = []scheduler.Waiting{{Ref: 1, ArriveAt: v.Now, Deadline: v.Now + time.Second, Accuracy: 0.8, Left: 1}}
			points = append(points, v.Models[0].Points()[decideOnce(policy, v)[0].Point].Name)
		}
		v.Now += 100 * time.Millisecond
		return points
	}
	distinct := func(points []string) int {
		seen := map[string]bool{}
		for _, p := range points {
			seen[p] = true
		}
		return len(seen)
	}
	first := serve()
	if distinct(first) != 4 || first[5] != "30%" {
		t.Errorf("full profile: want all 4 points tried, then 30%%, got %v", first)
	}
	for range 40 {
		policy.(scheduler.Observer).Observe(scheduler.Completion{Point: 1, HasCorrect: true})
	}
	second := serve()
	if distinct(second) > 3 || second[5] != "60%" {
		t.Errorf("after wrong answers: want the top points tried, then 60%%, got %v", second)
	}
}

// TestChameleonLearnsTimes: where a point takes much longer than believed, a cheaper one serves.
func TestChameleonLearnsTimes(t *testing.T) {
	w := policytest.World{
		Models: frontModels(), Workers: 1, Rate: 400, Queries: 2000,
		Classes:  []workloads.Class{target(1, 4*time.Millisecond, 0.9)},
		Slowdown: func(time.Duration) float64 { return 3 },
	}
	slow := drive(t, w, "chameleon", map[string]any{"aware": false})
	w.Slowdown = nil
	quick := drive(t, w, "chameleon", map[string]any{"aware": false})
	if a, b := meanAccuracy(w.Models[0], slow), meanAccuracy(w.Models[0], quick); a > b-0.02 || b < 0.88 {
		t.Errorf("accuracy: want less on the slow machine, got %v and %v", a, b)
	}
	if slow.InTime < w.Queries*8/10 {
		t.Errorf("in time on the slow machine: want most of %d, got %d", w.Queries, slow.InTime)
	}
}

// TestVideoStormTradesQualityForLag: under overload quality gives way and lag does not; with time to
// spare the most accurate points serve.
func TestVideoStormTradesQualityForLag(t *testing.T) {
	w := policytest.World{
		Models: frontModels(), Workers: 2, Rate: 6000, Queries: 3000,
		Classes: []workloads.Class{target(0.5, 10*time.Millisecond, 0.8), target(0.5, 40*time.Millisecond, 0.8)},
	}
	crowded, full := drive(t, w, "videostorm", nil), drive(t, w, "full", nil)
	if crowded.InTime < w.Queries*9/10 || full.InTime > w.Queries/2 {
		t.Errorf("overload, in time: want nearly all of %d, and few at the full network, got %d and %d", w.Queries, crowded.InTime, full.InTime)
	}
	w.Rate = 300
	calm := drive(t, w, "videostorm", nil)
	if a, b := meanAccuracy(w.Models[0], calm), meanAccuracy(w.Models[0], crowded); a < 0.89 || b > a-0.03 {
		t.Errorf("accuracy: want about 0.9 when calm and less when crowded, got %v and %v", a, b)
	}
}

// TestAwarenessHelps: rivals that know of the slow-down meet more deadlines than those that do not.
func TestAwarenessHelps(t *testing.T) {
	w := policytest.World{
		Models: batchedModels(), Workers: 2, Rate: 2500, Queries: 2000,
		Classes:  []workloads.Class{target(1, 6*time.Millisecond, 0.7)},
		Slowdown: func(now time.Duration) float64 { return 1 + 3*float64(now/(100*time.Millisecond)%2) },
	}
	for _, name := range []string{"clockwork", "nexus-early-drop", "orloj", "proteus", "videostorm"} {
		blind, aware := drive(t, w, name, map[string]any{"aware": false}), drive(t, w, name, nil)
		if aware.InTime < blind.InTime {
			t.Errorf("%s: in time: want at least %d with awareness, got %d", name, blind.InTime, aware.InTime)
		}
	}
}
