package scenarios

import (
	"errors"
	"fmt"
	"os"
	"slices"

	"slosim/engine/profile"
	"slosim/reports"
)

// Mistakes is everything that is wrong with a check before anything runs, of all scenarios and flags; nil if
// nothing is.
func (o *CheckOptions) Mistakes() error {
	var errs []error
	for _, s := range o.Scenarios {
		errs = append(errs, o.mistakesOf(s))
	}
	errs = append(errs, o.planMistakes(), junitMistake(o.JUnit))
	if o.Profile != "" {
		if _, err := profile.Load(o.Profile); err != nil {
			errs = append(errs, badProfile(o.Profile, err))
		}
	}
	return errors.Join(errs...)
}

// mistakesOf is what a scenario lacks.
func (o *CheckOptions) mistakesOf(s *Scenario) error {
	if len(s.Asserts) == 0 {
		return Problems{s.problem("assert", "at least one [[assert]] block to test", "none")}
	}
	if o.Update {
		return s.wantBaseline()
	}
	_, err := s.assertions(false)
	return err
}

func junitMistake(file string) error {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		return Usagef("--junit: want a file's name, got a folder: %s", file)
	}
	return writable("--junit", file)
}

// planMistakes finds what is wrong with a sequential check.
func (o *CheckOptions) planMistakes() error {
	if o.Sequential == nil {
		return nil
	}
	var errs []error
	if o.Update {
		errs = append(errs, errors.New("--sequential: want it without --update: a baseline is made of the scenario's own replications"))
	}
	if spending := string(o.Sequential.Spending); spending != "" && !slices.Contains(reports.Spendings(), spending) {
		errs = append(errs, fmt.Errorf("--spending: want %s, got %q", wantName("spending functions", reports.Spendings()), spending))
	}
	for _, s := range o.Scenarios {
		if _, err := o.Sequential.plan(s, o.Alpha); err != nil {
			errs = append(errs, err)
		}
	}
	if len(errs) > 0 {
		return UsageError{errors.Join(errs...)}
	}
	return nil
}

// misfits is why a profile that was given cannot serve scenarios. Networks that may have to be trained
// first are left to their runs.
func (a *App) misfits(o CheckOptions) error {
	loaded, err := profile.Load(o.Profile)
	if o.Profile == "" || err != nil { // which is a mistake of its own
		return nil
	}
	var errs []error
	for _, s := range o.Scenarios {
		family, err := FindFamily(s.Models[0].Network)
		if err == nil && family.Sparse {
			continue
		}
		subject, err := a.subjectOf(s)
		if err == nil {
			err = check(loaded, subject)
		}
		if err != nil {
			errs = append(errs, fitError(s, o.Profile, err))
		}
	}
	return errors.Join(errs...)
}

// fitError says of which scenario it is, unless it has a line of it.
func fitError(s *Scenario, file string, err error) error {
	if problems := (Problems{}); errors.As(err, &problems) {
		return err
	}
	return UsageError{fmt.Errorf("%s: %s: %w", s.given(), file, err)}
}

// labelsOf names scenarios in findings: as their files are called, or by the paths that were given if files
// in several folders are called the same.
func labelsOf(list []*Scenario) []string {
	count := map[string]int{}
	for _, s := range list {
		count[s.Name]++
	}
	labels := make([]string, len(list))
	for i, s := range list {
		if labels[i] = s.Name; count[s.Name] > 1 {
			labels[i] = s.given()
		}
	}
	return labels
}
