package selfcheck

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"slosim/sim"
	"slosim/sim/virtual"
)

// Line is one check: what theory says, and what the engine gave.
type Line struct {
	Name     string  `json:"name"`
	Unit     string  `json:"unit"`
	Theory   float64 `json:"theory"`
	Measured float64 `json:"measured"`
	Lo       float64 `json:"lo"` // theory must lie from Lo to Hi
	Hi       float64 `json:"hi"`
	N        int     `json:"n"`       // replications; of an exact check, what was compared
	Queries  uint64  `json:"queries"` // simulated
	Passed   bool    `json:"passed"`
}

// Engine simulates one replication, as [virtual.Run] does.
type Engine func(ctx context.Context, cfg *virtual.Config, recorder sim.Recorder) (virtual.Stats, error)

// Options are those of Run.
type Options struct {
	Engine Engine // nil: virtual.Run
	Jobs   int    // replications at a time
	Seed   uint64
}

// FamilyError is how often a sound engine fails any of the checks, at most.
const FamilyError = 0.001

// Run does all checks, in the order in which they are listed. It stops with the error of
// ctx or of an engine.
func Run(ctx context.Context, o Options) ([]Line, error) {
	if o.Engine == nil {
		o.Engine = virtual.Run
	}
	var lines []Line
	for _, check := range checks() {
		found, err := check(ctx, o)
		if err != nil {
			return nil, fmt.Errorf("selfcheck: %w", err)
		}
		lines = append(lines, found...)
	}
	return lines, nil
}

type check func(ctx context.Context, o Options) ([]Line, error)

func checks() []check {
	return []check{mm1, mm4, md1, mg1, erlangB, slowdown, stalls, laws, sameBytes}
}

// randomLines is how many lines compare by an interval: each may fail a share of
// FamilyError (Bonferroni).
const randomLines = 8

// compare makes a line of one number a replication, whose mean theory knows.
func compare(name, unit string, theory float64, values []float64, queries uint64) Line {
	mean, half := interval(values)
	return Line{Name: name, Unit: unit, Theory: theory, Measured: mean, Lo: mean - half, Hi: mean + half,
		N: len(values), Queries: queries, Passed: math.Abs(theory-mean) <= half}
}

// interval returns the mean and the half-width of its interval.
func interval(values []float64) (mean, half float64) {
	mean, deviation := stat.MeanStdDev(values, nil)
	n := float64(len(values))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(1 - FamilyError/randomLines/2)
	return mean, t * deviation / math.Sqrt(n)
}

// exact makes a line of something that is not random; it may be off by slack.
func exact(name, unit string, theory, measured, slack float64, n int, queries uint64) Line {
	return Line{Name: name, Unit: unit, Theory: theory, Measured: measured, Lo: measured - slack, Hi: measured + slack,
		N: n, Queries: queries, Passed: math.Abs(theory-measured) <= slack}
}
