package scenarios

import (
	"context"
	"fmt"
	"slices"
	"time"

	"slosim/engine/antagonist"
	"slosim/engine/measure"
	"slosim/engine/profile"
	"slosim/reports"
	wall "slosim/sim/live"
	"slosim/sim/virtual"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// warmCalls is how many calls of each point precede a run.
const warmCalls = 20

// lookCalls is the number of calls of the dense reference of one look at the machine.
const lookCalls = 300

// schedule lists a repetition's queries until an instant.
func (v *validation) schedule(key rng.Key, until time.Duration) ([]workloads.Query, error) {
	stream, err := v.stream(key)
	if err != nil {
		return nil, err
	}
	var all []workloads.Query
	for q := (workloads.Query{}); stream.Next(&q) && q.ArriveAt < until; {
		all = append(all, q)
	}
	return all, stream.Err()
}

// liveConfig is the wall-clock driver's view of a run.
func (v *validation) liveConfig(entrant int, key rng.Key, until time.Duration, timeline []virtual.Interval) (*wall.Config, error) {
	e, s := &v.entrants[entrant], v.scenario
	policy, err := v.policies.of(context.Background(), &e.Contender)
	if err != nil {
		return nil, err
	}
	queries, err := v.schedule(key, until)
	if err != nil {
		return nil, err
	}
	return &wall.Config{
		Set: e.set, Belief: e.belief, Levels: v.profile.Levels, Timeline: timeline, Antagonists: v.stage,
		Sensor:  s.Sensor.virtual(),
		Classes: v.classes, Queries: queries, Warmup: min(s.Warmup.Std(), until/2), Duration: until,
		Policy: policy, Key: key, OnCPU: antagonist.ThreadTime, Feedback: s.Feedback.granted(), Correction: e.Correction,
	}, nil
}

// live serves a repetition on the wall clock. It returns why the run is void, if it is.
func (v *validation) live(ctx context.Context, entrant, repetition int, key rng.Key) (*reports.Tally, []string, error) {
	restore, err := measure.Seize(v.cpu)
	if err != nil {
		return nil, nil, err
	}
	defer restore()
	cfg, err := v.liveConfig(entrant, key, v.scenario.Duration.Std(), v.timeline)
	if err != nil {
		return nil, nil, err
	}
	reference := v.bench(v.dense)
	recorder := v.recorder(&v.entrants[entrant], repetition)
	before := reference.Look(lookCalls)
	cfg.Runner = v.warmed(&v.entrants[entrant])
	v.stage.Odd()
	stats, err := wall.Run(ctx, cfg, recorder)
	done(cfg.Policy)
	if err != nil {
		return nil, nil, err
	}
	after := reference.Look(lookCalls)
	v.looks = append(v.looks, before, after)
	why := append(v.odd(before, after), v.stage.Odd()...)
	for _, span := range stats.Spans {
		if away := 1 - float64(span.OnCPU)/float64(max(span.Wall, 1)); span.Level == 0 && away > mostAway && span.Wall > 100*time.Millisecond {
			why = append(why, fmt.Sprintf("something else had the worker's core for %.1f %% of %v without an antagonist", 100*away, span.Wall.Round(time.Millisecond)))
		}
	}
	if len(why) == 0 {
		v.late = append(v.late, stats.Lateness...)
		v.service = append(v.service, v.serviceRatio(entrant, stats))
	}
	return recorder.tally, why, nil
}

// expected is what the profile says that a query took, on average, alone.
func (v *validation) expected(entrant int, q wall.Served) float64 {
	truth := &v.entrants[entrant].set.Truth
	at := truth.At(int(q.Point), int(q.Sample))
	sum := float64(truth.Execute[q.Point][0][at.Class].Mean())
	if truth.Activates() && !q.Activated {
		sum += float64(truth.Activate[0].Mean())
	}
	return sum
}

// serviceRatio is the time of the kernels that ran over what the profile says of the same
// samples at the same points.
func (v *validation) serviceRatio(entrant int, stats wall.Stats) float64 {
	took, expected := 0.0, 0.0
	for _, q := range stats.Served {
		if q.Level != 0 {
			continue
		}
		took += float64(q.Took)
		expected += v.expected(entrant, q)
	}
	return took / expected
}

// rehearsalChunk is how many starts make one value of the interval: neighbours are alike.
const rehearsalChunk = 500

// rehearse serves other queries than those of the comparison on the wall clock, of the same
// traffic under the same interference. It tells what a start takes beyond the time that the
// profile gives to its query: to notice it, decide, hand it over, fetch its input, and to find
// caches as the policy, the waiting, the antagonists and strangers on the same chip left them.
// What strangers do changes by the second, so that each live run has a rehearsal before it and
// one after it.
func (v *validation) rehearse(ctx context.Context, entrant, number int) (runtimeCost, error) {
	restore, err := measure.Seize(v.cpu)
	if err != nil {
		return runtimeCost{}, err
	}
	defer restore()
	key := rng.Key{Seed: uint64(v.scenario.Seed) + 1, Replication: 1<<20 + uint32(number)}
	cfg, err := v.liveConfig(entrant, key, v.scenario.Duration.Std(), v.timeline)
	if err != nil {
		return runtimeCost{}, err
	}
	cfg.Runner = v.warmed(&v.entrants[entrant])
	stats, err := wall.Run(ctx, cfg, nil)
	done(cfg.Policy)
	if err != nil {
		return runtimeCost{}, v.blame(entrant, err)
	}
	cost := costOf(stats)
	rate := float64(len(cfg.Queries)) / cfg.Duration.Seconds()
	if mean := cost.overhead.Mean(); rate*mean.Seconds() > 0.5 {
		return cost, Problems{v.scenario.problem("arrivals.rate", fmt.Sprintf("at most %.0f queries a second, which this machine can release on time: each takes %v beside its service", 0.5/mean.Seconds(), mean),
			fmt.Sprintf("%.0f", rate))}
	}
	return cost, nil
}

// longestCost is beyond what the runtime takes for a start: the core was away, or the policy
// let the query wait.
const longestCost = 50 * time.Microsecond

// runtimeCost is what the runtime took in a rehearsal.
type runtimeCost struct {
	overhead profile.Dist // from what a start waited for to its kernel, in order of starts
	served   []wall.Served
}

func costOf(stats wall.Stats) (c runtimeCost) {
	for _, took := range stats.Overhead {
		if took <= uint32(longestCost) {
			c.overhead = append(c.overhead, took)
		}
	}
	c.served = stats.Served
	return c
}

// with joins two rehearsals.
func (c runtimeCost) with(other runtimeCost) runtimeCost {
	return runtimeCost{slices.Concat(c.overhead, other.overhead), slices.Concat(c.served, other.served)}
}

// simulate runs a repetition in virtual time, with real kernels or from the profile.
func (v *validation) simulate(ctx context.Context, mode, entrant, repetition int, key rng.Key, cost runtimeCost) error {
	e := v.entrants[entrant]
	policy, err := v.policies.of(ctx, &e.Contender)
	if err != nil {
		return err
	}
	defer done(policy)
	stream, err := v.stream(key)
	if err != nil {
		return err
	}
	recorder := v.recorder(&v.entrants[entrant], repetition)
	cfg := v.config(e, policy, stream, &e.set.Truth, key)
	cfg.Overhead = sorted(slices.Clone(cost.overhead))
	if mode == profiled { // real kernels take as long as they take
		cfg.Excess = excessOf(&e.set.Truth, len(v.profile.Levels), cost.served)
	}
	if mode == kernels {
		runner, release, err := v.runner(&v.entrants[entrant])
		if err != nil {
			return err
		}
		defer release()
		cfg.Runner = runner
	}
	if _, err := virtual.Run(ctx, cfg, recorder); err != nil {
		return v.blame(entrant, err)
	}
	v.tallies[mode][entrant] = append(v.tallies[mode][entrant], recorder.tally)
	return nil
}
