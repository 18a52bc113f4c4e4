package scenarios

import (
	"slices"
	"time"

	"slosim/engine"
	"slosim/engine/antagonist"
	"slosim/engine/measure"
	"slosim/sim/virtual"
	"slosim/workloads"
)

// KernelService is the service mode in which each query runs its own sample for real, in virtual time.
const KernelService = "kernel"

// realKernels are what the service modes that run queries for real need: benches of the techniques
// on a core, and the antagonists of the scenario, paused.
type realKernels struct {
	inputs     int
	truth      engine.Judged
	cpu        int
	techniques map[string]engine.Technique
	dense      engine.Technique
	benches    map[engine.Technique]*measure.Bench
	stage      *measure.Stage // to be closed
}

func (a *App) newRealKernels(c *contest, s subject) (*realKernels, error) {
	_, truth, err := a.data(s.family)
	if err != nil {
		return nil, err
	}
	dense, _, inputs, err := a.reference(s.family)
	if err != nil {
		return nil, err
	}
	cores := antagonist.Cores()
	r := &realKernels{inputs: inputs, truth: truth, cpu: cores[0], dense: dense,
		techniques: map[string]engine.Technique{}, benches: map[engine.Technique]*measure.Bench{}}
	for _, t := range s.techniques {
		r.techniques[t.Name()] = t
	}
	var levels []int
	for _, piece := range c.timeline {
		if !slices.Contains(levels, piece.Level) {
			levels = append(levels, piece.Level)
		}
	}
	r.stage, err = measure.NewStage(a.Launcher, c.profile.Levels, levels, r.cpu, cores)
	return r, err
}

// bench returns what runs a technique's queries, made when first asked for, which has to be on the
// worker's thread: it reads what the clock costs there.
func (r *realKernels) bench(t engine.Technique) *measure.Bench {
	if r.benches[t] == nil {
		r.benches[t] = measure.NewBench(t, r.truth, r.inputs)
	}
	return r.benches[t]
}

// warmed returns a contender's bench with the weights of every point near.
func (r *realKernels) warmed(e *entrant) *measure.Bench {
	b := r.bench(r.techniques[e.Technique.Key()])
	for point := range e.set.Points {
		b.Warm(point, warmCalls)
	}
	return b
}

// runner returns the virtual driver's view of a contender's kernels, on a thread that is seized until
// release is called.
func (r *realKernels) runner(e *entrant) (runner *kernelRunner, release func(), err error) {
	restore, err := measure.Seize(r.cpu)
	if err != nil {
		return nil, nil, err
	}
	runner = &kernelRunner{bench: r.warmed(e), stage: r.stage}
	return runner, func() { runner.end(); restore() }, nil
}

// kernelRunner runs queries for real in virtual time.
type kernelRunner struct {
	bench *measure.Bench
	stage *measure.Stage
	level int
}

// settle is how long an antagonist disturbs before what it disturbs is timed: virtual time
// stands still meanwhile.
const settle = 20 * time.Millisecond

// Disturb implements virtual.Runner.
func (k *kernelRunner) Disturb(level int) error {
	if level == k.level {
		return nil
	}
	if err := k.stage.Pause(k.level); err != nil {
		return err
	}
	k.level = level
	if err := k.stage.Resume(level); err != nil {
		return err
	}
	if level != 0 {
		k.spin(settle)
	}
	return nil
}

// spin keeps the core busy, as a worker does.
func (k *kernelRunner) spin(length time.Duration) {
	for began := time.Now(); time.Since(began) < length; {
		k.bench.Warm(0, 1)
	}
}

// Run implements virtual.Runner.
func (k *kernelRunner) Run(q *workloads.Query, point int) (ran virtual.Ran) {
	ran.Activate, ran.Execute, ran.Right = k.bench.Time(q.Sample, point, k.stage.Shared(k.level))
	return ran
}

// RunBatch implements virtual.Runner.
func (k *kernelRunner) RunBatch(samples []uint32, points []int, right []bool) virtual.Ran {
	return virtual.Ran{Execute: k.bench.TimeBatch(samples, points, right, k.stage.Shared(k.level))}
}

// end leaves the machine undisturbed.
func (k *kernelRunner) end() { _ = k.stage.Pause(k.level) }
