package scenarios

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"
)

const (
	pilotCells = 3               // that are tried: the first, the last and the one between
	pilotTime  = 2 * time.Second // that a contender is tried for in a cell
)

// Estimate measures how long a cell takes a core of this machine on average: in a few cells it runs one
// replication of each contender. It is for the size of chunks and for people. A run that goes on for longer than
// it is tried is taken to go on as it began, by its queries; where their number is not known before (closed
// loops), it is taken to end then. Contenders that fail count with the time until they do: their replications
// do so too.
func (d *SweepDir) Estimate(ctx context.Context, o Console) (time.Duration, error) {
	cells := slices.Compact([]int{0, (d.plan.Cells - 1) / 2, d.plan.Cells - 1})
	o.progress().Start("trying cells", len(cells))
	defer o.progress().Done()
	known := d.app.Known()
	known.CheckArrivals = nil // its verdict is known since the plan
	total := 0.0
	for _, cell := range cells {
		took, err := d.pilot(ctx, known, cell)
		if err != nil {
			return 0, err
		}
		total += took
		o.progress().Add(1)
	}
	return time.Duration(total / float64(len(cells)) * float64(time.Second)), nil
}

// pilot returns how many seconds a cell takes.
func (d *SweepDir) pilot(ctx context.Context, known Known, cell int) (seconds float64, err error) {
	began := time.Now()
	r := &sweepRun{dir: d, known: known}
	c, err := r.begin(cell)
	if err != nil {
		return 0, cellError(d.plan, cell, err)
	}
	seconds = time.Since(began).Seconds()
	for i := range c.contest.entrants {
		one := c.contest.pilot(ctx, c.contest.entrants[i], pilotTime)
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		seconds += one * float64(len(c.outcomes))
	}
	return seconds, nil
}

// pilot returns how many seconds a replication of a contender takes, which is tried for some time.
func (c *contest) pilot(ctx context.Context, e entrant, limit time.Duration) float64 {
	ctx, stop := context.WithTimeout(ctx, limit)
	defer stop()
	began := time.Now()
	out := c.run(ctx, e, 0, false, nil)
	seconds := time.Since(began).Seconds()
	all := c.queries()
	if errors.Is(out.err, context.DeadlineExceeded) && out.stats.Arrived > 0 && all > float64(out.stats.Arrived) {
		seconds *= all / float64(out.stats.Arrived)
	}
	return seconds
}

// queries is how many queries a replication is expected to have; 0: not known before.
func (c *contest) queries() float64 {
	rate := c.process.Rate()
	if !(rate > 0) || math.IsInf(rate, 1) {
		return 0
	}
	return rate * c.scenario.Duration.Std().Seconds()
}

// describeEstimate says how long a sweep may take.
func (d *SweepDir) describeEstimate(each time.Duration, jobs int) string {
	all := each * time.Duration(d.plan.Cells) / time.Duration(jobs)
	unit := 100 * time.Millisecond
	if all > 10*time.Second {
		unit = time.Second
	}
	return fmt.Sprintf("a cell is about %d runs and %.2g queries: about %v on one core (%d were tried), %v for all on %d",
		d.plan.CellRuns, d.plan.CellQueries, each.Round(10*time.Millisecond), min(pilotCells, d.plan.Cells),
		all.Round(unit), jobs)
}
