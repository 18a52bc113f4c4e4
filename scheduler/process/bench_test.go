package process_test

import (
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/scheduler/process"
	"slosim/scheduler/script"
)

// headFirst is the policy of testdata/head.star and head.py in Go: the head of the queue on the
// first idle worker.
type headFirst struct{}

func (headFirst) Decide(v *scheduler.View, p *scheduler.Plan) {
	for w := range v.Workers {
		if !v.Workers[w].Busy && len(v.Waiting) > 0 {
			p.Start(w, v.Waiting[0].Ref, 0, scheduler.Unstated)
			return
		}
	}
}

// BenchmarkDecide measures what a decision costs by each route: the same policy, one idle worker.
func BenchmarkDecide(b *testing.B) {
	for _, r := range []struct {
		route string
		make  func(p *scheduler.Params) (scheduler.Policy, error)
	}{
		{"go", func(*scheduler.Params) (scheduler.Policy, error) { return headFirst{}, nil }},
		{"starlark", func(p *scheduler.Params) (scheduler.Policy, error) { return script.New("head.star", "testdata", p) }},
		{"process", func(p *scheduler.Params) (scheduler.Policy, error) {
			return process.New(b.Context(), "python3 head.py", "testdata", p)
		}},
	} {
		b.Run("route="+r.route, func(b *testing.B) {
			policy, err := r.make(scheduler.NewParams(nil))
			if err != nil {
				b.Skip(err) // no Python
			}
			decideOften(b, policy)
		})
	}
}

func decideOften(b *testing.B, policy scheduler.Policy) {
	v := scheduler.NewView([]*profile.Belief{policytest.Belief(false, policytest.Front()...)}, nil)
	v.Workers = []scheduler.Worker{{Point: -1, Slowdown: 1}}
	v.Waiting = []scheduler.Waiting{{Ref: 7, Deadline: 30 * time.Millisecond, Accuracy: 0.8, Left: 1}}
	bind(b, policy, scheduler.Setting{Models: v.Models, Workers: 1})
	plan := &scheduler.Plan{}
	b.ReportAllocs()
	for b.Loop() {
		plan.Reset()
		policy.Decide(v, plan)
	}
	if got := len(plan.Commands()); got != 1 {
		b.Fatalf("want 1 command, got %d", got)
	}
}

func bind(t testing.TB, policy scheduler.Policy, s scheduler.Setting) {
	t.Helper()
	if binder, ok := policy.(scheduler.Binder); ok {
		if err := binder.Bind(s); err != nil {
			t.Fatal(err)
		}
	}
	closeAfter(t, policy)
}
