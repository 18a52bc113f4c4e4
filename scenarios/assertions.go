package scenarios

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"slosim/reports"
	"slosim/reports/result"
)

// CheckOptions say which scenarios' assertions are tested.
type CheckOptions struct {
	Console
	Scenarios []*Scenario
	Profile   string  // a file that is used as it is; empty: the cached one, or measure
	JUnit     string  // file for JUnit's XML; empty: none
	Jobs      int     // replications at a time
	Alpha     float64 // share of runs that may be red though every assertion is true, for each scenario
	Update    bool    // write the baselines that within refers to, instead of testing
	Strict    bool    // what is Unsure does not hold; a sequential check is strict as it is

	Sequential *Sequential // replications until everything is decided; nil: as many as the scenario says
}

// DefaultAlpha is CheckOptions.Alpha where nothing else is said.
const DefaultAlpha = 0.01

// Check runs scenarios and tests their [[assert]] blocks, a line each. What does not hold is an
// AssertionError.
func (a *App) Check(ctx context.Context, o CheckOptions) error {
	found, failed := a.checkAll(ctx, o)
	if failed != nil && found.Assertions == nil && found.Baselines == nil {
		return failed
	}
	if o.JUnit != "" {
		if err := result.WriteFile(o.JUnit, func(w io.Writer) error { return result.EncodeJUnit(w, found.Assertions) }); err != nil {
			return err
		}
	}
	return errors.Join(failed, tellChecked(o, &found))
}

// Checked runs scenarios and returns what their assertions found. An error without findings is why
// there are none; one beside them is of contenders that failed.
func (a *App) Checked(ctx context.Context, o CheckOptions) (all []result.Checked, failed error) {
	found, failed := a.checkAll(ctx, o)
	return found.Assertions, failed
}

// checkAll does so, or writes baselines.
func (a *App) checkAll(ctx context.Context, o CheckOptions) (all result.CheckedAll, failed error) {
	all.Schema = result.Schema
	if err := errors.Join(o.Mistakes(), a.misfits(o)); err != nil {
		return all, err
	}
	labels := labelsOf(o.Scenarios)
	for i, s := range o.Scenarios {
		if o.Update {
			err := a.updateOne(ctx, o, s, &all)
			if failed = errors.Join(failed, err); ctx.Err() != nil {
				return all, failed
			}
			continue
		}
		checked, err := a.checkOne(ctx, o, s)
		if err != nil && checked == nil {
			return result.CheckedAll{}, err
		}
		failed = errors.Join(failed, err)
		for k := range checked {
			checked[k].Scenario = labels[i]
			checked[k].Holds = checked[k].Holds && !(o.Strict && checked[k].Unsure)
		}
		all.Assertions = append(all.Assertions, checked...)
	}
	return all, failed
}

// tellChecked prints the findings and returns those that do not hold.
func tellChecked(o CheckOptions, all *result.CheckedAll) error {
	if err := printChecked(o, all); err != nil {
		return err
	}
	var red []string
	for i := range all.Assertions {
		if c := &all.Assertions[i]; !c.Holds {
			red = append(red, fmt.Sprintf("%s: %s", c.Scenario, c.What))
		}
	}
	if len(red) > 0 {
		return AssertionError{Failed: red}
	}
	return nil
}

// printChecked prints a line a finding with a summary below, the baselines that were written, or JSON.
func printChecked(o CheckOptions, all *result.CheckedAll) error {
	if o.JSON {
		return result.EncodeJSON(o.Out, all)
	}
	var text strings.Builder
	for _, file := range all.Baselines {
		fmt.Fprintf(&text, "wrote %s\n", file)
	}
	for i := range all.Assertions {
		fmt.Fprintln(&text, all.Assertions[i].Line())
	}
	if !o.Update {
		fmt.Fprintln(&text, result.CheckedSummary(all.Assertions))
	}
	_, err := io.WriteString(o.Out, text.String())
	return err
}

// checkOne runs one scenario and tests its assertions. Contenders that failed are the error beside
// what was found of the others.
func (a *App) checkOne(ctx context.Context, o CheckOptions, s *Scenario) ([]result.Checked, error) {
	asserts, err := s.assertions(false)
	if err != nil {
		return nil, err
	}
	if o.Sequential != nil {
		return a.checkSequentially(ctx, o, s, asserts)
	}
	ran, err := a.runChecked(ctx, o, s)
	if err != nil {
		return nil, err
	}
	checked, err := ran.test(ran.contenders(), asserts, o.Alpha)
	if err != nil {
		return nil, err
	}
	return checked, ran.failed
}

// updateOne runs one scenario and writes its baseline. Contenders that failed are an error beside it,
// unless the baseline is about them.
func (a *App) updateOne(ctx context.Context, o CheckOptions, s *Scenario, all *result.CheckedAll) error {
	asserts, err := s.assertions(true)
	if err != nil {
		return err
	}
	ran, err := a.runChecked(ctx, o, s)
	if err != nil {
		return err
	}
	if err := s.keepBaseline(ran.contenders(), asserts); err != nil {
		return errors.Join(ran.failed, err)
	}
	all.Baselines = append(all.Baselines, s.baselineFile())
	return ran.failed
}

// runChecked runs one scenario, of which at least one contender does not fail.
func (a *App) runChecked(ctx context.Context, o CheckOptions, s *Scenario) (*ran, error) {
	c, err := a.contestOf(ctx, o.Console, s, o.Profile)
	if err != nil {
		return nil, err
	}
	ran := c.runAll(ctx, RunOptions{Console: o.Console, Scenario: s, Jobs: o.Jobs})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if len(ran.contenders()) == 0 {
		return nil, ran.failed
	}
	return ran, nil
}

// contestOf joins a scenario and its profile: the file given, the cached one, or a new one.
func (a *App) contestOf(ctx context.Context, o Console, s *Scenario, file string) (*contest, error) {
	if _, err := a.readyFor(ctx, RunOptions{Console: o, Scenario: s}); err != nil {
		return nil, err
	}
	subject, err := a.subjectOf(s)
	if err != nil {
		return nil, err
	}
	p, err := a.profileOf(ctx, subject, file, o.progress())
	if err != nil {
		return nil, err
	}
	return a.newContest(s, p)
}

// test tests the assertions of the contenders that did not fail; those of the others do not hold.
func (r *ran) test(sound []reports.Contender, asserts []reports.Assertion, alpha float64) ([]result.Checked, error) {
	var testable []reports.Assertion
	var out []result.Checked
	for _, assert := range asserts {
		if why := r.broken(assert); why != "" {
			out = append(out, result.Checked{What: assert.String(), Why: why})
			continue
		}
		testable = append(testable, assert)
	}
	checked, err := reports.Check(sound, testable, alpha)
	return append(out, checked...), err
}

// broken says which contender of an assertion failed; empty: none.
func (r *ran) broken(assert reports.Assertion) string {
	for i, e := range r.entrants {
		if err := r.faulty[i]; err != nil && (e.Name == assert.Contender || e.Name == assert.NotWorseThan) {
			return fmt.Sprintf("contender %q failed: %v", e.Name, err)
		}
	}
	return ""
}

// assertions are the scenario's as reports tests them, with baselines unless those are to be made.
func (s *Scenario) assertions(making bool) (list []reports.Assertion, err error) {
	var base baseline
	if !making && s.wantBaseline() == nil {
		if base, err = s.readBaseline(); err != nil {
			return nil, err
		}
	}
	var missing Problems
	for i := range s.Asserts {
		a := &s.Asserts[i]
		one := reports.Assertion{Contender: a.Contender, Class: a.Class, Window: a.Window, Metric: a.Metric,
			Min: a.Min, Max: a.Max, NotWorseThan: a.NotWorseThan, EarlyStopping: a.EarlyStopping}
		if mean, ok := base.Means[a.key()]; a.Within != "" && ok {
			one.Baseline, one.Within = &mean, a.within(mean)
			if base.Seed == s.Seed {
				one.Earlier = base.Values[a.key()]
			}
		} else if a.Within != "" && !making {
			missing = append(missing, s.problem(index("assert", i)+".within", "a value of "+a.key()+" in "+s.baselineFile()+" (slosim check --update writes it)", "none"))
		}
		list = append(list, one)
	}
	if len(missing) > 0 {
		return nil, missing
	}
	return list, nil
}
