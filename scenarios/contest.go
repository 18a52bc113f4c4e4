package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"slosim/engine/profile"
	"slosim/reports"
	"slosim/reports/result"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// contest is a scenario with everything that its runs need. It is read-only once made.
type contest struct {
	scenario *Scenario
	policies scheduler.Registry
	profile  measured
	entrants []entrant
	process  *workloads.Process
	classes  []workloads.Class
	timeline []virtual.Interval
	samples  int
	bin      time.Duration
}

// entrant is a contender with its technique as measured.
type entrant struct {
	Contender
	set    *profile.Set
	belief *profile.Belief
}

// subjectOf collects what a scenario needs measured: each technique and each level once.
func (a *App) subjectOf(s *Scenario) (subject, error) {
	family, err := FindFamily(s.Models[0].Network)
	if err != nil {
		return subject{}, err
	}
	out := subject{family: family, seed: uint64(s.Seed)}
	seen := map[string]bool{}
	for _, c := range s.Contenders {
		if key := c.Technique.Key(); !seen[key] {
			seen[key] = true
			t, err := a.technique(family, c.Technique)
			if err != nil {
				return subject{}, err
			}
			out.techniques = append(out.techniques, t)
		}
	}
	for i := range s.Interference {
		if l := s.Interference[i].Profile(); !slices.Contains(out.levels, l) {
			out.levels = append(out.levels, l)
		}
	}
	return out, nil
}

// newContest joins a scenario and a profile.
func (a *App) newContest(s *Scenario, p measured) (*contest, error) {
	c := &contest{scenario: s, policies: a.Policies, profile: p}
	for i := range s.Classes {
		c.classes = append(c.classes, s.Classes[i].Workload())
	}
	beliefs := map[*profile.Set]*profile.Belief{}
	for _, contender := range s.Contenders {
		set := findSet(p.Profile, contender.Technique.Key())
		if beliefs[set] == nil {
			belief, err := profile.NewBelief(set, p.Levels)
			if err != nil {
				return nil, fmt.Errorf("contender %q: %w", contender.Name, err)
			}
			beliefs[set] = belief
		}
		c.entrants = append(c.entrants, entrant{contender, set, beliefs[set]})
		c.samples = set.Truth.Samples
	}
	c.bin = binWidth(s.Duration.Std())
	c.interfere()
	return c, c.arrive()
}

// binWidth gives a timeline some 150 bins.
func binWidth(duration time.Duration) time.Duration {
	return max((duration / 150).Round(10*time.Millisecond), 10*time.Millisecond)
}

// interfere turns [[interference]] into the true timeline.
func (c *contest) interfere() {
	for i := range c.scenario.Interference {
		block := &c.scenario.Interference[i]
		level, ok := findLevel(c.profile.Profile, block.Profile())
		if !ok {
			panic("scenarios: a checked profile lacks a level")
		}
		for _, s := range block.Stretches() {
			c.timeline = append(c.timeline, virtual.Interval{From: s.From, To: s.To, Level: level, Worker: block.Worker})
		}
	}
}

// arrive makes the arrival process; a load becomes a rate by the dense reference's
// mean service time, alone.
func (c *contest) arrive() error {
	spec := c.scenario.Arrivals.Spec(c.scenario.Duration.Std())
	if spec.Load > 0 {
		spec.Rate, spec.Load = rateOf(spec.Load, c.workers(), c.profile.Campaign.Reference.Mean()), 0
	}
	process, err := workloads.NewProcess(spec)
	c.process = process
	return err
}

func rateOf(load float64, workers int, service time.Duration) float64 {
	return load * float64(workers) / service.Seconds()
}

func (c *contest) workers() int { return c.scenario.Machines[0].Workers }

// notes are the caveats that belong to the numbers.
func (c *contest) notes() []string {
	notes := []string{"arrivals: " + c.process.Caveat()}
	if load := c.scenario.Arrivals.Load; load > 0 {
		notes = append(notes, fmt.Sprintf("load %g of the dense network on %d worker(s) is %.0f queries a second: its mean service time alone is %v",
			load, c.workers(), c.process.Rate(), c.profile.Campaign.Reference.Mean().Round(100*time.Nanosecond)))
	}
	if c.workers() > 1 {
		notes = append(notes, "extrapolated: several workers, but service times were measured with the other workers idle")
	}
	notes = append(notes, c.profile.Campaign.Warnings...)
	return append(notes, c.profile.warnings...)
}

// outcome is what one replication of one contender gave.
type outcome struct {
	tally *reports.Tally
	rows  []result.Row // only with records
	stats virtual.Stats
	err   error
	ran   bool

	schedule *scheduleTracer // only of a traced run
}

// run runs one replication of one contender.
func (c *contest) run(ctx context.Context, e entrant, replication int, records bool, trace *scheduleTracer) outcome {
	key := rng.Key{Seed: uint64(c.scenario.Seed), Replication: uint32(replication)}
	policy, err := c.policies.New(e.Policy, scheduler.NewParams(e.Params))
	if err != nil {
		return outcome{err: err}
	}
	stream, err := workloads.NewStream(workloads.StreamSpec{
		Sources: []workloads.Arrivals{c.process.Start(key)}, Classes: c.classes, Samples: c.samples, Key: key,
	})
	if err != nil {
		return outcome{err: err}
	}
	draw := func(i uint64) float64 { return key.Float(rng.Bootstrap, i) }
	recorder := &recorder{
		contest: c, entrant: &e, replication: replication,
		tally:  reports.NewTally(c.tallyConfig(replication)),
		images: originals(draw, c.samples),
		keep:   records,
	}
	config := c.config(e, policy, stream, e.set.Truth.Resample(draw), key)
	if trace != nil {
		config.Tracer = trace
	}
	stats, err := virtual.Run(ctx, config, recorder)
	if trace != nil && err == nil {
		trace.finish(stats.EndAt)
	}
	return outcome{tally: recorder.tally, rows: recorder.rows, stats: stats, err: err, ran: err == nil, schedule: trace}
}

// originals returns the image behind each sample of a resampled half.
func originals(draw func(i uint64) float64, n int) []uint32 {
	images := make([]uint32, n)
	for i := range images {
		images[i] = uint32(profile.Resampled(draw, i, n))
	}
	return images
}

func (c *contest) tallyConfig(replication int) reports.TallyConfig {
	cfg := reports.TallyConfig{
		Replication: replication,
		Workers:     c.workers(),
		WarmUp:      c.scenario.Warmup.Std(),
		Duration:    c.scenario.Duration.Std(),
		Bin:         c.bin,
		Samples:     c.samples,
	}
	for i := range c.classes {
		cfg.Classes = append(cfg.Classes, c.classes[i].Name)
	}
	cfg.Interference = disturbed(c.timeline)
	return cfg
}

// disturbed returns the union of the intervals, in order: time in which any worker
// was disturbed.
func disturbed(timeline []virtual.Interval) []reports.Span {
	sorted := slices.Clone(timeline)
	slices.SortFunc(sorted, func(a, b virtual.Interval) int { return int(a.From - b.From) })
	var spans []reports.Span
	for _, i := range sorted {
		if n := len(spans); n > 0 && i.From <= spans[n-1].To {
			spans[n-1].To = max(spans[n-1].To, i.To)
			continue
		}
		spans = append(spans, reports.Span{From: i.From, To: i.To})
	}
	return spans
}

// config is the virtual driver's view of one replication. The stalls are the recorded
// ones for every contender (all sets hold the same recording); where a replication
// begins in them is drawn.
func (c *contest) config(e entrant, policy scheduler.Policy, stream *workloads.Stream, truth *profile.Half, key rng.Key) *virtual.Config {
	s := c.scenario
	_, clairvoyant := policy.(scheduler.TruthUser)
	cfg := &virtual.Config{
		Set:         e.set,
		Truth:       truth,
		Belief:      e.belief,
		Levels:      c.profile.Levels,
		Stalls:      c.profile.Sets[0].Truth.Stalls,
		Timeline:    c.timeline,
		Sensor:      virtual.Sensor{Period: s.Sensor.Period.Std(), Lag: s.Sensor.Lag.Std(), Noise: s.Sensor.Noise},
		Classes:     c.classes,
		Workers:     c.workers(),
		Memory:      int64(s.Machines[0].Memory),
		Stream:      stream,
		Warmup:      s.Warmup.Std(),
		Duration:    s.Duration.Std(),
		Policy:      policy,
		Clairvoyant: clairvoyant,
		Key:         key,
	}
	cfg.Feedback = sim.Feedback{Granted: true} // every policy sees its own completion times
	if s.Feedback != nil {
		cfg.Feedback.Delay, cfg.Feedback.Share = s.Feedback.Delay.Std(), s.Feedback.Share
	}
	return cfg
}

// recorder passes the records of one replication on to its tally and its rows.
type recorder struct {
	contest     *contest
	entrant     *entrant
	replication int
	tally       *reports.Tally
	images      []uint32 // [sample] image before the replication's resampling
	keep        bool
	rows        []result.Row
	believed    float64 // last known: queries that never started saw no worker
	observation reports.Observation
}

// Record implements sim.Recorder.
func (r *recorder) Record(q *sim.Record) {
	if q.Believed > 0 {
		r.believed = q.Believed
	}
	finish := q.FinishAt
	if q.Dropped {
		finish = -1
	}
	r.observation = reports.Observation{
		Class:    q.Query.Class,
		Sample:   r.images[q.Query.Sample],
		Queue:    int32(q.Queue),
		Right:    q.Right,
		ArriveAt: q.Query.ArriveAt,
		StartAt:  q.StartAt,
		FinishAt: finish,
		Deadline: q.Deadline,
		Busy:     q.Busy,
		Accuracy: q.AccuracyTarget,
		Density:  r.density(q.Point),
		Slowdown: r.contest.slowdownAt(q.Query.ArriveAt),
		Believed: r.believed,
	}
	r.tally.Add(&r.observation)
	if r.keep {
		r.rows = append(r.rows, r.row(q))
	}
}

func (r *recorder) density(point int) float64 {
	if point < 0 {
		return 0
	}
	return r.entrant.set.Points[point].Density
}

// disturbedAt says whether any worker is beside an antagonist, as the tallies' window
// "interference" has it.
func (c *contest) disturbedAt(at time.Duration) bool {
	return slices.ContainsFunc(c.timeline, func(i virtual.Interval) bool { return at >= i.From && at < i.To })
}

// slowdownAt returns the true slow-down of the most disturbed worker.
func (c *contest) slowdownAt(at time.Duration) float64 {
	worst := 1.0
	for _, i := range c.timeline {
		if at >= i.From && at < i.To {
			worst = max(worst, c.profile.Levels[i.Level].Slowdown)
		}
	}
	return worst
}

func (r *recorder) row(q *sim.Record) result.Row {
	o := &r.observation
	row := result.Row{
		Contender:      r.entrant.Name,
		Replication:    int32(r.replication),
		ID:             int64(q.Query.ID),
		Class:          r.contest.classes[q.Query.Class].Name,
		Sample:         int32(o.Sample),
		ArriveNS:       int64(o.ArriveAt),
		StartNS:        int64(max(q.StartAt, -1)),
		FinishNS:       int64(o.FinishAt),
		DeadlineNS:     int64(o.Deadline),
		AccuracyTarget: o.Accuracy,
		Worker:         int32(q.Worker),
		Point:          int32(q.Point),
		Density:        o.Density,
		Right:          q.Right,
		Why:            q.Why.String(),
		BusyNS:         int64(o.Busy),
		Slowdown:       q.Slowdown,
		Believed:       q.Believed,
		Queue:          o.Queue,
		Interference:   r.contest.disturbedAt(o.ArriveAt),
	}
	if q.Point >= 0 {
		row.PointName = r.entrant.set.Points[q.Point].Name
	}
	return row
}

// failure says whether a run's error is the contender's own fault.
func failure(err error) bool {
	var rule *sim.RuleError
	return errors.As(err, &rule)
}
