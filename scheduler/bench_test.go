package scheduler_test

import (
	"fmt"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/workloads"
)

// BenchmarkDecide measures one decision with one idle worker and so many waiting queries.
func BenchmarkDecide(b *testing.B) {
	for _, name := range []string{"full", "aclo", "lcao", "model-switching"} {
		for _, waiting := range []int{1, 64} {
			b.Run(fmt.Sprintf("policy=%s/waiting=%d", name, waiting), func(b *testing.B) {
				policy := mustNew(b, name, nil)
				models := []*profile.Belief{policytest.Belief(false, policytest.Front()...)}
				bind(b, policy, models, 1)
				v := view(models, 1)
				for i := range waiting {
					v.Waiting = append(v.Waiting, scheduler.Waiting{Ref: scheduler.QueryRef(i), Deadline: 30 * time.Millisecond, Accuracy: 0.8})
				}
				plan := &scheduler.Plan{}
				b.ReportAllocs()
				for b.Loop() {
					plan.Reset()
					policy.Decide(v, plan)
				}
			})
		}
	}
}

// view returns a view with idle workers at slow-down 1.
func view(models []*profile.Belief, workers int) *scheduler.View {
	v := scheduler.NewView(models, func(scheduler.QueryRef, int) (float64, bool) { return 0, false })
	for range workers {
		v.Workers = append(v.Workers, scheduler.Worker{Point: -1, Slowdown: 1})
	}
	return v
}

func bind(t testing.TB, policy scheduler.Policy, models []*profile.Belief, workers int) {
	t.Helper()
	classes := []workloads.Class{{Name: "all", Share: 1, Target: workloads.Target{Latency: 5 * time.Millisecond, Accuracy: 0.8}}}
	if binder, ok := policy.(scheduler.Binder); ok {
		if err := binder.Bind(scheduler.Setting{Classes: classes, Models: models, Workers: workers}); err != nil {
			t.Fatal(err)
		}
	}
}
