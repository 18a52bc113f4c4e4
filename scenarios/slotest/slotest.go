// Package slotest tests SLO attainment from go test: each [[assert]] block of a scenario is a
// subtest.
//
//	func TestMain(m *testing.M) {
//		slotest.Main(m) // antagonists of a campaign are this program again
//	}
//
//	func TestPromises(t *testing.T) {
//		slotest.Check(t, "testdata/promises.toml", slotest.Profile("testdata/ci.profile"))
//	}
//
// What it is not: a benchmark. With a profile that is committed the result is the same on every
// machine of an architecture; without one, this machine is measured first, which takes minutes, and
// depends on what else it does.
package slotest

import (
	"context"
	"fmt"
	"os"
	"testing"

	"slosim/engine/antagonist"
	"slosim/reports/result"
	"slosim/scenarios"
	"slosim/scheduler"
)

// Option changes how a scenario is checked.
type Option func(*settings)

type settings struct {
	profile  string
	policies scheduler.Registry
	sets     []string
	alpha    float64

	strict     bool
	sequential *scenarios.Sequential
}

// Profile uses a measured profile as it is.
func Profile(file string) Option { return func(s *settings) { s.profile = file } }

// Policies are known beside those that ship.
func Policies(r scheduler.Registry) Option { return func(s *settings) { s.policies = r } }

// Set overrides keys of the scenario, "key=value".
func Set(texts ...string) Option { return func(s *settings) { s.sets = append(s.sets, texts...) } }

// Alpha is the share of runs that may fail though every assertion is true; see scenarios.CheckOptions.
func Alpha(share float64) Option { return func(s *settings) { s.alpha = share } }

// Strict fails what would be skipped: an assertion that its mean violates, though not beyond chance.
func Strict() Option { return func(s *settings) { s.strict = true } }

// Sequential runs replications until every assertion is confirmed or contradicted, or there are most of
// them; 0: eight times the scenario's own. What is undecided then fails. See reports.Sequence.
func Sequential(most int) Option {
	return func(s *settings) { s.sequential = &scenarios.Sequential{Most: most} }
}

// Main runs the tests of a package that measures: its binary has to know that it may be started as
// an antagonist. Tests that give a profile do without.
func Main(m *testing.M) {
	antagonist.Become()
	os.Exit(m.Run())
}

// Check runs a scenario and makes a subtest of each of its assertions. One whose mean is on the wrong side
// of the limit, but not beyond chance, is skipped, with what was found; see Strict.
func Check(t *testing.T, scenario string, options ...Option) {
	t.Helper()
	s := settings{alpha: scenarios.DefaultAlpha}
	for _, option := range options {
		option(&s)
	}
	checked, err := s.run(t.Context(), scenario)
	for i := range checked {
		t.Run(checked[i].What, func(t *testing.T) {
			switch c := &checked[i]; {
			case !c.Holds:
				t.Errorf("got %s", c.Found())
			case c.Unsure:
				t.Skipf("unsure: got %s", c.Found())
			}
		})
	}
	if err != nil {
		t.Error(err)
	}
}

func (s *settings) run(ctx context.Context, file string) ([]result.Checked, error) {
	if !(s.alpha > 0 && s.alpha < 1) {
		return nil, fmt.Errorf("slotest: Alpha: want above 0 and below 1, got %v", s.alpha)
	}
	if s.sequential != nil && s.sequential.Most < 0 {
		return nil, fmt.Errorf("slotest: Sequential: want a number of replications, or 0, got %d", s.sequential.Most)
	}
	app, err := scenarios.NewApp()
	if err != nil {
		return nil, err
	}
	if app.Policies, err = app.Policies.Merge(s.policies); err != nil {
		return nil, err
	}
	scenario, err := scenarios.Load(file, app.Known(), s.sets...)
	if err != nil {
		return nil, err
	}
	return app.Checked(ctx, scenarios.CheckOptions{
		Scenarios: []*scenarios.Scenario{scenario}, Profile: s.profile, Jobs: 2, Alpha: s.alpha, Strict: s.strict, Sequential: s.sequential,
	})
}
