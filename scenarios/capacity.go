package scenarios

import (
	"context"
	"fmt"
	"math"
	"slices"

	"slosim/reports"
	"slosim/reports/result"
)

// CapacityOptions say what is looked for.
type CapacityOptions struct {
	Console
	Scenario  *Scenario
	Profile   string  // a file that is used as it is; empty: the cached one, or measure
	Jobs      int     // replications at a time
	Target    float64 // SLO attainment of every class, above 0, below 1
	Accuracy  float64 // of answered queries of every class; 0: not asked for
	Precision float64 // of the rate: how much higher the lowest rate that fails may be, as a share
	Workers   bool    // look for the smallest number of workers at the scenario's rate instead
}

// Capacity finds, for each contender, the highest rate of arrivals at which the targets hold, or the
// smallest number of workers at the scenario's rate, and prints a line each.
//
// A rate holds if no class's mean over replications is below its target; as long as the interval
// around a mean has the target in it, replications are doubled, twice at most. Rates are bisected
// between one that holds and one that does not, under the same draws, so that what is found is a
// bracket: attainment falls with the rate, or the bracket is one of several.
func (a *App) Capacity(ctx context.Context, o CapacityOptions) error {
	if _, err := a.readyFor(ctx, RunOptions{Console: o.Console, Scenario: o.Scenario}); err != nil {
		return err
	}
	s, err := a.subjectOf(o.Scenario)
	if err != nil {
		return err
	}
	p, err := a.profileOf(ctx, s, o.Profile, o.progress())
	if err != nil {
		return err
	}
	c, err := a.newContest(o.Scenario, p)
	if err != nil {
		return err
	}
	var found []Capacity
	for _, e := range c.entrants {
		one, err := (&search{app: a, options: o, profile: p, contender: e.Contender}).run(ctx, c.process.Rate())
		if err != nil {
			return fmt.Errorf("contender %q: %w", e.Name, err)
		}
		one.Load = one.Holds * p.Campaign.Reference.Mean().Seconds() * c.meanSize() / float64(c.workers())
		found = append(found, one)
	}
	return tellCapacity(o, found)
}

// Capacity is what was found of a contender. Rates are in queries a second.
type Capacity struct {
	Contender string        `json:"contender"`
	Holds     float64       `json:"holds"` // the highest rate, or number of workers, that held; 0: none did
	Fails     float64       `json:"fails"` // the lowest rate, or highest number of workers, that did not; 0: all held
	Load      float64       `json:"load"`  // Holds, of the dense network on the workers
	Worst     result.Metric `json:"worst"` // attainment of the class that is nearest to its target, at Holds
	Runs      int           `json:"runs"`
}

// search is the bisection of one contender.
type search struct {
	app       *App
	options   CapacityOptions
	profile   measured
	contender Contender

	runs  int
	worst result.Metric // of the last run that held
}

// Bounds of the search: factors between rates before there is a bracket, and how often.
const (
	capacityStep  = 1.6
	capacitySteps = 16
	mostDoublings = 2
)

func (s *search) run(ctx context.Context, rate float64) (c Capacity, err error) {
	c.Contender = s.contender.Name
	if s.options.Workers {
		c.Holds, c.Fails, err = s.workers(ctx)
	} else {
		c.Holds, c.Fails, err = s.rates(ctx, rate)
	}
	c.Runs, c.Worst = s.runs, s.worst
	return c, err
}

// rates brackets the rate and bisects it.
func (s *search) rates(ctx context.Context, rate float64) (holds, fails float64, err error) {
	for range capacitySteps {
		ok, err := s.holds(ctx, rate, 0)
		if err != nil {
			return 0, 0, err
		}
		if ok {
			holds, rate = rate, rate*capacityStep
		} else {
			fails, rate = rate, rate/capacityStep
		}
		if holds > 0 && fails > 0 {
			break
		}
	}
	for holds > 0 && fails > holds*(1+s.options.Precision) {
		middle := math.Sqrt(holds * fails)
		ok, err := s.holds(ctx, middle, 0)
		if err != nil {
			return 0, 0, err
		}
		if ok {
			holds = middle
		} else {
			fails = middle
		}
	}
	return holds, fails, nil
}

// workers doubles their number until the targets hold, and bisects it.
func (s *search) workers(ctx context.Context) (holds, fails float64, err error) {
	for n := 1; n <= maxWorkers && holds == 0; n *= 2 {
		ok, err := s.holds(ctx, 0, n)
		if err != nil {
			return 0, 0, err
		}
		if ok {
			holds = float64(n)
		} else {
			fails = float64(n)
		}
	}
	for holds > fails+1 && holds > 0 {
		middle := int(holds+fails) / 2
		ok, err := s.holds(ctx, 0, middle)
		if err != nil {
			return 0, 0, err
		}
		if ok {
			holds = float64(middle)
		} else {
			fails = float64(middle)
		}
	}
	return holds, fails, nil
}

// holds decides one rate, or one number of workers.
func (s *search) holds(ctx context.Context, rate float64, workers int) (bool, error) {
	replications := max(2, s.options.Scenario.Replications)
	for doubling := 0; ; doubling++ {
		cells, err := s.simulate(ctx, rate, workers, replications)
		if err != nil {
			return false, err
		}
		sure, ok := true, true
		worst := result.Metric{}
		for _, cell := range cells {
			for name, target := range map[string]float64{"attainment": s.options.Target, "accuracy": s.options.Accuracy} {
				m := cell.Metrics[name]
				if m.Mean == nil || target == 0 {
					continue
				}
				ok = ok && *m.Mean >= target
				sure = sure && (m.Lo == nil || *m.Lo >= target || *m.Hi < target)
				if name == "attainment" && (worst.Mean == nil || *m.Mean < *worst.Mean) {
					worst = m
				}
			}
		}
		if sure || doubling == mostDoublings {
			if ok {
				s.worst = worst
			}
			return ok, nil
		}
		replications *= 2
	}
}

// simulate runs the contender alone and returns the cells of its classes.
func (s *search) simulate(ctx context.Context, rate float64, workers, replications int) ([]result.Cell, error) {
	one := *s.options.Scenario
	one.Contenders, one.Replications = []Contender{s.contender}, replications
	if workers > 0 {
		one.Machines = slices.Clone(one.Machines)
		one.Machines[0].Workers = workers
	}
	c, err := s.app.newContest(&one, s.profile)
	if err != nil {
		return nil, err
	}
	if rate > 0 || workers > 0 { // a load would follow the number of workers
		if rate == 0 {
			rate = s.baseRate()
		}
		one.Arrivals.Rate, one.Arrivals.Load = rate, 0
		if err := c.arrive(); err != nil {
			return nil, err
		}
	}
	ran := c.runAll(ctx, RunOptions{Scenario: &one, Jobs: s.options.Jobs, Console: Console{}})
	s.runs++
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if ran.failed != nil {
		return nil, ran.failed
	}
	summary, err := reports.Summarise(reports.Heading{}, ran.contenders())
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(summary.Cells, func(cell result.Cell) bool { return cell.Class == "all" || cell.Window != "all" }), nil
}

// baseRate is the scenario's own, as on its own number of workers.
func (s *search) baseRate() float64 {
	c, err := s.app.newContest(s.options.Scenario, s.profile)
	if err != nil {
		return 0 // it was made before
	}
	return c.process.Rate()
}

// tellCapacity prints what was found.
func tellCapacity(o CapacityOptions, found []Capacity) error {
	if o.JSON {
		return result.EncodeJSON(o.Out, found)
	}
	return reports.PrintCapacity(o.Out, o.Target, o.Workers, capacityRows(found))
}

func capacityRows(found []Capacity) (rows []reports.CapacityRow) {
	for _, c := range found {
		rows = append(rows, reports.CapacityRow{Contender: c.Contender, Holds: c.Holds, Fails: c.Fails, Load: c.Load, Worst: c.Worst})
	}
	return rows
}
