package measure

import (
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"slosim/engine"
	"slosim/engine/antagonist"
)

// Bench runs single queries of one technique for real, one at a time on one thread: what the
// service modes kernel and live are made of. It times calls as a campaign does.
type Bench struct {
	technique engine.Technique
	samples   Samples
	clock     clock
	inputs    []engine.Input  // of a batch
	results   []engine.Result // of a batch
	slots     []slot          // one session each, so that activations of waiting queries keep
}

// slot is the scratch memory of a query that is in the system.
type slot struct {
	session engine.Session
	input   engine.Input
	sample  uint32
	active  bool // the session holds the activation of sample
}

// maxSlots bounds the sessions. Queries whose slots are a multiple of it apart share one: of
// these, an activation that ran ahead may have to run again.
const maxSlots = 256

// NewBench returns a bench for inputs of so many floats (0: sparse ones). Call it on the thread
// that will run the queries, pinned: it reads what the clock costs there.
func NewBench(t engine.Technique, samples Samples, inputs int) *Bench {
	b := &Bench{technique: t, samples: samples, slots: make([]slot, maxSlots), results: make([]engine.Result, engine.MaxBatch)}
	for range engine.MaxBatch {
		b.inputs = append(b.inputs, engine.Dense(make([]float32, inputs)))
	}
	for i := range b.slots {
		b.slots[i] = slot{session: t.NewSession(), input: engine.Dense(make([]float32, inputs))}
	}
	b.clock.overhead, b.clock.lapse = clockOverhead(), threadClockLapse("cpu")
	return b
}

// Time runs a sample at a point and returns its times: on the wall, or, beside an antagonist
// on the same core, on-CPU.
func (b *Bench) Time(sample uint32, point int, onCPU bool) (activate, execute time.Duration, right bool) {
	s := &b.slots[0]
	engine.Take(b.samples, int(sample), &s.input)
	measure := b.clock.wall
	if onCPU {
		measure = b.clock.onCPU
	}
	r := measure(s.session, point, s.input, b.technique.Activates())
	s.active = false
	return r.activate, r.execute, b.samples.Right(int(sample), r.result.Answer)
}

// Activate runs the activator for a query and keeps what it found in the query's slot.
func (b *Bench) Activate(query int, sample uint32) {
	s := &b.slots[query%maxSlots]
	engine.Take(b.samples, int(sample), &s.input)
	s.session.Activate(s.input)
	s.sample, s.active = sample, true
}

// Execute answers a sample at a point. activated says that Activate ran for the query before;
// what it found is used unless another query took the slot.
func (b *Bench) Execute(query int, sample uint32, point int, activated bool) (right bool) {
	s := &b.slots[query%maxSlots]
	if !activated || !s.active || s.sample != sample {
		engine.Take(b.samples, int(sample), &s.input)
		if b.technique.Activates() {
			s.session.Activate(s.input)
		}
	}
	s.active = false
	return b.samples.Right(int(sample), s.session.Execute(point, s.input).Answer)
}

// ExecuteBatch answers samples together, each at its point: in one pass where all have one point and
// the technique can, else one after another.
func (b *Bench) ExecuteBatch(samples []uint32, points []int, right []bool) {
	batcher, can := b.slots[0].session.(engine.Batcher)
	same := !slices.ContainsFunc(points, func(p int) bool { return p != points[0] })
	if !can || !same || b.technique.Activates() || len(samples) > engine.MaxBatch {
		for i, sample := range samples {
			right[i] = b.Execute(0, sample, points[i], false)
		}
		return
	}
	for i, sample := range samples {
		engine.Take(b.samples, int(sample), &b.inputs[i])
	}
	b.slots[0].active = false
	batcher.ExecuteBatch(points[0], b.inputs[:len(samples)], b.results[:len(samples)])
	for i, sample := range samples {
		right[i] = b.samples.Right(int(sample), b.results[i].Answer)
	}
}

// TimeBatch is ExecuteBatch with its time.
func (b *Bench) TimeBatch(samples []uint32, points []int, right []bool, onCPU bool) time.Duration {
	run := func() { b.ExecuteBatch(samples, points, right) }
	if onCPU {
		return b.clock.segment(run)
	}
	began := time.Now()
	run()
	return max(time.Since(began)-b.clock.overhead, 1)
}

// Warm runs a point on samples in turn, untimed, so that its weights are near.
func (b *Bench) Warm(point, calls int) {
	for i := range calls {
		b.Execute(0, uint32(i%b.samples.Len()), point, false)
	}
}

// Reading is what a short look at the machine says.
type Reading struct {
	Reference time.Duration // median of the dense reference
	Away      float64       // share of the time during which the thread had no core
}

// Look times the first point of a bench's technique, the dense reference, on so many samples.
func (b *Bench) Look(calls int) Reading {
	times := make([]uint32, calls)
	b.Warm(0, referenceWarm)
	began, used := time.Now(), antagonist.ThreadTime()
	for i := range times {
		_, took, _ := b.Time(uint32(i%b.samples.Len()), 0, false)
		times[i] = nanoseconds(took)
	}
	used, wall := antagonist.ThreadTime()-used, time.Since(began)
	return Reading{Reference: time.Duration(median(times)), Away: max(0, 1-float64(used)/float64(wall))}
}

// Seize binds the calling goroutine to its thread and the thread to a core, and turns the
// garbage collector off, until restore is called.
func Seize(cpu int) (restore func(), err error) {
	runtime.GC()
	runtime.LockOSThread()
	undo, err := antagonist.Pin(cpu)
	if err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	percent := debug.SetGCPercent(-1)
	return func() {
		debug.SetGCPercent(percent)
		undo()
		runtime.UnlockOSThread()
	}, nil
}
