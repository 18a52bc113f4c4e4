package selfcheck

import (
	"context"
	"math"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
)

// waits adds up how long queries waited, after a tenth of the run to warm up.
type waits struct {
	warmup, beyond time.Duration
	n              int
	sum            float64
	waited, longer int // how many waited at all, and longer than beyond
	dropped        int
}

// Record implements [sim.Recorder].
func (w *waits) Record(r *sim.Record) {
	if r.Query.ArriveAt < w.warmup {
		return
	}
	w.n++
	if r.Dropped {
		w.dropped++
		return
	}
	wait := r.StartAt - r.Query.ArriveAt
	w.sum += float64(wait)
	if wait > 0 {
		w.waited++
	}
	if wait > w.beyond {
		w.longer++
	}
}

// waiting runs a station and returns what each replication saw.
func (s *station) waiting(ctx context.Context, o Options, beyond time.Duration) ([]waits, uint64, error) {
	seen := make([]waits, replications)
	queries, err := s.replicate(ctx, o, func(i int, cfg *virtual.Config) (sim.Recorder, func(virtual.Stats)) {
		seen[i] = waits{warmup: cfg.Duration / 10, beyond: beyond}
		return &seen[i], func(virtual.Stats) {}
	})
	return seen, queries, err
}

// each computes a number of every replication.
func each(seen []waits, number func(w *waits) float64) []float64 {
	values := make([]float64, len(seen))
	for i := range seen {
		values[i] = number(&seen[i])
	}
	return values
}

func meanMS(w *waits) float64 { return w.sum / float64(w.n) / 1e6 }

// meanWait compares the mean waiting time of a single server with Pollaczek and
// Khinchine, W = lambda E[S^2] / 2(1 - rho), which for exponential service is that of M/M/1.
func meanWait(ctx context.Context, o Options, name string, execute, activate profile.Dist) ([]Line, error) {
	s := station{servers: 1, gap: service * 10 / 7, execute: execute, activate: activate, queries: 150_000}
	seen, queries, err := s.waiting(ctx, o, 0)
	if err != nil {
		return nil, err
	}
	mean, second := moments(execute)
	if activate != nil { // independent parts: means and variances add
		m, square := moments(activate)
		variance := second - mean*mean + square - m*m
		mean += m
		second = variance + mean*mean
	}
	rate := 1 / float64(s.gap)
	theory := rate * second / 2 / (1 - rate*mean) / 1e6
	return []Line{compare(name+": mean waiting time", "ms", theory, each(seen, meanMS), queries)}, nil
}

func mm1(ctx context.Context, o Options) ([]Line, error) {
	return meanWait(ctx, o, "M/M/1", exponential(service), nil)
}

func md1(ctx context.Context, o Options) ([]Line, error) {
	return meanWait(ctx, o, "M/D/1", profile.Dist{uint32(service)}, nil)
}

// mg1 has services of two parts, activation and execution, one of them long at times.
func mg1(ctx context.Context, o Options) ([]Line, error) {
	var execute profile.Dist
	for i := range 1000 {
		d := service * 3 / 10
		if i >= 950 { // one in twenty takes thirteen times as long
			d = service * 4
		}
		execute = append(execute, uint32(d))
	}
	return meanWait(ctx, o, "M/G/1", execute, exponential(service/2))
}

// mm4 compares with Erlang's C: the probability of waiting, the mean, and the waiting
// time that one in a hundred exceeds.
func mm4(ctx context.Context, o Options) ([]Line, error) {
	const servers = 4
	s := station{servers: servers, gap: service * 10 / 32, execute: exponential(service), queries: 300_000}
	load := float64(service) / float64(s.gap)
	c := erlangC(servers, load)
	drain := (servers - load) / float64(service) // c mu - lambda, per nanosecond
	p99 := math.Log(c/0.01) / drain
	seen, queries, err := s.waiting(ctx, o, time.Duration(p99))
	if err != nil {
		return nil, err
	}
	share := func(count func(w *waits) int) []float64 {
		return each(seen, func(w *waits) float64 { return float64(count(w)) / float64(w.n) })
	}
	return []Line{
		compare("M/M/4: probability of waiting (Erlang C)", "share", c, share(func(w *waits) int { return w.waited }), queries),
		compare("M/M/4: mean waiting time", "ms", c/drain/1e6, each(seen, meanMS), queries),
		compare("M/M/4: share that waits longer than the 99th percentile", "share", 0.01, share(func(w *waits) int { return w.longer }), queries),
	}, nil
}

// erlangB compares admission that turns queries away when all workers are busy.
func erlangB(ctx context.Context, o Options) ([]Line, error) {
	const servers = 4
	s := station{servers: servers, gap: service / 4, execute: exponential(service), queries: 300_000,
		policy: func() scheduler.Policy { return turnAway{} }}
	seen, queries, err := s.waiting(ctx, o, 0)
	if err != nil {
		return nil, err
	}
	lost := each(seen, func(w *waits) float64 { return float64(w.dropped) / float64(w.n) })
	theory := blocking(servers, float64(service)/float64(s.gap))
	return []Line{compare("M/M/4/4: share turned away (Erlang B)", "share", theory, lost, queries)}, nil
}

// blocking is Erlang's B, by its recursion.
func blocking(servers int, load float64) float64 {
	b := 1.0
	for n := 1; n <= servers; n++ {
		b = load * b / (float64(n) + load*b)
	}
	return b
}

// erlangC is the probability of waiting.
func erlangC(servers int, load float64) float64 {
	b, rho := blocking(servers, load), load/float64(servers)
	return b / (1 - rho*(1-b))
}
