package workloads

import (
	"slices"
	"testing"
	"time"

	"slosim/workloads/rng"
)

// loops is one spec of every kind without a rate.
func loops() map[string]ArrivalSpec {
	return map[string]ArrivalSpec{
		"closed":               {Kind: "closed", Clients: 5, Think: 20 * time.Millisecond, Duration: time.Second},
		"closed, no think":     {Kind: "closed", Clients: 2, Duration: time.Second},
		"mlperf-single-stream": {Kind: "mlperf-single-stream", Duration: time.Second},
		"mlperf-multi-stream":  {Kind: "mlperf-multi-stream", Duration: time.Second},
		"mlperf-offline":       {Kind: "mlperf-offline", Queries: 7, Duration: time.Second},
	}
}

func TestLoopsAreValidAndStateTheirCaveat(t *testing.T) {
	for name, spec := range loops() {
		if wrong := spec.Validate(); len(wrong) > 0 {
			t.Errorf("%s: want no error, got %v", name, wrong)
		}
		process := newProcess(t, spec)
		if process.Caveat() == "" || HasRate(spec.Kind) || AboutKind(spec.Kind) == "" {
			t.Errorf("%s: want a caveat, no rate and a line about it", name)
		}
		if _, closed := process.Start(rng.Key{}).(Closed); closed != (spec.Kind != "mlperf-offline") {
			t.Errorf("%s: closed loop: got %v", name, closed)
		}
	}
	if AboutKind("nobody") != "" || newProcess(t, loops()["mlperf-offline"]).Rate() != 7 {
		t.Error("want nothing about an unknown kind, and the rate of a count over the run")
	}
}

// TestLoopWaitsForItsQueries: while every client waits there is no next query; each end
// brings one, a think time later, and none at or after the run's end.
func TestLoopWaitsForItsQueries(t *testing.T) {
	spec := loops()["closed"]
	l := newProcess(t, spec).Start(rng.Key{Seed: 1}).(Closed)
	first := drain(l)
	if len(first) != spec.Clients || !slices.IsSorted(first) || first[0] == first[1] {
		t.Fatalf("want %d first queries, a think time after the start each, got %v", spec.Clients, first)
	}
	now := first[len(first)-1]
	sum, ends := time.Duration(0), 0
	for id := uint64(0); ; id++ {
		if _, ok := l.Peek(); ok {
			t.Fatal("want no arrival while every client waits")
		}
		l.Done(id, now)
		at, ok := l.Peek()
		if !ok {
			break
		}
		if taken, _ := l.Next(); taken != at || at < now {
			t.Fatalf("want the arrival that Peek showed, not before %v: got %v and %v", now, at, taken)
		}
		sum, now, ends = sum+at-now, at, ends+1
	}
	if mean := sum / time.Duration(ends); mean < spec.Think/2 || mean > 2*spec.Think {
		t.Errorf("want think times of about %v, got %v over %d", spec.Think, mean, ends)
	}
}

// TestLoopIsAHeap: whatever the order of ends, Next yields what is due, in order.
func TestLoopIsAHeap(t *testing.T) {
	l := newProcess(t, ArrivalSpec{Kind: "closed", Clients: 100, Duration: time.Hour}).Start(rng.Key{}).(Closed)
	drain(l)
	for i := range 100 {
		l.Done(uint64(i), time.Duration(i*37%100))
	}
	for want, at := range drain(l) {
		if at != time.Duration(want) {
			t.Fatalf("arrival %d: got %v", want, at)
		}
	}
}

// TestMultiStreamWaitsForAllEight: the ninth query comes when the eighth has ended.
func TestMultiStreamWaitsForAllEight(t *testing.T) {
	l := newProcess(t, loops()["mlperf-multi-stream"]).Start(rng.Key{}).(Closed)
	for round := range 3 {
		now := time.Duration(round) * 10
		if got := drain(l); len(got) != 8 || got[0] != now || got[7] != now {
			t.Fatalf("round %d: want 8 arrivals at %v, got %v", round, now, got)
		}
		for i := range 8 {
			if _, ok := l.Peek(); ok {
				t.Fatalf("round %d: want no arrival after %d ends", round, i)
			}
			l.Done(uint64(i), now+10)
		}
	}
}
