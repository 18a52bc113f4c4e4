package selfcheck

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"slosim/engine/profile"
	"slosim/scheduler"
	"slosim/sim"
	"slosim/sim/virtual"
	"slosim/workloads"
)

func TestTheEnginePasses(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates 20 million queries")
	}
	lines, err := Run(context.Background(), Options{Jobs: 2, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 14 {
		t.Errorf("want 14 checks, got %d", len(lines))
	}
	random := 0
	for _, l := range lines {
		if !l.Passed {
			t.Errorf("%+v", l)
		}
		if l.Lo < l.Hi && l.Unit != "queries" {
			random++
		}
	}
	if random != randomLines {
		t.Errorf("want %d lines with intervals, got %d: the family-wise error is shared among that many", randomLines, random)
	}
}

// broken are engines with a fault each, and what must notice it.
var broken = map[string]struct {
	engine Engine
	checks []check
	fails  []string // beginnings of names; every line of the checks must be one of them
}{
	"services are 2 % too long": {
		func(ctx context.Context, cfg *virtual.Config, r sim.Recorder) (virtual.Stats, error) {
			lengthen(cfg.Set, 1.02)
			return virtual.Run(ctx, cfg, r)
		},
		[]check{mm1, mm4, md1, mg1, erlangB, slowdown, stalls},
		[]string{"M/M/1:", "M/M/4:", "M/D/1:", "M/G/1:", "M/M/4/4:", "slow-down", "core taken"},
	},
	"slow-downs are half as strong": {
		func(ctx context.Context, cfg *virtual.Config, r sim.Recorder) (virtual.Stats, error) {
			for i := range cfg.Timeline {
				cfg.Timeline[i].Factor = 1.5
			}
			return virtual.Run(ctx, cfg, r)
		},
		[]check{slowdown}, []string{"slow-down"},
	},
	"stalls are ignored": {
		func(ctx context.Context, cfg *virtual.Config, r sim.Recorder) (virtual.Stats, error) {
			cfg.Stalls = [][]profile.Stall{nil}
			return virtual.Run(ctx, cfg, r)
		},
		[]check{stalls}, []string{"core taken"},
	},
	"a finish is told a microsecond late": {
		func(ctx context.Context, cfg *virtual.Config, r sim.Recorder) (virtual.Stats, error) {
			return virtual.Run(ctx, cfg, recorded(func(record sim.Record) {
				record.FinishAt += time.Microsecond
				r.Record(&record)
			}))
		},
		[]check{laws}, []string{"Little", "work conservation"},
	},
	"a worker rests before each service": {
		func(ctx context.Context, cfg *virtual.Config, r sim.Recorder) (virtual.Stats, error) {
			return virtual.Run(ctx, cfg, recorded(func(record sim.Record) {
				record.StartAt += time.Nanosecond
				r.Record(&record)
			}))
		},
		[]check{laws}, []string{"work conservation"},
	},
	"a record is lost": {
		func(ctx context.Context, cfg *virtual.Config, r sim.Recorder) (virtual.Stats, error) {
			return virtual.Run(ctx, cfg, recorded(func(record sim.Record) {
				if record.Query.ID != 1000 {
					r.Record(&record)
				}
			}))
		},
		[]check{laws}, []string{"conservation"},
	},
	"a record comes twice": {
		func(ctx context.Context, cfg *virtual.Config, r sim.Recorder) (virtual.Stats, error) {
			return virtual.Run(ctx, cfg, recorded(func(record sim.Record) {
				r.Record(&record)
				if record.Query.ID == 1000 {
					r.Record(&record)
				}
			}))
		},
		[]check{laws}, []string{"conservation"},
	},
	"arrivals come in step": {
		func(ctx context.Context, cfg *virtual.Config, r sim.Recorder) (virtual.Stats, error) {
			cfg.Stream = &inStep{gap: cfg.Duration / 150_000}
			return virtual.Run(ctx, cfg, r)
		},
		[]check{laws}, []string{"PASTA"},
	},
	"runs share state": {
		sharing(), []check{sameBytes}, []string{"same records"},
	},
}

// A check that cannot fail is a defect.
func TestBrokenEnginesFail(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates 50 million queries")
	}
	for name, fault := range broken {
		t.Run(name, func(t *testing.T) {
			noticed := map[string]bool{}
			for _, check := range fault.checks {
				lines, err := check(context.Background(), Options{Engine: fault.engine, Jobs: 2, Seed: 1})
				if err != nil {
					t.Fatal(err)
				}
				for _, l := range lines {
					for _, beginning := range fault.fails {
						if strings.HasPrefix(l.Name, beginning) && !l.Passed {
							noticed[beginning] = true
						}
					}
				}
			}
			for _, beginning := range fault.fails {
				if !noticed[beginning] {
					t.Errorf("no check that begins with %q failed", beginning)
				}
			}
		})
	}
}

// Every line is failed by some broken engine.
func TestEveryLineCanFail(t *testing.T) {
	covered := func(name string) bool {
		for _, fault := range broken {
			for _, beginning := range fault.fails {
				if strings.HasPrefix(name, beginning) {
					return true
				}
			}
		}
		return false
	}
	lines, err := Run(context.Background(), Options{Jobs: 2, Engine: func(ctx context.Context, cfg *virtual.Config, r sim.Recorder) (virtual.Stats, error) {
		cfg.Duration /= 100 // only the names matter
		return virtual.Run(ctx, cfg, r)
	}})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		if !covered(l.Name) {
			t.Errorf("%q: no broken engine fails it", l.Name)
		}
	}
}

// lengthen makes every time longer.
func lengthen(set *profile.Set, factor float64) {
	for _, dists := range [][]profile.Dist{set.Truth.Execute[0][0], set.Truth.Activate} {
		for i, d := range dists {
			longer := make(profile.Dist, len(d))
			for j, v := range d {
				longer[j] = uint32(float64(v) * factor)
			}
			dists[i] = longer
		}
	}
}

// recorded is a recorder that gets a copy.
type recorded func(r sim.Record)

func (f recorded) Record(r *sim.Record) { f(*r) }

// inStep is a stream at equal distances: it meets the worker busy more or less often
// than time does.
type inStep struct {
	gap, now time.Duration
	id       uint64
}

func (s *inStep) Next(q *workloads.Query) bool {
	s.now += s.gap
	s.id++
	*q = workloads.Query{ID: s.id - 1, ArriveAt: s.now, Size: 1}
	return true
}

// sharing returns an engine whose runs depend on those before them.
func sharing() Engine {
	var runs atomic.Uint64
	return func(ctx context.Context, cfg *virtual.Config, r sim.Recorder) (virtual.Stats, error) {
		cfg.Key.Seed += runs.Add(1)
		return virtual.Run(ctx, cfg, r)
	}
}

func TestErrorsOfAnEngineEndTheRun(t *testing.T) {
	fault := errors.New("fault")
	_, err := Run(context.Background(), Options{Jobs: 2, Engine: func(context.Context, *virtual.Config, sim.Recorder) (virtual.Stats, error) {
		return virtual.Stats{}, fault
	}})
	if !errors.Is(err, fault) {
		t.Errorf("got %v", err)
	}
}

// Formulas against values from the literature: Erlang's tables.
func TestErlang(t *testing.T) {
	if b := blocking(4, 4); b < 0.31067 || b > 0.31069 {
		t.Errorf("B(4, 4): want 0.3107, got %v", b)
	}
	if c := erlangC(2, 1); c < 0.33333 || c > 0.33334 { // M/M/2 at rho 1/2
		t.Errorf("C(2, 1): want 1/3, got %v", c)
	}
}

var _ scheduler.Policy = inOrder{}
