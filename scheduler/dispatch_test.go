package scheduler_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
)

func frontModels() []*profile.Belief {
	return []*profile.Belief{policytest.Belief(false, policytest.Front()...)}
}

func TestDispatchOrder(t *testing.T) {
	v := view(frontModels(), 4)
	v.Workers[0].Slowdown = 3
	v.Workers[1].Busy, v.Workers[1].Probing, v.Workers[1].Running = true, true, 11
	v.Workers[2].Slowdown = 2
	for i := range 5 {
		v.Waiting = append(v.Waiting, scheduler.Waiting{Ref: scheduler.QueryRef(10 + i), Deadline: time.Second, ProbedOn: -1})
	}
	v.Waiting[0].Probed, v.Waiting[0].ProbedOn = true, 2 // goes back to its worker
	v.Waiting[2].Deadline = 0                            // expired
	got := decideOnce(mustNew(t, "always-fastest", nil), v)
	want := []scheduler.Command{
		{Kind: scheduler.Start, Worker: 2, Query: 10, Why: scheduler.Cheapest},
		{Kind: scheduler.Drop, Query: 12, Why: scheduler.Late},
		{Kind: scheduler.Start, Worker: 3, Query: 13, Why: scheduler.Cheapest}, // 11 is being probed; 3 is the least slowed
		{Kind: scheduler.Start, Worker: 0, Query: 14, Why: scheduler.Cheapest},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestDropRules(t *testing.T) {
	cases := []struct {
		rule  string
		slack time.Duration
		want  scheduler.Kind
	}{
		{"expired", 0, scheduler.Drop}, {"expired", 1, scheduler.Start},
		{"hopeless", 99 * time.Microsecond, scheduler.Drop}, {"hopeless", 101 * time.Microsecond, scheduler.Start},
		{"never", -time.Hour, scheduler.Start},
	}
	for _, c := range cases {
		v := view(frontModels(), 1)
		v.Now = time.Minute
		v.Waiting = []scheduler.Waiting{{Deadline: v.Now + c.slack}}
		got := decideOnce(mustNew(t, "always-fastest", map[string]any{"drop": c.rule}), v)
		if got[0].Kind != c.want {
			t.Errorf("%s with %v left: want %v, got %v", c.rule, c.slack, c.want, got[0].Kind)
		}
	}
}

func TestFixedChoices(t *testing.T) {
	specs := append(cascadeFront(), policytest.Spec{Name: "worse", Density: 1, Accuracy: 0.5, Mean: time.Millisecond})
	models := []*profile.Belief{policytest.Belief(false, specs...)}
	cases := []struct {
		policy, point string
		params        map[string]any
	}{
		{"full", "100%", nil},
		{"fixed", "cascade", map[string]any{"point": "cascade"}},
		{"always-fastest", "10%", nil},
	}
	for _, c := range cases {
		policy := mustNew(t, c.policy, c.params)
		bind(t, policy, models, 1)
		v := view(models, 1)
		v.Waiting = []scheduler.Waiting{{Deadline: time.Second}}
		got := decideOnce(policy, v)[0]
		if name := models[0].Points()[got.Point].Name; name != c.point {
			t.Errorf("%s: want %s, got %s", c.policy, c.point, name)
		}
	}
}

// TestLatencyTargetDoesNotMoveAFixedSchedule: without dropping, a policy that ignores
// deadlines does the same under any target, so attainment grows with the target.
func TestLatencyTargetDoesNotMoveAFixedSchedule(t *testing.T) {
	met := -1
	for _, latency := range []time.Duration{time.Millisecond, 2 * time.Millisecond, 4 * time.Millisecond} {
		w := policytest.Worlds()[2]
		w.Rate = 1000
		w.Classes[0].Latency = latency
		tally, err := w.Drive(mustNew(t, "full", map[string]any{"drop": "never"}))
		if err != nil {
			t.Fatal(err)
		}
		if tally.InTime <= met {
			t.Errorf("target %v: want more than %d in time, got %d", latency, met, tally.InTime)
		}
		met = tally.InTime
	}
}

func TestAdaptationPays(t *testing.T) {
	w := policytest.Worlds()[3]
	w.Rate = 3000 // 2.4 times what the full network can carry
	got := map[string]int{}
	for _, name := range []string{"full", "always-fastest", "model-switching", "lcao", "clairvoyant-greedy"} {
		tally, err := w.Drive(mustNew(t, name, nil))
		if err != nil {
			t.Fatal(err)
		}
		got[name] = tally.RightInTime
	}
	if !(got["full"] < got["always-fastest"] && got["always-fastest"] < got["lcao"] && got["model-switching"] < got["lcao"] && got["lcao"] < got["clairvoyant-greedy"]) {
		t.Errorf("right and in time: want full < always-fastest < lcao < clairvoyant, got %v", got)
	}
}

// Where workers have queues of their own, a query waits for its worker, and another takes it only
// where idle ones steal and its own is busy.
func TestDispatchKeepsToQueues(t *testing.T) {
	models := frontModels()
	for name, c := range map[string]struct {
		busy     int
		stealing bool
		want     int // worker; -1: none
	}{"own": {-1, false, 1}, "busy": {1, false, -1}, "own, stealing": {-1, true, 1}, "stolen": {1, true, 0}} {
		policy := mustNew(t, "full", nil)
		bind(t, policy, models, 2)
		v := view(models, 2)
		v.Stealing = c.stealing
		v.Waiting = []scheduler.Waiting{{Deadline: time.Second, Queue: 2}}
		if c.busy >= 0 {
			v.Workers[c.busy].Busy = true
		}
		got := -1
		for _, command := range decideOnce(policy, v) {
			got = command.Worker
		}
		if got != c.want {
			t.Errorf("%s: want worker %d, got %d", name, c.want, got)
		}
	}
}

// A large query needs as many times as long, and gets a point for that.
func TestLargeQueriesGetCheaperPoints(t *testing.T) {
	models := frontModels()
	policy := mustNew(t, "lcao", nil)
	bind(t, policy, models, 1)
	name := func(left int) string {
		v := view(models, 1)
		v.Waiting = []scheduler.Waiting{{Deadline: 2500 * time.Microsecond, Left: left}}
		return models[0].Points()[decideOnce(policy, v)[0].Point].Name
	}
	for left, want := range map[int]string{1: "100%", 4: "60%", 8: "30%", 16: "10%"} {
		if got := name(left); got != want {
			t.Errorf("%d samples: want %s, got %s", left, want, got)
		}
	}
}
