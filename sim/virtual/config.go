package virtual

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/workloads"
	"slosim/workloads/rng"
)

// Stream yields the queries of one replication in order of arrival, each in place,
// until ok is false. workloads.Stream is one.
type Stream interface {
	Next(q *workloads.Query) (ok bool)
}

// Loop is an optional ability of a Stream, asked for once: a closed loop, in which
// queries arrive because earlier ones ended. workloads.Stream has it.
type Loop interface {
	Stream
	Closed() bool // false: arrivals do not depend on ends after all
	// PeekAt returns the instant of the query that Next would yield now.
	PeekAt() (at time.Duration, ok bool)
	// Done tells that a query has ended for its client at an instant: it was answered,
	// or it was dropped and its deadline has passed without an answer. What arrives
	// because of it arrives at that instant or later.
	Done(q *workloads.Query, at time.Duration)
}

// EveryWorker as Interval.Worker means all of them.
const EveryWorker = -1

// Interval is a piece of virtual time, [From, To), with interference on a worker.
// Intervals of one worker do not overlap: what two antagonists do together was
// measured as a level of its own.
type Interval struct {
	From, To time.Duration
	Level    int // index into Config.Levels
	Worker   int // or EveryWorker
	// Factor multiplies on-CPU times and the slow-down of the level, for recorded
	// slow-downs that no level was measured at. 0 means 1.
	Factor float64
}

// Sensor reports every Period the true slow-down of each worker, times
// exp(Noise x standard normal), after Lag. Period 0: there is no sensor, and
// policies believe in a slow-down of 1.
type Sensor struct {
	Period, Lag time.Duration
	Noise       float64 // sigma of the logarithm, at least 0
}

// Config describes one replication of one contender.
type Config struct {
	Set    *profile.Set
	Truth  *profile.Half   // what to draw from: the set's truth or a resample of it; nil: &Set.Truth
	Belief *profile.Belief // compiled of the calibration half, once for all replications; nil if the policy asks nothing
	Levels []profile.Level // the profile's
	Quiet  int             // level of a worker without interference: 0, or one with busy siblings
	// Siblings is, [busy other workers], the level of a worker that nothing else disturbs: workers of
	// one machine slow each other down. Beside an antagonist their part is not known, and left out.
	// nil: they do not.
	Siblings []int
	Stalls   [][]profile.Stall // [level], the same for all contenders; nil: those of Truth

	Timeline   []Interval // the true interference, in any order
	Sensor     Sensor
	Feedback   sim.Feedback
	Correction bool // see sim.Config

	Classes []workloads.Class
	Workers int
	Queues  sim.Queues
	Memory  int64 // bytes for resident weights; 0: all fit
	Stream  Stream
	// Duration ends the arrivals. The measured window is [Warmup, Duration): it bounds
	// Stats.Busy; which queries count is for the reader of the records to say.
	Warmup, Duration time.Duration

	Policy      scheduler.Policy // fresh: it has seen no other replication
	Clairvoyant bool             // grants the truth to a policy that is a TruthUser
	Key         rng.Key
	Tracer      Tracer    // nil: nobody watches
	Inspector   Inspector // nil: nobody asks what else there was to choose
	// Certain makes confidences what they estimate: 1 for an answer that will be right, else 0. It is
	// for the question what errors of confidence cost.
	Certain bool

	// Overhead is what the runtime takes for each start of a query or an activation: to notice
	// it, decide and hand it over. The worker is held meanwhile. nil: nothing.
	Overhead profile.Dist
	// DecisionCost is added to it: what the scenario says that a decision takes.
	DecisionCost time.Duration
	// Excess is how much longer kernels take in life than the profile says, the cost of switching
	// between weights included. nil: as long.
	Excess *Excess
	Runner Runner // nil: times and answers are drawn from the profile
}

// Stats counts what a run did, beside what the records say.
type Stats struct {
	Arrived, Finished, Dropped uint64
	Unfinished                 uint64 // of Dropped: cut off when every deadline had passed
	Events, Decisions          uint64
	Loads, Switches            uint64          // of groups of weights
	Busy                       []time.Duration // [worker], within [Warmup, Duration)
	EndAt                      time.Duration   // instant of the last event
}

// truth returns the half to draw from.
func (c *Config) truth() *profile.Half {
	if c.Truth != nil {
		return c.Truth
	}
	return &c.Set.Truth
}

// stalls returns the (gap, wait) sequence of a level, empty if its core is not shared.
func (c *Config) stalls(level int) []profile.Stall {
	all := c.Stalls
	if all == nil {
		all = c.truth().Stalls
	}
	if level >= len(all) {
		return nil
	}
	return all[level]
}

// validate says what is wrong with the configuration, all at once.
func (c *Config) validate() error {
	if c.Set == nil || c.Stream == nil || len(c.Levels) == 0 {
		return errors.New("virtual: want a set, a stream and at least one level")
	}
	errs := []error{c.validateTimes(), c.validateTimeline(), c.validateTruth(), c.validateGroups()}
	if _, wants := c.Policy.(scheduler.TruthUser); wants && !c.Clairvoyant {
		errs = append(errs, errors.New("policy: it wants the truth, which is not granted"))
	}
	err := errors.Join(errs...)
	if err == nil {
		err = c.validateExcess() // of what was checked
	}
	if err != nil {
		return fmt.Errorf("virtual: %w", err)
	}
	return nil
}

func (c *Config) validateTimes() error {
	var errs []error
	if c.Duration <= 0 || c.Warmup < 0 || c.Warmup >= c.Duration {
		errs = append(errs, fmt.Errorf("times: want 0 <= warm-up < duration, got %v and %v", c.Warmup, c.Duration))
	}
	if c.DecisionCost < 0 {
		errs = append(errs, fmt.Errorf("decision cost: want at least 0, got %v", c.DecisionCost))
	}
	if c.Runner != nil && c.Workers != 1 {
		errs = append(errs, fmt.Errorf("workers: want 1 where kernels run for real, got %d", c.Workers))
	}
	if s := c.Sensor; s.Period < 0 || s.Lag < 0 || !(s.Noise >= 0) {
		errs = append(errs, fmt.Errorf("sensor: want period, lag and noise of at least 0, got %v, %v and %v", s.Period, s.Lag, s.Noise))
	}
	if c.Memory < 0 {
		errs = append(errs, fmt.Errorf("memory: want at least 0 bytes, got %d", c.Memory))
	}
	return errors.Join(errs...)
}

func (c *Config) validateTimeline() error {
	var errs []error
	if c.Siblings != nil && (len(c.Siblings) != c.Workers || slices.Min(c.Siblings) < 0 || slices.Max(c.Siblings) >= len(c.Levels)) {
		errs = append(errs, fmt.Errorf("siblings: want a level of 0..%d for 0..%d busy ones, got %v", len(c.Levels)-1, c.Workers-1, c.Siblings))
	}
	if c.Quiet < 0 || c.Quiet >= len(c.Levels) {
		errs = append(errs, fmt.Errorf("quiet level: want 0..%d, got %d", len(c.Levels)-1, c.Quiet))
	}
	for i, piece := range c.Timeline {
		switch {
		case piece.From < 0 || piece.From >= piece.To:
			errs = append(errs, fmt.Errorf("interval %d: want 0 <= from < to, got %v and %v", i, piece.From, piece.To))
		case piece.Level < 0 || piece.Level >= len(c.Levels):
			errs = append(errs, fmt.Errorf("interval %d: level: want 0..%d, got %d", i, len(c.Levels)-1, piece.Level))
		case piece.Worker < EveryWorker || piece.Worker >= c.Workers:
			errs = append(errs, fmt.Errorf("interval %d: worker: want 0..%d or every, got %d", i, c.Workers-1, piece.Worker))
		case !(piece.Factor >= 0):
			errs = append(errs, fmt.Errorf("interval %d: factor: want at least 0, got %v", i, piece.Factor))
		}
	}
	return errors.Join(errs...)
}

// validateTruth checks the outer sizes of the half that is drawn from; what lies
// inside was checked when the profile was loaded (profile.Set.Validate).
func (c *Config) validateTruth() error {
	h, points := c.truth(), len(c.Set.Points)
	switch {
	case points == 0 || h.Samples < 1 || len(h.Outcomes) != points*h.Samples || len(h.Execute) != points:
		return fmt.Errorf("truth: want outcomes and times of 1 or more samples at %d points, got %d samples, %d outcomes, times of %d points",
			points, h.Samples, len(h.Outcomes), len(h.Execute))
	case c.Set.Activates && len(h.Activate) != len(c.Levels):
		return fmt.Errorf("truth: activation: want %d levels, got %d", len(c.Levels), len(h.Activate))
	}
	for p, levels := range h.Execute {
		if len(levels) != len(c.Levels) {
			return fmt.Errorf("truth: point %d: want times at %d levels, got %d", p, len(c.Levels), len(levels))
		}
	}
	return nil
}

// validateGroups checks that every group fits the memory and that what may have to
// be loaded or switched to has a measured cost.
func (c *Config) validateGroups() error {
	var errs []error
	sum := int64(0)
	for _, g := range c.Set.Groups {
		sum += g.Bytes
	}
	tight := c.Memory > 0 && sum > c.Memory
	for i, g := range c.Set.Groups {
		if c.Memory > 0 && g.Bytes > c.Memory {
			errs = append(errs, fmt.Errorf("group %q: want at most %d bytes of memory, got %d", g.Name, c.Memory, g.Bytes))
		}
		if tight && len(g.Load) == 0 {
			errs = append(errs, fmt.Errorf("group %q: may have to be loaded, but its load was not measured", g.Name))
		}
		for j := range c.Set.Groups {
			if i != j && len(c.switchCost(i, j)) == 0 {
				errs = append(errs, fmt.Errorf("group %q: the switch to %q was not measured", g.Name, c.Set.Groups[j].Name))
			}
		}
	}
	return errors.Join(errs...)
}

// switchCost returns the extra time of the first call after a switch, empty if it
// was not measured.
func (c *Config) switchCost(from, to int) profile.Dist {
	if from >= len(c.Set.Switch) || to >= len(c.Set.Switch[from]) {
		return nil
	}
	return c.Set.Switch[from][to]
}
