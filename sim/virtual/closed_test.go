package virtual_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim/virtual"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// closedConfig is a run of one point over a closed arrival process.
func closedConfig(t testing.TB, service profile.Dist, spec workloads.ArrivalSpec) *virtual.Config {
	t.Helper()
	half := newHalf([]time.Duration{0})
	half.Execute[0][0][0] = service
	c := newConfig(newSet(half), 1)
	c.Classes[0].Latency = time.Hour
	c.Duration = spec.Duration
	c.Stream = streamOf(t, spec, c)
	return c
}

// streamOf starts the stream of a configuration's only source.
func streamOf(t testing.TB, spec workloads.ArrivalSpec, c *virtual.Config) *workloads.Stream {
	t.Helper()
	arrivals, err := workloads.NewArrivals(spec, c.Key)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := workloads.NewStream(workloads.StreamSpec{
		Sources: []workloads.Arrivals{arrivals}, Classes: c.Classes, Samples: c.Set.Truth.Samples, Key: c.Key,
	})
	if err != nil {
		t.Fatal(err)
	}
	return stream
}

// window sums up the queries that finished in [from, to): throughput per second and
// mean response time in seconds.
func window(kept keep, from, to time.Duration) (throughput, response float64) {
	n := 0.0
	for i := range kept {
		if r := &kept[i]; r.FinishAt >= from && r.FinishAt < to {
			n++
			response += (r.FinishAt - r.Query.ArriveAt).Seconds()
		}
	}
	return n / (to - from).Seconds(), response / n
}

// TestClosedLoopThroughput: without thinking one worker never idles, so throughput is
// 1/service for any number of clients, and R = N/X.
func TestClosedLoopThroughput(t *testing.T) {
	for name, test := range map[string]struct {
		service   profile.Dist
		clients   int
		tolerance float64
	}{
		"constant, alone":         {constant(ms), 1, 1e-9},
		"constant, 5 clients":     {constant(ms), 5, 1e-9},
		"exponential, alone":      {exponentialDist(20000, ms), 1, 0.02},
		"exponential, 20 clients": {exponentialDist(20000, ms), 20, 0.02},
	} {
		c := closedConfig(t, test.service, workloads.ArrivalSpec{Kind: "closed", Clients: test.clients, Duration: 30 * time.Second})
		kept, stats := run(t, c)
		from, to := time.Second, c.Duration
		x, r := window(kept, from, to)
		mean, _ := moments(test.service)
		if want := 1e9 / mean; math.Abs(x-want) > test.tolerance*want {
			t.Errorf("%s: throughput: want %v, got %v", name, want, x)
		}
		if n := float64(test.clients); math.Abs(r*x-n) > 0.001*n {
			t.Errorf("%s: want N = R X = %v, got %v", name, n, r*x)
		}
		if busy := stats.Busy[0]; busy != c.Duration {
			t.Errorf("%s: want a worker that is busy for all of %v, got %v", name, c.Duration, busy)
		}
	}
}

// TestInteractiveResponseTimeLaw compares a closed loop whose clients think with mean
// value analysis of the machine-repairman model (exact for exponential service and
// think times), and with the law R = N/X - Z in the measured window.
func TestInteractiveResponseTimeLaw(t *testing.T) {
	const clients, think = 12, 10 * ms
	service := exponentialDist(20000, ms)
	spec := workloads.ArrivalSpec{Kind: "closed", Clients: clients, Think: think, Duration: 100 * time.Second}
	kept, _ := run(t, closedConfig(t, service, spec))
	x, r := window(kept, time.Second, spec.Duration)
	mean, _ := moments(service)
	z, queue, wantX, wantR := think.Seconds(), 0.0, 0.0, 0.0
	for n := 1.0; n <= clients; n++ {
		wantR = mean / 1e9 * (1 + queue)
		wantX = n / (wantR + z)
		queue = wantX * wantR
	}
	if math.Abs(x-wantX) > 0.01*wantX || math.Abs(r-wantR) > 0.03*wantR {
		t.Errorf("mean value analysis: want X = %.1f, R = %.5f, got %.1f and %.5f", wantX, wantR, x, r)
	}
	if law := clients/x - z; math.Abs(law-r) > 0.03*r {
		t.Errorf("R = N/X - Z: want %.5f s, got %.5f", law, r)
	}
	if open := clients / z; x > 0.95*open {
		t.Errorf("want fewer queries than %v/s of clients that never wait, got %v: the test has no power", open, x)
	}
}

// starts lists when queries arrived and finished, in milliseconds.
func starts(kept keep) (arrived, finished []int) {
	for i := range kept {
		arrived = append(arrived, int(kept[i].Query.ArriveAt/ms))
		finished = append(finished, int(kept[i].FinishAt/ms))
	}
	return arrived, finished
}

// TestLoadGenScenarios: MLPerf's scenarios against timelines by hand.
func TestLoadGenScenarios(t *testing.T) {
	for name, test := range map[string]struct {
		spec              workloads.ArrivalSpec
		service           time.Duration
		workers           int
		arrived, finished []int
	}{
		"single stream": {workloads.ArrivalSpec{Kind: "mlperf-single-stream"}, 2 * ms, 1, []int{0, 2, 4, 6, 8}, []int{2, 4, 6, 8, 10}},
		"multi stream, 4 workers": {workloads.ArrivalSpec{Kind: "mlperf-multi-stream"}, 3 * ms, 4,
			[]int{0, 0, 0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6}, []int{3, 3, 3, 3, 6, 6, 6, 6, 9, 9, 9, 9, 12, 12, 12, 12}},
		"multi stream, 3 workers": {workloads.ArrivalSpec{Kind: "mlperf-multi-stream"}, 4 * ms, 3,
			[]int{0, 0, 0, 0, 0, 0, 0, 0}, []int{4, 4, 4, 8, 8, 8, 12, 12}},
		"offline": {workloads.ArrivalSpec{Kind: "mlperf-offline", Queries: 5}, 2 * ms, 2, []int{0, 0, 0, 0, 0}, []int{2, 2, 4, 4, 6}},
	} {
		test.spec.Duration = 10 * ms
		c := closedConfig(t, constant(test.service), test.spec)
		c.Workers = test.workers
		kept, _ := run(t, c)
		if arrived, finished := starts(kept); !slices.Equal(arrived, test.arrived) || !slices.Equal(finished, test.finished) {
			t.Errorf("%s: want arrivals at %v, ends at %v; got %v, %v", name, test.arrived, test.finished, arrived, finished)
		}
	}
}

// TestClosedLoopOutlivesLateQueries: an answer that comes long after its deadline still
// lets the client go on.
func TestClosedLoopOutlivesLateQueries(t *testing.T) {
	c := closedConfig(t, constant(30*ms), workloads.ArrivalSpec{Kind: "mlperf-single-stream", Duration: 100 * ms})
	c.Classes[0].Latency = ms
	kept, _ := run(t, c)
	if arrived, _ := starts(kept); !slices.Equal(arrived, []int{0, 30, 60, 90}) {
		t.Errorf("want arrivals at 0, 30, 60 and 90 ms, got %v", arrived)
	}
}

// TestDroppedQueriesHoldTheirClients: a client whose query is dropped at once waits
// until its deadline, so that a policy that drops everything does not speed time up.
func TestDroppedQueriesHoldTheirClients(t *testing.T) {
	c := closedConfig(t, constant(ms), workloads.ArrivalSpec{Kind: "closed", Clients: 2, Duration: 100 * ms})
	c.Classes[0].Latency = 40 * ms
	c.Policy = decide(func(v *scheduler.View, p *scheduler.Plan) {
		for i := range v.Waiting {
			p.Drop(v.Waiting[i].Ref, scheduler.Late)
		}
	})
	kept, _ := run(t, c)
	if arrived, _ := starts(kept); !slices.Equal(arrived, []int{0, 0, 40, 40, 80, 80}) {
		t.Errorf("want arrivals at 0, 40 and 80 ms, twice each, got %v", arrived)
	}
}

// TestClosedLoopIsTheSameAgain, and another replication is another one; the think time
// of a query depends on the query alone.
func TestClosedLoopIsTheSameAgain(t *testing.T) {
	once := func(replication uint32) keep {
		spec := workloads.ArrivalSpec{Kind: "closed", Clients: 4, Think: 5 * ms, Duration: time.Second}
		c := closedConfig(t, exponentialDist(1000, ms), spec)
		c.Key = rng.Key{Seed: 1, Replication: replication}
		c.Stream = streamOf(t, spec, c)
		kept, _ := run(t, c)
		return kept
	}
	if !slices.Equal(once(0), once(0)) {
		t.Error("want the same records again")
	}
	if slices.Equal(once(0), once(1)) {
		t.Error("want other records in another replication")
	}
}

// TestClosedLoopAllocatesNothingPerQuery is TestRunAllocatesNothingPerQuery for
// arrivals that depend on ends.
func TestClosedLoopAllocatesNothingPerQuery(t *testing.T) {
	allocs := func(duration time.Duration) float64 {
		spec := workloads.ArrivalSpec{Kind: "closed", Clients: 50, Think: 30 * ms, Duration: duration}
		c := closedConfig(t, exponentialDist(1000, ms), spec)
		return testing.AllocsPerRun(1, func() {
			c.Stream = streamOf(t, spec, c)
			var n count
			if _, err := virtual.Run(context.Background(), c, &n); err != nil {
				t.Fatal(err)
			}
		})
	}
	short, long := allocs(2*time.Second), allocs(20*time.Second)
	if perQuery := (long - short) / 18_000; perQuery > 0.001 {
		t.Errorf("allocations a query: want 0, got %v (%v and %v a run)", perQuery, short, long)
	}
}

// TestOpenAndClosedSourcesMix has an open source beside a closed one in one stream: the arrival of the open
// one that is held gives way to an earlier one of the loop.
func TestOpenAndClosedSourcesMix(t *testing.T) {
	c := closedConfig(t, constant(2*ms), workloads.ArrivalSpec{Kind: "mlperf-single-stream", Duration: 20 * ms})
	loop, err := workloads.NewArrivals(workloads.ArrivalSpec{Kind: "mlperf-single-stream", Duration: 20 * ms}, c.Key)
	if err != nil {
		t.Fatal(err)
	}
	open := instants{3 * ms, 13 * ms}
	stream, err := workloads.NewStream(workloads.StreamSpec{Sources: []workloads.Arrivals{loop, &open}, Classes: c.Classes, Samples: 4, Key: c.Key})
	if err != nil {
		t.Fatal(err)
	}
	c.Stream = stream
	kept, _ := run(t, c)
	arrived, _ := starts(kept)
	if want := []int{0, 2, 3, 4, 8, 10, 12, 13, 14, 18}; !slices.Equal(arrived, want) {
		t.Errorf("want arrivals at %v ms, got %v", want, arrived)
	}
}

// instants is an open source given by hand.
type instants []time.Duration

func (s *instants) Next() (time.Duration, bool) {
	if len(*s) == 0 {
		return 0, false
	}
	first := (*s)[0]
	*s = (*s)[1:]
	return first, true
}
