package scenarios

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"slosim/reports"
	"slosim/reports/result"
)

// Sequential says how far `slosim check --sequential` goes; see reports.Sequence for how it decides.
type Sequential struct {
	// Most is the number of replications at which a check gives up; 0: eight times the scenario's own.
	Most     int
	Spending reports.Spending // empty: reports.OBrienFleming
}

// mostLooks is Sequential.Most where nothing is said, in replications of the scenario: four looks.
const mostLooks = 8

// plan says when a scenario's replications are looked at: at its own number, two at least, at twice as
// many, and so on.
func (q Sequential) plan(s *Scenario, alpha float64) (reports.Plan, error) {
	first, most := max(2, s.Replications), q.Most
	if most == 0 {
		most = min(mostLooks*first, maxReplications)
	}
	if most < first || most > maxReplications {
		return reports.Plan{}, fmt.Errorf("--most: want %d, the replications of %s, to %d, got %d", first, s.Name, maxReplications, most)
	}
	p := reports.Plan{Looks: reports.Doubling(first, most), Alpha: alpha, Spending: q.Spending}
	if p.Spending == "" {
		p.Spending = reports.OBrienFleming
	}
	return p, nil
}

// checkSequentially tests assertions over as many replications as it takes. Only contenders that
// undecided assertions are about run on; replications that ran are not run again, and have the draws
// that they have in any other run of the scenario with two or more replications.
func (a *App) checkSequentially(ctx context.Context, o CheckOptions, s *Scenario, asserts []reports.Assertion) ([]result.Checked, error) {
	plan, err := o.Sequential.plan(s, o.Alpha)
	if err != nil {
		return nil, UsageError{err}
	}
	longest := *s
	longest.Replications = plan.Looks[len(plan.Looks)-1]
	c, err := a.contestOf(ctx, o.Console, &longest, o.Profile)
	if err != nil {
		return nil, err
	}
	sequence := reports.NewSequence(asserts, plan)
	failed, from := error(nil), 0
	for _, to := range plan.Looks {
		if len(sequence.Wants()) == 0 {
			break
		}
		ran := c.among(sequence.Wants()).runSome(ctx, RunOptions{Console: o.Console, Scenario: &longest, Jobs: o.Jobs}, from, to)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		failed, from = errors.Join(failed, ran.failed), to
		if err := ran.tell(sequence); err != nil {
			return nil, err
		}
	}
	return sequence.Found(), failed
}

// among is the contest among some of its entrants.
func (c *contest) among(names []string) *contest {
	some := *c
	some.entrants = slices.DeleteFunc(slices.Clone(c.entrants), func(e entrant) bool { return !slices.Contains(names, e.Name) })
	return &some
}

// tell shows a sequence what ran, and which contenders failed.
func (r *ran) tell(sequence *reports.Sequence) error {
	for i, e := range r.entrants {
		if err := r.faulty[i]; err != nil {
			sequence.Fail(e.Name, fmt.Sprintf("contender %q failed: %v", e.Name, err))
		}
	}
	if len(sequence.Wants()) == 0 {
		return nil
	}
	return sequence.Look(r.contenders())
}
