package process_test

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/scheduler/process"
	"slosim/scheduler/script"
	"slosim/workloads"
)

// route makes the same lcao by one of the routes that are no Go type.
type route struct {
	name string
	make func(ctx context.Context, p *scheduler.Params) (scheduler.Policy, error)
}

func routes(t testing.TB) []route {
	all := []route{{"starlark", func(_ context.Context, p *scheduler.Params) (scheduler.Policy, error) {
		return script.New("lcao.star", "../script/testdata", p)
	}}}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Logf("the program in Python is not tested: %v", err)
		return all
	}
	return append(all, route{"python", func(ctx context.Context, p *scheduler.Params) (scheduler.Policy, error) {
		return process.New(ctx, "python3 lcao.py", "testdata", p)
	}})
}

// made makes a policy that the test's end closes.
func (r route) made(t testing.TB, params map[string]any) scheduler.Policy {
	t.Helper()
	p := scheduler.NewParams(params)
	policy, err := r.make(t.Context(), p)
	if err = errors.Join(err, p.Err()); err != nil {
		t.Fatal(err)
	}
	closeAfter(t, policy)
	return policy
}

func closeAfter(t testing.TB, policy scheduler.Policy) {
	t.Helper()
	if closer, ok := policy.(io.Closer); ok {
		t.Cleanup(func() {
			if err := closer.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func builtin(t testing.TB, name string, params map[string]any) scheduler.Policy {
	t.Helper()
	policy, err := scheduler.Builtin().New(name, scheduler.NewParams(params))
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

// TestSameCommands: one policy in three languages gives the same commands with the same reasons.
func TestSameCommands(t *testing.T) {
	for _, params := range []map[string]any{nil, {"quantile": 0.6, "headroom": 0.1}} {
		for _, world := range policytest.Worlds() {
			want := drive(t, world, builtin(t, "lcao", params))
			for _, r := range routes(t) {
				if r.name == "python" && params != nil {
					continue // the same code in less time
				}
				t.Run(world.Name+"/"+r.name, func(t *testing.T) {
					compare(t, want, drive(t, world, r.made(t, params)))
				})
			}
		}
	}
}

// TestSameCommandsOnALongTrace: several workers, models and classes, a queue that grows and
// empties, a slow-down that comes and goes.
func TestSameCommandsOnALongTrace(t *testing.T) {
	for _, r := range routes(t) {
		t.Run(r.name, func(t *testing.T) {
			queries := 20_000
			if r.name == "python" {
				queries = 2_000
			}
			world := longTrace(queries)
			want := drive(t, world, builtin(t, "lcao", nil))
			if dropped := want.Dropped; dropped == 0 || want.InTime < queries/2 {
				t.Fatalf("want a trace with some queries lost, got %d of %d in time, %d dropped", want.InTime, queries, dropped)
			}
			compare(t, want, drive(t, world, r.made(t, nil)))
		})
	}
}

func longTrace(queries int) policytest.World {
	cascade := append(policytest.Front(), policytest.Spec{Name: "cascade", Density: 0.2, Accuracy: 0.89, Mean: 200 * time.Microsecond, Spread: 0.1, Tail: 9})
	class := func(name string, share float64, latency time.Duration) workloads.Class {
		return workloads.Class{Name: name, Share: share, Target: workloads.Target{Latency: latency, Accuracy: 0.8}}
	}
	return policytest.World{
		Models:  []*profile.Belief{policytest.Belief(true, policytest.Front()...), policytest.Belief(false, cascade...)},
		Classes: []workloads.Class{class("tight", 0.4, time.Millisecond), class("loose", 0.6, 8*time.Millisecond)},
		Workers: 3, Rate: 9000, Queries: queries, Seed: 7,
		Slowdown: func(now time.Duration) float64 { return 1 + 2*float64(now/(50*time.Millisecond)%3) },
	}
}

func drive(t *testing.T, w policytest.World, policy scheduler.Policy) policytest.Tally {
	t.Helper()
	tally, err := w.Drive(policy)
	if err != nil {
		t.Fatal(err)
	}
	return tally
}

func compare(t *testing.T, want, got policytest.Tally) {
	t.Helper()
	if len(want.Log) == 0 {
		t.Fatal("want commands to compare, got none")
	}
	for i := range min(len(want.Log), len(got.Log)) {
		if diff := cmp.Diff(want.Log[i], got.Log[i]); diff != "" {
			t.Fatalf("command %d of %d: -lcao +other:\n%s", i, len(want.Log), diff)
		}
	}
	if len(want.Log) != len(got.Log) {
		t.Fatalf("want %d commands, got %d", len(want.Log), len(got.Log))
	}
}
