package script_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/scheduler/script"
	"slosim/workloads"
)

const ms = time.Millisecond

// load makes a policy of a text, which has the name my.star.
func load(t testing.TB, text string, params map[string]any) (scheduler.Policy, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "my.star"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := scheduler.NewParams(params)
	policy, err := script.New("my.star", dir, p)
	return policy, errors.Join(err, p.Err())
}

// mustLoad makes a policy and binds it to two workers.
func mustLoad(t testing.TB, text string, params map[string]any) scheduler.Policy {
	t.Helper()
	policy, err := load(t, text, params)
	if err != nil {
		t.Fatal(err)
	}
	if err := policy.(scheduler.Binder).Bind(setting()); err != nil {
		t.Fatal(err)
	}
	return policy
}

func setting() scheduler.Setting {
	class := workloads.Class{Name: "all", Share: 1, Target: workloads.Target{Latency: 5 * ms, Accuracy: 0.85}}
	class.Changes = []workloads.Change{{At: 9 * ms, Target: workloads.Target{Latency: 7 * ms, Accuracy: 0.5}}}
	return scheduler.Setting{Classes: []workloads.Class{class}, Models: models(), Workers: 2}
}

func models() []*profile.Belief {
	return []*profile.Belief{policytest.Belief(true, policytest.Front()...), policytest.Belief(false, policytest.Front()[:2]...)}
}

// view shows, at 3 s, three queries (7 of model 0, 8 of model 0 and 4 samples, 9 of model 1, which was
// probed on worker 1) and two idle workers, the second slowed down.
func view() *scheduler.View {
	v := scheduler.NewView(models(), func(ref scheduler.QueryRef, point int) (float64, bool) {
		return 0.25 * float64(1+point), ref == 9
	})
	v.Now, v.Arrived = 3*time.Second, 12
	v.Workers = []scheduler.Worker{{Point: -1, Slowdown: 1}, {Point: 2, Slowdown: 1.5}}
	v.Waiting = []scheduler.Waiting{
		{Ref: 7, ArriveAt: 3*time.Second - ms, Deadline: 3*time.Second + 4*ms, Accuracy: 0.85, Left: 1, ProbedOn: -1},
		{Ref: 8, ArriveAt: 3*time.Second - ms, Deadline: 3*time.Second + 4*ms, Accuracy: 0.85, Left: 4, ProbedOn: -1},
		{Ref: 9, Model: 1, ArriveAt: 3 * time.Second, Deadline: 3*time.Second + 5*ms, Accuracy: 0.5, Left: 1, Probed: true, ProbedOn: 1},
	}
	return v
}

// decide asks a policy once; a panic that is no failure passes.
func decide(policy scheduler.Policy, v *scheduler.View) (commands []scheduler.Command, failure error) {
	plan := &scheduler.Plan{}
	defer func() {
		if cause := recover(); cause != nil {
			failure = cause.(*scheduler.Failure)
		}
	}()
	policy.Decide(v, plan)
	return plan.Commands(), nil
}
