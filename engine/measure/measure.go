package measure

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"slosim/engine"
	"slosim/engine/antagonist"
	"slosim/engine/profile"
)

// Version is the version of the campaign's method: profiles of an older one are
// measured again.
const Version = 5

// Config is a campaign's plan.
type Config struct {
	Techniques  []engine.Technique
	Networks    []string         // name of each technique's network
	Reference   engine.Technique // the dense network: point 0 is what slow-downs and drift refer to
	Nodes       int              // nodes of the reference network: what densities refer to
	Inputs      int              // floats a sample; 0: samples are sparse
	Dataset     string
	Calibration Samples
	Truth       Samples
	Levels      []profile.Antagonist // one level each, besides the undisturbed machine
	Siblings    int                  // levels with 1 to so many other workers busy, behind those
	Disturb     Disturb              // starts an antagonist; needed for levels
	Machine     profile.Machine
	Seed        uint64
	Batches     []int // sizes of batches to measure, ascending from 2; nil: none
	PerLevel    int   // timing samples per point and level in each half; 0 means DefaultPerLevel
	Progress    Progress
}

// DefaultPerLevel keeps the p99 of each half above the n = 20/(1-q) that quoting it takes.
const DefaultPerLevel = 2048

// blockSize is the number of timed calls of one point in a row.
const blockSize = 32

// Disturb starts an antagonist, pinned where its spec says.
type Disturb func(antagonist.Spec) (Disturber, error)

// Disturber is a running antagonist.
type Disturber interface {
	Share() (float64, error) // of its core, since the last call
	Stop() error
}

// WithLauncher returns the Disturb that runs real antagonists as child processes.
func WithLauncher(l antagonist.Launcher) Disturb {
	return func(spec antagonist.Spec) (Disturber, error) { return antagonist.Start(l, spec) }
}

// Progress hears how far the campaign is: n of total calls done.
type Progress interface {
	Step(stage string, n, total int)
}

// Run measures a profile. It takes the calling goroutine's thread and one core
// for itself while it runs. It stops at the end of ctx with ctx's error.
func Run(ctx context.Context, cfg Config) (*profile.Profile, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	began := time.Now()
	c := newCampaign(ctx, cfg)
	restore, err := c.seize()
	if err != nil {
		return nil, err
	}
	defer restore()
	for _, stage := range []func() error{c.alone, c.levels, c.switches, c.loads} {
		if err := stage(); err != nil {
			return nil, err
		}
	}
	c.out.Campaign.Seconds = time.Since(began).Seconds()
	return c.finish()
}

// check fills defaults and rejects contradictions.
func (cfg *Config) check() error {
	if cfg.PerLevel == 0 {
		cfg.PerLevel = DefaultPerLevel
	}
	var errs []error
	want := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("measure: "+format, args...))
		}
	}
	want(len(cfg.Techniques) > 0, "techniques: want at least one")
	want(len(cfg.Networks) == len(cfg.Techniques), "networks: want one a technique, got %d of %d", len(cfg.Networks), len(cfg.Techniques))
	want(cfg.Reference != nil, "reference: want the dense network")
	want(cfg.Nodes > 0 && cfg.Inputs >= 0, "nodes and inputs: want more than 0 and 0 or more, got %d and %d", cfg.Nodes, cfg.Inputs)
	want(cfg.Calibration != nil && cfg.Calibration.Len() > 0, "calibration samples: want at least one")
	want(cfg.Truth != nil && cfg.Truth.Len() > 0, "truth samples: want at least one")
	want(engine.Takable(cfg.Calibration) && engine.Takable(cfg.Truth), "samples: want dense or sparse ones")
	want(cfg.Siblings >= 0 && cfg.Siblings < max(1, len(antagonist.Cores())), "siblings: want a core for each beside the worker's, got %d siblings on %d cores", cfg.Siblings, len(antagonist.Cores()))
	if len(cfg.Levels)+cfg.Siblings > 0 {
		want(cfg.Disturb != nil, "disturb: want a way to start antagonists")
		if err := antagonist.Supported(); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// campaign is the state of one Run.
type campaign struct {
	ctx       context.Context
	cfg       Config
	out       *profile.Profile
	reference engine.Session
	sessions  []engine.Session
	input     engine.Input
	inputs    []engine.Input // of a batch
	random    *rand.Rand
	cores     []int // that the process may use, read before the thread is pinned
	cpu       int   // the measuring thread's
	clock

	times []*surfaces               // per technique
	dense []uint32                  // times of the reference, alone, in order
	away  [halves][][]profile.Stall // [level]
}

func newCampaign(ctx context.Context, cfg Config) *campaign {
	c := &campaign{
		ctx:       ctx,
		cfg:       cfg,
		reference: cfg.Reference.NewSession(),
		input:     engine.Dense(make([]float32, cfg.Inputs)),
		random:    rand.New(rand.NewPCG(cfg.Seed, Version)),
		cores:     antagonist.Cores(),
		out: &profile.Profile{
			Schema:  schemaOf(cfg.Batches),
			Machine: cfg.Machine,
			Dataset: cfg.Dataset,
			Levels:  make([]profile.Level, 1+len(cfg.Levels)+cfg.Siblings),
		},
	}
	for half := range c.away {
		c.away[half] = make([][]profile.Stall, len(c.out.Levels))
	}
	c.cpu = c.cores[0]
	c.out.Campaign.Version = Version
	c.out.Campaign.BlockSize = blockSize
	for i, t := range cfg.Techniques {
		c.sessions = append(c.sessions, t.NewSession())
		c.times = append(c.times, newSurfaces(t, len(c.out.Levels), cfg.Calibration.Len(), cfg.Truth.Len()))
		c.out.Sets = append(c.out.Sets, profile.Set{
			Technique:     t.Name(),
			Network:       cfg.Networks[i],
			Hash:          t.Hash(),
			Points:        append([]profile.Point(nil), t.Points()...),
			Groups:        append([]profile.Group(nil), t.Groups()...),
			Activates:     t.Activates(),
			HasConfidence: t.HasConfidence(),
		})
	}
	return c
}

// seize takes the thread and a core, and reads what the clock costs there.
func (c *campaign) seize() (restore func(), err error) {
	restore, err = Seize(c.cpu)
	if err != nil {
		return nil, fmt.Errorf("measure: %w", err)
	}
	c.overhead = clockOverhead()
	return restore, nil
}

// progress reports a step, if anyone listens.
func (c *campaign) progress(stage string, n, total int) {
	if c.cfg.Progress != nil {
		c.cfg.Progress.Step(stage, n, total)
	}
}

// finish makes the profile from what was collected.
func (c *campaign) finish() (*profile.Profile, error) {
	for i := range c.out.Sets {
		set, s := &c.out.Sets[i], c.times[i]
		for p := range set.Points {
			set.Points[p].Density = float64(s.nodes[p]) / float64(c.cfg.Nodes) / float64(s.half[calibration].samples)
		}
		set.Calibration = s.half[calibration].profileHalf(set.Activates)
		set.Truth = s.half[truth].profileHalf(set.Activates)
		c.finishBatches(i)
		set.Calibration.Stalls, set.Truth.Stalls = c.away[calibration], c.away[truth]
	}
	if err := c.out.Validate(); err != nil {
		return nil, fmt.Errorf("measure: the campaign made a bad profile: %w", err)
	}
	return c.out, nil
}
