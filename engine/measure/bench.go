package measure

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"slosim/engine"
	"slosim/engine/antagonist"
	"slosim/engine/profile"
)

// Bench runs single queries of one technique for real, one at a time on one thread: what the
// service modes kernel and live are made of. It times calls as a campaign does.
type Bench struct {
	technique engine.Technique
	samples   Samples
	clock     campaign // its overheads and its timers
	slots     []slot   // one session each, so that activations of waiting queries keep
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
	b := &Bench{technique: t, samples: samples, slots: make([]slot, maxSlots)}
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

// Stage holds the antagonists of a profile's levels, each started once and paused while
// it is not wanted: starting one takes too long to do in the middle of a run.
type Stage struct {
	levels  []profile.Level
	running []*antagonist.Process // [level]; nil: nothing disturbs there
	specs   []antagonist.Spec
	odd     []string
}

// NewStage starts the antagonists of the given levels for a worker on a core, paused.
// Whoever gets a stage must Close it.
func NewStage(l antagonist.Launcher, levels []profile.Level, wanted []int, cpu int, cores []int) (*Stage, error) {
	s := &Stage{levels: levels, running: make([]*antagonist.Process, len(levels)), specs: make([]antagonist.Spec, len(levels))}
	for _, level := range wanted {
		for _, a := range levels[level].Antagonists {
			core, err := antagonist.Place(a.Kind, cpu, cores)
			if err != nil {
				s.Close()
				return nil, err
			}
			s.specs[level] = antagonist.Spec{Kind: a.Kind, Intensity: a.Intensity, CPU: core}
			s.running[level], err = antagonist.Start(l, s.specs[level])
			if err == nil {
				err = s.running[level].Pause()
			}
			if err != nil {
				s.Close()
				return nil, err
			}
		}
	}
	return s, nil
}

// Resume lets the antagonist of a level disturb; there is none at the undisturbed level.
func (s *Stage) Resume(level int) error {
	if s.running[level] == nil {
		return nil
	}
	if err := s.running[level].Resume(); err != nil {
		return err
	}
	_, err := s.running[level].Share() // the window of Plausible begins
	return err
}

// Pause stops the antagonist of a level from disturbing.
func (s *Stage) Pause(level int) error {
	if s.running[level] == nil {
		return nil
	}
	share, err := s.running[level].Share()
	if err == nil && !s.specs[level].Plausible(share) {
		s.odd = append(s.odd, fmt.Sprintf("antagonist %s: want %s of its core, got %.2f", s.specs[level].Kind, s.specs[level].Implied(), share))
	}
	return errors.Join(err, s.running[level].Pause())
}

// Odd lists, once, the times between Resume and Pause in which an antagonist did not get the
// share of its core that it gets when nothing else disturbs.
func (s *Stage) Odd() []string {
	odd := s.odd
	s.odd = nil
	return odd
}

// Shared says whether a level's antagonist runs on the worker's own core.
func (s *Stage) Shared(level int) bool {
	return s.running[level] != nil && antagonist.SharesCore(s.specs[level].Kind)
}

// Close ends all antagonists.
func (s *Stage) Close() error {
	var first error
	for _, p := range s.running {
		if p == nil {
			continue
		}
		if err := p.Stop(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
