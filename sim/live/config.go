package live

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// Runner runs queries' samples through the real kernels. Slots are small numbers that
// queries have while they are in the system; no two of those have the same.
type Runner interface {
	// Activate runs the activator alone and keeps what it found for the slot.
	Activate(slot int, sample uint32)
	// Execute answers a sample at a point. If activated, the slot's activation is used.
	Execute(slot int, sample uint32, point int, activated bool) (right bool)
	// ExecuteBatch answers samples together, each at its point, and says which are right.
	ExecuteBatch(samples []uint32, points []int, right []bool)
}

// Antagonists turn what disturbs at a level on and off.
type Antagonists interface {
	Resume(level int) error
	Pause(level int) error
}

// Config describes one run of one contender.
type Config struct {
	Set    *profile.Set
	Belief *profile.Belief // nil if the policy asks nothing
	Levels []profile.Level // the profile's

	Timeline    []virtual.Interval // of worker 0, or every one, with factor 0 or 1
	Antagonists Antagonists        // nil: Timeline is empty
	Sensor      virtual.Sensor
	Feedback    sim.Feedback
	Correction  bool // see sim.Config

	Classes          []workloads.Class
	Queries          []workloads.Query // by ArriveAt
	Warmup, Duration time.Duration     // as virtual.Config has them

	Policy scheduler.Policy // fresh
	Key    rng.Key          // of sensor noise and of whose answers are told
	Runner Runner
	// OnCPU returns the time that the calling thread has spent on a core.
	OnCPU func() time.Duration
}

// validate says what is wrong with the configuration, all at once.
func (c *Config) validate() error {
	if c.Set == nil || len(c.Levels) == 0 || c.Runner == nil || c.OnCPU == nil {
		return errors.New("live: want a set, levels, a runner and a clock of the thread")
	}
	errs := []error{c.validateTimeline(), c.validateQueries()}
	if c.Duration <= 0 || c.Warmup < 0 || c.Warmup >= c.Duration {
		errs = append(errs, fmt.Errorf("times: want 0 <= warm-up < duration, got %v and %v", c.Warmup, c.Duration))
	}
	if _, wants := c.Policy.(scheduler.TruthUser); wants {
		errs = append(errs, errors.New("policy: it wants the truth, which nobody knows in life"))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("live: %w", err)
	}
	return nil
}

func (c *Config) validateTimeline() error {
	var errs []error
	end := time.Duration(0)
	pieces := slices.Clone(c.Timeline)
	slices.SortFunc(pieces, func(a, b virtual.Interval) int { return int(a.From - b.From) })
	for i, piece := range pieces {
		switch {
		case piece.Level < 0 || piece.Level >= len(c.Levels):
			errs = append(errs, fmt.Errorf("interval %d: level: want 0..%d, got %d", i, len(c.Levels)-1, piece.Level))
		case piece.Factor != 0 && piece.Factor != 1:
			errs = append(errs, fmt.Errorf("interval %d: want an antagonist, got a recorded slow-down, which nothing here can make", i))
		case piece.From < end || piece.To <= piece.From:
			errs = append(errs, fmt.Errorf("interval %d: want %v <= from < to, got %v and %v", i, end, piece.From, piece.To))
		case piece.Worker > 0:
			errs = append(errs, fmt.Errorf("interval %d: worker: want 0, the only one, got %d", i, piece.Worker))
		}
		end = piece.To
	}
	if len(c.Timeline) > 0 && c.Antagonists == nil {
		errs = append(errs, errors.New("antagonists: want some for the timeline, got none"))
	}
	return errors.Join(errs...)
}

func (c *Config) validateQueries() error {
	samples, before := uint32(c.Set.Truth.Samples), time.Duration(0)
	for i := range c.Queries {
		q := &c.Queries[i]
		switch {
		case q.ArriveAt < before:
			return fmt.Errorf("query %d: want an arrival at %v or later, got %v", q.ID, before, q.ArriveAt)
		case int(q.Class) >= len(c.Classes) || q.Model != 0:
			return fmt.Errorf("query %d: want class 0..%d and model 0, got %d and %d", q.ID, len(c.Classes)-1, q.Class, q.Model)
		case uint32(q.Sample) >= samples:
			return fmt.Errorf("query %d: want sample 0..%d, got %d", q.ID, samples-1, q.Sample)
		}
		before = q.ArriveAt
	}
	return nil
}

// Stats is what a run did, beside what the records say. Times are in nanoseconds.
type Stats struct {
	Arrived, Finished, Dropped uint64
	Lateness                   []uint32 // of what the idle worker polled: seen - intended
	// Overhead is, of each start on the undisturbed machine after the warm-up, the time from what
	// it waited for last (the worker, or its own arrival) to the start of the kernel.
	Overhead []uint32
	Served   []Served // after the warm-up
	Spans    []Span   // of the timeline, quiet ones too
	EndAt    time.Duration
}

// Served is a query that ran for real, at one level from start to end.
type Served struct {
	Sample, Point uint32
	Level         int
	Took          uint32 // of the kernel, activation included if it had not run ahead
	Idle          uint32 // before: since the worker's last kernel ended, or the run began
	Activated     bool   // it had
}

// Span is a stretch of the run at one level.
type Span struct {
	Level       int
	Wall, OnCPU time.Duration // of the worker's thread
}
