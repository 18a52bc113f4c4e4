package selfcheck

import (
	"context"
	"math"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// replications of a check.
const replications = 20

// service is the mean service time of the stations.
const service = time.Millisecond

// station is a queue that theory knows.
type station struct {
	servers           int
	gap               time.Duration // mean, of Poisson arrivals
	execute, activate profile.Dist  // activate may be nil
	policy            func() scheduler.Policy
	queries           int // a replication, about
	latency           time.Duration
	timeline          []virtual.Interval
	stalls            [][]profile.Stall
}

// config returns one replication of the station.
func (s *station) config(seed uint64, replication int) *virtual.Config {
	key := rng.Key{Seed: seed, Replication: uint32(replication)}
	policy := scheduler.Policy(inOrder{})
	if s.policy != nil {
		policy = s.policy()
	}
	latency := s.latency
	if latency == 0 {
		latency = 1000 * time.Hour // nobody is late
	}
	return &virtual.Config{
		Set: s.set(), Levels: []profile.Level{{Slowdown: 1}}, Stalls: s.stalls, Timeline: s.timeline, Workers: s.servers, Policy: policy, Key: key,
		Classes:  []workloads.Class{{Name: "all", Share: 1, Target: workloads.Target{Latency: latency}}},
		Stream:   &poisson{draws: key.Draws(rng.Arrival), mean: float64(s.gap)},
		Duration: s.duration(),
	}
}

// duration is that of a replication.
func (s *station) duration() time.Duration { return time.Duration(s.queries) * s.gap }

// set returns a technique of one point.
func (s *station) set() *profile.Set {
	half := profile.Half{Samples: 1, Outcomes: []profile.Outcome{{Right: true}}}
	half.Execute = [][][]profile.Dist{{{s.execute}}}
	if s.activate != nil {
		half.Activate = []profile.Dist{s.activate}
	}
	return &profile.Set{
		Technique: "selfcheck", Groups: []profile.Group{{Name: "all"}}, Points: []profile.Point{{Name: "only"}},
		Activates: s.activate != nil, Calibration: half, Truth: half,
	}
}

// replicate runs all replications, each with a recorder of its own, and returns the
// number of queries. A function that watch returns is called with what the run did.
func (s *station) replicate(ctx context.Context, o Options, watch func(i int, cfg *virtual.Config) (sim.Recorder, func(virtual.Stats))) (uint64, error) {
	arrived := make([]uint64, replications)
	errs := virtual.RunAll(ctx, o.Jobs, replications, func(i int) error {
		cfg := s.config(o.Seed, i)
		recorder, done := watch(i, cfg)
		stats, err := o.Engine(ctx, cfg, recorder)
		if err == nil {
			done(stats)
		}
		arrived[i] = stats.Arrived
		return err
	})
	total := uint64(0)
	for i, err := range errs {
		if err != nil {
			return 0, err
		}
		total += arrived[i]
	}
	return total, nil
}

// poisson is an endless stream of one class.
type poisson struct {
	draws rng.Draws
	mean  float64 // nanoseconds between arrivals
	now   time.Duration
	id    uint64
}

// Next implements [virtual.Stream].
func (p *poisson) Next(q *workloads.Query) bool {
	p.now += time.Duration(-p.mean * math.Log1p(-p.draws.Float(p.id)))
	*q = workloads.Query{ID: p.id, ArriveAt: p.now, Size: 1}
	p.id++
	return true
}

// inOrder serves first come, first served, and nothing waits while a worker idles.
type inOrder struct{}

// Decide implements [scheduler.Policy].
func (inOrder) Decide(v *scheduler.View, p *scheduler.Plan) {
	next := 0
	for i := range v.Workers {
		if !v.Workers[i].Busy && next < len(v.Waiting) {
			p.Start(i, v.Waiting[next].Ref, 0, scheduler.Fixed)
			next++
		}
	}
}

// turnAway drops what finds every worker busy: a loss system.
type turnAway struct{}

// Decide implements [scheduler.Policy].
func (turnAway) Decide(v *scheduler.View, p *scheduler.Plan) {
	inOrder{}.Decide(v, p)
	for _, q := range v.Waiting[len(p.Commands()):] {
		p.Drop(q.Ref, scheduler.Late)
	}
}

// tableSize is how many quantiles a table of service times has. The mean of a
// tabulated exponential is then right to 1 in 100,000.
const tableSize = 1 << 16

// exponential tabulates the exponential distribution at the middles of equal shares.
func exponential(mean time.Duration) profile.Dist {
	d := make(profile.Dist, tableSize)
	for i := range d {
		d[i] = uint32(-math.Log1p(-(float64(i)+0.5)/tableSize) * float64(mean))
	}
	return d
}

// moments returns the first two moments of what a table stands for, a piecewise linear
// quantile function.
func moments(d profile.Dist) (first, second float64) {
	if len(d) == 1 {
		return float64(d[0]), float64(d[0]) * float64(d[0])
	}
	n := float64(len(d) - 1)
	for i := range len(d) - 1 {
		a, b := float64(d[i]), float64(d[i+1])
		first += (a + b) / 2 / n
		second += (a*a + a*b + b*b) / 3 / n
	}
	return first, second
}
