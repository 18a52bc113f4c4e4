package selfcheck

import (
	"context"
	"hash/fnv"
	"runtime"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
)

// finished counts services that end by an instant.
type finished struct {
	by time.Duration
	n  int
}

// Record implements [sim.Recorder].
func (f *finished) Record(r *sim.Record) {
	if !r.Dropped && r.FinishAt <= f.by {
		f.n++
	}
}

// saturated counts what a worker that always has work finishes. by lies before the end
// of the arrivals.
func (s *station) saturated(ctx context.Context, o Options, by time.Duration) (least, most int, queries uint64, err error) {
	seen := make([]finished, replications)
	queries, err = s.replicate(ctx, o, func(i int, _ *virtual.Config) (sim.Recorder, func(virtual.Stats)) {
		seen[i] = finished{by: by}
		return &seen[i], func(virtual.Stats) {}
	})
	least, most = seen[0].n, seen[0].n
	for _, f := range seen {
		least, most = min(least, f.n), max(most, f.n)
	}
	return least, most, queries, err
}

// slowdown: a saturated worker, slowed twofold for a third of the time, finishes what
// the work that it can do in that time holds. The change of level comes in mid-service.
func slowdown(ctx context.Context, o Options) ([]Line, error) {
	const by = 3 * time.Second
	from, to := time.Second+300*time.Microsecond, 2*time.Second+300*time.Microsecond
	s := station{servers: 1, gap: service / 4, execute: profile.Dist{uint32(service)}, queries: 20_000, latency: by,
		timeline: []virtual.Interval{{From: from, To: to, Factor: 2}}}
	least, most, queries, err := s.saturated(ctx, o, by)
	work := by - (to-from)/2
	return extremes("slow-down x 2 for a third of 3 s: services finished", float64(work/service), least, most, queries), err
}

// stalls: where the core is taken away for half of each period, half of the work is done.
func stalls(ctx context.Context, o Options) ([]Line, error) {
	const by, half = 4 * time.Second, 4 * time.Millisecond
	s := station{servers: 1, gap: service / 4, execute: profile.Dist{uint32(service)}, queries: 20_000, latency: by,
		stalls: [][]profile.Stall{{{Gap: half, Wait: half}}}}
	least, most, queries, err := s.saturated(ctx, o, by)
	return extremes("core taken away every other 4 ms for 4 s: services finished", float64(by/2/service), least, most, queries), err
}

// extremes compares the replication that is farthest off. The first arrival comes a
// little after the start, and the last service may be cut: one or two are missing.
func extremes(name string, theory float64, least, most int, queries uint64) []Line {
	measured := float64(least)
	if float64(most)-theory > theory-measured {
		measured = float64(most)
	}
	return []Line{exact(name, "queries", theory, measured, 2, replications, queries)}
}

// ledger keeps what the laws are about.
type ledger struct {
	inner     scheduler.Policy
	at        time.Duration
	inSystem  int // after the last decision
	integral  time.Duration
	responses time.Duration
	free      time.Duration // when the one worker is free again
	idled     int           // queries that waited although it was
	foundBusy int
	records   map[uint64]int
}

// Decide implements [scheduler.Policy]: it looks at how many queries are in the system,
// which stays so until the next look.
func (l *ledger) Decide(v *scheduler.View, p *scheduler.Plan) {
	l.integral += time.Duration(l.inSystem) * (v.Now - l.at)
	l.at, l.inSystem = v.Now, len(v.Waiting)
	for i := range v.Workers {
		if v.Workers[i].Busy {
			l.inSystem++
		}
	}
	l.inner.Decide(v, p)
}

// Record implements [sim.Recorder]. With one worker and in order of arrival, a query
// starts when it has come and the one before it is gone (Lindley).
func (l *ledger) Record(r *sim.Record) {
	l.records[r.Query.ID]++
	l.responses += r.FinishAt - r.Query.ArriveAt
	if r.StartAt != max(r.Query.ArriveAt, l.free) {
		l.idled++
	}
	if l.free > r.Query.ArriveAt {
		l.foundBusy++
	}
	l.free = r.FinishAt
}

// laws checks those that hold of any station, on M/M/1: Little's, work conservation,
// conservation of queries, and that Poisson arrivals see time averages.
func laws(ctx context.Context, o Options) ([]Line, error) {
	s := station{servers: 1, gap: service * 10 / 7, execute: exponential(service), queries: 150_000}
	ledgers, stats := make([]*ledger, replications), make([]virtual.Stats, replications)
	queries, err := s.replicate(ctx, o, func(i int, cfg *virtual.Config) (sim.Recorder, func(virtual.Stats)) {
		ledgers[i] = &ledger{inner: cfg.Policy, records: map[uint64]int{}}
		cfg.Policy = ledgers[i]
		return ledgers[i], func(got virtual.Stats) { stats[i] = got }
	})
	if err != nil {
		return nil, err
	}
	var integral, responses time.Duration
	idled, lost := 0, 0
	var difference []float64
	saw, was := 0.0, 0.0
	for i, l := range ledgers {
		integral, responses, idled = integral+l.integral, responses+l.responses, idled+l.idled
		lost += unbalanced(l.records, stats[i])
		busy := float64(stats[i].Busy[0]) / float64(s.duration())
		found := float64(l.foundBusy) / float64(stats[i].Arrived)
		saw, was = saw+found/replications, was+busy/replications
		difference = append(difference, found-busy)
	}
	_, half := interval(difference)
	pasta := exact("PASTA: share of arrivals that find the worker busy", "share", was, saw, half, replications, queries)
	return []Line{
		exact("Little: queries in the system, summed over time", "query s", responses.Seconds(), integral.Seconds(), 0, replications, queries),
		exact("work conservation: queries that wait beside an idle worker", "queries", 0, float64(idled), 0, replications, queries),
		exact("conservation: queries lost or doubled", "queries", 0, float64(lost), 0, replications, queries),
		pasta,
	}, nil
}

// unbalanced counts queries that were not recorded exactly once.
func unbalanced(records map[uint64]int, stats virtual.Stats) int {
	wrong := int(stats.Arrived) - len(records)
	for _, n := range records {
		if n != 1 {
			wrong++
		}
	}
	if stats.Arrived != stats.Finished+stats.Dropped {
		wrong++
	}
	return max(wrong, -wrong)
}

// digest hashes all records in their order.
type digest struct {
	sum interface{ Write([]byte) (int, error) }
	row [8 * 4]byte
}

// Record implements [sim.Recorder].
func (d *digest) Record(r *sim.Record) {
	for i, v := range [4]int64{int64(r.Query.ID), int64(r.StartAt), int64(r.FinishAt), int64(r.Queue)} {
		for b := range 8 {
			d.row[8*i+b] = byte(v >> (8 * b))
		}
	}
	_, _ = d.sum.Write(d.row[:]) // a hash never fails
}

// sameBytes runs the same replications on one processor, one after another, and on all of
// them at once.
func sameBytes(ctx context.Context, o Options) ([]Line, error) {
	before := runtime.GOMAXPROCS(1)
	o.Jobs = 1
	alone, _, err := digests(ctx, o)
	runtime.GOMAXPROCS(max(before, 4))
	defer runtime.GOMAXPROCS(before)
	if err != nil {
		return nil, err
	}
	o.Jobs = 8
	together, queries, err := digests(ctx, o)
	differ := 0
	for i := range alone {
		if alone[i] != together[i] {
			differ++
		}
	}
	return []Line{exact("same records for any GOMAXPROCS: replications that differ", "replications", 0, float64(differ), 0, replications, 2*queries)}, err
}

func digests(ctx context.Context, o Options) ([]uint64, uint64, error) {
	s := station{servers: 2, gap: service * 10 / 16, execute: exponential(service), queries: 10_000}
	sums := make([]uint64, replications)
	queries, err := s.replicate(ctx, o, func(i int, _ *virtual.Config) (sim.Recorder, func(virtual.Stats)) {
		h := fnv.New64a()
		return &digest{sum: h}, func(virtual.Stats) { sums[i] = h.Sum64() }
	})
	return sums, queries, err
}
