package scheduler_test

import (
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/scheduler/policytest"
	"slosim/workloads"
)

// target returns a class with its targets.
func target(share float64, latency time.Duration, accuracy float64) workloads.Class {
	return workloads.Class{Share: share, Target: workloads.Target{Latency: latency, Accuracy: accuracy}}
}

// batchedModels are the front's with batches whose further samples cost a fifth of the first.
func batchedModels() []*profile.Belief {
	return []*profile.Belief{policytest.BatchedBelief(0.2, false, policytest.Front()...)}
}

// drive returns what became of a world under a policy.
func drive(t *testing.T, w policytest.World, name string, params map[string]any) policytest.Tally {
	t.Helper()
	tally, err := w.Drive(mustNew(t, name, params))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return tally
}

// meanAccuracy is that of the points at which queries started.
func meanAccuracy(model *profile.Belief, tally policytest.Tally) float64 {
	sum, n := 0.0, 0
	for _, e := range tally.Log {
		if c := e.Command; c.Kind == scheduler.Start {
			sum += model.Accuracy(c.Point) * float64(max(1, len(c.Batch)))
			n += max(1, len(c.Batch))
		}
	}
	return sum / float64(max(1, n))
}

// TestEDFSavesTightDeadlines: at the same point, the order alone meets more deadlines when classes
// differ, as long as the machine is not overloaded.
func TestEDFSavesTightDeadlines(t *testing.T) {
	w := policytest.World{
		Models: frontModels(), Workers: 1, Rate: 1100, Queries: 2000,
		Classes: []workloads.Class{target(0.5, 2*time.Millisecond, 0.8), target(0.5, 40*time.Millisecond, 0.8)},
	}
	fifo, edf := drive(t, w, "full", nil), drive(t, w, "edf", map[string]any{"point": "full"})
	if edf.InTime < fifo.InTime+w.Queries/10 {
		t.Errorf("in time: want a tenth more than %d of %d, got %d", fifo.InTime, w.Queries, edf.InTime)
	}
}

// TestSJFServesTheSmallFirst: with large queries among small ones, fewer wait behind a large one.
func TestSJFServesTheSmallFirst(t *testing.T) {
	w := policytest.World{
		Models: frontModels(), Workers: 1, Rate: 300, Queries: 1000, Sizes: []int{1, 1, 1, 10},
		Classes: []workloads.Class{target(1, 12*time.Millisecond, 0.8)},
	}
	fifo, sjf := drive(t, w, "full", nil), drive(t, w, "sjf", map[string]any{"point": "full"})
	if sjf.InTime < fifo.InTime+w.Queries/20 {
		t.Errorf("in time: want a twentieth more than %d of %d, got %d", fifo.InTime, w.Queries, sjf.InTime)
	}
}

func TestSJFKeysByExpectedTime(t *testing.T) {
	policy := mustNew(t, "sjf", nil)
	setting := scheduler.Setting{
		Models: frontModels(), Workers: 1,
		Classes: []workloads.Class{target(0.5, time.Second, 0.6), target(0.5, time.Second, 0.9)},
	}
	if err := policy.(scheduler.Binder).Bind(setting); err != nil {
		t.Fatal(err)
	}
	key := func(class, size uint16) time.Duration {
		return time.Duration(policy.(scheduler.Keyer).Key(&workloads.Query{Class: class, Size: size}, 0))
	}
	for _, c := range []struct {
		class, size uint16
		want        time.Duration
	}{{0, 1, 100 * time.Microsecond}, {1, 1, 800 * time.Microsecond}, {0, 10, time.Millisecond}} {
		if got := key(c.class, c.size); got < c.want*99/100 || got > c.want*101/100 {
			t.Errorf("class %d, size %d: want %v, got %v", c.class, c.size, c.want, got)
		}
	}
}

func TestPointRulesRefuseUnknownPoints(t *testing.T) {
	for _, name := range []string{"edf", "sjf", "clockwork", "clipper", "nexus-early-drop", "deeprecsys"} {
		policy := mustNew(t, name, map[string]any{"point": "61%"})
		if err := policy.(scheduler.Binder).Bind(scheduler.Setting{Models: frontModels(), Workers: 1}); err == nil {
			t.Errorf("%s: want an unknown point refused, got no error", name)
		}
	}
}

func TestBatchersTellHowLargeBatchesGet(t *testing.T) {
	for _, name := range []string{"clipper", "clockwork", "nexus-early-drop", "infaas", "orloj", "proteus", "deeprecsys"} {
		batcher, ok := mustNew(t, name, map[string]any{"batch": 5}).(scheduler.Batcher)
		if !ok || batcher.MaxBatch() != 5 {
			t.Errorf("%s: want batches of 5, got %v", name, ok)
		}
		w := policytest.World{Models: batchedModels(), Workers: 2, Rate: 60000, Queries: 1000, Classes: []workloads.Class{target(1, 20*time.Millisecond, 0.7)}}
		largest := 0
		for _, e := range drive(t, w, name, map[string]any{"batch": 5}).Log {
			largest = max(largest, len(e.Command.Batch))
		}
		if want := 5; name != "deeprecsys" && largest != want { // it splits, and joins nothing
			t.Errorf("%s: want batches of up to %d, got %d", name, want, largest)
		}
	}
	for _, name := range []string{"full", "lcao", "chameleon", "videostorm"} {
		if _, ok := mustNew(t, name, nil).(scheduler.Batcher); ok {
			t.Errorf("%s: want no batches", name)
		}
	}
}
