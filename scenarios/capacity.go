package scenarios

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"slosim/reports"
	"slosim/reports/result"
)

// CapacityOptions say what is looked for.
type CapacityOptions struct {
	Console
	Scenario   *Scenario
	Profile    string   // a file that is used as it is; empty: the cached one, or measure
	Jobs       int      // replications at a time
	Target     float64  // SLO attainment of every class, above 0, below 1
	Accuracy   float64  // of answered queries of every class; 0: not asked for
	Precision  float64  // of the rate: how much higher the lowest rate that fails may be, as a share
	Contenders []string // --contender: of those alone; empty: all
	Workers    bool     // look for the smallest number of workers at the scenario's rate instead
}

// Capacity finds, for each contender, the highest rate of arrivals at which the targets hold, or the
// smallest number of workers at the scenario's rate, and prints a line each.
//
// A rate holds if no class's mean over the scenario's replications is below its target; as long as the interval
// around a mean has the target in it, replications are doubled, twice at most. A rate fails before, after a half or
// a quarter of them, where a mean lies far below its target. Rates are bisected
// between one that holds and one that does not, under the same draws, so that what is found is a
// bracket: attainment falls with the rate, or the bracket is one of several.
func (a *App) Capacity(ctx context.Context, o CapacityOptions) error {
	c, err := a.contestOf(ctx, o.Console, o.Scenario, o.Profile)
	if err != nil {
		return err
	}
	if err := c.only(o.Contenders); err != nil {
		return err
	}
	found, err := a.capacities(ctx, o, c)
	if err != nil && len(found) == 0 {
		return err
	}
	if o.JSON {
		return errors.Join(err, result.EncodeJSON(o.Out, result.Capacities{
			Schema: result.Schema, Scenario: o.Scenario.Name, Target: o.Target, Accuracy: o.Accuracy, Workers: o.Workers, Contenders: found,
		}))
	}
	return errors.Join(err, reports.PrintCapacity(o.Out, o.Target, o.Workers, found))
}

// capacities looks for each contender's, one after the other. Beside a ContenderError are those of all others,
// beside any other error those that were found before.
func (a *App) capacities(ctx context.Context, o CapacityOptions, c *contest) (found []result.Capacity, err error) {
	var failed []error
	for _, e := range c.entrants {
		s := &search{app: a, options: o, profile: c.profile, contender: e.Contender, rate: c.process.Rate()}
		one, err := s.run(ctx)
		if err != nil {
			failed = append(failed, ofContender(e.Name, err))
			if failure(err) {
				continue
			}
			return found, errors.Join(failed...)
		}
		one.Load = one.Holds * c.profile.Campaign.Reference.Mean().Seconds() * c.meanSize() / float64(c.workers())
		found = append(found, one)
	}
	return found, errors.Join(failed...)
}

// search is the bisection of one contender.
type search struct {
	app       *App
	options   CapacityOptions
	profile   measured
	contender Contender
	rate      float64 // the scenario's own

	runs  int
	worst result.Metric // of the last run that held

	heldBy, failedBy int // replications of the last run that held, and of the last that did not
}

// Bounds of the search: factors between rates before there is a bracket, and how often.
const (
	capacityStep  = 1.6
	capacitySteps = 16
	mostDoublings = 2
	fewestLooked  = 3 // replications after which a rate may fail
)

func (s *search) run(ctx context.Context) (c result.Capacity, err error) {
	c.Contender = s.contender.Name
	if s.options.Workers {
		c.Holds, c.Fails, err = s.workers(ctx)
	} else {
		c.Holds, c.Fails, err = s.rates(ctx)
	}
	c.Runs, c.Worst, c.HoldsReplications, c.FailsReplications = s.runs, s.worst, s.heldBy, s.failedBy
	return c, err
}

// rates brackets the rate and bisects it.
func (s *search) rates(ctx context.Context) (holds, fails float64, err error) {
	workers, rate := s.options.Scenario.Machines[0].Workers, s.rate
	for n := 0; n < capacitySteps && (holds == 0 || fails == 0); n++ {
		ok, err := s.holds(ctx, rate, workers)
		if err != nil {
			return 0, 0, err
		}
		if ok {
			holds, rate = rate, rate*capacityStep
		} else {
			fails, rate = rate, rate/capacityStep
		}
	}
	if holds == 0 || fails == 0 {
		return holds, fails, nil
	}
	wide := func(holds, fails float64) bool { return fails > holds*(1+s.options.Precision) }
	middle := func(holds, fails float64) float64 { return math.Sqrt(holds * fails) }
	return bisect(holds, fails, wide, middle, func(rate float64) (bool, error) { return s.holds(ctx, rate, workers) })
}

// workers doubles their number until the targets hold, and bisects it.
func (s *search) workers(ctx context.Context) (holds, fails float64, err error) {
	for n := 1; n <= maxWorkers && holds == 0; n *= 2 {
		ok, err := s.holds(ctx, s.rate, n)
		if err != nil {
			return 0, 0, err
		}
		if ok {
			holds = float64(n)
		} else {
			fails = float64(n)
		}
	}
	wide := func(holds, fails float64) bool { return holds > fails+1 }
	middle := func(holds, fails float64) float64 { return math.Floor((holds + fails) / 2) }
	return bisect(holds, fails, wide, middle, func(n float64) (bool, error) { return s.holds(ctx, s.rate, int(n)) })
}

// bisect narrows a bracket, which is wide, to one that is not.
func bisect(holds, fails float64, wide func(holds, fails float64) bool, middle func(holds, fails float64) float64,
	try func(at float64) (bool, error)) (float64, float64, error) {
	for wide(holds, fails) {
		at := middle(holds, fails)
		ok, err := try(at)
		if err != nil {
			return 0, 0, err
		}
		if ok {
			holds = at
		} else {
			fails = at
		}
	}
	return holds, fails, nil
}

// holds decides one rate, or one number of workers.
func (s *search) holds(ctx context.Context, rate float64, workers int) (bool, error) {
	own := max(2, s.options.Scenario.Replications)
	looks := looksOf(own)
	c, one, err := s.contest(rate, workers, looks[len(looks)-1])
	if err != nil {
		return false, err
	}
	s.runs++
	all := &ran{contest: c, faulty: map[int]error{}}
	for _, n := range looks {
		more := c.runSome(ctx, RunOptions{Console: s.options.Console, Scenario: one, Jobs: s.options.Jobs, Doing: s.doing(rate, workers)}, len(all.outcomes), n)
		if err := errors.Join(ctx.Err(), more.failed); err != nil {
			return false, err
		}
		all.outcomes = append(all.outcomes, more.outcomes...)
		found, err := s.verdict(all)
		switch {
		case err != nil:
			return false, err
		case n < own && found.hopeless:
			s.failedBy = n
			return false, nil
		case n >= own && found.sure || n == looks[len(looks)-1]:
			if found.ok {
				s.worst, s.heldBy = found.worst, n
			} else {
				s.failedBy = n
			}
			return found.ok, nil
		}
	}
	panic("scenarios: no look was the last")
}

// looksOf lists the numbers of replications after which a rate may be decided: the scenario's own, which it takes
// at least to hold, and twice as many, twice; before, a half, a quarter and so on, after which it may fail.
func looksOf(own int) []int {
	looks := []int{own}
	for n := own / 2; n >= fewestLooked; n /= 2 {
		looks = append(looks, n)
	}
	slices.Reverse(looks)
	for range mostDoublings {
		looks = append(looks, 2*looks[len(looks)-1])
	}
	return looks
}

// doing says what is tried.
func (s *search) doing(rate float64, workers int) string {
	if s.options.Workers {
		return fmt.Sprintf("%s on %d workers", s.contender.Name, workers)
	}
	return fmt.Sprintf("%s at %.0f queries a second", s.contender.Name, rate)
}

// contest has the contender alone at a rate, on so many workers.
func (s *search) contest(rate float64, workers, replications int) (*contest, *Scenario, error) {
	one := *s.options.Scenario
	one.Contenders, one.Replications = []Contender{s.contender}, replications
	one.Arrivals.Rate, one.Arrivals.Load = rate, 0 // a load would follow the number of workers
	one.Machines = slices.Clone(one.Machines)
	one.Machines[0].Workers = workers
	c, err := s.app.newContest(&one, s.profile)
	return c, &one, err
}

// verdict is what is known of a rate.
type verdict struct {
	ok       bool // no class's mean is below its target
	sure     bool // no interval has its target in it
	hopeless bool // a mean lies below its target by more than twice what its interval reaches
	worst    result.Metric
}

// verdict looks at the classes over all replications that ran.
func (s *search) verdict(r *ran) (verdict, error) {
	r.complete = len(r.outcomes)
	summary, err := reports.Summarise(reports.Heading{}, r.contenders())
	if err != nil {
		return verdict{}, err
	}
	v := verdict{ok: true, sure: true}
	for _, cell := range summary.Cells {
		if cell.Class == "all" || cell.Window != "all" {
			continue
		}
		for name, target := range map[string]float64{"attainment": s.options.Target, "accuracy": s.options.Accuracy} {
			m := cell.Metrics[name]
			if m.Mean == nil || target == 0 {
				continue
			}
			v.add(m, target)
			if name == "attainment" && (v.worst.Mean == nil || *m.Mean < *v.worst.Mean) {
				v.worst = m
			}
		}
	}
	return v, nil
}

// add takes one metric's word.
func (v *verdict) add(m result.Metric, target float64) {
	v.ok = v.ok && *m.Mean >= target
	if m.Lo == nil {
		return
	}
	v.sure = v.sure && (*m.Lo >= target || *m.Hi < target)
	v.hopeless = v.hopeless || *m.Mean+2*(*m.Hi-*m.Mean) < target
}
