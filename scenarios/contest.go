package scenarios

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"slosim/engine"
	"slosim/engine/antagonist"
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
	policies makers
	profile  measured
	entrants []entrant
	process  *workloads.Process
	bursts   []*workloads.Process // on top, each from its From on
	classes  []workloads.Class
	timeline []virtual.Interval
	truth    disturbance // the timeline as records have it
	samples  int
	bin      time.Duration
	kernels  *realKernels      // nil: service times are drawn from the profile
	files    map[string]string // sums of the scenario's files, for the result
}

// entrant is a contender with its technique as measured.
type entrant struct {
	Contender
	set    *profile.Set
	belief *profile.Belief
}

// techniques lists the techniques of all contenders, each as often as it is named.
func (s *Scenario) techniques() (list []Technique) {
	for i := range s.Contenders {
		list = append(list, s.Contenders[i].Technique)
	}
	return list
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
	if problems := tooLarge(s, out.techniques); len(problems) > 0 {
		return subject{}, problems
	}
	for i := range s.Interference {
		if l := s.Interference[i].Profile(); !s.Interference[i].scales() && !slices.Contains(out.levels, l) {
			out.levels = append(out.levels, l)
		}
	}
	out.siblings = min(s.Machines[0].Workers, len(antagonist.Cores())) - 1
	out.batches = a.batches(s)
	return out, nil
}

// batches lists the sizes of batches that a scenario's policies may start: powers of two up to the
// largest.
func (a *App) batches(s *Scenario) (sizes []int) {
	most := 1
	for _, c := range s.Contenders {
		policy, err := makers{a.Policies}.of(context.Background(), &c)
		if batcher, ok := policy.(scheduler.Batcher); ok && err == nil {
			most = max(most, batcher.MaxBatch())
		}
		done(policy)
	}
	for n := 2; n <= min(most, engine.MaxBatch); n *= 2 {
		sizes = append(sizes, n)
	}
	return sizes
}

// siblings lists the levels of a worker beside 0, 1, ... busy ones: the most that were measured for
// those that this machine has no cores for.
func (c *contest) siblings() (levels []int) {
	if c.workers() < 2 {
		return nil
	}
	levels = []int{0}
	for n := 1; n < c.workers(); n++ {
		level, ok := findSiblings(c.profile.Profile, n)
		if !ok {
			level = levels[n-1]
		}
		levels = append(levels, level)
	}
	return levels
}

// tooLarge lists techniques with weights that do not fit the machine's memory.
func tooLarge(s *Scenario, techniques []engine.Technique) (problems Problems) {
	memory := int64(s.Machines[0].Memory)
	for _, t := range techniques {
		most := int64(0)
		for _, g := range t.Groups() {
			most = max(most, g.Bytes)
		}
		if memory > 0 && most > memory {
			problems = append(problems, s.problem("machine[0].memory",
				fmt.Sprintf("at least %d bytes, of the largest weights of %s", most, t.Name()), fmt.Sprint(memory)))
		}
	}
	return problems
}

// newContest joins a scenario and a profile.
func (a *App) newContest(s *Scenario, p measured) (*contest, error) {
	c := &contest{scenario: s, policies: makers{a.Policies}, profile: p}
	for i := range s.Classes {
		c.classes = append(c.classes, s.Classes[i].Workload())
	}
	unseen := c.unseen()
	shared := p.beliefs // with other contests, or among contenders alone
	if shared == nil {
		shared = &beliefs{}
	}
	for _, contender := range s.Contenders {
		key := contender.Technique.Key()
		known, err := shared.of(fmt.Sprint(key, " ", s.ProfileError), func() *profile.Set {
			return mistaken(findSet(p.Profile, key), s.ProfileError)
		}, p.Levels, unseen)
		if err != nil {
			return nil, fmt.Errorf("contender %q: %w", contender.Name, err)
		}
		c.entrants = append(c.entrants, entrant{contender, known.set, known.belief})
		c.samples = known.set.Truth.Samples
	}
	c.bin = binWidth(s.Duration.Std())
	c.interfere()
	c.truth = newDisturbance(c.timeline, p.Levels)
	if err := c.arrive(); err != nil {
		return nil, err
	}
	return c, c.bind()
}

// unseen lists the levels that no policy may know of: all but the undisturbed one and
// those that the scenario names and does not hide. A profile that was given may know more.
func (c *contest) unseen() (levels []int) {
	seen := map[int]bool{0: true}
	for i := range c.scenario.Interference {
		if block := &c.scenario.Interference[i]; !block.scales() && !block.Unseen {
			if level, ok := findLevel(c.profile.Profile, block.Profile()); ok {
				seen[level] = true
			}
		}
	}
	for _, level := range c.siblings() {
		seen[level] = true
	}
	for level := range c.profile.Levels {
		if !seen[level] {
			levels = append(levels, level)
		}
	}
	return levels
}

// binWidth gives a timeline some 150 bins.
func binWidth(duration time.Duration) time.Duration {
	return max((duration / 150).Round(10*time.Millisecond), 10*time.Millisecond)
}

// interfere turns [[interference]] into the true timeline.
func (c *contest) interfere() {
	for i := range c.scenario.Interference {
		block := &c.scenario.Interference[i]
		if block.scales() {
			c.timeline = append(c.timeline, block.intervals()...)
			continue
		}
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
		spec.Rate, spec.Load = rateOf(spec.Load, c.workers(), c.profile.Campaign.Reference.Mean())/c.meanSize(), 0
	}
	process, err := workloads.NewProcess(spec)
	if err != nil && c.scenario.Arrivals.Load > 0 {
		err = c.scenario.problem("arrivals.load", "one that the trace can give",
			fmt.Sprintf("%g, which is %.6g queries a second here: %v", c.scenario.Arrivals.Load, spec.Rate, err))
	}
	if err != nil {
		return UsageError{err}
	}
	c.process = process
	return c.burst()
}

// bind tries every policy with what it will know, so that a parameter that no profile
// allows (a point that is not there) is found before anything runs. A program is not started for it:
// each run does, and its faults are the contender's.
func (c *contest) bind() error {
	var errs []error
	for _, e := range c.entrants {
		policy, err := c.policies.of(context.Background(), &e.Contender)
		if binder, ok := policy.(scheduler.Binder); ok && err == nil && !strings.HasPrefix(e.Policy, processRoute) {
			err = binder.Bind(scheduler.Setting{Classes: c.classes, Models: []*profile.Belief{e.belief}, Workers: c.workers()})
		}
		if err = errors.Join(err, done(policy)); err != nil {
			errs = append(errs, fmt.Errorf("contender %q: policy %s: %w", e.Name, e.Policy, err))
		}
	}
	if len(errs) > 0 {
		return UsageError{errors.Join(errs...)}
	}
	return nil
}

// meanSize is the mean number of samples of a query, before sizes are bounded and rounded.
func (c *contest) meanSize() (mean float64) {
	for i := range c.classes {
		mean += c.classes[i].Share * sizeOf(&c.classes[i])
	}
	return mean
}

// sizeOf is the mean number of samples of a class's queries, before sizes are bounded and rounded.
func sizeOf(class *workloads.Class) float64 {
	return float64(max(1, class.Size)) * math.Exp(class.Spread*class.Spread/2)
}

func rateOf(load float64, workers int, service time.Duration) float64 {
	return load * float64(workers) / service.Seconds()
}

// stationary says whether nothing changes on purpose during a run.
func (c *contest) stationary() bool {
	for i := range c.classes {
		if len(c.classes[i].Changes) > 0 {
			return false
		}
	}
	return len(c.timeline) == 0 && len(c.bursts) == 0 && c.process.Stationary()
}

func (c *contest) workers() int { return c.scenario.Machines[0].Workers }

// outcome is what one replication of one contender gave.
type outcome struct {
	tally   *reports.Tally
	batches *reports.Batches // of a scenario's only replication
	rows    []result.Row     // only with records
	stats   virtual.Stats
	err     error
	ran     bool

	schedule *scheduleTracer // only of a traced run
}

// run runs one replication of one contender.
func (c *contest) run(ctx context.Context, e entrant, replication int, records bool, trace *scheduleTracer) outcome {
	recorder := c.recorder(&e, replication)
	recorder.keep = records
	var runner virtual.Runner
	if c.kernels != nil {
		real, release, err := c.kernels.runner(&e)
		if err != nil {
			return outcome{err: err}
		}
		defer release()
		runner = real
	}
	stats, err := c.simulate(ctx, e, recorder, recorder, func(config *virtual.Config) {
		config.Runner = runner
		if trace != nil {
			config.Tracer = trace
		}
	})
	if trace != nil && err == nil {
		trace.finish(stats.EndAt)
	}
	return outcome{tally: recorder.tally, batches: recorder.batches, rows: recorder.rows, stats: stats, err: err, ran: err == nil, schedule: trace}
}

// simulate simulates the replication that a recorder is for, with its draws, into records. change has
// the last word on the configuration.
func (c *contest) simulate(ctx context.Context, e entrant, r *recorder, records sim.Recorder, change func(*virtual.Config)) (virtual.Stats, error) {
	key := rng.Key{Seed: uint64(c.scenario.Seed), Replication: uint32(r.replication)}
	policy, err := c.policies.of(ctx, &e.Contender)
	if err != nil {
		return virtual.Stats{}, err
	}
	defer done(policy)
	stream, err := c.stream(key)
	if err != nil {
		return virtual.Stats{}, err
	}
	config := c.config(e, policy, stream, c.draw(r, key), key)
	change(config)
	stats, err := virtual.Run(ctx, config, records)
	switch {
	case err != nil && ctx.Err() != nil:
		err = ctx.Err() // a program that was stopped with it did nothing wrong
	case err != nil && isRoute(e.Policy) && !failure(err):
		err = &scheduler.Failure{What: err.Error()} // what it refused, or could not start
	}
	return stats, err
}

// stream draws a replication's queries.
func (c *contest) stream(key rng.Key) (*workloads.Stream, error) {
	sources := []workloads.Arrivals{c.process.Start(key)}
	for i, burst := range c.bursts {
		sources = append(sources, later{burst.Start(key), c.scenario.Bursts[i].From.Std()})
	}
	return workloads.NewStream(workloads.StreamSpec{
		Sources: sources, Classes: c.classes, Samples: c.samples, Key: key,
	})
}

// recorder returns an empty one for a replication that serves the samples of the data set as
// they are.
func (c *contest) recorder(e *entrant, replication int) *recorder {
	r := &recorder{
		contest: c, entrant: e, replication: replication,
		tally:     reports.NewTally(c.tallyConfig(replication)),
		densities: densities(e.set.Points),
		images:    make([]uint32, c.samples),
	}
	for i := range r.images {
		r.images[i] = uint32(i)
	}
	return r
}

// draw returns what a replication draws from: a resample of the truth, so that replications
// differ by what was measured as well. The only replication is measured in batches, which
// cannot tell that, and takes the truth as it was measured.
func (c *contest) draw(r *recorder, key rng.Key) *profile.Half {
	truth := &r.entrant.set.Truth
	if c.kernels != nil { // which run the samples as they are
		return truth
	}
	if c.scenario.Replications == 1 {
		r.batches = reports.NewBatches(c.tallyConfig(r.replication))
		return truth
	}
	draw := func(i uint64) float64 { return key.Float(rng.Bootstrap, i) }
	r.images = originals(draw, c.samples)
	return truth.Resample(draw)
}

func densities(points []profile.Point) []float64 {
	out := make([]float64, len(points))
	for i := range points {
		out[i] = points[i].Density
	}
	return out
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
		cfg.Objectives = append(cfg.Objectives, c.scenario.Classes[i].Objective)
	}
	cfg.Interference = c.truth.spans
	return cfg
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
		Siblings:    c.siblings(),
		Queues:      s.Machines[0].queues(),
		Sensor:      s.Sensor.virtual(),
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
	cfg.Correction, cfg.DecisionCost = e.Correction, e.DecisionCost.Std()
	cfg.Feedback = s.Feedback.granted()
	return cfg
}

// perWorker is the kind of queues of which each worker has its own.
const perWorker = "per-worker"

// queues is the kind as the serving system knows it.
func (m *Machine) queues() sim.Queues {
	switch {
	case m.Queues != perWorker:
		return sim.OneQueue
	case m.Steal:
		return sim.Stealing
	}
	return sim.PerWorker
}

// virtual is the sensor as drivers know it.
func (s Sensor) virtual() virtual.Sensor {
	return virtual.Sensor{Period: s.Period.Std(), Lag: s.Lag.Std(), Noise: s.Noise}
}

// granted is the feedback as drivers know it: every policy sees its own completion times.
func (f *Feedback) granted() sim.Feedback {
	if f == nil {
		return sim.Feedback{Granted: true}
	}
	return sim.Feedback{Granted: true, Delay: f.Delay.Std(), Share: f.Share}
}

// recorder passes the records of one replication on to its tally and its rows.
type recorder struct {
	contest     *contest
	entrant     *entrant
	replication int
	tally       *reports.Tally
	batches     *reports.Batches // nil: not the only replication
	densities   []float64        // [point]
	images      []uint32         // [sample] image before the replication's resampling
	keep        bool
	rows        []result.Row
	believed    float64 // last known: queries that never started saw no worker
	step        int     // of the disturbance, near the last record's
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
	o := &r.observation // filled in place: there is one for every query
	o.Sample = r.images[q.Query.Sample]
	o.Class, o.Queue, o.Right = q.Query.Class, int32(q.Queue), q.Right
	o.ArriveAt, o.StartAt, o.FinishAt, o.Deadline = q.Query.ArriveAt, q.StartAt, finish, q.Deadline
	o.Busy, o.Accuracy, o.Density = q.Busy, q.AccuracyTarget, r.density(q.Point)
	o.Slowdown, o.Believed = r.contest.truth.slowdownAt(q.Query.ArriveAt, &r.step), r.believed
	r.tally.Add(o)
	if r.batches != nil {
		r.batches.Add(o)
	}
	if r.keep {
		r.rows = append(r.rows, r.row(q))
	}
}

func (r *recorder) density(point int) float64 {
	if point < 0 {
		return 0
	}
	return r.densities[point]
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
		Interference:   r.contest.truth.on(o.ArriveAt),
	}
	if q.Point >= 0 {
		row.PointName = r.entrant.set.Points[q.Point].Name
	}
	return row
}

// ofContender names the contender of an error: a ContenderError if it is its own fault.
func ofContender(name string, err error) error {
	var named ContenderError
	switch {
	case errors.As(err, &named):
		return named
	case failure(err):
		return ContenderError{name, err}
	}
	return fmt.Errorf("contender %q: %w", name, err)
}

// failure says whether a run's error is the contender's own fault.
func failure(err error) bool {
	var rule *sim.RuleError
	var broke *scheduler.Failure
	return errors.As(err, &rule) || errors.As(err, &broke)
}
