package scenarios

import (
	"slosim/engine/profile"
	"slosim/workloads"
)

// Schema is the version of the scenario format that this package reads.
const Schema = 1

// Scenario is one experiment: the traffic, the promises, the machine, what disturbs
// it, and the contenders that all see the same of it. After Parse every default is
// filled in and Contenders holds those of [factorial] too.
type Scenario struct {
	Schema       int      `toml:"schema"` // Schema
	Title        string   `toml:"title"`
	Seed         int64    `toml:"seed"`         // 0 or more
	Replications int      `toml:"replications"` // independent runs of every contender
	Duration     Duration `toml:"duration"`     // virtual time of a replication, warm-up included
	Warmup       Duration `toml:"warmup"`       // its head, which no statistic sees

	// ProfileError is how much longer service takes in truth than the profile says, as a share: policies
	// believe the profile. Below 0: less. Default 0.
	ProfileError float64 `toml:"profile_error,omitzero"`

	Models       []Model        `toml:"model"` // exactly one for now
	Arrivals     Arrivals       `toml:"arrivals"`
	Bursts       []Burst        `toml:"burst,omitempty"`
	Classes      []Class        `toml:"class"`
	Machines     []Machine      `toml:"machine"` // exactly one for now; left out: one worker, no limit of memory
	Interference []Interference `toml:"interference,omitempty"`
	Sensor       Sensor         `toml:"sensor"`
	Feedback     *Feedback      `toml:"feedback"` // nil: no policy learns whether an answer was right
	Contenders   []Contender    `toml:"contender"`
	Factorial    *Factorial     `toml:"factorial"` // nil after Parse
	Asserts      []Assert       `toml:"assert,omitempty"`
	Validate     *Validate      `toml:"validate"` // nil: `slosim validate` takes the defaults
	Sweep        *Sweep         `toml:"sweep"`    // nil: nothing for `slosim sweep` to vary

	// Name is the file's name without folder and extension; it names result folders.
	Name string `toml:"-"`

	at func(path string) place // where a key was given; nil: not from a text
}

// problem states what shows only once networks and times are known.
func (s *Scenario) problem(path, want, got string) Problem {
	p := Problem{File: s.Name, Key: path, Want: want, Got: got}
	if s.at != nil {
		at := s.at(path)
		p.File, p.Line = at.file, at.line
	}
	return p
}

// Model is a network that is served.
type Model struct {
	Name    string `toml:"name"`    // default: the network's
	Network string `toml:"network"` // one that ships
}

// Burst is traffic on top of Arrivals: Poisson arrivals from From to To, classes and samples as of all
// others.
type Burst struct {
	From Duration `toml:"from"`
	To   Duration `toml:"to"`
	Load float64  `toml:"load,omitzero"` // offered load of the dense network on all workers
	Rate float64  `toml:"rate,omitzero"` // or queries a second of virtual time
}

// Class is a group of queries with the same service level objective.
type Class struct {
	Name     string   `toml:"name"`
	Share    float64  `toml:"share"`    // of the arrivals; all add up to 1; may be left out of an only class
	Latency  Duration `toml:"latency"`  // from intended arrival to finish
	Accuracy float64  `toml:"accuracy"` // 0 to 1; 0 (left out) asks for nothing
	// Objective is the share of the class's queries that should be answered in time, above 0 and below 1:
	// what its error budget is counted by. No policy sees it. Default 0.99.
	Objective float64  `toml:"objective"`
	Changes   []Change `toml:"change,omitempty"`
	// Size is the median number of samples of a query, and SizeSpread the sigma of its lognormal
	// distribution: see workloads.Class. Defaults: 1 and 0.
	Size       int     `toml:"size,omitzero"`
	SizeSpread float64 `toml:"size_spread,omitzero"`
}

// Change sets a class's targets from At on, for queries that arrive then. What is
// left out stays as it was.
type Change struct {
	At       Duration `toml:"at"`
	Latency  Duration `toml:"latency"`
	Accuracy float64  `toml:"accuracy"`
}

// Machine is where queries are served.
type Machine struct {
	Workers int  `toml:"workers"`         // 1 or more; default 1
	Memory  Size `toml:"memory,omitzero"` // for resident weights; 0 (left out): all fit
	// Queues is "one" for all workers (default) or "per-worker": a query joins the shortest as it
	// arrives, what runs counted, and stays there unless Steal lets idle workers take it.
	Queues string `toml:"queues,omitempty"`
	Steal  bool   `toml:"steal,omitempty"`
}

// Interference is what disturbs one worker, the truth that policies do not see: an
// antagonist, a recorded slow-down, or one that is made up (Factor). It is active from From to To; with Every and For
// only during the first For of each Every in between. Several stretches are several
// [[interference]] blocks.
//
// A recorded slow-down (File; workloads.ReadSlowdowns states the format) multiplies the
// on-CPU times that were measured alone by its factor, the same at every point, and the
// sensor reads the factor. It is not mapped to the times of a calibrated level with that
// slow-down, for three reasons: a recording does not say which resource was short, so
// that nothing says which points suffer more; a scenario need not measure any antagonist
// to have one; and policies map what they sense to the calibrated levels in just that
// way, so that their belief would be right by construction. With an antagonist measured
// in the same scenario it can be wrong, as in life; without one, it scales as the truth
// does.
type Interference struct {
	Antagonist string  `toml:"antagonist,omitempty"` // "cpu" shares the worker's core; "memory" and "cache" sit beside it
	Intensity  float64 `toml:"intensity,omitzero"`   // above 0, at most 1: share of time that it is active; default 1
	File       string  `toml:"file,omitempty"`       // instead of an antagonist: a recording that ships, or a file, relative to the scenario's folder
	// Factor is a constant slow-down, without saying of what: on-CPU times are multiplied by it, as a
	// recording would have it.
	Factor float64 `toml:"factor,omitzero"`
	// Unseen says that the service was never calibrated against the antagonist: the sensor
	// reads its slow-down, and policies believe times from the other levels.
	Unseen  bool     `toml:"unseen,omitempty"`
	Speed   float64  `toml:"speed,omitzero"` // of a file: seconds of recording a second of virtual time; default 1
	From    Duration `toml:"from"`           // default 0s
	To      Duration `toml:"to"`             // default: the run's duration, or the end of the recording before it
	Every   Duration `toml:"every,omitzero"`
	For     Duration `toml:"for,omitzero"`
	Machine int      `toml:"machine"` // index from 0
	Worker  int      `toml:"worker"`  // index from 0

	Recording workloads.Slowdowns `toml:"-"` // of File; nil with an antagonist
}

// Sensor is what tells policies of interference: every Period it reads the true
// slow-down of the dense reference, times lognormal noise, and tells it after Lag.
type Sensor struct {
	Period Duration `toml:"period"` // above 0; default 50ms
	Lag    Duration `toml:"lag"`    // default 100ms
	Noise  float64  `toml:"noise"`  // sigma of the logarithm, 0 or more; default 0.1
}

// Feedback grants policies to learn whether answers were right.
type Feedback struct {
	Delay Duration `toml:"delay"` // after the completion; default 0s
	Share float64  `toml:"share"` // of the queries whose outcome is told, above 0, at most 1; default 1
}

// Contender is a technique with a policy.
type Contender struct {
	Name      string    `toml:"name"` // default "technique/policy"
	Technique Technique `toml:"technique"`
	// Policy is a registered name, file: and the path of a Starlark script, or exec: and a command that
	// answers as package process says; paths start from the folder of the scenario's file.
	Policy string         `toml:"policy"`
	Params map[string]any `toml:"params,omitempty"` // the policy's parameters
	// Correction multiplies the times that the policy is told by what completions say of them,
	// so that a stale profile does not sink it; see scheduler.Correction.
	Correction bool `toml:"correction,omitempty"`
	// DecisionCost is the virtual time for which each start holds the worker beside the service,
	// for what the policy takes to decide: default 0s. The time that a policy takes here is not looked at.
	DecisionCost Duration `toml:"decision_cost,omitzero"`

	dir string // of the scenario's file: where scripts and programs start from
}

// Factorial is the cross product of techniques and policies, each pair a contender
// named "technique/policy".
type Factorial struct {
	Techniques []Technique `toml:"techniques"`
	Policies   []string    `toml:"policies"`
}

// Assert is a condition on a result that `check` tests.
type Assert struct {
	Contender string `toml:"contender"`
	Class     string `toml:"class"`  // default "all"
	Window    string `toml:"window"` // "all" (default), "quiet" or "interference"
	Metric    string `toml:"metric"`
	// At least one of the following.
	Min          *float64 `toml:"min"`
	Max          *float64 `toml:"max"`
	NotWorseThan string   `toml:"not_worse_than,omitempty"` // a contender, under the same draws
	Within       string   `toml:"within,omitempty"`         // of the stored baseline: "1pt" of a share, or "5%"
	// EarlyStopping decides min of attainment, alone, by MLPerf's early-stopping bound over the queries of
	// all replications, as if they were uncorrelated.
	EarlyStopping bool `toml:"early_stopping,omitempty"`
}

// Validate says how `slosim validate` compares the simulation with live runs, and how far
// apart they may be. Tolerances are shares; those of latencies are relative.
type Validate struct {
	Repetitions int `toml:"repetitions"` // live runs of each contender, 2 or more; default 5
	// HalfWidth is the half-width of the live attainment's interval below which a cell counts
	// for attainment: of the others nobody knows what is true. Default 0.005.
	HalfWidth         float64 `toml:"half_width"`
	Attainment        float64 `toml:"attainment"`         // largest error of a cell; default 0.016
	MeanAttainment    float64 `toml:"mean_attainment"`    // mean over cells; default 0.005
	KernelAttainment  float64 `toml:"kernel_attainment"`  // the same in kernel mode; default 0.004
	EffectiveAccuracy float64 `toml:"effective_accuracy"` // mean over cells; default 0.005
	P50               float64 `toml:"p50"`                // median over cells; default 0.05
	P99               float64 `toml:"p99"`                // median over cells; default 0.09
	Drift             float64 `toml:"drift"`              // of the dense reference beside live runs; default 0.1
}

// Profile returns the antagonist as profiles name it.
func (i *Interference) Profile() profile.Antagonist {
	return profile.Antagonist{Kind: i.Antagonist, Intensity: i.Intensity}
}
