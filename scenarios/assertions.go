package scenarios

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
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
	if info, err := os.Stat(o.JUnit); err == nil && info.IsDir() {
		return Usagef("--junit: want a file's name, got a folder: %s", o.JUnit)
	}
	if err := writable("--junit", o.JUnit); err != nil {
		return err
	}
	all, failed := a.Checked(ctx, o)
	if failed != nil && all == nil {
		return failed
	}
	if o.JUnit != "" {
		if err := result.WriteFile(o.JUnit, func(w io.Writer) error { return result.EncodeJUnit(w, all) }); err != nil {
			return err
		}
	}
	return errors.Join(failed, tellChecked(o, all))
}

// Checked runs scenarios and returns what their assertions found. An error without findings is why
// there are none; one beside them is of contenders that failed.
func (a *App) Checked(ctx context.Context, o CheckOptions) (all []result.Checked, failed error) {
	if err := o.checkPlans(); err != nil {
		return nil, err
	}
	for _, s := range o.Scenarios {
		checked, err := a.checkOne(ctx, o, s)
		if err != nil && checked == nil {
			return nil, err
		}
		failed = errors.Join(failed, err)
		all = append(all, checked...)
	}
	for i := range all {
		all[i].Holds = all[i].Holds && !(o.Strict && all[i].Unsure)
	}
	return all, failed
}

// tellChecked prints the findings and returns those that do not hold.
func tellChecked(o CheckOptions, all []result.Checked) error {
	if err := printChecked(o, all); err != nil {
		return err
	}
	var red []string
	for i := range all {
		if c := &all[i]; !c.Holds {
			red = append(red, fmt.Sprintf("%s: %s", c.Scenario, c.What))
		}
	}
	if len(red) > 0 {
		return AssertionError{Failed: red}
	}
	return nil
}

// printChecked prints a line a finding with a summary below, or JSON.
func printChecked(o CheckOptions, all []result.Checked) error {
	if o.JSON {
		return result.EncodeJSON(o.Out, result.CheckedAll{Schema: result.Schema, Assertions: all})
	}
	if len(all) == 0 { // baselines were written
		return nil
	}
	for i := range all {
		if _, err := fmt.Fprintln(o.Out, all[i].Line()); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintln(o.Out, result.CheckedSummary(all))
	return err
}

// checkOne runs one scenario and tests its assertions. Contenders that failed are the error beside
// what was found of the others.
func (a *App) checkOne(ctx context.Context, o CheckOptions, s *Scenario) ([]result.Checked, error) {
	if len(s.Asserts) == 0 {
		return nil, Problems{s.problem("assert", "at least one [[assert]] block to test", "none")}
	}
	asserts, err := s.assertions(o.Update)
	if err != nil {
		return nil, err
	}
	if o.Sequential != nil {
		return a.checkSequentially(ctx, o, s, asserts)
	}
	c, err := a.contestOf(ctx, o.Console, s, o.Profile)
	if err != nil {
		return nil, err
	}
	ran := c.runAll(ctx, RunOptions{Console: o.Console, Scenario: s, Jobs: o.Jobs})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	sound := ran.contenders()
	if len(sound) == 0 {
		return nil, ran.failed
	}
	if o.Update {
		return nil, errors.Join(ran.failed, s.keepBaseline(sound, asserts, o.Out))
	}
	checked, err := ran.test(sound, asserts, o.Alpha)
	if err != nil {
		return nil, err
	}
	return checked, ran.failed
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
			out = append(out, result.Checked{Scenario: r.scenario.Name, What: assert.String(), Why: why})
			continue
		}
		testable = append(testable, assert)
	}
	checked, err := reports.Check(sound, testable, alpha)
	for i := range checked {
		checked[i].Scenario = r.scenario.Name
	}
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
	for i := range s.Asserts {
		a := &s.Asserts[i]
		one := reports.Assertion{Contender: a.Contender, Class: a.Class, Window: a.Window, Metric: a.Metric,
			Min: a.Min, Max: a.Max, NotWorseThan: a.NotWorseThan, EarlyStopping: a.EarlyStopping}
		if a.Within != "" && !making {
			if base.Means == nil {
				if base, err = s.readBaseline(); err != nil {
					return nil, err
				}
			}
			mean, ok := base.Means[a.key()]
			if !ok {
				return nil, Problems{s.problem(index("assert", i)+".within", "a value of "+a.key()+" in "+s.baselineFile()+" (slosim check --update writes it)", "none")}
			}
			one.Baseline, one.Within = &mean, a.within(mean)
			if base.Seed == s.Seed {
				one.Earlier = base.Values[a.key()]
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// key names what an assertion is about in a baseline.
func (a *Assert) key() string {
	return strings.Join([]string{a.Contender, a.Class, a.Window, a.Metric}, " | ")
}

// within is the tolerance around a stored mean.
func (a *Assert) within(mean float64) float64 {
	size, relative, _ := parseWithin(a.Within)
	if relative {
		return size * mean
	}
	return size
}

// parseWithin reads "1pt", a percentage point of a share, or "5%" of the value.
func parseWithin(text string) (size float64, relative, ok bool) {
	number, point := strings.CutSuffix(text, "pt")
	if !point {
		number, relative = strings.CutSuffix(text, "%")
	}
	size, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	return size / 100, relative, err == nil && (point || relative) && size > 0 && size <= 1e6
}

// baseline are stored means of what assertions are about. A run of the same seed is compared replication
// by replication: they share their draws.
type baseline struct {
	Schema int                  `json:"schema"`
	Seed   int64                `json:"seed"`
	Means  map[string]float64   `json:"means"`
	Values map[string][]float64 `json:"values"` // by replication
}

// baselineFile stands beside the scenario.
func (s *Scenario) baselineFile() string {
	return strings.TrimSuffix(s.problem("", "", "").File, ".toml") + baselineEnding
}

// baselineEnding is in the place of a scenario's .toml.
const baselineEnding = ".baseline.json"

func (s *Scenario) readBaseline() (b baseline, err error) {
	text, err := result.ReadBounded(s.baselineFile(), maxText)
	if errors.Is(err, fs.ErrNotExist) {
		return b, Usagef("%s: want the baseline that within refers to, got no file (slosim check --update writes it)", s.baselineFile())
	}
	if errors.Is(err, result.ErrTooLong) {
		return b, UsageError{Err: err}
	}
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal(text, &b); err != nil || b.Schema != result.Schema || b.Means == nil {
		return b, Usagef("%s: want a baseline of schema %d, got another file (%v)", s.baselineFile(), result.Schema, err)
	}
	return b, nil
}

// keepBaseline writes the means of what assertions with within are about.
func (s *Scenario) keepBaseline(sound []reports.Contender, asserts []reports.Assertion, out io.Writer) error {
	b := baseline{Schema: result.Schema, Seed: s.Seed, Means: map[string]float64{}, Values: map[string][]float64{}}
	for i := range s.Asserts {
		if s.Asserts[i].Within == "" {
			continue
		}
		values, mean, err := reports.ValuesOf(sound, asserts[i])
		if err != nil {
			return err
		}
		b.Means[s.Asserts[i].key()], b.Values[s.Asserts[i].key()] = mean, values
	}
	if len(b.Means) == 0 {
		return Problems{s.problem("assert", "an assertion with within, to make a baseline for", "none")}
	}
	if err := result.WriteFile(s.baselineFile(), func(w io.Writer) error { return result.EncodeJSON(w, b) }); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "wrote %s\n", s.baselineFile())
	return err
}
